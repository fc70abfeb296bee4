package update

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/update/ctl"
	"github.com/centralita/centralita/firmware/update/rollout"
	"github.com/centralita/centralita/firmware/update/slotwire"
	"github.com/centralita/centralita/firmware/update/trial"
)

// byItself is who does what nobody ordered.
var byItself = tel.Who{Name: "update"}

// Times of the shell.
const (
	tick       = time.Minute     // between two decisions
	gateEvery  = 2 * time.Second // between two rounds of checks
	checkTime  = 5 * time.Second // for one check
	firstTries = 30              // seconds for the keeper to come up with us
)

// Run watches a trial, waits for idle moments and updates by itself, until ctx ends.
// On a machine without a keeper it returns at once.
func (u *Updater) Run(ctx context.Context) error {
	if !u.c.Keeper.Present() {
		return nil
	}
	s, err := u.first(ctx)
	if err != nil {
		u.c.Log.Error("the state of the slots", "err", err)
		return nil // the house works without; commands ask anew
	}
	if err := u.tellFall(s); err != nil {
		u.c.Log.Error("updates", "err", err)
	}
	if err := u.resume(ctx, s); err != nil {
		u.c.Log.Error("updates", "err", err)
	}
	var settling sync.WaitGroup
	settling.Go(func() { u.settle(ctx, s) })
	defer settling.Wait()
	if s.Trial {
		u.gate(ctx)
	}
	t := time.NewTicker(tick)
	defer t.Stop()
	for {
		u.waitToStart(ctx)
		if ctx.Err() != nil {
			return nil
		}
		u.think(ctx, u.c.Now())
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		case <-u.kick:
		}
	}
}

// first asks until the keeper, which starts beside us, answers.
func (u *Updater) first(ctx context.Context) (s slotwire.State, err error) {
	for range firstTries {
		if s, err = u.Slots(ctx); err == nil || !wait(ctx, time.Second) {
			return s, err
		}
	}
	return s, err
}

// settled is how long the program must have run before its start counts as one that is
// well: twice what the watchdog gives a house that hangs. Power that fails within it looks
// like a system that does not come up, so it is short.
const settled = time.Minute

// settle strikes out that the system was started, which the boot loader counts.
func (u *Updater) settle(ctx context.Context, s slotwire.State) {
	if s.Trial || s.Fails == 0 {
		return
	}
	for pause := time.Until(u.c.Started.Add(settled)); wait(ctx, max(0, pause)); pause = settled {
		err := u.c.Keeper.Do(ctx, slotwire.Well, nil, nil, nil)
		if err == nil {
			return
		}
		u.c.Log.Warn("the boot loader is not told that the system works", "err", err)
	}
}

// fallMark names the fall-back that the record tells of; empty: none.
func fallMark(s slotwire.State) string {
	id, why, ok := strings.Cut(s.Why, "/")
	if !ok {
		return ""
	}
	return fmt.Sprintf("%s %d", why, s.Of(id).Number)
}

// silentWhy is the boot loader's word for a good slot that did not come up.
const silentWhy = "starts"

// tellFall books a fall-back once, and remembers not to try that number again.
func (u *Updater) tellFall(s slotwire.State) error {
	mark := fallMark(s)
	u.mu.Lock()
	told := u.mem.Told
	u.mu.Unlock()
	if mark == told {
		return nil
	}
	id, why, _ := strings.Cut(s.Why, "/")
	switch {
	case mark != "" && why == silentWhy:
		u.booked(byItself, "did not come up", fmt.Sprintf("%s (%d) in slot %s, %s runs", s.Of(id).Version, s.Of(id).Number, id, s.Running))
	case mark != "":
		u.booked(byItself, "fell back", fmt.Sprintf("to %s from %s (%d): %s", s.Of(s.Running).Version, s.Of(id).Version, s.Of(id).Number, why))
	}
	return u.remember(func(m *memory) {
		m.Told = mark
		if n := s.Of(id).Number; mark != "" && why != "asked" && why != silentWhy && n > 0 && !slices.Contains(m.Failed, n) {
			m.Failed = append(m.Failed[max(0, len(m.Failed)-15):], n)
		}
	})
}

// seenCheck is what a check answered.
type seenCheck struct {
	check trial.Check
	err   error
}

// gate runs the trial's machine until it is over or a person has decided.
func (u *Updater) gate(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	m := trial.New(u.c.Booted())
	u.mu.Lock()
	u.machine = m
	u.mu.Unlock()
	answers := make(chan seenCheck)
	for c, ask := range u.c.Checks {
		go repeat(ctx, c, ask, answers)
	}
	for {
		at, ok := u.deadline(m)
		if !ok {
			return
		}
		timer := time.NewTimer(time.Until(at))
		var ev trial.Event = trial.TimedOut{}
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case a := <-answers:
			ev = trial.Seen{Check: a.check, OK: a.err == nil, Why: text(a.err)}
		case <-timer.C:
		}
		timer.Stop()
		for ev != nil {
			ev = u.act(ctx, m, ev)
		}
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// repeat asks a check again and again; one that hangs is silent.
func repeat(ctx context.Context, c trial.Check, ask func(context.Context) error, answers chan<- seenCheck) {
	for {
		bounded, cancel := context.WithTimeout(ctx, checkTime)
		err := ask(bounded)
		cancel()
		select {
		case answers <- seenCheck{c, err}:
		case <-ctx.Done():
			return
		}
		if !wait(ctx, gateEvery) {
			return
		}
	}
}

// deadline is the machine's; ok is false when there is nothing to wait for any more.
func (u *Updater) deadline(m *trial.Machine) (time.Time, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.machine != m {
		return time.Time{}, false // a person has decided
	}
	return m.Deadline()
}

// act steps the machine and does what it asks for; the answer is the next event.
func (u *Updater) act(ctx context.Context, m *trial.Machine, ev trial.Event) (next trial.Event) {
	u.mu.Lock()
	effects := m.Step(time.Now(), ev, nil)
	u.mu.Unlock()
	for _, e := range effects {
		switch e := e.(type) {
		case trial.Commit:
			s, err := u.commit(ctx, slotwire.CommitAsk{})
			if err != nil {
				u.c.Log.Error("keeping the update", "err", err)
			} else {
				u.booked(byItself, "committed", fmt.Sprintf("%s (%d) in slot %s", s.Of(s.Running).Version, s.Of(s.Running).Number, s.Running))
			}
			next = trial.Committed{Err: err}
		case trial.GiveUp:
			u.giveUp(ctx, e)
		}
	}
	return next
}

// giveUp goes back to the old system at once: a house that fails its checks has no
// calls to wait for. The boot loader falls back even when the record cannot be written.
func (u *Updater) giveUp(ctx context.Context, e trial.GiveUp) {
	u.booked(byItself, "gives up", e.Reason())
	if _, err := u.do(ctx, slotwire.Rollback, slotwire.RollbackAsk{Why: e.Reason()}, nil); err != nil {
		u.c.Log.Error("giving the update up", "err", err)
	}
	u.goDown(ctx, "update given up: "+e.Reason())
}

// think decides what to do by itself and does it.
func (u *Updater) think(ctx context.Context, now time.Time) {
	s, err := u.Slots(ctx)
	if err != nil {
		return // the keeper restarts; the next minute asks again
	}
	if err := u.age(ctx, s, now); err != nil {
		u.c.Log.Error("updates", "err", err)
	}
	if u.c.URL == "" {
		return
	}
	x := u.situation(s, now)
	do, why := rollout.Decide(u.c.Auto, x)
	u.mu.Lock()
	u.why = why
	u.mu.Unlock()
	switch do {
	case rollout.Check:
		err = u.check(ctx, s)
	case rollout.Stage:
		if _, err = u.Stage(ctx, byItself, u.address(s), false, nil); err != nil {
			u.mu.Lock()
			u.offered = ctl.Manifest{} // asked again at the next check
			u.mu.Unlock()
		}
	case rollout.Start:
		_, err = u.Start(ctx, byItself, false)
	}
	if err != nil && ctx.Err() == nil {
		u.c.Log.Warn("automatic update", "step", do, "err", err)
		u.mu.Lock()
		u.why = err.Error()
		u.mu.Unlock()
	}
}

func (u *Updater) address(s slotwire.State) string {
	return strings.ReplaceAll(u.c.URL, "{board}", s.Board)
}

// situation is what Decide is told.
func (u *Updater) situation(s slotwire.State, now time.Time) rollout.Situation {
	u.mu.Lock()
	defer u.mu.Unlock()
	return rollout.Situation{
		Now: now, Trusted: u.c.Trusted(), Up: u.c.Started, Checked: u.checked, Postponed: u.mem.Postponed, Offered: u.offered,
		Running: s.Of(s.Running).Number, Staged: s.Of(s.Other()).Number, Failed: u.mem.Failed, Trial: s.Trial, Armed: u.armed,
	}
}

// check asks what is offered.
func (u *Updater) check(ctx context.Context, s slotwire.State) error {
	u.mu.Lock()
	u.checked = u.c.Now()
	u.mu.Unlock()
	h, err := u.fetch.Head(ctx, u.address(s))
	if err != nil {
		return err
	}
	if u.c.Keys == nil {
		return errors.New("cannot judge what is offered: no update keys here")
	}
	m, err := u.judge(h, s, false)
	if r, ok := errors.AsType[*ctl.Refusal](err); ok && r.Code == ctl.Older {
		err, m = nil, ctl.Manifest{} // what runs is newer than the channel
	}
	if err != nil {
		return err
	}
	u.mu.Lock()
	u.offered = m
	u.mu.Unlock()
	return nil
}

// age raises the floor once a version has stood for long.
func (u *Updater) age(ctx context.Context, s slotwire.State, now time.Time) error {
	running := s.Of(s.Running)
	if s.Trial || s.Good != s.Running || !u.c.Trusted() {
		return nil
	}
	u.mu.Lock()
	stands, since := u.mem.Stands, u.mem.Since
	u.mu.Unlock()
	switch {
	case stands != running.Number:
		return u.remember(func(m *memory) { m.Stands, m.Since = running.Number, now })
	case running.Floor > s.Floor && now.Sub(since) >= floorAfter:
		after, err := u.commit(ctx, slotwire.CommitAsk{Floor: true})
		if err == nil {
			u.booked(byItself, "floor", fmt.Sprint(after.Floor))
		}
		return err
	}
	return nil
}
