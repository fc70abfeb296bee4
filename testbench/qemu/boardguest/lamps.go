//go:build linux && rig

package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/centralita/centralita/board/buses"
	"github.com/centralita/centralita/board/gpio"
	"github.com/centralita/centralita/hal/led"
)

// strip is two lamps of ports and the health lamp, green and red each.
var strip = []gpio.Lamp{{Green: 0, Red: 1}, {Green: 2, Red: 3}, {Green: 4, Red: 5}}

// lampsOnLines: what a meter shows, and that only what changes is written.
func lampsOnLines() (string, error) {
	s, err := gpio.OpenStrip(gpio.Linux(), front, false, strip)
	if err != nil {
		return "", err
	}
	steps := []struct {
		lamp   int
		colour led.Colour
		want   string // lines 0 to 5
	}{
		{0, led.Green, "100000"}, {1, led.Red, "100100"}, {2, led.Amber, "100111"}, {2, led.Amber, "100111"},
		{0, led.Dark, "000111"}, {1, led.Green, "001011"}, {1, led.Green, "001011"},
	}
	writes := 0
	for _, st := range steps {
		sets, err := traced(func() error { return s.Set(st.lamp, st.colour) })
		if err != nil {
			return "", err
		}
		if len(sets) > 0 {
			writes++
		}
		if got, err := meter(0, 6); err != nil || got != st.want {
			return "", fmt.Errorf("lamp %d %s: the lines are %s, want %s, %v", st.lamp, st.colour, got, st.want, err)
		}
	}
	if writes != 5 {
		return "", fmt.Errorf("%d writes for five changes and two repetitions", writes)
	}
	if err := s.Close(); err != nil {
		return "", err
	}
	if got, err := meter(0, 6); err != nil || got != "000000" {
		return "", fmt.Errorf("after Close the lines are %s, %v", got, err)
	}
	low, err := gpio.OpenStrip(gpio.Linux(), front, true, strip)
	if err != nil {
		return "", err
	}
	if err := low.Set(0, led.Green); err != nil {
		return "", err
	}
	if got, err := meter(0, 6); err != nil || got != "011111" {
		return "", fmt.Errorf("active low, lamp 0 green: the lines are %s, %v", got, err)
	}
	return "7 orders, 5 writes; colours and active low as a meter shows them", low.Close()
}

// meter is the levels of n lines.
func meter(from, n int) (string, error) {
	var b strings.Builder
	for i := range n {
		high, err := level(from + i)
		if err != nil {
			return "", err
		}
		b.WriteString(map[bool]string{true: "1", false: "0"}[high])
	}
	return b.String(), nil
}

// records reads what a bus was told, one record a read.
func records(device string) (<-chan string, func() error, error) {
	f, err := os.Open(device)
	if err != nil {
		return nil, nil, err
	}
	out := make(chan string, 1024)
	go func() {
		b := make([]byte, 256)
		for {
			n, err := f.Read(b)
			if err != nil {
				close(out)
				return
			}
			out <- fmt.Sprintf("% x", b[:n])
		}
	}()
	return out, f.Close, nil
}

// sent are the records of the next moment.
func sent(from <-chan string) []string {
	var list []string
	for {
		select {
		case s := <-from:
			list = append(list, s)
		case <-time.After(50 * time.Millisecond):
			return list
		}
	}
}

// lampsOnChain: the bits that a chain of three registers latches.
func lampsOnChain() (string, error) {
	told, _, err := records("/dev/playspi")
	if err != nil {
		return "", err
	}
	port, err := buses.SPI("0.0")
	if err != nil {
		return "", err
	}
	s, err := gpio.OpenChain(port, 3, false, []gpio.Lamp{{Green: 0, Red: 1}, {Green: 8, Red: 9}, {Green: 16, Red: 17}})
	if err != nil {
		return "", err
	}
	for i, st := range []struct {
		do   func() error
		want string
	}{
		{func() error { return nil }, "00 00 00"}, // registers wake with anything in them
		{func() error { return s.Set(0, led.Green) }, "00 00 01"},
		{func() error { return s.Set(0, led.Green) }, ""},
		{func() error { return s.Set(1, led.Red) }, "00 02 01"},
		{func() error { return s.Set(2, led.Amber) }, "03 02 01"},
		{s.Close, "00 00 00"},
	} {
		if err := st.do(); err != nil {
			return "", fmt.Errorf("step %d: %w", i, err)
		}
		if got := strings.Join(sent(told), ", "); got != st.want {
			return "", fmt.Errorf("step %d: the chain was told %q, want %q", i, got, st.want)
		}
	}
	return "4 changes, 4 transfers, the last register first", nil
}

// linesRefused: a chip that is not there, a line that it has not, a line in other hands,
// two lamps on one line.
func linesRefused() (string, error) {
	_, err := gpio.OpenStrip(gpio.Linux(), "pinctrl-bcm2711", false, strip)
	if !errors.Is(err, gpio.ErrAbsent) || !strings.Contains(err.Error(), front) {
		return "", fmt.Errorf("a chip that is not there: %v", err)
	}
	absent := err
	if _, err := gpio.OpenStrip(gpio.Linux(), front, false, []gpio.Lamp{{Green: 0, Red: 1}, {Green: 2, Red: frontLines}}); err == nil || !strings.Contains(err.Error(), "line 32") {
		return "", fmt.Errorf("a line that it has not: %v", err)
	}
	if _, err := gpio.OpenStrip(gpio.Linux(), front, false, []gpio.Lamp{{Green: 0, Red: 1}, {Green: 1, Red: 2}}); err == nil || !strings.Contains(err.Error(), "line 1 lights another already") {
		return "", fmt.Errorf("two lamps on one line: %v", err)
	}
	s, err := gpio.OpenStrip(gpio.Linux(), front, false, strip)
	if err != nil {
		return "", err
	}
	_, busy := gpio.OpenStrip(gpio.Linux(), front, false, strip)
	if err := s.Close(); err != nil {
		return "", err
	}
	if busy == nil || !strings.Contains(busy.Error(), "gpioinfo tells who has a line that is busy") {
		return "", fmt.Errorf("lines in other hands: %v", busy)
	}
	return absent.Error() + "; " + busy.Error(), nil
}
