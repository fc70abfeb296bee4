package sim

import (
	"sync"
	"time"

	"github.com/centralita/centralita/board/sim/wire"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/hal/port"
)

const frameTime = pcm.FrameTime * time.Millisecond

// The frames that wait to be read even out the test bench's haste and delays.
const (
	startHeard = 2  // reading begins with so many, or after one frame's wait
	wantHeard  = 3  // over this, silent frames are left out
	maxHeard   = 25 // over this, the oldest goes
)

// audio is the sound of one socket: frames of the wire, or silence, by an
// absolute schedule of 20 ms.
type audio struct {
	s      *socket
	wake   chan struct{} // a frame came
	closed chan struct{}

	mu    sync.Mutex
	heard []*pcm.Frame
	due   time.Time // of the last frame read
	flows bool      // the wire gave the last frame
	begun bool      // a frame has waited for company
}

// Read implements port.Audio. A frame that is late is waited for as long as
// another frame lasts: silence in between would break a key in two.
func (a *audio) Read(f *pcm.Frame) error {
	wait := time.NewTimer(a.next())
	defer wait.Stop()
	select {
	case <-a.closed:
		return port.ErrClosed
	case <-wait.C:
	}
	if a.take(f) {
		return nil
	}
	if a.late() {
		wait.Reset(frameTime)
		for {
			select {
			case <-a.closed:
				return port.ErrClosed
			case <-a.wake:
				if a.take(f) {
					return nil
				}
				continue
			case <-wait.C:
			}
			break
		}
	}
	select {
	case <-a.closed:
		return port.ErrClosed
	default:
	}
	a.quiet()
	f.Silence()
	return nil
}

// next sets when the next frame is due and returns how long that is from now.
// A reader who was away begins a new schedule.
func (a *audio) next() time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	if a.due = a.due.Add(frameTime); now.Sub(a.due) > maxHeard*frameTime {
		a.due = now.Add(frameTime)
	}
	return max(a.due.Sub(now), 0)
}

// late reports whether a frame is owed by the wire, which flowed until now.
func (a *audio) late() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.flows
}

// quiet notes that the wire gave nothing in time.
func (a *audio) quiet() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.flows = false
}

// take gives the next frame of the wire.
func (a *audio) take(f *pcm.Frame) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := len(a.heard)
	if n == 0 || !a.flows && n < startHeard && !a.begun {
		a.begun = n > 0
		return false
	}
	for len(a.heard) > wantHeard && a.heard[0].Silent() {
		a.drop()
	}
	*f = *a.heard[0]
	a.drop()
	a.flows, a.begun = true, false
	return true
}

// drop removes the oldest frame.
func (a *audio) drop() {
	n := copy(a.heard, a.heard[1:])
	a.heard[n] = nil
	a.heard = a.heard[:n]
}

// put takes a frame from the wire.
func (a *audio) put(f *pcm.Frame) {
	a.mu.Lock()
	if len(a.heard) == maxHeard {
		a.drop()
	}
	a.heard = append(a.heard, f)
	a.mu.Unlock()
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

// Sound implements port.Sleeper.
func (a *audio) Sound() <-chan struct{} { return a.wake }

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
	if s.bench != nil && s.speaks() && (s.loop || !f.Silent()) {
		g := *f
		g.Scale(s.tx)
		s.tell(wire.Message{Kind: wire.Audio, Frame: &g})
	}
	return nil
}
