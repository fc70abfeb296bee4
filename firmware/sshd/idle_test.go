package sshd

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/testbench/memnet"
)

// hall is a server in virtual time, whose commands are slow, which lasts an hour, and
// echo; its terminals take keys until they go.
type hall struct {
	t    *testing.T
	net  *memnet.Net
	door *door
	key  ssh.Signer
	from int
}

const hallAt = "192.0.2.1:2222"

// inHall runs a test in virtual time.
func inHall(t *testing.T, lang tel.Lang, do func(*testing.T, *hall)) {
	synctest.Test(t, func(t *testing.T) {
		h := &hall{t: t, net: memnet.New(1), key: signer(t)}
		h.door = &door{name: "maria", key: h.key.PublicKey()}
		s := New(Config{Key: h.key, Door: h.door, Idle: 5 * time.Minute, Lang: lang,
			Exec: func(ctx context.Context, c Command) int {
				if c.Line == "slow" {
					select {
					case <-time.After(time.Hour):
					case <-ctx.Done():
					}
				}
				fmt.Fprintln(c.Out, c.Line)
				return 0
			},
			Shell: func(_ context.Context, x Session) error { _, err := io.Copy(io.Discard, x.In); return err }})
		l, err := h.net.Listen(hallAt)
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.Serve(ctx, l) }()
		do(t, h)
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// visit is a connection of maria from an address of its own, and what is closed when it
// ends.
func (h *hall) visit() (*ssh.Client, <-chan struct{}, error) {
	h.t.Helper()
	h.from++
	conn, err := h.net.Dial(h.t.Context(), fmt.Sprintf("192.0.2.%d:4000", 10+h.from), hallAt)
	if err != nil {
		h.t.Fatal(err)
	}
	c, chans, requests, err := ssh.NewClientConn(conn, hallAt, &ssh.ClientConfig{User: "maria", Auth: []ssh.AuthMethod{ssh.PublicKeys(h.key)}, HostKeyCallback: ssh.FixedHostKey(h.key.PublicKey())})
	if err != nil {
		return nil, nil, err
	}
	client, gone := ssh.NewClient(c, chans, requests), make(chan struct{})
	go func() { _ = client.Wait(); close(gone) }()
	h.t.Cleanup(func() { client.Close() }) // it may be closed already
	return client, gone, nil
}

// guest is a visit that is let in.
func (h *hall) guest() (*ssh.Client, <-chan struct{}) {
	h.t.Helper()
	c, gone, err := h.visit()
	if err != nil {
		h.t.Fatal(err)
	}
	return c, gone
}

// within returns how long it takes until something is closed, at most a day.
func within(over <-chan struct{}) time.Duration {
	begin := time.Now()
	select {
	case <-over:
	case <-time.After(24 * time.Hour):
	}
	return time.Since(begin).Round(time.Second)
}

// Who connects and asks for nothing, or opens a session and never says what for, is not
// kept.
func TestWhoAsksForNothing(t *testing.T) {
	inHall(t, tel.English, func(t *testing.T, h *hall) {
		_, gone := h.guest()
		if took := within(gone); took != alone {
			t.Errorf("a connection without a session ends after %s", took)
		}
		c, gone := h.guest()
		ch, requests, err := c.OpenChannel("session", nil)
		if err != nil {
			t.Fatal(err)
		}
		over := make(chan struct{})
		go func() { ssh.DiscardRequests(requests); close(over) }()
		for range 5 { // sizes are no purpose
			if _, err := ch.SendRequest("window-change", false, ssh.Marshal(terminalSize{Cols: 80, Rows: 24})); err != nil {
				t.Fatal(err)
			}
			<-time.After(5 * time.Second)
		}
		if took := within(over); took != alone-25*time.Second {
			t.Errorf("a session without a purpose ends after %s more", took)
		}
		if took := within(gone); took != alone {
			t.Errorf("its connection ends after %s", took)
		}
	})
}

// A session without a terminal ends when no line comes, and says so; a command that takes
// long is no idleness.
func TestAScriptThatSaysNothing(t *testing.T) {
	for lang, words := range map[tel.Lang]string{tel.English: "no command came", tel.Spanish: "no llegó ninguna orden"} {
		inHall(t, lang, func(t *testing.T, h *hall) {
			c, _ := h.guest()
			s, err := c.NewSession()
			if err != nil {
				t.Fatal(err)
			}
			var out, beside bytes.Buffer
			s.Stdout, s.Stderr = &out, &beside
			in, err := s.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Shell(); err != nil {
				t.Fatal(err)
			}
			for _, line := range []string{"one\n", "# two\n", "slow\n", "thr"} {
				<-time.After(4 * time.Minute)
				io.WriteString(in, line)
			}
			begin, over := time.Now(), make(chan struct{})
			go func() { _ = s.Wait(); close(over) }()
			within(over)
			if took, want := time.Since(begin).Round(time.Second), time.Hour-4*time.Minute+5*time.Minute; took != want {
				t.Errorf("it ended after %s, not %s", took, want)
			}
			if out.String() != "one\nslow\n" || !strings.Contains(beside.String(), words) {
				t.Errorf("%q, beside it %q", &out, &beside)
			}
		})
	}
}

// One person has so many sessions on all connections of his, and is told so; one that
// ends makes room. His connections leave places to others.
func TestOnePersonsSessions(t *testing.T) {
	for lang, words := range map[tel.Lang]string{tel.English: "You have 8 sessions open", tel.Spanish: "Ya tiene 8 sesiones abiertas"} {
		inHall(t, lang, func(t *testing.T, h *hall) {
			var open []*ssh.Session
			for range maxOfOne {
				c, _ := h.guest()
				s, err := c.NewSession()
				if err == nil {
					err = s.Start("slow")
				}
				if err != nil {
					t.Fatal(err)
				}
				open = append(open, s)
			}
			ask := func(terminal bool) (out, beside string, err error) {
				c, _ := h.guest()
				defer c.Close()
				s, err := c.NewSession()
				if err != nil {
					t.Fatal(err)
				}
				var o, e bytes.Buffer
				s.Stdout, s.Stderr = &o, &e
				if terminal {
					if err := s.RequestPty("vt100", 24, 80, ssh.TerminalModes{}); err != nil {
						t.Fatal(err)
					}
				}
				err = s.Run("echo")
				return o.String(), e.String(), err
			}
			out, beside, err := ask(false)
			if e, ok := err.(*ssh.ExitError); !ok || e.ExitStatus() != 1 || out != "" || !strings.Contains(beside, words) || !strings.HasSuffix(beside, ".\n") {
				t.Errorf("one more: %q, %q, %v", out, beside, err)
			}
			if out, beside, err = ask(true); err == nil || beside != "" || !strings.Contains(out, words) || !strings.HasSuffix(out, ".\r\n") {
				t.Errorf("one more at a terminal: %q, %q, %v", out, beside, err)
			}
			open[0].Close()
			synctest.Wait()
			if out, _, err := ask(false); err != nil || out != "echo\n" {
				t.Errorf("a place that was left is not given: %q, %v", out, err)
			}
		})
	}
	inHall(t, tel.English, func(t *testing.T, h *hall) {
		for range maxOfPerson {
			h.guest()
		}
		c, gone, err := h.visit()
		if err == nil {
			if took := within(gone); took > time.Second {
				t.Errorf("one connection too many lasts %s", took)
			}
			c.Close()
		}
		if maxOfPerson > maxPeople/2 {
			t.Errorf("one person has %d of %d places", maxOfPerson, maxPeople)
		}
	})
}
