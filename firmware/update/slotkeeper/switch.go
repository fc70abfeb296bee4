package slotkeeper

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/centralita/centralita/firmware/update/ctl"
	"github.com/centralita/centralita/firmware/update/slotwire"
	"github.com/centralita/centralita/hal/slot"
)

// tries is how often the boot loader starts a slot on trial.
const tries = 1

// try makes the next start a trial of the slot that does not run.
func (k *Keeper) try(ctx context.Context, params json.RawMessage, progress func(any)) (any, error) {
	var ask slotwire.TryAsk
	if err := read(params, &ask); err != nil {
		return nil, err
	}
	r, err := k.Disk.Record()
	if err != nil {
		return nil, err
	}
	id, err := k.target(r)
	if err != nil {
		return nil, err
	}
	return k.arm(r, id, ask.Present, &pace{ctx: ctx, tell: progress, rate: ask.Rate})
}

// arm verifies a slot and puts it on trial. One below the floor is not put on trial but by
// somebody who stands at the box.
func (k *Keeper) arm(r slot.Record, id slot.ID, present bool, p *pace) (any, error) {
	image := r.Of(id)
	if !image.Full() {
		return nil, fmt.Errorf("cannot start slot %s: it is empty; hint: update stage fills it", id)
	}
	if image.Number < r.Floor && !present {
		return nil, ctl.Box{Board: k.Board, Floor: r.Floor}.Accept(ctl.Manifest{Board: k.Board, Number: image.Number})
	}
	if err := k.verify(id, image, p); err != nil {
		return nil, err
	}
	r.Try, r.Tries, r.Why = id, tries, ""
	if err := k.Disk.Keep(r); err != nil {
		return nil, err
	}
	k.Log.Info("the next start is a trial", "slot", id, "version", image.Version)
	return slotwire.Result{Slot: string(id), Held: describe(image)}, nil
}

// commit declares the running slot good.
func (k *Keeper) commit(_ context.Context, params json.RawMessage, _ func(any)) (any, error) {
	var ask slotwire.CommitAsk
	if err := read(params, &ask); err != nil {
		return nil, err
	}
	if k.Running == slot.None {
		return nil, errors.New("cannot declare the recovery system good: it is no slot")
	}
	r, err := k.Disk.Record()
	if err != nil {
		return nil, err
	}
	want := r
	want.Fails = 0
	if k.Running != r.Good || r.Try == k.Running {
		want.Good, want.Try, want.Tries, want.Why = k.Running, slot.None, 0, ""
	}
	if ask.Floor {
		want.Floor = max(r.Floor, r.Of(k.Running).Floor)
	}
	// What waits to be started must not be passed by: the boot script does not compare it.
	if want.Floor > r.Floor && want.Try != slot.None && want.Of(want.Try).Number < want.Floor {
		want.Try, want.Tries = slot.None, 0
	}
	if want != r { // cards wear: nothing is written that stands already
		if err := k.Disk.Keep(want); err != nil {
			return nil, err
		}
		k.Log.Info("the running slot is good", "slot", k.Running, "floor", want.Floor)
	}
	return k.state()
}

// rollback makes the next start one of the other slot: during a trial by giving it
// up, else by putting the other one on trial.
func (k *Keeper) rollback(ctx context.Context, params json.RawMessage, progress func(any)) (any, error) {
	var ask slotwire.RollbackAsk
	if err := read(params, &ask); err != nil {
		return nil, err
	}
	r, err := k.Disk.Record()
	if err != nil {
		return nil, err
	}
	return k.rollbackTo(ctx, r, ask, progress)
}

func (k *Keeper) rollbackTo(ctx context.Context, r slot.Record, ask slotwire.RollbackAsk, progress func(any)) (any, error) {
	if r.Try != slot.None { // begun, or still to come
		why := string(r.Try) + "/asked"
		if ask.Why != "" {
			why = string(r.Try) + "/gate/" + ask.Why
		}
		r.Try, r.Tries, r.Why = slot.None, 0, why
		if err := k.Disk.Keep(r); err != nil {
			return nil, err
		}
		k.Log.Warn("a trial was given up", "why", why)
		return slotwire.Result{Slot: string(r.Good), Held: describe(r.Of(r.Good))}, nil
	}
	id, err := k.target(r)
	if err != nil {
		return nil, err
	}
	return k.arm(r, id, ask.Present, &pace{ctx: ctx, tell: progress, rate: ask.Rate})
}

// well strikes out the starts that were counted: what runs works.
func (k *Keeper) well(_ context.Context, params json.RawMessage, _ func(any)) (any, error) {
	if err := read(params, &struct{}{}); err != nil {
		return nil, err
	}
	r, err := k.Disk.Record()
	if err != nil || r.Fails == 0 || k.onTrial(r) { // a trial is not counted, and says nothing of the good slot
		return nil, err
	}
	r.Fails = 0
	if k.Running == r.Good && r.Why == string(r.Good)+"/starts" {
		r.Why = "" // it came up after all; the next time is told anew
	}
	return nil, k.Disk.Keep(r)
}

// Ordered makes a restart that was ordered no start that failed. While another request
// works it leaves the count as it is.
func (k *Keeper) Ordered(ctx context.Context) {
	if _, err := k.alone(k.well)(ctx, nil, func(any) {}); err != nil {
		k.Log.Warn("the count of starts", "err", err)
	}
}
