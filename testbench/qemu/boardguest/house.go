//go:build linux && rig

package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/centralita/centralita/firmware/app"
	"github.com/centralita/centralita/firmware/view"
	"github.com/centralita/centralita/testbench/linesim"
	"github.com/centralita/centralita/testbench/qemu"
	"github.com/centralita/centralita/testbench/qemu/guest"
)

// document is the house's configuration, model the board that it stands on.
var (
	//go:embed house.yaml
	document string
	//go:embed virtual.yaml
	model string
)

// Where the house's things are.
const (
	program = "/bin/centralita"
	config  = "/tmp/house.yaml"
	data    = "/data"
)

// house is the program at work.
type house struct {
	cmd  *exec.Cmd
	said *os.File // what it says
	stop context.CancelFunc
}

// settle writes the document, with replacements, and the board's file beside it.
func settle(changes ...string) error {
	if err := os.WriteFile("/tmp/virtual.yaml", []byte(model), 0o600); err != nil {
		return err
	}
	text := strings.NewReplacer(changes...).Replace(document)
	return os.WriteFile(config, []byte(text), 0o600)
}

// build starts the program and waits until its console answers.
func build(argv ...string) (*house, error) {
	said, err := os.Create("/tmp/said")
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	if argv == nil {
		argv = []string{program, "run", "--config", config, "--data", data}
	}
	h := &house{cmd: exec.CommandContext(ctx, argv[0], argv[1:]...), said: said, stop: stop}
	h.cmd.Cancel = func() error { return h.cmd.Process.Signal(os.Interrupt) }
	h.cmd.WaitDelay = 20 * time.Second
	h.cmd.Stdout, h.cmd.Stderr = said, said
	if err := h.cmd.Start(); err != nil {
		stop()
		return nil, err
	}
	for range 120 {
		if _, err := parts(); err == nil {
			return h, nil
		}
		time.Sleep(250 * time.Millisecond)
	}
	return nil, fmt.Errorf("the house is not ready after 30 s: %w", h.close())
}

// words are what it has said so far.
func (h *house) words() string {
	b, err := os.ReadFile(h.said.Name())
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// close ends the program in order.
func (h *house) close() error {
	h.stop()
	err := h.cmd.Wait()
	if h.cmd.ProcessState.ExitCode() == 0 {
		err = nil
	}
	if err != nil {
		err = fmt.Errorf("the house ended badly: %w: %s", err, h.words())
	}
	return errors.Join(err, h.said.Close())
}

// parts is what `centralita board --json` says, by the names of the parts.
func parts() (map[string]view.Hardware, error) {
	out, err := exec.Command(program, "board", "--json", "--data", data).Output()
	if err != nil {
		return nil, err
	}
	list := map[string]view.Hardware{}
	d := json.NewDecoder(strings.NewReader(string(out)))
	for d.More() {
		var p view.Hardware
		if err := d.Decode(&p); err != nil {
			return nil, fmt.Errorf("board --json says %q: %w", out, err)
		}
		name := p.Port
		if name == "" {
			name = p.Driver
		}
		list[name] = p
	}
	return list, nil
}

// is waits until a part is in a state and why contains text.
func is(part, state, text string) (view.Hardware, error) {
	var p view.Hardware
	for range 60 {
		all, err := parts()
		if err != nil {
			return p, err
		}
		if p = all[part]; p.State == state && strings.Contains(p.What+p.Why, text) {
			return p, nil
		}
		time.Sleep(250 * time.Millisecond)
	}
	return p, fmt.Errorf("after 15 s %s is %+v, want %s: %s", part, p, state, text)
}

// answered rings line n of the simulated board and waits until the house takes the call.
func answered(n int) error {
	s, err := linesim.Dial(data + "/sim.sock")
	if err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(context.Background(), 20*time.Second)
	defer stop()
	l, err := s.Line(n)
	if err != nil {
		return errors.Join(err, s.Close())
	}
	c, err := l.Call(linesim.Caller{})
	if err != nil {
		return errors.Join(err, s.Close())
	}
	_, err = c.WaitAnswer(ctx)
	c.HangUp()
	if e := l.WaitFree(ctx); err == nil {
		err = e
	}
	return errors.Join(err, s.Close())
}

// The ways in which a house stops feeding its watchdog. Whoever boots the machine sees
// that it restarts.
var (
	stopped = guest.Check{Name: "watchdog, when the program is stopped", Run: bitten(func(h *house) error { return h.cmd.Process.Signal(syscall.SIGSTOP) })}
	killed  = guest.Check{Name: "watchdog, when the program is killed", Run: bitten(func(h *house) error { return h.cmd.Process.Kill() })}
	hung    = guest.Check{Name: "watchdog, when the control loop hangs", Run: func() (string, error) { return bites(hangs, func(*house) error { return nil }) }}
)

func bitten(do func(h *house) error) func() (string, error) {
	return func() (string, error) { return bites("", do) }
}

// patience is how long the watchdog of the document is waited for.
const patience = 60 * time.Second

// bites builds a house, lets it be for as long as the watchdog waits twice, does
// something to it and waits for the machine to restart.
func bites(argument string, do func(h *house) error) (string, error) {
	if err := settle(); err != nil {
		return "", err
	}
	var argv []string
	if argument != "" {
		argv = []string{"/init", argument}
	}
	h, err := build(argv...)
	if err != nil {
		return "", err
	}
	if _, err := is("watchdog", "loaded", "Software Watchdog"); err != nil {
		return "", err
	}
	time.Sleep(20 * time.Second) // twice its time: it is fed
	if err := do(h); err != nil {
		return "", err
	}
	if argument == hangs {
		if err := os.WriteFile(hangNow, nil, 0o600); err != nil {
			return "", err
		}
	}
	fmt.Println(qemu.Done)
	time.Sleep(patience)
	return "", fmt.Errorf("nothing restarts the machine in %s; the house says: %s", patience, h.words())
}

// hangs is the argument with which the guest's own program is a house whose loop hangs as
// soon as hangNow is there.
const hangs, hangNow = "hangs", "/tmp/hang"

func hang() int {
	return app.RunHanging(config, data, func() bool {
		_, err := os.Stat(hangNow)
		return err == nil
	}, os.Stdout)
}
