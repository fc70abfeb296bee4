// Package drift is the buffer between two crystals: one side pushes frames at
// its pace, the other pulls frames at its own, and because no two crystals
// agree the buffer plays a little faster or slower, by interpolation, so that
// it neither runs dry nor grows. A difference of 200 parts per million is not
// heard: the pitch moves by a third of a hundredth of a semitone.
//
// When one side was late by more than that can mend, silence goes first: while
// 90 ms wait, or less than 29, for a fifth of a second, 10 ms of a pause are left
// out or said twice with each frame. What would wait for more than 140 ms is cut
// by a period where it looks most like itself, and crossfaded. Nothing clicks.
package drift

import (
	"math"

	"github.com/centralita/centralita/dsp/pcm"
)

// Shape of the buffer in samples at 8 kHz.
const (
	// Target is how much waits when both clocks agree: 50 ms, so that a push
	// may come a frame after its pull when the two clocks pass each other.
	Target = 5 * pcm.FrameLen / 2
	// MaxDepth is the most that ever waits: 140 ms.
	MaxDepth = 7 * pcm.FrameLen
	size     = 2048 // power of two over MaxDepth and a frame
	// From much and below few on a pause is made shorter or longer.
	much = Target + 2*pcm.FrameLen
	few  = pcm.FrameLen + 70 // a pull takes a frame and what its curve sees
)

// Limits of the control of the speed. The position has 32 fractional bits.
const (
	one     = 1 << 32
	perUnit = one / 200_000          // 5 ppm for each sample too many
	maxOff  = one / 1_000_000 * 1000 // 1000 ppm
	smooth  = 6                      // the level is averaged over 2^6 pulls
)

// Buffer holds one direction. The zero value is ready. It is not for
// concurrent use: the goroutine of one of the two clocks owns it.
type Buffer struct {
	pcm   [size]int16
	wrote uint32 // samples pushed, modulo 2^32
	read  uint32 // whole samples consumed
	frac  uint32 // and the fraction of the next
	level int64  // averaged samples waiting, with smooth fractional bits
	on    bool   // the target was reached once since it ran dry
	away  int    // pushes since the last pull
	odd   int    // pulls in a row that found much, or, below 0, few
	stats Stats
}

// Stats counts what should not happen, and the difference of the clocks.
type Stats struct {
	Dry     uint64 // pulls that found too little
	Dropped uint64 // samples left out because the puller was late
	Added   uint64 // samples of pauses said twice because the pusher was late
	PPM     int    // parts per million the pushing clock is faster
	Depth   int    // samples waiting
}

// Stats returns the counts.
func (b *Buffer) Stats() Stats {
	s := b.stats
	s.Depth = b.depth()
	s.PPM = int((b.step() - one) * 1_000_000 / one)
	return s
}

// depth is how many samples wait.
func (b *Buffer) depth() int { return int(int32(b.wrote - b.read)) }

// Push adds a frame of the pushing clock.
func (b *Buffer) Push(f *pcm.Frame) {
	for i, v := range f {
		b.pcm[(b.wrote+uint32(i))%size] = v
	}
	b.wrote += pcm.FrameLen
	b.away++
	for b.depth() > MaxDepth {
		if b.away > gone {
			b.read += pcm.FrameLen
			b.stats.Dropped += pcm.FrameLen
			continue
		}
		b.splice()
	}
}

// Pull fills f with the next 20 ms of the pulling clock and reports whether
// audio was there. When it was not, f is silence and the buffer waits until
// its target is reached again.
func (b *Buffer) Pull(f *pcm.Frame) bool {
	b.away = 0
	if !b.on {
		if b.depth() < Target {
			*f = pcm.Frame{}
			return false
		}
		b.on = true
		b.level = int64(b.depth()) << smooth
	}
	// A frame at the highest speed, and what the curve looks ahead.
	if b.depth() < pcm.FrameLen+1+taps/2 {
		b.on = false
		b.stats.Dry++
		*f = pcm.Frame{}
		return false
	}
	b.pause()
	b.level += int64(b.depth()) - b.level>>smooth
	step := b.step()
	for i := range f {
		f[i] = b.curve()
		at := int64(b.frac) + step
		b.read += uint32(at >> 32)
		b.frac = uint32(at)
	}
	return true
}

// step is how far one sample of output moves, with 32 fractional bits.
func (b *Buffer) step() int64 {
	if !b.on {
		return one
	}
	off := (b.level - Target<<smooth) * perUnit >> smooth
	return one + max(-maxOff, min(maxOff, off))
}

// Shape of the interpolation: a sinc under a Hann window.
const (
	taps   = 16
	phases = 256
)

// sinc holds the taps for each phase with 15 fractional bits; each row sums to
// one, so that a constant stays what it is.
var sinc = makeSinc()

func makeSinc() (t [phases][taps]int16) {
	for p := range t {
		var row [taps]float64
		var sum float64
		for k := range row {
			x := float64(k-taps/2+1) - float64(p)/phases
			w := 0.5 + 0.5*math.Cos(math.Pi*x/(taps/2))
			row[k] = w
			if x != 0 {
				row[k] = w * math.Sin(math.Pi*x) / (math.Pi * x)
			}
			sum += row[k]
		}
		for k, v := range row {
			t[p][k] = int16(min(32767, math.Round(v/sum*32768)))
		}
	}
	return t
}

// curve reads between two samples, from the eight before and the eight after.
// Those before the first are still in the ring.
func (b *Buffer) curve() int16 {
	row := &sinc[b.frac>>24]
	from := (b.read - (taps/2 - 1)) % size
	var window *[taps]int16
	if from <= size-taps {
		window = (*[taps]int16)(b.pcm[from:])
	} else {
		var round [taps]int16
		n := copy(round[:], b.pcm[from:])
		copy(round[n:], b.pcm[:])
		window = &round
	}
	var v, u int64
	for k := 0; k < taps; k += 4 {
		v += int64(row[k])*int64(window[k]) + int64(row[k+1])*int64(window[k+1])
		u += int64(row[k+2])*int64(window[k+2]) + int64(row[k+3])*int64(window[k+3])
	}
	return int16(max(-32768, min(32767, (v+u+1<<14)>>15)))
}
