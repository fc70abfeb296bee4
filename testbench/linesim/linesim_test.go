package linesim

import (
	"context"
	"fmt"
	"math"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/board/sim"
	"github.com/centralita/centralita/dsp/cid"
	"github.com/centralita/centralita/dsp/dtmf"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/tone"
	"github.com/centralita/centralita/dsp/tone/plan"
	"github.com/centralita/centralita/hal/port"
)

// house is a board whose ports a test commands, at the end of a Sim's wire.
type house struct {
	*Sim
	t     *testing.T
	ports []port.Port

	mu  sync.Mutex
	say []func(in *pcm.Frame, out *pcm.Frame) // what each port answers to what it hears
	log [][]string                            // events of each port with their times
}

// build runs test in a bubble with a board of two lines and two telephones.
func build(t *testing.T, country string, test func(*house)) {
	synctest.Test(t, func(t *testing.T) {
		b := sim.Open(sim.Config{FXO: 2, FXS: 2, Country: country})
		here, there := net.Pipe()
		ended := make(chan error, 1)
		go func() { ended <- b.Attach(there) }()
		s, err := New(here)
		if err != nil {
			t.Fatal(err)
		}
		h := &house{Sim: s, t: t, ports: b.Ports()}
		h.say = make([]func(in, out *pcm.Frame), len(h.ports))
		h.log = make([][]string, len(h.ports))
		begin := time.Now()
		var pumps sync.WaitGroup
		for i, p := range h.ports {
			pumps.Go(func() { h.pump(i, p.Audio()) })
			pumps.Go(func() {
				for e := range p.Events() {
					h.mu.Lock()
					h.log[i] = append(h.log[i], fmt.Sprintf("%.1f %s", time.Since(begin).Seconds(), e))
					h.mu.Unlock()
				}
			})
		}
		test(h)
		s.Close()
		b.Close()
		<-ended
		pumps.Wait()
	})
}

func (h *house) pump(i int, a port.Audio) {
	var in, out pcm.Frame
	for a.Read(&in) == nil {
		h.mu.Lock()
		say := h.say[i]
		h.mu.Unlock()
		out.Silence()
		if say != nil {
			say(&in, &out)
		}
		if a.Write(&out) != nil {
			return
		}
	}
}

func (h *house) answerWith(i int, f func(in, out *pcm.Frame)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.say[i] = f
}

func (h *house) command(i int, c port.Command) {
	h.t.Helper()
	if err := h.ports[i].Command(c); err != nil {
		h.t.Error(err)
	}
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// events returns the log of a port since the last call.
func (h *house) events(i int) string {
	synctest.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	s := strings.Join(h.log[i], ", ")
	h.log[i] = nil
	return s
}

func (h *house) within(d time.Duration) context.Context {
	ctx, stop := context.WithTimeout(h.t.Context(), d)
	h.t.Cleanup(stop)
	return ctx
}

func (h *house) expect(what, got, want string) {
	h.t.Helper()
	if got != want {
		h.t.Errorf("%s: %q, not %q", what, got, want)
	}
}

func echo(in, out *pcm.Frame) { *out = *in }

// hum is a mouth that sounds one frequency.
func hum(hz float64) func(in, out *pcm.Frame) {
	var p tone.Player
	p.Start(tone.Continuous(tone.Partial{Hz: hz, DBm0: -13}))
	return func(_, out *pcm.Frame) { p.Fill(out) }
}

func TestIncomingCall(t *testing.T) {
	build(t, "ES", func(h *house) {
		l, err := h.Line(1)
		h.must(err)
		c, err := l.Call(Caller{Number: "600123456", Name: "Juan Pérez"})
		h.must(err)
		if _, err := l.Call(Caller{}); err == nil {
			t.Error("a ringing line can be rung again")
		}
		h.must(h.Sleep(h.within(time.Minute), 5*time.Second))
		h.expect("the line", h.events(0), `0.0 ring on, 1.5 ring off, 4.5 ring on`)
		h.answerWith(0, echo)
		h.command(0, port.Seize{})
		rings, err := c.WaitAnswer(h.within(time.Second))
		h.must(err)
		if rings != 2 {
			t.Errorf("answered after %d rings", rings)
		}
		h.expect("the line", h.events(0), "5.0 ring off")
		c.Hum(1004, -16)
		h.must(h.Sleep(h.within(time.Minute), time.Second))
		if got := c.Level(1004, 500*time.Millisecond); math.Abs(got+16) > 0.5 {
			t.Errorf("the echo has %.1f dBm0", got)
		}
		if got := c.Level(1800, 500*time.Millisecond); got > -50 {
			t.Errorf("what nobody said has %.1f dBm0", got)
		}
		h.command(0, port.Release{})
		h.must(c.WaitOver(h.within(time.Second)))
		if _, byBoard := c.Over(); !byBoard {
			t.Error("the board hung up, the call says otherwise")
		}
		h.must(l.WaitFree(h.within(time.Second)))
		if len(c.Heard()) < pcm.Rate*9/10 {
			t.Error("the recording is lost with the call")
		}
	})
}

func TestAbandonedAndWithheld(t *testing.T) {
	build(t, "US", func(h *house) {
		l, _ := h.Line(2)
		l.IDFirst = true
		c, err := l.Call(Caller{Absence: "P"})
		h.must(err)
		h.must(h.Sleep(h.within(time.Minute), 8500*time.Millisecond))
		c.HangUp()
		c.HangUp()
		h.must(h.Sleep(h.within(time.Minute), 9*time.Second))
		h.expect("the line", h.events(1), `0.9 ring on, 2.9 ring off, 6.9 ring on, 8.5 ring off`)
		if _, err := c.WaitAnswer(h.within(time.Second)); err == nil {
			t.Error("a call that is over was answered")
		}
	})
}

func TestClearing(t *testing.T) {
	for how, want := range map[Clearing]string{
		ByBattery: "1.1 battery false, 1.6 battery true", ByTone: "", ByReversal: "1.1 polarity reversed true, 2.1 polarity reversed false",
	} {
		build(t, "ES", func(h *house) {
			l, _ := h.Line(1)
			l.Clearing = how
			c, err := l.Call(Caller{Number: "1"})
			h.must(err)
			h.must(h.Sleep(h.within(time.Minute), 100*time.Millisecond))
			h.command(0, port.Seize{})
			h.must(h.Sleep(h.within(time.Minute), time.Second))
			h.events(0)
			ear := &Voice{s: h.Sim}
			h.answerWith(0, func(in, _ *pcm.Frame) {
				h.Sim.mu.Lock()
				ear.hear(in)
				h.Sim.mu.Unlock()
			})
			c.HangUp()
			h.must(h.Sleep(h.within(time.Minute), time.Second))
			if busy := ear.WaitTone(h.within(0), plan.Busy) == nil; busy == (how == ByBattery) {
				t.Errorf("clearing %d: busy tone %t", how, busy)
			}
			h.command(0, port.Release{})
			h.must(l.WaitFree(h.within(time.Second)))
			h.expect(fmt.Sprint("clearing ", how), h.events(0), want)
		})
	}
}

// dialler is a board that waits for dial tone and sends a number.
func (h *house) dialler(i int, number string) {
	var keys dtmf.Generator
	sent := false
	ear := &Voice{s: h.Sim}
	h.answerWith(i, func(in, out *pcm.Frame) {
		ear.ear.hear(in)
		if !sent && ear.ear.hears(h.Plan, plan.Dial) {
			sent = true
			if err := keys.Start(number, dtmf.Usual()); err != nil {
				h.t.Error(err)
			}
		}
		keys.Fill(out)
	})
	h.command(i, port.Seize{})
}

func TestOutgoingCall(t *testing.T) {
	build(t, "ES", func(h *house) {
		l, _ := h.Line(1)
		l.Number = func(n string) Outcome {
			return map[string]Outcome{
				"912345678": {After: 3 * time.Second, Reverse: true},
				"600":       {Result: IsBusy}, "601": {Result: NoAnswer}, "602": {Result: NoWay},
			}[n]
		}
		h.dialler(0, "912345678")
		c, err := l.Dialled(h.within(10 * time.Second))
		h.must(err)
		h.expect("the number", c.Dialled, "912345678")
		if _, err := c.WaitAnswer(h.within(2900 * time.Millisecond)); err == nil {
			t.Error("answered before its time")
		}
		_, err = c.WaitAnswer(h.within(time.Second))
		h.must(err)
		if e := h.events(0); !strings.Contains(e, "polarity reversed true") {
			t.Errorf("events at the answer: %s", e)
		}
		h.answerWith(0, hum(700))
		h.must(h.Sleep(h.within(time.Minute), time.Second))
		if got := c.Level(700, 500*time.Millisecond); math.Abs(got+13) > 0.5 {
			t.Errorf("the called hears %.1f dBm0", got)
		}
		h.command(0, port.Release{})
		h.must(c.WaitOver(h.within(time.Second)))
		h.must(l.WaitFree(h.within(time.Second)))
		for number, want := range map[string]plan.Kind{"600": plan.Busy, "601": plan.Ringback, "602": plan.Congestion} {
			h.dialler(0, number)
			c, err := l.Dialled(h.within(10 * time.Second))
			h.must(err)
			h.expect("the number", c.Dialled, number)
			ear := &Voice{s: h.Sim}
			h.answerWith(0, func(in, _ *pcm.Frame) {
				h.Sim.mu.Lock()
				ear.hear(in)
				h.Sim.mu.Unlock()
			})
			h.must(ear.WaitTone(h.within(15*time.Second), want))
			h.command(0, port.Release{})
			h.must(l.WaitFree(h.within(time.Second)))
		}
	})
}

func TestPhone(t *testing.T) {
	build(t, "ES", func(h *house) {
		p, err := h.Phone(1)
		h.must(err)
		var sender cid.Sender
		frames := 0
		h.answerWith(2, func(_, out *pcm.Frame) {
			if frames++; frames > 100 { // after the first burst
				sender.Fill(out)
			}
		})
		h.must(sender.Start(cid.Info{Number: "600123456", Name: "Juan Pérez"}, cid.Sending{Standard: cid.V23}))
		h.command(2, port.Ring{})
		number, name, err := p.WaitRing(h.within(10*time.Second), 2)
		h.must(err)
		h.expect("the display", number+" "+name, "600123456 Juan Pérez")
		h.must(p.OffHook())
		h.expect("the port", h.events(2), "0.0 ring on, 1.5 ring off, 4.5 ring on, 4.5 ring off, 4.5 off hook")
		h.answerWith(2, hum(1800))
		h.must(h.Sleep(h.within(time.Minute), time.Second))
		if got := p.Level(1800, 500*time.Millisecond); math.Abs(got+13) > 0.5 {
			t.Errorf("the telephone hears %.1f dBm0", got)
		}
		h.must(p.Flash())
		h.command(2, port.Disconnect{Millis: 500})
		h.must(h.Sleep(h.within(time.Minute), time.Second))
		if p.Drops() != 1 {
			t.Errorf("%d disconnect pulses", p.Drops())
		}
		h.must(p.OnHook())
		h.expect("the port", h.events(2), "5.5 flash, 6.5 on hook")
		if err := p.Flash(); err == nil {
			t.Error("a telephone on hook can be flashed")
		}
		if p.Ringing() {
			t.Error("it still rings")
		}
		// It dials: the board gives dial tone until the first key.
		var dial tone.Player
		dial.Start(h.Plan.Signal(plan.Dial).Spec())
		var d dtmf.Detector
		var keys []byte
		h.answerWith(2, func(in, out *pcm.Frame) {
			for _, e := range d.Process(in, nil) {
				if e.Down {
					keys = append(keys, e.Digit)
					dial.Stop()
				}
			}
			dial.Fill(out)
		})
		h.must(p.Dial(h.within(10*time.Second), "*115"))
		h.expect("the keys", string(keys), "*115")
		h.must(p.OnHook())
		h.command(2, port.Ring{})
		_, _, err = p.WaitRing(h.within(time.Second), 1)
		h.must(err)
		h.command(2, port.StopRing{})
		h.must(h.Sleep(h.within(time.Minute), 10*time.Second))
		if p.Ringing() {
			t.Error("it rings after the end")
		}
	})
}

// The ear knows the signals of every country by frequency and cadence, and
// takes none of them for a faster or slower one of the same frequency.
func TestEar(t *testing.T) {
	for _, country := range plan.Countries() {
		p, _ := plan.For(country)
		for _, k := range []plan.Kind{plan.Dial, plan.Ringback, plan.Busy, plan.Congestion} {
			var e ear
			var pl tone.Player
			pl.Start(p.Signal(k).Spec())
			var f pcm.Frame
			for range 500 {
				pl.Fill(&f)
				e.hear(&f)
			}
			if !e.hears(p, k) {
				t.Errorf("%s: %s is not heard", country, k)
			}
			for _, other := range []plan.Kind{plan.Dial, plan.Ringback, plan.Busy} {
				same := fmt.Sprint(p.Signal(other).OnOff) == fmt.Sprint(p.Signal(k).OnOff)
				if other != k && !same && k != plan.Congestion && e.hears(p, other) {
					t.Errorf("%s: %s is taken for %s", country, k, other)
				}
			}
		}
	}
}

func TestTheWireIsCut(t *testing.T) {
	build(t, "ES", func(h *house) {
		p, _ := h.Phone(1)
		l, _ := h.Line(1)
		go func() {
			<-time.After(time.Second)
			h.conn.Close()
		}()
		if _, _, err := p.WaitRing(h.within(time.Minute), 1); err == nil || !strings.Contains(err.Error(), "cut") {
			t.Errorf("waiting over a cut wire: %v", err)
		}
		if _, err := l.Call(Caller{}); err == nil {
			t.Error("a line rings over a cut wire")
		}
		if err := p.OffHook(); err == nil {
			t.Error("a telephone is lifted over a cut wire")
		}
		if _, err := l.Dialled(h.within(time.Minute)); err == nil {
			t.Error("a call over a cut wire")
		}
	})
}

func TestNobodyThere(t *testing.T) {
	_, err := Dial("/nowhere/sim.sock")
	if err == nil || !strings.Contains(err.Error(), `cannot reach the wire /nowhere/sim.sock: is "make run" up?`) {
		t.Error(err)
	}
	synctest.Test(t, func(t *testing.T) {
		here, _ := net.Pipe()
		if _, err := New(here); err == nil || !strings.Contains(err.Error(), "cannot greet") {
			t.Errorf("a board that says nothing: %v", err)
		}
	})
	build(t, "ES", func(h *house) {
		if _, err := h.Line(3); err == nil {
			t.Error("a third line of two")
		}
		if _, err := h.Phone(0); err == nil {
			t.Error("telephone 0")
		}
	})
}

// A tone that a drift buffer bends by 0.3 % is as loud as before.
func TestLevelOfABentTone(t *testing.T) {
	build(t, "ES", func(h *house) {
		v := &Voice{s: h.Sim}
		bent := hum(1800 * 1.003)
		var f pcm.Frame
		for range 50 {
			bent(nil, &f)
			v.hear(&f)
		}
		if got := v.Level(1800, time.Second); math.Abs(got+13) > 0.5 {
			t.Errorf("%.1f dBm0", got)
		}
		if got := v.Level(1004, time.Second); got > -30 {
			t.Errorf("another frequency has %.1f dBm0", got)
		}
	})
}

// A voice is told from call-progress tones, which are loud too.
func TestSpeechIsNoTone(t *testing.T) {
	build(t, "ES", func(h *house) {
		p, _ := h.Phone(1)
		var busy, voice tone.Player
		var mu sync.Mutex
		busy.Start(h.Plan.Signal(plan.Busy).Spec())
		h.answerWith(2, func(_, out *pcm.Frame) {
			mu.Lock()
			defer mu.Unlock()
			if !voice.Fill(out) {
				busy.Fill(out)
			}
		})
		h.must(p.OffHook())
		if err := p.WaitSpeech(h.within(30*time.Second), time.Second); err == nil {
			t.Error("busy tone is taken for a voice")
		}
		mu.Lock()
		words := []tone.Partial{{Hz: 200, DBm0: -20}, {Hz: 700, DBm0: -22}, {Hz: 1600, DBm0: -28}}
		voice.Start(tone.Spec{Repeat: tone.Once, Segments: []tone.Segment{
			{Partials: words, Samples: tone.Ms(400)}, {Samples: tone.Ms(200)}, {Partials: words, Samples: tone.Ms(900)},
			{Samples: tone.Ms(300)}, {Partials: words, Samples: tone.Ms(700)},
		}})
		mu.Unlock()
		at := time.Now()
		h.must(p.WaitSpeech(h.within(5*time.Second), time.Second))
		h.must(p.WaitSpeechEnd(h.within(5*time.Second), time.Second))
		if d := time.Since(at); d < 3*time.Second || d > 3600*time.Millisecond {
			t.Errorf("a voice of 2.5 s and the second after it took %s", d)
		}
		h.must(p.OnHook())
	})
}
