// Package update brings signed bundles into the slot that does not run, starts it on
// trial, and keeps it or goes back. This is the program's half, without privileges:
// it downloads, waits until nobody talks, asks the keeper, watches the trial, and
// remembers what came of it. Nothing it says is believed by the keeper, who verifies
// signatures himself.
package update

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/centralita/centralita/firmware/durable"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/update/ctl"
	"github.com/centralita/centralita/firmware/update/rollout"
	"github.com/centralita/centralita/firmware/update/slotwire"
	"github.com/centralita/centralita/firmware/update/trial"
)

// Keeper is the helper with privileges; *keeper.Client is one.
type Keeper interface {
	Present() bool
	Do(ctx context.Context, name string, params any, onProgress func(json.RawMessage), result any) error
}

// Config is what an updater stands on.
type Config struct {
	Keeper  Keeper
	Dir     string    // of bundles and of what is remembered; exists
	Keys    *ctl.Keys // to judge a download early; the keeper has his own. nil: judged by him alone
	Client  *http.Client
	URL     string // of automatic updates: a bundle, {board} stands for the board; empty: none
	Auto    rollout.Settings
	Version string    // of the program
	Started time.Time // of the program
	// Boot names this run of the machine, so that an order to start can be told from one
	// that the boot loader passed by; empty: it cannot be told.
	Boot string
	// Booted is when the machine started: a trial counts from there, however often the
	// program starts.
	Booted func() time.Time

	Now     func() time.Time // on the clock of the house; nil: the system's
	Trusted func() bool      // that clock is right
	Calls   func() int       // that go on
	// Idle returns when nobody talks, and keeps new calls away for a moment.
	Idle func(ctx context.Context) error
	// Reboot restarts the machine.
	Reboot func(ctx context.Context, why string) error
	Ports  func() int // that answer; a new version must have as many
	// Checks are those of a trial; each answers within a few seconds.
	Checks map[trial.Check]func(context.Context) error
	// Book keeps what happened: what, and about what.
	Book func(who tel.Who, what, detail string)
	Log  *slog.Logger
}

// Rates, in bytes a second. A card that is written at full speed may hold up the
// book, and a download the voice.
const (
	calmRate = 16 << 20
	talkRate = 2 << 20
)

// floorAfter is how long a version must have stood before it shuts out what it names
// as too old; the owner may say so before.
const floorAfter = 30 * 24 * time.Hour

// Updater is the program's half of updates.
type Updater struct {
	c     Config
	fetch *fetcher

	working sync.Mutex // one of stage, start, commit, rollback at a time

	mu      sync.Mutex
	mem     memory
	state   slotwire.State // as the keeper said last
	doing   slotwire.Doing
	offered ctl.Manifest
	checked time.Time // the address was asked
	why     string    // that it does not do more by itself
	machine *trial.Machine
	armed   bool               // a start waits for an idle house
	cancel  context.CancelFunc // of that waiting
	kick    chan struct{}      // something to do
}

// memory is what outlives a restart.
type memory struct {
	Postponed time.Time `json:"postponed,omitzero"`
	Failed    []uint64  `json:"failed,omitempty"`  // fell back here
	Acked     string    `json:"acked,omitempty"`   // the fall-back that somebody has seen
	Told      string    `json:"told,omitempty"`    // the fall-back that is in the book
	Ports     int       `json:"ports,omitempty"`   // that answered before a start on trial
	Ordered   string    `json:"ordered,omitempty"` // the run of the machine in which that start was ordered
	Stands    uint64    `json:"stands,omitempty"`  // number that runs and is good …
	Since     time.Time `json:"since,omitzero"`    // … since
}

const memoryName = "state.json"

// New makes an updater.
func New(c Config) (*Updater, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	u := &Updater{c: c, kick: make(chan struct{}, 1)}
	u.fetch = &fetcher{client: c.Client, dir: c.Dir, rate: u.rate}
	b, err := os.ReadFile(filepath.Join(c.Dir, memoryName))
	if err == nil {
		err = json.Unmarshal(b, &u.mem)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		c.Log.Warn("what was known of updates is lost", "err", err) // the boot record knows what counts
		u.mem = memory{}
	}
	u.sweep()
	return u, nil
}

// Absent is the sentence of a machine without slots.
var Absent = say("esta instalación no tiene ranuras A y B: se actualiza como paquete, con apt", "this installation has no slots A and B: it is updated as a package, with apt")

// rate is that of the present traffic.
func (u *Updater) rate() int64 {
	if u.c.Calls() > 0 {
		return talkRate
	}
	return calmRate
}

// PortsBefore is how many ports answered when the start on trial was ordered; a new
// version whose drivers find fewer of them is no good one.
func (u *Updater) PortsBefore() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.mem.Ports
}

// remember changes what outlives a restart.
func (u *Updater) remember(change func(*memory)) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	next := u.mem
	next.Failed = slices.Clone(next.Failed)
	change(&next)
	b, err := json.Marshal(next)
	if err == nil {
		err = durable.WriteFile(filepath.Join(u.c.Dir, memoryName), b, 0o600)
	}
	if err != nil {
		return fmt.Errorf("cannot remember what became of the update: %w", err)
	}
	u.mem = next
	return nil
}

// Slots asks the keeper what the slots hold.
func (u *Updater) Slots(ctx context.Context) (slotwire.State, error) {
	if !u.c.Keeper.Present() {
		return slotwire.State{}, Absent
	}
	var s slotwire.State
	if err := u.c.Keeper.Do(ctx, slotwire.Slots, nil, nil, &s); err != nil {
		return s, err
	}
	u.mu.Lock()
	u.state = s
	u.mu.Unlock()
	return s, nil
}

// begin lets one work at a time; end ends it.
func (u *Updater) begin(what string) (end func(), err error) {
	if !u.c.Keeper.Present() {
		return nil, Absent
	}
	if !u.working.TryLock() {
		return nil, say("otra orden de actualización está trabajando; espere a que termine", "another update command is working; wait for its end")
	}
	u.note(slotwire.Doing{What: what})
	return func() {
		u.note(slotwire.Doing{})
		u.working.Unlock()
	}, nil
}

// note keeps what is being done.
func (u *Updater) note(d slotwire.Doing) {
	u.mu.Lock()
	u.doing = d
	u.mu.Unlock()
}

// Doing is what is being done right now, and to which version; that is empty where it is
// not known yet.
func (u *Updater) Doing() (d slotwire.Doing, version string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.doing.What == "start" {
		version = u.state.Of(u.state.Other()).Version
	}
	return u.doing, version
}

// Stage brings a bundle into the slot that does not run: from an https address, from
// a USB stick ("usb", or "usb:NAME"), or from a file that the program may read.
// present: somebody stands at the box and permits an older number.
func (u *Updater) Stage(ctx context.Context, who tel.Who, source string, present bool, progress func(slotwire.Progress)) (slotwire.Result, error) {
	end, err := u.begin("stage")
	if err != nil {
		return slotwire.Result{}, err
	}
	defer end()
	if progress == nil {
		progress = func(slotwire.Progress) {}
	}
	tell := func(p slotwire.Progress) {
		u.note(slotwire.Doing{What: "stage", Progress: p})
		progress(p)
	}
	ask := slotwire.StageAsk{Present: present, Trusted: u.c.Trusted(), Rate: u.rate()}
	if err := u.bring(ctx, source, present, &ask, tell); err != nil {
		u.booked(who, "refused", err.Error())
		return slotwire.Result{}, err
	}
	r, err := u.do(ctx, slotwire.Stage, ask, tell)
	if !ask.USB { // staged or not, nobody takes it from there again
		if err := durable.RemoveFile(filepath.Join(u.c.Dir, ask.File)); err != nil {
			u.c.Log.Warn("a bundle stays in the inbox", "err", err)
		}
	}
	if err != nil {
		u.booked(who, "refused", err.Error())
		return r, err
	}
	u.booked(who, "staged", fmt.Sprintf("%s (%d) in slot %s", r.Held.Version, r.Held.Number, r.Slot))
	return r, nil
}

func (u *Updater) booked(who tel.Who, what, detail string) { u.c.Book(who, what, detail) }

// do asks the keeper for long work; a refusal is an error.
func (u *Updater) do(ctx context.Context, name string, ask any, tell func(slotwire.Progress)) (slotwire.Result, error) {
	var r slotwire.Result
	err := u.c.Keeper.Do(ctx, name, ask, func(raw json.RawMessage) {
		var p slotwire.Progress
		if json.Unmarshal(raw, &p) == nil && tell != nil {
			tell(p)
		}
	}, &r)
	if err == nil && r.Refused != nil {
		err = r.Refused
	}
	if _, serr := u.Slots(ctx); serr != nil {
		u.c.Log.Warn("the state of the slots", "err", serr)
	}
	return r, err
}

// bring puts a bundle where the keeper takes it from.
func (u *Updater) bring(ctx context.Context, source string, present bool, ask *slotwire.StageAsk, tell func(slotwire.Progress)) error {
	switch {
	case source == "usb" || len(source) > 4 && source[:4] == "usb:":
		name, err := u.onStick(ctx, source)
		ask.File, ask.USB = name, true
		return err
	case isURL(source):
		s, err := u.Slots(ctx)
		if err != nil {
			return err
		}
		ask.File = DoneName
		return u.fetch.Get(ctx, source, func(h ctl.Header) (ctl.Manifest, error) { return u.judge(h, s, present) },
			func(done, of int64) { tell(slotwire.Progress{Step: slotwire.Fetching, Done: done, Of: of}) })
	}
	s, err := u.Slots(ctx)
	if err != nil {
		return err
	}
	ask.File = fileName
	return u.copyIn(source, func(h ctl.Header) (ctl.Manifest, error) { return u.judge(h, s, present) })
}

// fileName is a bundle that was given as a file.
const fileName = "given.ctl"

func isURL(s string) bool {
	return len(s) > 8 && (s[:8] == "https://" || s[:7] == "http://")
}

// judge looks at a header as the keeper will, so that nobody downloads for nothing.
func (u *Updater) judge(h ctl.Header, s slotwire.State, present bool) (ctl.Manifest, error) {
	if u.c.Keys == nil {
		return h.Unverified()
	}
	m, err := h.Verify(u.c.Keys)
	if err != nil {
		return m, err
	}
	box := ctl.Box{
		Board: s.Board, Running: s.Of(s.Running).Number, Floor: s.Floor, Boot: s.Boot, Capacity: s.Capacity,
		Now: u.c.Now(), Trusted: u.c.Trusted(), Present: present,
	}
	return m, box.Accept(m)
}

// onStick finds the bundle that a stick holds.
func (u *Updater) onStick(ctx context.Context, source string) (string, error) {
	if source != "usb" {
		return source[4:], nil
	}
	found, err := u.Found(ctx)
	if err != nil {
		return "", err
	}
	var good []slotwire.Found
	for _, f := range found {
		if f.News != nil {
			good = append(good, f)
		}
	}
	switch {
	case len(found) == 0:
		return "", say("en la memoria USB no hay ningún archivo .ctl en la carpeta principal", "there is no .ctl file in the main folder of the USB stick")
	case len(good) == 0:
		return "", found[0].Refused
	}
	slices.SortStableFunc(good, func(a, b slotwire.Found) int { return int(b.News.Number) - int(a.News.Number) })
	return good[0].File, nil
}

// Found lists the bundles on USB sticks.
func (u *Updater) Found(ctx context.Context) ([]slotwire.Found, error) {
	if !u.c.Keeper.Present() {
		return nil, Absent
	}
	var found []slotwire.Found
	err := u.c.Keeper.Do(ctx, slotwire.USB, nil, nil, &found)
	return found, err
}

// copyIn copies a file into the inbox. accept judges its header before that: what is no
// bundle for this box must not fill the disk.
func (u *Updater) copyIn(path string, accept func(ctl.Header) (ctl.Manifest, error)) error {
	src, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("cannot read the bundle: %w", err)
	}
	defer src.Close()
	if info, err := src.Stat(); err != nil || !info.Mode().IsRegular() {
		return errors.Join(fmt.Errorf("cannot read the bundle %s: it is no plain file", path), err)
	}
	h, err := ctl.ReadHeader(src)
	if err != nil {
		return err
	}
	m, err := accept(h)
	if err == nil {
		_, err = src.Seek(0, io.SeekStart)
	}
	if err != nil {
		return err
	}
	return durable.WriteTo(filepath.Join(u.c.Dir, fileName), 0o600, func(w io.Writer) error {
		_, err := io.Copy(w, io.LimitReader(src, h.Size()+m.Payload.Stored+1)) // one byte too many is enough to be refused
		return err
	})
}

// sweep removes bundles that a power cut or the end of the program left half way. A
// download that can go on stays.
func (u *Updater) sweep() {
	entries, err := os.ReadDir(u.c.Dir)
	for _, e := range entries {
		if n := e.Name(); n == fileName || n == DoneName || durable.Unfinished(n) {
			err = errors.Join(err, os.Remove(filepath.Join(u.c.Dir, n)))
		}
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		u.c.Log.Warn("what is left of updates stays", "err", err)
	}
}
