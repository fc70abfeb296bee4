package book

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/tel"
)

// openTest opens a book in dir and closes it with the test.
func openTest(t testing.TB, dir string) *Book {
	t.Helper()
	b, err := Open(t.Context(), dir, Options{Site: "centro", Version: "test", Clock: "ntp", Location: time.UTC, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

// story is one inbound call from ring to after-call work, starting at t0.
func story(id tel.CallID, t0 time.Time) []call.Fact {
	at := func(s float64) time.Time { return t0.Add(time.Duration(s * float64(time.Second))) }
	return []call.Fact{
		{Kind: call.AgentState, At: t0, Agent: "ana", Ext: "201", State: "ready"},
		{Kind: call.Began, At: at(0), Call: id, Direction: tel.Inbound, From: "600111222", Name: "José", To: "910000001", Port: "L1"},
		{Kind: call.Answered, At: at(1), Call: id, Evidence: "we closed the loop"},
		{Kind: call.Node, At: at(1.1), Call: id, Node: "saludo"},
		{Kind: call.Node, At: at(4), Call: id, Node: "ventas"},
		{Kind: call.Queued, At: at(5), Call: id, Queue: "ventas"},
		{Kind: call.Offered, At: at(6), Call: id, Queue: "ventas", Agent: "bruno", Offer: 1, Reason: "idle longest"},
		{Kind: call.Declined, At: at(9), Call: id, Queue: "ventas", Agent: "bruno", Offer: 1, Cause: tel.CauseNoAnswer},
		{Kind: call.Offered, At: at(9), Call: id, Queue: "ventas", Agent: "ana", Offer: 2, Reason: "next"},
		{Kind: call.QueueLeft, At: at(12.5), Call: id, Queue: "ventas", Cause: tel.CauseAnswered},
		{Kind: call.Connected, At: at(12.5), Call: id, Agent: "ana", Ext: "201"},
		{Kind: call.AgentState, At: at(12.5), Agent: "ana", Ext: "201", State: "talking", Call: id},
		{Kind: call.HoldOn, At: at(20), Call: id, By: tel.ByAgent},
		{Kind: call.HoldOff, At: at(25.25), Call: id, By: tel.ByAgent},
		{Kind: call.Ended, At: at(42.5), Call: id, By: tel.ByCaller, Cause: tel.CauseNormal, Evidence: "busy tone 425 Hz"},
		{Kind: call.AgentState, At: at(42.5), Agent: "ana", Ext: "201", State: "acw", Call: id},
		{Kind: call.AgentState, At: at(50), Agent: "ana", Ext: "201", State: "ready"},
	}
}

func appendAll(b *Book, facts []call.Fact) {
	for _, f := range facts {
		b.Append(f)
	}
}

func flush(t testing.TB, b *Book) {
	t.Helper()
	if err := b.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// How it is known that the far end answered a call of ours is kept, not that our
// own phone was let through to hear it ring.
func TestAnswerEvidenceOfACallOfOurs(t *testing.T) {
	b := openTest(t, t.TempDir())
	at := b.start.Add(time.Second)
	appendAll(b, []call.Fact{
		{Kind: call.Began, At: at, Call: "1-1", Direction: tel.Outbound, From: "201", To: "910000001"},
		{Kind: call.Answered, At: at.Add(2 * time.Second), Call: "1-1", Evidence: "number outpulsed: dial tone 425 Hz continuous"},
		{Kind: call.Connected, At: at.Add(9 * time.Second), Call: "1-1", Port: "L2", Evidence: "the exchange reversed the line"},
		{Kind: call.Ended, At: at.Add(20 * time.Second), Call: "1-1", By: tel.ByCalled, Cause: tel.CauseNormal, Evidence: "busy tone"},
	})
	flush(t, b)
	for r, err := range b.Calls(t.Context(), Filter{}) {
		if err != nil || r.AnswerEvidence != "the exchange reversed the line" || r.Talk != 11*time.Second {
			t.Errorf("%+v, %v", r, err)
		}
	}
}

func TestStoryOfOneCall(t *testing.T) {
	b := openTest(t, t.TempDir())
	t0 := b.start.Add(time.Second)
	appendAll(b, story("1-1", t0))
	flush(t, b)
	var lines []string
	for line, err := range b.CallLines(t.Context(), time.Time{}, 0) {
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, string(line))
	}
	ms := func(s float64) string {
		return t0.Add(time.Duration(s * float64(time.Second))).UTC().Format("2006-01-02T15:04:05.000Z")
	}
	want := fmt.Sprintf(`{"id":"1-1","direction":"in","from":"600111222","to":"910000001","port":"L1","flow_path":["saludo","ventas"],`+
		`"queue":"ventas","agent":"ana","began":"%s","answered":"%s","queued":"%s","connected":"%s","ended":"%s",`+
		`"wait_s":7.5,"talk_s":30,"hold_s":5.25,"acw_s":7.5,"ended_by":"caller","cause":"normal","evidence":"busy tone 425 Hz"}`,
		ms(0), ms(1), ms(5), ms(12.5), ms(42.5))
	if len(lines) != 1 || lines[0] != want {
		t.Fatalf("lines %q\nwant %q", lines, want)
	}
	ivs, err := b.Intervals(t.Context(), "ana", time.Time{}, time.Time{})
	if err != nil || len(ivs) != 4 {
		t.Fatalf("intervals %v, %v", ivs, err)
	}
	if ivs[2].State != "acw" || ivs[2].Lasted != 7500*time.Millisecond || !ivs[3].To.IsZero() {
		t.Errorf("intervals %+v", ivs)
	}
	last, err := b.Verify(t.Context())
	if err != nil || last != 18 { // the boot and 17 facts
		t.Errorf("verified to %d, %v", last, err)
	}
}

func TestOpenCallHasNullEnds(t *testing.T) {
	b := openTest(t, t.TempDir())
	appendAll(b, story("1-1", b.start)[:3])
	flush(t, b)
	for line, err := range b.CallLines(context.Background(), time.Time{}, 0) {
		if err != nil {
			t.Fatal(err)
		}
		want := `"connected":null,"ended":null,"wait_s":0`
		if got := string(line); !strings.Contains(got, want) {
			t.Errorf("%s lacks %s", got, want)
		}
	}
}
