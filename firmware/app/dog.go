package app

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/centralita/centralita/board"
	"github.com/centralita/centralita/board/linuxdog"
	"github.com/centralita/centralita/firmware/config"
	"github.com/centralita/centralita/firmware/health"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/hal/watchdog"
)

// kennel is the watchdog of the machine, if there is one, and what is told to
// whoever started the program. Both are fed only while every part checks in; of the
// ports one is enough.
type kennel struct {
	dog    watchdog.Dog // nil: none
	report board.Report // of the watchdog; zero when none is wanted
	hungry atomic.Pointer[string]
}

// openDog wakes the watchdog that the configuration wants. It is called before
// anything runs.
func (h *House) openDog() {
	c := h.cfg.Watchdog
	if c == nil && h.out.Awake {
		c = &config.Watchdog{Device: "/dev/watchdog", Timeout: awakeTimeout}
		if f := h.cfg.Board.Front; f != nil && f.Watchdog != "" {
			c.Device = f.Watchdog
		}
	}
	if c == nil {
		return
	}
	if h.out.Watchdog == nil {
		h.dog.report = board.Report{Driver: linuxdog.Name, State: board.Skipped, Why: "no watchdog is opened here"}
	} else {
		h.dog.dog, h.dog.report = h.out.Watchdog(linuxdog.Config{Path: c.Device, Timeout: c.Timeout})
	}
	r := h.dog.report
	if h.dog.dog == nil {
		h.log.Error("no watchdog", "report", r.String())
	}
	h.addPart(r)
}

// awakeTimeout is for a watchdog that runs though no document asks for it: the longest
// that the one of a Raspberry Pi can wait.
const awakeTimeout = 15 * time.Second

// fromCard says whether the boot script of our card (tools/image) started this machine,
// by the kernel's command line in a file.
func startedFromCard(cmdline string) bool {
	text, err := os.ReadFile(cmdline)
	return err == nil && strings.Contains(" "+string(text), " centralita.slot=")
}

// trouble says why nobody would restart a hung house; "" when somebody would, or
// nobody is wanted.
func (k *kennel) trouble() string {
	if k.report.Why != "" {
		return k.report.Why
	}
	if why := k.hungry.Load(); why != nil {
		return *why
	}
	return ""
}

// holdDog raises or clears the condition of the watchdog.
func (h *House) holdDog(now time.Time) {
	absent := h.dog.report.Why != ""
	h.register.Hold(now, absent, health.WatchdogAbsent())
	h.register.Hold(now, !absent && h.dog.trouble() != "", health.WatchdogUnfed())
}

// feedEvery is how often the watchdog is fed: a quarter of its time at most, half
// of what systemd waits, and no slower than the parts are asked.
func (h *House) feedEvery() time.Duration {
	every := watchEvery
	if h.dog.dog != nil {
		every = min(every, h.dog.dog.Info().Timeout/4)
	}
	if w := h.out.Notify.Watchdog(); w > 0 {
		every = min(every, w/2)
	}
	return every
}

// feed feeds the watchdog and systemd's while every part checks in.
func (h *House) feed(ctx context.Context) error {
	if h.dog.dog == nil && h.out.Notify == nil {
		return nil
	}
	t := time.NewTicker(h.feedEvery())
	defer t.Stop()
	said := ""
	for {
		late := h.checks.Starving(time.Now())
		if len(late) == 0 {
			h.feedOnce()
		}
		if status := h.status(late); status != said {
			if said = status; len(late) > 0 {
				h.log.Error("the watchdog is not fed: parts do not check in", "late", names(late))
			}
			h.notify("STATUS=" + status)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
	}
}

func (h *House) feedOnce() {
	if h.out.Notify.Watchdog() > 0 {
		h.notify("WATCHDOG=1")
	}
	if h.dog.dog == nil {
		return
	}
	if err := h.dog.dog.Feed(); err != nil {
		why := err.Error()
		if h.dog.hungry.Swap(&why) == nil {
			h.log.Error("the watchdog is not fed", "err", err)
		}
		return
	}
	h.dog.hungry.Store(nil)
}

func names(parts []health.Part) string {
	var list []string
	for _, p := range parts {
		list = append(list, p.Name)
	}
	return strings.Join(list, ", ")
}

// status is the house in one line, for systemctl status.
func (h *House) status(late []health.Part) string {
	if len(late) > 0 {
		return "Not well: " + names(late) + " does not check in"
	}
	alarms := h.store.Get().Alarms
	switch len(alarms) {
	case 0:
		return "Taking calls"
	case 1:
		return "Taking calls; " + tel.CleanText(alarms[0].EN).String()
	}
	return fmt.Sprintf("Taking calls; %s, and %d more", tel.CleanText(alarms[0].EN), len(alarms)-1)
}

// notify tells whoever started the program.
func (h *House) notify(state ...string) {
	if err := h.out.Notify.Tell(state...); err != nil {
		h.log.Warn("systemd is not told", "err", err)
	}
}

// closeDog puts the watchdog to sleep after a farewell that went well. After one
// that did not it stays awake: unless the program is started again in time, the
// machine is.
func (h *House) closeDog(failed error) error {
	if h.dog.dog == nil || failed != nil {
		return nil
	}
	return h.dog.dog.Close()
}
