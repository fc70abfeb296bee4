package sim

import (
	"sync"
	"time"

	"github.com/centralita/centralita/board/sim/wire"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/hal/port"
)

const frameTime = pcm.FrameTime * time.Millisecond

// maxHeard is how many frames from the wire wait to be read.
const maxHeard = 5

// audio is the sound of one socket. While the test bench sends, its clock sets
// the pace; else frames of silence come by ours.
type audio struct {
	s      *socket
	wake   chan struct{}
	closed chan struct{}

	mu    sync.Mutex
	heard []*pcm.Frame
	last  time.Time // when the last frame was due
	flows bool      // the wire gave the last frame
}

// Read implements port.Audio.
func (a *audio) Read(f *pcm.Frame) error {
	wait := time.NewTimer(a.patience())
	defer wait.Stop()
	for {
		select {
		case <-a.closed:
			return port.ErrClosed
		default:
		}
		if a.take(f) {
			return nil
		}
		select {
		case <-a.closed:
			return port.ErrClosed
		case <-a.wake:
		case <-wait.C:
			a.quiet()
			f.Silence()
			return nil
		}
	}
}

// patience returns how long the next frame may take.
func (a *audio) patience() time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	if now.Sub(a.last) > 2*frameTime { // nobody read for a while
		a.last = now
	}
	due := a.last.Add(frameTime)
	if a.flows { // the next is on its way; silence in between would break a key
		due = due.Add(frameTime)
	}
	return max(due.Sub(now), 0)
}

// take gives the next frame of the wire.
func (a *audio) take(f *pcm.Frame) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.heard) == 0 {
		return false
	}
	*f = *a.heard[0]
	n := copy(a.heard, a.heard[1:])
	a.heard[n] = nil
	a.heard = a.heard[:n]
	a.last, a.flows = time.Now(), true
	return true
}

// quiet notes that the wire gave nothing in time.
func (a *audio) quiet() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.last = a.last.Add(frameTime)
	a.flows = false
}

// put takes a frame from the wire; the oldest goes when nobody reads.
func (a *audio) put(f *pcm.Frame) {
	a.mu.Lock()
	if len(a.heard) == maxHeard {
		copy(a.heard, a.heard[1:])
		a.heard = a.heard[:maxHeard-1]
	}
	a.heard = append(a.heard, f)
	a.mu.Unlock()
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

// flush forgets what was heard: the loop was opened or closed.
func (a *audio) flush() {
	a.mu.Lock()
	clear(a.heard)
	a.heard = a.heard[:0]
	a.mu.Unlock()
}

// Write implements port.Audio.
func (a *audio) Write(f *pcm.Frame) error {
	select {
	case <-a.closed:
		return port.ErrClosed
	default:
	}
	s := a.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bench != nil && s.closedLoop() {
		g := *f
		s.tell(wire.Message{Kind: wire.Audio, Frame: &g})
	}
	return nil
}
