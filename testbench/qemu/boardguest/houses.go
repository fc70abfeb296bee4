//go:build linux && rig

package main

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"github.com/centralita/centralita/hal/display"
	"github.com/centralita/centralita/testbench/chips"
	"github.com/centralita/centralita/testbench/qemu/guest"
)

// houses are the checks of the whole program on the virtual board.
var houses = []guest.Check{
	{Name: "house, the board is loaded", Run: houseLoaded},
	{Name: "house, a call on lamp and display", Run: houseCalled},
	{Name: "house, buttons", Run: houseButtons},
	{Name: "house, console on the USB line", Run: houseConsole},
	{Name: "house, display unplugged and back", Run: houseUnplugged},
	{Name: "house, display plugged in later", Run: houseLater},
	{Name: "house, board of another box", Run: houseWrong},
	{Name: "house, two lamps on one output", Run: houseClash},
	{Name: "house, a healthy hour", Run: houseHour},
}

// box is the front of the house.
var box struct {
	*house
	lcd    *chips.HD44780
	digits *chips.HT16K33
	lamps  <-chan string // what the chain was told
	player *player
}

// glass is what a person reads on the display.
func glass() (s chips.Seen) {
	box.player.look(func() { s = box.lcd.Seen() })
	return s
}

// painted waits until the display is lit and a row contains text.
func painted(text string) error {
	var s chips.Seen
	for range 100 {
		if s = glass(); s.Light == display.Full && strings.Contains(strings.Join(s.Rows, "|"), text) {
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return fmt.Errorf("after 10 s the display shows %q, light %s, and not %q", s.Rows, s.Light, text)
}

// lit waits until the chain is told what good accepts and returns it.
func lit(good func(bits string) bool) (string, error) {
	last, end := "", time.After(10*time.Second)
	for {
		select {
		case last = <-box.lamps:
			if good(last) {
				return last, nil
			}
		case <-end:
			return "", fmt.Errorf("in 10 s the chain was told last %q", last)
		}
	}
}

// rebuild ends the house that is there and starts another.
func rebuild() error {
	if h := box.house; h != nil {
		box.house = nil
		if err := h.close(); err != nil {
			return err
		}
	}
	h, err := build()
	box.house = h
	return err
}

// houseLoaded starts the house with everything plugged in.
func houseLoaded() (string, error) {
	box.lcd, box.digits = chips.NewHD44780(20, 4, false), &chips.HT16K33{}
	box.digits.Power()
	var err error
	if box.lamps, _, err = records("/dev/playspi"); err != nil {
		return "", err
	}
	if box.player, err = onBus(0x27, box.lcd); err != nil {
		return "", err
	}
	box.player.put(0x70, box.digits)
	if err := settle(); err != nil {
		return "", err
	}
	if err := rebuild(); err != nil {
		return "", err
	}
	all, err := parts()
	if err != nil {
		return "", err
	}
	var said []string
	for _, p := range []string{"lamps", "buttons", "display", "digits", "clock", "watchdog"} {
		if all[p].State != "loaded" {
			return "", fmt.Errorf("%s: %+v", p, all[p])
		}
		said = append(said, p+": "+all[p].What)
	}
	return strings.Join(said, "; "), painted("reclamo")
}

// houseCalled rings the first line: its lamp moves, the call is answered and booked.
func houseCalled() (string, error) {
	sent(box.lamps) // what was
	rung := make(chan error, 1)
	go func() { rung <- answered(1) }()
	ringing, err := lit(func(bits string) bool {
		return strings.HasSuffix(bits, "1") || strings.HasSuffix(bits, "2") || strings.HasSuffix(bits, "3")
	})
	if err := errors.Join(err, <-rung); err != nil {
		return "", err
	}
	out, err := exec.Command(program, "calls", "--json", "--data", data).CombinedOutput()
	if err != nil || strings.Count(string(out), `"port":"L1"`) != 1 {
		return "", fmt.Errorf("booked is %s, %v", out, err)
	}
	if len(box.lcd.Faults) > 0 {
		return "", fmt.Errorf("the display was spoken to wrongly: %q", box.lcd.Faults)
	}
	return "the chain says " + ringing + ", answered, booked", nil
}

// push pushes the button on a line for a moment.
func push(line int) error {
	return errors.Join(bounce(line, true), after(150*time.Millisecond), bounce(line, false), after(150*time.Millisecond))
}

func after(d time.Duration) error {
	time.Sleep(d)
	return nil
}

// houseButtons: lamp test, keys of the display, night switch.
func houseButtons() (string, error) {
	sent(box.lamps)
	if err := push(buttonLine); err != nil {
		return "", err
	}
	test, err := lit(func(bits string) bool { return bits == "0d 55" })
	if err != nil {
		return "", fmt.Errorf("lamp test: %w", err)
	}
	time.Sleep(5 * time.Second)
	before := glass()
	if err := push(buttonLine + 2); err != nil {
		return "", err
	}
	time.Sleep(time.Second)
	if now := glass(); fmt.Sprint(now) == fmt.Sprint(before) {
		return "", fmt.Errorf("the key > changes nothing: %q", now.Rows)
	}
	for _, want := range []string{"closed", "auto"} {
		if err := push(buttonLine + 1); err != nil {
			return "", err
		}
		time.Sleep(2 * time.Second)
		out, err := exec.Command(program, "book", "tail", "--json", "--data", data).CombinedOutput()
		if err != nil {
			return "", fmt.Errorf("book tail: %w: %s", err, out)
		}
		last := ""
		for line := range strings.Lines(string(out)) {
			if strings.Contains(line, "oficina") {
				last = line
			}
		}
		if !strings.Contains(last, want) {
			return "", fmt.Errorf("the night switch is booked as %q, want %s", last, want)
		}
	}
	return "lamp test " + test + ", key, night switch booked closed and auto", nil
}

// houseUnplugged: the display's cable comes out; it is named, calls go on, and it is
// painted again.
func houseUnplugged() (string, error) {
	box.player.put(0x27, nil)
	box.player.put(0x70, nil)
	if err := push(buttonLine + 2); err != nil { // something to show
		return "", err
	}
	gone, err := is("display", "failed", "0x27")
	if err != nil {
		return "", err
	}
	if err := answered(2); err != nil {
		return "", fmt.Errorf("a call without the display: %w", err)
	}
	if _, err := is("digits", "failed", "0x70"); err != nil {
		return "", err
	}
	out, err := exec.Command(program, "status", "--lang", "es", "--data", data).CombinedOutput()
	if !strings.Contains(string(out), "La pantalla no responde") {
		return "", fmt.Errorf("status says %s, %v", out, err)
	}
	box.player.look(func() { box.lcd.Power(); box.digits.Power() })
	box.player.put(0x27, box.lcd)
	box.player.put(0x70, box.digits)
	if _, err := is("display", "loaded", "20"); err != nil {
		return "", err
	}
	if err := push(buttonLine + 3); err != nil { // OK: to rest
		return "", err
	}
	if err := painted("reclamo"); err != nil {
		return "", err
	}
	return gone.Why + "; " + gone.Hint + "; a call meanwhile is answered; back and painted", nil
}

// houseLater: the display is not there at the start.
func houseLater() (string, error) {
	box.player.put(0x27, nil)
	if err := rebuild(); err != nil {
		return "", err
	}
	absent, err := is("display", "skipped", "does not answer")
	if err != nil {
		return "", err
	}
	if err := answered(1); err != nil {
		return "", err
	}
	begin := time.Now()
	box.player.look(box.lcd.Power)
	box.player.put(0x27, box.lcd)
	if err := painted("reclamo"); err != nil {
		return "", err
	}
	took := time.Since(begin)
	if _, err := is("display", "loaded", "20"); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s; %s; shows the house %.1f s after it was plugged in", absent.Why, absent.Hint, took.Seconds()), nil
}

// houseWrong: the document names the chip and bus of another box.
func houseWrong() (string, error) {
	if err := settle("model: virtual.yaml", "model: virtual.yaml, gpio: pinctrl-bcm2711, lamps: {ports: [[0, 1], [2, 3]], health: [4, 5]}, digits: {kind: ht16k33, i2c: 3}, rtc: /dev/rtc7"); err != nil {
		return "", err
	}
	if err := rebuild(); err != nil {
		return "", err
	}
	var said []string
	for _, c := range [][2]string{{"lamps", "cannot find the GPIO chip pinctrl-bcm2711"}, {"buttons", "cannot find the GPIO chip pinctrl-bcm2711"}, {"digits", "there is no /dev/i2c-3"}, {"clock", "there is no /dev/rtc7"}} {
		p, err := is(c[0], "skipped", c[1])
		if err != nil {
			return "", err
		}
		said = append(said, c[0]+": "+p.Why)
	}
	if err := answered(1); err != nil {
		return "", err
	}
	return strings.Join(said, "; ") + "; a call is answered", settle()
}

// houseClash: the checker names both lamps and the place.
func houseClash() (string, error) {
	if err := settle("model: virtual.yaml", "model: virtual.yaml, lamps: {spi: 0.0, registers: 1, ports: [[0, 1], [1, 2]], health: [3, 4]}"); err != nil {
		return "", err
	}
	out, err := exec.Command(program, "check", config).CombinedOutput()
	text := strings.TrimSpace(string(out))
	if err == nil || !strings.Contains(text, config+":3:") || !strings.Contains(text, "the lamp of port 2 is on output 1") || !strings.Contains(text, "the lamp of port 1 is there already") {
		return "", fmt.Errorf("check says %q, %v", text, err)
	}
	return text, settle()
}

// houseHour: fed by a house that is well, the watchdog leaves the machine up.
func houseHour() (string, error) {
	if err := rebuild(); err != nil {
		return "", err
	}
	if _, err := is("watchdog", "loaded", "Software Watchdog"); err != nil {
		return "", err
	}
	begin := time.Now()
	for n := range 4 {
		time.Sleep(15 * time.Minute)
		if err := answered(n%2 + 1); err != nil {
			return "", err
		}
	}
	if err := box.house.close(); err != nil {
		return "", err
	}
	box.house = nil
	time.Sleep(time.Minute) // asleep: it was closed
	return fmt.Sprintf("%s, a call each quarter, then the watchdog asleep", time.Since(begin).Round(time.Minute)), nil
}
