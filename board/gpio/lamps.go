package gpio

import (
	"errors"
	"fmt"
	"slices"

	"github.com/centralita/centralita/hal/led"
)

// None is the line of a light that a lamp does not have.
const None = -1

// Lamp says which lines light a lamp: offsets of a chip, or outputs of a chain
// counted from the register next to the processor. A lamp of one colour has one
// of the two; amber is both.
type Lamp struct{ Green, Red int }

// lights are wires that are driven together.
type lights interface {
	set(values []int) error
	close() error
}

// Strip is a strip of lamps on wires. It implements led.Strip.
type Strip struct {
	lamps  []Lamp // health last
	wire   map[int]int
	values []int // as the wires are
	sure   bool  // they are: the last write went well
	to     lights
	closed bool
}

var _ led.Strip = (*Strip)(nil)

// wires returns the lines of all lamps, each once, after checking that no two
// lights share one.
func wires(lamps []Lamp) ([]int, error) {
	if len(lamps) < 2 {
		return nil, fmt.Errorf("cannot drive %d lamps: a strip has one for a port and one for health at least", len(lamps))
	}
	var lines []int
	for i, l := range lamps {
		if l.Green == None && l.Red == None {
			return nil, fmt.Errorf("cannot light lamp %d: it has no line", i)
		}
		for _, line := range []int{l.Green, l.Red} {
			if line == None {
				continue
			}
			if slices.Contains(lines, line) {
				return nil, fmt.Errorf("cannot light lamp %d: line %d lights another already", i, line)
			}
			lines = append(lines, line)
		}
	}
	return lines, nil
}

func newStrip(lamps []Lamp, lines []int, to lights) *Strip {
	s := &Strip{lamps: slices.Clone(lamps), wire: map[int]int{}, values: make([]int, len(lines)), sure: true, to: to}
	for i, line := range lines {
		s.wire[line] = i
	}
	return s
}

// OpenStrip takes the lines of the lamps, health last, from the chip with a
// label; all are dark.
func OpenStrip(k Kernel, label string, activeLow bool, lamps []Lamp) (*Strip, error) {
	lines, err := wires(lamps)
	if err != nil {
		return nil, err
	}
	got, err := Outputs(k, label, activeLow, lines...)
	if err != nil {
		return nil, err
	}
	return newStrip(lamps, lines, cdev{got}), nil
}

// cdev are lines of a chip.
type cdev struct{ Lines }

func (c cdev) set(values []int) error { return c.SetValues(values) }
func (c cdev) close() error           { return c.Close() }

// Lamps implements led.Strip.
func (s *Strip) Lamps() int { return len(s.lamps) - 1 }

// Set implements led.Strip. Only what changes is written.
func (s *Strip) Set(i int, c led.Colour) error {
	switch {
	case s.closed:
		return errors.New("cannot light a lamp: the strip is closed")
	case i < 0 || i >= len(s.lamps) || c > led.DimAmber:
		return fmt.Errorf("cannot light lamp %d %s: the strip has lamps 0..%d", i, c, len(s.lamps)-1)
	}
	l := s.lamps[i]
	green, red := c == led.Green || c == led.Amber || c == led.DimAmber, c == led.Red || c == led.Amber || c == led.DimAmber
	if l.Green == None || l.Red == None {
		green, red = c != led.Dark, c != led.Dark // it has one light for all colours
	}
	next := slices.Clone(s.values)
	if l.Green != None {
		next[s.wire[l.Green]] = level(green)
	}
	if l.Red != None {
		next[s.wire[l.Red]] = level(red)
	}
	return s.write(next)
}

// write brings the wires to next unless they are there.
func (s *Strip) write(next []int) error {
	if s.sure && slices.Equal(next, s.values) {
		return nil
	}
	if err := s.to.set(next); err != nil {
		s.sure = false
		return fmt.Errorf("cannot light the lamps: %w", err)
	}
	s.values, s.sure = next, true
	return nil
}

// Close implements led.Strip.
func (s *Strip) Close() error {
	if s.closed {
		return nil
	}
	err := s.write(make([]int, len(s.values)))
	s.closed = true
	if e := s.to.close(); e != nil {
		err = errors.Join(err, fmt.Errorf("cannot give the lamps' lines back: %w", e))
	}
	return err
}

func level(on bool) int {
	if on {
		return 1
	}
	return 0
}
