package central

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/dsp/cid"
	"github.com/centralita/centralita/dsp/dtmf"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/progress"
	"github.com/centralita/centralita/dsp/tone/plan"
)

// voice is a subscriber who says one sample and remembers that he heard one.
type voice struct {
	says  int16
	heard int
}

func (v *voice) Speak(f *pcm.Frame) {
	for i := range f {
		f[i] = v.says
	}
}

func (v *voice) Hear(f *pcm.Frame) {
	if !f.Silent() {
		v.heard++
	}
}

var kinds = []string{"ring on", "ring off", "battery", "polarity", "id", "answered", "dialled", "over"}

// run passes so many ms and returns what happened with its times and what was said.
func run(l *Line, ms int, say func(f *pcm.Frame)) (string, []int16) {
	var told []string
	var said []int16
	for range ms / pcm.FrameTime {
		begin := l.ms
		var in, out pcm.Frame
		if say != nil {
			say(&in)
		}
		for _, e := range l.Frame(&in, &out, nil) {
			what := kinds[e.Kind]
			if e.Kind == Battery || e.Kind == Polarity || e.Kind == Over {
				what += fmt.Sprintf(" %t", e.On)
			}
			told = append(told, fmt.Sprintf("%d %s", begin+int64(e.At), what))
		}
		said = append(said, out[:]...)
	}
	return strings.Join(told, ", "), said
}

func expect(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %q, not %q", what, got, want)
	}
}

// Every country rings with its cadence, and its caller id is received from the
// audio as it was sent.
func TestEveryCountryRingsAndSaysWhoCalls(t *testing.T) {
	for _, country := range plan.Countries() {
		c := ForCountry(country)
		c.Date = cid.Date{Month: 11, Day: 28, Hour: 9, Minute: 5}
		l := New(c)
		r := cid.NewReceiver()
		run(l, 100, nil)
		if !l.Call(Caller{Number: "600123456", Name: "Ana Ruiz"}, &voice{}) {
			t.Fatal(country)
		}
		if l.Call(Caller{}, nil) {
			t.Errorf("%s: a ringing line can be rung", country)
		}
		told, said := run(l, 14_000, nil)
		m := r.Feed(said, nil)
		if len(m) != 1 || m[0].Number != "600123456" || m[0].Standard != c.ID.Standard || c.ID.Standard != cid.DTMF && m[0].Name != "Ana Ruiz" {
			t.Errorf("%s: received %+v", country, m)
		}
		before := strings.Index(told, "id") < strings.Index(told, "ring on")
		if before != c.IDBefore || strings.Contains(told, "polarity true") != c.Turn {
			t.Errorf("%s: %s", country, told)
		}
		var on, off []int64
		for e := range strings.SplitSeq(told, ", ") {
			var at int64
			var what string
			fmt.Sscanf(e, "%d %s", &at, &what)
			if strings.HasSuffix(e, "ring on") {
				on = append(on, at)
			}
			if strings.HasSuffix(e, "ring off") {
				off = append(off, at)
			}
		}
		if len(on) < 2 || off[0]-on[0] != int64(c.Plan.Ring[0]) || on[1]-off[0] != int64(c.Plan.Ring[1]) {
			t.Errorf("%s rings %v, pauses %v: %s", country, on, off, told)
		}
	}
}

// A message over which a click fell is not told, and the ringing goes on.
func TestSpoiltCallerID(t *testing.T) {
	for _, country := range []string{"ES", "US", "GB"} {
		c := ForCountry(country)
		c.Spoilt = true
		l := New(c)
		l.Call(Caller{Number: "600123456"}, nil)
		told, said := run(l, 10_000, nil)
		if m := cid.NewReceiver().Feed(said, nil); len(m) != 0 {
			t.Errorf("%s: a spoilt message is received as %+v", country, m)
		}
		if strings.Count(told, "ring on") < 2 {
			t.Errorf("%s: %s", country, told)
		}
	}
}

func TestAShortRingAnnouncesCallerID(t *testing.T) {
	c := ForCountry("ES")
	c.Pulse = true
	l := New(c)
	l.Call(Caller{Absence: "P"}, nil)
	told, said := run(l, 5000, nil)
	m := cid.NewReceiver().Feed(said, nil)
	if len(m) != 1 || m[0].NoNumber != 'P' || !strings.HasPrefix(told, "0 ring on, 250 ring off, ") || strings.Count(told, "ring on") != 2 {
		t.Errorf("%+v: %s", m, told)
	}
}

// The closed loop trips a burst after the office's filter, and the two hear each
// other; opened, it is over.
func TestAnswerTripsTheRing(t *testing.T) {
	l := New(ForCountry("MX"))
	far := &voice{says: 777}
	l.Call(Caller{}, far)
	run(l, 500, nil)
	l.Loop(true)
	told, said := run(l, 500, func(f *pcm.Frame) { f[0] = 1 })
	expect(t, "answered", told, "565 ring off, 565 answered")
	if said[len(said)-1] != 777 || slices.Contains(said[:320], 777) || far.heard < 15 {
		t.Errorf("the port hears %d, the far end heard %d frames", said[len(said)-1], far.heard)
	}
	l.Loop(false)
	told, _ = run(l, 20, nil)
	expect(t, "hung up", told, "1000 over true")
	if !l.Free() {
		t.Error("the line is not free")
	}
}

func TestAbandoned(t *testing.T) {
	l := New(ForCountry("ES"))
	l.Call(Caller{}, nil)
	run(l, 1000, nil)
	l.HangUp()
	l.HangUp()
	told, _ := run(l, 5000, nil)
	expect(t, "abandoned", told, "1000 ring off, 1000 over false")
}

// Each way of ending is what it says, from the millisecond of the hang-up on.
func TestWaysOfEnding(t *testing.T) {
	for _, c := range []struct {
		way   Way
		drop  int
		wires string
		tone  plan.Kind // NumKinds: none
	}{
		{ByBattery, 50, "0 battery false, 50 battery true", plan.Dial},
		{ByBattery, 1000, "0 battery false, 1000 battery true", plan.Dial},
		{ByReversal, 0, "0 polarity true", plan.Busy},
		{ByTone, 0, "", plan.Busy},
		{ByCongestion, 0, "", plan.Congestion},
		{ByDialTone, 0, "", plan.Dial},
		{ByStrange, 0, "", plan.NumKinds},
		{BySilence, 0, "", plan.NumKinds},
		{ByShortDrop, 0, "0 battery false, 120 battery true", plan.Dial},
	} {
		for _, country := range plan.Countries() {
			cfg := ForCountry(country)
			cfg.Way, cfg.Drop = c.way, c.drop
			l := New(cfg)
			l.Call(Caller{}, &voice{})
			l.Loop(true)
			run(l, 1000, nil)
			l.HangUp()
			begin := l.ms
			told, said := run(l, 6000, nil)
			var wires []string
			for e := range strings.SplitSeq(told, ", ") {
				var at int64
				fmt.Sscan(e, &at)
				if _, what, _ := strings.Cut(e, " "); what != "over false" && what != "" {
					wires = append(wires, fmt.Sprintf("%d %s", at-begin, what))
				}
			}
			name := fmt.Sprint(country, " ", c.way, " ", c.drop)
			expect(t, name, strings.Join(wires, ", "), c.wires)
			ended, first, ok := l.Evidence()
			if ended != begin || ok != (c.way != BySilence) || ok && first > begin+10 {
				t.Errorf("%s: ended %d, told %d %t", name, ended, first, ok)
			}
			d, x := progress.New(cfg.Plan), progress.Learner{}
			heard := plan.NumKinds
			for at := 0; at+pcm.FrameLen <= len(said); at += pcm.FrameLen {
				f := (*pcm.Frame)(said[at:])
				x.Process(f)
				for _, e := range d.Process(f, nil) {
					if !e.Ended {
						heard = e.Kind
					}
				}
			}
			if heard != c.tone && fmt.Sprint(cfg.Plan.Signal(heard).OnOff) != fmt.Sprint(cfg.Plan.Signal(c.tone).OnOff) {
				t.Errorf("%s: %v is heard", name, heard)
			}
			if _, ok := x.Found(); ok != (c.way != BySilence) {
				t.Errorf("%s: some tone is found: %t", name, ok)
			}
		}
	}
	if _, err := ParseWay("by pigeon"); err == nil {
		t.Error("a pigeon ends calls")
	}
	for w := range Ways {
		if back, err := ParseWay(w.String()); back != w || err != nil {
			t.Errorf("%s: %v, %v", w, back, err)
		}
	}
}

// A receiver left off hook after the short drop is called back by the howler.
func TestHowler(t *testing.T) {
	c := ForCountry("US")
	c.Way = ByShortDrop
	l := New(c)
	l.Call(Caller{}, nil)
	l.Loop(true)
	run(l, 100, nil)
	l.HangUp()
	run(l, 20_000, nil)
	_, said := run(l, 3000, nil)
	heard := ""
	d := progress.New(c.Plan)
	for at := 0; at+pcm.FrameLen <= len(said); at += pcm.FrameLen {
		for _, e := range d.Process((*pcm.Frame)(said[at:]), nil) {
			heard += e.Kind.String() + " "
		}
	}
	if !strings.Contains(heard, "howler") {
		t.Errorf("heard %q", heard)
	}
}

// A number dialled after dial tone is taken whole, and what comes of it is heard.
func TestOutgoing(t *testing.T) {
	c := ForCountry("GB")
	c.Number = func(n string) Outcome {
		switch n {
		case "100":
			return Outcome{Result: IsBusy}
		case "101":
			return Outcome{Result: NoWay}
		case "102":
			return Outcome{Result: NoNumber}
		}
		return Outcome{After: 4 * time.Second, Reverse: true}
	}
	for number, want := range map[string]plan.Kind{"100": plan.Busy, "101": plan.Congestion, "102": plan.Unobtainable, "02079460000": plan.Ringback} {
		l := New(c)
		l.Loop(true)
		_, said := run(l, 3000, nil)
		if said[100*8] != 0 || pcm.Level(said[300*8:]) < -20 {
			t.Error("no dial tone after 200 ms")
		}
		var g dtmf.Generator
		if err := g.Start(number, dtmf.Usual()); err != nil {
			t.Fatal(err)
		}
		told, said := run(l, 12_000, func(f *pcm.Frame) { g.Fill(f) })
		if l.Digits() != number || !strings.Contains(told, "dialled") {
			t.Errorf("%q, %s", l.Digits(), told)
		}
		if answered := strings.Contains(told, "answered, ") || strings.Contains(told, "polarity true"); answered != (want == plan.Ringback) {
			t.Errorf("%s: %s", number, told)
		}
		heard := plan.NumKinds
		d := progress.New(c.Plan)
		for at := 0; at+pcm.FrameLen <= len(said); at += pcm.FrameLen {
			for _, e := range d.Process((*pcm.Frame)(said[at:]), nil) {
				if !e.Ended {
					heard = e.Kind
				}
			}
		}
		if heard != want {
			t.Errorf("%s: %v is heard, not %v", number, heard, want)
		}
	}
}

// A cut pair tells its battery, rings nobody, and mended is as before.
func TestCutPair(t *testing.T) {
	l := New(ForCountry("ES"))
	l.Cut(true)
	if l.Call(Caller{}, nil) || l.Free() {
		t.Error("a cut line can be rung")
	}
	told, _ := run(l, 20, nil)
	expect(t, "cut", told, "0 battery false")
	l.Cut(false)
	told, _ = run(l, 20, nil)
	expect(t, "mended", told, "20 battery true")
	if !l.Free() {
		t.Error("not free")
	}
}

// A dip ends nothing: the two talk on.
func TestDip(t *testing.T) {
	l := New(ForCountry("ES"))
	l.Call(Caller{}, &voice{says: 7})
	l.Loop(true)
	run(l, 1000, nil)
	l.Dip(35)
	l.Dip(500) // within the dip it is gone already
	told, said := run(l, 200, nil)
	expect(t, "a dip", told, "1000 battery false, 1035 battery true")
	if _, _, ok := l.Evidence(); ok || said[len(said)-1] != 7 {
		t.Error("a dip is an end")
	}
}

// Who seizes in the instant of a call hears no dial tone but the caller.
func TestGlare(t *testing.T) {
	l := New(ForCountry("ES"))
	if l.Glare(nil) {
		t.Error("glare on a line at rest")
	}
	l.Loop(true)
	far := &voice{says: 99}
	if !l.Glare(far) {
		t.Fatal("no glare")
	}
	_, said := run(l, 2000, nil)
	if said[len(said)-1] != 99 {
		t.Error("the caller is not heard")
	}
}
