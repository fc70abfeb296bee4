package gpio_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/centralita/centralita/board/gpio"
)

// chips is a kernel in memory: two chips, of which the second has our lines.
type chips struct {
	mu     sync.Mutex
	names  []string
	label  string
	lines  int
	level  map[int]bool // electrical: true is high
	busy   map[int]bool
	out    map[int]bool // requested as output
	edge   func(gpio.Was)
	low    bool // the last request's inputs are active low
	opened int  // chips open now
	writes int
	fail   error // of every read and write
}

func newChips() *chips {
	return &chips{names: []string{"gpiochip0", "gpiochip1"}, label: "pinctrl-test", lines: 54, level: map[int]bool{}, busy: map[int]bool{}, out: map[int]bool{}}
}

func (k *chips) Chips() []string { return k.names }

func (k *chips) Open(name string) (gpio.Chip, error) {
	if k.fail != nil {
		return nil, k.fail
	}
	k.opened++
	return &chip{k, name}, nil
}

type chip struct {
	*chips
	name string
}

func (c *chip) Label() string {
	if c.name == "gpiochip1" {
		return c.label
	}
	return "raspberrypi-exp-gpio"
}

func (c *chip) Lines() int { return c.lines }

func (c *chip) Close() error { c.opened--; return nil }

func (c *chip) Request(r gpio.Request) (gpio.Lines, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, o := range r.Offsets {
		if c.busy[o] {
			return nil, fmt.Errorf("line %d: device or resource busy", o)
		}
	}
	for _, o := range r.Offsets {
		c.busy[o], c.out[o] = true, r.Output
		if r.Output {
			c.level[o] = r.ActiveLow
		} else if _, driven := c.level[o]; !driven {
			c.level[o] = r.PullUp
		}
	}
	if !r.Output {
		c.edge, c.low = r.Edge, r.ActiveLow
	}
	return &lines{chip: c, r: r}, nil
}

type lines struct {
	*chip
	r      gpio.Request
	closed bool
}

func (l *lines) SetValues(values []int) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.fail != nil:
		return l.fail
	case l.closed:
		return errors.New("file already closed")
	case len(values) != len(l.r.Offsets):
		return fmt.Errorf("%d values for %d lines", len(values), len(l.r.Offsets))
	}
	for i, o := range l.r.Offsets {
		l.level[o] = (values[i] != 0) != l.r.ActiveLow
	}
	l.writes++
	return nil
}

func (l *lines) Values(values []int) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fail != nil {
		return l.fail
	}
	for i, o := range l.r.Offsets {
		values[i] = 0
		if l.level[o] != l.r.ActiveLow {
			values[i] = 1
		}
	}
	return nil
}

func (l *lines) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return errors.New("closed twice")
	}
	l.closed = true
	for _, o := range l.r.Offsets {
		delete(l.busy, o)
	}
	return nil
}

// press closes or opens a contact to ground, telling the edge unless it is lost.
func (k *chips) press(offset int, down, lost bool) {
	k.mu.Lock()
	k.level[offset] = !down
	edge, active := k.edge, down == k.low
	k.mu.Unlock()
	if edge != nil && !lost {
		edge(gpio.Was{Offset: offset, Active: active})
	}
}

// lit returns which of the lines are electrically active.
func (k *chips) lit(low bool) []int {
	k.mu.Lock()
	defer k.mu.Unlock()
	var on []int
	for o, high := range k.level {
		if k.out[o] && high != low {
			on = append(on, o)
		}
	}
	slices.Sort(on)
	return on
}
