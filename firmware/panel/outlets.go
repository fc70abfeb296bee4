package panel

import (
	"errors"
	"time"

	"github.com/centralita/centralita/firmware/view"
	"github.com/centralita/centralita/hal/display"
	"github.com/centralita/centralita/hal/led"
)

// Digits are four digits of seven segments.
type Digits interface {
	Show(text string) error
	Backlight(l display.Light) error
}

// condition is whether a part of a front can be shown on.
type condition struct {
	part    string
	told    func(part string, err error)
	failing bool
}

// is tells what changed and reports whether the part is to be tried again.
func (c *condition) is(err error) bool {
	if failing := err != nil; failing != c.failing {
		c.failing = failing
		c.told(c.part, err)
	}
	return c.failing
}

// screen is a display and what it shows.
type screen struct {
	state   condition
	display display.Display
	rows    []string // "": not known
	own     []rune   // what each own glyph shows; 0: nothing
	light   display.Light
	lit     bool // light is known
}

func newScreen(d display.Display) *screen {
	_, n := d.Size()
	return &screen{display: d, rows: make([]string, n), own: make([]rune, d.Glyphs())}
}

// small reports whether the display is too small for the screens of 20×4.
func (o *screen) small() bool {
	cols, rows := o.display.Size()
	return cols < Cols || rows < Rows
}

// write brings the rows that differ to the display.
func (o *screen) write(f rows, light display.Light) error {
	text, err := o.fold(f)
	errs := []error{err}
	cols, _ := o.display.Size()
	for i := range min(len(o.rows), len(text)) {
		row := fit(text[i], cols)
		if row == o.rows[i] {
			continue
		}
		if err := o.display.Write(i, row); err != nil {
			o.rows[i] = ""
			return errors.Join(append(errs, err)...) // the others would wait for it in vain
		}
		o.rows[i] = row
	}
	if !o.lit || light != o.light {
		err := o.display.Backlight(light)
		o.light, o.lit = light, err == nil
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// strip is some lamps and what they show.
type strip struct {
	state condition
	strip led.Strip
	lamps []led.Colour
	known []bool // lamps[i] is known
	also  []Signal
}

// glow brings the lamps that differ to the strip, and next to their next step.
func (o *strip) glow(f Frame, state *State, now time.Time, next *time.Time) error {
	var errs []error
	test, changes, testing := state.Test(now)
	*next = earliest(*next, changes)
	for i := range o.lamps {
		rhythm := view.Off.Look().Rhythm
		switch {
		case i == len(o.lamps)-1:
			rhythm = f.Health.Rhythm()
		case i >= len(o.lamps)-1-len(o.also):
			rhythm = f.Signals[o.also[i-(len(o.lamps)-1-len(o.also))]].Look().Rhythm
		case i < len(f.Lamps):
			rhythm = f.Lamps[i].Lamp.Look().Rhythm
		}
		colour, step := view.ColourAt(rhythm, now)
		*next = earliest(*next, step)
		c := ledColour(colour)
		if testing {
			c = test
		}
		if !o.known[i] || c != o.lamps[i] {
			err := o.strip.Set(i, c)
			o.lamps[i], o.known[i] = c, err == nil
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// counter is four digits and what they show.
type counter struct {
	state  condition
	digits Digits
	text   string
	light  display.Light
	known  bool
}

func (o *counter) show(text string, light display.Light) error {
	if o.known && text == o.text && light == o.light {
		return nil
	}
	err := o.digits.Show(text)
	if err == nil {
		err = o.digits.Backlight(light)
	}
	o.text, o.light, o.known = text, light, err == nil
	return err
}
