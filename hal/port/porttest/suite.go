package porttest

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/hal/port"
)

// Wire is the far side of a port under test.
type Wire interface {
	// Do makes the wire do what the port must report as e.
	Do(e port.Event)
	// Commanded returns what arrived on the wire since the last call, in order.
	// Of a Ring it may leave out number and name, which come after the burst.
	Commanded() []port.Command
	// Say sends 20 ms into the port.
	Say(*pcm.Frame)
	// Heard returns the frames that came out of the port since the last call.
	Heard() []pcm.Frame
}

// TestPort is the conformance suite of port.Port. open returns a fresh port and
// its far side; it is called inside a synctest bubble once for every test, and
// must end everything it started by t.Cleanup.
func TestPort(t *testing.T, open func(t *testing.T) (port.Port, Wire)) {
	for _, c := range []struct {
		name string
		run  func(*testing.T, port.Port, Wire)
	}{
		{"info never changes", testInfo},
		{"events come in the order of the wire", testEvents},
		{"64 events are kept for a late reader", testLateReader},
		{"commands reach the wire in order", testCommands},
		{"a command of the other kind is an error that names it", testWrongCommand},
		{"close ends everything", testClose},
		{"close lets go of the wire", testCloseReleases},
		{"a blocked read ends with close", testCloseWakes},
		{"audio flows only while the loop is closed", testAudio},
		{"read never blocks over two frames", testPace},
		{"write drops the oldest", testWrite},
		{"each burst of the bell is told", testBursts},
		{"what can be measured and chosen is told", testInstruments},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, w := open(t)
				c.run(t, p, w)
				if err := p.Close(); err != nil {
					t.Errorf("close: %v", err)
				}
			})
		})
	}
}

func testInfo(t *testing.T, p port.Port, _ Wire) {
	i := p.Info()
	if i.Name == "" || p.Info() != i {
		t.Errorf("info is %+v, then %+v", i, p.Info())
	}
	if p.Audio() == nil || p.Audio() != p.Audio() {
		t.Error("audio is not the same value for the port's life")
	}
}

// script is what a wire of the kind can do, each seen by the capabilities.
func script(i port.Info) []port.Event {
	if i.Kind == port.FXS {
		return []port.Event{port.OffHook{}, port.HookFlash{}, port.OnHook{}, port.OffHook{}, port.OnHook{}}
	}
	s := []port.Event{port.RingOn{}, port.RingOff{}}
	if i.Caps.CallerID {
		s = append(s, port.CallerID{Number: "600123456", Name: "Juan Pérez"}, port.CallerID{Absence: "P"})
	}
	s = append(s, port.RingOn{}, port.RingOff{})
	if i.Caps.Polarity {
		s = append(s, port.Polarity{Reversed: true}, port.Polarity{Reversed: false})
	}
	if i.Caps.Battery {
		s = append(s, port.Battery{On: false}, port.Battery{On: true})
	}
	return s
}

func testEvents(t *testing.T, p port.Port, w Wire) {
	for _, want := range script(p.Info()) {
		w.Do(want)
		synctest.Wait()
		select {
		case got := <-p.Events():
			if got != want {
				t.Errorf("the wire did %q, the port says %q", want, got)
			}
		default:
			t.Fatalf("the wire did %q, the port says nothing", want)
		}
	}
}

func testLateReader(t *testing.T, p port.Port, w Wire) {
	var want []port.Event
	for len(want) < 64 {
		want = append(want, script(p.Info())...)
	}
	want = want[:64]
	for _, e := range want {
		w.Do(e)
	}
	synctest.Wait()
	for i, e := range want {
		select {
		case got := <-p.Events():
			if got != e {
				t.Fatalf("event %d is %q, not %q", i, got, e)
			}
		default:
			t.Fatalf("event %d, %q, is lost", i, e)
		}
	}
}

func commands(k port.Kind) []port.Command {
	if k == port.FXS {
		return []port.Command{port.Ring{Number: "201", Name: "Ana"}, port.StopRing{}, port.Ring{}, port.StopRing{}}
	}
	return []port.Command{port.Seize{}, port.Flash{}, port.Release{}, port.Seize{}, port.Release{}}
}

// optional are commands that only some hardware takes.
var optional = []port.Command{port.Reverse{On: true}, port.Reverse{}, port.Neon{On: true}, port.Neon{},
	port.Tune{RxTenths: 10}, port.EchoCancel{On: true}}

func testCommands(t *testing.T, p port.Port, w Wire) {
	all := commands(p.Info().Kind)
	for _, c := range optional {
		if p.Info().Refuse(c) == nil {
			all = append(all, c)
		}
	}
	for _, want := range all {
		if err := p.Command(want); err != nil {
			t.Errorf("%s: %v", want, err)
		}
		synctest.Wait()
		got := w.Commanded()
		if _, ring := want.(port.Ring); ring && len(got) == 1 {
			_, ring = got[0].(port.Ring)
			if ring {
				continue
			}
		}
		if len(got) != 1 || got[0] != want {
			t.Errorf("%q was commanded, %v came over the wire", want, got)
		}
	}
}

func testWrongCommand(t *testing.T, p port.Port, w Wire) {
	other := port.FXS
	if p.Info().Kind == port.FXS {
		other = port.FXO
	}
	wrong := commands(other)
	for _, c := range append([]port.Command{port.Disconnect{Millis: 500}}, optional...) {
		if p.Info().Refuse(c) != nil {
			wrong = append(wrong, c)
		}
	}
	for _, c := range wrong {
		err := p.Command(c)
		if err == nil || errors.Is(err, port.ErrClosed) || !strings.Contains(err.Error(), c.String()) {
			t.Errorf("%s on an %s port: %v", c, p.Info().Kind, err)
		}
	}
	synctest.Wait()
	if got := w.Commanded(); len(got) != 0 {
		t.Errorf("%v came over the wire", got)
	}
}

func testClose(t *testing.T, p port.Port, w Wire) {
	events := p.Events()
	for range 2 {
		if err := p.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
	for _, c := range commands(p.Info().Kind) {
		if err := p.Command(c); !errors.Is(err, port.ErrClosed) {
			t.Errorf("%s after close: %v", c, err)
		}
	}
	var f pcm.Frame
	if err := p.Audio().Read(&f); !errors.Is(err, port.ErrClosed) {
		t.Errorf("read after close: %v", err)
	}
	if err := p.Audio().Write(&f); !errors.Is(err, port.ErrClosed) {
		t.Errorf("write after close: %v", err)
	}
	for _, e := range script(p.Info()) { // the wire goes on without us
		w.Do(e)
	}
	synctest.Wait()
	if e, open := <-events; open {
		t.Errorf("event %q after close", e)
	}
}

func testCloseReleases(t *testing.T, p port.Port, w Wire) {
	if p.Info().Kind == port.FXS {
		if err := p.Command(port.Ring{Number: "201"}); err != nil {
			t.Fatal(err)
		}
	} else if err := p.Command(port.Seize{}); err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
	w.Commanded()
	if err := p.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	synctest.Wait()
	got := w.Commanded()
	if p.Info().Kind == port.FXO && (len(got) != 1 || got[0] != port.Release{}) {
		t.Errorf("closed while seized, %v came over the wire", got)
	}
}

func testCloseWakes(t *testing.T, p port.Port, _ Wire) {
	done := make(chan error)
	go func() {
		var f pcm.Frame
		for {
			if err := p.Audio().Read(&f); err != nil {
				done <- err
				return
			}
		}
	}()
	time.Sleep(5 * time.Millisecond)
	at := time.Now()
	if err := p.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	if err := <-done; !errors.Is(err, port.ErrClosed) || time.Since(at) > 40*time.Millisecond {
		t.Errorf("the read ended after %s with %v", time.Since(at), err)
	}
}

// closeLoop makes audio flow, and open stops it.
func closeLoop(t *testing.T, p port.Port, w Wire) {
	t.Helper()
	if p.Info().Kind == port.FXS {
		w.Do(port.OffHook{})
	} else if err := p.Command(port.Seize{}); err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
}

func openLoop(t *testing.T, p port.Port, w Wire) {
	t.Helper()
	if p.Info().Kind == port.FXS {
		w.Do(port.OnHook{})
	} else if err := p.Command(port.Release{}); err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
}

// marked is a frame known by its first sample. For a port that cannot talk and
// listen at once it is loud enough to be meant.
func marked(p port.Port, n int16) pcm.Frame {
	f := pcm.Frame{0: n}
	if !p.Info().Caps.FullDuplex {
		for i := 1; i < len(f); i++ {
			f[i] = int16(8000 - i%2*16000)
		}
	}
	return f
}

func testAudio(t *testing.T, p port.Port, w Wire) {
	exchange := func(n int16) (in, out bool) {
		w.Heard()
		f := pcm.Frame{0: n, 159: -n}
		w.Say(&f)
		synctest.Wait()
		if !p.Info().Caps.FullDuplex {
			return inTurn(t, p, w, f, n+1000)
		}
		if err := p.Audio().Write(&pcm.Frame{0: n + 1000}); err != nil {
			t.Errorf("write: %v", err)
		}
		synctest.Wait()
		var g pcm.Frame
		for range 3 {
			if err := p.Audio().Read(&g); err != nil {
				t.Errorf("read: %v", err)
			}
			in = in || g == f
		}
		for _, h := range w.Heard() {
			out = out || h[0] == n+1000
		}
		return in, out
	}
	if in, out := exchange(1); !onHook(p.Info(), in, out) {
		t.Errorf("on hook: in %t, out %t", in, out)
	}
	closeLoop(t, p, w)
	if in, out := exchange(2); !in || !out {
		t.Errorf("with the loop closed: in %t, out %t", in, out)
	}
	openLoop(t, p, w)
	if in, out := exchange(3); !onHook(p.Info(), in, out) {
		t.Errorf("on hook again: in %t, out %t", in, out)
	}
}

// onHook tells whether what flows on hook is as it must be: nothing, but with
// Caps.OnHookAudio a line is heard and a telephone can be sent caller id.
func onHook(i port.Info, in, out bool) bool {
	switch {
	case !i.Caps.OnHookAudio:
		return !in && !out
	case i.Kind == port.FXS:
		return out
	}
	return in
}

// inTurn is what a port that cannot do both at once hears of f, which the wire has
// said, and says of a frame marked n, written long enough for it to turn. It ends
// when the port has had time to listen again.
func inTurn(t *testing.T, p port.Port, w Wire, f pcm.Frame, n int16) (in, out bool) {
	var g pcm.Frame
	step := func(write bool) {
		if h := marked(p, n); write {
			if err := p.Audio().Write(&h); err != nil {
				t.Errorf("write: %v", err)
			}
		}
		if err := p.Audio().Read(&g); err != nil {
			t.Errorf("read: %v", err)
		}
		synctest.Wait()
		in = in || g == f
		for _, h := range w.Heard() {
			out = out || h[0] == n
		}
	}
	for range 3 {
		step(false)
	}
	for range 50 {
		step(true)
	}
	for range 150 {
		step(false)
	}
	return in, out
}

func testPace(t *testing.T, p port.Port, w Wire) {
	var f pcm.Frame
	read := func(what string) time.Duration {
		begin := time.Now()
		for range 50 {
			at := time.Now()
			if err := p.Audio().Read(&f); err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			if d := time.Since(at); d > 2*pcm.FrameTime*time.Millisecond {
				t.Errorf("%s: a read took %s", what, d)
			}
		}
		return time.Since(begin)
	}
	for _, what := range []string{"on hook", "loop closed, silence"} {
		if d := read(what); d < 900*time.Millisecond || d > 1100*time.Millisecond {
			t.Errorf("%s: 50 frames took %s", what, d)
		}
		if !f.Silent() {
			t.Errorf("%s: something is heard", what)
		}
		closeLoop(t, p, w)
	}
	stop := make(chan struct{})
	go func() {
		tick := time.NewTicker(pcm.FrameTime * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				w.Say(&pcm.Frame{0: 5})
			}
		}
	}()
	d := read("loop closed, sound")
	close(stop)
	if d < 850*time.Millisecond || d > 1100*time.Millisecond || f[0] != 5 {
		t.Errorf("50 frames of sound took %s, the last is %d", d, f[0])
	}
	synctest.Wait()
}

func testWrite(t *testing.T, p port.Port, w Wire) {
	closeLoop(t, p, w)
	w.Heard()
	at := time.Now()
	for n := range 300 {
		f := marked(p, int16(n+1))
		if err := p.Audio().Write(&f); err != nil {
			t.Fatal(err)
		}
	}
	if d := time.Since(at); d > 0 {
		t.Errorf("writing blocked for %s", d)
	}
	time.Sleep(time.Second)
	got := w.Heard()
	last := int16(0)
	for _, f := range got {
		if f[0] < last {
			t.Errorf("frame %d after %d", f[0], last)
		}
		last = f[0]
	}
	if last != 300 {
		t.Errorf("the newest frame is lost: %d frames, the last is %d", len(got), last)
	}
	openLoop(t, p, w)
}
