package exchange

import (
	"errors"
	"testing"
	"time"

	"github.com/centralita/centralita/dsp/linecheck"
	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/doctor"
	"github.com/centralita/centralita/firmware/line"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/hal/port"
)

// clinic is a Clinic whose measurements are those of a humming line.
type clinic struct{ w *world }

func (c clinic) Setup(tel.PortID) doctor.Settings {
	return doctor.Settings{
		Name: "L1", Info: port.Info{Name: "fxo1", Kind: port.FXO, Caps: port.Caps{FullDuplex: true, Battery: true, OnHookAudio: true, Gain: true, Impedance: true}},
		DialHz: []float64{425}, DialLevel: -10, Quieter: "1", Tail: 32, Impedances: []string{"600", "complex"},
	}
}

func (c clinic) Examine(p tel.PortID, exam uint64, leg tel.LegID, what doctor.Effect) {
	c.w.note("examine %s leg %d: %s", p, leg, what)
	later := func(d time.Duration, ev doctor.Event) {
		c.w.after(d, func() { c.w.e.Post(OnExamined{p, exam, ev}) })
	}
	switch what := what.(type) {
	case doctor.RecordQuiet:
		later(what.For, doctor.HeardQuiet{Quiet: linecheck.Quiet{Level: -38, Noise: -60, Hum: -38, HumHz: 50, Seconds: 2}, OK: true})
	case doctor.RecordTone:
		later(what.For, doctor.HeardTone{Tone: linecheck.Tone{Level: -10, Hz: what.Hz, Pure: 0.99, Others: -38}, OK: true})
	case doctor.RecordEcho:
		later(what.For, doctor.HeardEcho{Echo: linecheck.Echo{ERL: 12, Delay: 4, End: 9}, OK: true})
	}
}

// tested orders a test of L1 and returns where its report will be.
func (w *world) tested() (report *doctor.Report, refused *error) {
	report, refused = new(doctor.Report), new(error)
	w.e.sh.Clinic = clinic{w}
	w.post(Order{What: TestLine{Line: "L1", Told: func(r doctor.Report) { *report = r }}, Done: func(err error) { *refused = err }})
	return report, refused
}

func (w *world) order(c Change) (err error) {
	w.post(Order{What: c, Done: func(e error) { err = e }})
	return err
}

// A test borrows the line, says what is wrong in both languages, is booked and
// shown, and leaves the line free.
func TestLineIsExamined(t *testing.T) {
	w := story(t, func(s *Settings) { s.Lines[0].Caps = port.Caps{Gain: true, Impedance: true} })
	report, err := w.tested()
	if *err != nil {
		t.Fatal(*err)
	}
	if s, _ := w.e.ports["L1"].state(); s != line.Testing {
		t.Errorf("the line is %s", s)
	}
	w.wait(2500 * time.Millisecond)
	w.must("L1 seize")
	w.post(OnTone{Leg: w.e.ports["L1"].audio, Tone: tel.ToneDial, Sure: 0.9, Evidence: "dial tone 425 Hz"})
	w.wait(20 * time.Second)
	if report.Verdict(tel.English) != "line L1: hum 50 Hz at −38 dBm0: look for a power cable beside the pair" {
		t.Errorf("the report says %q", report.Verdict(tel.English))
	}
	if f := w.fact(call.LineTest); f.Port != "L1" || f.State != "bad" || f.Millis == 0 {
		t.Errorf("the book has %+v", f)
	}
	if x := w.store.Get().Lines[0].Exam; x == nil || x.HumHz != 50 || x.ERL != 12 || len(x.Sweep) != 2 || x.VerdictES == "" {
		t.Errorf("the picture has %+v", x)
	}
	if s, _ := w.e.ports["L1"].state(); s != line.Idle || w.closed["L1"] || len(w.attached) != 0 || len(w.e.legs) != 0 {
		t.Errorf("the line is %s, closed %t, with %d audio and %d legs", s, w.closed["L1"], len(w.attached), len(w.e.legs))
	}
}

// A caller who rings in a test is served like any other.
func TestCallerComesBeforeTheDoctor(t *testing.T) {
	w := story(t)
	report, _ := w.tested()
	w.wait(2500 * time.Millisecond)
	w.ringing["L1"] = true
	w.post(OnPort{"L1", port.RingOn{}})
	if report.Aborted == "" || w.closed["L1"] {
		t.Errorf("the test is %+v, the loop closed %t", report, w.closed["L1"])
	}
	w.post(OnPort{"L1", port.RingOff{}}, OnPort{"L1", port.CallerID{Number: "600123456"}})
	w.wait(time.Second)
	if f := w.fact(call.Began); f.From != "600123456" {
		t.Errorf("the book has %+v", f)
	}
}

// An emergency call takes a line out of the doctor's hands.
func TestEmergencyComesBeforeTheDoctor(t *testing.T) {
	w := story(t, func(s *Settings) { s.Lines, s.Trunks = s.Lines[:1], nil })
	report, _ := w.tested()
	w.dials("F1", "112")
	w.wait(3 * time.Second)
	if report.Aborted == "" {
		t.Error("the test goes on")
	}
	w.must("L1 seize")
	w.post(OnTone{Leg: w.e.ports["L1"].audio, Tone: tel.ToneDial, Sure: 0.9, Evidence: "dial tone 425 Hz"})
	w.must("send 112 to leg")
}

func TestTestIsRefused(t *testing.T) {
	w := story(t)
	w.ringsL1()
	if _, err := w.tested(); *err == nil {
		t.Error("a line with a call is tested")
	}
	for _, c := range []Change{TestLine{Line: "L9"}, TestLine{Line: "F1"}, TuneLine{Line: "L1", Advised: true}, FreeLine{Line: "L2"}, ReadProfile{Line: "F1"},
		UseProfile{Line: "L9"}, FreezeProfile{Line: ""}} {
		r, ok := errors.AsType[*Refusal](w.order(c))
		if !ok || r.In(tel.Spanish) == "" || r.In(tel.Spanish) == r.In(tel.English) {
			t.Errorf("%+v: %+v", c, r)
		}
	}
}

func TestNoTestWithoutHardware(t *testing.T) {
	w := story(t)
	w.post(OnPort{Port: "L1", Event: port.Lost{Why: "the card was unplugged"}})
	_, err := w.tested()
	r, ok := errors.AsType[*Refusal](*err)
	if !ok || r.EN != "cannot test L1: its hardware is gone" || r.ES != "no se puede probar L1: no tiene su puerto" {
		t.Errorf("%+v", r)
	}
}

// A house that stops does not wait for a test.
func TestStopEndsTheTest(t *testing.T) {
	w := story(t)
	report, _ := w.tested()
	w.wait(2500 * time.Millisecond)
	done := false
	w.post(Close{Cause: tel.CauseShutdown, Done: func() { done = true }})
	if report.Aborted != "the appliance is being stopped" || w.closed["L1"] || !done {
		t.Errorf("the test is %+v, the loop closed %t, the house stopped %t", report, w.closed["L1"], done)
	}
}

// What is tuned is commanded, booked, kept in the profile, and commanded again at
// the next start.
func TestTuningIsKept(t *testing.T) {
	caps := port.Caps{Gain: true, Impedance: true}
	tune := port.Tune{RxTenths: 20, Impedance: "600"}
	w := story(t, func(s *Settings) { s.Lines[0].Caps = caps })
	if err := w.order(TuneLine{Line: "L1", Tune: tune}); err != nil {
		t.Fatal(err)
	}
	w.must("L1 " + tune.String())
	if f := w.fact(call.LineTuned); f.Port != "L1" || f.Reason != tune.String() {
		t.Errorf("the book has %+v", f)
	}
	if v := w.store.Get().Lines[0].Traits; v == nil || v.GainIn != 2 || v.Impedance != "600" {
		t.Errorf("the picture has %+v", v)
	}
	var kept line.Profile
	if err := w.order(ReadProfile{Line: "L1", Told: func(p line.Profile) { kept = p }}); err != nil || kept.Tuning == nil {
		t.Fatalf("the profile has %+v, %v", kept.Tuning, err)
	}
	var commanded []string
	again := newWorld(t, 1, func(s *Settings) { s.Lines[0].Caps, s.Lines[0].Profile = caps, kept })
	again.scripted = true
	again.e.start(again.now)
	commanded = append(commanded, again.did...)
	if len(commanded) == 0 || commanded[0] != "L1 "+tune.String() {
		t.Errorf("a new start commands %q", commanded)
	}
}

// A call that nothing ends is ended by hand; an emergency call is not.
func TestLineIsReleasedByHand(t *testing.T) {
	w := story(t)
	w.ringsL1()
	if err := w.order(FreeLine{Line: "L1"}); err != nil {
		t.Fatal(err)
	}
	if f := w.fact(call.Ended); f.Evidence != "released by hand" || w.closed["L1"] {
		t.Errorf("the book has %+v, the loop closed %t", f, w.closed["L1"])
	}
}

// What was recorded for a test that is over says nothing about the next one.
func TestLateMeasurementIsNotOfThisTest(t *testing.T) {
	w := story(t)
	w.tested()
	w.post(OnExamined{Port: "L1", Exam: w.e.exams - 1, Event: doctor.HeardQuiet{OK: true}})
	if w.has("L1 seize") {
		t.Error("a measurement of an earlier test led this one on")
	}
	w.post(OnExamined{Port: "L1", Exam: w.e.exams, Event: doctor.HeardQuiet{OK: true}})
	w.must("L1 seize")
}
