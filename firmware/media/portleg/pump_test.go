package portleg_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/dsp/cid"
	"github.com/centralita/centralita/dsp/dtmf"
	"github.com/centralita/centralita/dsp/noise"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/tone"
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

var onHook = port.Caps{OnHookAudio: true}

// signal is a message as samples, after half a second of a quiet line.
func signal(t *testing.T, i cid.Info, how cid.Sending) []int16 {
	t.Helper()
	var s cid.Sender
	if err := s.Start(i, how); err != nil {
		t.Fatal(err)
	}
	out := make([]int16, 4000)
	for s.Sending() {
		var f pcm.Frame
		s.Fill(&f)
		out = append(out, f[:]...)
	}
	out = append(out, make([]int16, 4000)...)
	hiss := noise.New(-60, 5)
	for i := 0; i+pcm.FrameLen <= len(out); i += pcm.FrameLen {
		hiss.Add((*pcm.Frame)(out[i:]))
	}
	return out
}

func TestCallerIDIsHeardOnHookInEveryStandard(t *testing.T) {
	date := cid.Date{Month: 11, Day: 28, Hour: 21, Minute: 5}
	for _, c := range []struct {
		name string
		info cid.Info
		how  cid.Sending
		want port.CallerID
	}{
		{"Bell 202", cid.Info{Number: "5551234", Name: "ANA", Date: date}, cid.Sending{},
			port.CallerID{Number: "5551234", Name: "ANA", Date: port.Date{Month: 11, Day: 28, Hour: 21, Minute: 5}, Standard: "bell202"}},
		{"V.23 after the alert of the United Kingdom", cid.Info{Number: "02079460000", Date: date}, cid.Sending{Standard: cid.V23, Alert: cid.AlertMs},
			port.CallerID{Number: "02079460000", Date: port.Date{Month: 11, Day: 28, Hour: 21, Minute: 5}, Standard: "v23"}},
		{"DTMF", cid.Info{Number: "934567890"}, cid.Sending{Standard: cid.DTMF}, port.CallerID{Number: "934567890", Standard: "dtmf"}},
		{"private", cid.Info{NoNumber: cid.Private}, cid.Sending{}, port.CallerID{Absence: "P", Standard: "bell202"}},
		{"messages wait", cid.Info{Type: cid.Waiting, Lamp: cid.LampOn}, cid.Sending{}, port.CallerID{Messages: 1, Standard: "bell202"}},
		{"no messages", cid.Info{Type: cid.Waiting, Lamp: cid.LampOff}, cid.Sending{Standard: cid.V23}, port.CallerID{Messages: -1, Standard: "v23"}},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := wire(t, port.FXO, onHook)
			w.play(signal(t, c.info, c.how))
			got := w.ids()
			if len(got) != 1 {
				t.Fatalf("%s: heard %v", c.name, got)
			}
			if l := got[0].Level; l < -25 || l > -3 {
				t.Errorf("%s: level %.1f dBm0", c.name, l)
			}
			got[0].Level = 0
			if got[0] != c.want {
				t.Errorf("%s: heard %+v, want %+v", c.name, got[0], c.want)
			}
		})
	}
}

func TestKeysOfACallAreNoCallerID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := wire(t, port.FXO, onHook)
		keys := signal(t, cid.Info{Number: "934567890"}, cid.Sending{Standard: cid.DTMF})
		w.order(t, port.Seize{})
		w.play(keys)
		if got := w.ids(); len(got) != 0 {
			t.Errorf("off hook: %v", got)
		}
		// The first half comes before, the second after the line was in use.
		w.order(t, port.Release{})
		w.play(keys[:len(keys)/2])
		w.order(t, port.Seize{})
		<-time.After(frame)
		w.order(t, port.Release{})
		w.play(keys[len(keys)/2:])
		if got := w.ids(); len(got) == 1 && got[0].Number == "934567890" {
			t.Errorf("one message from both sides of a call: %v", got)
		}
		w.play(keys)
		if got := w.ids(); len(got) != 1 {
			t.Errorf("on hook again: %v", got)
		}
		w.Leg() // a leg alone says that the line is in use
		w.play(keys)
		if got := w.ids(); len(got) != 0 {
			t.Errorf("with a leg: %v", got)
		}
	})
}

func TestADriverThatDecodesIsBelieved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := wire(t, port.FXO, port.Caps{OnHookAudio: true, CallerID: true})
		w.play(signal(t, cid.Info{Number: "5551234"}, cid.Sending{}))
		if got := w.ids(); len(got) != 0 {
			t.Errorf("told twice: %v", got)
		}
	})
}

func TestWrongDataIsNoCallerID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := wire(t, port.FXO, onHook)
		good := signal(t, cid.Info{Number: "5551234", Name: "ANA"}, cid.Sending{})
		seed := uint32(9)
		for range 20 {
			bad := slices.Clone(good)
			for range 6 { // six clicks of 5 ms in the message
				seed = seed*1664525 + 1013904223
				at := 7000 + int(seed>>8)%(len(bad)-11500)
				for k := range 40 {
					bad[at+k] = int16(seed>>uint(k%16)) / 2
				}
			}
			w.play(bad)
			for _, id := range w.ids() {
				if id.Number != "5551234" || id.Name != "ANA" {
					t.Errorf("told %+v", id)
				}
			}
		}
		loud := noise.New(-6, 3)
		for range 500 {
			var f pcm.Frame
			loud.Fill(&f)
			w.play(f[:])
		}
		if got := w.ids(); len(got) != 0 {
			t.Errorf("noise is %v", got)
		}
		w.play(good)
		if got := w.ids(); len(got) != 1 {
			t.Errorf("after all that: %v", got)
		}
	})
}

func TestCallerIDIsSentToATelephoneOnHook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := wire(t, port.FXS, onHook)
		if err := w.SendID(7, cid.Info{Number: "5551234", Name: "ANA"}, cid.Sending{}); err != nil {
			t.Fatal(err)
		}
		rx := cid.NewReceiver()
		var got []cid.Message
		for range 100 {
			<-time.After(frame)
			synctest.Wait()
			for _, f := range w.Fake.Heard() {
				got = rx.Process(&f, got)
			}
			var sent []uint64
			w.with(func() { sent = w.sent })
			if len(sent) > 0 && len(got) == 0 {
				t.Fatal("told as sent before it was heard")
			}
		}
		if len(got) != 1 || got[0].Number != "5551234" || got[0].Name != "ANA" {
			t.Fatalf("the telephone heard %v", got)
		}
		w.with(func() {
			if !slices.Equal(w.sent, []uint64{7}) {
				t.Errorf("sent %v", w.sent)
			}
		})
		if h := w.Fake.Heard(); len(h) != 0 {
			t.Errorf("%d frames are written to a telephone on hook that is told nothing", len(h))
		}
	})
}

func TestOffHookAndStopEndWhatIsSent(t *testing.T) {
	for name, end := range map[string]func(w *wired){
		"off hook": func(w *wired) { w.do(port.OffHook{}) },
		"stop":     func(w *wired) { w.StopID() },
		"a leg":    func(w *wired) { _ = w.Leg().Close() },
		"lost":     func(w *wired) { w.do(port.Lost{Why: "unplugged"}) },
	} {
		synctest.Test(t, func(t *testing.T) {
			w := wire(t, port.FXS, onHook)
			if err := w.SendID(1, cid.Info{Number: "5551234"}, cid.Sending{}); err != nil {
				t.Fatal(err)
			}
			<-time.After(10 * frame)
			end(w)
			<-time.After(2 * frame)
			w.Fake.Heard()
			<-time.After(3 * time.Second)
			for _, f := range w.Fake.Heard() {
				if !f.Silent() {
					t.Errorf("%s: it is still sent", name)
					break
				}
			}
			w.with(func() {
				if len(w.sent) != 0 {
					t.Errorf("%s: told as sent", name)
				}
			})
		})
	}
}

func TestSendIDSaysWhyItCannot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		id := cid.Info{Number: "5551234"}
		off := wire(t, port.FXS, onHook)
		off.do(port.OffHook{})
		for want, err := range map[string]error{
			"FXO port":           wire(t, port.FXO, onHook).SendID(1, id, cid.Sending{}),
			"does not flow":      wire(t, port.FXS, port.Caps{}).SendID(1, id, cid.Sending{}),
			"off hook":           off.SendID(1, id, cid.Sending{}),
			"cannot send caller": wire(t, port.FXS, onHook).SendID(1, cid.Info{Number: strings.Repeat("5", 300)}, cid.Sending{}),
		} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", want, err)
			}
		}
	})
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

func TestTheBlackBoxKeepsTheLastHalfMinuteOfBothDirections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrystal(0, 440)
		p := pump(t, c, port.Info{Name: "p1", Caps: onHook})
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
		p := pump(t, c, port.Info{Name: "p1", Caps: onHook})
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
func TestAPortThatWasLostIsFoundAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrystal(0, 440)
		p := pump(t, c, port.Info{Name: "p1", Caps: onHook})
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

// keyed is dialled keys as samples, 60 ms on and off.
func keyed(t *testing.T, digits string) []int16 {
	t.Helper()
	spec, err := dtmf.Spec(digits, dtmf.Sending{OnMs: 60, OffMs: 60, Low: -9, High: -7})
	if err != nil {
		t.Fatal(err)
	}
	var p tone.Player
	p.Start(spec)
	out := make([]int16, 8*120*len(digits)+4000)
	p.FillSamples(out)
	return out
}

// A tick that stalls for 800 ms, and makes up for it, loses no key that was dialled
// meanwhile; nor does the line lose one that was sent.
func TestAStalledEngineLosesNoKey(t *testing.T) {
	const dialled = "*21*5551234#"
	synctest.Test(t, func(t *testing.T) {
		w := wire(t, port.FXS, port.Caps{})
		w.do(port.OffHook{})
		leg := w.Leg()
		samples := keyed(t, dialled)
		outward := append(make([]int16, 1600), samples...)
		var ears, line dtmf.Detector
		var heard, sent []dtmf.Event
		tick := func() {
			var f pcm.Frame
			leg.Read(&f)
			heard = ears.Process(&f, heard)
			f = pcm.Frame{}
			outward = outward[copy(f[:], outward):]
			leg.Write(&f)
		}
		for n := range 300 {
			var f pcm.Frame
			if n >= 20 && len(samples) > 0 {
				samples = samples[copy(f[:], samples):]
			}
			w.Say(&f)
			<-time.After(frame)
			synctest.Wait()
			for _, g := range w.Fake.Heard() {
				sent = line.Process(&g, sent)
			}
			switch {
			case n >= 40 && n < 80: // the stall
			case n == 80:
				for range 41 {
					tick()
				}
			default:
				tick()
			}
		}
		for who, events := range map[string][]dtmf.Event{"we": heard, "the line": sent} {
			got := ""
			for _, e := range events {
				if e.Down {
					got += string(e.Digit)
				}
			}
			if got != dialled {
				t.Errorf("%s heard %s of %s", who, got, dialled)
			}
		}
		if d := leg.Stats().Depth; d > 200*time.Millisecond {
			t.Errorf("%v wait after all was made up for", d)
		}
	})
}

// A stall that is not made up for makes the way longer only until there is silence.
func TestWhatNobodyMakesUpForIsLeftOutInSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrystal(0, 0) // silence
		leg := pump(t, c, port.Info{Name: "p1"}).Leg()
		var f pcm.Frame
		<-time.After(time.Second)
		for range 200 {
			leg.Read(&f)
			<-time.After(frame)
		}
		if s := leg.Stats(); s.Depth > 150*time.Millisecond || s.Late < 20 {
			t.Errorf("%+v", s)
		}
	})
}

// still is a port that never waits.
type still struct{ f pcm.Frame }

func (s *still) Read(f *pcm.Frame) error { *f = s.f; return nil }
func (*still) Write(*pcm.Frame) error    { return nil }

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
		if n := testing.AllocsPerRun(1, func() { frames(nil) }); n != 0 {
			t.Errorf("%s on hook: %v allocations in 500 frames", kind, n)
		}
		leg := p.Leg()
		if n := testing.AllocsPerRun(1, func() { frames(leg) }); n != 0 {
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
