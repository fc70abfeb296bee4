//go:build linux && rig

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/centralita/centralita/testbench/qemu/guest"
)

// The front on gpio-sim: its chip and what is on its lines.
const (
	front      = "rig-front" // label
	frontLines = 32
	lampLine   = 0  // green and red of three lamps: 0 to 5
	buttonLine = 8  // four buttons: 8 to 11
	lcdLine    = 16 // RS, E, D4 to D7, light: 16 to 22
)

// sim is where gpio-sim shows the lines of the front to a hand.
var sim struct {
	folder string // with sim_gpioN
	base   int    // number of line 0 in the kernel's own count
}

// lay lays the front out.
func lay() error {
	for _, m := range [][3]string{{"configfs", "/sys/kernel/config", "configfs"}, {"tracefs", "/sys/kernel/tracing", "tracefs"}} {
		if err := guest.Mount(m[0], m[1], m[2]); err != nil {
			return err
		}
	}
	const at = "/sys/kernel/config/gpio-sim/front"
	if err := os.MkdirAll(at+"/bank0", 0o755); err != nil {
		return fmt.Errorf("cannot make a chip: %w", err)
	}
	for _, set := range [][2]string{{"bank0/num_lines", fmt.Sprint(frontLines)}, {"bank0/label", front}, {"live", "1"}} {
		if err := write(at+"/"+set[0], set[1]); err != nil {
			return err
		}
	}
	device, err1 := read(at + "/dev_name")
	chip, err2 := read(at + "/bank0/chip_name")
	if err1 != nil || err2 != nil {
		return fmt.Errorf("the chip has no name: %v, %v", err1, err2)
	}
	sim.folder = filepath.Join("/sys/devices/platform", device, chip)
	list, err := filepath.Glob("/sys/class/gpio/gpiochip*")
	if err != nil {
		return err
	}
	for _, c := range list {
		if label, err := read(c + "/label"); err == nil && label == front {
			text, err := read(c + "/base")
			if err != nil {
				return err
			}
			sim.base, err = strconv.Atoi(text)
			return err
		}
	}
	return fmt.Errorf("%s is none of %v", front, list)
}

func read(path string) (string, error) {
	b, err := os.ReadFile(path)
	return strings.TrimSpace(string(b)), err
}

func write(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return err
	}
	if _, err := f.WriteString(text); err != nil {
		f.Close()
		return fmt.Errorf("cannot write %q to %s: %w", text, path, err)
	}
	return f.Close()
}

// pin is a file of a line of the front: "value" or "pull".
func pin(line int, file string) string {
	return filepath.Join(sim.folder, fmt.Sprintf("sim_gpio%d", line), file)
}

// level is what a meter shows on a line.
func level(line int) (bool, error) {
	s, err := read(pin(line, "value"))
	return s == "1", err
}

// pull connects a line to ground or lets its pull-up have it.
func pull(line int, down bool) error {
	to := "pull-up"
	if down {
		to = "pull-down"
	}
	return write(pin(line, "pull"), to)
}
