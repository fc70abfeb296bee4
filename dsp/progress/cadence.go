package progress

import (
	"math"

	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/tone/plan"
)

// judge looks for the shortest cadence that explains every piece.
func (l *Learner) judge(burst bool) {
	for n := 1; n <= maxBursts && 4*n <= l.count+1; n++ {
		if l.explains(2 * n) {
			if l.count >= 4*n {
				l.learn(2 * n)
			}
			l.wrong = false
			return
		}
	}
	// A train that goes on otherwise was no such cadence; one that only ends may
	// have been cut off.
	if burst && l.wrong {
		l.best = Learned{}
	}
	l.wrong = true
}

func (l *Learner) explains(period int) bool { return fits(l.past[:l.count], period) }

// fits reports whether pieces repeat after a period.
func fits(past []piece, period int) bool {
	for i := period; i < len(past); i++ {
		if !equally(past[i].ms, past[i-period].ms) {
			return false
		}
	}
	return true
}

// equally reports whether two lengths are one.
func equally(a, b float64) bool { return math.Abs(a-b) <= 0.08*b+20 }

// learn makes a signal of the pieces: the mean of each place in the period.
func (l *Learner) learn(period int) {
	s := plan.Signal{Hz: l.hz[:0], OnOff: l.onOff[:0]}
	var off float64
	pieces := 0 // that are longer or shorter than an exchange makes them
	for at := range period {
		sum, n := 0.0, 0
		for i := at; i < l.count; i += period {
			sum += l.past[i].ms
			n++
		}
		mean := sum / float64(n)
		for i := at; i < l.count; i += period {
			d := math.Abs(l.past[i].ms - mean)
			off = max(off, d/(0.08*mean+20))
			if d > 0.03*mean+10 {
				pieces++
			}
		}
		s.OnOff = append(s.OnOff, max(10, int(math.Round(mean/10))*10))
	}
	pure := l.describe(&s)
	periods := l.count / period
	even := fewOf(pieces, l.count) && fewOf(l.spoilt(), (l.count+1)/2)
	sure := clean(float32(pure)) * float32(1-off/2) * float32(periods+3) / float32(periods+4)
	if !even {
		sure /= 2
	}
	l.best = Learned{s, periods, sure, even}
}

// fewOf reports whether so few of n are odd that they may be spoilt: by our own
// voice's echo, by a click. Of fewer than six none may be.
func fewOf(odd, n int) bool { return odd*6 <= n }

// spoilt returns how many bursts are not as an exchange sends them, or unlike the
// others.
func (l *Learner) spoilt() int {
	least := l.count
	for ref := 0; ref < min(l.count, 6); ref += 2 { // the first may be a spoilt one
		odd := 0
		for i := 0; i < l.count; i += 2 {
			t := &l.past[i].tone
			if !t.even || !closely(t, &l.past[ref].tone) {
				odd++
			}
		}
		least = min(least, odd)
	}
	return least
}

// describe fills in the mean frequencies and level of all bursts and returns
// how pure they were.
func (l *Learner) describe(s *plan.Signal) float64 {
	var hz [maxPartials]float64
	var pow, pure, bursts float64
	n := l.past[0].tone.n
	for i := 0; i < l.count; i += 2 {
		t := &l.past[i].tone
		for k := range n {
			hz[k] += t.hz[k]
			pow += t.pow[k]
		}
		pure += t.sum
		bursts++
	}
	for k := range n {
		s.Hz = append(s.Hz, math.Round(hz[k]/bursts))
	}
	s.DBm0 = math.Round(10*pcm.DBm0(pow/bursts/float64(n)/2)) / 10
	return pure / bursts
}

// learnSteady learns a continuous tone.
func (l *Learner) learnSteady() {
	if l.tone.n == 0 {
		return
	}
	keep, count := l.past[0], l.count
	l.past[0], l.count = piece{tone: l.tone}, 1
	s := plan.Signal{Hz: l.hz[:0]}
	pure := l.describe(&s)
	l.past[0], l.count = keep, count
	l.best = Learned{s, 1, clean(float32(pure)) * 0.8, true}
}

// alike reports whether two bursts sound the same.
func alike(a, b *chord) bool { return within(a, b, 0.015, 5, 4) }

// closely reports whether they sound as much the same as an exchange's do.
func closely(a, b *chord) bool { return within(a, b, 0.005, 1, sameLevel) }

// within reports whether frequencies agree within a part of them and some Hz,
// and powers within a factor.
func within(a, b *chord, part, hz, factor float64) bool {
	if a.n != b.n {
		return false
	}
	for k := range a.n {
		if math.Abs(a.hz[k]-b.hz[k]) > part*b.hz[k]+hz || a.pow[k] > factor*b.pow[k] || b.pow[k] > factor*a.pow[k] {
			return false
		}
	}
	return true
}

// together looks for a cadence that came once in the call before and once in
// this one, begun anywhere.
func (l *Learner) together() {
	past, count := l.past, l.count
	for n := 2; n <= 2*maxBursts && n <= min(count, l.calls); n += 2 {
		for turn := 0; turn < n; turn += 2 {
			for i := range n {
				l.past[i], l.past[n+i] = l.call[i], past[(turn+i)%n]
			}
			l.count = 2 * n
			if fits(l.call[:l.calls], n) && fits(past[:count], n) && l.explains(n) && l.oneTone() {
				l.learn(n)
				l.past, l.count = past, count
				return
			}
		}
	}
	l.past, l.count = past, count
}

// oneTone reports whether all bursts sound the same.
func (l *Learner) oneTone() bool {
	for i := 2; i < l.count; i += 2 {
		if !alike(&l.past[i].tone, &l.past[0].tone) {
			return false
		}
	}
	return true
}
