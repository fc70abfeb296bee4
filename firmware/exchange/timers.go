package exchange

import (
	"container/heap"
	"time"
)

// timer is the deadline of one machine. It sits in the heap while it is set.
type timer struct {
	at    time.Time
	index int // 1-based place in the heap; 0: not in it
	owner job // pushed when the time has come
}

// timers is a heap of deadlines, the earliest first.
type timers []*timer

func (h timers) Len() int           { return len(h) }
func (h timers) Less(i, j int) bool { return h[i].at.Before(h[j].at) }
func (h timers) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i+1, j+1
}
func (h *timers) Push(x any) {
	t := x.(*timer)
	*h = append(*h, t)
	t.index = len(*h)
}
func (h *timers) Pop() any {
	old := *h
	t := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	t.index = 0
	return t
}

// set arms, moves or disarms t.
func (h *timers) set(t *timer, at time.Time, ok bool) {
	switch {
	case !ok && t.index > 0:
		heap.Remove(h, t.index-1)
	case ok && t.index == 0:
		t.at = at
		heap.Push(h, t)
	case ok && !t.at.Equal(at):
		t.at = at
		heap.Fix(h, t.index-1)
	}
}

// due takes the earliest timer out if its time has come.
func (h *timers) due(now time.Time) *timer {
	if len(*h) == 0 || (*h)[0].at.After(now) {
		return nil
	}
	return heap.Pop(h).(*timer)
}
