// Package porttest is what every driver of an analog port must pass, and a fake
// port for the tests of those who use one.
package porttest

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/hal/port"
)

// Fake is a port without a wire: a test says what the wire does, and reads what
// was commanded and written. It implements port.Port, port.Tuner and Wire. Audio
// flows as the contract says; bursts of a bell come from the test, by Do.
type Fake struct {
	info   port.Info
	events chan port.Event
	audio  fakeAudio

	mu       sync.Mutex
	commands []port.Command
	closed   bool
	loop     bool
}

// NewFake returns an open port, on hook and silent.
func NewFake(info port.Info) *Fake {
	f := &Fake{info: info, events: make(chan port.Event, 256)}
	f.audio = fakeAudio{f: f, gone: make(chan struct{}), wake: make(chan struct{}, 1)}
	return f
}

// Info implements port.Port.
func (f *Fake) Info() port.Info { return f.info }

// Events implements port.Port.
func (f *Fake) Events() <-chan port.Event { return f.events }

// Audio implements port.Port.
func (f *Fake) Audio() port.Audio { return &f.audio }

// Command implements port.Port.
func (f *Fake) Command(c port.Command) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return port.ErrClosed
	}
	if err := f.info.Refuse(c); err != nil {
		return err
	}
	f.commands = append(f.commands, c)
	switch c.(type) {
	case port.Seize:
		f.loop = true
	case port.Release:
		f.loop = false
		f.audio.clear()
	}
	return nil
}

// Close implements port.Port.
func (f *Fake) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil
	}
	if f.loop && f.info.Kind == port.FXO {
		f.commands = append(f.commands, port.Release{})
	}
	f.closed, f.loop = true, false
	close(f.events)
	close(f.audio.gone)
	return nil
}

// Do implements Wire: e happens on the wire.
func (f *Fake) Do(e port.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return
	}
	switch e.(type) {
	case port.OffHook:
		f.loop = true
	case port.OnHook, port.Lost:
		f.loop = false
		f.audio.clear()
	}
	f.events <- e
}

// Commanded implements Wire: what was commanded since the last call.
func (f *Fake) Commanded() []port.Command {
	f.mu.Lock()
	defer f.mu.Unlock()
	c := f.commands
	f.commands = nil
	return c
}

// Say implements Wire: a frame comes over the wire.
func (f *Fake) Say(g *pcm.Frame) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.loop || f.info.Caps.OnHookAudio && f.info.Kind == port.FXO {
		f.audio.hear(*g)
	}
}

// Impedances implements port.Tuner.
func (f *Fake) Impedances() []string { return []string{"600", "900"} }

// Heard implements Wire: the frames written since the last call, of which the
// fake keeps the last ten.
func (f *Fake) Heard() []pcm.Frame {
	f.audio.mu.Lock()
	defer f.audio.mu.Unlock()
	out := f.audio.out
	f.audio.out = nil
	return out
}

// fakeAudio paces silence by the clock and gives frames of the wire at once.
type fakeAudio struct {
	f    *Fake
	gone chan struct{}
	wake chan struct{}

	flows   atomic.Bool // the last frame read was sound of the wire
	mu      sync.Mutex
	in, out []pcm.Frame
}

func (a *fakeAudio) clear() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.in = nil
}

func (a *fakeAudio) hear(g pcm.Frame) {
	a.mu.Lock()
	a.in = append(a.in, g)
	a.in = a.in[max(0, len(a.in)-5):]
	a.mu.Unlock()
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

func (a *fakeAudio) take(f *pcm.Frame) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.in) == 0 {
		return false
	}
	*f = a.in[0]
	a.in = a.in[1:]
	return true
}

// Read implements port.Audio.
func (a *fakeAudio) Read(f *pcm.Frame) error {
	wait := pcm.FrameTime * time.Millisecond
	if a.flows.Swap(false) { // a little longer for one that is on its way
		wait += wait / 2
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	for {
		select {
		case <-a.gone:
			return port.ErrClosed
		default:
		}
		if a.take(f) {
			a.flows.Store(true)
			return nil
		}
		select {
		case <-a.gone:
			return port.ErrClosed
		case <-a.wake:
		case <-t.C:
			f.Silence()
			return nil
		}
	}
}

// Write implements port.Audio.
func (a *fakeAudio) Write(f *pcm.Frame) error {
	a.f.mu.Lock()
	closed, loop := a.f.closed, a.f.loop || a.f.info.Caps.OnHookAudio && a.f.info.Kind == port.FXS
	a.f.mu.Unlock()
	if closed {
		return port.ErrClosed
	}
	if loop {
		a.mu.Lock()
		a.out = append(a.out, *f)
		a.out = a.out[max(0, len(a.out)-10):]
		a.mu.Unlock()
	}
	return nil
}
