package exchange

import (
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/hal/port"
)

// oneLine is a house with one way out.
func oneLine(s *Settings) { s.Lines, s.Trunks = s.Lines[:1], nil }

// Whoever waits for a line to be cleared for an emergency, gives up and dials again
// at once is no stranger to the wait that is left behind.
func TestEmergencyDialledTwiceWhileTheLineIsCleared(t *testing.T) {
	w := story(t, oneLine)
	w.ringsL1()
	w.wait(time.Second)
	first := w.fromPhone("201", "112")
	w.must("L1 release")
	w.post(OnGone{Leg: first, Cause: tel.CauseNormal, Evidence: "BYE"})
	w.fromPhone("202", "112")
	w.did = nil
	w.wait(5 * time.Second)
	w.must("L1 seize")
	w.must("send 112 to leg")
}

// The wires turn and no bell follows: an emergency waits for as long as that may be
// a caller, and goes out.
func TestEmergencyWaitsForALineThatMayRing(t *testing.T) {
	w := story(t, oneLine)
	w.post(OnPort{"L1", port.Polarity{Reversed: true}})
	w.fromPhone("201", "112")
	w.wait(10 * time.Second)
	w.must("L1 seize")
	w.must("send 112 to leg")
}

// A line that somebody seized and left in the same moment is free soon.
func TestEmergencyWaitsForALineLeftWhileSeized(t *testing.T) {
	w := story(t, oneLine, func(s *Settings) { s.Numbering.Routes[0].Via = []string{"L1"} })
	w.legs += 2
	w.sip[w.legs-1], w.sip[w.legs] = &sipLeg{ext: "201"}, &sipLeg{ext: "202"}
	w.post(OnIncoming{Leg: w.legs - 1, Phone: "201", To: "0910000001"}, OnGone{Leg: w.legs - 1, Cause: tel.CauseNormal, Evidence: "CANCEL"},
		OnIncoming{Leg: w.legs, Phone: "202", To: "112"})
	w.wait(6 * time.Second)
	w.must("send 112 to leg")
}

// A test is stopped for an emergency only when no other line is free.
func TestEmergencyTakesAFreeLineBeforeATestedOne(t *testing.T) {
	w := story(t, func(s *Settings) { s.Numbering.Routes[0].Via = []string{"L1", "L2"} })
	report, _ := w.tested()
	w.fromPhone("201", "112")
	w.must("L2 seize")
	w.wait(time.Second)
	w.must("send 112 to leg")
	if report.Aborted != "" {
		t.Error("the test was stopped: " + report.Aborted)
	}
}

// The exchange turns the wires back late behind the call that was cleared: the
// emergency goes out all the same.
func TestEmergencyOverWiresThatTurnBackLate(t *testing.T) {
	w := story(t, oneLine)
	w.ringsL1()
	w.wait(time.Second)
	w.fromPhone("201", "112")
	w.wait(1200 * time.Millisecond) // released at 0, confirming from 1 s to 1.5 s
	w.post(OnPort{"L1", port.Polarity{}})
	w.did = nil
	w.wait(5 * time.Second)
	w.must("L1 seize")
	w.must("send 112 to leg")
}
