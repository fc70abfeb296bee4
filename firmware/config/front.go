package config

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/centralita/centralita/board/models"
	"github.com/centralita/centralita/firmware/config/place"
)

// None is a GPIO line that is not there.
const None = -1

// Front is what the board is: its front and the devices that are soldered to it.
type Front struct {
	Name     string // of the board
	Chip     string // label of the GPIO chip
	Lamps    *Lamps
	Buttons  []Button
	Screen   *Screen
	Digits   *Digits
	Consoles []string // the serial lines at which a technician is expected
	Watchdog string
	RTC      string
}

// Lamps are the lamps of the front: on lines of the chip, or on outputs of a
// chain of 74HC595.
type Lamps struct {
	SPI       string // "0.0" is /dev/spidev0.0; empty: lines of the chip
	Registers int
	ActiveLow bool
	Ports     []Lamp
	Upstream  Lamp // None: there is none
	Queue     Lamp
	Health    Lamp
}

// Lamp is the lines of one lamp, None where it has no such light.
type Lamp struct{ Green, Red int }

// Button is what a line's button does: "lamp_test", "night", "next", "prev", "ok".
type Button struct {
	Does string
	Line int
}

// Screen is the character display.
type Screen struct {
	Kind       string // "hd44780", "ssd1306"
	Cols, Rows int
	ROM        string // of hd44780: "A00", "A02"
	I2C        int    // number of the bus; None: GPIO lines
	Address    int
	Lines      []int // RS, E, D4..D7 and maybe the light
}

// Digits are four digits of seven segments.
type Digits struct {
	Kind    string // "ht16k33", "tm1637"
	I2C     int
	Address int
	Lines   []int // of tm1637: CLK, DIO
}

// wire is a line, output or address that something of the front is on.
type wire struct {
	what string // "GPIO line 5"
	who  string
	at   place.At
	sink *place.Sink
}

// fronts reads the board's file and what the site's document says otherwise.
type fronts struct {
	out   Front
	wires map[string][]wire // by section, the last one read
}

// device is the path of one and the key it stands under.
type device struct{ key, path string }

// front reads which board it is and what differs on this one.
func (r *reader) front(f *place.Fields) {
	keys := []string{"name", "gpio", "lamps", "buttons", "display", "digits", "console", "watchdog", "rtc"}
	all := &fronts{wires: map[string][]wire{}}
	used := f.Has("model")
	if name := f.Text("model", ""); name != "" {
		r.model(f.At("model"), name, all)
	}
	for _, k := range keys {
		used = used || f.Has(k)
	}
	all.read(r.sink, f)
	if !used {
		return
	}
	devices := []device{{"watchdog", all.out.Watchdog}, {"rtc", all.out.RTC}}
	for _, c := range all.out.Consoles {
		devices = append(devices, device{"console", c})
	}
	for _, d := range devices {
		if d.path != "" && (!path.IsAbs(d.path) || path.Clean(d.path) != d.path) {
			r.sink.Report(f.At(d.key), fmt.Sprintf("%s is no path of a device", place.Quote(d.path)), "a device is named from the root", "write one such as /dev/rtc0")
		}
	}
	if known := all.out.Name != "" || !f.Has("model"); known && all.out.needsChip() && all.out.Chip == "" {
		r.sink.Report(f.Where(), "the front has GPIO lines and no chip", "lines are numbers of a chip", "add gpio: and the label of the chip, as gpiodetect shows it")
	}
	all.clashes(r.sink)
	r.cfg.Board.Front = &all.out
}

// model reads the file of a board: one of those in the program, or a file beside
// the document.
func (r *reader) model(at place.At, name string, all *fronts) {
	file, data, ok := models.Read(name)
	if strings.HasSuffix(name, ".yaml") {
		file = name
		if !filepath.IsAbs(file) {
			file = filepath.Join(filepath.Dir(r.cfg.File), file)
		}
		var err error
		if data, err = ReadFile(file); err != nil {
			if os.IsNotExist(err) {
				err = fmt.Errorf("there is no file %s", file)
			}
			r.sink.Report(at, fmt.Sprintf("cannot read the board %s", place.Quote(name)), err.Error(), "write its path, from the root or from the folder of this document")
			return
		}
	} else if !ok {
		r.sink.Report(at, fmt.Sprintf("there is no board %s", place.Quote(name)), "a board is one of the program's, or a file that ends in .yaml", place.Suggest(name, models.Names()))
		return
	}
	sink := place.NewSink(file)
	r.more = append(r.more, sink)
	root := place.Parse(sink, data)
	if root == nil {
		return
	}
	f := sink.Fields(root, root.At, "the board")
	f.NeedText("name", "Raspberry Pi 4")
	all.read(sink, f)
	f.Done()
}

// read takes over what f says, and leaves what it does not mention.
func (a *fronts) read(sink *place.Sink, f *place.Fields) {
	a.out.Name, a.out.Chip = f.Text("name", a.out.Name), f.Text("gpio", a.out.Chip)
	a.out.Watchdog, a.out.RTC = f.Text("watchdog", a.out.Watchdog), f.Text("rtc", a.out.RTC)
	a.consoles(sink, f)
	for _, part := range []struct {
		key  string
		read func(s *section)
		none func()
	}{
		{"lamps", a.lamps, func() { a.out.Lamps = nil }}, {"buttons", a.buttons, func() { a.out.Buttons = nil }},
		{"display", a.screen, func() { a.out.Screen = nil }}, {"digits", a.digits, func() { a.out.Digits = nil }},
	} {
		n := f.Get(part.key)
		if n == nil {
			continue
		}
		s := &section{sink: sink}
		if n.Kind == place.Text && n.Text == "none" {
			part.none() // the board's file says otherwise
		} else {
			s.Fields = sink.Fields(n, n.At, part.key)
			part.read(s)
			s.Done()
		}
		a.wires[part.key] = s.wires
	}
}

// section is a part of a board's file in the reading.
type section struct {
	*place.Fields
	sink  *place.Sink
	wires []wire
}

func (s *section) on(what, who string, at place.At) {
	s.wires = append(s.wires, wire{what, who, at, s.sink})
}

// line reads the number of a line at n.
func (s *section) line(n *place.Node, kind, who string, most int) int {
	v, err := strconv.Atoi(n.Text)
	if n.Kind != place.Text || err != nil || v < 0 || v > most {
		s.sink.Report(n.At, fmt.Sprintf("%s cannot be on %s %s", who, kind, place.Quote(n.Text)), fmt.Sprintf("it is a number from 0 to %d", most), "write one such as 5")
		return None
	}
	s.on(fmt.Sprintf("%s %d", kind, v), who, n.At)
	return v
}

// lines reads a list of lines, one for each of names; those from need on may be absent.
func (s *section) lines(key string, need int, names ...string) []int {
	list := s.Texts(key)
	if len(list) < need || len(list) > len(names) {
		s.sink.Report(s.At(key), fmt.Sprintf("lines has %d numbers", len(list)), "it is the GPIO lines of "+strings.Join(names, ", "), "write one such as "+strings.ReplaceAll(fmt.Sprint([]int{7, 8, 25, 24, 23, 18}[:need]), " ", ", "))
		return nil
	}
	var out []int
	for i, n := range list {
		out = append(out, s.line(n, gpioLine, names[i], mostLine))
	}
	return out
}

// What lines are called, and the highest number one may have.
const (
	gpioLine  = "GPIO line"
	output    = "output"
	mostLine  = 1023
	registers = 8
)

// clashes reports what two things are on.
func (a *fronts) clashes(site *place.Sink) {
	first := map[string]wire{}
	for _, key := range []string{"lamps", "buttons", "display", "digits"} {
		for _, w := range a.wires[key] {
			old, twice := first[w.what]
			if !twice {
				first[w.what] = w
				continue
			}
			if w.sink != site && old.sink == site {
				w, old = old, w // the site's document is what can be changed
			}
			w.sink.Report(w.at, fmt.Sprintf("%s is on %s", w.who, w.what), fmt.Sprintf("%s is there already", old.who), "put one of them elsewhere, or write none for what the board does not have")
		}
	}
}
