// Package oled drives an SSD1306 of 128×64 dots on I²C as a character display of
// 20×4: each cell is a letter of hal/display/dots at twice its height, which is
// read from where a person stands.
package oled

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/centralita/centralita/hal/display"
	"github.com/centralita/centralita/hal/display/dots"
	"periph.io/x/conn/v3/i2c"
)

// The display in characters.
const (
	Cols = 20
	Rows = 4
)

// The cells in dots.
const (
	cellWidth = 6                          // five dots and a gap
	margin    = (128 - Cols*cellWidth) / 2 // left of the first cell
	pages     = 2                          // of eight dots, a cell is high
)

// Control bytes before what follows (SSD1306 data sheet 8.1.5.2).
const (
	command = 0x00
	data    = 0x40
)

// Commands (data sheet, table 9).
const (
	setColumns  = 0x21
	setPages    = 0x22
	setContrast = 0x81
	turnOff     = 0xAE
	turnOn      = 0xAF
)

// setUp is the sequence of the data sheet's application note for a module of
// 128×64 with its own charge pump; the display stays off.
var setUp = []byte{command, turnOff,
	0xD5, 0x80, // clock
	0xA8, 63, // rows
	0xD3, 0, 0x40, // no offset, first line 0
	0x8D, 0x14, // charge pump on
	0x20, 0, // horizontal addressing
	0xA1, 0xC8, // the connector is above
	0xDA, 0x12, // pins of a 64 row panel
	0xD9, 0xF1, 0xDB, 0x40, // for the charge pump
	0xA4, 0xA6, // show the memory, lit is lit
}

// contrast of the lights.
var contrast = [...]byte{display.Dim: 0x01, display.Full: 0xCF}

// isOff is the bit of the status byte that says that the display is off.
const isOff = 0x40

type row [Cols]display.Bitmap

// OLED is the display. It implements display.Display; one that was unplugged is
// set up and painted anew by the first call that it answers.
type OLED struct {
	bus     i2c.BusCloser
	addr    uint16
	ready   bool
	closed  bool
	blind   bool // the module does not tell its status
	text    [Rows][]rune
	shown   [Rows]row
	own     [display.MaxGlyphs]display.Bitmap
	defined [display.MaxGlyphs]bool
	lit     display.Light
}

var _ display.Display = (*OLED)(nil)

// Open sets up the display at addr, 0x3C or 0x3D; it owns the bus from now on.
func Open(bus i2c.BusCloser, addr uint16) (*OLED, error) {
	d := Later(bus, addr)
	if err := d.begin(); err != nil {
		return nil, errors.Join(fmt.Errorf("cannot use the display at %s: %w", d, err), bus.Close())
	}
	return d, nil
}

// Later returns a display that may be plugged in later: the first call that it answers
// sets it up.
func Later(bus i2c.BusCloser, addr uint16) *OLED { return &OLED{bus: bus, addr: addr} }

// String returns where the display is.
func (d *OLED) String() string { return fmt.Sprintf("%s 0x%02x", d.bus, d.addr) }

// Size implements display.Display.
func (d *OLED) Size() (cols, rows int) { return Cols, Rows }

// Has implements display.Display: it has what the font has.
func (d *OLED) Has(r rune) bool {
	_, ok := dots.Of(r)
	return ok
}

// Glyphs implements display.Display.
func (d *OLED) Glyphs() int { return display.MaxGlyphs }

func (d *OLED) send(b ...byte) error { return d.bus.Tx(d.addr, b, nil) }

// begin sets the display up and paints what should be seen.
func (d *OLED) begin() error {
	d.ready = false
	if err := d.send(setUp...); err != nil {
		return err
	}
	blank := make([]byte, 1+128) // a row of dots at a time: some bridges take no more
	blank[0] = data
	if err := d.send(command, setColumns, 0, 127, setPages, 0, 7); err != nil {
		return err
	}
	for range 8 {
		if err := d.send(blank...); err != nil {
			return err
		}
	}
	for i, shown := range d.shown {
		if err := d.paint(i, row{}, shown); err != nil {
			return err
		}
	}
	d.ready = true
	return d.light(d.lit)
}

// lost reports that the display had no power in between: then it is off.
func (d *OLED) lost() (bool, error) {
	if d.blind || d.lit == display.Off {
		return false, nil
	}
	status := make([]byte, 1)
	err := d.bus.Tx(d.addr, nil, status)
	return status[0]&isOff != 0, err
}

// do runs one exchange with the display, after setting it up where it has
// forgotten everything.
func (d *OLED) do(what string, f func() error) error {
	if d.closed {
		return fmt.Errorf("cannot %s: the display is closed", what)
	}
	var err error
	forgot := !d.ready
	if !forgot {
		forgot, err = d.lost()
	}
	if forgot && err == nil {
		err = d.begin()
	}
	if err == nil {
		err = f()
	}
	if err != nil {
		d.ready = false
		return fmt.Errorf("cannot %s on the display at %s: %w", what, d, err)
	}
	return nil
}

// Define implements display.Display.
func (d *OLED) Define(slot int, b display.Bitmap) error {
	if slot < 0 || slot >= display.MaxGlyphs {
		return fmt.Errorf("cannot define glyph %d: the display has slots 0..%d", slot, display.MaxGlyphs-1)
	}
	return d.do("define a glyph", func() error {
		d.own[slot], d.defined[slot] = b, true
		for i, text := range d.text {
			if err := d.show(i, text); err != nil {
				return err
			}
		}
		return nil
	})
}

// Write implements display.Display. Only the cells that differ are sent.
func (d *OLED) Write(row int, text string) error {
	if row < 0 || row >= Rows {
		return fmt.Errorf("cannot write row %d: rows are 0..%d", row, Rows-1)
	}
	if n := utf8.RuneCountInString(text); n != Cols {
		return fmt.Errorf("cannot write %q: it is %d wide, not %d", text, n, Cols)
	}
	for _, r := range text {
		if _, ok := d.drawn(r); !ok {
			return fmt.Errorf("cannot write %q: the display has no %q", text, r)
		}
	}
	return d.do("write", func() error { return d.show(row, []rune(text)) })
}

// drawn is how r looks.
func (d *OLED) drawn(r rune) (display.Bitmap, bool) {
	if slot := int(r - display.Glyph(0)); slot >= 0 && slot < display.MaxGlyphs && d.defined[slot] {
		return d.own[slot], true
	}
	return dots.Of(r)
}

// show brings a row to text.
func (d *OLED) show(i int, text []rune) error {
	var next row
	for col, r := range text {
		next[col], _ = d.drawn(r) // it was asked before
	}
	if err := d.paint(i, d.shown[i], next); err != nil {
		return err
	}
	d.shown[i], d.text[i] = next, text
	return nil
}

// paint brings a row from old to next, run by run of cells that differ.
func (d *OLED) paint(i int, old, next row) error {
	for from := 0; from < Cols; from++ {
		if old[from] == next[from] {
			continue
		}
		to := from + 1
		for to < Cols && old[to] != next[to] {
			to++
		}
		window := []byte{command, setColumns, byte(margin + from*cellWidth), byte(margin + to*cellWidth - 1), setPages, byte(i * pages), byte(i*pages + pages - 1)}
		if err := d.send(window...); err != nil {
			return err
		}
		if err := d.send(cells(next[from:to])...); err != nil {
			return err
		}
		from = to
	}
	return nil
}

// cells are the dots of some cells, as horizontal addressing takes them: a byte
// is eight dots of a column, the lowest bit on top; the pages one after the other.
func cells(list []display.Bitmap) []byte {
	out := make([]byte, 1, 1+len(list)*cellWidth*pages)
	out[0] = data
	for page := range pages {
		for _, b := range list {
			for col := range cellWidth {
				var dots byte
				for i := range 4 { // rows of the font, twice their height
					if col < 5 && b[page*4+i]>>(4-col)&1 == 1 {
						dots |= 3 << (2 * i)
					}
				}
				out = append(out, dots)
			}
		}
	}
	return out
}

// light sets the contrast, and turns the display on or off.
func (d *OLED) light(l display.Light) error {
	if l == display.Off {
		d.lit = l
		return d.send(command, turnOff)
	}
	if err := d.send(command, setContrast, contrast[l], turnOn); err != nil {
		return err
	}
	d.lit, d.blind = l, false
	off, err := d.lost()
	d.blind = off || err != nil // just turned on: it does not tell
	return nil
}

// Backlight implements display.Display: the light is in the dots.
func (d *OLED) Backlight(l display.Light) error {
	if l > display.Full {
		return fmt.Errorf("cannot set the light %s: off, dim or full", l)
	}
	return d.do("set the light", func() error { return d.light(l) })
}

// Close implements display.Display.
func (d *OLED) Close() error {
	if d.closed {
		return nil
	}
	err := d.do("blank", func() error {
		for i := range d.shown {
			if err := d.show(i, nil); err != nil {
				return err
			}
		}
		return d.light(display.Off)
	})
	d.closed = true
	return errors.Join(err, d.bus.Close())
}
