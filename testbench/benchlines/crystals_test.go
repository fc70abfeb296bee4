package main

import (
	"context"
	"flag"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/firmware/media"
	"github.com/centralita/centralita/firmware/media/portleg"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/hal/port"
)

var day = flag.Float64("day", 0.05, "hours that pass between two crystals")

// ramp is a slow triangle of 400 ms: its value tells when a sample was made, and
// between its corners every bend is a click.
const (
	rampHalf = 1600 // samples up, and as many down
	rampStep = 10   // a sample
)

func ramp(n int) int16 {
	k := n % (2 * rampHalf)
	if k >= rampHalf {
		k = 2*rampHalf - k
	}
	return int16((k - rampHalf/2) * rampStep)
}

// clock makes and hears the triangle at one end of the path.
type clock struct {
	mu      sync.Mutex
	n       int // samples made
	heard   int
	begin   int // samples until the path has settled
	last    [2]int
	bend    int // the sharpest that is no corner
	silent  int // frames of silence
	least   float64
	most    float64
	partner *clock
}

func (c *clock) make(f *pcm.Frame) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range f {
		f[i] = ramp(c.n)
		c.n++
	}
}

// hear takes a frame and looks for bends; how late it is, is told by the part of the
// triangle that its partner has made meanwhile.
func (c *clock) hear(f *pcm.Frame) {
	c.partner.mu.Lock()
	made := c.partner.n
	c.partner.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, v := range f {
		c.heard++
		bend := int(v) - 2*c.last[1] + c.last[0]
		c.last[0], c.last[1] = c.last[1], int(v)
		if corner := v > (rampHalf/2-4)*rampStep || v < -(rampHalf/2-4)*rampStep; c.heard < c.begin || corner {
			continue
		}
		c.bend = max(c.bend, bend, -bend)
	}
	if c.heard < c.begin {
		return
	}
	if f.Silent() {
		c.silent++
		return
	}
	// The newest sample of the frame on the rising or falling side.
	at := int(f[pcm.FrameLen-1])/rampStep + rampHalf/2
	if f[pcm.FrameLen-1] < f[pcm.FrameLen-2] {
		at = 2*rampHalf - at
	}
	late := float64((made-at+4*rampHalf)%(2*rampHalf)) / 8 // ms; half a second is as good as none
	if c.most == 0 || late < c.least {
		c.least = late
	}
	c.most = max(c.most, late)
}

// card is a port's audio with a crystal of its own.
type card struct {
	*clock
	frame time.Duration
	next  time.Time
	late  func() time.Duration
}

func (c *card) Read(f *pcm.Frame) error {
	c.next = c.next.Add(c.frame)
	if wait := time.Until(c.next.Add(c.late())); wait > 0 {
		<-time.After(wait)
	}
	c.make(f)
	return nil
}

func (c *card) Write(f *pcm.Frame) error {
	c.hear(f)
	return nil
}

// socket is a port of which only the audio is used.
type socket struct {
	audio port.Audio
	kind  port.Kind
}

func (s *socket) Info() port.Info            { return port.Info{Name: "card", Kind: s.kind} }
func (s *socket) Events() <-chan port.Event  { return nil }
func (s *socket) Command(port.Command) error { return nil }
func (s *socket) Audio() port.Audio          { return s.audio }
func (s *socket) Close() error               { return nil }

// party is the other end of the bridge, on the engine's clock.
type party struct{ *clock }

func (p *party) Read(f *pcm.Frame) bool { p.make(f); return true }
func (p *party) Write(f *pcm.Frame)     { p.hear(f) }
func (p *party) Stats() media.Stats     { return media.Stats{} }
func (p *party) Close() error           { return nil }

// The whole path of a port, pump, both buffers, concealment and engine, between two
// crystals 200 ppm apart: no click, nothing concealed once it runs, and the delay
// stays below 60 ms in each buffer. `-day 24` lets a day pass.
func TestTwoCrystals(t *testing.T) {
	fmt.Println("| port | crystal | frames | bends beyond the signal's | concealed | thrown away | the port's buffer at most | the port is heard after | the port hears after |")
	fmt.Println("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
	for _, kind := range []port.Kind{port.FXO, port.FXS} {
		for _, ppm := range []float64{-200, 200} {
			synctest.Test(t, func(t *testing.T) { crystals(t, kind, ppm) })
		}
	}
}

func crystals(t *testing.T, kind port.Kind, ppm float64) {
	engine := media.New(media.Config{Shards: 1})
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() {
		if err := engine.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	const settle = 60 * pcm.Rate
	a, b := &clock{begin: settle}, &clock{begin: settle}
	a.partner, b.partner = b, a
	seed := uint32(1)
	c := &card{clock: a, frame: time.Duration(20e6 / (1 + ppm/1e6)), next: time.Now(), late: func() time.Duration {
		seed = seed*1664525 + 1013904223 // a busy machine: up to 4 ms late
		return time.Duration(seed>>8) * 4 * time.Millisecond >> 24
	}}
	pump, err := portleg.New(portleg.Config{Port: &socket{c, kind}, Tail: -1})
	if err != nil {
		t.Fatal(err)
	}
	all.Go(func() { pump.Run(ctx) })
	pump.Commanded(port.Seize{})
	pump.Happened(port.OffHook{})
	leg := pump.Leg()
	for id, ep := range map[tel.LegID]media.Endpoint{1: leg, 2: &party{b}} {
		if err := engine.Attach(media.Leg{ID: id, Call: "1-1", Endpoint: ep}); err != nil {
			t.Fatal(err)
		}
		engine.Join(id, "1-1")
	}
	<-time.After(time.Minute)
	before := leg.Stats()
	deepest := time.Duration(0)
	for end := time.Now().Add(time.Duration(*day * float64(time.Hour))); time.Now().Before(end); {
		<-time.After(time.Second)
		deepest = max(deepest, leg.Stats().Depth)
	}
	s := leg.Stats()
	cancel()
	all.Wait()
	lost, late := s.Concealed-before.Concealed, s.Late-before.Late
	fmt.Printf("| %s | %+.0f ppm | %d | %d, %d | %d | %d | %d ms | %.0f to %.0f ms | %.0f to %.0f ms |\n", kind, ppm, s.Received,
		a.bend, b.bend, lost, late, deepest.Milliseconds(), b.least, b.most, a.least, a.most)
	if deepest >= 60*time.Millisecond || lost > 0 || late > 0 || a.silent+b.silent > 0 {
		t.Errorf("%s %+.0f ppm: buffer %v, %d concealed, %d thrown away, %d frames silent", kind, ppm, deepest, lost, late, a.silent+b.silent)
	}
	if a.bend >= rampStep || b.bend >= rampStep { // a sample left out or doubled bends by a step
		t.Errorf("%s %+.0f ppm: clicks of %d and %d", kind, ppm, a.bend, b.bend)
	}
}
