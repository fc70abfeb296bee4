package sshd

import (
	"bufio"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

// An account that is changed ends its commands and its scripts, and nothing new begins
// on a connection of before; a terminal is left to itself, and when it goes the
// connection does.
func TestAChangedAccount(t *testing.T) {
	r := start(t)
	r.door.ended = make(chan struct{})
	c := r.client()
	slow := r.session(c)
	if err := slow.Start("slow"); err != nil {
		t.Fatal(err)
	}
	script := r.session(c)
	lines, err := script.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	answers, err := script.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := script.Shell(); err != nil {
		t.Fatal(err)
	}
	io.WriteString(lines, "one\n")
	if got, err := bufio.NewReader(answers).ReadString('\n'); err != nil || !strings.HasSuffix(got, "one\n") {
		t.Fatalf("%q, %v", got, err)
	}
	terminal := r.session(c)
	in, err := terminal.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := terminal.RequestPty("vt100", 24, 80, ssh.TerminalModes{}); err != nil {
		t.Fatal(err)
	}
	if err := terminal.Shell(); err != nil {
		t.Fatal(err)
	}
	close(r.door.ended)
	for what, s := range map[string]*ssh.Session{"a command": slow, "a script": script} {
		if err := s.Wait(); what == "a script" && err == nil {
			t.Errorf("%s is said to have ended well", what)
		}
	}
	if _, err := c.NewSession(); err == nil || !strings.Contains(err.Error(), "connect again") {
		t.Errorf("a new session: %v", err)
	}
	io.WriteString(in, "\x04")
	if err := terminal.Wait(); err != nil {
		t.Errorf("the terminal: %v", err)
	}
	gone := make(chan error, 1)
	go func() { gone <- c.Wait() }()
	select {
	case <-gone:
	case <-time.After(5 * time.Second):
		t.Error("the connection stays")
	}
}

// A connection on which nothing runs ends at once.
func TestAChangedAccountWithoutASession(t *testing.T) {
	r := start(t)
	r.door.ended = make(chan struct{})
	c := r.client()
	close(r.door.ended)
	gone := make(chan error, 1)
	go func() { gone <- c.Wait() }()
	select {
	case <-gone:
	case <-time.After(5 * time.Second):
		t.Error("the connection stays")
	}
}

// A key that is taken away while its owner proves it lets nobody in.
func TestAKeyTakenAwayMeanwhile(t *testing.T) {
	r := start(t)
	r.door.taken = true
	c, err := r.dial("maria")
	if err == nil {
		if _, err = c.NewSession(); err == nil {
			t.Error("it came in")
		}
		c.Close()
	}
	if got := r.door.told(); !slices.Equal(got, []string{"maria 127.0.0.1"}) {
		t.Errorf("told %q", got)
	}
}

// The door is told of each connection whose person cannot prove who he is, once, not of
// each key; who came in by a second key, and who never said a name, are none of them.
func TestRefusedIsTold(t *testing.T) {
	for what, c := range map[string]struct {
		try  func(r *rig)
		told []string
	}{
		"three keys": {func(r *rig) { r.dial("root", ssh.PublicKeys(signer(r.t), signer(r.t), signer(r.t))) }, []string{"root 127.0.0.1"}},
		"a password": {func(r *rig) { r.dial("admin", ssh.Password("admin")) }, []string{"admin 127.0.0.1"}},
		"the second key": {func(r *rig) {
			if c, err := r.dial("maria", ssh.PublicKeys(signer(r.t), r.key)); err != nil {
				r.t.Error(err)
			} else {
				c.Close()
			}
		}, nil},
		"a port scan": {func(r *rig) {
			conn, err := net.Dial("tcp", r.addr)
			if err != nil {
				r.t.Error(err)
				return
			}
			conn.Close()
		}, nil},
	} {
		r := start(t)
		c.try(r)
		if c.told == nil {
			r.end() // whatever was to be told has been
		}
		if got := r.door.told(); !slices.Equal(got, c.told) {
			t.Errorf("%s: told %q", what, got)
		}
	}
}
