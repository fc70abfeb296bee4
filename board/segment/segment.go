// Package segment drives clock modules of four digits of seven segments: the
// TM1637 on two GPIO lines and the HT16K33 on I²C. A front that has no room for
// a display counts who waits on them.
package segment

import (
	"errors"
	"fmt"

	"github.com/centralita/centralita/hal/display"
)

// Digits is how many digits a module has.
const Digits = 4

// faces are the segments of what can be shown, A in bit 0 clockwise to F, G in
// the middle.
var faces = map[rune]byte{
	' ': 0x00, '-': 0x40, '0': 0x3F, '1': 0x06, '2': 0x5B, '3': 0x4F, '4': 0x66, '5': 0x6D, '6': 0x7D, '7': 0x07, '8': 0x7F, '9': 0x6F,
	'A': 0x77, 'C': 0x39, 'E': 0x79, 'F': 0x71, 'H': 0x76, 'L': 0x38, 'P': 0x73, 'U': 0x3E, 'b': 0x7C, 'd': 0x5E, 'h': 0x74, 'n': 0x54, 'o': 0x5C, 'r': 0x50, 't': 0x78,
}

// picture is what a module shows: digits from the left, and the colon.
type picture struct {
	digits [Digits]byte
	colon  bool
}

// chip is the controller of a module.
type chip interface {
	show(p picture, l display.Light) error // all of it, from any state
	lost(p picture) (bool, error)          // it had no power since it showed p
	close() error
	String() string
}

// Module is a module. It is used by one goroutine.
type Module struct {
	chip   chip
	shown  picture
	light  display.Light
	sure   bool // it shows that
	closed bool
}

// open blanks a module; when it does not answer, its wires are given back.
func open(c chip) (*Module, error) {
	m := &Module{chip: c}
	if err := m.bring(picture{}, display.Off); err != nil {
		return nil, errors.Join(err, c.close())
	}
	return m, nil
}

// Show shows text: up to four digits, letters that seven segments can draw, -
// and spaces, and a colon after the second of four places. It stands at the
// right: "4:12" is " 4:12". On an error the module stays as it was.
func (m *Module) Show(text string) error {
	var p picture
	at, runes := Digits-1, []rune(text)
	for i := len(runes) - 1; i >= 0; i-- {
		r := runes[i]
		if r == ':' && at == 1 && !p.colon {
			p.colon = true
			continue
		}
		face, ok := faces[r]
		if !ok || at < 0 {
			return fmt.Errorf("cannot show %q: the module has %d digits, a colon between them and no %q", text, Digits, r)
		}
		p.digits[at] = face
		at--
	}
	return m.bring(p, m.light)
}

// Backlight sets the light; Off is dark.
func (m *Module) Backlight(l display.Light) error {
	if l > display.Full {
		return fmt.Errorf("cannot set the light %s: off, dim or full", l)
	}
	return m.bring(m.shown, l)
}

// bring brings the module to p unless it shows it.
func (m *Module) bring(p picture, l display.Light) error {
	if m.closed {
		return errors.New("cannot show anything: the module is closed")
	}
	if m.sure {
		lost, err := m.chip.lost(m.shown)
		if err != nil {
			m.sure = false
			return fmt.Errorf("cannot show it on the digits at %s: %w", m.chip, err)
		}
		if !lost && p == m.shown && l == m.light {
			return nil
		}
	}
	if err := m.chip.show(p, l); err != nil {
		m.sure = false
		return fmt.Errorf("cannot show it on the digits at %s: %w", m.chip, err)
	}
	m.shown, m.light, m.sure = p, l, true
	return nil
}

// Close darkens the module and gives the wires back.
func (m *Module) Close() error {
	if m.closed {
		return nil
	}
	err := m.bring(picture{}, display.Off)
	m.closed = true
	return errors.Join(err, m.chip.close())
}
