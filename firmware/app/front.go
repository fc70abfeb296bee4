package app

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"

	"github.com/centralita/centralita/board"
	"github.com/centralita/centralita/board/buses"
	"github.com/centralita/centralita/board/charlcd"
	"github.com/centralita/centralita/board/gpio"
	"github.com/centralita/centralita/board/oled"
	"github.com/centralita/centralita/board/segment"
	"github.com/centralita/centralita/firmware/config"
	"github.com/centralita/centralita/firmware/panel"
	"github.com/centralita/centralita/hal/button"
	"github.com/centralita/centralita/hal/display"
	"github.com/centralita/centralita/hal/led"
	"periph.io/x/conn/v3/i2c"
	"periph.io/x/conn/v3/spi"
)

// Wires are the ways to the front of the box; where one is nil nothing on it is
// opened.
type Wires struct {
	GPIO gpio.Kernel
	I2C  func(bus int) (i2c.BusCloser, error)
	SPI  func(name string) (spi.PortCloser, error)
}

// errNoWires is a house that is not to touch hardware.
var errNoWires = errors.New("no front is opened here")

// frontDriver is the driver's name in reports.
const frontDriver = "front"

// realFront is the front of the box as it was found.
type realFront struct {
	lamps   led.Strip
	screen  display.Display
	digits  *segment.Module
	buttons button.Set
	does    []string       // what each button does
	also    []panel.Signal // lamps before that of health
	reports []board.Report
	what    map[string]string // part → what it is, loaded or not
	lock    sync.Mutex        // of House.hardware
}

// openFront opens the front that the board has. What is not there is skipped.
func (h *House) openFront() {
	c := h.cfg.Board.Front
	if c == nil {
		return
	}
	f, w := &h.real, h.out.Wires
	if c.Lamps != nil {
		h.open("lamps", func() (string, error) { return f.openLamps(w, c) })
	}
	if len(c.Buttons) > 0 {
		h.open("buttons", func() (string, error) { return f.openButtons(w, c) })
	}
	if c.Screen != nil {
		h.open("display", func() (string, error) { return f.openScreen(w, c) })
	}
	if c.Digits != nil {
		h.open("digits", func() (string, error) { return f.openDigits(w, c) })
	}
	if c.RTC != "" {
		h.open("clock", func() (string, error) {
			return c.RTC + ", kept by the kernel", buses.There(c.RTC)
		})
	}
}

// errSilent is a chip that gives no answer: nothing is plugged in, or its cable is out.
var errSilent = errors.New("it does not answer")

// open opens one part of the front and says what became of it.
func (h *House) open(part string, open func() (what string, err error)) {
	r := board.Report{Driver: frontDriver, Port: part, State: board.Loaded}
	what, err := open()
	if h.real.what == nil {
		h.real.what = map[string]string{}
	}
	h.real.what[part] = what
	switch {
	case err == nil:
		r.What = what
	case errors.Is(err, errNoWires) || errors.Is(err, gpio.ErrAbsent) || errors.Is(err, os.ErrNotExist):
		r.State, r.Why = board.Skipped, err.Error()
		if errors.As(err, new(buses.Absent)) && part != "clock" {
			r.Hint = "where it is wired, switch its bus on in config.txt: dtparam=i2c_arm=on, dtparam=spi=on"
		}
	case errors.Is(err, errSilent):
		r.State, r.Why, r.Hint = board.Skipped, err.Error(), "it is taken as soon as it answers; where there is none, write "+part+": none"
	default:
		r.State, r.Why = board.Failed, err.Error()
	}
	h.real.reports = append(h.real.reports, r)
	h.addPart(r)
}

func (f *realFront) openLamps(w Wires, c *config.Front) (string, error) {
	var lamps []gpio.Lamp
	all := slices.Clone(c.Lamps.Ports)
	for _, more := range []struct {
		lamp config.Lamp
		is   panel.Signal
	}{{c.Lamps.Upstream, panel.Upstream}, {c.Lamps.Queue, panel.QueueOver}} {
		if more.lamp != (config.Lamp{Green: config.None, Red: config.None}) {
			all, f.also = append(all, more.lamp), append(f.also, more.is)
		}
	}
	for _, l := range append(all, c.Lamps.Health) {
		lamps = append(lamps, gpio.Lamp{Green: l.Green, Red: l.Red})
	}
	var s *gpio.Strip
	var err error
	where := "lines of " + c.Chip
	switch {
	case c.Lamps.SPI != "":
		where = fmt.Sprintf("%d registers at /dev/spidev%s", c.Lamps.Registers, c.Lamps.SPI)
		if w.SPI == nil {
			return "", errNoWires
		}
		var port spi.PortCloser
		if port, err = w.SPI(c.Lamps.SPI); err == nil {
			s, err = gpio.OpenChain(port, c.Lamps.Registers, c.Lamps.ActiveLow, lamps)
		}
	case w.GPIO == nil:
		return "", errNoWires
	default:
		s, err = gpio.OpenStrip(w.GPIO, c.Chip, c.Lamps.ActiveLow, lamps)
	}
	if err != nil {
		return "", err
	}
	f.lamps = s
	return fmt.Sprintf("%d ports and health on %s", len(c.Lamps.Ports), where), nil
}

func (f *realFront) openButtons(w Wires, c *config.Front) (string, error) {
	if w.GPIO == nil {
		return "", errNoWires
	}
	var lines []int
	for _, b := range c.Buttons {
		lines, f.does = append(lines, b.Line), append(f.does, b.Does)
	}
	b, err := gpio.OpenButtons(w.GPIO, c.Chip, true, lines)
	if err != nil {
		return "", err
	}
	f.buttons = b
	return fmt.Sprintf("%d on lines of %s", b.Buttons(), c.Chip), nil
}

func (f *realFront) openScreen(w Wires, c *config.Front) (string, error) {
	s := c.Screen
	what := fmt.Sprintf("%s, %d×%d", s.Kind, s.Cols, s.Rows)
	if s.I2C == config.None {
		if w.GPIO == nil {
			return "", errNoWires
		}
		lines, err := gpio.Outputs(w.GPIO, c.Chip, false, s.Lines...)
		if err != nil {
			return "", err
		}
		d, err := charlcd.OpenGPIO(lines, len(s.Lines) > 6, charlcd.ROM(s.ROM), s.Cols, s.Rows)
		if err != nil {
			return "", err
		}
		f.screen = d
		return what + " on lines of " + c.Chip, nil
	}
	bus, err := w.i2c(s.I2C)
	if err != nil {
		return "", err
	}
	if s.Kind == "ssd1306" {
		f.screen = oled.Later(bus, uint16(s.Address))
	} else {
		d, err := charlcd.LaterI2C(bus, uint16(s.Address), charlcd.ROM(s.ROM), s.Cols, s.Rows)
		if err != nil {
			return "", err
		}
		f.screen = d
	}
	return fmt.Sprintf("%s at 0x%02x of I²C bus %d", what, s.Address, s.I2C), silent(f.screen.Backlight(display.Off))
}

func (f *realFront) openDigits(w Wires, c *config.Front) (string, error) {
	d := c.Digits
	if d.Kind == "tm1637" {
		if w.GPIO == nil {
			return "", errNoWires
		}
		lines, err := gpio.OpenDrain(w.GPIO, c.Chip, d.Lines...)
		if err != nil {
			return "", err
		}
		f.digits = segment.LaterTM1637(lines)
		return "tm1637 on lines of " + c.Chip, silent(f.digits.Backlight(display.Off))
	}
	bus, err := w.i2c(d.I2C)
	if err != nil {
		return "", err
	}
	f.digits = segment.LaterHT16K33(bus, uint16(d.Address))
	return fmt.Sprintf("ht16k33 at 0x%02x of I²C bus %d", d.Address, d.I2C), silent(f.digits.Backlight(display.Off))
}

// silent is a chip that could not be set up: on these buses whatever is not
// there does just that.
func silent(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", errSilent, err)
}

func (w Wires) i2c(bus int) (i2c.BusCloser, error) {
	if w.I2C == nil {
		return nil, errNoWires
	}
	return w.I2C(bus)
}

// showOn makes the panel show on the real front too.
func (f *realFront) showOn(p *panel.Panel, told func(part string, err error)) {
	add := panel.Front{Display: f.screen, Strip: f.lamps, Also: f.also, Told: told}
	if f.digits != nil {
		add.Digits = f.digits
	}
	p.Add(add)
}
