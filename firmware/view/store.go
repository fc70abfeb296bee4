package view

import (
	"sync"
	"sync/atomic"
)

// Store holds the present picture. The zero Store is ready; all methods may be
// called by several goroutines.
type Store struct {
	p  atomic.Pointer[Snapshot]
	mu sync.Mutex
	ch chan struct{} // closed by the next Set; nil while nobody waits
}

// Set publishes s, which must not change from then on, and wakes who waits.
func (t *Store) Set(s *Snapshot) {
	t.p.Store(s)
	t.mu.Lock()
	if t.ch != nil {
		close(t.ch)
		t.ch = nil
	}
	t.mu.Unlock()
}

// Get returns the present picture; before the first Set an empty one.
func (t *Store) Get() *Snapshot {
	if s := t.p.Load(); s != nil {
		return s
	}
	return &Snapshot{}
}

// Changed returns a channel that the next Set closes. To miss nothing ask for
// it first, then Get, then wait.
func (t *Store) Changed() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ch == nil {
		t.ch = make(chan struct{})
	}
	return t.ch
}
