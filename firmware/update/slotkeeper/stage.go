package slotkeeper

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/centralita/centralita/firmware/update/ctl"
	"github.com/centralita/centralita/firmware/update/slotwire"
	"github.com/centralita/centralita/hal/slot"
)

// stage writes a bundle into the slot that does not run.
func (k *Keeper) stage(ctx context.Context, params json.RawMessage, progress func(any)) (any, error) {
	var ask slotwire.StageAsk
	if err := read(params, &ask); err != nil {
		return nil, err
	}
	if !ask.USB {
		f, err := k.openInbox(ask.File)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return k.stageFile(ctx, f, ask, progress)
	}
	var reply any
	err := k.eachStick(ctx, func(_ string, root *os.Root) (bool, error) {
		f, err := openIn(root, ask.File)
		if errors.Is(err, os.ErrNotExist) {
			return false, nil
		}
		if err != nil {
			return true, err
		}
		defer f.Close()
		reply, err = k.stageFile(ctx, f, ask, progress)
		return true, err
	})
	if err == nil && reply == nil {
		err = fmt.Errorf("cannot find %s on a USB stick", ask.File)
	}
	return reply, err
}

// stageFile verifies, checks, empties the slot in the record, writes, reads back, and
// names the slot again.
func (k *Keeper) stageFile(ctx context.Context, f io.ReadSeeker, ask slotwire.StageAsk, progress func(any)) (any, error) {
	h, err := ctl.ReadHeader(f)
	if err != nil {
		return nil, err
	}
	m, err := h.Verify(k.Keys)
	if err != nil {
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
	box := ctl.Box{
		Board: k.Board, Running: r.Of(k.Running).Number, Floor: r.Floor, Boot: k.Boot, Capacity: k.Disk.Capacity(id),
		Now: time.Now(), Trusted: ask.Trusted, Present: ask.Present,
	}
	if err := box.Accept(m); err != nil {
		return nil, err
	}
	p := &pace{ctx: ctx, tell: progress, rate: ask.Rate}
	p.begin(slotwire.Checking, m.Payload.Stored)
	if err := ctl.Check(p.reader(f), m.Payload); err != nil {
		return nil, err
	}
	if _, err := f.Seek(h.Size(), io.SeekStart); err != nil {
		return nil, fmt.Errorf("cannot read the bundle again: %w", err)
	}
	r.Try, r.Tries = slot.None, 0
	if err := k.Disk.Keep(r.With(id, slot.Image{})); err != nil {
		return nil, err
	}
	image := slot.Image{Number: m.Number, Version: m.Version, Floor: m.Floor, Size: m.Payload.Size, Sum: m.Image()}
	if err := k.fill(id, image, f, m, p); err != nil {
		return nil, err
	}
	if err := k.Disk.Keep(r.With(id, image)); err != nil {
		return nil, err
	}
	k.Log.Info("an update is staged", "slot", id, "version", m.Version, "number", m.Number)
	return slotwire.Result{Slot: string(id), Held: describe(image), News: &m}, nil
}

// fill writes the slot and reads it back.
func (k *Keeper) fill(id slot.ID, image slot.Image, payload io.Reader, m ctl.Manifest, p *pace) error {
	w, err := k.Disk.Write(id)
	if err != nil {
		return err
	}
	p.begin(slotwire.Writing, image.Size)
	if err := ctl.Unpack(p.writer(w), payload, m.Payload); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return k.verify(id, image, p)
}

// verify reads a slot back and compares its sum.
func (k *Keeper) verify(id slot.ID, image slot.Image, p *pace) error {
	if image.Size == 0 {
		return fmt.Errorf("cannot verify slot %s: its sum is not known; hint: stage a bundle into it", id)
	}
	src, err := k.Disk.Read(id, image.Size)
	if err != nil {
		return err
	}
	sum := sha256.New()
	p.begin(slotwire.Verifying, image.Size)
	_, err = io.Copy(sum, p.reader(src))
	if err := errors.Join(err, src.Close()); err != nil {
		return err
	}
	if [sha256.Size]byte(sum.Sum(nil)) != image.Sum {
		return fmt.Errorf("cannot use slot %s: it does not hold what was written; hint: the card or disk is worn out", id)
	}
	return nil
}

// pace tells progress, keeps to a rate and ends with its context.
type pace struct {
	ctx  context.Context
	tell func(any)
	rate int64 // bytes a second; 0: any

	at    slotwire.Progress
	told  time.Time
	began time.Time
}

const tellEvery = time.Second

func (p *pace) begin(step string, of int64) {
	p.at, p.began = slotwire.Progress{Step: step, Of: of}, time.Now()
	p.report(p.began)
}

func (p *pace) report(now time.Time) {
	p.told = now
	p.tell(p.at)
}

// moved counts n bytes and waits where they came too fast.
func (p *pace) moved(n int) error {
	p.at.Done += int64(n)
	if now := time.Now(); now.Sub(p.told) >= tellEvery || p.at.Done == p.at.Of {
		p.report(now)
	}
	var wait time.Duration
	if p.rate > 0 {
		wait = time.Until(p.began.Add(time.Duration(float64(p.at.Done) / float64(p.rate) * float64(time.Second))))
	}
	if wait <= 0 {
		return context.Cause(p.ctx)
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-p.ctx.Done():
		return context.Cause(p.ctx)
	}
}

// step bounds one movement, so that a pace is one.
const step = 64 << 10

func (p *pace) reader(r io.Reader) io.Reader { return paced{p: p, r: r} }
func (p *pace) writer(w io.Writer) io.Writer { return paced{p: p, w: w} }

// paced is a reader or a writer at a pace.
type paced struct {
	p *pace
	r io.Reader
	w io.Writer
}

func (p paced) Read(b []byte) (int, error) {
	n, err := p.r.Read(b[:min(len(b), step)])
	if n > 0 {
		err = errors.Join(err, p.p.moved(n))
		if errors.Is(err, io.EOF) {
			err = io.EOF // joined errors are no EOF for io.Copy
		}
	}
	return n, err
}

func (p paced) Write(b []byte) (int, error) {
	n, err := p.w.Write(b)
	if err == nil {
		err = p.p.moved(n)
	}
	return n, err
}
