package dahdi

import (
	"encoding/binary"
	"sync"

	"github.com/centralita/centralita/board/metronome"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/hal/port"
)

// How much waits.
const (
	most  = 10 // frames each way: two tenths of a second; over this the oldest goes
	ahead = 2  // frames in the module, so that a late one leaves no gap
)

// audio is the sound of a port, both ways. The reader puts in and takes out at the
// pace of the card.
type audio struct {
	gone   chan struct{}
	reader *metronome.Reader
	send   func() // gives the module what it has room for

	mu     sync.Mutex
	heard  queue
	say    queue
	given  int  // frames that wait in the module, as far as frames heard tell
	missed bool // nobody read for so long that frames went
}

// queue holds a few frames, the oldest first.
type queue struct {
	frames [most]pcm.Frame
	first  int
	n      int
}

// put appends f and reports whether the oldest went for it.
func (q *queue) put(f *pcm.Frame) bool {
	full := q.n == len(q.frames)
	if full {
		q.drop()
	}
	q.frames[(q.first+q.n)%len(q.frames)] = *f
	q.n++
	return full
}

func (q *queue) drop() { q.first, q.n = (q.first+1)%len(q.frames), q.n-1 }

func (q *queue) take(f *pcm.Frame) bool {
	if q.n == 0 {
		return false
	}
	*f = q.frames[q.first]
	q.drop()
	return true
}

// hear takes a frame of the wire.
func (a *audio) hear(b []byte) {
	var f pcm.Frame
	for i := range f {
		f[i] = int16(binary.NativeEndian.Uint16(b[2*i:]))
	}
	a.mu.Lock()
	if a.heard.put(&f) {
		a.missed = true
	}
	a.given = max(a.given-1, 0)
	a.mu.Unlock()
	a.reader.Wake()
}

// next gives the oldest frame to say when the module has room. When the module has
// nothing left it is given silence first: so a frame that is a little late is not missed.
func (a *audio) next(b []byte) bool {
	var f pcm.Frame
	a.mu.Lock()
	ok := a.given < ahead && a.say.n > 0
	if ok {
		if a.given > 0 {
			a.say.take(&f)
		}
		a.given++
	}
	a.mu.Unlock()
	if ok {
		for i, s := range f {
			binary.NativeEndian.PutUint16(b[2*i:], uint16(s))
		}
	}
	return ok
}

// quiet reports that nothing is in a frame.
func quiet(b []byte) bool {
	for _, x := range b {
		if x != 0 {
			return false
		}
	}
	return true
}

// clear forgets everything: the wire is gone.
func (a *audio) clear() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.heard, a.say, a.missed, a.given = queue{}, queue{}, false, 0
}

// Read implements port.Audio. The card sets the pace.
func (a *audio) Read(f *pcm.Frame) error { return a.reader.Read(f) }

// Take implements metronome.Source: it gives the oldest frame heard; after a pause in reading, the newest.
func (a *audio) Take(f *pcm.Frame) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for ; a.missed && a.heard.n > 1; a.heard.drop() {
	}
	a.missed = false
	return a.heard.take(f)
}

// Write implements port.Audio.
func (a *audio) Write(f *pcm.Frame) error {
	select {
	case <-a.gone:
		return port.ErrClosed
	default:
	}
	a.mu.Lock()
	a.say.put(f)
	a.mu.Unlock()
	a.send()
	return nil
}
