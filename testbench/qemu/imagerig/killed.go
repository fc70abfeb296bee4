package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"time"
)

// killedTimes is how often the power really goes while a release is written.
const killedTimes = 3

// killed takes the power away while a bundle is written into the other slot: the
// emulator ends there and then. The box must start as it was.
func (r *rig) killed(ctx context.Context) error {
	u, err := r.makeStick(ctx, "killed.stick", "good.ctl")
	if err != nil {
		return err
	}
	lot := rand.New(rand.NewPCG(r.seed, 99))
	var after []string
	for range killedTimes {
		card, err := r.cardOf("killed.card", r.path("set.img"))
		if err != nil {
			return err
		}
		wait := time.Duration(lot.IntN(9000)+300) * time.Millisecond
		err = r.with(ctx, append(plain(card), stick(u)...), func(b *box) error { return b.stageAndDie(ctx, wait) })
		if err == nil {
			err = r.examine(ctx, card)
		}
		if err == nil {
			err = r.startsAgain(ctx, card)
		}
		if err != nil {
			return fmt.Errorf("power cut %v after the order to write: %w", wait, err)
		}
		after = append(after, wait.String())
		if err := os.RemoveAll(card); err != nil {
			return err
		}
	}
	r.passed("power cut while a release is written", "%d times, %v after the order: slot, book and configuration whole, started again", killedTimes, after)
	return nil
}

// stageAndDie orders a release to be written and loses power a while later.
func (b *box) stageAndDie(ctx context.Context, wait time.Duration) error {
	if _, err := b.started(ctx); err != nil {
		return err
	}
	if err := b.login(ctx); err != nil {
		return err
	}
	err := retry(ctx, func() error { // the slots are looked at first
		said, err := b.ask(ctx, "update slots")
		if err == nil && goodLine(said) == "" {
			err = fmt.Errorf("update slots: %s", said)
		}
		return err
	})
	if err != nil {
		return err
	}
	if err := b.keys("update stage usb:good.ctl\r"); err != nil {
		return err
	}
	if _, err := b.wait(ctx, `\d+ ?%`, askLimit); err != nil {
		return err
	}
	select {
	case <-time.After(wait):
	case <-ctx.Done():
		return errors.Join(ctx.Err(), b.cut())
	}
	return b.cut()
}
