package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"time"

	"github.com/centralita/centralita/board/abslot"
	"github.com/centralita/centralita/firmware/mbr"
	"github.com/centralita/centralita/hal/slot"
)

// bootLimit is how long U-Boot may take on a loaded machine.
const bootLimit = 2 * time.Minute

// scripted is a start of the boot script that is compared with the rule it follows.
type scripted struct {
	r     slot.Record
	known bool
	loads string // slots with a kernel, of "ab"
	deaf  bool   // the disk cannot be written
}

func (c scripted) has(id slot.ID) bool {
	return id != slot.None && strings.Contains(c.loads, string(id))
}

// script runs the boot script of the card under U-Boot itself, over records of every kind,
// and compares what it starts and what it writes with hal/slot.Boot. Slots and recovery
// hold a kernel that switches the machine off.
func (r *rig) script(ctx context.Context) error {
	if err := r.tinyParts(ctx); err != nil {
		return err
	}
	lot := rand.New(rand.NewPCG(r.seed, 77))
	begin, differ := time.Now(), []error(nil)
	cases := scriptCases(lot, r.scripts)
	for i, c := range cases {
		if err := r.scriptCase(ctx, c); err != nil {
			differ = append(differ, fmt.Errorf("%+v: %w", c, err))
			r.say("%v", differ[len(differ)-1])
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if i%20 == 19 {
			r.say("%d of %d starts", i+1, len(cases))
		}
	}
	r.held("the boot script follows its rule", errors.Join(differ...), "%d starts of U-Boot, the same slot and the same record as hal/slot.Boot, %.1f s each",
		len(cases), time.Since(begin).Seconds()/float64(len(cases)))
	return nil
}

// scriptCases are those that every part of the rule needs, and more by lot.
func scriptCases(lot *rand.Rand, more int) []scripted {
	stands := slot.Record{Gen: 0x1f, Good: slot.A, Floor: 100, A: numbered(101), B: numbered(100)}
	after := func(r slot.Record, fails int) slot.Record { r.Fails = fails; return r }
	low := stands
	low.B = numbered(99)
	try := stands
	try.Try, try.Tries = slot.B, 1
	spent := try
	spent.Tries = 0
	var cases []scripted
	for _, rec := range []slot.Record{stands, after(stands, 3), after(stands, 4), after(stands, 5), after(low, 4), after(low, 9), try, spent, after(try, 4), after(spent, 4)} {
		cases = append(cases, scripted{rec, true, "ab", false}, scripted{rec, true, "ab", true}, scripted{rec, true, "a", false}, scripted{rec, true, "b", false})
	}
	cases = append(cases, scripted{loads: "ab"}, scripted{loads: "b"}, scripted{}, scripted{r: stands, known: true}, scripted{r: slot.Record{Good: slot.B}, known: true, loads: "ab"})
	ids := []slot.ID{slot.None, slot.A, slot.B}
	for range more {
		rec := slot.Record{Gen: lot.Uint64N(300), Good: ids[1+lot.IntN(2)], Try: ids[lot.IntN(3)], Tries: lot.IntN(3), Floor: 98 + lot.Uint64N(5), Fails: lot.IntN(7)}
		rec = rec.With(slot.A, numbered(lot.Uint64N(2)*(98+lot.Uint64N(5)))).With(slot.B, numbered(lot.Uint64N(2)*(98+lot.Uint64N(5))))
		cases = append(cases, scripted{rec, lot.IntN(12) > 0, []string{"ab", "ab", "a", "b", ""}[lot.IntN(5)], lot.IntN(8) == 0})
	}
	return cases
}

// numbered is an image with a number; 0: none.
func numbered(n uint64) slot.Image {
	if n == 0 {
		return slot.Image{}
	}
	return slot.Image{Number: n, Version: fmt.Sprintf("0.1.%d", n)}
}

func (c scripted) String() string {
	return fmt.Sprintf("%+v known %v, loads %q, read-only %v", c.r, c.known, c.loads, c.deaf)
}

// scriptCase starts one and compares.
func (r *rig) scriptCase(ctx context.Context, c scripted) error {
	card := r.path("script.img")
	if err := r.tinyCard(card, c); err != nil {
		return err
	}
	left := c.r
	start := slot.Boot(c.r, c.known, c.has, func(n slot.Record) error {
		if c.deaf {
			return errors.New("read-only")
		}
		n.Gen = left.Gen + 1
		left = n
		return nil
	})
	disk := plain(card)
	if c.deaf {
		disk[1] += ",readonly=on"
	}
	said, err := r.switchedOff(ctx, disk)
	if err != nil {
		return err
	}
	if got := lastStart(said); got != start {
		return fmt.Errorf("the script starts %+v, the rule %+v:\n%s", got, start, said)
	}
	d, err := abslot.Open(card)
	if err != nil {
		return err
	}
	got, err := d.Record()
	if err = errors.Join(err, d.Close()); !c.known && errors.Is(err, slot.ErrNoRecord) {
		return nil
	}
	if err == nil && got != left {
		err = fmt.Errorf("the script leaves\n%+v, the rule\n%+v", got, left)
	}
	return err
}

// switchedOff starts a box and returns what it said until its kernel switched it off.
func (r *rig) switchedOff(ctx context.Context, disk []string) (string, error) {
	b, err := r.power(ctx, disk)
	if err != nil {
		return "", err
	}
	late := time.NewTimer(bootLimit)
	defer late.Stop()
	select {
	case <-b.ended:
		return b.serial(), nil
	case <-late.C:
		return "", errors.Join(fmt.Errorf("nothing was started in %v:\n%s", bootLimit, b.last(20)), b.cut())
	}
}

// lastStart reads what was started at last: what could not be loaded was named before.
func lastStart(said string) (s slot.Start) {
	for line := range strings.Lines(said) {
		words := strings.Fields(line)
		if len(words) < 3 || words[0] != "centralita:" || words[1] != "starting" {
			continue
		}
		s = slot.Start{}
		if words[2] == "slot" && len(words) > 3 {
			s.Slot = slot.ID(words[3])
			s.Trial = strings.Contains(line, "centralita.trial=1")
			s.Counted = strings.Contains(line, "centralita.counted=1")
		}
	}
	return s
}

// Sizes of the small card, in bytes.
const (
	tinyPart = 4 << 20
	tinySize = 16 << 20
)

// tinyCard makes a small card with a record and with kernels as a case wants them.
func (r *rig) tinyCard(to string, c scripted) error {
	boot, err := os.ReadFile(r.path("tiny.boot"))
	if err != nil {
		return err
	}
	f, err := os.Create(to)
	if err != nil {
		return err
	}
	table := mbr.Table{ID: 0x5aa5}
	for i, kind := range []byte{0x0c, 0xda, 0xda} {
		table.Partitions[i] = mbr.Entry{Kind: kind, Start: uint32((i + 1) * tinyPart / mbr.Sector), Size: tinyPart / mbr.Sector}
	}
	head := table.Encode()
	_, err = f.WriteAt(head[:], 0)
	put := func(b []byte, at int64) {
		if err == nil {
			_, err = f.WriteAt(b, at)
		}
	}
	put(boot, tinyPart)
	for i, id := range []slot.ID{slot.A, slot.B} {
		name := "tiny.none"
		if c.has(id) {
			name = "tiny.slot"
		}
		var fat []byte
		if err == nil {
			fat, err = os.ReadFile(r.path(name))
		}
		put(fat, int64(i+2)*tinyPart)
	}
	if err = errors.Join(err, f.Truncate(tinySize), f.Close()); err != nil || !c.known {
		return err
	}
	return tinyRecord(to, c.r)
}

// tinyRecord writes the record as it is; every other case has it in the second copy, with an older one
// in the first.
func tinyRecord(path string, r slot.Record) error {
	text, err := abslot.Encode(r)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	at := int64(abslot.First)
	if r.Gen%2 == 1 {
		older := r
		older.Gen--
		older.Good, older.Fails = r.Good.Other(), 0
		before, err := abslot.Encode(older)
		if err == nil {
			_, err = f.WriteAt(before, at)
		}
		if err != nil {
			return errors.Join(err, f.Close())
		}
		at = abslot.Second
	}
	_, err = f.WriteAt(text, at)
	return errors.Join(err, f.Close())
}

// tinyParts makes the partitions of small cards: the boot script of the image with a
// recovery, a slot, and one without a kernel.
func (r *rig) tinyParts(ctx context.Context) error {
	if err := os.WriteFile(r.path("tiny.kernel"), offKernel(), 0o644); err != nil {
		return err
	}
	if err := os.WriteFile(r.path("tiny.initrd"), bytes.Repeat([]byte("none"), 256), 0o644); err != nil {
		return err
	}
	whole := r.path(fmt.Sprint(first), "qemu", "centralita-qemu.img")
	if err := r.tool(ctx, "mcopy", "-o", "-i", fmt.Sprintf("%s@@%d", whole, 4<<20), "::boot.scr", r.path("tiny.scr")); err != nil {
		return err
	}
	for name, files := range map[string][][2]string{
		"tiny.boot": {{"tiny.scr", "boot.scr"}, {"tiny.kernel", "recovery/kernel"}, {"tiny.initrd", "recovery/initrd"}},
		"tiny.slot": {{"tiny.kernel", "kernel"}, {"tiny.initrd", "initrd"}}, "tiny.none": {{"tiny.initrd", "initrd"}},
	} {
		to := r.path(name)
		if err := errors.Join(os.RemoveAll(to), os.WriteFile(to, nil, 0o644), os.Truncate(to, tinyPart)); err != nil {
			return err
		}
		if err := r.tool(ctx, "mformat", "-i", to, "::"); err != nil {
			return err
		}
		if name == "tiny.boot" {
			if err := r.tool(ctx, "mmd", "-i", to, "::recovery"); err != nil {
				return err
			}
		}
		for _, f := range files {
			if err := r.tool(ctx, "mcopy", "-i", to, r.path(f[0]), "::"+f[1]); err != nil {
				return err
			}
		}
	}
	return nil
}

// offKernel is a kernel for arm64 that switches the machine off: the header of
// Documentation/arm64/booting.rst, then SYSTEM_OFF by PSCI (ARM DEN 0022, 5.1.9).
func offKernel() []byte {
	b := make([]byte, 4096)
	word := func(at int, v uint32) { binary.LittleEndian.PutUint32(b[at:], v) }
	word(0, 0x14000010)                                   // b 64
	binary.LittleEndian.PutUint64(b[16:], uint64(len(b))) // image_size
	binary.LittleEndian.PutUint64(b[24:], 1<<3|1<<1)      // anywhere in memory, pages of 4 KiB
	copy(b[56:], "ARM\x64")
	for i, v := range []uint32{0xd2800100, 0xf2b08000, 0xd4000002, 0x14000000} { // x0 = 0x84000008; hvc 0; b .
		word(64+4*i, v)
	}
	return b
}
