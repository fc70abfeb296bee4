package progress

import (
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/tone/plan"
)

// Learned is a tone that no plan knows, as it was heard.
type Learned struct {
	Signal  plan.Signal // frequencies, their mean level, and the cadence in steps of 10 ms
	Periods int         // of the cadence that agreed; 1 for a continuous tone
	Sure    float32     // 0 to 1
	Even    bool        // no voice or instrument sounds so: steady and pure in each burst, bursts and pauses alike within 3 % and 10 ms
}

// Learner finds the plan of an unknown steady tone, from 250 to 3000 Hz and of up
// to four frequencies 30 Hz apart or more: two periods of a cadence of up to four
// bursts, one period in each of two calls, or three seconds of a continuous tone,
// in noise 10 dB below or less. A cadence whose later part differs is known when
// all of it has come twice. The zero value is ready; it allocates nothing.
//
// A line may leave it on during a call: what is Even is no voice, music or song
// (0 in 2.3 h of prompts, 2 h of voices and music and 1 h of song near 425 Hz; of
// song made to deceive, one phrase in 15 minutes, with two periods). Fax tones and
// ringback are as steady as a disconnect tone, though. A frame costs 1 µs, one of
// eight in a burst up to 0.2 ms more for its spectrum.
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
	lately [16]float32 // the same, in a ring
	on     bool
	torn   bool // the burst began before we listened
	glim   int  // steps that say otherwise
	begin  float64
	finish float64 // of the last burst, ms
	buf    [spectrum]int16
	filled int
	skip   int
	tone   chord
	tried  bool    // the spectrum was taken
	held   float64 // since when, ms, a burst sounds as it does
	next   float64 // when its spectrum is taken again

	past  [4 * maxBursts]piece
	count int
	call  [4 * maxBursts]piece // what the call before taught, as past and count
	calls int
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
	n    int
	hz   [maxPartials]float64
	pow  [maxPartials]float64 // squared amplitudes
	sum  float64              // part of the energy they make up
	even bool                 // as steady as an exchange sends it
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
	againMs   = 400 // a long burst is listened to again
)

// Reset forgets everything.
func (l *Learner) Reset() { *l = Learner{} }

// EndCall tells that the call or the recording is over. What was learned stays,
// and a cadence that came once is an example for the next call.
func (l *Learner) EndCall() {
	l.closeLast()
	if l.best.Periods == 0 {
		l.together()
	}
	next := Learner{best: l.best, hz: l.hz, onOff: l.onOff, call: l.past, calls: l.count}
	if l.count < 2 {
		next.call, next.calls = l.call, l.calls
	}
	*l = next
	l.best.Signal.Hz, l.best.Signal.OnOff = l.hz[:len(l.best.Signal.Hz)], l.onOff[:len(l.best.Signal.OnOff)]
}

// closeLast takes a burst or pause in which all ended for a whole one when it is
// as long as the one a period before.
func (l *Learner) closeLast() {
	ms := l.now() - l.finish
	if l.on {
		ms = l.now() - l.begin
		if !l.tried && l.filled >= leastBuf {
			l.tone = listenFor(l.buf[:l.filled])
		}
	}
	if l.on == (l.count%2 == 1) { // what is complete does not end with the other
		return
	}
	for n := 2; n <= 2*maxBursts && n <= l.count; n += 2 {
		if equally(ms, l.past[l.count-n].ms) && l.explains(n) {
			l.add(piece{ms, l.tone})
			return
		}
	}
}

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
	l.lately[l.n%int64(len(l.lately))] = e
	noise := l.on && l.tried && l.tone.n == 0                          // what sounds is no tone
	if e > 8*l.top && (l.on || l.count == 0) || noise && e > 3*l.top { // all before was silence, or as good as that
		l.on, l.torn, l.count = true, l.n == 1, 0
		l.startBurst(l.now() - step5Ms)
	}
	// Half in 17 s; in 0.1 s while nothing is known, in 1.4 s after one burst and
	// when a pause is too long for what was heard: it may have been a voice, and
	// something fainter come behind it.
	fade := float32(0.9998)
	if l.count == 0 && !l.on || noise {
		fade = 0.97
	} else if !l.on && (l.count == 1 || l.overdue()) {
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
	if l.on && !l.torn && l.now()-l.held >= steadyMs && l.best.Periods == 0 {
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
	if l.filled == spectrum {
		if l.now() < l.next {
			return
		}
		l.filled = 0
	}
	if l.filled += copy(l.buf[l.filled:], x); l.filled < spectrum {
		return
	}
	now := listenFor(l.buf[:])
	l.next = l.now() + againMs
	switch {
	case !l.tried:
		l.tried, l.tone = true, now
	case !now.even || !closely(&now, &l.tone):
		l.tone.even = false
		l.held = l.now()
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
	l.on, l.torn = !l.on, !l.on && !l.rose()
	l.startBurst(edge)
	l.skip = skipSteps // turnSteps have passed
}

// overdue reports whether the pause is longer than any of the bursts before.
func (l *Learner) overdue() bool {
	longest := 0.0
	for i := 1; i < l.count; i += 2 {
		longest = max(longest, l.past[i].ms)
	}
	return l.now()-l.finish > 1.25*longest+200
}

// rose reports whether the burst that begins came up from below. One that is only
// noticed because what was louder is forgotten has begun before.
func (l *Learner) rose() bool {
	before := l.lately[(l.n-turnSteps-4+int64(len(l.lately)))%int64(len(l.lately))]
	return before <= onLevel*max(l.last, l.older)
}

func (l *Learner) startBurst(at float64) {
	l.begin, l.held, l.glim, l.filled, l.skip, l.tone, l.tried = at, at, 0, 0, 0, chord{}, false
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
