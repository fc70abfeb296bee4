// Command call is a subscriber who rings the office from the simulated central
// office: he hears the prompt, keys the menu, waits, talks to whoever lifts a
// simulated telephone, and hangs up. Every step is printed with its time; what
// he heard is saved as a WAV file.
//
//	go run ./testbench/call --line L1 --from 600123456 --keys 1,1 --answer fxs2
//	go run ./testbench/call --serve --line L2 --line-km 4 --hum -38
//
// It ends with 0 when everything happened as it should, 1 when a step did not,
// 2 when it was asked wrongly, 3 when the wire cannot be reached.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"time"

	"github.com/centralita/centralita/testbench/linesim"
)

// Exit codes.
const (
	exitStep  = 1
	exitUsage = 2
	exitWire  = 3
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run does everything but end the process.
func run(ctx context.Context, args []string, out, problems io.Writer) int {
	w, socket, err := parse(args, problems)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintln(problems, "call:", err)
		return exitUsage
	}
	s, err := linesim.Dial(socket)
	if err != nil {
		fmt.Fprintln(problems, "call:", err)
		return exitWire
	}
	w.Out = out
	do := w.Go
	if w.Serve {
		do = w.serve
	}
	err = do(ctx, s)
	s.Close()
	if err != nil {
		fmt.Fprintln(problems, "call:", err)
		return exitStep
	}
	return 0
}

// parse reads the command line.
func parse(args []string, problems io.Writer) (w *Walk, socket string, err error) {
	w = &Walk{}
	var line, keys, answer, after, hangup string
	f := flag.NewFlagSet("call", flag.ContinueOnError)
	f.SetOutput(problems)
	f.StringVar(&socket, "socket", "var/sim.sock", "socket of the simulated board's wire")
	f.StringVar(&line, "line", "L1", "line to ring: L1 or fxo1")
	f.StringVar(&w.From.Number, "from", "600123456", "caller id: number; empty for none")
	f.StringVar(&w.From.Name, "name", "Juan Pérez", "caller id: name")
	f.StringVar(&keys, "keys", "1,1", "keys to press, one after each prompt has begun; commas part them")
	f.StringVar(&answer, "answer", "fxs2", "telephone that answers; \"nobody\" lets it ring until the caller gives up")
	f.StringVar(&after, "after", "2", "rings before it answers")
	f.StringVar(&w.Login, "login", "", "feature code the telephone dials first, as *115")
	f.DurationVar(&w.Talk, "talk", 5*time.Second, "length of the conversation")
	f.DurationVar(&w.Patience, "patience", time.Minute, "how long the caller waits for a telephone to ring")
	f.StringVar(&hangup, "hangup", "caller", "who hangs up first: caller or phone")
	f.BoolVar(&w.Serve, "serve", false, "rings nobody: keeps the office up, for tests of lines and calls that the board dials")
	w.Copper.flags(f)
	f.StringVar(&w.WAV, "wav", "var/call.wav", "file for what the caller heard; empty for none")
	if err := f.Parse(args); err != nil {
		return nil, "", err
	}
	if f.NArg() > 0 {
		return nil, "", fmt.Errorf("cannot understand %q: everything is said by flags, see --help", f.Arg(0))
	}
	if w.Line, err = socketNumber(line, "fxo", "l"); err != nil {
		return nil, "", fmt.Errorf("cannot ring --line %s: %w", line, err)
	}
	if answer != "nobody" {
		if w.Phone, err = socketNumber(answer, "fxs"); err != nil {
			return nil, "", fmt.Errorf("cannot answer at --answer %s: %w; only simulated telephones are on this wire", answer, err)
		}
	}
	if w.Rings, err = strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(after, "rings"))); err != nil || w.Rings < 1 {
		return nil, "", fmt.Errorf("cannot answer --after %q: a number of rings from 1", after)
	}
	for _, k := range strings.Split(keys, ",") {
		if k = strings.TrimSpace(k); k != "" {
			w.Keys = append(w.Keys, k)
		}
	}
	switch hangup {
	case "caller":
	case "phone":
		w.PhoneFirst = true
	default:
		return nil, "", fmt.Errorf("cannot let --hangup %q hang up: caller or phone", hangup)
	}
	if _, _, err := w.Copper.check(); err != nil {
		return nil, "", err
	}
	return w, socket, nil
}

// socketNumber returns n of a name like fxo1, with one of the prefixes.
func socketNumber(name string, prefixes ...string) (int, error) {
	for _, p := range prefixes {
		if rest, ok := strings.CutPrefix(strings.ToLower(name), p); ok {
			if n, err := strconv.Atoi(rest); err == nil && n > 0 {
				return n, nil
			}
		}
	}
	return 0, fmt.Errorf("a name like %s1 is meant", prefixes[0])
}
