// Package slotkeeper is the part of updates that needs privileges: it writes slots
// and the boot record, for whoever asks the keeper. It believes nobody: a bundle's
// signatures are verified here, before a byte is written, by the keys of the running
// system, and the slot is read back before it may start.
//
// A slot that is to be written is first emptied in the boot record, and is named
// there again only when its contents have been read back right. So whatever the
// instant of a power cut, no start finds half an image that calls itself whole, and
// the good slot is never touched.
package slotkeeper

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/centralita/centralita/firmware/update/ctl"
	"github.com/centralita/centralita/firmware/update/slotwire"
	"github.com/centralita/centralita/hal/slot"
)

// Handler answers a request; it has the shape of keeper.Handler.
type Handler = func(ctx context.Context, params json.RawMessage, progress func(any)) (any, error)

// Config is what the keeper knows of its machine.
type Config struct {
	Disk    slot.Disk
	Keys    *ctl.Keys
	Board   string     // of bundles: /etc/centralita/board
	Boot    uint64     // number of the boot script: `centralita.boot=`
	Running slot.ID    // `centralita.slot=`; None: the recovery system
	Trial   bool       // `centralita.trial=1`
	Self    slot.Image // of the running system, for a record that was lost; its Size and Sum are not known
	Inbox   string     // the only folder that bundles are taken from
	Sticks  Sticks     // nil: none are looked for
	Log     *slog.Logger
}

// Keeper answers the requests. It may be used by many at once; they wait for each other.
type Keeper struct {
	Config
	at chan struct{} // has a token while somebody works at the slots

	told sync.Mutex
	last slotwire.State // as it was told last
}

// New makes a keeper. A boot record that is not there, or does not know what runs, is
// made anew.
func New(c Config) (*Keeper, error) {
	k := &Keeper{Config: c, at: make(chan struct{}, 1)}
	if err := k.heal(); err != nil {
		return nil, err
	}
	var err error
	k.last, err = k.state()
	return k, err
}

// heal makes a boot record that knows what runs.
func (k *Keeper) heal() error {
	c := &k.Config
	if c.Running == slot.None {
		return nil
	}
	r, err := c.Disk.Record()
	switch {
	case errors.Is(err, slot.ErrNoRecord):
		c.Log.Error("the boot record was lost and is made anew", "running", c.Running, "version", c.Self.Version)
		r = slot.Record{Good: c.Running, Floor: c.Self.Floor}
		err = c.Disk.Keep(r.With(c.Running, c.Self))
	case err == nil && !r.Of(c.Running).Full() && c.Self.Full():
		c.Log.Error("the boot record did not know what runs", "running", c.Running, "version", c.Self.Version)
		err = c.Disk.Keep(r.With(c.Running, c.Self))
	}
	return err
}

// Handlers are the requests that it answers.
func (k *Keeper) Handlers() map[string]Handler {
	return map[string]Handler{
		slotwire.Slots:    k.look,
		slotwire.Stage:    k.alone(k.stage),
		slotwire.Try:      k.alone(k.try),
		slotwire.Commit:   k.alone(k.commit),
		slotwire.Rollback: k.alone(k.rollback),
		slotwire.Well:     k.alone(k.well),
		slotwire.USB:      k.alone(k.usb),
	}
}

// patience is how long a request waits for another one: longer than the state takes to be
// read, which is asked for each minute, and not for the minutes that writing takes.
const patience = 2 * time.Second

// errBusy is answered when the other request works on.
var errBusy = errors.New("cannot do that now: the slots are being written or read; hint: wait for the other update command to end")

// look tells the state; while another request works, as it was before.
func (k *Keeper) look(context.Context, json.RawMessage, func(any)) (any, error) {
	k.told.Lock()
	defer k.told.Unlock()
	select {
	case k.at <- struct{}{}:
	default:
		return k.last, nil
	}
	defer k.leave()
	s, err := k.state()
	if err == nil {
		k.last = s
	}
	return s, err
}

// alone lets one request at a time at the slots.
func (k *Keeper) alone(h Handler) Handler {
	return func(ctx context.Context, params json.RawMessage, progress func(any)) (any, error) {
		if err := k.enter(ctx); err != nil {
			return nil, err
		}
		defer k.leave()
		reply, err := h(ctx, params, progress)
		var r *ctl.Refusal
		if errors.As(err, &r) {
			k.Log.Warn("an update was refused", "code", r.Code, "why", r.EN)
			return slotwire.Result{Refused: r}, nil
		}
		return reply, err
	}
}

// read reads what came with a request; nothing is the zero value.
func read(params json.RawMessage, v any) error {
	if len(params) == 0 {
		return nil
	}
	d := json.NewDecoder(strings.NewReader(string(params)))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("cannot read the request: %w", err)
	}
	return nil
}

// state describes the record and what runs.
func (k *Keeper) state() (slotwire.State, error) {
	s := slotwire.State{Board: k.Board, Boot: k.Boot, Running: string(k.Running), Capacity: k.Disk.Capacity(slot.A), Keys: k.Keys.Len(), Threshold: k.Keys.Threshold}
	r, err := k.Disk.Record()
	if errors.Is(err, slot.ErrNoRecord) {
		s.Record = err.Error()
		return s, nil
	}
	if err != nil {
		return s, err
	}
	s.Trial = k.onTrial(r)
	s.Good, s.Try, s.Tries, s.Floor, s.Gen, s.Why = string(r.Good), string(r.Try), r.Tries, r.Floor, r.Gen, r.Why
	s.Fails = r.Fails
	s.A, s.B = describe(r.A), describe(r.B)
	return s, nil
}

func describe(i slot.Image) slotwire.Slot {
	return slotwire.Slot{Number: i.Number, Version: i.Version, Floor: i.Floor, Size: i.Size}
}

// onTrial reports whether what runs falls back at the next start.
func (k *Keeper) onTrial(r slot.Record) bool {
	return k.Trial && r.Try == k.Running && r.Good != k.Running
}

// target is the slot that may be written: the one that neither runs nor is good.
func (k *Keeper) target(r slot.Record) (slot.ID, error) {
	switch {
	case k.Running == slot.None: // the recovery system mends the one that is not good first
		return r.Good.Other(), nil
	case k.onTrial(r):
		return slot.None, errors.New("cannot write a slot during a trial; hint: update commit keeps what runs, update rollback goes back")
	case r.Good != k.Running:
		return slot.None, fmt.Errorf("cannot write slot %s: it is the good one, though %s runs; hint: update commit declares %s good", r.Good, k.Running, k.Running)
	}
	return k.Running.Other(), nil
}

// openInbox opens a bundle of the inbox; neither links nor pipes lead out of it.
func (k *Keeper) openInbox(name string) (*os.File, error) {
	root, err := os.OpenRoot(k.Inbox)
	if err != nil {
		return nil, fmt.Errorf("cannot open the folder of updates: %w", err)
	}
	defer root.Close()
	return openIn(root, name)
}

// openIn opens a plain file.
func openIn(root *os.Root, name string) (*os.File, error) {
	info, err := root.Lstat(name)
	if err != nil {
		return nil, fmt.Errorf("cannot open the bundle: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("cannot open the bundle %s: it is no plain file", name)
	}
	f, err := root.OpenFile(name, os.O_RDONLY|nonblock, 0)
	if err != nil {
		return nil, fmt.Errorf("cannot open the bundle: %w", err)
	}
	if now, err := f.Stat(); err != nil || !now.Mode().IsRegular() {
		return nil, errors.Join(fmt.Errorf("cannot open the bundle %s: %w", name, fs.ErrInvalid), err, f.Close())
	}
	return f, nil
}

// enter waits its turn at the slots for a while.
func (k *Keeper) enter(ctx context.Context) error {
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case k.at <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-late.C:
		return errBusy
	}
}

func (k *Keeper) leave() { <-k.at }
