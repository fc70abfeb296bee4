// Command benchdsp runs the benches of the dsp packages and prints the rows of
// design/figures.md: the goal, the peers as they do here and now, and ours.
//
//	make bench-dsp
//	go run ./testbench/benchdsp [-only dtmf,echo] [-quick]
//
// Peers are run where Debian's packages of them are installed; what is missing
// is said, with the command that installs it. It ends with 1 when a bench
// failed; a goal that is not reached is a result, marked ✗, and no failure.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// part is a section of the figures and the program that measures it.
type part struct {
	name  string   // for -only
	title string   // as in figures.md
	dir   string   // its program, if it has one
	quick []string // arguments of a short run
	full  []string // and of a whole one

	measure func(dir string, w io.Writer) error // what is measured here, before the program
}

// parts are the sections in the order of figures.md; the last ones have no
// peers there.
var parts = []part{
	{name: "dtmf", title: "DTMF detection", dir: "dtmfbench", quick: []string{"-talk", "none"}, full: []string{"-talk", "full"}},
	{name: "progress", title: "Call-progress tones", measure: tonesBeside, dir: "progressbench", quick: []string{"-speech=false"}},
	{name: "cid", title: "Caller id", dir: "cidbench", quick: []string{"-n", "5"}},
	{name: "echo", title: "Echo canceller", dir: "echo"},
	{name: "plc", title: "Packet loss concealment", dir: "plcbench"},
	{name: "g711", title: "G.711, per 160 samples", measure: g711Cost},
	{name: "amd", title: "Person or machine, speech activity", dir: "amdbench", quick: []string{"-n", "10"}},
	{name: "count", title: "Instructions a frame of 20 ms", measure: counts},
	{name: "day", title: "A day between two crystals", dir: "daybench", quick: []string{"-hours", "1"}},
}

func main() {
	if err := run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "benchdsp:", err)
		os.Exit(1)
	}
}

func run(w io.Writer) error {
	only := flag.String("only", "", "these parts, with commas between: "+names())
	quick := flag.Bool("quick", false, "short runs")
	flag.Parse()
	chosen, err := choose(*only)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "benchdsp")
	if err != nil {
		return fmt.Errorf("cannot make a folder for the programs: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // a folder of /tmp
	fmt.Fprintf(w, "# Figures of the dsp packages\n\n%s, %s, %d cores, %s/%s.\n", cpu(), runtime.Version(), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH)
	fmt.Fprintf(w, "Made by `go run ./testbench/benchdsp%s`.\n\n", flags())
	for _, p := range peers {
		fmt.Fprintln(w, "-", p.state())
	}
	var failed, missed []string
	for _, p := range chosen {
		began := time.Now()
		fmt.Fprintf(w, "\n## %s\n\n", p.title)
		text, err := p.run(dir, *quick)
		shown, short := arrange(p.name, text)
		fmt.Fprint(w, shown)
		if err != nil {
			fmt.Fprintf(w, "\nThis bench failed: %v\n", err)
			failed = append(failed, p.name)
		}
		for _, s := range short {
			missed = append(missed, p.name+": "+s)
		}
		fmt.Fprintf(os.Stderr, "%s took %v\n", p.name, time.Since(began).Round(time.Second))
	}
	fmt.Fprintf(w, "\n## Goals not reached\n\n")
	for _, s := range missed {
		fmt.Fprintln(w, "-", s)
	}
	if len(missed) == 0 {
		fmt.Fprintln(w, "None of those that are marked.")
	}
	if len(failed) > 0 {
		return fmt.Errorf("these parts failed: %s", strings.Join(failed, ", "))
	}
	return nil
}

// flags are the arguments of this run, to be told.
func flags() string {
	if len(os.Args) < 2 {
		return ""
	}
	return " " + strings.Join(os.Args[1:], " ")
}

func names() string {
	var out []string
	for _, p := range parts {
		out = append(out, p.name)
	}
	return strings.Join(out, ",")
}

// choose picks the parts named.
func choose(only string) ([]part, error) {
	if only == "" {
		return parts, nil
	}
	var out []part
	for name := range strings.SplitSeq(only, ",") {
		i := slices.IndexFunc(parts, func(p part) bool { return p.name == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no part %q; there are %s", name, names())
		}
		out = append(out, parts[i])
	}
	return out, nil
}

// run measures a part and returns what it printed. Its program is built first,
// so that the compiler does not run beside what is measured.
func (p part) run(dir string, quick bool) (string, error) {
	var out bytes.Buffer
	if p.measure != nil {
		if err := p.measure(dir, &out); err != nil || p.dir == "" {
			return out.String(), err
		}
	}
	program := filepath.Join(dir, p.name)
	if text, err := exec.Command("go", "build", "-o", program, "./testbench/benchdsp/"+p.dir).CombinedOutput(); err != nil {
		return out.String(), fmt.Errorf("cannot build it: %w\n%s", err, text)
	}
	args := p.full
	if quick {
		args = p.quick
	}
	cmd := exec.Command(program, args...)
	cmd.Stdout, cmd.Stderr = &out, os.Stderr
	err := cmd.Run()
	return out.String(), err
}

// cpu is the name of the processor where the system tells it.
func cpu() string {
	b, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown processor"
	}
	for line := range strings.Lines(string(b)) {
		if name, ok := strings.CutPrefix(line, "model name"); ok {
			return strings.TrimSpace(strings.TrimLeft(name, "\t :"))
		}
	}
	return "unknown processor"
}
