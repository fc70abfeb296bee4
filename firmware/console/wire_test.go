package console

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/centralita/centralita/firmware/view"
)

// pipes is a listener in memory.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
}

func newPipes() *pipes { return &pipes{make(chan net.Conn), make(chan struct{})} }

func (p *pipes) dial() net.Conn {
	here, there := net.Pipe()
	p.conns <- there
	return here
}
func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}
func (p *pipes) Close() error {
	select {
	case <-p.done:
	default:
		close(p.done)
	}
	return nil
}
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "unix"} }

// served runs a console in virtual time.
func served(t *testing.T, d func() Deps, test func(t *testing.T, p *pipes)) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		p, done := newPipes(), make(chan error, 1)
		go func() { done <- New(d()).Serve(ctx, p) }()
		test(t, p)
		cancel()
		start := time.Now()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if d := time.Since(start); d > 2*time.Second {
			t.Errorf("the end took %v", d)
		}
	})
}

func house1() Deps { return deps(&hand{}, house(time.Now())) }

// TestSlowClientHoldsNobodyUp: one does not read, one does not write, and the
// others are answered at once; the slow ones are dropped after their time.
func TestSlowClientHoldsNobodyUp(t *testing.T) {
	served(t, house1, func(t *testing.T, p *pipes) {
		deaf, mute := p.dial(), p.dial()
		defer deaf.Close()
		defer mute.Close()
		if _, err := deaf.Write([]byte(`{"args":["status"]}` + "\n")); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		for range 5 {
			var out strings.Builder
			code, err := Ask(t.Context(), p.dial(), []string{"lines"}, &out)
			if code != Fine || err != nil || !strings.Contains(out.String(), "L4") {
				t.Errorf("%d, %v, %s", code, err, &out)
			}
		}
		if d := time.Since(start); d > 0 {
			t.Errorf("the others waited %v", d)
		}
		<-time.After(writeTime + time.Second)
		if _, err := deaf.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Errorf("the deaf one is still served: %v", err)
		}
		if b, err := io.ReadAll(mute); err == nil && len(b) > 0 {
			t.Logf("the mute one was told %s", b)
		}
	})
}

func TestTooManyConsoles(t *testing.T) {
	served(t, house1, func(t *testing.T, p *pipes) {
		for range maxSessions {
			defer p.dial().Close()
		}
		synctest.Wait()
		if _, err := Ask(t.Context(), p.dial(), []string{"lines"}, io.Discard); err == nil {
			t.Error("one more was served")
		}
		<-time.After(readTime + writeTime + time.Second) // those who said nothing are dropped
		if code, err := Ask(t.Context(), p.dial(), []string{"lines"}, io.Discard); code != Fine || err != nil {
			t.Errorf("there is room again: %d, %v", code, err)
		}
	})
}

// TestLivePanel shows a picture at each change and ends with the daemon.
func TestLivePanel(t *testing.T) {
	var out bytes.Buffer
	var now view.Store
	now.Set(house(time.Time{}))
	d := func() Deps {
		d := house1()
		d.Panel = func(*view.Snapshot, time.Time) ([4]string, string) {
			return [4]string{fmt.Sprint("seq ", now.Get().Seq), "á", "", ""}, "O:X."
		}
		return d
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		p, done, asked := newPipes(), make(chan error, 1), make(chan error, 1)
		go func() { done <- New(d()).Serve(ctx, p) }()
		go func() {
			code, err := Ask(t.Context(), p.dial(), []string{"panel"}, &out)
			if code != Fine {
				err = fmt.Errorf("exit %d, %w", code, err)
			}
			asked <- err
		}()
		<-time.After(time.Minute)
		now.Set(&view.Snapshot{Seq: 8})
		<-time.After(time.Second)
		cancel()
		if err := errors.Join(<-asked, <-done); err != nil {
			t.Error(err)
		}
	})
	if got := strings.Count(out.String(), "+--------------------+"); got != 4 || !strings.Contains(out.String(), "|seq 8               |\n|á                   |") {
		t.Errorf("%d edges:\n%s", got, &out)
	}
}

// TestReaderGoesAway: a live picture ends when nobody looks any more.
func TestReaderGoesAway(t *testing.T) {
	served(t, house1, func(t *testing.T, p *pipes) {
		conn := p.dial()
		fmt.Fprintln(conn, `{"args":["panel"]}`)
		if err := json.NewDecoder(conn).Decode(&message{}); err != nil {
			t.Fatal(err)
		}
		conn.Close()
		<-time.After(6 * time.Second)
	})
}

func TestLongAnswerKeepsItsCharacters(t *testing.T) {
	big := shelf{}
	for i := range 3000 {
		big.calls = append(big.calls, fmt.Sprintf(`{"id":"1-%d","evidence":"ñandú añejo"}`, i))
	}
	d := func() Deps { d := house1(); d.Book = big; return d }
	served(t, d, func(t *testing.T, p *pipes) {
		var out strings.Builder
		if code, err := Ask(t.Context(), p.dial(), []string{"calls", "--json"}, &out); code != Fine || err != nil {
			t.Fatal(code, err)
		}
		if out.String() != strings.Join(big.calls, "\n")+"\n" {
			t.Error("the answer differs from the book")
		}
	})
}

func TestRealSocket(t *testing.T) {
	dir := t.TempDir()
	if _, err := Run(t.Context(), filepath.Join(dir, SocketName), []string{"status"}, io.Discard); !errors.Is(err, ErrUnreachable) {
		t.Errorf("nobody listens: %v", err)
	}
	for range 2 { // the second finds the socket of the first
		l, err := Listen(dir)
		if err != nil {
			t.Fatal(err)
		}
		l.(*net.UnixListener).SetUnlinkOnClose(false)
		info, err := os.Stat(filepath.Join(dir, SocketName))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("mode %v, %v", info.Mode(), err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- New(house1()).Serve(ctx, l) }()
		var out strings.Builder
		code, err := Run(t.Context(), filepath.Join(dir, SocketName), []string{"agents", "--lang", "en"}, &out)
		if code != Fine || err != nil || !strings.Contains(out.String(), "logged out") {
			t.Errorf("%d, %v, %s", code, err, &out)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if _, err := Listen(filepath.Join(dir, "absent")); err == nil {
		t.Error("listened in a folder that is not there")
	}
}

func TestRedrawsOnATerminalOnly(t *testing.T) {
	for redraw, want := range map[bool]string{
		false: "a\nb\nc\nd\n",
		true:  "\x1b[2Ka\n\x1b[2Kb\n\x1b[2A\x1b[2Kc\n\x1b[2Kd\n",
	} {
		var out strings.Builder
		s := screen{out: &out, redraw: redraw}
		if err := errors.Join(s.draw("a\nb"), s.draw("c\nd")); err != nil || out.String() != want {
			t.Errorf("%q, %v", &out, err)
		}
	}
	if terminal(&bytes.Buffer{}) {
		t.Error("a buffer is no terminal")
	}
}

// FuzzRequest throws bytes at the socket's reader and at the command parser
// behind it: whatever comes, the answer is clean text and a known exit code.
func FuzzRequest(f *testing.F) {
	f.Add([]byte(`{"args":["status","--json"]}` + "\n"))
	f.Add([]byte(`{"args":["book","tail","9999999999999999999"]}` + "\n"))
	f.Add([]byte(`{"args":["agent","login","\u001b[31mana","--lang=en"]}` + "\n"))
	f.Add([]byte(`{"args":["calls","--lang"]}` + "\n"))
	f.Add([]byte(`[[[[[[[[[[[[[[[[[` + "\n"))
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"))
	c := New(house1())
	f.Fuzz(func(t *testing.T, raw []byte) {
		args, err := readRequest(bufio.NewReaderSize(bytes.NewReader(raw), maxRequest))
		if err != nil {
			return
		}
		var out strings.Builder
		code := c.Exec(t.Context(), append(args.Args, "--once"), &out)
		if code < Fine || code > Unreachable {
			t.Errorf("exit %d", code)
		}
		if s := out.String(); !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\n' || r == 0x7F }) {
			t.Errorf("raw text in %q", s)
		}
	})
}
