//go:build linux && rig

// Command boardguest is the first process of the machines that make rig-board boots. It
// lays out a front on the kernel's simulated chips, plays the chips on its buses from
// the models that the drivers' tests use, and holds our drivers, then the whole
// program, against them. What it finds it says on the console.
package main

import (
	"fmt"
	"os"
	"strings"
	_ "time/tzdata" // the guest has no file of it

	"github.com/centralita/centralita/testbench/qemu/guest"
)

// serialGadget is loaded by its check: what it wants must be there before.
const serialGadget = "g_serial.ko"

func main() {
	if len(os.Args) > 1 && os.Args[1] == hangs { // the second process of the stage "hung"
		os.Exit(hang())
	}
	guest.Main(guest.Boot{Later: []string{serialGadget}}, lay, checks)
}

// stage is which machine this is: rig.stage= of the kernel's command line.
func stage() (string, error) {
	text, err := os.ReadFile("/proc/cmdline")
	if err != nil {
		return "", err
	}
	for word := range strings.FieldsSeq(string(text)) {
		if s, ok := strings.CutPrefix(word, "rig.stage="); ok {
			return s, nil
		}
	}
	return "", fmt.Errorf("no rig.stage= in %q", text)
}

// checks are those of the stage.
func checks() ([]guest.Check, error) {
	s, err := stage()
	if err != nil {
		return nil, err
	}
	list, ok := map[string][]guest.Check{"drivers": drivers, "house": houses, "stopped": {stopped}, "killed": {killed}, "hung": {hung}}[s]
	if !ok {
		return nil, fmt.Errorf("there is no stage %q", s)
	}
	return list, nil
}

// drivers are the checks of the drivers alone.
var drivers = []guest.Check{
	{Name: "lamps on GPIO lines", Run: lampsOnLines},
	{Name: "lamps behind 74HC595", Run: lampsOnChain},
	{Name: "lines that cannot be had", Run: linesRefused},
	{Name: "button pressed, bouncing", Run: pressed},
	{Name: "button held", Run: held},
	{Name: "storm of edges", Run: storm},
	{Name: "HD44780 on GPIO lines", Run: lcdOnLines},
	{Name: "HD44780 by PCF8574", Run: lcdOnBus},
	{Name: "SSD1306", Run: oledOnBus},
	{Name: "HT16K33", Run: digitsOnBus},
	{Name: "TM1637", Run: digitsOnLines},
	{Name: "screens of the panel", Run: screens},
	{Name: "USB gadget serial line", Run: serialLine},
	{Name: "clock of the kernel", Run: clock},
	{Name: "watchdog, fed and asleep", Run: dogFed},
	{Name: "watchdog, in other hands", Run: dogBusy},
}
