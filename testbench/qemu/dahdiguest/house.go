//go:build linux

package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/centralita/centralita/dsp/cid"
	"github.com/centralita/centralita/dsp/dtmf"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/hal/port"
)

// document is the house's configuration: its line is one DAHDI channel, its telephone
// another.
//
//go:embed house.yaml
var document []byte

// Where the house's things are.
const (
	program = "/bin/centralita"
	config  = "/tmp/house.yaml"
	data    = "/data"
)

// record is what `calls --json` says of a call, as far as it is looked at.
type record struct {
	Direction string    `json:"direction"`
	From      string    `json:"from"`
	Port      string    `json:"port"`
	FlowPath  []string  `json:"flow_path"`
	Answered  time.Time `json:"answered"`
	Connected time.Time `json:"connected"`
	Ended     time.Time `json:"ended"`
	EndedBy   string    `json:"ended_by"`
	Cause     string    `json:"cause"`
	Evidence  string    `json:"evidence"`
}

// house runs the program itself. A caller rings its line with caller id, hears the
// menu, presses a key, its telephone rings and is lifted, both talk, the caller's
// exchange drops the battery; the book has all of it.
func house(*bench) (string, error) {
	if err := os.WriteFile(config, document, 0o600); err != nil {
		return "", err
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	cmd := exec.CommandContext(ctx, program, "run", "--config", config, "--data", data)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stdout
	if err := cmd.Start(); err != nil {
		return "", err
	}
	if err := ready(); err != nil {
		stop()
		return "", errors.Join(err, cmd.Wait())
	}
	walk, err := houseCall()
	var booked string
	if err == nil {
		booked, err = book()
	}
	stop()
	if e := cmd.Wait(); e != nil && cmd.ProcessState.ExitCode() != 0 {
		err = errors.Join(err, fmt.Errorf("the house ended badly: %w", e))
	}
	return walk + "; booked: " + booked, err
}

// ready waits until the house's board answers for both ports.
func ready() error {
	last := "nothing"
	for range 60 {
		out, err := exec.Command(program, "board", "--json", "--data", data).CombinedOutput()
		if last = strings.TrimSpace(string(out)); err == nil && strings.Count(last, `"port":"dahdi/`) == 2 && !strings.Contains(last, `"failed"`) && !strings.Contains(last, `"skipped"`) {
			return nil
		}
		time.Sleep(500 * time.Millisecond)
	}
	return fmt.Errorf("the house has no ports: %s", last)
}

// houseCall is the caller's and the called person's part.
func houseCall() (string, error) {
	ports, reps := open(callerChan, deskChan)
	if len(ports) != 2 {
		return "", errors.New(said(reps))
	}
	caller, desk := newEnd(ports[0]), newEnd(ports[1])
	defer caller.Close()
	defer desk.Close()
	begin := time.Now()
	if err := caller.Command(port.Ring{Cadence: port.CadenceOf([]int{1000, 4000})}); err != nil {
		return "", err
	}
	if _, err := caller.awaitAll(2*time.Second, port.RingOn{}, port.RingOff{}); err != nil {
		return "", err
	}
	time.Sleep(600 * time.Millisecond)
	var s cid.Sender
	if err := s.Start(cid.Info{Type: cid.Call, Number: "600123456"}, cid.Sending{Standard: cid.V23}); err != nil {
		return "", err
	}
	caller.says(func(f *pcm.Frame) { s.Fill(f) })
	for {
		e, err := caller.next(10 * time.Second)
		if err != nil {
			return "", fmt.Errorf("the house does not answer: %w", err)
		}
		if e.Event == (port.OffHook{}) {
			break
		}
	}
	answered := time.Since(begin)
	menu := pcm.Level(caller.record(2))
	if menu < -40 {
		return "", fmt.Errorf("the menu is heard at %.1f dBm0", menu)
	}
	var g dtmf.Generator
	if err := g.Start("1", dtmf.Usual()); err != nil {
		return "", err
	}
	caller.says(func(f *pcm.Frame) { g.Fill(f) })
	if _, err := desk.await(port.RingOn{}, 5*time.Second); err != nil {
		return "", fmt.Errorf("the telephone does not ring: %w", err)
	}
	shown, err := display(desk)
	if err != nil {
		return "", err
	}
	if err := desk.Command(port.Seize{}); err != nil {
		return "", err
	}
	talked, err := houseTalk(caller, desk)
	if err != nil {
		return "", err
	}
	if err := caller.Command(port.Disconnect{}); err != nil {
		return "", err
	}
	dropped := time.Now()
	at, err := caller.await(port.OnHook{}, 8*time.Second)
	if err != nil {
		return "", fmt.Errorf("the house does not let go: %w", err)
	}
	return fmt.Sprintf("answered after %.1f s, menu at %.1f dBm0, the telephone shows %s, %s, let go %.1f s after the drop",
		answered.Seconds(), menu, shown, talked, at.Sub(dropped).Seconds()), nil
}

// display is what the telephone on the desk shows: the house sends who calls between two
// bursts of its bell.
func display(desk *end) (string, error) {
	got := make(chan cid.Message, 4)
	r := cid.NewReceiver()
	desk.listens(func(f *pcm.Frame) {
		for _, m := range r.Process(f, nil) {
			got <- m
		}
	})
	defer desk.listens(nil)
	select {
	case m := <-got:
		if m.Info.Number != "600123456" {
			return "", fmt.Errorf("the telephone shows %+v", m.Info)
		}
		return m.Info.Number, nil
	case <-time.After(6 * time.Second):
		return "", errors.New("the telephone shows no number")
	}
}

// houseTalk says a tone through the house, first one way, then the other.
func houseTalk(caller, desk *end) (string, error) {
	time.Sleep(time.Second)
	in, err1 := through(caller, desk, 1004)
	out, err2 := through(desk, caller, 700)
	return fmt.Sprintf("talk with purity %.4f to the desk and %.4f from it", in, out), errors.Join(err1, err2)
}

// through says a tone at one end and returns how pure it arrives at the other in the
// worst tenth of a second. Bringing the crystals of two cards together, the house
// changes the pitch by some thousandths; the purity is that at the pitch that comes.
func through(from, to *end, hz float64) (float64, error) {
	from.says(sine(hz, -12))
	time.Sleep(1500 * time.Millisecond)
	x := to.record(2)
	from.says(nil)
	time.Sleep(500 * time.Millisecond)
	const piece = pcm.Rate / 10
	worst := 1.0
	for ; len(x) >= piece; x = x[piece:] {
		best := 0.0
		for ppm := -4000.0; ppm <= 4000; ppm += 200 {
			best = max(best, purity(x[:piece], hz*(1+ppm/1e6)))
		}
		worst = min(worst, best)
		if l := pcm.Level(x[:piece]); l < -13 || l > -11 {
			return worst, fmt.Errorf("%.0f Hz of -12 dBm0 arrives at %.1f", hz, l)
		}
	}
	if worst < 0.99 {
		return worst, fmt.Errorf("%.0f Hz arrives with purity %.4f", hz, worst)
	}
	return worst, nil
}

// book asks the house for its calls.
func book() (string, error) {
	time.Sleep(2 * time.Second)
	out, err := exec.Command(program, "calls", "--json", "--data", data).Output()
	if err != nil {
		return "", fmt.Errorf("calls --json: %w", err)
	}
	var calls []record
	for line := range bytes.Lines(out) {
		var r record
		if err := json.Unmarshal(line, &r); err != nil {
			return "", fmt.Errorf("calls --json says %q: %w", out, err)
		}
		calls = append(calls, r)
	}
	if len(calls) != 1 {
		return "", fmt.Errorf("%d calls are booked: %s", len(calls), out)
	}
	r := calls[0]
	if r.From != "600123456" || r.Port != "L1" || r.Answered.IsZero() || r.Connected.IsZero() || r.Ended.IsZero() ||
		len(r.FlowPath) < 2 || !strings.Contains(r.Evidence, "battery") && !strings.Contains(r.Evidence, "loop") {
		return "", fmt.Errorf("booked as %s", bytes.TrimSpace(out))
	}
	return fmt.Sprintf("from %s on %s by %v, %s: %s", r.From, r.Port, r.FlowPath, r.EndedBy, r.Evidence), nil
}
