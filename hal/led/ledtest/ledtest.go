// Package ledtest is the conformance suite of lamp strips, and a strip without
// hardware to test against.
package ledtest

import (
	"errors"
	"fmt"
	"testing"

	"github.com/centralita/centralita/hal/led"
)

// Fake is a strip in memory that keeps every write. Make it with NewFake.
type Fake struct {
	Shown  []led.Colour // port lamps, then the health lamp
	Writes []Write      // every successful Set in order
	Fail   error        // when set, Set returns it and shows nothing
	closed bool
}

// Write is one successful Set.
type Write struct {
	Lamp   int
	Colour led.Colour
}

var _ led.Strip = (*Fake)(nil)

// NewFake returns a dark strip of n port lamps and a health lamp.
func NewFake(n int) *Fake { return &Fake{Shown: make([]led.Colour, n+1)} }

// Lamps returns the number of port lamps.
func (f *Fake) Lamps() int { return len(f.Shown) - 1 }

// Set lights lamp i.
func (f *Fake) Set(i int, c led.Colour) error {
	switch {
	case f.closed:
		return errors.New("cannot light a lamp: the strip is closed")
	case f.Fail != nil:
		return f.Fail
	case i < 0 || i >= len(f.Shown) || c > led.DimAmber:
		return fmt.Errorf("cannot light lamp %d %s: the strip has lamps 0..%d", i, c, len(f.Shown)-1)
	}
	f.Shown[i] = c
	f.Writes = append(f.Writes, Write{i, c})
	return nil
}

// Close darkens the strip.
func (f *Fake) Close() error {
	clear(f.Shown)
	f.closed = true
	return nil
}

// Run checks a driver against the contract. open returns a fresh strip and a
// function that reads back what its lamps show, health lamp last.
func Run(t *testing.T, open func(t *testing.T) (s led.Strip, shown func() []led.Colour)) {
	t.Helper()
	RunAs(t, func(_ int, c led.Colour) led.Colour { return c }, open)
}

// TwoColours is how lamps look that have a green and a red light and cannot be dimmed.
func TwoColours(_ int, c led.Colour) led.Colour {
	if c == led.DimAmber {
		return led.Amber
	}
	return c
}

// RunAs is Run for a strip whose lamps lack colours: as tells how lamp i looks
// when it is set to c. A lamp of one colour looks led.Green when it is lit.
func RunAs(t *testing.T, as func(i int, c led.Colour) led.Colour, open func(t *testing.T) (s led.Strip, shown func() []led.Colour)) {
	t.Helper()
	t.Run("begins dark", func(t *testing.T) {
		s, shown := open(t)
		if s.Lamps() < 1 {
			t.Fatalf("Lamps() = %d, want at least one port lamp", s.Lamps())
		}
		if n := len(shown()); n != s.Lamps()+1 {
			t.Fatalf("%d lamps read back, want %d ports and health", n, s.Lamps())
		}
		wantDark(t, shown())
	})
	t.Run("each lamp in each colour, the others untouched", func(t *testing.T) {
		s, shown := open(t)
		for i := 0; i <= s.Lamps(); i++ {
			for c := led.DimAmber; ; c-- {
				if err := s.Set(i, c); err != nil {
					t.Fatalf("Set(%d, %s): %v", i, c, err)
				}
				for j, got := range shown() {
					if want := pick(j == i, as(j, c), led.Dark); got != want {
						t.Fatalf("after Set(%d, %s) lamp %d is %s, want %s", i, c, j, got, want)
					}
				}
				if c == led.Dark {
					break
				}
			}
		}
	})
	t.Run("impossible lamps and colours are refused", func(t *testing.T) {
		s, shown := open(t)
		for _, w := range []Write{{-1, led.Red}, {s.Lamps() + 1, led.Red}, {0, led.DimAmber + 1}} {
			if err := s.Set(w.Lamp, w.Colour); err == nil {
				t.Errorf("Set(%d, %d) was accepted", w.Lamp, w.Colour)
			}
		}
		wantDark(t, shown())
	})
	t.Run("close darkens and ends", func(t *testing.T) {
		s, shown := open(t)
		if err := s.Set(0, led.Green); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatalf("Close: %v", err)
		}
		wantDark(t, shown())
		if s.Set(0, led.Green) == nil {
			t.Error("Set after Close was accepted")
		}
		if err := s.Close(); err != nil {
			t.Errorf("second Close: %v", err)
		}
	})
}

func wantDark(t *testing.T, shown []led.Colour) {
	t.Helper()
	for i, c := range shown {
		if c != led.Dark {
			t.Errorf("lamp %d is %s, want dark", i, c)
		}
	}
}

func pick(cond bool, a, b led.Colour) led.Colour {
	if cond {
		return a
	}
	return b
}
