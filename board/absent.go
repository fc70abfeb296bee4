package board

import (
	"fmt"
	"sync"
	"time"

	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/hal/port"
)

// Absent is a port whose hardware could not be opened. It stands in the place of
// the real one: its first and only event is port.Lost with the reason, it obeys
// nothing and its audio is silence. Whoever owns the line sees it dead and why.
type Absent struct {
	info   port.Info
	why    string
	events chan port.Event
	once   sync.Once
	gone   chan struct{}
}

// NewAbsent returns the place holder of a socket.
func NewAbsent(name string, kind port.Kind, why string) *Absent {
	a := &Absent{info: port.Info{Name: name, Kind: kind}, why: why, events: make(chan port.Event, 1), gone: make(chan struct{})}
	a.events <- port.Lost{Why: why}
	return a
}

// Info implements port.Port.
func (a *Absent) Info() port.Info { return a.info }

// Events implements port.Port.
func (a *Absent) Events() <-chan port.Event { return a.events }

// Command implements port.Port: what opens a loop or stops a bell is done already.
func (a *Absent) Command(c port.Command) error {
	select {
	case <-a.gone:
		return port.ErrClosed
	default:
	}
	if err := a.info.Refuse(c); err != nil {
		return err
	}
	switch c.(type) {
	case port.Release, port.StopRing:
		return nil
	}
	return fmt.Errorf("cannot %s on %s: %s", c, a.info.Name, a.why)
}

// Audio implements port.Port.
func (a *Absent) Audio() port.Audio { return a }

// Read implements port.Audio.
func (a *Absent) Read(f *pcm.Frame) error {
	t := time.NewTimer(pcm.FrameTime * time.Millisecond)
	defer t.Stop()
	select {
	case <-a.gone:
		return port.ErrClosed
	case <-t.C:
		f.Silence()
		return nil
	}
}

// Write implements port.Audio.
func (a *Absent) Write(*pcm.Frame) error {
	select {
	case <-a.gone:
		return port.ErrClosed
	default:
		return nil
	}
}

// Close implements port.Port.
func (a *Absent) Close() error {
	a.once.Do(func() { close(a.gone); close(a.events) })
	return nil
}
