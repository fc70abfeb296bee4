package doctor

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/dsp/linecheck"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/hal/port"
)

var start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// patient is a line that answers what the machine orders.
type patient struct {
	on, off  port.Reading
	meterErr string
	deaf     bool // the meter never answers
	mute     bool // no dial tone
	tone     linecheck.Tone
	quiet    linecheck.Quiet
	erl      map[string]float64
	end      float64
	at       map[int]Event // before the n-th answer this happens instead

	now    time.Time
	closed bool
	audio  bool
	imped  string
	first  string
	took   []string
	report *Report
	seized int
}

func healthy() *patient {
	return &patient{
		on: port.Reading{Volts: -48}, off: port.Reading{Volts: -8, MilliAmps: 28},
		tone:  linecheck.Tone{Level: -10, Hz: []float64{425}, Pure: 0.99, Others: -60},
		quiet: linecheck.Quiet{Level: -64, Noise: -64, Hum: -96, Seconds: 2}, erl: map[string]float64{"": 16}, end: 9, now: start,
	}
}

func settings() Settings {
	return Settings{
		Name: "L2", Info: port.Info{Name: "fxo2", Kind: port.FXO, Caps: port.Caps{FullDuplex: true, Battery: true, OnHookAudio: true, Gain: true, Impedance: true}},
		Meter: true, DialHz: []float64{425}, DialLevel: -10, Quieter: "1", Tail: 32,
	}
}

// examine runs the machine to its end and checks that it leaves the line alone.
func (p *patient) examine(t *testing.T, s Settings) Report {
	t.Helper()
	m := New(p.now, s)
	p.imped = s.Now.Impedance
	if p.imped == "" && len(s.Impedances) > 1 {
		p.imped = s.Impedances[0]
	}
	p.first = p.imped
	todo := m.Step(p.now, Begin{}, nil)
	for n := 0; p.report == nil; n++ {
		if n > 200 {
			t.Fatalf("no end in sight: %s", m.Describe())
		}
		var ev Event
		if len(todo) > 0 {
			ev = p.do(t, todo[0])
			todo = todo[1:]
		}
		if e, ok := p.at[n]; ok {
			todo = m.Step(p.now, e, todo)
		}
		if ev == nil && len(todo) == 0 && p.report == nil {
			at, ok := m.Deadline()
			if !ok || at.After(start.Add(Longest)) {
				t.Fatalf("%s waits until %v", m.Describe(), at)
			}
			p.now, ev = at, TimedOut{}
		}
		if ev != nil {
			todo = m.Step(p.now, ev, todo)
		}
	}
	if p.closed || p.audio {
		t.Errorf("the line is left off hook (%t) or with audio (%t)", p.closed, p.audio)
	}
	if p.imped != p.first {
		t.Errorf("the impedance is left at %q, it was %q", p.imped, p.first)
	}
	if _, ok := m.Deadline(); ok || len(m.Step(p.now, TimedOut{}, nil)) != 0 {
		t.Error("it is over, and yet goes on")
	}
	return *p.report
}

// do is what comes of an effect; nil when nothing does.
func (p *patient) do(t *testing.T, ef Effect) Event {
	p.took = append(p.took, ef.String())
	pass := func(d time.Duration) { p.now = p.now.Add(d) }
	switch ef := ef.(type) {
	case Do:
		switch c := ef.Command.(type) {
		case port.Seize:
			p.closed = true
			p.seized++
		case port.Release:
			p.closed = false
		case port.Tune:
			p.imped = c.Impedance
		}
	case Audio:
		p.audio = ef.On
		if ef.On && !p.mute {
			pass(400 * time.Millisecond)
			return DialTone{}
		}
	case Measure:
		switch {
		case p.deaf:
			return nil
		case p.closed:
			return Read{p.off, p.meterErr}
		}
		return Read{p.on, p.meterErr}
	case RecordQuiet:
		pass(ef.For)
		return HeardQuiet{p.quiet, true}
	case RecordTone:
		if !p.audio {
			t.Error("a tone is recorded without audio")
		}
		pass(ef.For)
		return HeardTone{p.tone, true}
	case RecordEcho:
		pass(ef.For)
		erl, ok := p.erl[p.imped]
		return HeardEcho{linecheck.Echo{ERL: erl, Delay: 4, End: p.end}, ok}
	case SendDigits:
		pass(200 * time.Millisecond)
		return Sent{}
	case Done:
		r := ef.Report
		p.report = &r
	}
	return nil
}

func TestHealthyLine(t *testing.T) {
	p := healthy()
	r := p.examine(t, settings())
	if r.Rank() != Good || r.Advice != nil || r.Verdict(tel.Spanish) != "línea L2: sana" || r.Verdict(tel.English) != "line L2: healthy" {
		t.Errorf("a healthy line is %q with %+v", r.Verdict(tel.English), r)
	}
	if r.Took > 20*time.Second {
		t.Errorf("it took %s", r.Took)
	}
	want := "measure|record quiet 2s|do seize|audio true|measure|record tone [425] 1.5s|send digits 1|record quiet 2s|record echo 1.2s|audio false|do release|done: healthy"
	if got := strings.Join(p.took, "|"); got != want {
		t.Errorf("the examination went\n%s, not\n%s", got, want)
	}
}

// Each illness has its own finding and rank, in both languages.
func TestFindings(t *testing.T) {
	for _, c := range []struct {
		id, en, es string
		rank       Rank
		ill        func(*patient, *Settings)
	}{
		{"hum", "line L2: hum 50 Hz at −38 dBm0: look for a power cable beside the pair", "línea L2: zumbido de 50 Hz a −38 dBm0: busque un cable de corriente junto al par", Bad,
			func(p *patient, _ *Settings) { p.quiet.Hum, p.quiet.HumHz = -38, 50 }},
		{"hum", "line L2: some hum of 60 Hz, −48 dBm0: a power cable nearby, a bad earth?", "", Look,
			func(p *patient, _ *Settings) { p.quiet.Hum, p.quiet.HumHz = -48, 60 }},
		{"noise", "line L2: noise −40 dBm0: joints, damp, or a DSL filter is missing", "", Bad, func(p *patient, _ *Settings) { p.quiet.Noise = -40 }},
		{"noise", "line L2: noise −50 dBm0: it can be heard", "línea L2: ruido −50 dBm0: se oye", Look, func(p *patient, _ *Settings) { p.quiet.Noise = -50 }},
		{"clicks", "", "", Bad, func(p *patient, _ *Settings) { p.quiet.Clicks = 12 }},
		{"clicks", "", "", Look, func(p *patient, _ *Settings) { p.quiet.Clicks = 3 }},
		{"battery", "line L2: no voltage (0 V): the pair is cut or unplugged", "", Bad, func(p *patient, _ *Settings) { p.on.Volts, p.mute = 0, true }},
		{"battery", "", "", Look, func(p *patient, _ *Settings) { p.on.Volts = 19 }},
		{"loop", "", "", Look, func(p *patient, _ *Settings) { p.off.MilliAmps = 12 }},
		{"loop", "", "", Look, func(p *patient, _ *Settings) { p.off.MilliAmps = 120 }},
		{"dial-tone", "line L2: no dial tone in 5 s: call the operator", "línea L2: no hay tono de invitación a marcar en 5 s: avise a la operadora", Bad,
			func(p *patient, _ *Settings) { p.mute = true }},
		{"dial-tone", "", "", Bad, func(p *patient, _ *Settings) { p.mute, p.quiet.Level = true, -18 }},
		{"dial-tone", "line L2: dial tone is of 440 Hz, not 425: is the country right?", "", Look, func(p *patient, _ *Settings) { p.tone.Hz[0] = 440 }},
		{"dial-tone", "", "", Look, func(p *patient, _ *Settings) { p.tone.Pure = 0.85 }},
		{"dial-tone", "", "", Bad, func(p *patient, _ *Settings) { p.tone.Pure = 0.5 }},
		{"dial-tone", "", "", Look, func(p *patient, _ *Settings) { p.tone.Level = -20 }},
		{"dial-tone", "", "", Look, func(p *patient, _ *Settings) { p.tone.Level = -2 }},
		{"echo", "", "", Bad, func(p *patient, _ *Settings) { p.erl[""] = 4 }},
		{"echo", "", "", Look, func(p *patient, _ *Settings) { p.erl[""] = 8 }},
		{"tail", "", "", Look, func(p *patient, _ *Settings) { p.end = 31.5 }},
		{"twist", "", "", Look, func(_ *patient, s *Settings) { s.Twist = -7 }},
		{"stability", "", "", Bad, func(p *patient, _ *Settings) {
			p.at = map[int]Event{3: Wire{port.Battery{}}, 4: Wire{port.Battery{On: true}}}
		}},
		{"stability", "", "", Look, func(p *patient, _ *Settings) {
			p.at = map[int]Event{2: Wire{port.Polarity{Reversed: true}}, 3: Wire{port.Polarity{}}}
		}},
		{"test", "line L2: test interrupted: the line rang", "línea L2: prueba interrumpida: la línea sonó", Look,
			func(p *patient, _ *Settings) { p.at = map[int]Event{4: Wire{port.RingOn{}}} }},
		{"test", "line L2: test interrupted: an emergency call needs it", "línea L2: prueba interrumpida: la necesita una llamada de emergencia", Look,
			func(p *patient, _ *Settings) {
				p.at = map[int]Event{5: Stop{"an emergency call needs it", "la necesita una llamada de emergencia"}}
			}},
		{"test", "", "", Look, func(p *patient, _ *Settings) { p.at = map[int]Event{4: Wire{port.Lost{Why: "unplugged"}}} }},
	} {
		t.Run(fmt.Sprintf("%s %s", c.id, c.rank), func(t *testing.T) {
			p, s := healthy(), settings()
			c.ill(p, &s)
			r := p.examine(t, s)
			if r.Rank() != c.rank {
				t.Errorf("the worst is %s: %+v", r.Rank(), r.Findings)
			}
			found := false
			for _, f := range r.Findings {
				found = found || f.ID == c.id && f.Rank == c.rank
				if f.ES == "" || f.EN == "" || f.ES == f.EN {
					t.Errorf("%s lacks a language: %q, %q", f.ID, f.ES, f.EN)
				}
			}
			if !found {
				t.Errorf("there is no %s of rank %s in %+v", c.id, c.rank, r.Findings)
			}
			if c.en != "" && r.Verdict(tel.English) != c.en {
				t.Errorf("the verdict is %q, not %q", r.Verdict(tel.English), c.en)
			}
			if c.es != "" && r.Verdict(tel.Spanish) != c.es {
				t.Errorf("the verdict is %q, not %q", r.Verdict(tel.Spanish), c.es)
			}
		})
	}
}

// The sweep needs more than one seizure, gives back what was set, and its
// winner is advised.
func TestImpedanceSweep(t *testing.T) {
	p, s := healthy(), settings()
	s.Impedances = []string{"600", "270+750||150n", "220+820||115n", "320+1050||230n"}
	s.Now = port.Tune{RxTenths: 20, Impedance: "600"}
	p.erl = map[string]float64{"600": 8, "270+750||150n": 19, "220+820||115n": 16, "320+1050||230n": 9}
	p.tone.Level = -14
	r := p.examine(t, s)
	if p.seized != 2 || len(r.Echo) != 4 {
		t.Errorf("%d seizures for %d impedances", p.seized, len(r.Echo))
	}
	if r.Advice == nil || r.Advice.Tune != (port.Tune{RxTenths: 60, Impedance: "270+750||150n"}) {
		t.Fatalf("the advice is %+v", r.Advice)
	}
	if want := "impedance 270+750||150n (echo return loss 19 dB instead of 8), receive gain +6.0 dB"; r.Advice.EN != want {
		t.Errorf("it says %q, not %q", r.Advice.EN, want)
	}
	if r.Took > 40*time.Second {
		t.Errorf("it took %s", r.Took)
	}
}

// A port that can do less is examined as far as it goes.
func TestPoorHardware(t *testing.T) {
	for name, poor := range map[string]func(*patient, *Settings){
		"no meter":      func(_ *patient, s *Settings) { s.Meter = false },
		"meter refuses": func(p *patient, _ *Settings) { p.meterErr = "not on this card" },
		"meter hangs":   func(p *patient, _ *Settings) { p.deaf = true },
		"half duplex":   func(_ *patient, s *Settings) { s.Info.Caps.FullDuplex = false },
		"deaf on hook":  func(_ *patient, s *Settings) { s.Info.Caps.OnHookAudio = false },
		"no tuning":     func(_ *patient, s *Settings) { s.Info.Caps.Gain, s.Info.Caps.Impedance = false, false },
	} {
		t.Run(name, func(t *testing.T) {
			p, s := healthy(), settings()
			poor(p, &s)
			if r := p.examine(t, s); r.Rank() != Good || !r.DialTone {
				t.Errorf("a healthy line on it is %+v", r.Findings)
			}
		})
	}
}

// Whatever happens at whatever moment, it ends within the minute and leaves
// the line on hook with what was set.
func TestAnythingAtAnyTime(t *testing.T) {
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 1))
		p, s := healthy(), settings()
		s.Impedances = []string{"", "a", "b", "c", "d", "e"}[:r.IntN(7)]
		p.erl = map[string]float64{"": 9, "a": 3, "b": 20}
		p.mute, p.deaf = r.IntN(4) == 0, r.IntN(4) == 0
		p.at = map[int]Event{}
		for range r.IntN(4) {
			evs := []Event{Wire{port.RingOn{}}, Wire{port.Battery{}}, Wire{port.Battery{On: true}}, Wire{port.Polarity{}}, TimedOut{},
				DialTone{}, Sent{}, HeardEcho{}, HeardTone{}, HeardQuiet{}, Read{}, Stop{}, Begin{}, Wire{port.RingOff{}}}
			p.at[r.IntN(20)] = evs[r.IntN(len(evs))]
		}
		if rep := p.examine(t, s); rep.Took > Longest {
			t.Errorf("seed %d took %s", seed, rep.Took)
		}
		if t.Failed() {
			t.Fatalf("seed %d: %v", seed, p.took)
		}
	}
}
