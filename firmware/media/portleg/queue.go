package portleg

import (
	"sync/atomic"
	"time"

	"github.com/centralita/centralita/dsp/drift"
	"github.com/centralita/centralita/dsp/pcm"
)

// queueSize is how many frames may wait between pump and tick: 1.28 s, more
// than the second of ticks that the engine makes up for after a stall.
const queueSize = 64

// queue hands frames from one goroutine to one other without a lock.
type queue struct {
	frames [queueSize]pcm.Frame
	wrote  atomic.Uint32
	read   atomic.Uint32
}

// put adds a copy of f; false means that it is full and f is left out.
func (q *queue) put(f *pcm.Frame) bool {
	w := q.wrote.Load()
	if w-q.read.Load() == queueSize {
		return false
	}
	q.frames[w%queueSize] = *f
	q.wrote.Store(w + 1)
	return true
}

// get takes the oldest frame into f; false means that there is none.
func (q *queue) get(f *pcm.Frame) bool {
	r := q.read.Load()
	if r == q.wrote.Load() {
		return false
	}
	*f = q.frames[r%queueSize]
	q.read.Store(r + 1)
	return true
}

// empty reports whether none waits.
func (q *queue) empty() bool { return q.read.Load() == q.wrote.Load() }

// What a clock does that finds more than its buffer holds, in frames.
const (
	patience = 50  // so long it may be made up for by ticks that come one after the other
	forced   = 250 // then silence is left out, and after so long anything
)

// quiet is the level below which a frame may be left out, as a mean square.
const quiet = 40 * 40 // −52 dBm0

// way is one direction: a queue from the other clock and the buffer that makes
// the two clocks agree. What a stalled clock finds waiting stays in the queue as
// long as it can be made up for; then silence goes first, but never two frames of
// it in a row, so that two keys stay two.
type way struct {
	queue
	buf  drift.Buffer
	late int  // frames in a row with more waiting than the buffer holds
	left bool // the last frame was left out
	lost atomic.Uint64
	came atomic.Uint64
	f    pcm.Frame
}

// pull fills f with the next 20 ms of the pulling clock, and reports whether
// there was any.
func (w *way) pull(f *pcm.Frame) bool {
	for (w.late >= forced || w.buf.Stats().Depth <= drift.MaxDepth-pcm.FrameLen) && w.get(&w.f) {
		w.came.Add(1)
		if w.late > patience && !w.left && pcm.Energy(w.f[:]) < quiet*pcm.FrameLen {
			w.left = true
			w.lost.Add(1)
			continue
		}
		w.left = false
		w.buf.Push(&w.f)
	}
	if w.late++; w.empty() {
		w.late = 0
	}
	return w.buf.Pull(f)
}

// push hands f to the pulling clock.
func (w *way) push(f *pcm.Frame) bool {
	if !w.put(f) {
		w.lost.Add(1)
		return false
	}
	return true
}

// samples turns a count of samples into a time.
func samples(n int64) time.Duration { return time.Duration(n) * time.Second / pcm.Rate }
