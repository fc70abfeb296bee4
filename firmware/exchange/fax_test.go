package exchange

import (
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/hal/port"
)

// ringsL1 lets a caller come in on L1 and be answered.
func (w *world) ringsL1() tel.LegID {
	w.ringing["L1"] = true
	w.post(OnPort{"L1", port.RingOn{}})
	w.post(OnPort{"L1", port.CallerID{Number: "600123456"}})
	w.must("L1 seize")
	return w.e.ports["L1"].audio
}

// Row L9: a fax that waits in a queue, or is in the menu, rings the fax port and
// nothing else, and the book says why.
func TestFaxIsHandedToTheFaxPort(t *testing.T) {
	for name, heard := range map[string]func(*world, tel.LegID){
		"by our ear":      func(w *world, l tel.LegID) { w.post(OnFax{Leg: l, Calling: true}) },
		"by the hardware": func(w *world, _ tel.LegID) { w.post(OnPort{"L1", port.Heard{Sound: port.SoundFax}}) },
	} {
		t.Run(name, func(t *testing.T) {
			w := story(t, func(s *Settings) { s.Fax = "101" })
			leg := w.ringsL1()
			w.post(OnDigit{Leg: leg, Digit: '2'})
			w.wait(4 * time.Second) // the queue offers him to somebody at 102, 201 or 202
			heard(w, leg)
			w.must("F1 ring")
			if f := w.fact(call.Fax); f.Ext != "101" || f.Evidence != "fax calling tone 1100 Hz" || f.Call == "" {
				w.fail("the book has " + string(f.Ext) + " " + f.Evidence)
			}
			w.offHook["F1"] = true
			w.post(OnPort{"F1", port.OffHook{}})
			if f := w.fact(call.Connected); f.Ext != "101" || f.Agent != "" {
				w.fail("connected to " + string(f.Ext))
			}
			if f := w.fact(call.QueueLeft); f.Cause != tel.CauseFax {
				w.fail("left the queue by " + string(f.Cause))
			}
			if q := w.store.Get().Queues[1]; len(q.Waiting) != 0 || q.Abandoned != 0 || q.Answered != 0 {
				t.Errorf("the queue has %+v", q)
			}
		})
	}
}

// An answer tone is no caller, an outgoing call is none, and a house without a fax
// port goes on as it was.
func TestWhatIsNoCallingFax(t *testing.T) {
	w := story(t, func(s *Settings) { s.Fax = "102" })
	leg := w.ringsL1()
	w.post(OnFax{Leg: leg}, OnPort{"L1", port.Heard{Sound: port.SoundAnswer}}, OnPort{"L1", port.Heard{Sound: port.SoundData}})
	if w.has("F2 ring") {
		t.Error("an answer tone rang the fax")
	}
	without := story(t)
	without.post(OnFax{Leg: without.ringsL1(), Calling: true})
	if without.has("F2 ring") || without.has("F1 ring") {
		t.Error("a house without a fax rang somebody")
	}
	out := story(t, func(s *Settings) { s.Fax = "102" })
	out.dials("F1", "0910000001")
	out.wait(20 * time.Second)
	out.must("send 910000001")
	out.post(OnFax{Leg: out.e.ports["L2"].audio, Calling: true})
	if out.has("F2 ring") {
		t.Error("a fax that was called rang the fax port")
	}
}

// Keys that hardware recognised while the line is deaf reach the menu.
func TestKeysOfTheHardwareReachTheMenu(t *testing.T) {
	w := story(t)
	w.ringsL1()
	w.post(OnPort{"L1", port.Digit{Digit: '1'}}, OnPort{"L1", port.Digit{Digit: 'x'}})
	w.wait(4 * time.Second)
	if f := w.fact(call.Queued); f.Queue != "ventas" {
		w.fail("he is in " + string(f.Queue))
	}
	w.post(OnPort{"L2", port.Digit{Digit: '1'}}) // a line at rest has no menu
}

// Busy tone that hardware recognised releases the line, with its words.
func TestToneOfTheHardwareReleases(t *testing.T) {
	w := story(t)
	w.ringsL1()
	w.wait(10 * time.Second)
	if w.has("L1 release") {
		w.fail("it was released before")
	}
	w.post(OnPort{"L1", port.Heard{Sound: port.SoundBusy}})
	w.must("L1 release")
	if f := w.fact(call.Ended); f.Evidence != "busy tone, recognised by the hardware" {
		w.fail("the evidence is " + f.Evidence)
	}
}
