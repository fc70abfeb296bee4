package call

import (
	"testing"

	"github.com/centralita/centralita/firmware/tel"
)

// A caller who is a fax is taken out of whatever he is in, once, and only while
// nobody has talked with him for long.
func TestFaxGoesToItsPort(t *testing.T) {
	inbound := Start{ID: "1-1", Direction: tel.Inbound, From: "600", To: "910", Port: "L1", Leg: 1, Aim: AimFlow}
	cng := func(leg tel.LegID) IsFax { return IsFax{"104", leg, "fax calling tone 1100 Hz"} }
	begin := []step{
		{0, Begin{}, "book call.began L1 910 | answer 1"},
		{0, cng(8), ""}, // not answered: there is nothing to be heard
		{0, LegUp{1, "loop closed"}, "book call.answered (loop closed) | start flow"},
	}
	queue := append(begin[:3:3], step{2 * sec, ToQueue{"ventas"}, "book queue.joined ventas | music 1 | enqueue ventas"})
	offered := append(queue[:4:4], step{3 * sec, Offer{1, "ana", "201", 2, "idle"}, "book offer.made ventas ana 201 | ring 201 as 2 offer 1"})
	talk := append(offered[:5:5], step{4 * sec, LegUp{2, "200"},
		"offer 1 accepted | book queue.left ventas answered | stop flow | quiet 1 | join 1 2 | offer 1 bridged | book call.connected ventas ana 201 (200)"})
	const faxed = "quiet 1 | book call.fax 104 (fax calling tone 1100 Hz) | book leg.dialled 104 | alert 1 | ring 104 as 9 offer 0"
	for name, c := range map[string][]step{
		"in the menu, answered by the fax, which hangs up": append(begin[:3:3], []step{
			{3 * sec, cng(9), "stop flow | " + faxed},
			{5 * sec, cng(10), ""}, // it goes on calling while it rings
			{6 * sec, LegUp{9, "off hook"}, "quiet 1 | join 1 9 | book call.connected 104 (off hook)"},
			{7 * sec, cng(11), ""},
			{90 * sec, LegDown{9, tel.CauseNone, "on hook", 12}, "drop 1: normal | book call.ended called normal (on hook) | over"},
		}...),
		"in a queue": append(queue[:4:4], []step{
			{5 * sec, cng(9), "book queue.left ventas fax | dequeue: fax | stop flow | " + faxed},
		}...),
		"while it rings at an agent": append(offered[:5:5], []step{
			{5 * sec, cng(9), "book offer.ended ventas ana fax | book queue.left ventas fax | dequeue: fax | drop 2: fax | stop flow | " + faxed},
			{40 * sec, TimedOut{}, "drop 9: cancelled | book call.ended system no answer (nobody answered in 35 s) | over | drop 1: no answer"},
		}[:1]...),
		"while the flow rings a phone": append(begin[:3:3], []step{
			{2 * sec, ToExtension{"101", 3}, "book leg.dialled 101 | alert 1 | ring 101 as 3 offer 0"},
			{4 * sec, cng(9), "drop 3: fax | stop flow | " + faxed},
		}...),
		"just answered by an agent": append(talk[:6:6], []step{
			{8 * sec, cng(9), "offer 1 released | drop 2: fax | " + faxed},
			{9 * sec, LegDown{9, tel.CauseBusy, "extension 104 is busy", 12}, "drop 1: busy | book call.ended called busy (extension 104 is busy) | over"},
		}...),
		"put on hold by the agent": append(talk[:6:6], []step{
			{6 * sec, LegHeld{2, true}, "music 1 | book hold.on ana agent"},
			{8 * sec, cng(9), "quiet 1 | book hold.off ana agent | offer 1 released | drop 2: fax | " + faxed},
		}...),
		"in the middle of a talk": append(talk[:6:6], []step{
			{4*sec + FaxTalk + 1, cng(9), ""},
		}...),
	} {
		t.Run(name, func(t *testing.T) { walk(t, inbound, c) })
	}
	walk(t, Start{ID: "1-2", Direction: tel.Internal, From: "101", To: "102", Ext: "101", Leg: 1, Aim: AimExtension, Target: "102"}, []step{
		{0, Begin{2}, "book call.began 101 102 | book leg.dialled 102 | ring 102 as 2 offer 0"},
		{2 * sec, LegUp{2, "off hook"}, "answer 1 | book call.answered (the called party answered) | quiet 1 | join 1 2 | book call.connected 102 (off hook)"},
		{3 * sec, cng(9), ""}, // colleagues may do as they like
	})
}
