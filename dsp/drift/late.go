package drift

import "github.com/centralita/centralita/dsp/pcm"

// Shape of what is done when one side was late.
const (
	bit    = pcm.FrameLen / 2 // 10 ms of a pause go or come with a frame
	wait   = 10               // pulls that much or few must have waited: ticks that were late come one after the other
	quiet  = 50 * 50          // mean square of a pause, −50 dBm0
	least  = pcm.FrameLen / 4 // 5 ms, the shortest piece that is cut out …
	most   = pcm.FrameLen     // … and the longest
	fade   = 40               // 5 ms, over which the two sides of a cut go into each other
	stride = 20               // between the places that are looked at
	gone   = 50               // pushes: after a second nobody listens, and the oldest frame goes
)

// pause leaves out 10 ms of a pause when much waits, and says them twice when
// few do. Both sides of the seam are fainter than −50 dBm0.
func (b *Buffer) pause() {
	switch d := b.depth(); {
	case d > much:
		b.odd = max(1, b.odd+1)
	case d < few:
		b.odd = min(-1, b.odd-1)
	default:
		b.odd = 0
	}
	switch {
	case b.odd > wait && b.still(b.read, bit+taps):
		b.read += bit
		b.stats.Dropped += bit
		b.level = min(b.level, int64(b.depth())<<smooth)
	case b.odd < -wait && b.still(b.read-bit-taps, bit+2*taps):
		b.read -= bit
		b.stats.Added += bit
		b.level = max(b.level, int64(b.depth())<<smooth)
	}
}

// still reports whether n samples are a pause.
func (b *Buffer) still(from uint32, n int) bool {
	var e int64
	for i := range uint32(n) {
		v := int64(b.pcm[(from+i)%size])
		e += v * v
	}
	return e < quiet*int64(n)
}

// splice takes 5 to 20 ms out of what waits: there where the two sides of the cut
// are most alike, and a pause is like anything.
func (b *Buffer) splice() {
	best, at, gap := -1.0, b.read, uint32(most)
	last := b.wrote - most - fade
	for from := b.read + taps; int32(last-from) >= 0; from += stride {
		for n := uint32(least); n <= most; n += 4 {
			if s := b.alike(from, from+n); s > best || s == best && n > gap {
				best, at, gap = s, from, n
			}
		}
	}
	for i := range uint32(fade) {
		v, w := int32(b.pcm[(at+i)%size]), int32(b.pcm[(at+gap+i)%size])
		b.pcm[(at+i)%size] = int16((v*int32(fade-i) + w*int32(i)) / fade)
	}
	for to := at + fade; to+gap != b.wrote; to++ {
		b.pcm[to%size] = b.pcm[(to+gap)%size]
	}
	b.wrote -= gap
	b.stats.Dropped += uint64(gap)
}

// alike is how much the samples at two places are one another: 1 for the same
// ones, and for pauses.
func (b *Buffer) alike(p, q uint32) float64 {
	var cross, left, right int64
	for i := uint32(0); i < fade; i += 2 {
		v, w := int64(b.pcm[(p+i)%size]), int64(b.pcm[(q+i)%size])
		cross += v * w
		left += v * v
		right += w * w
	}
	if left+right < 2*quiet*fade/2 {
		return 1
	}
	if left == 0 || right == 0 {
		return -1
	}
	// 2·cross by the sum counts a difference of loudness too.
	return 2 * float64(cross) / float64(left+right)
}
