package book

import (
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/tel"
)

// A call that is handed over: the talk and the hold of the one who hands over end
// there; the stretch in which the next phone rings is no talk (I15).
func TestTransferPartsTheTalk(t *testing.T) {
	b := openTest(t, t.TempDir())
	t0 := b.start.Add(time.Second)
	at := func(s float64) time.Time { return t0.Add(time.Duration(s * float64(time.Second))) }
	const id = "1-1"
	appendAll(b, []call.Fact{
		{Kind: call.Began, At: at(0), Call: id, Direction: tel.Inbound, From: "600", To: "910", Port: "L1"},
		{Kind: call.Answered, At: at(1), Call: id},
		{Kind: call.Connected, At: at(5), Call: id, Agent: "ana", Ext: "101"},
		{Kind: call.HoldOn, At: at(10), Call: id, By: tel.ByAgent},
		{Kind: call.ConsultOn, At: at(11), Call: id, By: tel.ByAgent, Agent: "ana", To: "102"},
		{Kind: call.HoldOff, At: at(14), Call: id, By: tel.ByAgent},
		{Kind: call.Transferred, At: at(14), Call: id, By: tel.ByAgent, Agent: "ana", Ext: "101", To: "102", Reason: "blind"},
		{Kind: call.TransferFailed, At: at(34), Call: id, Ext: "101", To: "102", Cause: tel.CauseNoAnswer},
		{Kind: call.Recalled, At: at(34), Call: id, Ext: "101"},
		{Kind: call.Connected, At: at(40), Call: id, Ext: "101"},
		{Kind: call.HoldOn, At: at(41), Call: id, By: tel.ByCalled},
		{Kind: call.Recalled, At: at(43), Call: id, Ext: "101"}, // an end of the hold that was not told
		{Kind: call.Connected, At: at(50), Call: id, Ext: "101"},
		{Kind: call.Ended, At: at(60), Call: id, By: tel.ByCaller, Cause: tel.CauseNormal},
	})
	flush(t, b)
	for r, err := range b.Calls(t.Context(), Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Talk != 22*time.Second || r.Hold != 6*time.Second || r.Agent != "ana" {
			t.Errorf("talk %s, want 22 s; hold %s, want 6 s; agent %s", r.Talk, r.Hold, r.Agent)
		}
	}
}
