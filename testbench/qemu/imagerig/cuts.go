package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/centralita/centralita/board/abslot"
	"github.com/centralita/centralita/firmware/config/life"
	"github.com/centralita/centralita/firmware/durable"
	"github.com/centralita/centralita/firmware/mbr"
	"github.com/centralita/centralita/hal/slot"
)

// powerCuts records two lives of a card and cuts the power in them.
func (r *rig) powerCuts(ctx context.Context) error {
	flashed, err := r.card("flashed.img")
	if err != nil {
		return err
	}
	u, err := r.makeStick(ctx, "good.stick", "good.ctl")
	if err != nil {
		return err
	}
	for _, l := range []struct {
		what, from string
		live       func(*box) error
	}{
		{"first start, growing, claim, set-up", flashed, func(b *box) error {
			if _, err := b.started(ctx); err != nil {
				return err
			}
			return errors.Join(b.claim(ctx), b.setUp(ctx))
		}},
		{"staging, switching, proving", r.path("set.img"), func(b *box) error { return r.goOver(ctx, b) }},
	} {
		card, err := r.cardOf("life.img", l.from)
		if err != nil {
			return err
		}
		log := r.path("life.log")
		if err := os.WriteFile(log, nil, 0o644); err != nil {
			return err
		}
		r.say("recording: %s", l.what)
		if err := r.with(ctx, append(logged(card, log), stick(u)...), l.live); err != nil {
			return fmt.Errorf("%s: %w", l.what, err)
		}
		if err := r.cutIn(ctx, l.what, l.from, log); err != nil {
			return fmt.Errorf("%s: %w", l.what, err)
		}
	}
	return nil
}

// cutIn cuts the power of a recorded life at random instants, examines what is left, and
// starts some of it.
func (r *rig) cutIn(ctx context.Context, what, from, log string) error {
	f, err := os.Open(log)
	if err != nil {
		return err
	}
	defer f.Close()
	list, err := readLog(f)
	if err != nil {
		return err
	}
	if len(list) < 100 {
		return fmt.Errorf("the log has %d writes", len(list))
	}
	lot := rand.New(rand.NewPCG(r.seed, uint64(len(what))))
	points := instants(list, r.cuts/2, lot)
	starts := map[int]bool{}
	for _, i := range lot.Perm(len(points))[:min(len(points), r.starts/2)] {
		starts[i] = true
	}
	steady := r.path("steady.img") // what is on the medium for sure, further on with each cut
	if err := copySparse(from, steady); err != nil {
		return err
	}
	m := medium{path: steady, log: f, list: list}
	var wrong []error
	lost, torn, started := 0, 0, 0
	for i, p := range points {
		card := r.path("cut.img")
		l, err := m.cut(card, p, lot)
		if err != nil {
			return err
		}
		lost += l.lost
		if l.torn {
			torn++
		}
		err = r.examine(ctx, card)
		if err == nil && starts[i] {
			started++
			err = r.startsAgain(ctx, card)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			wrong = append(wrong, fmt.Errorf("cut behind write %d of %d (seed %d): %w", p, len(list), r.seed, err))
			r.say("%v", wrong[len(wrong)-1])
			if err := r.keepWrong(card, p, len(wrong)); err != nil {
				return err
			}
		}
		if starts[i] || i%50 == 49 {
			r.say("%d of %d cuts, %d started, %d wrong", i+1, len(points), started, len(wrong))
		}
	}
	r.held("power cuts: "+what, errors.Join(wrong...), "%d examined, %d of them started; of %d writes, %d lost by the cut, %d cuts in a torn one",
		len(points), started, len(list), lost, torn)
	return nil
}

// keepWrong keeps the first few cards that did not do, for whoever looks.
func (r *rig) keepWrong(card string, cut, n int) error {
	if n > 3 {
		return nil
	}
	return os.Rename(card, r.path(fmt.Sprintf("wrong-%d.img", cut)))
}

// instants chooses n points by lot: half of them evenly, half where much happens in
// little time, around flushes.
func instants(list []write, n int, lot *rand.Rand) []int {
	var flushes []int
	for i, w := range list {
		if w.flush || w.fua {
			flushes = append(flushes, i)
		}
	}
	var points []int
	for i := range n {
		p := lot.IntN(len(list)) + 1
		if i%2 == 1 && len(flushes) > 0 {
			p = flushes[lot.IntN(len(flushes))] + lot.IntN(4)
		}
		points = append(points, max(1, min(p, len(list))))
	}
	slices.Sort(points)
	return points
}

// medium is a card as far as it is for sure, and what follows.
type medium struct {
	path string
	log  *os.File
	list []write
	safe int // requests that path has
}

// cut makes the card that a power cut behind upto requests leaves.
func (m *medium) cut(to string, upto int, lot *rand.Rand) (loss, error) {
	safe := m.safe
	for i := m.safe; i < upto; i++ {
		if m.list[i].flush {
			safe = i
		}
	}
	f, err := os.OpenFile(m.path, os.O_RDWR, 0)
	if err != nil {
		return loss{}, err
	}
	for ; m.safe < safe; m.safe++ {
		if err := put(f, m.log, m.list[m.safe], m.list[m.safe].size); err != nil {
			return loss{}, errors.Join(err, f.Close())
		}
	}
	if err := f.Close(); err != nil {
		return loss{}, err
	}
	if err := copySparse(m.path, to); err != nil {
		return loss{}, err
	}
	if f, err = os.OpenFile(to, os.O_RDWR, 0); err != nil {
		return loss{}, err
	}
	l, err := replay(f, m.log, m.list[m.safe:upto], lot)
	return l, errors.Join(err, f.Close())
}

// examine looks at a card that is not running: which slot starts and whether it is
// whole, the data's file system as the start will repair it, the book and the
// configuration in it.
func (r *rig) examine(ctx context.Context, card string) error {
	if err := slotsOf(card); err != nil {
		return err
	}
	part, err := r.dataOf(card)
	if err != nil {
		return err
	}
	var exit *exec.ExitError
	if out, err := exec.CommandContext(ctx, "e2fsck", "-p", part).CombinedOutput(); err != nil && (!errors.As(err, &exit) || exit.ExitCode() >= 4) {
		return fmt.Errorf("the data cannot be repaired: %w: %s", err, out)
	}
	tree := r.path("tree")
	if err := errors.Join(os.RemoveAll(tree), os.MkdirAll(tree, 0o700)); err != nil {
		return err
	}
	if out, err := exec.CommandContext(ctx, "debugfs", "-R", "rdump /centralita "+tree, part).CombinedOutput(); err != nil {
		return fmt.Errorf("the data cannot be read: %w: %s", err, out)
	}
	data := filepath.Join(tree, "centralita")
	if _, err := os.Stat(filepath.Join(data, "book.db")); err == nil {
		if out, err := exec.CommandContext(ctx, r.program, "--data", data, "book", "verify").CombinedOutput(); err != nil && !emptyBook(string(out)) {
			return fmt.Errorf("the book is not whole: %w: %s", err, out)
		}
	}
	if _, err := os.Stat(filepath.Join(data, life.Folder)); err == nil {
		if _, err := life.Open(durable.Disk{}, data, slog.New(slog.DiscardHandler)); err != nil {
			return fmt.Errorf("the configuration is not whole: %w", err)
		}
	}
	return nil
}

// emptyBook: the power went before the first event.
func emptyBook(said string) bool {
	return strings.Contains(said, "no such table") || strings.Contains(said, "empty") || strings.Contains(said, "vacío")
}

// slotsOf plays the boot script (hal/slot.Boot, which the script follows) and compares
// what would start with what the record says of it.
func slotsOf(card string) error {
	d, err := abslot.Open(card)
	if err != nil {
		return err
	}
	rec, err := d.Record()
	if err != nil {
		return fmt.Errorf("no copy of the boot record is whole: %w", err)
	}
	now := slot.Boot(rec, true, func(slot.ID) bool { return true }, func(changed slot.Record) error { rec = changed; return nil })
	if now.Slot == slot.None {
		return fmt.Errorf("nothing would start: %+v", rec)
	}
	image := rec.Of(now.Slot)
	src, err := d.Read(now.Slot, image.Size)
	if err != nil {
		return err
	}
	have, err := sumOf(src)
	if err = errors.Join(err, src.Close()); err != nil {
		return err
	}
	if have != image.Sum {
		return fmt.Errorf("slot %s would start and is not what was written", now.Slot)
	}
	return nil
}

// dataOf copies the data partition out of a card.
func (r *rig) dataOf(card string) (string, error) {
	f, err := os.Open(card)
	if err != nil {
		return "", err
	}
	defer f.Close()
	head := make([]byte, mbr.Sector)
	if _, err := f.ReadAt(head, 0); err != nil {
		return "", err
	}
	table, err := mbr.Decode(head)
	if err != nil {
		return "", err
	}
	p := table.Partitions[3]
	to := r.path("data.img")
	out, err := os.Create(to)
	if err != nil {
		return "", err
	}
	err = copyRange(f, out, int64(p.Start)*mbr.Sector, int64(p.Size)*mbr.Sector)
	return to, errors.Join(err, out.Close())
}

// startsAgain starts a card after a cut.
func (r *rig) startsAgain(ctx context.Context, card string) error {
	b, err := r.power(ctx, plain(card))
	if err != nil {
		return err
	}
	_, err = b.started(ctx)
	if err == nil && strings.Contains(b.serial(), "recovery>") {
		err = errors.New("the recovery started")
	}
	if err != nil {
		err = errors.Join(err, os.WriteFile(r.path("failed.serial"), []byte(b.serial()), 0o644))
	}
	return errors.Join(err, b.cut())
}

func sumOf(src io.Reader) (s [32]byte, err error) {
	h := sha256.New()
	_, err = io.Copy(h, src)
	return [32]byte(h.Sum(nil)), err
}
