//go:build linux

package chores

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/centralita/centralita/firmware/keeper"
)

// Times of going down.
const (
	answerFirst = 300 * time.Millisecond // so that the answer is read before
	initTime    = 40 * time.Second       // for init to end everybody; then the kernel is asked
)

// power restarts or switches off the machine.
type power struct {
	init   func() string                  // the program of process 1, "busybox"
	signal func(sig syscall.Signal) error // to process 1
	sync   func()
	kernel func(cmd int) error // reboot(2)
	log    func(what string, err error)
}

func realPower(log func(string, error)) power {
	return power{
		init:   initProgram,
		signal: func(sig syscall.Signal) error { return unix.Kill(1, sig) },
		sync:   unix.Sync,
		kernel: unix.Reboot,
		log:    log,
	}
}

// initProgram is the name of process 1's program; empty when it cannot be told.
func initProgram() string {
	exe, err := os.Readlink("/proc/1/exe")
	if err != nil {
		return ""
	}
	return filepath.Base(strings.TrimSuffix(exe, " (deleted)"))
}

// signals are what each init takes for an orderly restart and switching off: busybox
// as in its init.c, systemd as in systemd(1), SIGRTMIN+5 and +4.
var signals = map[string]struct{ reboot, off syscall.Signal }{
	"busybox": {unix.SIGTERM, unix.SIGUSR2},
	"init":    {unix.SIGTERM, unix.SIGUSR2},
	"systemd": {34 + 5, 34 + 4},
}

// handler answers, and goes down after that.
func (p power) handler(off bool) keeper.Handler {
	return func(_ context.Context, params json.RawMessage, _ func(any)) (any, error) {
		if err := keeper.Decode(params, &struct{}{}); err != nil {
			return nil, fmt.Errorf("cannot do it: %w", err)
		}
		p.soon(off)
		return nil, nil
	}
}

// soon goes down when the answer has been read.
func (p power) soon(off bool) { time.AfterFunc(answerFirst, func() { p.down(off) }) }

// down asks init, which ends everybody in order; one that does not, or is none we
// know, is passed over: the disk is brought up to date and the kernel asked.
func (p power) down(off bool) {
	p.sync()
	sig, cmd := signals[p.init()], unix.LINUX_REBOOT_CMD_RESTART
	s := sig.reboot
	if off {
		s, cmd = sig.off, unix.LINUX_REBOOT_CMD_POWER_OFF
	}
	if s != 0 {
		if err := p.signal(s); err != nil {
			p.log("init cannot be asked to go down", err)
		} else {
			time.Sleep(initTime) // init ends this process meanwhile
			p.log("init does not go down; the kernel is asked", nil)
		}
	}
	p.sync()
	if err := p.kernel(cmd); err != nil {
		p.log("the machine cannot be restarted", err)
	}
}
