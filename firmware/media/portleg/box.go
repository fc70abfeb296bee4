package portleg

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/centralita/centralita/dsp/g711"
	"github.com/centralita/centralita/dsp/pcm"
)

// BoxTime is how much of both directions is kept.
const BoxTime = 30 * time.Second

// frameTime is the length of a frame.
const frameTime = pcm.FrameTime * time.Millisecond

const boxFrames = int(BoxTime / frameTime)

// box is the black box of a port: a ring of both directions in µ-law, 16 kB a
// second, and those who want more than that as it comes.
type box struct {
	mu       sync.Mutex // held for the time of a copy
	ring     [][2][pcm.FrameLen]byte
	at       int // the next frame
	full     bool
	captures []*capture
}

// capture is somebody who waits for audio to come.
type capture struct {
	in, out []int16 // with room for all that is wanted
	done    chan struct{}
}

func newBox() box { return box{ring: make([][2][pcm.FrameLen]byte, boxFrames)} }

// put keeps a frame of each direction.
func (b *box) put(in, out *pcm.Frame) {
	b.mu.Lock()
	defer b.mu.Unlock()
	g711.EncodeULaw(b.ring[b.at][0][:], in)
	g711.EncodeULaw(b.ring[b.at][1][:], out)
	if b.at++; b.at == len(b.ring) {
		b.at, b.full = 0, true
	}
	n := 0
	for _, c := range b.captures {
		c.in, c.out = append(c.in, in[:]...), append(c.out, out[:]...)
		if len(c.in)+pcm.FrameLen > cap(c.in) {
			close(c.done)
			continue
		}
		b.captures[n] = c
		n++
	}
	clear(b.captures[n:])
	b.captures = b.captures[:n]
}

// last returns the newest d of both directions, less when there is less.
func (b *box) last(d time.Duration) (in, out []int16) {
	want := int(max(0, min(d, BoxTime)) / frameTime)
	b.mu.Lock()
	have := b.at
	if b.full {
		have = len(b.ring)
	}
	n := min(want, have)
	raw := make([][2][pcm.FrameLen]byte, n)
	first := b.at - n
	if first < 0 {
		k := copy(raw, b.ring[len(b.ring)+first:])
		copy(raw[k:], b.ring)
	} else {
		copy(raw, b.ring[first:])
	}
	b.mu.Unlock()
	in, out = make([]int16, 0, n*pcm.FrameLen), make([]int16, 0, n*pcm.FrameLen)
	var f pcm.Frame
	for i := range raw {
		g711.DecodeULaw(&f, raw[i][0][:])
		in = append(in, f[:]...)
		g711.DecodeULaw(&f, raw[i][1][:])
		out = append(out, f[:]...)
	}
	return in, out
}

// waiting reports whether somebody waits for audio.
func (b *box) waiting() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.captures) > 0
}

func (b *box) add(c *capture) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.captures = append(b.captures, c)
}

func (b *box) remove(c *capture) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, o := range b.captures {
		if o == c {
			b.captures = append(b.captures[:i], b.captures[i+1:]...)
			return
		}
	}
}

// Last returns the newest d (at most BoxTime) of what came from the port and of
// what was written to it, in the order in which it passed. Where the port's audio
// did not flow nothing was kept.
func (p *Pump) Last(d time.Duration) (in, out []int16) { return p.box.last(d) }

// MaxCapture is the longest Capture.
const MaxCapture = 5 * time.Minute

// Capture waits for d and returns both directions of that time as they were,
// while the port does whatever it does. A port whose hardware is gone has none.
func (p *Pump) Capture(ctx context.Context, d time.Duration) (in, out []int16, err error) {
	if d < frameTime || d > MaxCapture {
		return nil, nil, fmt.Errorf("cannot capture %v of port %s: from %v to %v can be", d, p.info.Name, frameTime, MaxCapture)
	}
	if p.lost.Load() {
		return nil, nil, fmt.Errorf("cannot capture port %s: its hardware is gone", p.info.Name)
	}
	n := int(d/frameTime) * pcm.FrameLen
	c := &capture{in: make([]int16, 0, n), out: make([]int16, 0, n), done: make(chan struct{})}
	p.box.add(c)
	defer p.box.remove(c)
	p.rouse()
	late := time.NewTimer(d + d/2 + time.Second)
	defer late.Stop()
	select {
	case <-c.done:
		return c.in, c.out, nil
	case <-p.ended:
		return nil, nil, fmt.Errorf("cannot capture port %s: it is closed", p.info.Name)
	case <-late.C:
		return nil, nil, fmt.Errorf("cannot capture %v of port %s: its audio does not flow", d, p.info.Name)
	case <-ctx.Done():
		return nil, nil, fmt.Errorf("cannot capture port %s: %w", p.info.Name, ctx.Err())
	}
}
