package portleg

import (
	"sync/atomic"
	"time"

	"github.com/centralita/centralita/dsp/pcm"
)

// queueSize is how many frames may wait between pump and tick: 320 ms. The
// buffers behind it keep the true depth; this only carries over.
const queueSize = 16

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

// samples turns a count of samples into a time.
func samples(n int64) time.Duration { return time.Duration(n) * time.Second / pcm.Rate }
