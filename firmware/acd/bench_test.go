package acd

import (
	"fmt"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/tel"
)

// crowd returns a house of 10,000 agents and 100,000 waiting callers: half the
// agents serve the queues q0 q2 q4, all talk, and the callers wait there; the
// other half serve q1 q3 q5, and all are ready. Figures: a decision takes at
// most 20 µs.
func crowd(b *testing.B) (*Machine, time.Time, []tel.OfferID) {
	var s Settings
	for q := range 6 {
		s.Queues = append(s.Queues, QueueSettings{ID: tel.QueueID(fmt.Sprint("q", q)), MaxWait: time.Hour, Announce: 30 * time.Minute, ACW: 10 * time.Second})
	}
	for a := range 10_000 {
		odd := a % 2
		s.Agents = append(s.Agents, AgentSettings{ID: tel.AgentID(fmt.Sprint("a", a)),
			Queues: []tel.QueueID{s.Queues[odd].ID, s.Queues[odd+2].ID, s.Queues[odd+4].ID}})
	}
	m := New(s)
	now := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	var talking []tel.OfferID
	for a := range 10_000 {
		now = now.Add(time.Millisecond)
		m.Step(now, Login{Agent: s.Agents[a].ID, Ext: tel.Number(fmt.Sprint(20000 + a)), Ready: true}, nil)
	}
	for n := range 105_000 {
		now = now.Add(time.Microsecond)
		out := m.Step(now, Joined{Call: tel.CallID(fmt.Sprint("c", n)), Queue: s.Queues[n%3*2].ID}, nil)
		for _, id := range offersOf(out) {
			m.Step(now, Accepted{id}, nil)
			m.Step(now, Connected{id}, nil)
			talking = append(talking, id)
		}
	}
	if len(m.callers) != 100_000 || len(talking) != 5_000 || m.Ready("q1") != 5_000 {
		b.Fatalf("%d wait, %d talk, %d are ready", len(m.callers), len(talking), m.Ready("q1"))
	}
	return m, now, talking
}

func offersOf(out []Effect) (ids []tel.OfferID) {
	for _, e := range out {
		if o, ok := e.(Offer); ok {
			ids = append(ids, o.Offer)
		}
	}
	return ids
}

// BenchmarkDecision: a caller joins and is offered to the agent idle longest of
// 5,000. The caller's leaving again is not counted.
func BenchmarkDecision(b *testing.B) {
	m, now, _ := crowd(b)
	var out []Effect
	b.ReportAllocs()
	for b.Loop() {
		now = now.Add(time.Millisecond)
		out = m.Step(now, Joined{Call: "x", Queue: "q1"}, out[:0])
		b.StopTimer()
		out = m.Step(now, Left{Call: "x", Cause: tel.CauseAbandoned}, out[:0])
		b.StartTimer()
	}
}

// BenchmarkFreed: after-call work ends and the agent is given the earliest of
// 100,000 waiting callers in three queues. The rest of the call is not counted.
func BenchmarkFreed(b *testing.B) {
	m, now, talking := crowd(b)
	var out []Effect
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		i := n % len(talking)
		n++
		who := m.offerOf[talking[i]].agent.id
		now = now.Add(time.Millisecond)
		m.Step(now, Joined{Call: tel.CallID(fmt.Sprint("n", n)), Queue: "q0"}, nil)
		m.Step(now, Released{talking[i]}, nil)
		b.StartTimer()
		out = m.Step(now, Unpause{Agent: who}, out[:0])
		b.StopTimer()
		talking[i] = offersOf(out)[0]
		m.Step(now, Accepted{talking[i]}, nil)
		m.Step(now, Connected{talking[i]}, nil)
		b.StartTimer()
	}
}

// BenchmarkJoinWaiting: one more caller takes his place behind 100,000.
func BenchmarkJoinWaiting(b *testing.B) {
	m, now, _ := crowd(b)
	var out []Effect
	b.ReportAllocs()
	b.ResetTimer()
	for b.Loop() {
		out = m.Step(now, Joined{Call: "x", Queue: "q0"}, out[:0])
		out = m.Step(now, Left{Call: "x"}, out[:0])
	}
}
