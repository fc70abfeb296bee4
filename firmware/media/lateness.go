package media

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// Lateness tells how punctual the ticks were.
type Lateness struct {
	Ticks   uint64        // ticks so far
	P50     time.Duration // half of the ticks began no later than this
	P99     time.Duration // 99 of 100 began no later than this
	Max     time.Duration
	Longest time.Duration // the longest time any tick took
	Late    uint64        // ticks that began more than LateFrom too late
	Skipped uint64        // ticks given up because the machine stood still for more than a second
}

// buckets of the histogram: 8 for each doubling of a microsecond, 6 % wide at most.
const (
	perOctave = 8
	buckets   = 30 * perOctave
)

// LateFrom is from when on a tick is late: half a frame, which a listener may hear.
const LateFrom = 10 * time.Millisecond

// histogram is written by one shard and read by anybody.
type histogram struct {
	count   [buckets]atomic.Uint64
	ticks   atomic.Uint64
	max     atomic.Int64
	longest atomic.Int64
	skipped atomic.Uint64
}

// add takes one tick's lateness.
func (h *histogram) add(late time.Duration) {
	late = max(0, late)
	h.count[bucket(late)].Add(1)
	h.ticks.Add(1)
	if int64(late) > h.max.Load() {
		h.max.Store(int64(late))
	}
}

// took takes the time one tick needed.
func (h *histogram) took(d time.Duration) {
	if int64(d) > h.longest.Load() {
		h.longest.Store(int64(d))
	}
}

// bucket returns the place of a lateness.
func bucket(d time.Duration) int {
	us := uint64(d / time.Microsecond)
	if us < perOctave {
		return int(us)
	}
	octave := bits.Len64(us) - 1 // ≥ 3
	part := us >> (octave - 3) & (perOctave - 1)
	return min(buckets-1, (octave-2)*perOctave+int(part))
}

// bound returns the upper end of a bucket.
func bound(i int) time.Duration {
	if i < perOctave {
		return time.Duration(i) * time.Microsecond
	}
	octave, part := i/perOctave+2, i%perOctave
	return time.Duration((uint64(perOctave+part+1)<<(octave-3))-1) * time.Microsecond
}

// summary adds up the histograms of all shards.
func summary(hs []*histogram) (l Lateness) {
	var sum [buckets]uint64
	for _, h := range hs {
		for i := range sum {
			n := h.count[i].Load()
			if sum[i] += n; bound(i) > LateFrom {
				l.Late += n
			}
		}
		l.Ticks += h.ticks.Load()
		l.Skipped += h.skipped.Load()
		l.Max = max(l.Max, time.Duration(h.max.Load()))
		l.Longest = max(l.Longest, time.Duration(h.longest.Load()))
	}
	l.P50, l.P99 = min(l.Max, quantile(&sum, 50)), min(l.Max, quantile(&sum, 99))
	return l
}

// quantile returns the bound below which percent of the counts lie.
func quantile(sum *[buckets]uint64, percent uint64) time.Duration {
	var all uint64
	for _, n := range sum {
		all += n
	}
	need := (all*percent + 99) / 100
	var seen uint64
	for i, n := range sum {
		seen += n
		if seen >= need && seen > 0 {
			return bound(i)
		}
	}
	return 0
}
