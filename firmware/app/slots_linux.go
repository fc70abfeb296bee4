package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/centralita/centralita/board/abslot"
	"github.com/centralita/centralita/firmware/keeper"
	"github.com/centralita/centralita/firmware/keeper/chores"
	"github.com/centralita/centralita/firmware/update"
	"github.com/centralita/centralita/firmware/update/ctl"
	"github.com/centralita/centralita/firmware/update/slotkeeper"
	"github.com/centralita/centralita/hal/slot"
)

// Files of the image that tell what it is.
const (
	boardFile   = "/etc/centralita/board"        // a word: the board that bundles are made for
	releaseFile = "/etc/centralita/release.json" // {"number": 42, "version": "0.9.5", "floor": 40}
	cmdlineFile = "/proc/cmdline"
	stickFolder = "/run/centralita/stick" // where one is mounted while it is read or written
)

// bootArgs are what the boot script says on the kernel's command line.
type bootArgs struct {
	Disk  string
	Slot  slot.ID
	Trial bool
	Boot  uint64 // number of the boot script
}

// parseBoot reads the kernel's command line. The last of a kind counts, as in the
// kernel.
func parseBoot(cmdline string) bootArgs {
	var a bootArgs
	for _, word := range strings.Fields(cmdline) {
		k, v, _ := strings.Cut(word, "=")
		switch k {
		case "centralita.disk":
			a.Disk = v
		case "centralita.slot":
			a.Slot, _ = slot.Parse(v) // anything else is no slot
		case "centralita.trial":
			a.Trial = v == "1"
		case "centralita.boot":
			a.Boot, _ = strconv.ParseUint(v, 10, 64) // else 0: an old one
		}
	}
	return a
}

// slots are the requests for updates. On a machine without slots, or whose slots
// cannot be used, each says so.
func (c *keeperCmd) slots(others map[string]keeper.Handler, log *slog.Logger) map[string]keeper.Handler {
	k, err := c.openSlots(log)
	if err == nil {
		for _, name := range []string{chores.Reboot, chores.PowerOff, chores.Wipe} {
			others[name] = ordered(k, others[name])
		}
		c.guard = func(ctx context.Context) {
			restart := func(ctx context.Context) error { _, err := others[chores.Reboot](ctx, nil, func(any) {}); return err }
			if err := k.Guard(ctx, booted(time.Now()), restart); err != nil {
				log.Error("the trial", "err", err)
			}
		}
	}
	out := map[string]keeper.Handler{}
	if err != nil {
		log.Warn("updates", "err", err)
		k = &slotkeeper.Keeper{}
	}
	for name, h := range k.Handlers() {
		if err != nil {
			h = func(context.Context, json.RawMessage, func(any)) (any, error) { return nil, err }
		}
		out[name] = h
	}
	return out
}

// ordered is a request that ends this run of the machine: no start that failed.
func ordered(k *slotkeeper.Keeper, h keeper.Handler) keeper.Handler {
	return func(ctx context.Context, params json.RawMessage, progress func(any)) (any, error) {
		k.Ordered(ctx)
		return h(ctx, params, progress)
	}
}

// openSlots opens the disk with the slots by what the boot script and the image say.
func (c *keeperCmd) openSlots(log *slog.Logger) (*slotkeeper.Keeper, error) {
	cmdline, err := os.ReadFile(cmdlineFile)
	if err != nil {
		return nil, fmt.Errorf("cannot read how the machine was started: %w", err)
	}
	boot := parseBoot(string(cmdline))
	if c.Disk != "" {
		boot.Disk = c.Disk
	}
	if boot.Disk == "" {
		return nil, update.Absent
	}
	keys, err := ctl.LoadKeys(os.DirFS(updateKeys))
	if err != nil {
		return nil, err
	}
	name, err := os.ReadFile(boardFile)
	if err != nil {
		return nil, fmt.Errorf("cannot tell what board this is: %w", err)
	}
	self, err := release()
	if err != nil {
		return nil, err
	}
	disk, err := abslot.Open(boot.Disk)
	if err != nil {
		return nil, err
	}
	return slotkeeper.New(slotkeeper.Config{
		Disk: disk, Keys: keys, Board: strings.TrimSpace(string(name)), Boot: boot.Boot, Running: boot.Slot, Trial: boot.Trial, Self: self,
		Inbox: filepath.Join(c.Data, updateFolder), Sticks: c.sticks, Log: log,
	})
}

// release reads what the running image calls itself; an image that does not say is
// known by the boot record alone.
func release() (slot.Image, error) {
	b, err := os.ReadFile(releaseFile)
	if errors.Is(err, fs.ErrNotExist) {
		return slot.Image{}, nil
	}
	var r struct {
		Number, Floor uint64
		Version       string
	}
	if err == nil {
		err = json.Unmarshal(b, &r)
	}
	if err != nil {
		return slot.Image{}, fmt.Errorf("cannot read what release this is: %w", err)
	}
	return slot.Image{Number: r.Number, Version: r.Version, Floor: r.Floor}, nil
}

// booted is when the machine started; where that cannot be told, it is fallback.
func booted(fallback time.Time) time.Time {
	var up unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &up); err != nil {
		return fallback
	}
	return time.Now().Add(-time.Duration(up.Nano()))
}
