package portleg_test

import (
	"context"
	"errors"
	"math"
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

// socket is a port whose audio is given.
type socket struct {
	audio  port.Audio
	info   port.Info
	events chan port.Event
}

func (s *socket) Info() port.Info            { return s.info }
func (s *socket) Events() <-chan port.Event  { return s.events }
func (s *socket) Command(port.Command) error { return nil }
func (s *socket) Audio() port.Audio          { return s.audio }
func (s *socket) Close() error               { return nil }

// pump returns a pump that works until the test ends.
func pump(t *testing.T, audio port.Audio, info port.Info) *portleg.Pump {
	t.Helper()
	return run(t, portleg.Config{Port: &socket{audio: audio, info: info}})
}

func run(t *testing.T, cfg portleg.Config) *portleg.Pump {
	t.Helper()
	p, err := portleg.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	start(t, p)
	return p
}

// start lets a pump work until the test ends.
func start(t *testing.T, p *portleg.Pump) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { p.Run(ctx); close(done) }()
	t.Cleanup(func() { cancel(); <-done })
}

// crystal is the audio of a port whose clock is off by ppm: a tone goes in, and
// what comes out is looked at as it passes.
type crystal struct {
	frame time.Duration // 20 ms of this clock
	hz    float64

	mu    sync.Mutex
	next  time.Time
	n     int
	hear  func(f *pcm.Frame)
	err   error
	reads int
}

func newCrystal(ppm, hz float64) *crystal {
	return &crystal{frame: time.Duration(20e6 / (1 + ppm/1e6)), hz: hz, next: time.Now()}
}

func (c *crystal) Read(f *pcm.Frame) error {
	c.mu.Lock()
	c.reads++
	if err := c.err; err != nil { // at once
		c.next = time.Now()
		c.mu.Unlock()
		return err
	}
	if now := time.Now(); now.Sub(c.next) > 5*c.frame {
		c.next = now // nobody read it for a while
	}
	c.next = c.next.Add(c.frame)
	wait := time.Until(c.next)
	for i := range f {
		f[i] = int16(6000 * math.Sin(2*math.Pi*c.hz*float64(c.n)/pcm.Rate))
		c.n++
	}
	c.mu.Unlock()
	<-time.After(wait)
	return nil
}

func (c *crystal) Write(f *pcm.Frame) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.hear != nil {
		c.hear(f)
	}
	return nil
}

// fail lets it fail, or work again.
func (c *crystal) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = err
}

// count returns how often it was read.
func (c *crystal) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.reads
}

// smooth fails when a tone that was heard bends more than a tone can.
type smooth struct {
	t     *testing.T
	who   string
	max   int
	n     int
	a, b  int
	begin int // samples before it has settled
}

func (s *smooth) hear(f *pcm.Frame) {
	for _, v := range f {
		s.n++
		if bend := int(v) - 2*s.b + s.a; s.n > s.begin && (bend > s.max || bend < -s.max) {
			s.t.Errorf("%s hears a click of %d after %.1f s", s.who, bend, float64(s.n)/pcm.Rate)
			s.max = 1 << 20
		}
		s.a, s.b = s.b, int(v)
	}
}

// far is the other party of a bridge: on the engine's own clock.
type far struct {
	n    int
	hear func(f *pcm.Frame)
}

func (e *far) Read(f *pcm.Frame) bool {
	for i := range f {
		f[i] = int16(6000 * math.Sin(2*math.Pi*500*float64(e.n)/pcm.Rate))
		e.n++
	}
	return true
}
func (e *far) Write(f *pcm.Frame) { e.hear(f) }
func (e *far) Stats() media.Stats { return media.Stats{} }
func (e *far) Close() error       { return nil }

func TestAPortOf200PPMIsBridgedWithoutClickOrGrowth(t *testing.T) {
	for _, ppm := range []float64{-200, 200} {
		synctest.Test(t, func(t *testing.T) {
			engine := media.New(media.Config{Shards: 1})
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- engine.Run(ctx) }()

			const settle = 5 * pcm.Rate
			c := newCrystal(ppm, 440)
			// 440 and 500 Hz at 6000 bend by 716 and 924 at most.
			c.hear = (&smooth{t: t, who: "the line", max: 1100, begin: settle}).hear
			other := &far{hear: (&smooth{t: t, who: "the other", max: 900, begin: settle}).hear}
			leg := pump(t, c, port.Info{Kind: port.FXS}).Leg()
			for id, ep := range map[tel.LegID]media.Endpoint{1: leg, 2: other} {
				if err := engine.Attach(media.Leg{ID: id, Call: "1-1", Endpoint: ep}); err != nil {
					t.Fatal(err)
				}
				engine.Join(id, "1-1")
			}
			deepest := time.Duration(0)
			for range 7 { // three and a half minutes: twice round the two clocks
				<-time.After(30 * time.Second)
				synctest.Wait()
				deepest = max(deepest, leg.Stats().Depth)
			}
			s := leg.Stats()
			if deepest > 100*time.Millisecond || s.Late != 0 || s.Concealed > 10 {
				t.Errorf("%v ppm: deepest %v, %+v", ppm, deepest, s)
			}
			if math.Abs(float64(s.DriftPPM)-ppm) > 700 || s.DriftPPM == 0 {
				t.Errorf("%v ppm is measured as %d", ppm, s.DriftPPM)
			}
			engine.Detach(1)
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
			<-time.After(100 * time.Millisecond)
		})
	}
}

func TestThePumpEndsWithThePort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrystal(0, 440)
		leg := pump(t, c, port.Info{Kind: port.FXS}).Leg()
		<-time.After(time.Second)
		c.fail(port.ErrClosed)
		<-time.After(time.Second)
		if n := c.count(); n > 60 {
			t.Errorf("%d reads: it goes on reading a closed port", n)
		}
		var f pcm.Frame
		for range 100 {
			leg.Read(&f)
		}
		if !f.Silent() {
			t.Error("a dead port makes sound")
		}
	})
}

func TestAPortThatFailsNowAndThenIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrystal(0, 440)
		leg := pump(t, c, port.Info{Kind: port.FXS}).Leg()
		for range 10 {
			c.fail(errors.New("crackle"))
			<-time.After(200 * time.Millisecond)
			c.fail(nil)
			<-time.After(200 * time.Millisecond)
		}
		if n := c.count(); n < 190 {
			t.Errorf("%d reads in four seconds", n)
		}
		if err := leg.Close(); err != nil {
			t.Error(err)
		}
		<-time.After(100 * time.Millisecond)
	})
}

func TestAGapOfThePortIsConcealedNotCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrystal(0, 200)
		leg := pump(t, c, port.Info{Kind: port.FXS}).Leg()
		var f pcm.Frame
		gaps := 0
		for range 20 { // faster than the port: it must run dry
			for range 5 {
				<-time.After(20 * time.Millisecond)
				leg.Read(&f)
			}
			for leg.Read(&f) {
				continue
			}
			gaps++
			if f.Silent() {
				t.Errorf("gap %d begins with silence", gaps)
			}
			<-time.After(100 * time.Millisecond)
		}
		if err := leg.Close(); err != nil {
			t.Error(err)
		}
		<-time.After(100 * time.Millisecond)
	})
}
