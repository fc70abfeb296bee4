package progress

import (
	"math"

	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/tone/plan"
)

// Learned is a tone that no plan knows, as it was heard.
type Learned struct {
	Signal  plan.Signal // frequencies, their mean level, and the cadence in steps of 10 ms
	Periods int         // of the cadence that agreed; 1 for a continuous tone
	Sure    float32     // 0 to 1
}

// Learner finds the plan of an unknown steady tone, from 250 to 3000 Hz and of up
// to four frequencies 30 Hz apart or more: two periods of a cadence of up to four
// bursts, or three seconds of a continuous tone, in noise 10 dB below or less. A
// cadence whose later part differs is known when all of it has come twice. The
// zero value is ready.
//
// Put what it learned into a plan to hear it from then on:
//
//	p.Signals[plan.Disconnect] = learned.Signal
//	d := progress.New(p)
type Learner struct {
	n      int64 // steps heard
	top    float32
	last   float32 // energies of the last steps
	older  float32
	on     bool
	torn   bool // the burst began before we listened
	glim   int  // steps that say otherwise
	begin  float64
	finish float64 // of the last burst, ms
	buf    [spectrum]int16
	filled int
	skip   int
	tone   chord
	tried  bool // the spectrum was taken

	past  [4 * maxBursts]piece
	count int
	best  Learned
	hz    [maxPartials]float64 // of best
	onOff [2 * maxBursts]int   // of best
	wrong bool                 // the last piece did not fit best
}

// piece is a burst or a pause.
type piece struct {
	ms   float64
	tone chord // of a burst; none for a pause
}

// chord is what sounds in a burst.
type chord struct {
	n   int
	hz  [maxPartials]float64
	pow [maxPartials]float64 // squared amplitudes
	sum float64              // part of the energy they make up
}

const (
	step5     = 40 // samples, 5 ms
	step5Ms   = 5
	spectrum  = 1024
	maxBursts = 4
	onLevel   = 0.25        // of the strongest power
	turnSteps = 6           // a shorter burst or pause is a click, or the null of a beat
	holdMs    = 2 * step5Ms // a burst seems to last longer
	skipSteps = 3           // of a burst before its spectrum is taken
	leastBuf  = 400         // samples of the shortest spectrum
	steadyMs  = 3000
)

// Reset forgets everything.
func (l *Learner) Reset() { *l = Learner{} }

// Found returns what was learned; ok is false while nothing was. Its lists are
// overwritten by the next Process.
func (l *Learner) Found() (learned Learned, ok bool) { return l.best, l.best.Periods > 0 }

// Process listens to the next frame.
func (l *Learner) Process(f *pcm.Frame) {
	for i := 0; i < pcm.FrameLen; i += step5 {
		l.hear(f[i : i+step5])
	}
}

func (l *Learner) hear(x []int16) {
	e := float32(pcm.Energy(x)) / step5
	l.n++
	if e > 8*l.top && (l.on || l.count == 0) { // all before was silence
		l.on, l.torn, l.count = true, l.n == 1, 0
		l.startBurst(l.now() - step5Ms)
	}
	// Half in 17 s; in 0.1 s while nothing is known, in 1.4 s after one burst.
	fade := float32(0.9998)
	if l.count == 0 && !l.on {
		fade = 0.97
	} else if l.count == 1 && !l.on {
		fade = 0.9975
	}
	l.top = max(l.top*fade, e, minPower)
	loud := max(e, l.last, l.older) > onLevel*l.top // the nulls of a beat are no pause
	l.older, l.last = l.last, e
	if loud == l.on {
		l.glim = 0
	} else if l.glim++; l.glim >= turnSteps {
		l.turn()
	}
	if l.on {
		l.collect(x)
	}
	if l.on && !l.torn && l.now()-l.begin >= steadyMs && l.best.Periods == 0 {
		l.learnSteady()
	}
}

func (l *Learner) now() float64 { return float64(l.n) * step5Ms }

// collect keeps samples of a burst for its spectrum.
func (l *Learner) collect(x []int16) {
	if l.skip < skipSteps {
		l.skip++
		return
	}
	l.filled += copy(l.buf[l.filled:], x)
	if l.filled == spectrum && !l.tried {
		l.tried = true
		l.tone = listenFor(l.buf[:])
	}
}

// turn ends a burst or a pause that lasted until turnSteps ago.
func (l *Learner) turn() {
	edge := l.now() - turnSteps*step5Ms
	if l.on {
		edge -= holdMs
		if !l.tried {
			// The end of the buffer is the pause that ended the burst.
			if n := min(l.filled, l.filled-(turnSteps+holdMs/step5Ms-1)*step5); n >= leastBuf {
				l.tone = listenFor(l.buf[:n])
			}
		}
		l.add(piece{edge - l.begin, l.tone})
		l.finish = edge
	} else if l.count > 0 {
		l.add(piece{edge - l.finish, chord{}})
	}
	l.on, l.torn = !l.on, false
	l.startBurst(edge)
	l.skip = skipSteps // turnSteps have passed
}

func (l *Learner) startBurst(at float64) {
	l.begin, l.glim, l.filled, l.skip, l.tone, l.tried = at, 0, 0, 0, chord{}, false
}

// add takes in a complete piece; what is no tone, or was torn, begins anew.
func (l *Learner) add(p piece) {
	burst := l.on
	if burst && (p.tone.n == 0 || l.torn) {
		l.count = 0
		return
	}
	if burst && l.count > 1 && !alike(&p.tone, &l.past[l.count-2].tone) {
		l.count = 0
	}
	if l.count == len(l.past) {
		copy(l.past[:], l.past[2:])
		l.count -= 2
	}
	l.past[l.count] = p
	l.count++
	l.judge(burst)
}

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

func (l *Learner) explains(period int) bool {
	for i := period; i < l.count; i++ {
		a, b := &l.past[i], &l.past[i-period]
		if d := math.Abs(a.ms - b.ms); d > 0.08*b.ms+20 {
			return false
		}
	}
	return true
}

// learn makes a signal of the pieces: the mean of each place in the period.
func (l *Learner) learn(period int) {
	s := plan.Signal{Hz: l.hz[:0], OnOff: l.onOff[:0]}
	var off float64
	for at := range period {
		sum, n := 0.0, 0
		for i := at; i < l.count; i += period {
			sum += l.past[i].ms
			n++
		}
		mean := sum / float64(n)
		for i := at; i < l.count; i += period {
			off = max(off, math.Abs(l.past[i].ms-mean)/(0.08*mean+20))
		}
		s.OnOff = append(s.OnOff, max(10, int(math.Round(mean/10))*10))
	}
	pure := l.describe(&s)
	periods := l.count / period
	l.best = Learned{s, periods, clean(float32(pure)) * float32(1-off/2) * float32(periods+3) / float32(periods+4)}
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
	l.best = Learned{s, 1, clean(float32(pure)) * 0.8}
}

// alike reports whether two bursts sound the same.
func alike(a, b *chord) bool {
	if a.n != b.n {
		return false
	}
	for k := range a.n {
		if math.Abs(a.hz[k]-b.hz[k]) > 0.015*b.hz[k]+5 || a.pow[k] > 4*b.pow[k] || b.pow[k] > 4*a.pow[k] {
			return false
		}
	}
	return true
}
