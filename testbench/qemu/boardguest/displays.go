//go:build linux && rig

package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/centralita/centralita/board/buses"
	"github.com/centralita/centralita/board/charlcd"
	"github.com/centralita/centralita/board/gpio"
	"github.com/centralita/centralita/board/oled"
	"github.com/centralita/centralita/board/segment"
	"github.com/centralita/centralita/hal/display"
	"github.com/centralita/centralita/testbench/chips"
)

// poster is what every display of 20×4 is to show.
var poster = []string{"Oficina Centro 10:42", "Esperan 3  max 04:12", "!\"#$%&'()*+,-./0123@", "Libres 2 hablando 14"}

// paint writes rows.
func paint(d display.Display, rows []string) error {
	for i, r := range rows {
		if err := d.Write(i, r); err != nil {
			return err
		}
	}
	return d.Backlight(display.Full)
}

// shows reports what differs from what a person should see.
func shows(s chips.Seen, rows []string) error {
	if !slices.Equal(s.Rows, rows) || s.Light != display.Full {
		return fmt.Errorf("it shows %q, light %s", s.Rows, s.Light)
	}
	return nil
}

// lcdOnLines: the controller sees what the kernel tells of each line, in its time.
func lcdOnLines() (string, error) {
	var clock time.Duration
	m := chips.NewHD44780(20, 4, false)
	m.Now = func() time.Time { return time.Time{}.Add(clock) }
	m.Power()
	pins := make([]int, 7)
	sets, err := traced(func() error {
		lines, err := gpio.Outputs(gpio.Linux(), front, false, lcdLine, lcdLine+1, lcdLine+2, lcdLine+3, lcdLine+4, lcdLine+5, lcdLine+6)
		if err != nil {
			return err
		}
		time.Sleep(50 * time.Millisecond) // since the power came
		d, err := charlcd.OpenGPIO(lines, true, charlcd.A02, 20, 4)
		if err != nil {
			return err
		}
		return paint(d, poster)
	})
	if err != nil {
		return "", err
	}
	begin := sets[0].at
	for _, s := range sets {
		if s.line < lcdLine || s.line > lcdLine+6 {
			return "", fmt.Errorf("line %d was written", s.line)
		}
		clock = s.at - begin + time.Second
		pins[s.line-lcdLine] = map[bool]int{true: 1}[s.high]
		if err := (chips.Wired{HD44780: m}).SetValues(pins); err != nil {
			return "", err
		}
	}
	if err := shows(m.Seen(), poster); err != nil {
		return "", err
	}
	if len(m.Faults) > 0 {
		return "", fmt.Errorf("it was spoken to wrongly: %q", m.Faults)
	}
	return fmt.Sprintf("4 rows, %d changes of lines in %d ms", len(sets), (sets[len(sets)-1].at - begin).Milliseconds()), nil
}

// bus9 is the played bus, open to checks one after the other.
var bus9 *player

func onBus(addr uint16, c chip) (*player, error) {
	if bus9 == nil {
		p, err := play()
		if err != nil {
			return nil, err
		}
		bus9 = p
	}
	bus9.put(addr, c)
	return bus9, nil
}

// powered is a model that can lose its power.
type powered interface {
	chip
	Power()
	Seen() chips.Seen
}

// unplugs paints a display, takes its plug out, puts it back and paints on; what it
// shows must be whole each time. Then it is closed.
func unplugs(p *player, addr uint16, m powered, d display.Display) (string, error) {
	seen := func() (s chips.Seen) {
		p.look(func() { s = m.Seen() })
		return s
	}
	if err := errors.Join(paint(d, poster), shows(seen(), poster)); err != nil {
		return "", err
	}
	p.put(addr, nil)
	next := slices.Clone(poster)
	next[1] = "Todo en orden       "
	begin := time.Now()
	gone := d.Write(1, next[1])
	if gone == nil || !strings.Contains(gone.Error(), fmt.Sprintf("0x%02x", addr)) {
		return "", fmt.Errorf("unplugged, it says %v", gone)
	}
	if t := time.Since(begin); t > 100*time.Millisecond {
		return "", fmt.Errorf("unplugged, it takes %s to say so", t)
	}
	p.look(m.Power)
	p.put(addr, m)
	if err := errors.Join(d.Write(1, next[1]), shows(seen(), next)); err != nil {
		return "", fmt.Errorf("back: %w", err)
	}
	p.look(m.Power) // between two calls: nobody saw it
	next[0] = "Oficina Centro 10:43"
	if err := errors.Join(d.Write(0, next[0]), shows(seen(), next)); err != nil {
		return "", fmt.Errorf("after a power cut that nobody saw: %w", err)
	}
	if err := d.Close(); err != nil {
		return "", err
	}
	if s := seen(); s.Light != display.Off || strings.TrimSpace(strings.Join(s.Rows, "")) != "" {
		return "", fmt.Errorf("closed, it shows %q, light %s", s.Rows, s.Light)
	}
	p.put(addr, nil)
	return fmt.Sprintf("painted, unplugged (%v), back, power cut, closed", gone), p.err
}

// lcdOnBus: by the expander on its back.
func lcdOnBus() (string, error) {
	m := chips.NewHD44780(20, 4, true)
	p, err := onBus(0x27, nil)
	if err != nil {
		return "", err
	}
	bus, err := buses.I2C(playedBus)
	if err != nil {
		return "", err
	}
	if _, err := charlcd.OpenI2C(bus, 0x27, charlcd.A00, 20, 4); err == nil {
		return "", errors.New("a display that is not there was opened")
	}
	p.put(0x27, m)
	time.Sleep(50 * time.Millisecond)
	if bus, err = buses.I2C(playedBus); err != nil {
		return "", err
	}
	d, err := charlcd.OpenI2C(bus, 0x27, charlcd.A00, 20, 4)
	if err != nil {
		return "", err
	}
	detail, err := unplugs(p, 0x27, m, d)
	if len(m.Faults) > 0 {
		err = errors.Join(err, fmt.Errorf("it was spoken to wrongly: %q", m.Faults))
	}
	return detail, err
}

// oledOnBus: the dots of the OLED.
func oledOnBus() (string, error) {
	m := chips.NewSSD1306()
	p, err := onBus(0x3C, m)
	if err != nil {
		return "", err
	}
	bus, err := buses.I2C(playedBus)
	if err != nil {
		return "", err
	}
	d, err := oled.Open(bus, 0x3C)
	if err != nil {
		return "", err
	}
	return unplugs(p, 0x3C, m, d)
}

// counts shows some texts on four digits and reports what differs.
func counts(m *segment.Module, seen func() chips.Face) error {
	if err := m.Backlight(display.Full); err != nil {
		return err
	}
	for text, want := range map[string]chips.Face{
		"8":    {Digits: [4]byte{0, 0, 0, 0x7F}, Light: display.Full},
		"4:12": {Digits: [4]byte{0, 0x66, 0x06, 0x5B}, Colon: true, Light: display.Full},
		"----": {Digits: [4]byte{0x40, 0x40, 0x40, 0x40}, Light: display.Full},
	} {
		if err := m.Show(text); err != nil {
			return err
		}
		if f := seen(); f != want {
			return fmt.Errorf("%q shows %v, want %v", text, f, want)
		}
	}
	return m.Show("4:12")
}

// digitsOnBus: the HT16K33, whose memory is read back.
func digitsOnBus() (string, error) {
	m := &chips.HT16K33{}
	m.Power()
	p, err := onBus(0x70, m)
	if err != nil {
		return "", err
	}
	bus, err := buses.I2C(playedBus)
	if err != nil {
		return "", err
	}
	d, err := segment.OpenHT16K33(bus, 0x70)
	if err != nil {
		return "", err
	}
	seen := func() (f chips.Face) {
		p.look(func() { f = m.Seen() })
		return f
	}
	if err := counts(d, seen); err != nil {
		return "", err
	}
	want := seen()
	p.put(0x70, nil)
	gone := d.Show("4:13")
	if gone == nil {
		return "", errors.New("unplugged, and it shows on")
	}
	p.look(m.Power)
	p.put(0x70, m)
	if err := d.Show("4:12"); err != nil || seen() != want {
		return "", fmt.Errorf("back, it shows %v, %v", seen(), err)
	}
	p.look(m.Power)
	if err := d.Show("4:12"); err != nil || seen() != want {
		return "", fmt.Errorf("after a power cut that nobody saw it shows %v, %v", seen(), err)
	}
	return "3 texts, unplugged, back, power cut", errors.Join(d.Close(), p.err)
}

// digitsOnLines: the TM1637 of module playtm1637, which answers each byte.
func digitsOnLines() (string, error) {
	told, _, err := records("/dev/playtm1637")
	if err != nil {
		return "", err
	}
	open := func() (*segment.Module, error) {
		lines, err := gpio.OpenDrain(gpio.Linux(), "play-tm1637", 0, 1)
		if err != nil {
			return nil, err
		}
		return segment.OpenTM1637(lines)
	}
	present := func(yes string) error {
		return os.WriteFile("/sys/module/playtm1637/parameters/present", []byte(yes), 0)
	}
	if err := present("N"); err != nil {
		return "", err
	}
	if _, err := open(); err == nil || !strings.Contains(err.Error(), "it does not answer") {
		return "", fmt.Errorf("one that is not there: %v", err)
	}
	if err := present("Y"); err != nil {
		return "", err
	}
	m, err := open()
	if err != nil {
		return "", err
	}
	for i, st := range []struct {
		do   func() error
		want string
	}{
		{func() error { return nil }, "40, c0 00 00 00 00, 80"},
		{func() error { return m.Backlight(display.Full) }, "40, c0 00 00 00 00, 8f"},
		{func() error { return m.Show("4:12") }, "40, c0 00 e6 06 5b, 8f"},
		{func() error { return m.Show("4:12") }, ""},
		{func() error { return present("N") }, ""},
	} {
		if err := st.do(); err != nil {
			return "", fmt.Errorf("step %d: %w", i, err)
		}
		if got := strings.Join(sent(told), ", "); got != st.want {
			return "", fmt.Errorf("step %d: it was told %q, want %q", i, got, st.want)
		}
	}
	gone := m.Show("5")
	if gone == nil {
		return "", errors.New("unplugged, and it shows on")
	}
	if err := errors.Join(present("Y"), m.Show("4:12")); err != nil {
		return "", fmt.Errorf("back: %w", err)
	}
	if got := strings.Join(sent(told), ", "); got != "40, c0 00 e6 06 5b, 8f" {
		return "", fmt.Errorf("back, it was told %q", got)
	}
	return fmt.Sprintf("every byte answered; unplugged: %v; back", gone), m.Close()
}

var log = slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{Level: slog.LevelWarn}))
