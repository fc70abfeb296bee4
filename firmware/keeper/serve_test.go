package keeper

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/firmware/tel"
)

var update = flag.Bool("update", false, "write the golden protocol anew")

var testHandlers = map[string]Handler{
	"count": func(_ context.Context, params json.RawMessage, progress func(any)) (any, error) {
		var p struct {
			To int `json:"to"`
		}
		if err := Decode(params, &p); err != nil {
			return nil, err
		}
		for i := range p.To {
			progress(map[string]int{"step": i + 1})
		}
		return map[string]int{"counted": p.To}, nil
	},
	"nothing": func(context.Context, json.RawMessage, func(any)) (any, error) { return nil, nil },
	"fail": func(context.Context, json.RawMessage, func(any)) (any, error) {
		return nil, errors.New("cannot fail: it was asked to")
	},
	"both": func(context.Context, json.RawMessage, func(any)) (any, error) {
		return nil, fmt.Errorf("wrapped: %w", inBoth{})
	},
	"wait": func(ctx context.Context, _ json.RawMessage, progress func(any)) (any, error) {
		progress("waiting")
		<-ctx.Done()
		return nil, ctx.Err()
	},
}

type inBoth struct{}

func (inBoth) Error() string { return "cannot: full" }

func (inBoth) In(l tel.Lang) string {
	if l == tel.Spanish {
		return "no se puede: lleno"
	}
	return "cannot: full"
}

// start serves on a socket and returns its path.
func start(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keeper.sock")
	l, err := Listen(path, os.Geteuid())
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, l, testHandlers) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return path
}

// TestProtocol holds the bytes of the wire: the program and the keeper may be of
// different versions while an update is on trial.
func TestProtocol(t *testing.T) {
	path := start(t)
	const golden = "testdata/protocol.txt"
	raw, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	asked := 0
	for l := range strings.Lines(string(raw)) {
		if strings.HasPrefix(l, "<") {
			continue
		}
		got.WriteString(l)
		if line, ok := strings.CutPrefix(l, ">"); ok {
			asked++
			got.WriteString(exchange(t, path, strings.TrimPrefix(line, " ")))
		}
	}
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if asked < 10 || got.String() != string(raw) {
		t.Errorf("the protocol is not the golden one:\n%s", got.String())
	}
}

// exchange sends text and returns what comes, each line behind "< ".
func exchange(t *testing.T, path, text string) string {
	t.Helper()
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for s := bufio.NewScanner(conn); s.Scan(); {
		out.WriteString("< " + s.Text() + "\n")
	}
	return out.String()
}

func TestClient(t *testing.T) {
	c := Dial(start(t))
	if !c.Present() {
		t.Error("it is not present")
	}
	var steps []string
	var result struct{ Counted int }
	err := c.Do(t.Context(), "count", map[string]int{"to": 3}, func(p json.RawMessage) { steps = append(steps, string(p)) }, &result)
	if err != nil || result.Counted != 3 || strings.Join(steps, " ") != `{"step":1} {"step":2} {"step":3}` {
		t.Errorf("%v, %+v, %v", err, result, steps)
	}
	err = c.Do(t.Context(), "fail", nil, nil, nil)
	if r, ok := errors.AsType[*Refused](err); !ok || r.Do != "fail" || r.Why != "cannot fail: it was asked to" {
		t.Errorf("%v", err)
	}
	err = c.Do(t.Context(), "both", nil, nil, nil)
	if r, ok := errors.AsType[*Refused](err); !ok || r.In(tel.Spanish) != "no se puede: lleno" || r.In(tel.English) != "cannot: full" {
		t.Errorf("%v", err)
	}
	if err := c.Do(t.Context(), "nothing", strings.Repeat("x", maxRequest), nil, nil); err == nil || !strings.Contains(err.Error(), "65536") {
		t.Errorf("a request too long: %v", err)
	}
	if err := c.Do(t.Context(), "count", nil, nil, new(int)); err == nil || !strings.Contains(err.Error(), "cannot read what the keeper answered") {
		t.Errorf("a result of another shape: %v", err)
	}
}

func TestAbsent(t *testing.T) {
	dead := filepath.Join(t.TempDir(), "dead.sock")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: dead, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	for _, c := range []*Client{nil, Dial(""), Dial(filepath.Join(t.TempDir(), "no.sock")), Dial(dead)} {
		if err := c.Do(t.Context(), "nothing", nil, nil, nil); !errors.Is(err, ErrAbsent) || c.Present() {
			t.Errorf("%v: %v", c, err)
		}
	}
}

// Two of a kind do not run at once; the second is told so. Another kind does.
func TestOneOfAKind(t *testing.T) {
	c := Dial(start(t))
	ctx, cancel := context.WithCancel(t.Context())
	waiting, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- c.Do(ctx, "wait", nil, func(json.RawMessage) { close(waiting) }, nil)
	}()
	<-waiting
	err := c.Do(t.Context(), "wait", nil, nil, nil)
	if r, ok := errors.AsType[*Refused](err); !ok || !strings.Contains(r.Why, "another is under way") {
		t.Errorf("the second: %v", err)
	}
	if err := c.Do(t.Context(), "nothing", nil, nil, nil); err != nil {
		t.Errorf("another kind: %v", err)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("given up: %v", err)
	}
}

// The end of a kind comes before its last line, so that the next may be asked at once.
func TestAgainAtOnce(t *testing.T) {
	c := Dial(start(t))
	for range 50 {
		if err := c.Do(t.Context(), "nothing", nil, nil, nil); err != nil {
			t.Fatal(err)
		}
	}
}

// pipes is a listener of connections in memory, for virtual time.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p pipes) Close() error {
	select {
	case <-p.done:
	default:
		close(p.done)
	}
	return nil
}

func (pipes) Addr() net.Addr { return &net.UnixAddr{} }

// inBubble serves over pipes in virtual time and hands ask to f.
func inBubble(t *testing.T, f func(t *testing.T, ask func(text string) net.Conn)) {
	synctest.Test(t, func(t *testing.T) {
		p := pipes{make(chan net.Conn), make(chan struct{})}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- Serve(ctx, p, testHandlers) }()
		f(t, func(text string) net.Conn {
			here, there := net.Pipe()
			p.conns <- there
			if text != "" {
				if _, err := io.WriteString(here, text); err != nil {
					t.Error(err)
				}
			}
			return here
		})
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestPatience(t *testing.T) {
	inBubble(t, func(t *testing.T, ask func(string) net.Conn) {
		began := time.Now()
		raw, err := io.ReadAll(ask(`{"do":"wait"}` + "\n"))
		want := `{"progress":"waiting"}` + "\n" + `{"error":"context canceled: no progress within 2m0s"}` + "\n"
		if err != nil || string(raw) != want || time.Since(began) != Patience {
			t.Errorf("after %v: %q, %v", time.Since(began), raw, err)
		}
	})
}

func TestSilentAsker(t *testing.T) {
	inBubble(t, func(t *testing.T, ask func(string) net.Conn) {
		began := time.Now()
		raw, err := io.ReadAll(ask(`{"do":"no`))
		if err != nil || !strings.Contains(string(raw), "cannot read the request") || time.Since(began) != readTime {
			t.Errorf("after %v: %q, %v", time.Since(began), raw, err)
		}
	})
}

func TestLongLine(t *testing.T) {
	inBubble(t, func(t *testing.T, ask func(string) net.Conn) {
		conn := ask("")
		written := make(chan error, 1)
		go func() {
			_, err := io.WriteString(conn, strings.Repeat("x", 2*maxRequest))
			written <- err
		}()
		raw, err := io.ReadAll(conn)
		if err != nil || !strings.Contains(string(raw), "more than 65536 bytes") || <-written == nil {
			t.Errorf("%q, %v", raw, err)
		}
	})
}

func TestTooManyAtOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, ask func(string) net.Conn) {
		var held []net.Conn
		for range maxConns {
			held = append(held, ask(""))
		}
		synctest.Wait()
		raw, err := io.ReadAll(ask(""))
		if err != nil || !strings.Contains(string(raw), "8 are under way") {
			t.Errorf("the ninth: %q, %v", raw, err)
		}
		for _, c := range held {
			c.Close()
		}
	})
}

// The end of the keeper ends what it does.
func TestServeEnds(t *testing.T) {
	inBubble(t, func(t *testing.T, ask func(string) net.Conn) {
		conn := ask(`{"do":"wait"}` + "\n")
		if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || line != `{"progress":"waiting"}`+"\n" {
			t.Errorf("%q, %v", line, err)
		}
		go io.Copy(io.Discard, conn) // stop waits for the handler, which ends
	})
}

func FuzzParseRequest(f *testing.F) {
	f.Add([]byte(`{"do":"set-time","with":{"at":"2026-11-28T23:00:00Z"}}`))
	f.Add([]byte(`{"do":"reboot"}`))
	f.Add([]byte(`{"do":"a","with":[[[[[[`))
	f.Fuzz(func(t *testing.T, line []byte) {
		r, err := parseRequest(line)
		if err != nil {
			if r.Do != "" || r.With != nil {
				t.Errorf("%q: a request beside the error", line)
			}
			return
		}
		if !known(r.Do) {
			t.Errorf("%q: the kind %q", line, r.Do)
		}
		again, err := json.Marshal(r)
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if r2, err := parseRequest(again); err != nil || r2.Do != r.Do {
			t.Errorf("%q: again %q, %v", line, again, err)
		}
	})
}
