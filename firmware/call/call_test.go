package call

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/tel"
)

var t0 = time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)

type step struct {
	at   time.Duration
	ev   Event
	want string // effects joined; facts as "book KIND ..."
}

func walk(t *testing.T, s Start, steps []step) {
	t.Helper()
	walkWith(t, s, "", steps)
}

func walkWith(t *testing.T, s Start, operator tel.Number, steps []step) {
	t.Helper()
	m := New(s, Limits{Longest: time.Hour, RingTime: 25 * time.Second, Operator: operator})
	for i, st := range steps {
		now := t0.Add(st.at)
		var got []string
		for _, e := range m.Step(now, st.ev, nil) {
			got = append(got, e.String())
		}
		if g := strings.Join(got, " | "); g != st.want {
			t.Fatalf("step %d, %s:\n got %s\nwant %s", i, st.ev, g, st.want)
		}
	}
}

const sec = time.Second

func TestScenarios(t *testing.T) {
	inbound := Start{ID: "1-1", Direction: tel.Inbound, From: "600", To: "910", Port: "L1", Leg: 1, Aim: AimFlow}
	toQueue := []step{
		{0, Begin{}, "book call.began L1 910 | answer 1"},
		{0, LegUp{1, "loop closed"}, "book call.answered (loop closed) | start flow"},
		{sec, FlowNode{"menu"}, "book flow.node menu"},
		{2 * sec, ToQueue{"ventas"}, "book queue.joined ventas | music 1 | enqueue ventas"},
	}
	phone := Start{ID: "1-2", Direction: tel.Internal, From: "101", To: "102", Ext: "101", Leg: 1, Aim: AimExtension, Target: "102"}
	out := Start{ID: "1-3", Direction: tel.Outbound, From: "101", To: "0910", Ext: "101", Leg: 1, Aim: AimOutside, Target: "910", Via: []string{"L4", "L3"}}
	service := Start{ID: "1-4", Direction: tel.Internal, Ext: "101", Leg: 1, Aim: AimService}
	emergency := out
	emergency.Emergency = true
	for name, c := range map[string]struct {
		start Start
		steps []step
	}{
		"queue, refusal, second agent answers, agent hangs up": {inbound, append(toQueue[:4:4], []step{
			{3 * sec, Offer{1, "ana", "201", 2, "longest idle"}, "book offer.made ventas ana 201 | ring 201 as 2 offer 1"},
			{3 * sec, LegRinging{2}, ""},
			{4 * sec, LegDown{2, tel.CauseRefused, "603", 9}, "book offer.ended ventas ana refused (603) | offer 1 declined: refused"},
			{4 * sec, Offer{2, "bruno", "202", 3, "next"}, "book offer.made ventas bruno 202 | ring 202 as 3 offer 2"},
			{6 * sec, LegUp{3, "200"}, "offer 2 accepted | book queue.left ventas answered | stop flow | quiet 1 | join 1 3 | offer 2 bridged | book call.connected ventas bruno 202 (200)"},
			{7 * sec, LegHeld{3, true}, "music 1 | book hold.on bruno agent"},
			{8 * sec, LegHeld{3, true}, ""},
			{9 * sec, LegHeld{3, false}, "quiet 1 | book hold.off bruno agent"},
			{60 * sec, LegDown{3, tel.CauseNormal, "BYE", 9}, "offer 2 released | drop 1: normal | book call.ended agent normal (BYE) | over"},
			{61 * sec, LegDown{1, tel.CauseNormal, "", 9}, ""},
		}...)},
		"abandoned while an agent's phone rings": {inbound, append(toQueue[:4:4], []step{
			{3 * sec, Offer{1, "ana", "201", 2, "w"}, "book offer.made ventas ana 201 | ring 201 as 2 offer 1"},
			{4 * sec, LegDown{1, tel.CauseBattery, "loop dropped", 9}, "book offer.ended ventas ana abandoned | book queue.left ventas abandoned | dequeue: abandoned | stop flow | drop 2: abandoned | book call.ended caller abandoned (loop dropped) | over"},
			{4 * sec, Cancel{1, tel.CauseAbandoned}, ""},
		}...)},
		"offer taken back keeps the caller": {inbound, append(toQueue[:4:4], []step{
			{3 * sec, Offer{1, "ana", "201", 2, "w"}, "book offer.made ventas ana 201 | ring 201 as 2 offer 1"},
			{23 * sec, Cancel{1, tel.CauseNoAnswer}, "book offer.ended ventas ana no answer | drop 2: cancelled"},
			{24 * sec, LegUp{2, "too late"}, ""},
			{25 * sec, Offer{2, "bruno", "202", 3, "w"}, "book offer.made ventas bruno 202 | ring 202 as 3 offer 2"},
		}...)},
		"queue's limit: the flow goes on, then an extension answers": {inbound, append(toQueue[:4:4], []step{
			{600 * sec, QueueExit{tel.CauseTimeout}, "book queue.left ventas timeout | quiet 1 | return to flow: timeout"},
			{601 * sec, ToExtension{"101", 5}, "book leg.dialled 101 | alert 1 | ring 101 as 5 offer 0"},
			{626 * sec, TimedOut{}, "drop 5: cancelled | quiet 1 | return to flow: no answer"},
			{627 * sec, ToExtension{"101", 6}, "book leg.dialled 101 | alert 1 | ring 101 as 6 offer 0"},
			{628 * sec, LegUp{6, "picked up"}, "stop flow | quiet 1 | join 1 6 | book call.connected 101 (picked up)"},
			{3600 * sec, TimedOut{}, "drop 6: timeout | drop 1: timeout | book call.ended system timeout (the longest a call may last is 1h0m0s) | over"},
		}...)},
		"the flow hangs up": {inbound, append(toQueue[:3:3], []step{
			{9 * sec, FlowEnd{tel.CauseClosed}, "stop flow | drop 1: closed | book call.ended system closed (the flow ended at menu) | over"},
		}...)},
		"phone to phone": {phone, []step{
			{0, Begin{2}, "book call.began 101 102 | book leg.dialled 102 | ring 102 as 2 offer 0"},
			{sec, LegRinging{2}, "alert 1"},
			{2 * sec, LegUp{2, "200"}, "answer 1 | book call.answered (the called party answered) | quiet 1 | join 1 2 | book call.connected 102 (200)"},
			{2 * sec, LegUp{1, ""}, ""},
			{9 * sec, LegDown{1, tel.CauseNormal, "on hook", 9}, "drop 2: normal | book call.ended caller normal (on hook) | over"},
		}},
		"phone to a busy phone": {phone, []step{
			{0, Begin{2}, "book call.began 101 102 | book leg.dialled 102 | ring 102 as 2 offer 0"},
			{0, LegDown{2, tel.CauseBusy, "486", 9}, "drop 1: busy | book call.ended called busy (486) | over"},
		}},
		"outside: first line glares, second works": {out, []step{
			{0, Begin{2}, "book call.began 101 0910 | book leg.dialled L4 910 | seize L4 as 2 for 910 force false"},
			{sec, LegDown{2, tel.CauseCongestion, "glare", 3}, "book leg.dialled L3 910 | seize L3 as 3 for 910 force false"},
			{3 * sec, LegUp{3, "outpulsed"}, "answer 1 | book call.answered (the called party answered) | quiet 1 | join 1 3 | book call.connected L3 910 (outpulsed)"},
			{4 * sec, LegDown{3, tel.CauseTone, "busy tone", 9}, "drop 1: normal | book call.ended called normal (busy tone) | over"},
		}},
		"outside: everything taken": {out, []step{
			{0, Begin{2}, "book call.began 101 0910 | book leg.dialled L4 910 | seize L4 as 2 for 910 force false"},
			{0, LegDown{2, tel.CauseCongestion, "busy", 3}, "book leg.dialled L3 910 | seize L3 as 3 for 910 force false"},
			{0, LegDown{3, tel.CauseUnreachable, "dead", 4}, "drop 1: congestion | book call.ended system congestion (dead) | over"},
		}},
		"emergency: everything taken, one line must yield": {emergency, []step{
			{0, Begin{2}, "book call.began 101 0910 | book leg.dialled L4 910 | seize L4 as 2 for 910 force false"},
			{0, LegDown{2, tel.CauseCongestion, "busy", 3}, "book leg.dialled L3 910 | seize L3 as 3 for 910 force false"},
			{0, LegDown{3, tel.CauseUnreachable, "dead", 4}, "book leg.dialled L4 910 | seize L4 as 4 for 910 force true"},
			{0, LegDown{4, tel.CauseUnreachable, "dead", 5}, "book leg.dialled L3 910 | seize L3 as 5 for 910 force true"},
			{0, LegDown{5, tel.CauseUnreachable, "dead", 6}, "drop 1: congestion | book call.ended system congestion (dead) | over"},
		}},
		"emergency: a trunk that refuses the number is no end": {emergency, []step{
			{0, Begin{2}, "book call.began 101 0910 | book leg.dialled L4 910 | seize L4 as 2 for 910 force false"},
			{0, LegDown{2, tel.CauseInvalid, "404", 3}, "book leg.dialled L3 910 | seize L3 as 3 for 910 force false"},
			{60 * sec, TimedOut{}, "drop 3: cancelled | drop 1: no answer | book call.ended system no answer (nobody answered in 60 s) | over"},
		}},
		"we had no room for the caller's audio": {phone, []step{
			{0, Begin{2}, "book call.began 101 102 | book leg.dialled 102 | ring 102 as 2 offer 0"},
			{0, LegDown{1, tel.CauseCongestion, "503 sent", 9}, "drop 2: congestion | book call.ended system congestion (503 sent) | over"},
		}},
		"a service is not booked": {service, []step{
			{0, Begin{}, "answer 1"},
			{0, LegUp{1, ""}, "serve"},
			{3 * sec, Kill{tel.BySystem, tel.CauseNormal, ""}, "drop 1: normal | over"},
		}},
	} {
		t.Run(name, func(t *testing.T) { walk(t, c.start, c.steps) })
	}
}

// Nobody but the caller gives up an emergency call whose number is out, however
// long it rings there; one that gets nowhere ends.
func TestEmergencyMayRingForLong(t *testing.T) {
	start := Start{ID: "1-1", Leg: 1, Aim: AimOutside, Target: "112", Via: []string{"L1"}, Emergency: true}
	m := New(start, Limits{Longest: time.Hour, RingTime: 25 * sec})
	m.Step(t0, Begin{2}, nil)
	if _, ok := m.Deadline(); !ok {
		t.Error("an emergency that gets nowhere is waited for without end")
	}
	m.Step(t0.Add(3*sec), LegProceeding{2, "number outpulsed"}, nil)
	if at, ok := m.Deadline(); ok {
		t.Errorf("it is given up after %s", at.Sub(t0))
	}
	if out := m.Step(t0.Add(20*time.Minute), TimedOut{}, nil); len(out) > 0 {
		t.Errorf("after twenty minutes of ringing: %v", out)
	}
	if out := m.Step(t0.Add(21*time.Minute), LegUp{2, "a voice after ringback"}, nil); len(out) == 0 {
		t.Error("its answer is not taken")
	}
}

// An emergency call is never cut for its length; unanswered it still ends.
func TestEmergencyCallIsNotCut(t *testing.T) {
	m := New(Start{ID: "1-1", Leg: 1, Aim: AimOutside, Target: "112", Via: []string{"L1"}, Emergency: true}, Limits{Longest: time.Hour, RingTime: 25 * sec})
	m.Step(t0, Begin{2}, nil)
	m.Step(t0.Add(3*sec), LegUp{2, "outpulsed"}, nil)
	if at, ok := m.Deadline(); ok {
		t.Errorf("it waits for %s", at.Sub(t0))
	}
	if out := m.Step(t0.Add(2*time.Hour), TimedOut{}, nil); len(out) > 0 {
		t.Errorf("after two hours: %v", out)
	}
}

// Whatever happens in whatever order: one beginning, one ending, every leg that
// was rung or seized is dropped or went by itself, every offer is closed.
func TestRandomLives(t *testing.T) {
	seen := map[Kind]int{}
	for seed := range uint64(15000) {
		life(t, seed, seen)
	}
	for _, k := range []Kind{ConsultOn, ConsultUp, ConsultOff, ConferOn, ConferOff, Transferred, TransferFailed, Recalled, HoldOff, QueueLeft} {
		if seen[k] < 3 {
			t.Errorf("%s came %d times", k, seen[k])
		}
	}
}

func life(t *testing.T, seed uint64, seen map[Kind]int) {
	r := rand.New(rand.NewPCG(seed, 7))
	s := Start{ID: "1-1", Leg: 1, Aim: Aim(r.IntN(4)), Target: "102", Queue: "ventas", Via: []string{"L1", "L2"}, Emergency: r.IntN(4) == 0}
	m := New(s, Limits{Longest: 10 * time.Minute, RingTime: 20 * sec, Operator: "100"})
	var log []string
	fail := func(why string) { t.Helper(); t.Fatalf("seed %d: %s\n%s", seed, why, strings.Join(log, "\n")) }
	now, next := t0, tel.LegID(1)
	spare := func() tel.LegID { next++; return next }
	count, alive, offers := map[Kind]int{}, map[tel.LegID]bool{1: true}, map[tel.OfferID]bool{}
	offer := tel.OfferID(0)
	apply := func(ev Event) {
		out := m.Step(now, ev, nil)
		log = append(log, fmt.Sprintf("%s %s -> %v", now.Sub(t0), ev, out))
		for _, e := range out {
			switch e := e.(type) {
			case Book:
				count[e.Fact.Kind]++
				seen[e.Fact.Kind]++
			case Ring:
				alive[e.Leg] = true
			case Seize:
				alive[e.Leg] = true
			case Drop:
				if !alive[e.Leg] {
					fail("dropped a leg that is not there")
				}
				delete(alive, e.Leg)
			case Spin: // they go on elsewhere
				if !alive[e.By] || !alive[e.Second.Leg] {
					fail("spun off a leg that is not there")
				}
				delete(alive, e.By)
				delete(alive, e.Second.Leg)
			case Join:
				if !alive[e.A] || !alive[e.B] {
					fail("joined a leg that is not there")
				}
			case OfferDeclined:
				delete(offers, e.Offer)
			case OfferReleased:
				delete(offers, e.Offer)
			case Dequeue:
				clear(offers) // the queue takes back what it offered
			}
		}
	}
	apply(Begin{spare()})
	for range 90 {
		if s, _ := m.State(); s == Finished {
			break
		}
		step := time.Duration(r.IntN(9000)) * time.Millisecond
		if due, ok := m.Deadline(); ok && due.Before(now.Add(step)) {
			now = due
			apply(TimedOut{})
			continue
		}
		now = now.Add(step)
		a, b := m.Legs()
		_, second := m.Consulting()
		leg := []tel.LegID{a, b, 99, second}[r.IntN(4)]
		causes := []tel.Cause{tel.CauseNormal, tel.CauseBusy, tel.CauseCongestion, tel.CauseUnreachable, tel.CauseBattery}
		state, _ := m.State()
		by := []tel.LegID{a, b}[r.IntN(2)]
		if state == Talk && by != 0 && r.IntN(4) > 0 {
			bySecond(r, m, by, spare, apply, func(leg tel.LegID) { delete(alive, leg) })
			continue
		}
		switch r.IntN(11) {
		case 10:
			ext := []tel.Number{"104", "102"}[r.IntN(2)]
			apply(IsFax{ext, spare(), "1100 Hz"})
			if now, _ := m.State(); now == Ringing && m.Ext() == ext {
				clear(offers) // an offer of the queue went with the Dequeue
			}
		case 0, 1:
			apply(LegUp{leg, ""})
		case 2:
			if leg != 0 && leg != 99 {
				delete(alive, leg)
				apply(LegDown{leg, causes[r.IntN(len(causes))], "", spare()})
			}
		case 3:
			apply(LegHeld{leg, r.IntN(2) == 0})
		case 4:
			if state == InFlow {
				apply(ToQueue{"ventas"})
			}
		case 5:
			if state == InFlow {
				apply(ToExtension{"102", spare()})
			}
		case 6, 7:
			if state == Waiting && len(offers) == 0 {
				offer++
				offers[offer] = true
				apply(Offer{offer, "ana", "201", spare(), ""})
			}
		case 8:
			if len(offers) > 0 && state == Waiting {
				delete(offers, offer)
				apply(Cancel{offer, tel.CauseNoAnswer})
			}
		case 9:
			if state == Waiting && len(offers) == 0 {
				apply(QueueExit{tel.CauseTimeout})
			}
		}
	}
	apply(Kill{tel.BySystem, tel.CauseShutdown, ""})
	if s, _ := m.State(); s != Finished {
		fail("not finished")
	}
	if count[Began] != 1 || count[Ended] != 1 || count[Answered] > 1 {
		fail(fmt.Sprintf("facts %v", count))
	}
	if count[HoldOff] > count[HoldOn] || count[ConsultUp] > count[ConsultOn] || count[ConferOff] > count[ConferOn] {
		fail(fmt.Sprintf("facts do not pair: %v", count))
	}
	if count[Queued] != count[QueueLeft] || count[Offered] < count[Declined] {
		fail(fmt.Sprintf("queue facts do not pair: %v", count))
	}
	if len(alive) != 0 || len(offers) != 0 {
		fail(fmt.Sprintf("left over: legs %v offers %v", alive, offers))
	}
}

// bySecond does something with a second party, mostly in an order that people have.
func bySecond(r *rand.Rand, m *Machine, by tel.LegID, spare func() tel.LegID, apply func(Event), gone func(tel.LegID)) {
	_, leg := m.Consulting()
	switch r.IntN(10) {
	case 0, 1, 2:
		if leg != 0 {
			apply(LegUp{leg, ""})
			return
		}
		apply(PutAside{by})
	case 3, 4:
		c := []Consult{{Ext: "103"}, {Number: "900", Via: []string{"L1", "L2"}}, {Queue: "soporte"}, {Number: "901", Via: []string{"L1"}, Bound: "outside"}}[r.IntN(4)]
		c.By, c.Leg = by, spare()
		apply(c)
	case 5:
		apply([]Event{TakeBack{by}, ConsultRefused{By: by, Cause: tel.CauseForbidden}}[r.IntN(2)])
	case 6:
		apply(Swap{by})
	case 7:
		apply(Confer{by, r.IntN(3) > 0})
	case 8:
		if m.HeldBy(by) || leg != 0 {
			gone(by)
			apply(HandOver{by, "101", [2]tel.LegID{spare(), spare()}})
		}
	case 9:
		if m.HeldBy(by) {
			gone(by)
			apply(WalkOff{by, "101", [2]tel.LegID{spare(), spare()}})
		}
	}
}

func BenchmarkStep(b *testing.B) {
	m, out := New(Start{ID: "1-1", Leg: 1}, Limits{Longest: time.Hour}), make([]Effect, 0, 8)
	m.Step(t0, Begin{}, nil)
	m.Step(t0, LegUp{1, ""}, nil)
	b.ReportAllocs()
	for b.Loop() {
		out = m.Step(t0, FlowNode{"menu"}, out[:0])
	}
}
