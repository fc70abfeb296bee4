package jitter

import "github.com/centralita/centralita/dsp/pcm"

// Pop fills f with the next 20 ms and says which halves of it are real; what
// is not there is silence. It is called once per tick, with packets or without.
func (b *Buffer) Pop(f *pcm.Frame) State {
	if !b.on || !b.gathered() {
		*f = pcm.Frame{}
		return Idle
	}
	b.window()
	first := b.take(f[:Half])
	second := b.take(f[Half:])
	if b.dry >= starved {
		b.on, b.play = false, false
	}
	switch {
	case first && second:
		return Whole
	case first:
		return First
	case second:
		return Second
	}
	return Gone
}

// gathered reports whether a talk spurt can be played: two frames wait, or two
// ticks went by.
func (b *Buffer) gathered() bool {
	if b.play {
		return true
	}
	b.waits++
	b.play = b.depth() >= StartDepth || b.waits > StartDepth/pcm.FrameLen
	return b.play
}

// take moves the next 10 ms out. Missing samples make the whole half missing.
func (b *Buffer) take(dst []int16) bool {
	whole := true
	for i := range dst {
		at := (b.next + uint32(i)) % ring
		dst[i] = b.pcm[at]
		whole = whole && b.have[at]
		b.have[at] = false
	}
	b.next += uint32(len(dst))
	if int32(b.high-b.next) < 0 {
		b.high = b.next
	}
	if whole {
		b.dry = 0
		return true
	}
	clear(dst)
	b.dry += len(dst)
	b.stats.Missing++
	return false
}

// window watches how early the latest packet came; when for a whole window all
// came earlier than needed, some waiting is given up.
func (b *Buffer) window() {
	b.ticks++
	if b.ticks < spareTicks {
		return
	}
	if b.spare >= spareAim && b.spare < MaxDepth {
		b.squeeze()
	}
	b.ticks, b.spare = 0, MaxDepth
}

// squeeze leaves out one stretch of 5 to 20 ms that ends like it begins, with
// a crossfade, so that nothing is heard of it.
func (b *Buffer) squeeze() {
	const fade = Half
	for i := range uint32(pcm.FrameLen + fade) {
		if !b.have[(b.next+i)%ring] {
			return
		}
	}
	lag := b.alike(fade)
	var joined [fade]int16
	for i := range uint32(fade) {
		old := int32(b.pcm[(b.next+i)%ring])
		now := int32(b.pcm[(b.next+i+lag)%ring])
		joined[i] = int16((old*int32(fade-i) + now*int32(i)) / fade)
	}
	for i := range lag {
		b.have[(b.next+i)%ring] = false
	}
	b.next += lag
	for i, v := range joined {
		b.pcm[(b.next+uint32(i))%ring] = v
	}
	b.stats.Squeezed++
}

// alike returns the distance, 40 to 160 samples, at which the audio that waits
// looks most like its beginning.
func (b *Buffer) alike(n uint32) uint32 {
	best, lag := -1.0, uint32(pcm.FrameLen)
	for l := uint32(pcm.FrameLen); l >= 40; l-- {
		var cross, energy int64
		for i := range n {
			x := int64(b.pcm[(b.next+i)%ring])
			y := int64(b.pcm[(b.next+i+l)%ring])
			cross += x * y
			energy += y * y
		}
		if cross <= 0 || energy == 0 {
			continue
		}
		if s := float64(cross) * float64(cross) / float64(energy); s > best {
			best, lag = s, l
		}
	}
	return lag
}
