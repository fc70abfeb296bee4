package sim

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/centralita/centralita/board/sim/wire"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/hal/port"
	"github.com/centralita/centralita/hal/port/porttest"
)

// bench is a test bench made of bare messages.
type bench struct {
	conn net.Conn
	at   wire.Socket
	gone chan struct{} // the board closed the stream

	mu    sync.Mutex
	got   []wire.Message
	audio []pcm.Frame
}

// plugIn connects a bench to a board and says hello.
func plugIn(t *testing.T, b *Board) (*bench, chan error) {
	t.Helper()
	here, there := net.Pipe()
	w := &bench{conn: here, gone: make(chan struct{})}
	ended := make(chan error, 1)
	go func() { ended <- b.Attach(there) }()
	go w.read()
	w.send(wire.Message{Kind: wire.Hello, Board: wire.Board{Version: wire.Version}})
	synctest.Wait()
	return w, ended
}

func (w *bench) read() {
	defer close(w.gone)
	for {
		m, err := wire.Read(w.conn)
		if err != nil {
			return
		}
		w.mu.Lock()
		if m.Kind == wire.Audio {
			w.audio = append(w.audio, *m.Frame)
		} else {
			w.got = append(w.got, m)
		}
		w.mu.Unlock()
	}
}

func (w *bench) send(m wire.Message) {
	w.conn.Write(m.Append(nil)) // a closed stream is seen by the reader
}

// kinds returns what came since the last call as text.
func (w *bench) kinds() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var s []string
	for _, m := range w.got {
		s = append(s, m.String())
	}
	w.got = nil
	return strings.Join(s, ", ")
}

// Do, Commanded, Say and Heard implement porttest.Wire for one socket.
func (w *bench) Do(e port.Event) {
	m := wire.Message{Socket: w.at}
	switch e := e.(type) {
	case port.RingOn:
		m.Kind = wire.RingOn
	case port.RingOff:
		m.Kind = wire.RingOff
	case port.Battery:
		m.Kind, m.On = wire.Battery, e.On
	case port.Polarity:
		m.Kind, m.On = wire.Polarity, e.Reversed
	case port.OffHook:
		m.Kind = wire.OffHook
	case port.OnHook:
		m.Kind = wire.OnHook
	case port.HookFlash:
		m.Kind = wire.HookFlash
	}
	w.send(m)
}

func (w *bench) Commanded() (out []port.Command) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, m := range w.got {
		switch m.Kind {
		case wire.Seize:
			out = append(out, port.Seize{})
		case wire.Release:
			out = append(out, port.Release{})
		case wire.Flash:
			out = append(out, port.Flash{})
		case wire.RingOn:
			out = append(out, port.Ring{})
		case wire.RingOff:
			out = append(out, port.StopRing{})
		case wire.Reverse:
			out = append(out, port.Reverse{On: m.On})
		case wire.Neon:
			out = append(out, port.Neon{On: m.On})
		case wire.Tune:
			out = append(out, port.Tune{RxTenths: m.RxTenths, TxTenths: m.TxTenths, Impedance: m.Impedance})
		}
	}
	w.got = nil
	return out
}

func (w *bench) Say(f *pcm.Frame) { w.send(wire.Message{Kind: wire.Audio, Socket: w.at, Frame: f}) }

func (w *bench) Heard() []pcm.Frame {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := w.audio
	w.audio = nil
	return out
}

func TestConformance(t *testing.T) {
	for _, kind := range []port.Kind{port.FXO, port.FXS} {
		t.Run(kind.String(), func(t *testing.T) {
			porttest.TestPort(t, func(t *testing.T) (port.Port, porttest.Wire) {
				b := Open(Config{FXO: 2, FXS: 2, Country: "ES"})
				w, ended := plugIn(t, b)
				t.Cleanup(func() {
					b.Close()
					<-ended
				})
				w.kinds()
				if kind == port.FXS {
					w.at = wire.FXS(2)
					return b.Ports()[3], w
				}
				w.at = wire.FXO(2)
				return b.Ports()[1], w
			})
		})
	}
}

func events(p port.Port) string {
	synctest.Wait()
	var s []string
	for {
		select {
		case e, open := <-p.Events():
			if !open {
				return strings.Join(append(s, "closed"), ", ")
			}
			s = append(s, e.String())
		default:
			return strings.Join(s, ", ")
		}
	}
}

func expect(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %q, not %q", what, got, want)
	}
}

func TestPulledCord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := Open(Config{FXO: 3, FXS: 2})
		w, ended := plugIn(t, b)
		p := b.Ports()
		w.at = wire.FXO(1)
		w.Do(port.RingOn{})
		p[1].Command(port.Seize{})
		w.at = wire.FXS(1)
		w.Do(port.OffHook{})
		synctest.Wait()
		for _, x := range p {
			events(x)
		}
		w.conn.Close()
		if err := <-ended; err != nil {
			t.Errorf("a bench that went away is an error: %v", err)
		}
		expect(t, "the ringing line", events(p[0]), "ring off")
		expect(t, "the line in use", events(p[1]), "battery false")
		expect(t, "the idle line", events(p[2]), "")
		expect(t, "the telephone off hook", events(p[3]), "on hook")
		expect(t, "the telephone on hook", events(p[4]), "")
		<-time.After(time.Second)
		expect(t, "the line in use, later", events(p[1]), "battery true")
		// The next bench is told of the loop that is still closed.
		w, ended = plugIn(t, b)
		expect(t, "after plugging in again", w.kinds(), "board hello, fxo2 seize")
		b.Close()
		<-ended
		expect(t, "at the end", w.kinds(), `fxo2 release, bye: "the board is switched off"`)
		expect(t, "a port at the end", events(p[0]), "closed")
	})
}

// A cord plugged in again at once: the battery comes back all the same, unless
// the bench says otherwise.
func TestPulledCordAndPluggedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := Open(Config{FXO: 2})
		p := b.Ports()
		w, ended := plugIn(t, b)
		p[0].Command(port.Seize{})
		p[1].Command(port.Seize{})
		w.conn.Close()
		<-ended
		w, ended = plugIn(t, b)
		w.at = wire.FXO(2)
		w.Do(port.Battery{On: true})
		w.Do(port.Battery{On: false})
		<-time.After(2 * time.Second)
		expect(t, "line 1", events(p[0]), "battery false, battery true")
		expect(t, "line 2", events(p[1]), "battery false, battery true, battery false")
		b.Close()
		<-ended
	})
}

func TestOneBenchAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := Open(Config{FXO: 1})
		_, ended := plugIn(t, b)
		second, refused := plugIn(t, b)
		if err := <-refused; err == nil {
			t.Error("a second bench was taken")
		}
		<-second.gone
		expect(t, "the second bench", second.kinds(), `bye: "another test bench is connected; end it first"`)
		b.Close()
		<-ended
	})
}

// A peer that speaks nonsense loses its connection; the ports are unhurt and
// the next bench is taken.
func TestNonsense(t *testing.T) {
	hello := wire.Message{Kind: wire.Hello, Board: wire.Board{Version: wire.Version}}.Append(nil)
	for name, c := range map[string]struct{ say, told string }{
		"a browser":       {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "is this the wire's protocol?"},
		"no hello":        {string(wire.Message{Kind: wire.OffHook, Socket: wire.FXS(1)}.Append(nil)), "says hello first"},
		"another version": {string(wire.Message{Kind: wire.Hello, Board: wire.Board{Version: 9}}.Append(nil)), "cannot speak version 9"},
		"unknown kind":    {string(hello) + "\x00\x02\x7f\x01", "kind 0x7f is not known"},
		"no such socket":  {string(hello) + string(wire.Message{Kind: wire.RingOn, Socket: wire.FXO(9)}.Append(nil)), "cannot find socket fxo9"},
		"a ring at a phone": {string(hello) + string(wire.Message{Kind: wire.RingOn, Socket: wire.FXS(1)}.Append(nil)),
			"cannot take ring on from the test bench: fxs1 is a telephone"},
		"a phone's hook on a line": {string(hello) + string(wire.Message{Kind: wire.OffHook, Socket: wire.FXO(1)}.Append(nil)),
			"cannot take off hook from the test bench: fxo1 is a line"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := Open(Config{FXO: 1, FXS: 1})
				here, there := net.Pipe()
				w := &bench{conn: here, gone: make(chan struct{})}
				ended := make(chan error, 1)
				go func() { ended <- b.Attach(there) }()
				go w.read()
				go here.Write([]byte(c.say))
				err := <-ended
				if err == nil || !strings.Contains(err.Error(), c.told) {
					t.Errorf("dropped with %v", err)
				}
				<-w.gone
				if got := w.kinds(); !strings.Contains(got, "bye") || !strings.Contains(got, c.told) {
					t.Errorf("the peer was told %q", got)
				}
				expect(t, "the line", events(b.Ports()[0]), "")
				next, ended2 := plugIn(t, b)
				expect(t, "the next bench", next.kinds(), "board hello")
				b.Close()
				<-ended2
			})
		})
	}
}

// A peer that says nothing is not waited for, and one that reads nothing is cut.
func TestSilentPeers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := Open(Config{FXO: 1})
		_, there := net.Pipe()
		if err := b.Attach(there); err == nil || !strings.Contains(err.Error(), "hello") {
			t.Errorf("silent peer: %v", err)
		}
		here, there := net.Pipe()
		ended := make(chan error, 1)
		go func() { ended <- b.Attach(there) }()
		here.Write(wire.Message{Kind: wire.Hello, Board: wire.Board{Version: wire.Version}}.Append(nil))
		at := time.Now()
		<-ended
		if d := time.Since(at); d > 3*time.Second {
			t.Errorf("a peer that reads nothing was cut after %s", d)
		}
		next, ended2 := plugIn(t, b)
		expect(t, "the next bench", next.kinds(), "board hello")
		b.Close()
		<-ended2
	})
}

func TestBell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := Open(Config{FXS: 1, Country: "ES"}) // 1.5 s on, 3 s off
		w, ended := plugIn(t, b)
		p := b.Ports()[0]
		w.kinds()
		if err := p.Command(port.Ring{}); err != nil {
			t.Fatal(err)
		}
		<-time.After(1400 * time.Millisecond)
		expect(t, "in the first burst", w.kinds(), "fxs1 ring on")
		expect(t, "the port in it", events(p), "ring on")
		<-time.After(200 * time.Millisecond)
		expect(t, "after it", w.kinds(), "fxs1 ring off")
		<-time.After(3 * time.Second)
		expect(t, "the second", w.kinds(), "fxs1 ring on")
		w.at = wire.FXS(1)
		w.Do(port.OffHook{})
		expect(t, "picked up", events(p), "ring off, ring on, ring off, off hook")
		<-time.After(20 * time.Second)
		expect(t, "no ring any more", w.kinds(), "fxs1 ring off")
		if err := p.Command(port.Ring{}); err == nil {
			t.Error("a telephone off hook can be rung")
		}
		w.Do(port.OnHook{})
		events(p)
		if err := p.Command(port.Ring{Cadence: port.CadenceOf([]int{200, 400, 200, 2000})}); err != nil {
			t.Fatal(err)
		}
		<-time.After(3 * time.Second)
		expect(t, "a cadence of its own", events(p), "ring on, ring off, ring on, ring off, ring on, ring off")
		b.Close()
		<-ended
	})
}

// The loop of a telephone is dropped for a moment: no audio either way.
func TestDisconnect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := Open(Config{FXS: 1})
		w, ended := plugIn(t, b)
		p := b.Ports()[0]
		w.at = wire.FXS(1)
		w.Do(port.OffHook{})
		w.kinds()
		events(p)
		if err := p.Command(port.Disconnect{Millis: 500}); err != nil {
			t.Fatal(err)
		}
		p.Audio().Write(&pcm.Frame{1})
		synctest.Wait()
		if n := len(w.Heard()); n != 0 {
			t.Errorf("%d frames while the loop is dropped", n)
		}
		<-time.After(600 * time.Millisecond)
		p.Audio().Write(&pcm.Frame{1})
		synctest.Wait()
		if n := len(w.Heard()); n != 1 {
			t.Errorf("%d frames after it", n)
		}
		expect(t, "the bench saw", w.kinds(), "fxs1 drop")
		if err := p.Command(port.Disconnect{Millis: 60000}); err == nil {
			t.Error("a minute is taken for a disconnect pulse")
		}
		b.Close()
		<-ended
	})
}

// On a real socket: two benches, a cut, and a clean end with its context.
func TestServe(t *testing.T) {
	defer goleak.VerifyNone(t)
	path := filepath.Join(t.TempDir(), "sim.sock")
	ln, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	b := Open(Config{FXO: 1, FXS: 1, Log: slog.New(slog.NewTextHandler(&log, nil))})
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- b.Serve(ctx, ln) }()
	for range 3 {
		c, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		c.Write(wire.Message{Kind: wire.Hello, Board: wire.Board{Version: wire.Version}}.Append(nil))
		for m, err := wire.Read(c); ; m, err = wire.Read(c) {
			if err != nil { // the bench before is not gone yet: knock again
				c.Close()
				c, err = net.Dial("unix", path)
				if err != nil {
					t.Fatal(err)
				}
				c.Write(wire.Message{Kind: wire.Hello, Board: wire.Board{Version: wire.Version}}.Append(nil))
				continue
			}
			if m.Kind == wire.Hello {
				break
			}
		}
		c.Write(wire.Message{Kind: wire.RingOn, Socket: wire.FXO(1)}.Append(nil))
		if e := <-b.Ports()[0].Events(); e != (port.RingOn{}) {
			t.Errorf("%v", e)
		}
		b.Ports()[1].Command(port.Ring{}) // what the bench has not read when it goes
		c.Close()
		if e := <-b.Ports()[0].Events(); e != (port.RingOff{}) {
			t.Errorf("%v", e)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("serve ended with %v", err)
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	if _, err := net.Dial("unix", path); err == nil {
		t.Error("the socket is still there")
	}
	if strings.Contains(log.String(), "dropped") && !strings.Contains(log.String(), "another test bench") {
		t.Errorf("a bench that goes away is not worth a warning: %s", log.String())
	}
}
