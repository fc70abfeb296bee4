package exchange

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/line"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
	"github.com/centralita/centralita/hal/port"
)

// outside is a story in which SIP phone 201 calls 910000001 over L2.
func outside(t *testing.T) (w *world, phone tel.LegID) {
	w = story(t)
	w.post(OnTrunk{"siptel", true, "200"})
	w.did = nil
	return w, w.fromPhone("201", "0910000001")
}

// lineOf returns how the picture shows a line.
func (w *world) lineOf(id tel.PortID) view.Line {
	for _, l := range w.store.Get().Lines {
		if l.ID == id {
			return l
		}
	}
	w.fail("the picture has no line " + string(id))
	return view.Line{}
}

func (w *world) audioOf(id tel.PortID) tel.LegID { return w.e.ports[id].audio }

// Why a call ended is one decision with its evidence, and goes into the book.
func TestReleaseIsBookedWithItsEvidence(t *testing.T) {
	w := story(t)
	w.ringsL1()
	w.wait(5 * time.Second)
	w.post(OnVoice{Leg: w.audioOf("L1"), Far: true}, OnVoice{Leg: w.audioOf("L1")})
	w.post(OnTone{Leg: w.audioOf("L1"), Tone: tel.ToneBusy, Sure: 0.9, Evidence: "busy tone 425 Hz 200/200"})
	w.never("L1 release")
	w.wait(time.Second)
	w.must("L1 release")
	if f := w.fact(call.Ended); f.Evidence != "busy tone 425 Hz 200/200 for 0.4 s" || f.Cause != tel.CauseNormal || f.By != tel.ByCaller {
		w.fail(fmt.Sprintf("booked %+v", f))
	}
}

// A caller hears ringback and announcements as soon as the number is out, but is
// connected when there is evidence of an answer.
func TestCalledPartyIsConnectedByEvidence(t *testing.T) {
	w, phone := outside(t)
	w.wait(3 * time.Second)
	w.must("send 910000001 to leg")
	if !w.sip[phone].answered {
		w.fail("the caller does not hear the line")
	}
	for _, f := range w.facts {
		if f.Kind == call.Connected {
			w.fail("connected by " + f.Evidence)
		}
	}
	if l := w.lineOf("L2"); l.Lamp != view.Out {
		w.fail("the lamp is " + l.Lamp.String())
	}
	w.post(OnTone{Leg: w.audioOf("L2"), Tone: tel.ToneRingback, Sure: 0.9, Evidence: "ringback 425 Hz 1500/3000"})
	w.wait(6 * time.Second)
	w.post(OnTone{Leg: w.audioOf("L2"), Tone: tel.ToneRingback, Ended: true, Evidence: "ringback 425 Hz 1500/3000"})
	w.post(OnVoice{Leg: w.audioOf("L2"), Far: true})
	w.wait(3 * time.Second)
	if f := w.fact(call.Connected); f.Evidence != "a voice after ringback stopped" || f.Port != "L2" {
		w.fail(fmt.Sprintf("booked %+v", f))
	}
	if l := w.lineOf("L2"); l.Lamp != view.Talk {
		w.fail("the lamp is " + l.Lamp.String())
	}
}

// Calls go round a line that gives no dial tone; it is shown, booked, probed, and
// comes back by itself.
func TestCallsGoRoundALineOutOfService(t *testing.T) {
	var kept []string
	w := story(t)
	w.e.sh.BlackBox = box(func(p tel.PortID, why string) { kept = append(kept, string(p)+": "+why) })
	w.post(OnTrunk{"siptel", true, "200"})
	w.silent["L2"] = true
	w.fromPhone("201", "0910000001")
	w.wait(8 * time.Second)
	w.must("dial 910000001 over siptel") // the same call took the next way
	if f := w.fact(call.LineState); f.Port != "L2" || f.State != "dead" || f.Reason != "no dial tone" {
		w.fail(fmt.Sprintf("booked %+v", f))
	}
	if l := w.lineOf("L2"); l.Lamp != view.Dead || l.Fault != "no dial tone" {
		w.fail(fmt.Sprintf("shown %+v", l))
	}
	if strings.Join(kept, "|") != "L2: no dial tone in 5.0 s" {
		w.fail("black boxes: " + strings.Join(kept, "|"))
	}
	w.did = nil
	w.fromPhone("202", "0910000002")
	w.must("dial 910000002 over siptel")
	w.never("L2 seize")
	w.wait(12 * time.Second) // probed, and still without dial tone
	w.must("L2 seize")
	if l := w.lineOf("L2"); l.Lamp != view.Dead {
		w.fail("while it is probed the lamp is " + l.Lamp.String())
	}
	w.silent["L2"] = false
	w.wait(time.Minute)
	if f := w.fact(call.LineState); f.State != "up" || f.Reason != "it was out of service: no dial tone" {
		w.fail(fmt.Sprintf("booked %+v", f))
	}
	if l := w.lineOf("L2"); l.Lamp != view.Idle || l.Fault != "" || len(w.e.legs) != 0 {
		w.fail(fmt.Sprintf("shown %+v, %d legs", l, len(w.e.legs)))
	}
	w.did = nil
	w.fromPhone("201", "0910000003")
	w.must("L2 seize")
}

type box func(tel.PortID, string)

func (b box) SaveBlackBox(p tel.PortID, why string) { b(p, why) }

// A line out of service takes callers all the same.
func TestALineOutOfServiceTakesCallers(t *testing.T) {
	w := story(t)
	w.silent["L2"] = true
	w.fromPhone("201", "0910000001")
	w.wait(8 * time.Second)
	w.did = nil
	w.post(OnPort{"L2", port.RingOn{}}, OnPort{"L2", port.CallerID{Number: "600"}})
	if l := w.lineOf("L2"); l.Lamp == view.Dead {
		w.fail("it rings and is shown " + l.Lamp.String())
	}
	w.must("L2 seize")
	if f := w.fact(call.Began); f.Port != "L2" || f.From != "600" {
		w.fail(fmt.Sprintf("booked %+v", f))
	}
}

// Glare: the caller is served on the line that met him, and the call that wanted
// it takes another way.
func TestGlareLosesNobody(t *testing.T) {
	w, _ := outside(t)
	w.must("L2 seize")
	w.post(OnPort{"L2", port.RingOn{}})
	w.must("dial 910000001 over siptel")
	w.never("L2 release")
	w.wait(time.Second)
	if f := w.fact(call.Answered); f.Evidence != "glare: our seizure answered the caller" {
		w.fail(fmt.Sprintf("booked %+v", f))
	}
	w.must("say es [prompt:x] to leg")
}

// An emergency goes out on a line that is out of service when there is no better
// way, without dial tone if need be, and the book says so.
func TestEmergencyOnALineOutOfService(t *testing.T) {
	w := story(t)
	w.silent["L1"], w.silent["L2"] = true, true
	w.fromPhone("201", "112")
	w.wait(30 * time.Second)
	w.must("send 112 to leg")
	if f := w.fact(call.Answered); !strings.HasSuffix(f.Evidence, "dialled all the same: an emergency") {
		w.fail(fmt.Sprintf("booked %+v", f))
	}
}

// What a line learned goes to whoever keeps it, and what the ear is to listen for
// comes from there.
func TestALineKeepsWhatItLearned(t *testing.T) {
	kept := map[tel.PortID]line.Profile{}
	w := story(t, func(s *Settings) {
		s.Lines[0].Profile.Tones = []line.LearnedSignal{{Signal: "450@-12 350/350", Seen: 2}}
	})
	w.e.sh.Profiles = keeper(kept)
	w.ringsL1()
	if h := w.e.hear(w.e.ports["L1"], false); len(h.Learned) != 1 || h.Learned[0] != "450@-12 350/350" {
		w.fail(fmt.Sprintf("it listens for %v", h.Learned))
	}
	w.wait(time.Second)
	w.post(OnPort{"L1", port.Battery{}}, OnPort{"L1", port.Battery{On: true}})
	w.wait(3 * time.Second)
	if p := kept["L1"]; p.Calls != 1 || p.Line != "L1" || len(p.Evidence) != 1 || p.Evidence[0] != (line.Count{Sign: line.SignBattery, Seen: 1}) {
		w.fail(fmt.Sprintf("kept %+v", p))
	}
}

type keeper map[tel.PortID]line.Profile

func (k keeper) Keep(id tel.PortID, p line.Profile) { k[id] = p }
