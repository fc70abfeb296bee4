package call

import (
	"testing"

	"github.com/centralita/centralita/firmware/tel"
)

// An inbound caller (leg 1) who talks to agent ana at phone 101 (leg 2) since
// second 5, of offer 1.
func withAgent(rest ...step) []step {
	return append([]step{
		{0, Begin{}, "book call.began L1 910 | answer 1"},
		{0, LegUp{1, "loop closed"}, "book call.answered (loop closed) | start flow"},
		{2 * sec, ToQueue{"ventas"}, "book queue.joined ventas | music 1 | enqueue ventas"},
		{3 * sec, Offer{1, "ana", "101", 2, "w"}, "book offer.made ventas ana 101 | ring 101 as 2 offer 1"},
		{5 * sec, LegUp{2, "up"}, "offer 1 accepted | book queue.left ventas answered | stop flow | quiet 1 | join 1 2 | offer 1 bridged | book call.connected ventas ana 101 (up)"},
	}, rest...)
}

// The same, and ana has put him on hold and dialled phone 102 (leg 3).
func consulting(rest ...step) []step {
	return withAgent(append([]step{
		{10 * sec, PutAside{2}, "music 1 | book hold.on ana agent | aside 2 | held for 2"},
		{12 * sec, Consult{By: 2, Leg: 3, Ext: "102"}, "book consult.began ana 102 agent | ring 102 as 3 offer 0"},
		{12 * sec, LegRinging{3}, "alert 2"},
	}, rest...)...)
}

// The same, and 102 has answered.
func consulted(rest ...step) []step {
	return consulting(append([]step{
		{15 * sec, LegUp{3, "up"}, "book consult.connected 102 (up) | quiet 2 | join aside 2 3 | second up for 2"},
	}, rest...)...)
}

var spares = [2]tel.LegID{8, 9}

func TestSecondCall(t *testing.T) {
	inbound := Start{ID: "1-1", Direction: tel.Inbound, From: "600", To: "910", Port: "L1", Leg: 1, Aim: AimFlow}
	const recalled = "book call.recalled 101 | ring 101 as 8 offer 0 back"
	for name, steps := range map[string][]step{
		"hold and back": withAgent(
			step{10 * sec, PutAside{2}, "music 1 | book hold.on ana agent | aside 2 | held for 2"},
			step{11 * sec, PutAside{2}, ""},
			step{12 * sec, TakeBack{2}, "quiet 1 | book hold.off ana agent | home 2"},
		),
		"attended transfer": consulted(
			step{20 * sec, HandOver{2, "101", spares}, "quiet 1 | book hold.off ana agent | offer 1 released | book call.transferred ana 101 102 agent | quiet 1 | join 1 3 | book call.connected 102 (transferred by 101)"},
			step{21 * sec, LegDown{2, tel.CauseNormal, "", 10}, ""},
			step{60 * sec, LegDown{3, tel.CauseNormal, "on hook", 10}, "drop 1: normal | book call.ended called normal (on hook) | over"},
		),
		"blind transfer is answered": consulting(
			step{13 * sec, HandOver{2, "101", spares}, "quiet 1 | book hold.off ana agent | offer 1 released | book call.transferred ana 101 102 agent | alert 1"},
			step{15 * sec, LegUp{3, "up"}, "quiet 1 | join 1 3 | book call.connected 102 (up)"},
			step{60 * sec, LegDown{1, tel.CauseBattery, "loop", 10}, "drop 3: normal | book call.ended caller normal (loop) | over"},
		),
		"blind transfer is not answered: her phone, then the operator, then the end": consulting(
			step{13 * sec, HandOver{2, "101", spares}, "quiet 1 | book hold.off ana agent | offer 1 released | book call.transferred ana 101 102 agent | alert 1"},
			step{37 * sec, TimedOut{}, "drop 3: cancelled | book transfer.failed 101 102 no answer (nobody answered in 24 s) | " + recalled},
			step{67 * sec, TimedOut{}, "drop 8: cancelled | book leg.dialled 100 | alert 1 | ring 100 as 9 offer 0"},
			step{68 * sec, LegDown{9, tel.CauseBusy, "busy", 10}, "drop 1: busy | book call.ended called busy (busy) | over"},
		),
		"the phone rung back is lifted": consulting(
			step{13 * sec, HandOver{2, "101", spares}, "quiet 1 | book hold.off ana agent | offer 1 released | book call.transferred ana 101 102 agent | alert 1"},
			step{14 * sec, LegDown{3, tel.CauseRefused, "603", 10}, "book transfer.failed 101 102 refused (603) | " + recalled},
			step{20 * sec, LegUp{8, "up"}, "quiet 1 | join 1 8 | book call.connected 101 (up)"},
		),
		"hangs up on the caller: rung back": withAgent(
			step{10 * sec, PutAside{2}, "music 1 | book hold.on ana agent | aside 2 | held for 2"},
			step{12 * sec, WalkOff{2, "101", spares}, "quiet 1 | book hold.off ana agent | offer 1 released | music 1 | " + recalled},
			step{14 * sec, LegUp{8, "up"}, "quiet 1 | join 1 8 | book call.connected 101 (up)"},
		),
		"the second is busy, and she goes back": consulting(
			step{13 * sec, LegDown{3, tel.CauseBusy, "486", 10}, "book consult.ended 102 called busy (486) | second gone for 2: busy"},
			step{18 * sec, TakeBack{2}, "quiet 1 | book hold.off ana agent | home 2"},
		),
		"the second does not answer": consulting(
			step{37 * sec, TimedOut{}, "drop 3: no answer | book consult.ended 102 called no answer (nobody answered) | second gone for 2: no answer"},
		),
		"she gives the second up": consulting(
			step{14 * sec, TakeBack{2}, "drop 3: cancelled | book consult.ended 102 agent cancelled (taken back) | quiet 1 | book hold.off ana agent | home 2"},
		),
		"swap there and back": consulted(
			step{16 * sec, Swap{2}, "quiet 1 | book hold.off ana agent | aside 3 | music 3 | home 2"},
			step{18 * sec, Swap{2}, "music 1 | book hold.on ana agent | quiet 3 | join aside 2 3"},
		),
		"three talk, the second leaves": consulted(
			step{16 * sec, Confer{2, true}, "quiet 1 | book hold.off ana agent | home 2 | home 3 | book conference.on ana 102 agent"},
			step{20 * sec, LegDown{3, tel.CauseNormal, "on hook", 10}, "book consult.ended 102 called normal (on hook) | second gone for 2: normal"},
			step{30 * sec, LegDown{2, tel.CauseNormal, "on hook", 10}, "offer 1 released | drop 1: normal | book call.ended agent normal (on hook) | over"},
		),
		"three talk, then two and one on hold, then she leaves them together": consulted(
			step{16 * sec, Confer{2, true}, "quiet 1 | book hold.off ana agent | home 2 | home 3 | book conference.on ana 102 agent"},
			step{20 * sec, Confer{2, false}, "aside 3 | music 3 | book conference.off agent"},
			step{22 * sec, HandOver{2, "101", spares}, "offer 1 released | book call.transferred ana 101 102 agent | quiet 3 | quiet 1 | join 1 3 | book call.connected 102 (transferred by 101)"},
		),
		"the caller leaves while she talks to the second": consulted(
			step{16 * sec, LegDown{1, tel.CauseTone, "busy tone", 10}, "spin off 2 with 3 | offer 1 released | book call.ended caller normal (busy tone) | over"},
		),
		"the caller leaves on hold": withAgent(
			step{10 * sec, PutAside{2}, "music 1 | book hold.on ana agent | aside 2 | held for 2"},
			step{12 * sec, LegDown{1, tel.CauseTone, "busy tone", 10}, "offer 1 released | drop 2: normal | book call.ended caller normal (busy tone) | over"},
		),
		"to a queue, whose limit sends him back": withAgent(
			step{10 * sec, PutAside{2}, "music 1 | book hold.on ana agent | aside 2 | held for 2"},
			step{12 * sec, Consult{By: 2, Leg: 3, Queue: "soporte"}, "book consult.began soporte ana agent | alert 2"},
			step{13 * sec, HandOver{2, "101", spares}, "quiet 1 | book hold.off ana agent | offer 1 released | book call.transferred soporte ana 101 agent | quiet 1 | book queue.joined soporte | music 1 | enqueue soporte"},
			step{99 * sec, QueueExit{tel.CauseTimeout}, "book queue.left soporte timeout | book transfer.failed 101 timeout (left the queue by its rule) | " + recalled},
		),
		"two outside parties are not left alone": withAgent(
			step{10 * sec, PutAside{2}, "music 1 | book hold.on ana agent | aside 2 | held for 2"},
			step{12 * sec, Consult{By: 2, Leg: 3, Number: "900", Via: []string{"L2", "L3"}, Bound: "two outside"}, "book consult.began ana 900 agent | book leg.dialled L2 900 | seize L2 as 3 for 900 force false"},
			step{13 * sec, LegDown{3, tel.CauseCongestion, "glare", 4}, "book leg.dialled L3 900 | seize L3 as 4 for 900 force false"},
			step{20 * sec, LegUp{4, "outpulsed"}, "book consult.connected L3 900 (outpulsed) | quiet 2 | join aside 2 4 | second up for 2"},
			step{22 * sec, HandOver{2, "101", spares}, "drop 4: forbidden | book consult.ended 900 system forbidden (two outside) | quiet 1 | book hold.off ana agent | offer 1 released | music 1 | " + recalled},
		),
		"a number that nothing permits": withAgent(
			step{10 * sec, PutAside{2}, "music 1 | book hold.on ana agent | aside 2 | held for 2"},
			step{12 * sec, ConsultRefused{2, "0900", tel.CauseForbidden, "premium"}, "book consult.ended 0900 system forbidden (premium) | second gone for 2: forbidden"},
		),
		"both hold each other; she hands him over, and he is free": withAgent(
			step{10 * sec, PutAside{2}, "music 1 | book hold.on ana agent | aside 2 | held for 2"},
			step{11 * sec, PutAside{1}, "music 2 | aside 1 | held for 1"},
			step{12 * sec, Consult{By: 2, Leg: 3, Ext: "102"}, "book consult.began ana 102 agent | ring 102 as 3 offer 0"},
			step{13 * sec, HandOver{2, "101", spares}, "quiet 1 | quiet 2 | book hold.off ana caller | home 1 | freed 1 | offer 1 released | book call.transferred ana 101 102 agent | alert 1"},
			step{15 * sec, LegUp{3, "up"}, "quiet 1 | join 1 3 | book call.connected 102 (up)"},
		),
		"a caller who holds at his end is rung back for all the same": withAgent(
			step{9 * sec, LegHeld{1, true}, "music 2 | book hold.on ana caller"},
			step{10 * sec, PutAside{2}, "music 1 | aside 2 | held for 2"},
			step{12 * sec, WalkOff{2, "101", spares}, "quiet 1 | offer 1 released | music 1 | " + recalled},
			step{14 * sec, LegUp{8, "up"}, "quiet 1 | join 1 8 | music 8 | book call.connected 101 (up)"},
		),
		"only one of them consults at a time": consulted(
			step{16 * sec, PutAside{1}, ""},
			step{16 * sec, Consult{By: 1, Leg: 4, Ext: "103"}, "second gone for 1: congestion"},
		),
	} {
		t.Run(name, func(t *testing.T) { walkWith(t, inbound, "100", steps) })
	}
}

// The party who began a call hands the one he called over: what is said of both
// afterwards is still true.
func TestTheCallerTransfers(t *testing.T) {
	out := Start{ID: "1-3", Direction: tel.Outbound, From: "101", To: "0910", Ext: "101", Leg: 1, Aim: AimOutside, Target: "910", Via: []string{"L4"}}
	begin := []step{
		{0, Begin{2}, "book call.began 101 0910 | book leg.dialled L4 910 | seize L4 as 2 for 910 force false"},
		{3 * sec, LegUp{2, "outpulsed"}, "answer 1 | book call.answered (the called party answered) | quiet 1 | join 1 2 | book call.connected L4 910 (outpulsed)"},
		{10 * sec, PutAside{1}, "music 2 | book hold.on caller | aside 1 | held for 1"},
		{12 * sec, Consult{By: 1, Leg: 3, Ext: "102"}, "book consult.began 102 caller | ring 102 as 3 offer 0"},
		{13 * sec, HandOver{1, "101", spares}, "quiet 2 | book hold.off caller | book call.transferred 101 102 caller | alert 2"},
	}
	walkWith(t, out, "", append(begin[:5:5], []step{
		{15 * sec, LegUp{3, "up"}, "quiet 2 | join 2 3 | book call.connected 102 (up)"},
		{20 * sec, LegDown{2, tel.CauseTone, "busy tone", 10}, "drop 3: normal | book call.ended called normal (busy tone) | over"},
	}...))
	walkWith(t, out, "", append(begin[:5:5], []step{
		{15 * sec, LegDown{3, tel.CauseCongestion, "no", 10}, "book transfer.failed 101 102 congestion (no) | book call.recalled 101 | ring 101 as 8 offer 0 back"},
		{16 * sec, LegDown{8, tel.CauseCongestion, "off hook", 10}, "drop 2: congestion | book call.ended system congestion (off hook) | over"},
	}...))
}

// An emergency call is never put aside.
func TestEmergencyIsNotPutAside(t *testing.T) {
	walk(t, Start{ID: "1-1", Leg: 1, Aim: AimOutside, Target: "112", Via: []string{"L1"}, Emergency: true}, []step{
		{0, Begin{2}, "book call.began | book leg.dialled L1 112 | seize L1 as 2 for 112 force false"},
		{sec, LegUp{2, "outpulsed"}, "answer 1 | book call.answered (the called party answered) | quiet 1 | join 1 2 | book call.connected L1 112 (outpulsed)"},
		{2 * sec, PutAside{1}, ""},
	})
}

// What was a second call becomes a call with its own facts.
func TestAdopted(t *testing.T) {
	start := Start{ID: "1-2", Direction: tel.Internal, From: "101", To: "102", Ext: "101", Leg: 2, Aim: AimExtension, Target: "102"}
	walk(t, start, []step{
		{0, Adopt{Second{Leg: 3, Up: true, Ext: "102"}}, "book call.began 101 102 | book leg.dialled 102 | quiet 3 | answer 2 | book call.answered (the called party answered) | quiet 2 | join 2 3 | book call.connected 102 (they talked already)"},
		{9 * sec, LegDown{3, tel.CauseNormal, "on hook", 9}, "drop 2: normal | book call.ended called normal (on hook) | over"},
	})
	walk(t, start, []step{
		{0, Adopt{Second{Leg: 3, Ext: "102", RingBy: t0.Add(10 * sec)}}, "book call.began 101 102 | book leg.dialled 102 | join 2 3 | alert 2"},
		{10 * sec, TimedOut{}, "drop 3: cancelled | drop 2: no answer | book call.ended system no answer (nobody answered in 10 s) | over"},
	})
}
