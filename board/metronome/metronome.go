// Package metronome is the pace at which the sound of a port is read: that of the
// hardware while it gives frames, and that of our clock, with silence, while it does
// not. It allocates nothing per frame.
package metronome

import (
	"sync"
	"time"

	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/hal/port"
)

const frameTime = pcm.FrameTime * time.Millisecond

// Source is what the hardware has given. Its method is called without a lock of ours.
type Source interface {
	// Take gives the oldest frame that waits; false means that there is none.
	Take(f *pcm.Frame) bool
}

// Reader reads a source. It is safe for concurrent use.
type Reader struct {
	from Source
	gone <-chan struct{}
	wake chan struct{}
	away time.Duration

	reading sync.Mutex // held for a whole Read
	timer   *time.Timer

	mu    sync.Mutex
	flows bool      // the hardware gave the last frame
	due   time.Time // of the next frame of silence
}

// New returns a reader of from until gone is closed. A reader who stays away for more
// than so many frames is not given the silence that he missed.
func New(from Source, gone <-chan struct{}, frames int) *Reader {
	return &Reader{from: from, gone: gone, wake: make(chan struct{}, 1), away: time.Duration(frames) * frameTime}
}

// Wake tells that the source may have a frame. It does not wait.
func (r *Reader) Wake() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Read gives the next 20 ms, or port.ErrClosed.
func (r *Reader) Read(f *pcm.Frame) error {
	r.reading.Lock()
	defer r.reading.Unlock()
	if r.timer == nil {
		r.timer = time.NewTimer(r.patience())
	} else {
		r.timer.Reset(r.patience())
	}
	defer r.timer.Stop()
	for {
		select {
		case <-r.gone:
			return port.ErrClosed
		default:
		}
		if r.from.Take(f) {
			r.flowed()
			return nil
		}
		select {
		case <-r.gone:
			return port.ErrClosed
		case <-r.wake:
		case <-r.timer.C:
			r.Rest()
			f.Silence()
			return nil
		}
	}
}

// patience is how long the next frame is waited for: two frames when it is on its
// way, otherwise until the schedule of silence says.
func (r *Reader) patience() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.flows {
		return 2 * frameTime
	}
	now := time.Now()
	if r.due = r.due.Add(frameTime); now.Sub(r.due) > r.away {
		r.due = now.Add(frameTime) // the reader was away
	}
	return max(r.due.Sub(now), 0)
}

func (r *Reader) flowed() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.flows = true
}

// Rest tells that no frame is on its way: a schedule of silence begins.
func (r *Reader) Rest() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.flows {
		r.flows, r.due = false, time.Now()
	}
}
