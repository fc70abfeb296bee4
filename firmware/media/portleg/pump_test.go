package portleg_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/dsp/noise"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/firmware/media/portleg"
	"github.com/centralita/centralita/hal/port"
	"github.com/centralita/centralita/hal/port/porttest"
	"go.uber.org/goleak"
)

const frame = 20 * time.Millisecond

// wired is a fake port with its pump, and what that told.
type wired struct {
	*porttest.Fake
	*portleg.Pump
	mu    sync.Mutex
	heard []port.CallerID
	sent  []uint64
}

func wire(t *testing.T, kind port.Kind, caps port.Caps) *wired {
	t.Helper()
	w := &wired{Fake: porttest.NewFake(port.Info{Name: "p1", Kind: kind, Caps: caps})}
	p, err := portleg.New(portleg.Config{
		Port:  w.Fake,
		Heard: func(id port.CallerID) { w.with(func() { w.heard = append(w.heard, id) }) },
		Sent:  func(id uint64) { w.with(func() { w.sent = append(w.sent, id) }) },
	})
	if err != nil {
		t.Fatal(err)
	}
	w.Pump = p
	start(t, p)
	return w
}

func (w *wired) with(do func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	do()
}

// order asks the port for something, as the house does.
func (w *wired) order(t *testing.T, c port.Command) {
	t.Helper()
	if err := w.Command(c); err != nil {
		t.Fatal(err)
	}
	w.Pump.Commanded(c)
}

// do lets the wire do something, as the house carries it.
func (w *wired) do(e port.Event) {
	w.Do(e)
	w.Happened(e)
}

// play lets samples come over the wire, in its pace.
func (w *wired) play(samples []int16) {
	var f pcm.Frame
	for len(samples) > 0 {
		n := copy(f[:], samples)
		clear(f[n:])
		samples = samples[n:]
		w.Say(&f)
		<-time.After(frame)
	}
	synctest.Wait()
}

// ids returns the caller ids told since the last call.
func (w *wired) ids() (ids []port.CallerID) {
	w.with(func() { ids, w.heard = w.heard, nil })
	return ids
}

func TestAPumpWithoutOnHookAudioRestsUntilItIsNeeded(t *testing.T) {
	defer goleak.VerifyNone(t)
	synctest.Test(t, func(t *testing.T) {
		c := newCrystal(0, 440)
		p := pump(t, c, port.Info{Name: "p1"})
		<-time.After(time.Second)
		if n := c.count(); n != 0 {
			t.Errorf("%d reads of a port that nobody uses", n)
		}
		leg := p.Leg()
		<-time.After(time.Second)
		if n := c.count(); n < 49 || n > 51 {
			t.Errorf("%d reads in a second", n)
		}
		if err := leg.Close(); err != nil {
			t.Error(err)
		}
		<-time.After(time.Second)
		if n := c.count(); n > 52 {
			t.Errorf("%d reads: it goes on without a leg", n)
		}
		in, out, err := p.Capture(t.Context(), 200*time.Millisecond)
		if err != nil || len(in) != 1600 || len(out) != 1600 || pcm.Level(in) < -20 {
			t.Errorf("captured %d and %d samples: %v", len(in), len(out), err)
		}
	})
}

// sleeper is a wire that is dead silent until something comes.
type sleeper struct {
	*crystal
	sound chan struct{}
}

func (s sleeper) Sound() <-chan struct{} { return s.sound }

func TestAPumpRestsWhileTheWireIsDeadSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := sleeper{newCrystal(0, 0), make(chan struct{}, 1)}
		p := pump(t, s, port.Info{Name: "p1", Kind: port.FXO, Caps: onHook})
		<-time.After(time.Hour)
		if n := s.count(); n < 50 || n > 60 {
			t.Errorf("%d reads of a silent wire in an hour", n)
		}
		s.mu.Lock()
		s.hz = 440
		s.mu.Unlock()
		s.sound <- struct{}{}
		<-time.After(2 * time.Second)
		if in, _ := p.Last(time.Second); pcm.Level(in) < -20 {
			t.Errorf("%.0f dBm0 are kept of what woke it", pcm.Level(in))
		}
	})
}

func TestTheBlackBoxKeepsTheLastHalfMinuteOfBothDirections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrystal(0, 440)
		p := pump(t, c, port.Info{Name: "p1", Kind: port.FXO, Caps: onHook})
		if in, out := p.Last(time.Minute); len(in) != 0 || len(out) != 0 {
			t.Errorf("%d and %d samples before anything came", len(in), len(out))
		}
		leg := p.Leg()
		n := 0
		for range 2000 { // 40 s
			var f pcm.Frame
			leg.Read(&f)
			for i := range f {
				f[i] = int16(3000 * math.Sin(2*math.Pi*1000*float64(n)/pcm.Rate))
				n++
			}
			leg.Write(&f)
			<-time.After(frame)
		}
		synctest.Wait()
		in, out := p.Last(time.Minute)
		if len(in) != 30*pcm.Rate || len(out) != len(in) {
			t.Fatalf("%d and %d samples", len(in), len(out))
		}
		if l := pcm.Level(in); math.Abs(l-pcm.DBm0(6000*6000/2)) > 0.2 {
			t.Errorf("in %.1f dBm0", l)
		}
		if l := pcm.Level(out); math.Abs(l-pcm.DBm0(3000*3000/2)) > 0.2 {
			t.Errorf("out %.1f dBm0", l)
		}
		short, _ := p.Last(time.Second)
		if !slices.Equal(short, in[len(in)-pcm.Rate:]) {
			t.Error("the last second is not the end of the last half minute")
		}
	})
}

func TestCaptureSaysWhyItCannot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrystal(0, 440)
		p := pump(t, c, port.Info{Name: "p1", Kind: port.FXO, Caps: onHook})
		if _, _, err := p.Capture(t.Context(), time.Hour); err == nil || !strings.Contains(err.Error(), "1h0m0s of port p1") {
			t.Errorf("an hour: %v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, _, err := p.Capture(ctx, 2*time.Second); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("given up: %v", err)
		}
		c.fail(errors.New("crackle"))
		if _, _, err := p.Capture(t.Context(), time.Second); err == nil || !strings.Contains(err.Error(), "does not flow") {
			t.Errorf("a port that fails: %v", err)
		}
		c.fail(port.ErrClosed)
		<-time.After(time.Second)
		if _, _, err := p.Capture(t.Context(), time.Second); err == nil || !strings.Contains(err.Error(), "closed") {
			t.Errorf("a closed port: %v", err)
		}
	})
}

// An unplugged card reads errors, at once and for long, and works again.
// Its driver gives silence by the clock, which is no capture of a line.
func TestNoCaptureOfHardwareThatIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := wire(t, port.FXO, port.Caps{OnHookAudio: true})
		defer w.Fake.Close()
		w.do(port.Lost{Why: "unplugged"})
		_, _, err := w.Capture(context.Background(), time.Second)
		if err == nil || err.Error() != "cannot capture port p1: its hardware is gone" {
			t.Errorf("gone: %v", err)
		}
		w.do(port.Found{})
		if in, _, err := w.Capture(context.Background(), time.Second); err != nil || len(in) != pcm.Rate {
			t.Errorf("back: %d samples, %v", len(in), err)
		}
	})
}

func TestAPortThatWasLostIsFoundAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrystal(0, 440)
		p := pump(t, c, port.Info{Name: "p1", Kind: port.FXO, Caps: onHook})
		leg := p.Leg()
		<-time.After(time.Second)
		c.fail(errors.New("no such device"))
		p.Happened(port.Lost{Why: "unplugged"})
		before := c.count()
		<-time.After(10 * time.Second)
		if n := c.count() - before; n > 600 {
			t.Errorf("%d reads in ten seconds of a port that fails", n)
		}
		c.fail(nil)
		p.Happened(port.Found{})
		<-time.After(time.Second)
		var f pcm.Frame
		for range 100 {
			leg.Read(&f)
			<-time.After(frame)
		}
		if f.Silent() {
			t.Error("the port that was found again is silent")
		}
	})
}

// While the exchange has taken the battery away nobody hears what it sends.
func TestALineWithoutBatteryIsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrystal(0, 440)
		p := pump(t, c, port.Info{Name: "p1", Kind: port.FXO, Caps: onHook})
		leg := p.Leg()
		var f pcm.Frame
		for tick := range 150 {
			<-time.After(frame)
			switch tick {
			case 50:
				p.Happened(port.Battery{})
			case 100:
				p.Happened(port.Battery{On: true})
			}
			leg.Read(&f)
			if tick > 60 && tick < 100 && pcm.Level(f[:]) > -60 {
				t.Fatalf("tick %d: %.0f dBm0 without battery", tick, pcm.Level(f[:]))
			}
		}
		if pcm.Level(f[:]) < -20 {
			t.Error("the battery is back and the line silent")
		}
	})
}

// still is a port that never waits.
type still struct {
	f     pcm.Frame
	reads atomic.Int64
}

func (s *still) Read(f *pcm.Frame) error { *f = s.f; s.reads.Add(1); return nil }
func (*still) Write(*pcm.Frame) error    { return nil }

func TestAPortWithoutPaceTakesNoCore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		audio := &still{}
		pump(t, audio, port.Info{Name: "p1", Kind: port.FXO, Caps: onHook})
		<-time.After(10 * time.Second)
		if n := audio.reads.Load(); n > 4*50*10+50 {
			t.Errorf("%d reads in ten seconds", n)
		}
	})
}

// allocs returns the least of three counts: the runtime allocates now and then too.
func allocs(f func()) float64 {
	least := testing.AllocsPerRun(1, f)
	for range 2 {
		least = min(least, testing.AllocsPerRun(1, f))
	}
	return least
}

func TestAFrameAllocatesNothing(t *testing.T) {
	audio := &still{}
	hiss := noise.New(-40, 1)
	hiss.Fill(&audio.f)
	for _, kind := range []port.Kind{port.FXO, port.FXS} {
		p, err := portleg.New(portleg.Config{Port: &socket{audio: audio, info: port.Info{Kind: kind, Caps: onHook}}})
		if err != nil {
			t.Fatal(err)
		}
		frames := func(leg *portleg.Leg) {
			var f pcm.Frame
			for range 500 {
				if err := p.Move(); err != nil {
					t.Fatal(err)
				}
				if leg != nil {
					leg.Read(&f)
					leg.Write(&f)
				}
			}
		}
		if n := allocs(func() { frames(nil) }); n != 0 {
			t.Errorf("%s on hook: %v allocations in 500 frames", kind, n)
		}
		leg := p.Leg()
		if n := allocs(func() { frames(leg) }); n != 0 {
			t.Errorf("%s with a leg: %v allocations in 500 frames", kind, n)
		}
	}
}

func BenchmarkFrame(b *testing.B) {
	audio := &still{}
	hiss := noise.New(-60, 1)
	hiss.Fill(&audio.f)
	for _, c := range []struct {
		name string
		tail int
		leg  bool
	}{{"on hook", 0, false}, {"leg, no canceller", -1, true}, {"leg, 32 ms", 32, true}, {"leg, 64 ms", 64, true}, {"leg, 128 ms", 128, true}} {
		b.Run(c.name, func(b *testing.B) {
			p, err := portleg.New(portleg.Config{Tail: c.tail, Port: &socket{audio: audio, info: port.Info{Kind: port.FXO, Caps: onHook}}})
			if err != nil {
				b.Fatal(err)
			}
			var leg *portleg.Leg
			if c.leg {
				leg = p.Leg()
			}
			said := noise.New(-15, 7)
			var f pcm.Frame
			b.ReportAllocs()
			for b.Loop() {
				if err := p.Move(); err != nil {
					b.Fatal(err)
				}
				if leg != nil {
					leg.Read(&f)
					said.Fill(&f)
					leg.Write(&f)
				}
			}
		})
	}
}
