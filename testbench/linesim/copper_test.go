package linesim

import (
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/centralita/centralita/dsp/cid"
	"github.com/centralita/centralita/dsp/fax"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/hal/port"
	"github.com/centralita/centralita/testbench/linesim/central"
	"github.com/centralita/centralita/testbench/linesim/pair"
	"github.com/centralita/centralita/testbench/linesim/subscriber"
)

// receiver listens to a port for caller id.
type receiver struct {
	mu    sync.Mutex
	heard []cid.Message
}

func (h *house) receive(i int) *receiver {
	r, modem := &receiver{}, cid.NewReceiver()
	h.answerWith(i, func(in, _ *pcm.Frame) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.heard = modem.Process(in, r.heard)
	})
	return r
}

func (r *receiver) messages() []cid.Message {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.heard
}

// Caller id reaches a port on hook as sound, over a long and noisy pair too, and
// not at all when a click fell into it.
func TestCallerIDGoesByAudio(t *testing.T) {
	for _, country := range []string{"ES", "US", "GB", "BR"} {
		for _, c := range []struct {
			name   string
			lay    *pair.Config
			spoilt bool
		}{
			{name: "a perfect wire"},
			{name: "5 km and noise", lay: &pair.Config{Cable: pair.Cable{Km: 5}, Disturbances: pair.Disturbances{Noise: -55, Hum: -45}}},
			{name: "spoilt", spoilt: true},
		} {
			build(t, country, func(h *house) {
				l, _ := h.Line(1)
				l.Office.Spoilt = c.spoilt
				if c.lay != nil {
					h.must(l.Lay(*c.lay))
				}
				r := h.receive(0)
				_, err := l.Call(Caller{Number: "600123456"})
				h.must(err)
				h.must(h.Sleep(h.within(time.Minute), 8*time.Second))
				m := r.messages()
				if c.spoilt {
					if country != "BR" && len(m) != 0 {
						t.Errorf("%s: a spoilt message is received as %+v", country, m)
					}
					return
				}
				if len(m) != 1 || m[0].Number != "600123456" {
					t.Errorf("%s over %s: %+v", country, c.name, m)
				}
			})
		}
	}
}

// A pair takes from the caller's voice what it takes, the board's instruments read
// what flows, and a better impedance returns less.
func TestPair(t *testing.T) {
	build(t, "ES", func(h *house) {
		l, _ := h.Line(1)
		read := func() string {
			h.must(h.Sleep(h.within(time.Minute), 100*time.Millisecond))
			r, err := h.ports[0].(port.Meter).Measure()
			h.must(err)
			return fmt.Sprintf("%.1f V %.1f mA", r.Volts, r.MilliAmps)
		}
		h.expect("on hook", read(), "48.0 V 0.0 mA")
		es := pair.Termination{Impedance: pair.CountryNetwork("ES")}
		if err := l.Lay(pair.Config{Cable: pair.Cable{Km: 99}}); err == nil {
			t.Error("a pair of 99 km")
		}
		h.must(l.Lay(pair.Config{Cable: pair.Cable{Km: 3}, Office: es}))
		c, err := l.Call(Caller{})
		h.must(err)
		h.must(h.Sleep(h.within(time.Minute), time.Second))
		h.command(0, port.Seize{})
		h.expect("off hook", read(), "9.4 V 31.3 mA")
		c.Hum(1004, -10)
		var heard Voice
		heard.s = h.Sim
		h.answerWith(0, func(in, _ *pcm.Frame) {
			h.Sim.mu.Lock()
			heard.hear(in)
			h.Sim.mu.Unlock()
		})
		h.must(h.Sleep(h.within(time.Minute), 2*time.Second))
		loss := 0.0
		h.must(l.Copper(func(p *pair.Pair) { loss = p.Loss(1004) }))
		if got := heard.Level(1004, time.Second); math.Abs(got+10+loss) > 0.6 || loss < 4 {
			t.Errorf("the board hears %.1f dBm0, the pair takes %.1f dB", got, loss)
		}
		c.Quiet()
		before, after := 0.0, 0.0
		h.must(l.Copper(func(p *pair.Pair) { before = p.ERL() }))
		h.command(0, port.Tune{Impedance: "270+750||150n"})
		h.must(h.Sleep(h.within(time.Minute), 100*time.Millisecond))
		h.must(l.Copper(func(p *pair.Pair) { after = p.ERL() }))
		if after < before+1 {
			t.Errorf("ERL is %.1f dB at 600 Ω and %.1f at the line's own", before, after)
		}
		h.must(l.Copper(func(p *pair.Pair) { p.Lift(true) }))
		h.expect("a second telephone", read(), "5.2 V 17.3 mA")
		l.Cut(true)
		h.expect("cut", read(), "0.0 V 0.0 mA")
		l.Cut(false)
		if e := h.events(0); !strings.Contains(e, "battery false") || !strings.Contains(e, "battery true") {
			t.Errorf("a cut pair: %s", e)
		}
	})
}

// What the next pair of the cable carries is heard faintly.
func TestCrosstalk(t *testing.T) {
	build(t, "ES", func(h *house) {
		l, _ := h.Line(1)
		other, _ := h.Line(2)
		h.must(l.Lay(pair.Config{Disturbances: pair.Disturbances{Crosstalk: 40}}))
		ear := Voice{s: h.Sim}
		h.answerWith(0, func(in, _ *pcm.Frame) {
			h.Sim.mu.Lock()
			ear.hear(in)
			h.Sim.mu.Unlock()
		})
		for i, line := range []*Line{l, other} {
			c, err := line.Call(Caller{})
			h.must(err)
			if line == other {
				c.Hum(1004, -10)
			}
			h.must(h.Sleep(h.within(time.Minute), 500*time.Millisecond))
			h.command(i, port.Seize{})
		}
		h.must(h.Sleep(h.within(time.Minute), 2*time.Second))
		if got := ear.Level(1004, time.Second); math.Abs(got+50) > 1 {
			t.Errorf("the neighbour's voice is heard at %.1f dBm0, not -50", got)
		}
	})
}

// The board seizes in the instant of a call: no dial tone, but the caller.
func TestGlare(t *testing.T) {
	build(t, "ES", func(h *house) {
		l, _ := h.Line(1)
		c := l.Glare(Caller{Number: "1"})
		c.Hum(700, -12)
		h.command(0, port.Seize{})
		_, err := c.WaitAnswer(h.within(time.Second))
		h.must(err)
		h.command(0, port.Release{})
		h.must(c.WaitOver(h.within(time.Second)))
		h.must(l.WaitFree(h.within(time.Second)))
		h.dialler(0, "912")
		_, err = l.Dialled(h.within(10 * time.Second))
		h.must(err)
	})
}

// Every way of ending reaches the board.
func TestEveryWay(t *testing.T) {
	for way := range central.Ways {
		build(t, "MX", func(h *house) {
			l, _ := h.Line(1)
			l.Clearing, l.CPC = way, 200*time.Millisecond
			c, err := l.Call(Caller{})
			h.must(err)
			h.must(h.Sleep(h.within(time.Minute), time.Second))
			ear := Voice{s: h.Sim}
			h.answerWith(0, func(in, _ *pcm.Frame) {
				h.Sim.mu.Lock()
				ear.hear(in)
				h.Sim.mu.Unlock()
			})
			h.command(0, port.Seize{})
			h.must(h.Sleep(h.within(time.Minute), time.Second))
			h.events(0)
			c.HangUp()
			h.must(h.Sleep(h.within(time.Minute), 3*time.Second))
			sounds := ear.Loudness(time.Second) > -40
			if sounds != (way != central.BySilence) {
				t.Errorf("%s: it sounds %t", way, sounds)
			}
			e := h.events(0)
			if drop := strings.Contains(e, "battery false"); drop != (way == ByBattery || way == central.ByShortDrop) {
				t.Errorf("%s: %s", way, e)
			}
		})
	}
}

// A rotary dial takes its time; a dip of the battery is seen and means nothing.
func TestPulsesAndDip(t *testing.T) {
	build(t, "ES", func(h *house) {
		p, _ := h.Phone(1)
		if err := p.Pulse(h.within(time.Second), "1"); err == nil {
			t.Error("a telephone on hook dials")
		}
		h.must(p.OffHook())
		h.must(h.Sleep(h.within(time.Minute), time.Second))
		h.events(2)
		at := time.Now()
		h.must(p.Pulse(h.within(time.Minute), "90"))
		if d := time.Since(at); d < 3200*time.Millisecond || d > 3500*time.Millisecond {
			t.Errorf("two digits took %v", d)
		}
		if e := h.events(2); !strings.Contains(e, "pulse digit 9") || !strings.HasSuffix(e, "pulse digit 0") {
			t.Errorf("events: %s", e)
		}
		if err := p.Pulse(h.within(time.Second), "1*"); err == nil {
			t.Error("a star on a rotary dial")
		}
		l, _ := h.Line(1)
		l.Dip(40 * time.Millisecond)
		h.must(h.Sleep(h.within(time.Minute), time.Second))
		e := h.events(0)
		if !strings.Contains(e, "battery false") || !strings.HasSuffix(e, "battery true") || !l.Free() {
			t.Errorf("a dip: %s", e)
		}
	})
}

// A machine can stand in for the caller.
func TestAFaxCalls(t *testing.T) {
	build(t, "ES", func(h *house) {
		l, _ := h.Line(1)
		c, err := l.Call(Caller{Number: "1"})
		h.must(err)
		c.Be(&subscriber.Fax{Calling: true})
		var ear fax.Detector
		heard := 0
		h.answerWith(0, func(in, _ *pcm.Frame) {
			h.Sim.mu.Lock()
			for _, e := range ear.Process(in[:], nil) {
				if e.Kind == fax.CNG {
					heard++
				}
			}
			h.Sim.mu.Unlock()
		})
		h.command(0, port.Seize{})
		h.must(h.Sleep(h.within(time.Minute), 9*time.Second))
		h.Sim.mu.Lock()
		defer h.Sim.mu.Unlock()
		if heard < 2 {
			t.Errorf("the calling tone is heard %d times", heard)
		}
	})
}

// A telephone on hook shows who calls from what it hears, sees its lamp and its
// wires, and a bouncing hook is on hook in the end.
func TestDisplayAndLamp(t *testing.T) {
	build(t, "ES", func(h *house) {
		p, _ := h.Phone(1)
		var sender cid.Sender
		h.must(sender.Start(cid.Info{Number: "915551234", Name: "Luz", Lamp: cid.LampOn}, cid.Sending{Standard: cid.V23}))
		h.answerWith(2, func(_, out *pcm.Frame) { sender.Fill(out) })
		h.must(h.Sleep(h.within(time.Minute), 3*time.Second))
		if m, ok := p.HeardID(); !ok || m.Number != "915551234" || m.Name != "Luz" {
			t.Errorf("the display shows %+v", m)
		}
		if number, name := p.CallerID(); number+name != "915551234Luz" {
			t.Errorf("the display shows %s %s", number, name)
		}
		for _, on := range []bool{true, false} {
			h.command(2, port.Neon{On: on})
			h.command(2, port.Reverse{On: on})
			h.must(h.Sleep(h.within(time.Minute), 100*time.Millisecond))
			if p.Lamp() != on || p.Reversed() != on {
				t.Errorf("lamp %t and reversal %t, not %t", p.Lamp(), p.Reversed(), on)
			}
		}
		h.events(2)
		h.must(p.Bounce(2))
		h.must(h.Sleep(h.within(time.Minute), time.Second))
		if e := h.events(2); strings.Count(e, "off hook") != 2 || !strings.HasSuffix(e, "on hook") || strings.HasSuffix(e, "off hook") {
			t.Errorf("a bouncing hook: %s", e)
		}
	})
}
