package acd

import (
	"container/heap"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/tel"
)

// traffic is Poisson arrivals with exponential talks and, where patience is
// positive, exponential patience, given to the real machine in virtual time.
type traffic struct {
	perHour  float64
	talk     time.Duration
	agents   int
	patience time.Duration
	target   time.Duration
}

// measured is what came of it, with the standard error of each figure from the
// means of batches.
type measured struct {
	waited, level, wait, left         float64
	waitedSE, levelSE, waitSE, leftSE float64
}

type happening struct {
	at time.Time
	ev Event
}

type future []happening

func (f future) Len() int           { return len(f) }
func (f future) Less(i, j int) bool { return f[i].at.Before(f[j].at) }
func (f future) Swap(i, j int)      { f[i], f[j] = f[j], f[i] }
func (f *future) Push(x any)        { *f = append(*f, x.(happening)) }
func (f *future) Pop() any {
	x := (*f)[len(*f)-1]
	*f = (*f)[:len(*f)-1]
	return x
}

const batches, batch = 40, 4000

func (tr traffic) run(t *testing.T, seed uint64) measured {
	t.Helper()
	rnd := rand.New(rand.NewPCG(seed, 1))
	s := Settings{Queues: []QueueSettings{{ID: "q"}}}
	for i := range tr.agents {
		s.Agents = append(s.Agents, AgentSettings{ID: tel.AgentID(fmt.Sprint("a", i)), Queues: []tel.QueueID{"q"}})
	}
	m := New(s)
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i, a := range s.Agents {
		m.Step(now, Login{Agent: a.ID, Ext: tel.Number(fmt.Sprint(200 + i)), Ready: true}, nil)
	}
	exp := func(mean time.Duration) time.Duration { return time.Duration(rnd.ExpFloat64() * float64(mean)) }
	gap := time.Duration(float64(time.Hour) / tr.perHour)
	f := &future{{now.Add(exp(gap)), Joined{Call: "1", Queue: "q"}}}
	arrived := map[tel.CallID]time.Time{}
	number := map[tel.CallID]int{}
	sums := make([][4]float64, batches) // waited, in target, seconds, left
	calls := 1
	const warm = batch
	note := func(id tel.CallID, left bool) {
		n, w := number[id]-warm, now.Sub(arrived[id])
		delete(arrived, id)
		delete(number, id)
		if n < 0 || n >= batches*batch {
			return
		}
		b := &sums[n/batch]
		if w > 0 {
			b[0]++
		}
		if !left && w <= tr.target {
			b[1]++
		}
		b[2] += w.Seconds()
		if left {
			b[3]++
		}
	}
	var out []Effect
	for calls < warm+batches*batch+200 {
		h := heap.Pop(f).(happening)
		now = h.at
		switch e := h.ev.(type) {
		case Joined:
			arrived[e.Call], number[e.Call] = now, calls
			calls++
			heap.Push(f, happening{now.Add(exp(gap)), Joined{Call: tel.CallID(fmt.Sprint(calls)), Queue: "q"}})
			if tr.patience > 0 {
				heap.Push(f, happening{now.Add(exp(tr.patience)), Left{Call: e.Call, Cause: tel.CauseAbandoned}})
			}
		case Left:
			if _, waits := arrived[e.Call]; !waits {
				continue
			}
			note(e.Call, true)
		}
		out = m.Step(now, h.ev, out[:0])
		for _, e := range out {
			if o, ok := e.(Offer); ok { // answered in no time, as the model says
				m.Step(now, Accepted{o.Offer}, nil)
				m.Step(now, Connected{o.Offer}, nil)
				note(o.Call, false)
				heap.Push(f, happening{now.Add(exp(tr.talk)), Released{o.Offer}})
			}
		}
	}
	return summary(sums)
}

func summary(sums [][4]float64) measured {
	var mean, se [4]float64
	for k := range 4 {
		for _, b := range sums {
			mean[k] += b[k] / batch / batches
		}
		for _, b := range sums {
			d := b[k]/batch - mean[k]
			se[k] += d * d / batches / (batches - 1)
		}
		se[k] = math.Sqrt(se[k])
	}
	return measured{mean[0], mean[1], mean[2], mean[3], se[0], se[1], se[2], se[3]}
}

func agrees(t *testing.T, what string, got, se, want float64) {
	t.Helper()
	t.Logf("%-14s %.5f ± %.5f, the model says %.5f", what, got, se, want)
	if math.Abs(got-want) > 3.5*se {
		t.Errorf("%s is %.5f ± %.5f, the model says %.5f", what, got, se, want)
	}
}

// TestErlangC: the real matcher under Poisson traffic without impatience gives
// the waiting of Erlang's second formula (figures: C 0.1741319, service level
// 0.88835, mean wait 7.83594 s).
func TestErlangC(t *testing.T) {
	got := traffic{perHour: 200, talk: 180 * time.Second, agents: 14, target: 20 * time.Second}.run(t, 5)
	agrees(t, "P(wait)", got.waited, got.waitedSE, 0.1741319)
	agrees(t, "service level", got.level, got.levelSE, 0.8883500)
	agrees(t, "mean wait", got.wait, got.waitSE, 7.83594)
}

// TestErlangA: the same with a patience of 120 s (Palm; figures: abandoned
// 0.02284, mean wait 2.741 s, waiting at all 0.12698, in target 0.9327).
func TestErlangA(t *testing.T) {
	got := traffic{perHour: 200, talk: 180 * time.Second, agents: 14, patience: 120 * time.Second, target: 20 * time.Second}.run(t, 6)
	agrees(t, "P(wait)", got.waited, got.waitedSE, 0.12698)
	agrees(t, "abandoned", got.left, got.leftSE, 0.02284)
	agrees(t, "mean wait", got.wait, got.waitSE, 2.741)
	agrees(t, "in target", got.level, got.levelSE, 0.9327)
}

// TestFairShare: n agents alike and k calls: nobody has more than one call over
// another, and who was away gets no more than his turn when he is back (I20).
func TestFairShare(t *testing.T) {
	var s Settings
	s.Queues = []QueueSettings{{ID: "q"}}
	for i := range 7 {
		s.Agents = append(s.Agents, AgentSettings{ID: tel.AgentID(fmt.Sprint("a", i)), Queues: []tel.QueueID{"q"}})
	}
	m := New(s)
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i, a := range s.Agents {
		m.Step(now, Login{Agent: a.ID, Ext: tel.Number(fmt.Sprint(200 + i)), Ready: true}, nil)
	}
	share := map[tel.AgentID]int{}
	serve := func(calls int) {
		for k := range calls {
			now = now.Add(time.Minute)
			for _, e := range m.Step(now, Joined{Call: tel.CallID(fmt.Sprint(now.Unix(), k)), Queue: "q"}, nil) {
				if o, ok := e.(Offer); ok {
					share[o.Agent]++
					m.Step(now, Connected{o.Offer}, nil)
					m.Step(now.Add(30*time.Second), Released{o.Offer}, nil)
				}
			}
		}
	}
	spread := func() int {
		lo, hi := math.MaxInt, 0
		for _, a := range s.Agents {
			lo, hi = min(lo, share[a.ID]), max(hi, share[a.ID])
		}
		return hi - lo
	}
	serve(7*20 + 3)
	if d := spread(); d > 1 {
		t.Errorf("shares differ by %d: %v", d, share)
	}
	m.Step(now, Pause{Agent: "a3", Reason: "almuerzo"}, nil)
	serve(60)
	m.Step(now, Unpause{Agent: "a3"}, nil)
	was := share["a3"]
	serve(7 * 10)
	if got := share["a3"] - was; got < 10 || got > 11 {
		t.Errorf("back from a pause, a3 got %d of 70 calls for 7", got)
	}
}
