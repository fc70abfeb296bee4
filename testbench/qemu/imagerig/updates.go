package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

// commitLimit is how long a trial may take to be declared good: the start, a minute of
// health, and a loaded machine.
const commitLimit = 10 * time.Minute

// fallLimit is how long a box may take to be back in the old slot: the gate gives a
// trial five minutes.
const fallLimit = 12 * time.Minute

// offer asks for a stick's bundle to be written, again while the slots are still looked
// at after the start, and returns what was said.
func (b *box) offer(ctx context.Context, file string) (said string, err error) {
	for range 20 {
		said, err = b.askFor(ctx, "update stage usb:"+file, 5*time.Minute)
		words := strings.Join(strings.Fields(said), " ")
		if err != nil || !strings.Contains(words, "update command to end") && !strings.Contains(words, "espere a que termine") {
			return said, err
		}
		time.Sleep(3 * time.Second)
	}
	return said, err
}

// stage puts a stick's bundle into the other slot.
func (b *box) stage(ctx context.Context, file string) error {
	said, err := b.offer(ctx, file)
	if err != nil {
		return err
	}
	if !strings.Contains(said, "0.1.") {
		return errors.New(lastLine(said))
	}
	said, err = b.ask(ctx, "update slots")
	if err == nil && !strings.Contains(said, "0.1.1") {
		err = fmt.Errorf("nothing was staged: %s", said)
	}
	return err
}

func lastLine(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return lines[len(lines)-1]
}

// refused offers bundles that no box may take.
func (r *rig) refused(ctx context.Context) error {
	card, err := r.cardOf("refused.img", r.path("set.img"))
	if err != nil {
		return err
	}
	files := []string{"alien.ctl", "board.ctl", "cut.ctl", "flipped.ctl", "older.ctl", "swapped.ctl"}
	u, err := r.makeStick(ctx, "bad.stick", files...)
	if err != nil {
		return err
	}
	return r.with(ctx, append(plain(card), stick(u)...), func(b *box) error {
		if _, err := b.started(ctx); err != nil {
			return err
		}
		if err := b.login(ctx); err != nil {
			return err
		}
		var before string
		err := retry(ctx, func() error {
			var err error
			if before, err = b.ask(ctx, "update slots"); err == nil && goodLine(before) == "" {
				err = fmt.Errorf("update slots: %s", before) // they are still looked at
			}
			return err
		})
		if err != nil {
			return err
		}
		for _, f := range files {
			said, err := b.offer(ctx, f)
			if err != nil {
				return err
			}
			if strings.Contains(said, "update start") {
				err = fmt.Errorf("it was taken: %s", said)
			}
			r.held("refused: "+f, err, "%s", lastLine(said))
		}
		after, err := b.ask(ctx, "update slots")
		if err == nil && after != before {
			err = fmt.Errorf("the slots changed: %s", after)
		}
		r.held("refused bundles change nothing", err, "the slots are as before")
		said, err := b.offer(ctx, "older.ctl older")
		if err == nil && !strings.Contains(said, "update start") {
			err = fmt.Errorf("it was not taken: %s", said)
		}
		r.held("an older one with the word for it", err, "%s", lastLine(said))
		return nil
	})
}

// update goes from a to b, which proves itself.
func (r *rig) update(ctx context.Context) error {
	card, err := r.cardOf("updated.img", r.path("set.img"))
	if err != nil {
		return err
	}
	u, err := r.makeStick(ctx, "good.stick", "good.ctl")
	if err != nil {
		return err
	}
	return r.with(ctx, append(plain(card), stick(u)...), func(b *box) error { return r.goOver(ctx, b) })
}

// goOver stages a good release and waits until it is declared good.
func (r *rig) goOver(ctx context.Context, b *box) error {
	if _, err := b.started(ctx); err != nil {
		return err
	}
	if err := b.login(ctx); err != nil {
		return err
	}
	begin := time.Now()
	if err := b.stage(ctx, "good.ctl"); err != nil {
		return err
	}
	r.say("staged in %.1f s", time.Since(begin).Seconds())
	begin = time.Now()
	if err := b.trial(ctx); err != nil {
		return err
	}
	if err := b.login(ctx); err != nil {
		return err
	}
	var said string
	for time.Since(begin) < commitLimit {
		var err error
		if said, err = b.ask(ctx, "update slots"); err != nil {
			return err
		}
		if good := goodLine(said); strings.Contains(good, "0.1.101") {
			r.passed("update a→b proves itself", "started on trial, declared good after %.0f s", time.Since(begin).Seconds())
			r.held("SIP after the update", b.telephone(ctx), "a telephone registers, OPTIONS is answered")
			said, err := b.ask(ctx, "book verify")
			if err == nil && !strings.Contains(strings.ToLower(said), "bien") && !strings.Contains(said, "íntegr") {
				r.say("book verify: %s", lastLine(said))
			}
			return err
		}
		time.Sleep(10 * time.Second)
	}
	return fmt.Errorf("the new release was not declared good in %v: %s", commitLimit, said)
}

// goodLine is the line of the slot that is the good one.
func goodLine(slots string) string {
	for l := range strings.Lines(slots) {
		if strings.Contains(l, "buena") {
			return l
		}
	}
	return ""
}

// trial starts what was staged and waits for its console.
func (b *box) trial(ctx context.Context) error {
	if err := b.keys("update start\r"); err != nil {
		return err
	}
	if _, err := b.wait(ctx, `starting slot b centralita.trial=1`, 3*time.Minute); err != nil {
		return err
	}
	b.began = time.Now()
	_, err := b.started(ctx)
	return err
}

// broken updates to a release that ends at once.
func (r *rig) broken(ctx context.Context) error {
	return r.fallsBack(ctx, "broken", "a release that ends at once")
}

// hanging updates to one that hangs.
func (r *rig) hanging(ctx context.Context) error {
	return r.fallsBack(ctx, "hanging", "a release that hangs")
}

func (r *rig) fallsBack(ctx context.Context, name, what string) error {
	card, err := r.cardOf(name+".card", r.path("set.img"))
	if err != nil {
		return err
	}
	u, err := r.makeStick(ctx, name+".stick", name+".ctl")
	if err != nil {
		return err
	}
	err = r.with(ctx, append(plain(card), stick(u)...), func(b *box) error {
		if _, err := b.started(ctx); err != nil {
			return err
		}
		if err := b.login(ctx); err != nil {
			return err
		}
		if err := b.stage(ctx, name+".ctl"); err != nil {
			return err
		}
		if err := b.keys("update start\r"); err != nil {
			return err
		}
		if _, err := b.wait(ctx, `starting slot b centralita.trial=1`, 3*time.Minute); err != nil {
			return err
		}
		begin := time.Now()
		if _, err := b.wait(ctx, `starting slot a`, fallLimit); err != nil {
			return err
		}
		fell := time.Since(begin)
		b.began = time.Now()
		if _, err := b.started(ctx); err != nil {
			return err
		}
		if err := b.login(ctx); err != nil {
			return err
		}
		if err := errors.Join(retry(ctx, func() error { return b.http(ctx) }), b.telephone(ctx)); err != nil {
			return err
		}
		said, err := b.ask(ctx, "update status")
		if err != nil {
			return err
		}
		r.passed(what, "back in slot a after %.0f s, HTTP and SIP answer; it says: %s", fell.Seconds(), lastLine(said))
		return nil
	})
	return errors.Join(err, os.RemoveAll(card))
}

// recovery starts a card whose slots cannot be loaded, writes a release from a stick and
// starts it.
func (r *rig) recovery(ctx context.Context) error {
	card, err := r.cardOf("recovery.img", r.path("set.img"))
	if err != nil {
		return err
	}
	f, err := os.OpenFile(card, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(make([]byte, 1<<20), 260<<20) // the head of slot a; b is empty
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	u, err := r.makeStick(ctx, "rescue.stick", "good.ctl", "alien.ctl", "older.ctl")
	if err != nil {
		return err
	}
	return r.with(ctx, append(plain(card), stick(u)...), func(b *box) error {
		if _, err := b.wait(ctx, `recovery> `, startLimit); err != nil {
			return err
		}
		r.held("recovery takes no stranger's, no older one", b.refusals(ctx), "slots shown, bundles of another key and below the floor refused")
		if err := b.desk(ctx, "stage good.ctl usb", "start b"); err != nil {
			return err
		}
		if err := b.keys("start b\r"); err != nil {
			return err
		}
		if _, err := b.wait(ctx, `starting slot b centralita.trial=1`, 2*time.Minute); err != nil {
			return err
		}
		b.began = time.Now()
		if _, err := b.started(ctx); err != nil {
			return err
		}
		if err := b.login(ctx); err != nil {
			return err
		}
		r.passed("recovery mends a box", "written from a stick, started, the owner and his settings still there")
		return nil
	})
}

// desk gives the recovery's desk an order, whose answer must have something in it.
func (b *box) desk(ctx context.Context, command, want string) error {
	if err := b.keys(command + "\r"); err != nil {
		return err
	}
	said, err := b.wait(ctx, `recovery> `, 3*time.Minute)
	if err == nil && !strings.Contains(said, want) {
		err = fmt.Errorf("%s: %s", command, said)
	}
	return err
}

// refusals offers the recovery what it must not take. The desk is open before the kernel
// has found the stick.
func (b *box) refusals(ctx context.Context) error {
	if err := retry(ctx, func() error { return b.desk(ctx, "usb", "good.ctl") }); err != nil {
		return err
	}
	for _, o := range [][2]string{{"slots", "vacía"}, {"stage alien.ctl usb", "key"}, {"stage older.ctl usb", "100"}, {"slots", "b  vacía"}} {
		if err := b.desk(ctx, o[0], o[1]); err != nil {
			return err
		}
	}
	return nil
}
