package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/centralita/centralita/board/abslot"
	"github.com/centralita/centralita/firmware/mbr"
	"github.com/centralita/centralita/hal/slot"
	"github.com/centralita/centralita/tools/cpio"
)

// What becomes of the program in a release that ails. It runs in the place of the script
// that starts the program, as root, again and again.
const (
	sick = "#!/bin/sh\nip link set lo down\nexec /run/ailing/start\n" // it runs, but its page does not answer itself
	mute = "#!/bin/sh\nsleep 1\nexit 1\n"                             // it never comes up
)

// ailing copies a slot image whose system starts, but whose program is started by another
// script: a second archive behind the kernel's first one lays it over that of the root.
func (r *rig) ailing(ctx context.Context, from, to, script string) error {
	text, err := os.ReadFile("tools/image/files/init.sh")
	if err != nil {
		return err
	}
	const last = "exec switch_root"
	before, after, found := strings.Cut(string(text), last)
	if !found {
		return fmt.Errorf("the first process does not end with %q", last)
	}
	lay := `mkdir -p /root/run/ailing
mount -t tmpfs -o mode=755 ailing /root/run/ailing
cat /root/etc/init.d/centralita >/root/run/ailing/start
cat /ailing >/root/run/ailing/script
chmod 755 /root/run/ailing/start /root/run/ailing/script
mount --bind /root/run/ailing/script /root/etc/init.d/centralita
`
	return r.overlay(ctx, from, to, cpio.Archive{"init": {Data: []byte(before + lay + last + after), Mode: 0o755}, "ailing": {Data: []byte(script), Mode: 0o644}})
}

// sick updates to a release that starts and serves, and does not pass its gate.
func (r *rig) sick(ctx context.Context) error {
	return r.fallsBack(ctx, "sick", "a release that does not pass its gate")
}

// aloneLimit is how long a box may take to give up its only slot: four starts that the
// watchdog ends, and ten minutes at the recovery's desk with nobody there.
const aloneLimit = 20 * time.Minute

// silent starts a card whose only release never comes up: the recovery opens its desk,
// and when nobody comes it has that slot tried again.
func (r *rig) silent(ctx context.Context) error {
	card, err := r.cardOf("silent.card", r.path("set.img"))
	if err != nil {
		return err
	}
	if err := r.putSlot(card, r.path("mute.img")); err != nil {
		return err
	}
	counted, err := countedStarts(card)
	if err != nil {
		return err
	}
	err = r.with(ctx, plain(card), func(b *box) error {
		begin := time.Now()
		if _, err := b.wait(ctx, `recovery> `, aloneLimit); err != nil {
			return err
		}
		starts := strings.Count(b.serial(), "starting slot a")
		if starts+counted != slot.Chances {
			return fmt.Errorf("the recovery came after %d starts of the slot and %d before, not after %d", starts, counted, slot.Chances)
		}
		r.passed("a program that never comes up", "%d starts ended by the watchdog, with %d that the record had counted, the recovery's desk after %.0f s",
			starts, counted, time.Since(begin).Seconds())
		if err := b.keys("slots\r"); err != nil {
			return err
		}
		if _, err := b.wait(ctx, `0\.1\.100[\s\S]*recovery> `, askLimit); err != nil {
			return err
		}
		begin = time.Now()
		if _, err := b.wait(ctx, `starting slot a`, aloneLimit); err != nil {
			return err
		}
		r.passed("nobody at the desk", "the slot is tried again by itself after %.0f s", time.Since(begin).Seconds())
		return nil
	})
	return errors.Join(err, os.RemoveAll(card))
}

// countedStarts are the starts of its good slot that a card has counted, and nobody has
// struck out: the power of the box that was set up went within the minute.
func countedStarts(card string) (int, error) {
	d, err := abslot.Open(card)
	if err != nil {
		return 0, err
	}
	rec, err := d.Record()
	return rec.Fails, err
}

// putSlot writes a slot image over slot a of a card.
func (r *rig) putSlot(card, image string) (err error) {
	f, err := os.OpenFile(card, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	head := make([]byte, mbr.Sector)
	if _, err := f.ReadAt(head, 0); err != nil {
		return err
	}
	table, err := mbr.Decode(head)
	if err != nil {
		return err
	}
	data, err := os.ReadFile(image)
	if err != nil {
		return err
	}
	p := table.Partitions[1]
	if int64(len(data)) > int64(p.Size)*mbr.Sector {
		return fmt.Errorf("%s has %d bytes, slot a %d", image, len(data), int64(p.Size)*mbr.Sector)
	}
	_, err = f.WriteAt(data, int64(p.Start)*mbr.Sector)
	return err
}
