package gpio

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/centralita/centralita/hal/button"
)

// Buttons are push buttons on lines of one chip. It implements button.Set.
type Buttons struct {
	lines   Lines
	offsets []int
	events  chan button.Event
	wake    chan struct{} // an edge came
	gone    chan struct{}
	ended   chan struct{}
	once    sync.Once
	err     error // of Close

	mu       sync.Mutex
	contacts []button.Contact
	out      []button.Event // not told yet
}

var _ button.Set = (*Buttons)(nil)

// OpenButtons takes lines from the chip with a label: button i is at offsets[i].
// activeLow is a contact to ground, which the chip pulls up when it is open.
func OpenButtons(k Kernel, label string, activeLow bool, offsets []int) (*Buttons, error) {
	if len(offsets) == 0 {
		return nil, errors.New("cannot watch buttons: there is none")
	}
	b := &Buttons{
		offsets: offsets, contacts: make([]button.Contact, len(offsets)), events: make(chan button.Event, 16),
		wake: make(chan struct{}, 1), gone: make(chan struct{}), ended: make(chan struct{}),
	}
	index := map[int]int{}
	for i, o := range offsets {
		if first, twice := index[o]; twice {
			return nil, fmt.Errorf("cannot watch button %d: line %d has button %d already", i, o, first)
		}
		index[o], b.contacts[i].Button = i, i
	}
	var err error
	b.lines, err = request(k, label, Request{Offsets: offsets, ActiveLow: activeLow, PullUp: activeLow, Edge: func(w Was) {
		b.edge(index[w.Offset], w.Active)
	}})
	if err != nil {
		return nil, err
	}
	if err := b.begin(); err != nil {
		return nil, errors.Join(fmt.Errorf("cannot read the buttons of %s: %w", label, err), b.lines.Close())
	}
	go b.run()
	return b, nil
}

// begin reads how the contacts stand; an edge that came before counts for nothing.
func (b *Buttons) begin() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	values := make([]int, len(b.offsets))
	if err := b.lines.Values(values); err != nil {
		return err
	}
	for i, v := range values {
		b.contacts[i].Begin(time.Now(), v != 0)
	}
	b.out = nil
	return nil
}

// Buttons implements button.Set.
func (b *Buttons) Buttons() int { return len(b.offsets) }

// Events implements button.Set.
func (b *Buttons) Events() <-chan button.Event { return b.events }

// edge takes in an edge; the kernel's reader calls it and must not wait long.
func (b *Buttons) edge(i int, active bool) {
	b.mu.Lock()
	b.out = b.contacts[i].Edge(time.Now(), active, b.out)
	b.mu.Unlock()
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// run tells what the contacts did until the buttons are closed or cannot be read.
func (b *Buttons) run() {
	defer close(b.ended)
	defer close(b.events)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		told, next, ok := b.step(time.Now())
		if !ok {
			return // the chip is gone
		}
		for _, e := range told {
			select {
			case b.events <- e:
			case <-b.gone:
				return
			}
		}
		if next.IsZero() {
			timer.Stop()
		} else {
			timer.Reset(time.Until(next))
		}
		select {
		case <-b.wake:
		case <-timer.C:
		case <-b.gone:
			return
		}
	}
}

// step returns what has happened and when to look again. Where a contact is
// unsettled the line itself is asked: a kernel whose queue of edges ran over in a
// storm of them has lost the last one.
func (b *Buttons) step(now time.Time) (told []button.Event, next time.Time, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	due := false
	for i := range b.contacts {
		at, wants := b.contacts[i].Deadline()
		due = due || wants && !now.Before(at)
	}
	if due {
		values := make([]int, len(b.contacts))
		if err := b.lines.Values(values); err != nil {
			return nil, next, false
		}
		for i, v := range values {
			b.out = b.contacts[i].Seen(now, v != 0, b.out)
		}
	}
	for i := range b.contacts {
		if at, wants := b.contacts[i].Deadline(); wants && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	told, b.out = b.out, nil
	return told, next, true
}

// Close implements button.Set.
func (b *Buttons) Close() error {
	b.once.Do(func() {
		close(b.gone)
		<-b.ended
		if err := b.lines.Close(); err != nil {
			b.err = fmt.Errorf("cannot give the buttons' lines back: %w", err)
		}
	})
	err := b.err
	b.err = nil
	return err
}
