//go:build linux

package main

import (
	"fmt"
	"math"
	"strings"
	"sync"
	"time"

	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/hal/port"
)

// end is one end of a wire: a port of our driver, whose audio is moved and whose
// events are kept with the time at which they came.
type end struct {
	port.Port
	events chan stamped

	mu    sync.Mutex
	mouth func(*pcm.Frame) // what it says, a frame for each heard; nil: nothing
	ear   func(*pcm.Frame) // who listens
}

type stamped struct {
	port.Event
	at time.Time
}

func newEnd(p port.Port) *end {
	e := &end{Port: p, events: make(chan stamped, 256)}
	go e.pump()
	go func() {
		for ev := range p.Events() {
			e.events <- stamped{ev, time.Now()}
		}
		close(e.events)
	}()
	return e
}

// pump moves audio at the port's pace.
func (e *end) pump() {
	var f pcm.Frame
	for e.Audio().Read(&f) == nil {
		e.mu.Lock()
		if e.ear != nil {
			e.ear(&f)
		}
		if e.mouth != nil {
			f.Silence()
			e.mouth(&f)
			if e.Audio().Write(&f) != nil {
				e.mouth = nil
			}
		}
		e.mu.Unlock()
	}
}

// says makes the end say what mouth fills, until it says something else.
func (e *end) says(mouth func(*pcm.Frame)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.mouth = mouth
}

func (e *end) listens(ear func(*pcm.Frame)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.ear = ear
}

// next is the event that comes within d.
func (e *end) next(d time.Duration) (stamped, error) {
	select {
	case s, ok := <-e.events:
		if !ok {
			return s, fmt.Errorf("%s was closed", e.Info().Name)
		}
		return s, nil
	case <-time.After(d):
		return stamped{}, fmt.Errorf("%s told nothing for %s", e.Info().Name, d)
	}
}

// await is when want came, which must be the next event.
func (e *end) await(want port.Event, d time.Duration) (time.Time, error) {
	s, err := e.next(d)
	if err != nil {
		return s.at, fmt.Errorf("%w, not %q", err, want)
	}
	if s.Event != want {
		return s.at, fmt.Errorf("%s told %q, not %q", e.Info().Name, s.Event, want)
	}
	return s.at, nil
}

// awaitAll is when each of several events came, in their order.
func (e *end) awaitAll(d time.Duration, want ...port.Event) ([]time.Time, error) {
	var at []time.Time
	for _, w := range want {
		t, err := e.await(w, d)
		if err != nil {
			return at, err
		}
		at = append(at, t)
	}
	return at, nil
}

// silent is an error when an event comes within d.
func (e *end) silent(d time.Duration) error {
	var told []string
	deadline := time.After(d)
	for {
		select {
		case s := <-e.events:
			told = append(told, s.String())
		case <-deadline:
			if told != nil {
				return fmt.Errorf("%s told %s, where nothing happened", e.Info().Name, strings.Join(told, ", "))
			}
			return nil
		}
	}
}

// record is what the end hears for some seconds.
func (e *end) record(seconds float64) []int16 {
	want := int(seconds * pcm.Rate)
	var x []int16
	done := make(chan struct{})
	e.listens(func(f *pcm.Frame) {
		if len(x) < want {
			x = append(x, f[:]...)
			if len(x) >= want {
				close(done)
			}
		}
	})
	select {
	case <-done:
	case <-time.After(time.Duration(seconds*float64(time.Second)) + 2*time.Second):
	}
	e.listens(nil)
	return x
}

// sine is a mouth that says a tone without end.
func sine(hz, dbm0 float64) func(*pcm.Frame) {
	n, peak := 0, pcm.Peak(dbm0)
	return func(f *pcm.Frame) {
		for i := range f {
			f[i] = int16(math.Round(peak * math.Sin(2*math.Pi*hz*float64(n)/pcm.Rate)))
			n++
		}
	}
}

// purity is which part of the power of what was heard a sine of hz can explain (1: all
// of it), by least squares.
func purity(x []int16, hz float64) float64 {
	var cc, ss, cs, cx, sx, xx float64
	for i, v := range x {
		sin, cos := math.Sincos(2 * math.Pi * hz * float64(i) / pcm.Rate)
		y := float64(v)
		cc, ss, cs = cc+cos*cos, ss+sin*sin, cs+sin*cos
		cx, sx, xx = cx+cos*y, sx+sin*y, xx+y*y
	}
	det := cc*ss - cs*cs
	if det == 0 || xx == 0 {
		return 0
	}
	a, b := (cx*ss-sx*cs)/det, (sx*cc-cx*cs)/det
	return (a*cx + b*sx) / xx
}
