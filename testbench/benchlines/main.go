// Command benchlines holds the lines of the appliance against whole offices and
// many hours of sound, and prints the tables of what the lines must show.
//
//	make bench-lines
//	go run ./testbench/benchlines [-only release,false,cid,crystals] [-quick] [-out FILE]
//
// Offices, copper, echo canceller, ear and line machine run in virtual time; the
// same seed gives the same tables. Hours of sound need espeak-ng, sox and Debian's
// packages of prompts and music; what is missing is said. It ends with 1 when a
// table could not be made; a goal that is not reached is a result, marked ✗.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "benchlines:", err)
		os.Exit(1)
	}
}

// settings are what a run was asked for.
type settings struct {
	only, rows, out string
	quick           bool
	calls, messages int
	hours           float64
	seed            uint64
}

func run(args []string, w io.Writer) error {
	var s settings
	f := flag.NewFlagSet("benchlines", flag.ContinueOnError)
	f.StringVar(&s.only, "only", "release,false,cid,crystals", "tables, with commas between")
	f.StringVar(&s.rows, "rows", "", "of release only rows that hold this: country/way/line")
	f.StringVar(&s.out, "out", "", "file for the tables beside the screen")
	f.BoolVar(&s.quick, "quick", false, "a part of each table")
	f.IntVar(&s.calls, "n", 12, "calls on each line of the release table")
	f.IntVar(&s.messages, "messages", 42, "caller ids on each line")
	f.Float64Var(&s.hours, "hours", 24, "of the two crystals")
	f.Uint64Var(&s.seed, "seed", 1, "of lines and sounds")
	if err := f.Parse(args); err != nil {
		return err
	}
	if s.quick {
		s.calls, s.messages, s.hours = min(s.calls, 2), min(s.messages, 7), min(s.hours, 0.1)
	}
	var text bytes.Buffer
	both := io.MultiWriter(w, &text)
	fmt.Fprintf(both, "# What the lines show\n\nMade by `go run ./testbench/benchlines%s`, seed %d.\n", flags(args), s.seed)
	for _, t := range []struct {
		name string
		make func(io.Writer, settings) error
	}{{"release", releaseTable}, {"false", falseTable}, {"cid", callerIDTable}, {"crystals", crystalTable}} {
		if !strings.Contains(","+s.only+",", ","+t.name+",") {
			continue
		}
		began := time.Now()
		if err := t.make(both, s); err != nil {
			return fmt.Errorf("cannot make the table %s: %w", t.name, err)
		}
		fmt.Fprintf(os.Stderr, "%s took %v\n", t.name, time.Since(began).Round(time.Second))
	}
	if s.out == "" {
		return nil
	}
	if err := os.WriteFile(s.out, text.Bytes(), 0o644); err != nil {
		return fmt.Errorf("cannot keep the tables: %w", err)
	}
	return nil
}

// flags are the arguments of this run, to be told; where the tables go is left out.
func flags(args []string) string {
	var out strings.Builder
	for i := 0; i < len(args); i++ {
		if args[i] == "-out" || args[i] == "--out" {
			i++
			continue
		}
		out.WriteString(" " + args[i])
	}
	return out.String()
}

// crystalTable runs the test of the port's whole path for a day of virtual time,
// which only a test can have.
func crystalTable(w io.Writer, s settings) error {
	fmt.Fprintf(w, "\n## Two crystals 200 ppm apart for %g hours\n\n", s.hours)
	cmd := exec.Command("go", "test", "./testbench/benchlines", "-run", "TestTwoCrystals", "-count", "1", "-timeout", "60m", "-v", "-args", fmt.Sprintf("-day=%g", s.hours))
	text, err := cmd.CombinedOutput()
	for line := range strings.Lines(string(text)) {
		if i := strings.Index(line, "| "); i >= 0 {
			fmt.Fprint(w, line[i:])
		}
	}
	if err != nil {
		return fmt.Errorf("%w\n%s", err, text)
	}
	return nil
}
