package sshd

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/centralita/centralita/firmware/tel"
)

// door knows one person's key.
type door struct {
	name string
	key  ssh.PublicKey

	mu      sync.Mutex
	arrived []string
	refused []string
	taken   bool          // the key is taken away when it has been asked about
	ended   chan struct{} // of who arrives; nil: never
}

func (d *door) KeyOf(name string, key []byte) (tel.Who, bool) {
	if name != d.name || !bytes.Equal(key, d.key.Marshal()) {
		return tel.Who{}, false
	}
	return tel.Who{Name: name, Role: tel.Technician, Via: tel.DoorSSH}, true
}

func (d *door) Arrived(name string, key []byte, from string) (tel.Who, <-chan struct{}, bool) {
	who, ok := d.KeyOf(name, key)
	d.mu.Lock()
	defer d.mu.Unlock()
	if !ok || d.taken {
		return tel.Who{}, nil, false
	}
	d.arrived = append(d.arrived, who.Name+" "+from)
	return who, d.ended, true
}

func (d *door) Refused(name, from string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.refused = append(d.refused, name+" "+from)
}

// told is who was refused, once somebody was, and at the end of a second what was not.
func (d *door) told() []string {
	for end := time.Now().Add(time.Second); ; <-time.After(time.Millisecond) {
		d.mu.Lock()
		got := slices.Clone(d.refused)
		d.mu.Unlock()
		if len(got) > 0 || time.Now().After(end) {
			return got
		}
	}
}

func signer(t *testing.T) ssh.Signer {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s, err := ssh.NewSignerFromKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// rig is a running server and the key that opens it.
type rig struct {
	t    *testing.T
	addr string
	key  ssh.Signer
	host ssh.Signer
	door *door
	stop context.CancelFunc
	done chan error
	shut sync.Once
}

// start runs a server whose commands are echo, fail and slow, and whose shell says the
// size of the terminal and gives every byte back.
func start(t *testing.T) *rig {
	t.Helper()
	host, err := HostKey(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, key: signer(t), host: host, done: make(chan error, 1)}
	r.door = &door{name: "maria", key: r.key.PublicKey()}
	s := New(Config{Key: host, Door: r.door,
		Exec: func(ctx context.Context, c Command) int {
			who, line, out := c.Who, c.Line, c.Out
			if line == "copy" {
				n, err := io.Copy(out, c.In)
				fmt.Fprintf(c.Err, "%d bytes from %s, raw %t, %v\n", n, c.From, c.Raw, err)
				return 0
			}
			fmt.Fprintf(out, "%s %s %s: %s\n", who.Name, who.Role, who.Via, line)
			switch line {
			case "fail":
				return 3
			case "slow":
				<-ctx.Done()
			case "flood":
				for ctx.Err() == nil {
					if _, err := out.Write(make([]byte, 64<<10)); err != nil {
						break
					}
				}
			}
			return 0
		},
		Shell: func(ctx context.Context, x Session) error {
			fmt.Fprintf(x.Out, "%dx%d\n", x.Size.Cols, x.Size.Rows)
			go func() {
				for {
					select {
					case z := <-x.Resize:
						fmt.Fprintf(x.Out, "%dx%d\n", z.Cols, z.Rows)
					case <-ctx.Done():
						return
					}
				}
			}()
			b := make([]byte, 1)
			for {
				if _, err := x.In.Read(b); err != nil || b[0] == 4 {
					return err
				}
				if _, err := x.Out.Write(b); err != nil {
					return err
				}
			}
		}})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.addr = l.Addr().String()
	ctx, stop := context.WithCancel(context.Background())
	r.stop = stop
	go func() { r.done <- s.Serve(ctx, l) }()
	t.Cleanup(r.end)
	return r
}

// end stops the server and waits for all its goroutines.
func (r *rig) end() {
	r.shut.Do(func() {
		r.stop()
		select {
		case err := <-r.done:
			if err != nil {
				r.t.Error(err)
			}
		case <-time.After(10 * time.Second):
			r.t.Error("the server did not end")
		}
	})
}

// dial comes in as name.
func (r *rig) dial(name string, auth ...ssh.AuthMethod) (*ssh.Client, error) {
	if auth == nil {
		auth = []ssh.AuthMethod{ssh.PublicKeys(r.key)}
	}
	return ssh.Dial("tcp", r.addr, &ssh.ClientConfig{User: name, Auth: auth, HostKeyCallback: ssh.FixedHostKey(r.host.PublicKey()), Timeout: 10 * time.Second})
}

func (r *rig) client() *ssh.Client {
	r.t.Helper()
	c, err := r.dial("maria")
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { c.Close() }) // it may be closed already
	return c
}

func (r *rig) session(c *ssh.Client) *ssh.Session {
	r.t.Helper()
	s, err := c.NewSession()
	if err != nil {
		r.t.Fatal(err)
	}
	return s
}

// One command, its output and its exit code.
func TestExec(t *testing.T) {
	r := start(t)
	c := r.client()
	out, err := r.session(c).CombinedOutput("status --json")
	if err != nil || string(out) != "maria technician ssh: status --json\n" {
		t.Errorf("%q, %v", out, err)
	}
	_, err = r.session(c).CombinedOutput("fail")
	if e, ok := errors.AsType[*ssh.ExitError](err); !ok || e.ExitStatus() != 3 {
		t.Errorf("fail: %v", err)
	}
	r.door.mu.Lock()
	defer r.door.mu.Unlock()
	if !slices.Equal(r.door.arrived, []string{"maria 127.0.0.1"}) {
		t.Errorf("arrived %q", r.door.arrived)
	}
}

// A command takes every byte and gives every byte, and what is for people goes beside;
// with a terminal it is told that bytes would not come through.
func TestBytesGoThrough(t *testing.T) {
	r := start(t)
	c := r.client()
	body := make([]byte, 3<<20)
	rand.Read(body)
	for _, pty := range []bool{false, true} {
		s := r.session(c)
		if pty {
			if err := s.RequestPty("vt100", 24, 80, ssh.TerminalModes{}); err != nil {
				t.Fatal(err)
			}
		}
		var out, beside bytes.Buffer
		s.Stdin, s.Stdout, s.Stderr = bytes.NewReader(body), &out, &beside
		if err := s.Run("copy"); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(out.Bytes(), body) {
			t.Errorf("%d of %d bytes came through", out.Len(), len(body))
		}
		if want := fmt.Sprintf("%d bytes from 127.0.0.1, raw %t, <nil>\n", len(body), !pty); beside.String() != want {
			t.Errorf("%q, not %q", beside.String(), want)
		}
	}
}

// A terminal has its size, also a new one, and ends with exit status 0.
func TestTerminal(t *testing.T) {
	r := start(t)
	s := r.session(r.client())
	in, _ := s.StdinPipe()   // first calls do not fail
	out, _ := s.StdoutPipe() // of a pipe
	if err := s.RequestPty("vt100", 40, 132, ssh.TerminalModes{}); err != nil {
		t.Fatal(err)
	}
	if err := s.Shell(); err != nil {
		t.Fatal(err)
	}
	want := func(text string) {
		t.Helper()
		got := make([]byte, len(text))
		if _, err := io.ReadFull(out, got); err != nil || string(got) != text {
			t.Fatalf("%q, %v, not %q", got, err, text)
		}
	}
	want("132x40\n")
	if err := s.WindowChange(50, 100); err != nil {
		t.Fatal(err)
	}
	want("100x50\n")
	io.WriteString(in, "ab\x04")
	want("ab")
	if err := s.Wait(); err != nil {
		t.Error(err)
	}
}

// Without a terminal commands come a line each.
func TestScript(t *testing.T) {
	r := start(t)
	s := r.session(r.client())
	s.Stdin = strings.NewReader("one\n\n# remark\nfail\ntwo\nexit\nthree\n")
	var out bytes.Buffer
	s.Stdout = &out
	if err := s.Shell(); err != nil {
		t.Fatal(err)
	}
	err := s.Wait()
	if e, ok := errors.AsType[*ssh.ExitError](err); !ok || e.ExitStatus() != 3 {
		t.Errorf("%v", err)
	}
	if got := strings.Count(out.String(), "\n"); got != 3 || strings.Contains(out.String(), "three") {
		t.Errorf("%q", out.String())
	}
}

// Whoever has no key of the account does not come in, and no password is even asked.
func TestRefused(t *testing.T) {
	r := start(t)
	asked := false
	for name, auth := range map[string][]ssh.AuthMethod{
		"maria": {ssh.PublicKeys(signer(t))},
		"pedro": {ssh.PublicKeys(r.key)},
		"maria ": {ssh.Password("x"), ssh.PasswordCallback(func() (string, error) { asked = true; return "x", nil }),
			ssh.KeyboardInteractive(func(string, string, []string, []bool) ([]string, error) { asked = true; return nil, nil })},
	} {
		if c, err := r.dial(name, auth...); err == nil {
			c.Close()
			t.Errorf("%q came in", name)
		}
	}
	if asked {
		t.Error("a password was asked")
	}
	if len(r.door.arrived) > 0 {
		t.Errorf("arrived %q", r.door.arrived)
	}
}

// No forwarding in either direction, no agent, no files, no environment.
func TestNothingElse(t *testing.T) {
	r := start(t)
	c := r.client()
	if conn, err := c.Dial("tcp", r.addr); err == nil {
		conn.Close()
		t.Error("it forwards")
	}
	if l, err := c.Listen("tcp", "127.0.0.1:0"); err == nil {
		l.Close()
		t.Error("it listens for others")
	}
	s := r.session(c)
	if err := s.RequestSubsystem("sftp"); err == nil {
		t.Error("it has sftp")
	}
	if err := s.Setenv("PATH", "/"); err == nil {
		t.Error("it takes an environment")
	}
	if ok, err := s.SendRequest("auth-agent-req@openssh.com", true, nil); ok || err != nil {
		t.Errorf("it takes an agent: %v", err)
	}
}

// At most so many sessions, and the place of one that ended is free again.
func TestManySessions(t *testing.T) {
	r := start(t)
	c := r.client()
	var open []*ssh.Session
	for range maxSessions {
		s := r.session(c)
		if err := s.Start("slow"); err != nil {
			t.Fatal(err)
		}
		open = append(open, s)
	}
	if _, err := c.NewSession(); err == nil {
		t.Error("one too many")
	}
	open[0].Close()
	for end := time.Now().Add(5 * time.Second); ; {
		s, err := c.NewSession()
		if err == nil {
			s.Close()
			break
		}
		if time.Now().After(end) {
			t.Fatal("the place stays taken")
		}
		<-time.After(10 * time.Millisecond)
	}
}

// The end of the server ends connections, commands and those who say nothing.
func TestEnds(t *testing.T) {
	r := start(t)
	s := r.session(r.client())
	if err := s.Start("slow"); err != nil {
		t.Fatal(err)
	}
	silent, err := net.Dial("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	r.end()
	if err := s.Wait(); err == nil {
		t.Error("the command is said to have ended well")
	}
}

// The pace: a burst, then so many a minute, each address by itself, few remembered.
func TestPace(t *testing.T) {
	var p pace
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	n := 0
	for range 3 * burst {
		if p.admit(now, "a") {
			n++
		}
	}
	if n != burst || !p.admit(now, "b") {
		t.Errorf("%d at once", n)
	}
	now = now.Add(time.Minute)
	for n = 0; p.admit(now, "a"); n++ {
	}
	if n != perMinute {
		t.Errorf("%d a minute later", n)
	}
	for i := range 5 * maxKnown {
		p.admit(now, fmt.Sprint(i))
	}
	if len(p.known) > maxKnown {
		t.Errorf("%d are known", len(p.known))
	}
	if p.admit(now, "new") {
		t.Error("somebody new came in while all are busy")
	}
	if !p.admit(now.Add(time.Hour), "new") {
		t.Error("nobody was forgotten")
	}
}

// The host key stays, only its owner can read it, and one that is broken is named.
func TestHostKey(t *testing.T) {
	dir := t.TempDir()
	a, err := HostKey(dir)
	if err != nil {
		t.Fatal(err)
	}
	b, err := HostKey(dir)
	if err != nil || !bytes.Equal(a.PublicKey().Marshal(), b.PublicKey().Marshal()) || a.PublicKey().Type() != ssh.KeyAlgoED25519 {
		t.Errorf("%v, %v", b, err)
	}
	path := filepath.Join(dir, KeyFile)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := HostKey(dir); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("broken: %v", err)
	}
}
