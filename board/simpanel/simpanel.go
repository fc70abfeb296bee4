// Package simpanel is the front of the simulated box: a strip of lamps and a
// character display of 20×4 that exist in memory, so that pages and consoles
// can show what a person in front of the box would see.
package simpanel

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/centralita/centralita/hal/display"
	"github.com/centralita/centralita/hal/led"
)

// The display's size.
const (
	Cols = 20
	Rows = 4
)

// latin is what the simulated display's ROM draws beside ASCII: ñ, and none of
// the accents, as the common one for Europe.
const latin = "ñÑ"

// Panel is the simulated front. The panel goroutine writes it through Strip
// and Display; anyone may read it.
type Panel struct {
	mu      sync.Mutex
	lamps   []led.Colour // port lamps, then health
	rows    [Rows]string
	light   display.Light
	noStrip bool // closed
	noText  bool
	changes uint64
}

// New returns a dark front with n port lamps.
func New(n int) *Panel {
	p := &Panel{lamps: make([]led.Colour, n+1)}
	p.blank()
	return p
}

func (p *Panel) blank() {
	for i := range p.rows {
		p.rows[i] = strings.Repeat(" ", Cols)
	}
}

// Lamps returns what the lamps show now, the health lamp last.
func (p *Panel) Lamps() []led.Colour {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]led.Colour(nil), p.lamps...)
}

// Rows returns what the display shows now, each row Cols runes wide.
func (p *Panel) Rows() [Rows]string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.rows
}

// Light returns the display's backlight.
func (p *Panel) Light() display.Light {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.light
}

// Changes returns a count that grows with every change of lamp, row or light.
func (p *Panel) Changes() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.changes
}

// Strip returns the lamps' driver.
func (p *Panel) Strip() led.Strip { return strip{p} }

// Display returns the display's driver.
func (p *Panel) Display() display.Display { return screen{p} }

type strip struct{ p *Panel }

// Lamps returns the number of port lamps.
func (s strip) Lamps() int { return len(s.p.lamps) - 1 }

// Set lights lamp i.
func (s strip) Set(i int, c led.Colour) error {
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	switch {
	case s.p.noStrip:
		return errors.New("cannot light a lamp: the simulated strip is closed")
	case i < 0 || i >= len(s.p.lamps):
		return fmt.Errorf("cannot light lamp %d: the strip has lamps 0..%d", i, len(s.p.lamps)-1)
	case c > led.DimAmber:
		return fmt.Errorf("cannot light lamp %d: there is no colour %d", i, c)
	}
	s.p.lamps[i] = c
	s.p.changes++
	return nil
}

// Close darkens the strip.
func (s strip) Close() error {
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	clear(s.p.lamps)
	s.p.noStrip = true
	s.p.changes++
	return nil
}

type screen struct{ p *Panel }

// Size returns 20 columns and 4 rows.
func (screen) Size() (cols, rows int) { return Cols, Rows }

// Has reports ASCII and ñ.
func (screen) Has(r rune) bool { return r >= ' ' && r <= '~' || strings.ContainsRune(latin, r) }

// Glyphs returns 0: the simulated display shows the signs, as the serial
// console does, so that its rows are plain text.
func (screen) Glyphs() int { return 0 }

// Define fails.
func (screen) Define(slot int, _ display.Bitmap) error {
	return fmt.Errorf("cannot define glyph %d: the simulated display has none of its own", slot)
}

// Write shows text in row.
func (s screen) Write(row int, text string) error {
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	switch {
	case s.p.noText:
		return errors.New("cannot write: the simulated display is closed")
	case row < 0 || row >= Rows:
		return fmt.Errorf("cannot write row %d: rows are 0..%d", row, Rows-1)
	case utf8.RuneCountInString(text) != Cols:
		return fmt.Errorf("cannot write %q: it is not %d wide", text, Cols)
	}
	for _, r := range text {
		if !s.Has(r) {
			return fmt.Errorf("cannot write %q: the display has no %q", text, r)
		}
	}
	s.p.rows[row] = text
	s.p.changes++
	return nil
}

// Backlight sets the light.
func (s screen) Backlight(l display.Light) error {
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	if s.p.noText || l > display.Full {
		return fmt.Errorf("cannot set the light %s: closed %t", l, s.p.noText)
	}
	s.p.light = l
	s.p.changes++
	return nil
}

// Close blanks the display.
func (s screen) Close() error {
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	s.p.blank()
	s.p.light, s.p.noText = display.Off, true
	s.p.changes++
	return nil
}
