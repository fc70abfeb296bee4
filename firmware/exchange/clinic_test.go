package exchange

import (
	"errors"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/line"
	"github.com/centralita/centralita/hal/port"
)

// Whoever tunes a line in the middle of a test would be undone by its end.
func TestNobodyTunesALineThatIsTested(t *testing.T) {
	w := story(t, func(s *Settings) { s.Lines[0].Caps = port.Caps{Gain: true, Impedance: true} })
	w.tested()
	for _, c := range []Change{TuneLine{Line: "L1", Tune: port.Tune{RxTenths: 20}}, UseProfile{Line: "L1"}} {
		if _, ok := errors.AsType[*Refusal](w.order(c)); !ok {
			t.Errorf("%T is done while the line is tested", c)
		}
	}
}

// Hardware that recognises tones by itself tells the doctor too.
func TestDoctorHeedsHardwareThatNamesDialTone(t *testing.T) {
	w := story(t)
	w.silent["L1"] = true
	report, _ := w.tested()
	w.wait(2500 * time.Millisecond)
	w.must("L1 seize")
	w.post(OnPort{"L1", port.Heard{Sound: port.SoundDial}})
	w.wait(20 * time.Second)
	if !report.DialTone || report.NoDialTone {
		t.Errorf("the report is %+v", report)
	}
}

// A test that cannot hear the line says so, and does not blame the line.
func TestTestWithoutAudioBlamesNotTheLine(t *testing.T) {
	w := story(t)
	w.e.sh.Warn = func(string, error) {}
	report, _ := w.tested()
	w.noAudio = errors.New("no room in the engine")
	w.wait(20 * time.Second)
	if report.Aborted == "" || report.AbortedES == "" || report.NoDialTone || w.closed["L1"] || len(w.e.legs) != 0 {
		t.Errorf("the report is %+v, the loop closed %t, %d legs", report, w.closed["L1"], len(w.e.legs))
	}
}

// Who forgets a profile forgets what was tuned with it.
func TestForgottenTuningIsUndone(t *testing.T) {
	w := story(t, func(s *Settings) {
		s.Lines[0].Caps = port.Caps{Gain: true, Impedance: true}
		s.Lines[0].Profile.Tuning = &line.Tuning{RxTenths: 60, Impedance: "600"}
	})
	w.e.sh.Clinic = clinic{w}
	if err := w.order(UseProfile{Line: "L1"}); err != nil {
		t.Fatal(err)
	}
	w.must("L1 " + port.Tune{Impedance: "600"}.String())
	w.did = nil
	if err := w.order(UseProfile{Line: "L1"}); err != nil {
		t.Fatal(err)
	}
	w.never("L1 tune")
}
