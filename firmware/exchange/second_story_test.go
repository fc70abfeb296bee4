package exchange

import (
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/acd"
	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/line"
	"github.com/centralita/centralita/firmware/numbering"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/hal/port"
)

// flash presses the hook of a telephone.
func (w *world) flash(id tel.PortID) {
	w.wait(time.Second)
	w.post(OnPort{id, port.HookFlash{}})
}

// keyed presses keys on a telephone that is off hook.
func (w *world) keyed(id tel.PortID, number string) {
	for _, k := range number {
		w.post(OnDigit{Leg: w.e.ports[id].audio, Digit: tel.Digit(k), InBand: true})
	}
}

// trunkCall brings a caller of the trunk to the queue ventas, and he is answered
// at the telephone that rings.
func (w *world) trunkCall(id tel.PortID) tel.LegID {
	w.t.Helper()
	w.legs++
	leg := w.legs
	w.sip[leg] = &sipLeg{trunk: "siptel"}
	w.post(OnIncoming{Leg: leg, Trunk: "siptel", From: "600", Name: tel.CleanText("Juan"), To: "912"})
	w.wait(time.Second)
	w.post(OnDigit{Leg: leg, Digit: '1'})
	w.wait(4 * time.Second)
	w.must(string(id) + " ring")
	w.offHook[id] = true
	w.post(OnPort{id, port.OffHook{}})
	w.fact(call.Connected)
	return leg
}

func (w *world) state(id tel.PortID) line.State { s, _ := w.e.ports[id].state(); return s }

// only leaves ana at 101 in the queue ventas, and bea at 102 not ready.
func only(s *Settings) {
	s.Agents = s.Agents[:2]
	s.Agents[0].Queues, s.Agents[1].Paused = []tel.QueueID{"ventas"}, "descanso"
}

// An agent hands her caller over to a colleague: her talk ends there and her
// after-call work begins; the colleague is engaged until he has done.
func TestAgentHandsOver(t *testing.T) {
	w := story(t, only)
	leg := w.trunkCall("F1")
	w.flash("F1")
	w.keyed("F1", "102")
	w.must(`F2 ring "101" "Ana"`)
	w.post(OnPort{"F2", port.OffHook{}})
	if s := w.agent("ana"); s != acd.Talking || w.state("F1") != line.Second {
		w.fail("while she asks him ana is " + s.String())
	}
	w.did = nil
	w.post(OnPort{"F1", port.OnHook{}})
	if f := w.fact(call.Transferred); f.Agent != "ana" || f.Ext != "101" || f.To != "102" || f.Reason != "attended" || f.By != tel.ByAgent {
		w.fail("booked: " + f.Reason)
	}
	if a, b := w.agent("ana"), w.agent("bea"); a != acd.ACW || b != acd.Engaged {
		w.fail("ana is " + a.String() + ", bea " + b.String())
	}
	w.must("leg 1 into 1-1")
	w.post(OnGone{Leg: leg, Cause: tel.CauseNormal, Evidence: "BYE"})
	if f := w.fact(call.Ended); f.By != tel.ByCaller || w.state("F2") != line.Released {
		w.fail("ended by " + string(f.By))
	}
	w.post(OnPort{"F2", port.OnHook{}})
	if b := w.agent("bea"); b != acd.NotReady {
		w.fail("bea is " + b.String())
	}
}

// Nobody answers the colleague's phone: hers rings back as a callback, and then
// the operator's; the caller hears music or ringing all the time.
func TestBlindTransferComesBack(t *testing.T) {
	w := story(t, only, ableTelephones, func(s *Settings) { s.Operator = "202"; s.Phones[0].Caps.OnHookAudio = false })
	leg := w.trunkCall("F1")
	w.flash("F1")
	w.keyed("F1", "201")
	w.wait(time.Second)
	w.did = nil
	w.post(OnPort{"F1", port.OnHook{}})
	w.offHook["F1"] = false
	w.must("tone ringback to leg 1")
	w.wait(25 * time.Second)
	w.must(`F1 ring "600" "Juan"`)
	if c := w.cadence("F1"); c != line.Bells([]int{1500, 3000})[line.BellCallback] {
		w.fail("her phone does not ring as a callback")
	}
	w.wait(call.RecallTime)
	w.must("F1 stop ring")
	w.must("ring 202")
	w.sip[w.dialled("202")].answered = true
	w.post(OnAnswered{w.dialled("202")})
	w.post(OnGone{Leg: leg, Cause: tel.CauseNormal, Evidence: "BYE"})
	if f := w.fact(call.Ended); f.Cause != tel.CauseNormal || f.By != tel.ByCaller {
		w.fail("ended: " + string(f.Cause))
	}
}

// To a queue, and from there to another agent.
func TestTransferToAQueue(t *testing.T) {
	w := story(t, func(s *Settings) { s.Agents = s.Agents[:2]; s.Agents[1].Queues = []tel.QueueID{"ventas"} })
	w.trunkCall("F1")
	w.flash("F1")
	w.keyed("F1", "301")
	w.must("tone ringback")
	w.did = nil
	w.post(OnPort{"F1", port.OnHook{}})
	w.must(`F2 ring "600" "Juan"`)
	w.post(OnPort{"F2", port.OffHook{}})
	if f := w.fact(call.Connected); f.Agent != "bea" || f.Queue != "ventas" {
		w.fail("connected with " + string(f.Agent))
	}
	if a, b := w.agent("ana"), w.agent("bea"); a != acd.ACW || b != acd.Talking {
		w.fail("ana is " + a.String() + ", bea " + b.String())
	}
}

// The caller hangs up while she asks a colleague: his record ends there, and what
// the two of them have is a call of their own.
func TestConsultOutlivesTheCaller(t *testing.T) {
	w := story(t, only)
	leg := w.trunkCall("F1")
	w.flash("F1")
	w.keyed("F1", "102")
	w.post(OnPort{"F2", port.OffHook{}})
	w.did = nil
	w.post(OnGone{Leg: leg, Cause: tel.CauseNormal, Evidence: "BYE"})
	w.must("tone confirm")
	if f := w.fact(call.Ended); f.Call != "1-1" || f.By != tel.ByCaller {
		w.fail("ended: " + string(f.Call))
	}
	if f := w.fact(call.Connected); f.Call != "1-2" || f.Ext != "102" {
		w.fail("connected: " + string(f.Call))
	}
	if s := w.state("F1"); s != line.Talking {
		w.fail("F1 is " + s.String())
	}
	if s := w.agent("ana"); s != acd.ACW {
		w.fail("ana is " + s.String())
	}
	w.post(OnPort{"F2", port.OnHook{}})
	if f := w.fact(call.Ended); f.Call != "1-2" || f.By != tel.ByCalled || len(w.e.calls) != 0 {
		w.fail("ended: " + string(f.Call))
	}
}

// Help goes out beside a party on hold, who is not lost.
func TestEmergencyBesideAPartyOnHold(t *testing.T) {
	w := story(t, only, func(s *Settings) { s.Operator = "202" })
	w.trunkCall("F1")
	w.flash("F1")
	w.did = nil
	w.keyed("F1", "112")
	w.must("L2 seize")
	w.must("ring 202") // the operator: her own phone is taken
	if f := w.fact(call.Recalled); f.Ext != "101" {
		w.fail("recalled at " + string(f.Ext))
	}
	var help *callState
	for _, c := range w.e.live {
		if c.m.Start().Emergency {
			help = c
		}
	}
	if help == nil || w.e.legs[w.e.ports["F1"].audio].call != help.id || w.state("F1") != line.Calling {
		w.fail("the telephone has no emergency call: " + w.state("F1").String())
	}
}

// Two outside parties are not left alone on our lines unless the office says so;
// the limits hold for a second party too; what the plan does not know is refused
// and booked, and the caller comes back.
func TestSecondPartyOutside(t *testing.T) {
	one := limited(numbering.Limit{Name: "nacional", Classes: []numbering.Class{numbering.National}, Calls: 1})
	w := story(t, only, one)
	w.trunkCall("F1")
	w.flash("F1")
	w.keyed("F1", "0910000001")
	w.wait(15 * time.Second)
	w.must("L2 seize")
	w.post(OnPort{"L2", port.Polarity{Reversed: true}})
	if s := w.state("F1"); s != line.Second {
		w.fail("F1 is " + s.String())
	}
	w.did = nil
	w.post(OnPort{"F1", port.OnHook{}})
	w.must("L2 release")
	if f := w.fact(call.ConsultOff); f.Cause != tel.CauseForbidden || !strings.Contains(f.Evidence, "two outside parties") {
		w.fail("booked: " + f.Evidence)
	}
	w.wait(time.Second)
	w.must(`F1 ring "600" "Juan"`)
	w.post(OnPort{"F1", port.OffHook{}})
	w.flash("F1")
	w.did = nil
	w.keyed("F1", "0910000001")
	w.wait(5 * time.Second)
	w.never("L2 seize")
	w.must("tone congestion")
	if f := w.fact(call.ConsultOff); f.Evidence != "limit nacional: the one call a day is used up" || f.To != "0910000001" {
		w.fail("booked: " + f.Evidence)
	}
	w.wait(6 * time.Second) // back by itself
	if s := w.state("F1"); s != line.Talking || w.e.live[0].m.Held() {
		w.fail("F1 is " + s.String())
	}
	for _, c := range [][2]string{{"0807000000", "premium"}, {"*12", "a service"}} {
		number, why := c[0], c[1]
		w.flash("F1")
		w.keyed("F1", number)
		if f := w.fact(call.ConsultOff); !strings.Contains(f.Evidence, why) || f.Cause == "" {
			w.fail("booked of " + number + ": " + f.Evidence)
		}
		w.flash("F1")
	}
}

// With the office's leave the two go on, and the limit of the outside call ends
// it for both.
func TestOutsidePartiesJoinedByLeave(t *testing.T) {
	w := story(t, only, limited(numbering.Limit{Name: "corta", PerCall: 2 * time.Minute}), func(s *Settings) { s.JoinOutside = true })
	w.trunkCall("F1")
	w.flash("F1")
	w.keyed("F1", "0910000001")
	w.wait(15 * time.Second)
	w.post(OnPort{"L2", port.Polarity{Reversed: true}})
	w.post(OnPort{"F1", port.OnHook{}})
	w.never("L2 release")
	if f := w.fact(call.Connected); f.To != "910000001" || f.Port != "L2" {
		w.fail("connected: " + string(f.To))
	}
	w.wait(2 * time.Minute)
	if f := w.fact(call.Ended); f.Cause != tel.CauseLimit || len(w.e.calls) != 0 {
		w.fail("ended: " + string(f.Cause))
	}
	w.must("L2 release")
}

// The bell and the display say who calls; a telephone sends caller id by sound
// when its port cannot, with the date of the office.
func TestBellAndDisplaySayWhoCalls(t *testing.T) {
	w := story(t, only, ableTelephones, func(s *Settings) { s.Location = time.FixedZone("office", 3600) })
	bells := line.Bells([]int{1500, 3000})
	w.fromPhone("201", "101")
	w.wait(line.ReverseRest)
	w.must("F1 reverse true")
	w.must("send id to F1: send id 201 \"Cid\"  11-23 " + w.now.Add(time.Hour).Format("15:04"))
	w.post(OnSentID{"F1", w.e.ports["F1"].sending})
	w.wait(line.IDRest)
	w.must(`F1 ring "201" "Cid"`)
	if w.cadence("F1") != bells[line.BellInside] {
		w.fail("a colleague rings as somebody else")
	}
	w.post(OnPort{"F1", port.OffHook{}})
	w.must("F1 reverse false")
	w.post(OnPort{"F1", port.OnHook{}})
	w.wait(5 * time.Second)
	w.did = nil
	w.ringing["L1"] = true
	w.post(OnPort{"L1", port.RingOn{}}, OnPort{"L1", port.CallerID{Absence: "P"}})
	w.wait(time.Second)
	w.post(OnDigit{Leg: w.e.ports["L1"].audio, Digit: '0'})
	w.wait(4 * time.Second)
	w.must("send id to F1: send id  \"\" P ")
	w.post(OnSentID{"F1", 99}) // somebody else's
	w.never("F1 ring")
	w.post(OnSentID{"F1", w.e.ports["F1"].sending})
	w.wait(line.IDRest)
	if w.cadence("F1") != bells[line.BellOutside] {
		w.fail("a caller from outside rings as somebody else")
	}
}

// cadence is how a telephone was rung last.
func (w *world) cadence(id tel.PortID) port.Cadence { return w.bells[id] }

// Messages are told, kept in picture and book, and refused where they make no sense.
func TestMessagesAreBooked(t *testing.T) {
	w := story(t, ableTelephones, func(s *Settings) { s.Phones[1].Messages = 3 })
	order := func(c Change) (err error) {
		w.post(Order{What: c, Done: func(e error) { err = e }})
		return err
	}
	if err := order(MessageWaiting{"101", 2}); err != nil {
		t.Fatal(err)
	}
	w.must("F1 neon true")
	w.wait(line.MessagesRest)
	w.must("send id to F1: send id: 2 messages")
	w.fromPhone("201", "101") // a caller goes first
	w.must("stop id to F1")
	w.must("send id to F1: send id 201")
	w.post(OnGone{Leg: 1, Cause: tel.CauseCancelled})
	if f := w.fact(call.MessagesAt); f.Ext != "101" || f.Millis != 2 {
		w.fail("booked for " + string(f.Ext))
	}
	if err := order(MessageWaiting{"201", 1}); err != nil {
		t.Fatal(err)
	}
	w.wait(time.Second)
	if p := w.store.Get().Phones; p[0].Messages != 2 || p[1].Messages != 3 || p[2].Messages != 1 {
		t.Errorf("the picture has %d, %d, %d", p[0].Messages, p[1].Messages, p[2].Messages)
	}
	n := len(w.facts)
	for _, c := range []MessageWaiting{{"999", 1}, {"101", -1}, {"101", 256}} {
		if err := order(c); err == nil {
			t.Errorf("%+v is taken", c)
		}
	}
	if err := order(MessageWaiting{"101", 2}); err != nil || len(w.facts) != n {
		t.Errorf("what is known already was booked again: %v", err)
	}
	w.did = nil
	w.dials("F2", "")
	w.must("tone stutter dial")
}

// A telephone left off hook is seen, and is no alarm.
func TestForgottenTelephoneIsSeen(t *testing.T) {
	w := story(t)
	w.dials("F1", "")
	w.wait(3 * time.Hour)
	s := w.store.Get()
	if p := s.Phones[0]; p.Detail != "off hook, parked" || w.now.Sub(p.Since) < 2*time.Hour || len(s.Alarms) != 0 {
		t.Errorf("the picture has %+v, alarms %v", p, s.Alarms)
	}
	w.post(OnPort{"F1", port.OnHook{}})
	w.wait(time.Second)
	if p := w.store.Get().Phones[0]; p.Detail != "" {
		t.Errorf("on hook it is %q", p.Detail)
	}
}
