// Package gpio drives the lamps and buttons that are wired to GPIO lines, by the
// kernel's character device, and lamps behind a chain of 74HC595 shift registers.
//
// Three words explain it: Kernel (the chips that there are), Lamp (which lines
// light it), Button (which line its contact closes).
package gpio

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrAbsent is a chip that is not there: absent is not broken.
var ErrAbsent = errors.New("it is not there")

// Kernel finds GPIO chips. Linux is the real one.
type Kernel interface {
	Chips() []string // names, such as gpiochip0
	Open(name string) (Chip, error)
}

// Chip is an open chip.
type Chip interface {
	Label() string
	Lines() int
	Request(r Request) (Lines, error)
	Close() error // lines that were requested stay
}

// Request is some lines of a chip, all outputs or all inputs.
type Request struct {
	Offsets   []int
	ActiveLow bool      // the line is low when its lamp is lit or its button pressed
	Output    bool      // all inactive at first
	OpenDrain bool      // outputs: a 1 lets the line go, Values reads what is on it
	PullUp    bool      // inputs and open drains: the chip pulls open contacts up
	Edge      func(Was) // inputs: told of every edge, from another goroutine
}

// Was is an edge: the line that changed and what it is now.
type Was struct {
	Offset int
	Active bool
}

// Lines are lines that were requested, values in the order of the request.
type Lines interface {
	SetValues(values []int) error
	Values(values []int) error
	Close() error
}

// Find opens the chip with a label, such as pinctrl-bcm2711: the kernel numbers
// chips as it finds them, only the label stays.
func Find(k Kernel, label string) (Chip, error) {
	var labels []string
	var failed []error
	for _, name := range k.Chips() {
		c, err := k.Open(name)
		if err != nil {
			failed = append(failed, fmt.Errorf("cannot open %s: %w", name, err))
			continue
		}
		if c.Label() == label {
			return c, nil
		}
		labels = append(labels, c.Label())
		failed = append(failed, c.Close())
	}
	if err := errors.Join(failed...); err != nil {
		return nil, fmt.Errorf("cannot find the GPIO chip %s: %w", label, err)
	}
	if len(labels) == 0 {
		return nil, fmt.Errorf("cannot find the GPIO chip %s: %w, there is none at all", label, ErrAbsent)
	}
	return nil, fmt.Errorf("cannot find the GPIO chip %s: %w, there are %s", label, ErrAbsent, strings.Join(labels, ", "))
}

// request asks the chip with a label for lines.
func request(k Kernel, label string, r Request) (Lines, error) {
	c, err := Find(k, label)
	if err != nil {
		return nil, err
	}
	var lines Lines
	if over := slices.Max(r.Offsets); over >= c.Lines() || slices.Min(r.Offsets) < 0 {
		err = fmt.Errorf("cannot use line %d of %s: it has lines 0..%d", over, label, c.Lines()-1)
	} else if lines, err = c.Request(r); err != nil {
		err = fmt.Errorf("cannot have the lines %v of %s: %w", r.Offsets, label, err)
	}
	if err := errors.Join(err, c.Close()); err != nil {
		if lines != nil {
			err = errors.Join(err, lines.Close())
		}
		return nil, err
	}
	return lines, nil
}

// Outputs asks the chip with a label for lines to drive, all inactive at first.
func Outputs(k Kernel, label string, activeLow bool, offsets ...int) (Lines, error) {
	return request(k, label, Request{Offsets: offsets, ActiveLow: activeLow, Output: true})
}

// OpenDrain asks the chip with a label for lines that are pulled down or let go,
// all let go at first.
func OpenDrain(k Kernel, label string, offsets ...int) (Lines, error) {
	l, err := request(k, label, Request{Offsets: offsets, Output: true, OpenDrain: true, PullUp: true})
	if err != nil {
		return nil, err
	}
	high := make([]int, len(offsets))
	for i := range high {
		high[i] = 1
	}
	if err := l.SetValues(high); err != nil {
		return nil, errors.Join(fmt.Errorf("cannot let the lines %v of %s go: %w", offsets, label, err), l.Close())
	}
	return l, nil
}
