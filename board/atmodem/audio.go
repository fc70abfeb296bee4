package atmodem

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/centralita/centralita/board/atmodem/at"
	"github.com/centralita/centralita/board/metronome"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/hal/port"
)

// How much waits, and when a port that cannot do both talks and listens.
const (
	maxHeard = 25    // frames; over this the oldest goes
	maxSay   = 25    // frames: half a second, while a stream begins or a modem is turned
	wantSay  = 4     // over this, quiet frames are left out of a stream both ways
	prime    = 2     // frames that wait in the modem, so that a late one leaves no gap
	loud     = -42.0 // dBm0: over this something is said
	quiet    = -50.0 // dBm0: under this nothing is missed
	hush     = 700 * time.Millisecond
)

// audio is the sound of the port, both ways.
type audio struct {
	p      *Port
	half   atomic.Bool // the modem talks and listens in turn
	reader *metronome.Reader

	mu      sync.Mutex
	in, out bool // which way the modem's stream flows
	live    bool // the loop is closed, or being closed
	coding  at.Coding
	part    []byte // of a frame not yet whole
	heard   []pcm.Frame
	say     []pcm.Frame
	credit  int       // frames a modem in both directions may be given now
	talk    bool      // the modem was asked to talk
	said    time.Time // when something loud was last written
}

// stream takes the way sound flows from now on.
func (a *audio) stream(in, out bool, c at.Coding) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.in, a.out, a.coding = in, out, c
	a.part, a.heard = a.part[:0], a.heard[:0]
	a.credit = prime
	for in && out && len(a.say) < prime {
		a.say = append(a.say, pcm.Frame{})
	}
}

// begin is the seizure: what is said from now on is kept until a stream takes it.
func (a *audio) begin() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.live = true
}

// rest forgets everything: the loop is open.
func (a *audio) rest() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.in, a.out, a.live, a.talk = false, false, false, false
	a.reader.Rest()
	a.part, a.heard, a.say = a.part[:0], a.heard[:0], a.say[:0]
}

// hear takes bytes of the modem's stream and reports whether sound is awaited.
func (a *audio) hear(b []byte) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.in {
		return false
	}
	size := pcm.FrameLen * a.coding.Bytes()
	for len(b) > 0 {
		k := min(size-len(a.part), len(b))
		a.part = append(a.part, b[:k]...)
		b = b[k:]
		if len(a.part) < size {
			break
		}
		if len(a.heard) == maxHeard {
			a.heard = append(a.heard[:0], a.heard[1:]...)
		}
		a.heard = append(a.heard, pcm.Frame{})
		a.coding.Decode(&a.heard[len(a.heard)-1], a.part)
		a.part = a.part[:0]
		a.credit = min(a.credit+1, prime+1)
	}
	a.p.out.nudge()
	a.reader.Wake()
	return true
}

// Read implements port.Audio. While the modem's stream flows it sets the pace.
func (a *audio) Read(f *pcm.Frame) error {
	defer a.hushed()
	return a.reader.Read(f)
}

// Take implements metronome.Source: it gives the oldest frame heard.
func (a *audio) Take(f *pcm.Frame) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.heard) == 0 {
		return false
	}
	*f = a.heard[0]
	a.heard = append(a.heard[:0], a.heard[1:]...)
	return true
}

// Write implements port.Audio. What is written on hook, or softly while a port
// that cannot do both is listening, goes nowhere.
func (a *audio) Write(f *pcm.Frame) error {
	select {
	case <-a.p.gone:
		return port.ErrClosed
	default:
	}
	if a.half.Load() {
		a.turn(f)
		a.hushed()
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.live || a.half.Load() && !a.talk {
		return nil
	}
	a.trim()
	a.say = append(a.say, *f)
	if a.out {
		a.p.out.nudge()
	}
	return nil
}

// trim makes room for one frame more. What waited while the stream began would
// delay the whole call: quiet frames go until little waits, then the oldest.
func (a *audio) trim() {
	if !a.half.Load() && a.out && len(a.say) >= wantSay {
		for i := range a.say {
			if a.say[i].Level() < quiet {
				a.say = append(a.say[:i], a.say[i+1:]...)
				return
			}
		}
	}
	if len(a.say) >= maxSay {
		a.say = append(a.say[:0], a.say[len(a.say)-maxSay+1:]...)
	}
}

// turn makes a listening port talk when f is loud.
func (a *audio) turn(f *pcm.Frame) {
	if f.Level() <= loud {
		return
	}
	a.mu.Lock()
	begin := a.live && !a.talk
	a.talk = a.talk || a.live
	a.said = time.Now()
	a.mu.Unlock()
	if begin {
		a.p.step(at.Talk{On: true})
	}
}

// hushed makes a talking port listen when nothing loud was written for a while.
func (a *audio) hushed() {
	if !a.half.Load() {
		return
	}
	a.mu.Lock()
	end := a.talk && time.Since(a.said) > hush && (len(a.say) == 0 || a.out)
	if end {
		a.talk, a.say = false, a.say[:0]
	}
	a.mu.Unlock()
	if end {
		a.p.step(at.Talk{On: false})
	}
}

// next gives the oldest frame to say, shielded, appended to dst. A modem in both
// directions gets a frame for each one it gives: its crystal is the clock, and what
// waits, waits here, where trim can see it.
func (a *audio) next(dst []byte) []byte {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.out || len(a.say) == 0 || a.in && a.credit == 0 {
		return dst
	}
	a.credit--
	var plain [2 * pcm.FrameLen]byte
	dst = at.Shield(dst, a.coding.Encode(plain[:0], &a.say[0]))
	a.say = append(a.say[:0], a.say[1:]...)
	return dst
}
