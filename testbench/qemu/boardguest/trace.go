//go:build linux && rig

package main

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"time"
)

const tracing = "/sys/kernel/tracing/"

// set is a line of the front that was written: the kernel tells of each, by its
// tracepoint gpio_value.
type set struct {
	at   time.Duration
	line int
	high bool
}

var told = regexp.MustCompile(`(?m) (\d+)\.(\d{6}): gpio_value: (\d+) set ([01])$`)

// traced returns what was written to lines of the front while f ran.
func traced(f func() error) ([]set, error) {
	for _, w := range [][2]string{{"trace_clock", "mono"}, {"buffer_size_kb", "8192"}, {"trace", "\n"}, {"events/gpio/gpio_value/enable", "1"}} {
		if err := write(tracing+w[0], w[1]); err != nil {
			return nil, err
		}
	}
	err := f()
	if off := write(tracing+"events/gpio/gpio_value/enable", "0"); err == nil {
		err = off
	}
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(tracing + "trace")
	if err != nil {
		return nil, fmt.Errorf("cannot read what was traced: %w", err)
	}
	var out []set
	for _, m := range told.FindAllSubmatch(text, -1) {
		n := make([]int, 4)
		for i := range n {
			if n[i], err = strconv.Atoi(string(m[1+i])); err != nil {
				return nil, err
			}
		}
		out = append(out, set{time.Duration(n[0])*time.Second + time.Duration(n[1])*time.Microsecond, n[2] - sim.base, n[3] == 1})
	}
	return out, nil
}
