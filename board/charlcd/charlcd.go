// Package charlcd drives character displays with an HD44780 or one of its many
// copies, 16×2 and 20×4, by four data lines: GPIO lines, or the PCF8574 port
// expander that is soldered to the back of most of them.
//
// Three words explain it: LCD (the driver), ROM (which letters it was made
// with), wire (how bytes reach the controller).
package charlcd

import (
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/centralita/centralita/hal/display"
)

// wire takes bytes to the controller.
type wire interface {
	half(nibble byte) error               // D7..D4 alone, an instruction
	write(data bool, bytes ...byte) error // both halves of each; the controller has the time it needs for each
	light(on bool) error                  // the backlight
	check() error                         // errLost: it had no power in between; another: it does not answer
	close() error                         // gives the lines back
	String() string                       // where it is
}

// errLost is a controller that has lost its memory.
var errLost = errors.New("it lost power in between")

// Instructions (HD44780U data sheet, table 6).
const (
	clearAll   = 0x01
	entryMode  = 0x06 // cursor to the right, no shift
	displayOff = 0x08
	displayOn  = 0x0C // no cursor
	function4  = 0x28 // four bits, two lines, 5×8 dots
	setCGRAM   = 0x40
	setDDRAM   = 0x80
)

// LCD is a character display. It implements display.Display; a display that
// was unplugged is set up and painted anew by the first call that it answers.
type LCD struct {
	wire       wire
	rom        ROM
	cols, rows int
	ready      bool
	closed     bool
	cells      [][]byte // as it shows them
	own        [display.MaxGlyphs]display.Bitmap
	defined    [display.MaxGlyphs]bool
	lit        display.Light
}

var _ display.Display = (*LCD)(nil)

// open sets a display up; when it does not answer, the wire is given back.
func open(w wire, rom ROM, cols, rows int) (*LCD, error) {
	d, err := later(w, rom, cols, rows)
	if err != nil {
		return nil, err
	}
	if err := d.begin(); err != nil {
		return nil, errors.Join(fmt.Errorf("cannot use the display at %s: %w", w, err), w.close())
	}
	return d, nil
}

// later is a display that the first call sets up which it answers.
func later(w wire, rom ROM, cols, rows int) (*LCD, error) {
	if err := check(rom, cols, rows); err != nil {
		return nil, errors.Join(err, w.close())
	}
	d := &LCD{wire: w, rom: rom, cols: cols, rows: rows, cells: make([][]byte, rows)}
	for i := range d.cells {
		d.cells[i] = blank(cols)
	}
	for slot, b := range rom.patches() {
		d.own[slot], d.defined[slot] = b, true
	}
	return d, nil
}

func blank(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = ' '
	}
	return b
}

// Size implements display.Display.
func (d *LCD) Size() (cols, rows int) { return d.cols, d.rows }

// Has implements display.Display.
func (d *LCD) Has(r rune) bool {
	_, ok := d.rom.code(r)
	return ok
}

// Glyphs implements display.Display: 8, of which A00 needs two for \ and ~.
func (d *LCD) Glyphs() int { return d.rom.glyphs() }

// begin sets the controller up by instruction, data sheet figure 24, which
// works from any state it may be in, and paints what should be seen. The first
// nibble only asks whether anybody answers: the power may have come this instant.
func (d *LCD) begin() error {
	d.ready = false
	for _, step := range []struct {
		nibble byte
		wait   time.Duration
	}{{3, powerOn}, {3, 5 * time.Millisecond}, {3, 200 * time.Microsecond}, {3, 200 * time.Microsecond}, {2, 200 * time.Microsecond}} {
		if err := d.wire.half(step.nibble); err != nil {
			return err
		}
		time.Sleep(step.wait) // 4.1 ms and 100 µs at least
	}
	if err := d.wire.write(false, function4, displayOff, clearAll); err != nil {
		return err
	}
	time.Sleep(3 * time.Millisecond) // clearing takes 1.52 ms at 270 kHz, copies run slower
	if err := d.wire.write(false, entryMode); err != nil {
		return err
	}
	for slot, b := range d.own {
		if d.defined[slot] {
			if err := d.load(slot, b); err != nil {
				return err
			}
		}
	}
	for i, row := range d.cells {
		if err := d.put(i, blank(d.cols), row); err != nil {
			return err
		}
	}
	if err := d.wire.write(false, displayOn); err != nil {
		return err
	}
	if err := d.wire.light(d.lit != display.Off); err != nil {
		return err
	}
	d.ready = true
	return nil
}

// do runs one exchange with the display, after setting it up where it has
// forgotten everything.
func (d *LCD) do(what string, f func() error) error {
	if d.closed {
		return fmt.Errorf("cannot %s: the display is closed", what)
	}
	err := error(nil)
	if d.ready {
		err = d.wire.check()
	}
	if !d.ready || errors.Is(err, errLost) {
		err = d.begin()
	}
	if err == nil {
		err = f()
	}
	if err != nil {
		d.ready = false
		return fmt.Errorf("cannot %s on the display at %s: %w", what, d.wire, err)
	}
	return nil
}

// Define implements display.Display.
func (d *LCD) Define(slot int, b display.Bitmap) error {
	if slot < 0 || slot >= d.Glyphs() {
		return fmt.Errorf("cannot define glyph %d: the display has slots 0..%d", slot, d.Glyphs()-1)
	}
	return d.do("define a glyph", func() error {
		if d.defined[slot] && d.own[slot] == b {
			return nil
		}
		if err := d.load(slot, b); err != nil {
			return err
		}
		d.own[slot], d.defined[slot] = b, true
		return nil
	})
}

func (d *LCD) load(slot int, b display.Bitmap) error {
	if err := d.wire.write(false, setCGRAM|byte(slot)<<3); err != nil {
		return err
	}
	return d.wire.write(true, b[:]...)
}

// Write implements display.Display. Only the characters that differ are sent.
func (d *LCD) Write(row int, text string) error {
	if row < 0 || row >= d.rows {
		return fmt.Errorf("cannot write row %d: rows are 0..%d", row, d.rows-1)
	}
	if n := utf8.RuneCountInString(text); n != d.cols {
		return fmt.Errorf("cannot write %q: it is %d wide, not %d", text, n, d.cols)
	}
	next := make([]byte, 0, d.cols)
	for _, r := range text {
		c, ok := d.rom.code(r)
		if slot := int(r - display.Glyph(0)); slot >= 0 && slot < d.Glyphs() && d.defined[slot] {
			c, ok = byte(slot), true
		}
		if !ok {
			return fmt.Errorf("cannot write %q: the display has no %q", text, r)
		}
		next = append(next, c)
	}
	return d.do("write", func() error {
		if err := d.put(row, d.cells[row], next); err != nil {
			return err
		}
		d.cells[row] = next
		return nil
	})
}

// put brings a row from old to next, run by run: setting the address costs as
// much as one character.
func (d *LCD) put(row int, old, next []byte) error {
	for from := 0; from < d.cols; from++ {
		if old[from] == next[from] {
			continue
		}
		to := from + 1
		for at := to; at < d.cols && at <= to+1; at++ {
			if old[at] != next[at] {
				to = at + 1
			}
		}
		if err := d.wire.write(false, setDDRAM|d.address(row, from)); err != nil {
			return err
		}
		if err := d.wire.write(true, next[from:to]...); err != nil {
			return err
		}
		from = to
	}
	return nil
}

// address of a cell: row 1 begins at 0x40, and rows 2 and 3 are the rest of the
// lines of rows 0 and 1.
func (d *LCD) address(row, col int) byte {
	return byte(row%2*0x40 + row/2*d.cols + col)
}

// Backlight implements display.Display; Dim is Full.
func (d *LCD) Backlight(l display.Light) error {
	if l > display.Full {
		return fmt.Errorf("cannot set the light %s: off, dim or full", l)
	}
	return d.do("set the light", func() error {
		if err := d.wire.light(l != display.Off); err != nil {
			return err
		}
		d.lit = l
		return nil
	})
}

// Close implements display.Display.
func (d *LCD) Close() error {
	if d.closed {
		return nil
	}
	d.lit = display.Off
	err := d.do("blank", func() error {
		for i := range d.cells {
			if err := d.put(i, d.cells[i], blank(d.cols)); err != nil {
				return err
			}
		}
		return d.wire.light(false)
	})
	d.closed = true
	return errors.Join(err, d.wire.close())
}
