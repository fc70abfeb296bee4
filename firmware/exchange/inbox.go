package exchange

import "sync"

// inbox is the one order of everything that happens. Posting never blocks: the
// media engine and the drivers must not wait for the loop.
type inbox struct {
	mu    sync.Mutex
	queue []Event
	spare []Event
	wake  chan struct{}
}

func newInbox() *inbox { return &inbox{wake: make(chan struct{}, 1)} }

func (q *inbox) post(evs ...Event) {
	q.mu.Lock()
	q.queue = append(q.queue, evs...)
	q.mu.Unlock()
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// take returns everything that was posted. The slice is the caller's until the
// next take.
func (q *inbox) take() []Event {
	q.mu.Lock()
	defer q.mu.Unlock()
	out := q.queue
	clear(q.spare)
	q.queue, q.spare = q.spare[:0], out
	return out
}
