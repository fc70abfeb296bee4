// Command cidbench prints the project's figures for caller id by FSK: ours beside
// libspandsp, minimodem and multimon-ng where they are installed.
//
//	go run ./testbench/benchdsp/cidbench [-n 50] [-seed N] [-only TEXT] [-peers=false]
//
// Every condition is a stream of n messages of date, number and name; the share
// that comes whole is told. Seeds below 1000 were used to choose the receiver;
// judge it by others.
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/centralita/centralita/dsp/fsk"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "cidbench:", err)
		os.Exit(1)
	}
}

func run() error {
	n := flag.Int("n", 50, "messages of each condition")
	seed := flag.Uint64("seed", 5000, "seed of all messages and noise")
	only := flag.String("only", "", "only rows whose name contains this")
	with := flag.Bool("peers", true, "run the peers too")
	flag.Parse()
	dir, err := os.MkdirTemp("", "cidbench")
	if err != nil {
		return fmt.Errorf("cannot make a folder for the peers: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // a folder of /tmp
	var list []listener
	if *with {
		var missing []string
		if list, missing = peers(dir); len(missing) > 0 {
			fmt.Printf("left out: %s\n\n", strings.Join(missing, "; "))
		}
	}
	list = append(list, ours)
	fmt.Printf("%d messages a condition, seed %d; %% that come whole\n\n| condition |", *n, *seed)
	for _, l := range list {
		fmt.Printf(" %s |", l.name)
	}
	fmt.Printf(" goal |\n|%s\n", strings.Repeat("---|", len(list)+2))
	for _, r := range rows() {
		if strings.Contains(r.name, *only) {
			if err := r.print(list, *n, *seed); err != nil {
				return err
			}
		}
	}
	return nil
}

// row is a line of the figures: the share of several conditions, or how many
// messages were told wrongly in them all.
type row struct {
	name  string
	goal  []float64
	all   []condition
	wrong bool
}

const usual = -15.0 // dBm0

// both gives a condition in both modes.
func both(c condition) []condition {
	d := c
	c.mode, d.mode = fsk.Bell202, fsk.V23
	return []condition{c, d}
}

func rows() []row {
	out := []row{
		{name: "Bell 202 at SNR 6 / 8 / 10 / 12 dB", goal: []float64{70, 98, 100, 100}},
		{name: "V.23 at SNR 6 / 8 / 10 / 12 dB", goal: []float64{40, 85, 99, 100}},
	}
	for m := range fsk.Mode(2) {
		for _, snr := range []float64{6, 8, 10, 12} {
			out[m].all = append(out[m].all, condition{mode: m, level: usual, snr: snr})
		}
	}
	hum := []float64{50, 150, 60, 180}
	for m := range fsk.Mode(2) {
		name := ", " + m.String()
		add := func(what string, goal []float64, all ...condition) {
			for k := range all {
				all[k].mode = m
				if all[k].level == 0 {
					all[k].level = usual
				}
			}
			out = append(out, row{name: what + name, goal: goal, all: all})
		}
		hundred := []float64{100, 100, 100, 100, 100}
		add("SNR 3 / 4 / 5 dB", nil, condition{snr: 3}, condition{snr: 4}, condition{snr: 5})
		add("level −27 / −36 / −40 / −45 / −48 dBm0", hundred[:4], condition{level: -27}, condition{level: -36}, condition{level: -40}, condition{level: -45}, condition{level: -48})
		add("hum 50, 150, 60, 180 Hz at −10 / −5 / 0 dB", hundred[:3], condition{hum: hum, humDB: -10}, condition{hum: hum, humDB: -5}, condition{hum: hum})
		add("space weaker by 9 / 12 dB", hundred[:2], condition{twist: -9}, condition{twist: -12})
		add("mark weaker by 9 / 12 dB", hundred[:2], condition{twist: 9}, condition{twist: 12})
		add("clock ±1 / ±2 / ±4 %", hundred[:3], condition{fast: 0.01}, condition{fast: 0.02}, condition{fast: 0.04})
		add("2 / 3 / 5 / 10 stop bits", hundred[:4], condition{stop: 2}, condition{stop: 3}, condition{stop: 5}, condition{stop: 10})
		add("no seizure", hundred[:1], condition{bare: true})
	}
	wrong := row{name: "wrong or empty messages told as good: empty / at SNR 0 / 2 / 3 / 4 / 6 dB", goal: []float64{0, 0, 0, 0, 0, 0}, wrong: true}
	wrong.all = both(condition{level: usual, draw: silentOne})
	for _, snr := range []float64{0.01, 2, 3, 4, 6} {
		wrong.all = append(wrong.all, both(condition{level: usual, snr: snr})...)
	}
	return append(out, wrong)
}

// print measures and prints a row.
func (r row) print(list []listener, n int, seed uint64) error {
	cells := make([][]string, len(list))
	missed := false
	for k := 0; k < len(r.all); k++ {
		x, all := r.all[k].stream(n, seed+uint64(k))
		for j, l := range list {
			good, wrong, err := l.hear(x, r.all[k].mode, all)
			if err != nil {
				return err
			}
			if r.wrong {
				cells[j] = append(cells[j], fmt.Sprint(wrong))
			} else {
				value := 100 * float64(good) / float64(n)
				cells[j] = append(cells[j], fmt.Sprintf("%.0f", value))
				missed = missed || j == len(list)-1 && k < len(r.goal) && value < r.goal[k]
			}
		}
	}
	if r.wrong { // of both modes together
		for j := range cells {
			cells[j] = pairs(cells[j])
			for _, c := range cells[len(list)-1] {
				missed = missed || c != "0"
			}
		}
	}
	fmt.Printf("| %s |", r.name)
	for j, c := range cells {
		text := strings.Join(c, " / ")
		if j == len(cells)-1 && missed {
			text += " ✗"
		}
		fmt.Printf(" %s |", text)
	}
	var goal []string
	for _, g := range r.goal {
		goal = append(goal, fmt.Sprint(g))
	}
	fmt.Printf(" %s |\n", strings.Join(goal, " / "))
	return nil
}

// pairs adds the numbers of two modes; a dash stands for one who does not judge.
func pairs(c []string) (out []string) {
	for k := 0; k+1 < len(c); k += 2 {
		var a, b int
		_, _ = fmt.Sscan(c[k], &a)
		_, _ = fmt.Sscan(c[k+1], &b)
		if a < 0 && b < 0 {
			out = append(out, "–")
			continue
		}
		out = append(out, fmt.Sprint(max(0, a)+max(0, b)))
	}
	return out
}
