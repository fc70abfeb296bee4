package config

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"github.com/centralita/centralita/firmware/config/place"
)

// spiDevice is bus and chip select, as in /dev/spidev0.0.
var spiDevice = regexp.MustCompile(`^\d{1,2}\.\d{1,2}$`)

// Most lamps of ports that a front has.
const mostLamps = 16

// lamps reads where the lamps are.
func (a *fronts) lamps(s *section) {
	l := &Lamps{SPI: s.Text("spi", ""), ActiveLow: s.Bool("active_low", false), Health: Lamp{None, None}, Upstream: Lamp{None, None}, Queue: Lamp{None, None}}
	kind, most := gpioLine, mostLine
	if l.SPI != "" {
		l.Registers = s.Int("registers", 1, 1, registers)
		kind, most = output, 8*l.Registers-1
		if !spiDevice.MatchString(l.SPI) {
			s.sink.Report(s.At("spi"), fmt.Sprintf("%s is no SPI device", place.Quote(l.SPI)), "it is bus and chip select", "write 0.0 for /dev/spidev0.0")
		}
	} else {
		s.Get("registers")
	}
	ports := s.List("ports")
	if len(ports) == 0 || len(ports) > mostLamps {
		s.sink.Report(s.At("ports"), fmt.Sprintf("there are %d lamps of ports", len(ports)), fmt.Sprintf("a front has 1 to %d", mostLamps), "write the lines of each, green and red: [[17, 27], [22, 23]]")
	}
	for i, n := range ports {
		l.Ports = append(l.Ports, s.lamp(n, kind, fmt.Sprintf("the lamp of port %d", i+1), most))
	}
	for _, more := range []struct {
		key, who string
		to       *Lamp
	}{{"upstream", "the upstream lamp", &l.Upstream}, {"queue", "the queue lamp", &l.Queue}} {
		if n := s.Get(more.key); n != nil {
			*more.to = s.lamp(n, kind, more.who, most)
		}
	}
	if n := s.Need("health", "[24, 25]"); n != nil {
		l.Health = s.lamp(n, kind, "the health lamp", most)
	}
	a.out.Lamps = l
}

// lamp reads the line of a lamp, or its green and red ones.
func (s *section) lamp(n *place.Node, kind, who string, most int) Lamp {
	switch {
	case n.Kind == place.Text:
		return Lamp{s.line(n, kind, who, most), None}
	case n.Kind == place.List && len(n.Items) == 2:
		return Lamp{s.line(n.Items[0], kind, who, most), s.line(n.Items[1], kind, who, most)}
	}
	s.sink.Report(n.At, who+" has no lines", "a lamp has one line, or a green and a red one", "write one such as 17 or [17, 27]")
	return Lamp{None, None}
}

// doings are what buttons can do.
var doings = []string{"lamp_test", "night", "next", "prev", "ok", "restart", "reset"}

// buttons reads which button is on which line.
func (a *fronts) buttons(s *section) {
	a.out.Buttons = nil
	for _, does := range doings {
		if n := s.Get(does); n != nil {
			a.out.Buttons = append(a.out.Buttons, Button{does, s.line(n, gpioLine, "the button "+does, mostLine)})
		}
	}
}

// bus reads bus and address of a chip on I²C.
func (s *section) bus(who string, def, least, most int) (bus, address int) {
	bus = s.Int("i2c", 1, 0, 99)
	address = def
	if n := s.Get("address"); n != nil {
		v, err := strconv.ParseInt(n.Text, 0, 32)
		if n.Kind != place.Text || err != nil || int(v) < least || int(v) > most {
			s.sink.Report(n.At, fmt.Sprintf("%s cannot be at the address %s", who, place.Quote(n.Text)), fmt.Sprintf("it is one from 0x%02x to 0x%02x", least, most), fmt.Sprintf("write 0x%02x", def))
			return bus, def
		}
		address = int(v)
	}
	s.on(fmt.Sprintf("address 0x%02x of I²C bus %d", address, bus), who, s.At("address"))
	return bus, address
}

// sizes of displays by HD44780 that are driven.
var sizes = map[string][2]int{"16x2": {16, 2}, "20x4": {20, 4}, "20x2": {20, 2}, "16x4": {16, 4}}

// screen reads the character display.
func (a *fronts) screen(s *section) {
	d := &Screen{Kind: s.Enum("kind", "hd44780", "hd44780", "ssd1306"), I2C: None, Cols: 20, Rows: 4}
	a.out.Screen = d
	if d.Kind == "ssd1306" {
		d.I2C, d.Address = s.bus("the display", 0x3C, 0x3C, 0x3D)
		return
	}
	size := sizes[s.Enum("size", "20x4", "20x4", "16x2", "20x2", "16x4")]
	d.Cols, d.Rows = size[0], size[1]
	d.ROM = s.Enum("rom", "A00", "A00", "A02")
	if s.Has("lines") {
		d.Lines = s.lines("lines", 6, "RS", "E", "D4", "D5", "D6", "D7", "the light")
		return
	}
	s.Get("lines")
	d.I2C, d.Address = s.bus("the display", 0x27, 0x20, 0x3F)
}

// digits reads the four digits.
func (a *fronts) digits(s *section) {
	d := &Digits{Kind: s.Enum("kind", "ht16k33", "ht16k33", "tm1637"), I2C: None}
	a.out.Digits = d
	if d.Kind == "tm1637" {
		d.Lines = s.lines("lines", 2, "CLK", "DIO")
		return
	}
	d.I2C, d.Address = s.bus("the digits", 0x70, 0x70, 0x77)
}

// needsChip reports whether anything of the front is on GPIO lines.
func (f *Front) needsChip() bool {
	return len(f.Buttons) > 0 || f.Lamps != nil && f.Lamps.SPI == "" ||
		slices.ContainsFunc([][]int{f.screenLines(), f.digitLines()}, func(l []int) bool { return len(l) > 0 })
}

func (f *Front) screenLines() []int {
	if f.Screen == nil {
		return nil
	}
	return f.Screen.Lines
}

func (f *Front) digitLines() []int {
	if f.Digits == nil {
		return nil
	}
	return f.Digits.Lines
}
