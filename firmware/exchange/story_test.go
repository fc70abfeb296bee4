package exchange

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/acd"
	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/ivr/flow"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
	"github.com/centralita/centralita/hal/port"
)

// A story is a world in which only that happens which the test does.
func story(t *testing.T, change ...func(*Settings)) *world {
	w := newWorld(t, 1, change...)
	w.scripted = true
	for _, s := range []tel.Number{"201", "202"} {
		w.up[s] = true
		w.post(OnPhone{Ext: s, Up: true})
	}
	w.did, w.facts = nil, nil
	return w
}

// post tells the loop something and lets it settle.
func (w *world) post(evs ...Event) {
	w.e.Post(evs...)
	w.wait(200 * time.Millisecond)
}

func (w *world) wait(d time.Duration) {
	w.e.turn(w.now)
	w.run(w.now.Add(d))
}

// dials lifts a telephone and presses keys.
func (w *world) dials(id tel.PortID, number string) {
	w.offHook[id] = true
	w.post(OnPort{id, port.OffHook{}})
	for _, k := range number {
		w.post(OnDigit{Leg: w.e.ports[id].audio, Digit: tel.Digit(k)})
	}
}

// fromPhone lets a SIP phone call a number.
func (w *world) fromPhone(ext, to tel.Number) tel.LegID {
	w.legs++
	leg := w.legs
	w.sip[leg] = &sipLeg{ext: ext}
	w.post(OnIncoming{Leg: leg, Phone: ext, To: to})
	return leg
}

// dialled returns the SIP leg that rings ext.
func (w *world) dialled(ext tel.Number) tel.LegID {
	for id, l := range w.sip {
		if l.ext == ext && !w.e.legs[id].caller {
			return id
		}
	}
	return 0
}

// has reports whether the loop did something that begins so.
func (w *world) has(prefix string) bool {
	return slices.ContainsFunc(w.did, func(s string) bool { return strings.HasPrefix(s, prefix) })
}

func (w *world) must(prefix string) {
	w.t.Helper()
	if !w.has(prefix) {
		w.fail("the loop did not " + prefix + ":\n" + strings.Join(w.did, "\n"))
	}
}

func (w *world) never(prefix string) {
	w.t.Helper()
	if w.has(prefix) {
		w.fail("the loop did " + prefix + ":\n" + strings.Join(w.did, "\n"))
	}
}

// fact returns the last fact of a kind.
func (w *world) fact(k call.Kind) call.Fact {
	w.t.Helper()
	for _, f := range slices.Backward(w.facts) {
		if f.Kind == k {
			return f
		}
	}
	w.fail("the book has no " + string(k))
	return call.Fact{}
}

func (w *world) agent(id tel.AgentID) acd.State {
	a, _ := w.e.acd.Agent(id)
	return a.State
}

// A phone that rings for 30 s sends nothing, and that is no loss.
func TestSilenceOfALegThatIsNotUpIsNoLoss(t *testing.T) {
	w := story(t)
	caller := w.fromPhone("201", "202")
	called := w.dialled("202")
	w.post(OnSilent{called}, OnSilent{caller})
	w.never("hang up")
	w.post(OnAnswered{called})
	w.post(OnSilent{called})
	w.must("hang up leg")
	if f := w.fact(call.Ended); f.Cause != tel.CauseLost {
		w.fail("ended by " + string(f.Cause))
	}
}

// A line that we seize to dial on listens for dial tone; one that rings us does not.
func TestOnlyALineThatDialsAwaitsDialTone(t *testing.T) {
	w := story(t)
	w.fromPhone("201", "0910000001")
	w.must("audio of L2 is leg 2, to dial true")
	w.post(OnPort{"L1", port.RingOn{}})
	w.post(OnPort{"L1", port.CallerID{Number: "600123456"}})
	if !slices.ContainsFunc(w.did, func(s string) bool {
		return strings.HasPrefix(s, "audio of L1") && strings.HasSuffix(s, "dial false")
	}) {
		w.fail(strings.Join(w.did, "\n"))
	}
}

// When the house takes no more calls, an emergency call from a SIP phone goes
// out all the same, and the others are told and booked.
func TestEmergencyPassesAFullHouse(t *testing.T) {
	w := story(t, func(s *Settings) { s.Calls = 1 })
	w.fromPhone("201", "101")
	w.fromPhone("202", "101")
	w.must("reject leg 3: congestion")
	if f := w.fact(call.Ended); f.Cause != tel.CauseCongestion {
		w.fail("the refused attempt is booked with " + string(f.Cause))
	}
	w.did = nil
	w.fromPhone("202", "112")
	w.must("L2 seize")
}

// A caller whom a full house cannot take is in the book.
func TestFullHouseBooksWhomItDoesNotTake(t *testing.T) {
	w := story(t, func(s *Settings) { s.Calls = 1 })
	w.fromPhone("201", "101")
	w.facts = nil
	w.post(OnPort{"L1", port.RingOn{}})
	w.post(OnPort{"L1", port.CallerID{Number: "600123456"}})
	w.never("L1 seize")
	if f := w.fact(call.Began); f.From != "600123456" || f.Port != "L1" {
		w.fail("booked: " + string(f.From))
	}
	if f := w.fact(call.Ended); f.Cause != tel.CauseCongestion || f.By != tel.BySystem {
		w.fail("ended by " + string(f.By) + ": " + string(f.Cause))
	}
	w.facts = nil
	w.legs++
	w.sip[w.legs] = &sipLeg{trunk: "siptel"}
	w.post(OnIncoming{Leg: w.legs, Trunk: "siptel", From: "600", To: "912"})
	w.must("reject leg")
	if f := w.fact(call.Ended); f.Cause != tel.CauseCongestion {
		w.fail("ended by " + string(f.Cause))
	}
}

// Both parties may hold; each takes back his own hold only.
func TestHookFlashHoldsWhileTheOtherHolds(t *testing.T) {
	w := story(t)
	w.dials("F1", "201")
	sip := w.dialled("201")
	w.post(OnAnswered{sip})
	wired := w.e.ports["F1"].audio
	w.post(OnHeld{sip, true})
	w.did = nil
	w.post(OnPort{"F1", port.HookFlash{}})
	w.must("say es [] to leg 2, then music") // the SIP phone hears music
	w.did = nil
	w.post(OnHeld{sip, false})
	w.must("quiet leg 1")
	w.never("quiet leg 2")
	w.post(OnPort{"F1", port.HookFlash{}})
	w.must("quiet leg 2")
	if wired != 1 || sip != 2 {
		t.Fatalf("legs %d and %d", wired, sip)
	}
}

// Whoever rings an analog telephone hears that it rings.
func TestCallerHearsAnAnalogTelephoneRing(t *testing.T) {
	w := story(t)
	sip := w.fromPhone("201", "102")
	w.must("F2 ring")
	w.must("180 to leg 1")
	w.post(OnGone{Leg: sip, Cause: tel.CauseCancelled})
	w.must("F2 stop ring")
	w.did = nil
	w.dials("F1", "102")
	w.must("F2 ring")
	w.must("tone ringback")
}

// A telephone that a colleague rings is not offered a caller of the queue.
func TestRingingTelephoneIsNotOffered(t *testing.T) {
	w := story(t, func(s *Settings) { s.Agents = s.Agents[1:2] }) // bea at 102
	w.fromPhone("201", "102")
	w.must("F2 ring")
	if s := w.agent("bea"); s != acd.Engaged {
		w.fail("bea is " + s.String())
	}
	w.fromPhone("202", "301")
	w.wait(5 * time.Second)
	for _, f := range w.facts {
		if f.Kind == call.Offered {
			w.fail("offered to " + string(f.Agent))
		}
	}
}

// A port whose audio cannot be had is let go, and its call ends.
func TestPortWithoutAudioIsLetGo(t *testing.T) {
	w := story(t)
	w.noAudio = errors.New("no audio")
	w.e.sh.Warn = func(string, error) {}
	w.post(OnPort{"L1", port.RingOn{}})
	w.post(OnPort{"L1", port.CallerID{Number: "600123456"}})
	w.must("L1 release")
	w.post(OnPlayed{Leg: 1, ID: 1})
	w.dials("F1", "")
	w.post(OnPlayed{Leg: 2, ID: 1})
	w.post(OnPort{"F1", port.OnHook{}})
	w.wait(time.Minute)
	if len(w.e.calls) != 0 || len(w.e.legs) != 0 {
		w.fail("something was left over")
	}
	if f := w.fact(call.Ended); f.Cause != tel.CauseError {
		w.fail("ended by " + string(f.Cause))
	}
}

// An order is answered when the picture shows what became of it.
func TestOrderIsAnsweredWhenThePictureShowsIt(t *testing.T) {
	w := story(t)
	told := false
	w.e.Post(OnNews{})
	w.e.turn(w.now) // a picture of just now
	w.e.Post(Order{What: Pause{"bea", "descanso"}, Done: func(err error) {
		told = true
		if s := w.store.Get(); err != nil || s.Agents[1].State != acd.NotReady.String() {
			w.fail("the picture has bea " + s.Agents[1].State)
		}
	}})
	w.e.turn(w.now)
	if !told {
		t.Fatal("the order was not answered")
	}
}

// What a queue says is in the language that the caller chose.
func TestQueueSpeaksTheCallersLanguage(t *testing.T) {
	w := story(t, func(s *Settings) { s.Agents = nil })
	leg := w.fromPhone("201", "301")
	w.wait(time.Second)
	w.e.calls[w.e.legs[leg].call].lang = tel.English
	w.did = nil
	w.wait(31 * time.Second)
	w.must("say en [")
}

// A move of the night switch is in the book: the next start reads it there.
func TestNightSwitchIsBooked(t *testing.T) {
	w := story(t, func(s *Settings) { s.Schedules = []flow.Schedule{{ID: "oficina"}} })
	for o, state := range map[flow.Override]string{flow.ForcedClosed: "closed", flow.ForcedOpen: "open", flow.Auto: "auto"} {
		w.post(Order{What: Night{"oficina", o}, Done: func(error) {}})
		if f := w.fact(call.ScheduleSet); f.Node != "oficina" || f.State != state || w.e.nights[0].Override != o {
			w.fail("booked: " + f.Node + " " + f.State)
		}
	}
}

// A line that rings and that nobody takes is no way out; the emergency call
// takes the next one, and again the first when it is cleared.
func TestEmergencyPassesALineThatRingsUntaken(t *testing.T) {
	w := story(t, func(s *Settings) { s.Calls = 1 })
	w.fromPhone("201", "101")
	w.post(OnPort{"L2", port.RingOn{}})
	w.post(OnPort{"L2", port.CallerID{Number: "600123456"}})
	w.fromPhone("202", "112")
	w.never("L2 seize")
	w.must("L1 seize")
	w.did = nil
	w.post(OnPort{"L1", port.RingOn{}}) // glare: the house is full, so the line is free for the emergency soon
	w.wait(2 * time.Second)
	w.must("L1 seize")
	w.post(OnTone{Leg: w.e.ports["L1"].audio, Tone: tel.ToneDial, Sure: 0.9, Evidence: "dial tone 425 Hz"})
	w.must("send 112 to leg")
}

// After a start phones have some minutes to register before anybody is told
// that they are lost; one that goes later is told at once.
func TestPhonesHaveTimeToComeBack(t *testing.T) {
	w := newWorld(t, 1)
	w.calm = true
	lamp := func(i int) view.Lamp { return w.store.Get().Agents[i].Lamp }
	w.run(w.now.Add(time.Minute))
	if lamp(2) != view.Unknown || lamp(3) != view.Unknown {
		t.Errorf("a minute after the start the lamps are %s and %s", lamp(2), lamp(3))
	}
	w.after(time.Second, func() { w.e.Post(OnPhone{Ext: "202", Up: true}) })
	w.after(2*time.Second, func() { w.e.Post(OnPhone{Ext: "202", Up: false, Why: "expired"}) })
	w.run(w.now.Add(3 * time.Second))
	if lamp(3) != view.Dead {
		t.Errorf("a phone that came and went has the lamp %s", lamp(3))
	}
	w.run(w.now.Add(Settle))
	if lamp(2) != view.Dead {
		t.Errorf("a phone that never came has the lamp %s", lamp(2))
	}
}

// An order that cannot be carried out says why in both languages; an agent who
// went home is seated at the phone of the configuration again.
func TestOrdersAreRefusedInBothLanguages(t *testing.T) {
	w := newWorld(t, 1)
	w.calm = true
	order := func(c Change) (err error) {
		w.after(time.Millisecond, func() { w.e.Post(Order{What: c, Done: func(e error) { err = e }}) })
		w.run(w.now.Add(time.Second))
		return err
	}
	for _, c := range []Change{Login{Agent: "nobody"}, Login{Agent: "ana", Ext: "999"}, Logout{"nobody"}, Pause{"ana", "none"}, Night{"none", flow.ForcedOpen}} {
		r, ok := errors.AsType[*Refusal](order(c))
		if !ok || r.In(tel.Spanish) == r.In(tel.English) || r.In(tel.Spanish) == "" {
			t.Errorf("%+v: %+v", c, r)
		}
	}
	if err := order(Logout{"ana"}); err != nil {
		t.Error(err)
	}
	w.e.set.Agents[0].Ext = "" // as after a restart
	if err := order(Login{Agent: "ana"}); err != nil {
		t.Errorf("ana cannot come back: %v", err)
	}
	if a, _ := w.e.acd.Agent("ana"); a.Ext != "101" {
		t.Errorf("ana sits at %q", a.Ext)
	}
}
