package app

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/centralita/centralita/firmware/console"
	"github.com/centralita/centralita/hal/serial"
)

// seats are the serial lines at which technicians sit, kept open from one house to the
// next so that nobody there has to enter anew. A nil one keeps nothing.
type seats struct {
	mu   sync.Mutex
	kept map[string]*seatLine
}

// seatLine is an open line and the place at it.
type seatLine struct {
	serial.Line
	seat *console.Seat
}

// close ends the place and the line.
func (l *seatLine) close() error {
	l.seat.Close()
	return l.Line.Close()
}

// keep takes a line of a house that makes way for another. Where nothing is kept it is
// closed.
func (k *seats) keep(name string, l *seatLine) error {
	if k == nil {
		return l.close()
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.kept == nil {
		k.kept = map[string]*seatLine{}
	}
	k.kept[name] = l
	return nil
}

// take returns the line that was kept; nil: none was.
func (k *seats) take(name string) *seatLine {
	if k == nil {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	l := k.kept[name]
	delete(k.kept, name)
	return l
}

// vacate makes everybody enter anew: the accounts are not the ones by which they did.
func (k *seats) vacate() {
	if k == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, l := range k.kept {
		l.seat.Vacate()
	}
}

// close closes the lines that no house has taken.
func (k *seats) close() error {
	if k == nil {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	var errs []error
	for name, l := range k.kept {
		if err := l.close(); err != nil {
			errs = append(errs, fmt.Errorf("cannot close the console %s: %w", name, err))
		}
	}
	k.kept = nil
	return errors.Join(errs...)
}

// lent is a line as a house has it.
type lent struct {
	*seatLine
	name  string
	house context.Context
	seats *seats
	once  sync.Once
}

// Close implements serial.Line. When the house makes way for another the line stays open.
func (l *lent) Close() (err error) {
	l.once.Do(func() {
		if errors.Is(context.Cause(l.house), console.ErrAnew) {
			err = l.seats.keep(l.name, l.seatLine)
			return
		}
		err = l.seatLine.close()
	})
	return err
}
