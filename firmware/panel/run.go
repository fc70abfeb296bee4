package panel

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
	"github.com/centralita/centralita/hal/display"
	"github.com/centralita/centralita/hal/led"
)

// again is how soon a front that does not answer is asked again.
const again = 5 * time.Second

// Panel drives the fronts of the box. Make it with New, then Run it.
type Panel struct {
	store *view.Store
	log   *slog.Logger
	keys  chan Key
	frame atomic.Pointer[Frame]

	now  func() time.Time
	stop func(tel.PortID) // nil: no test is stopped here

	// Of Run alone.
	state    State
	screens  []*screen
	strips   []*strip
	counters []*counter
	zone     *time.Location
	zoneOf   string
}

// Front is one front of the box, of which any part may be absent.
type Front struct {
	Display display.Display
	Strip   led.Strip
	Digits  Digits
	// Also are what the last lamps of the strip before health show; the others are ports.
	Also []Signal
	// Told, where set, is told by Run when a part, "display", "lamps" or "digits", cannot be
	// shown on, and with nil when it can again. Without it the log is.
	Told func(part string, err error)
}

// New returns the driver of a front. Either of d and s may be nil.
func New(store *view.Store, d display.Display, s led.Strip, log *slog.Logger) *Panel {
	p := &Panel{store: store, log: log, keys: make(chan Key, 8), zone: time.UTC, now: time.Now}
	p.Add(Front{Display: d, Strip: s})
	p.frame.Store(&Frame{})
	return p
}

// Add adds a front that shows the same. Call it before Run.
func (p *Panel) Add(f Front) {
	if f.Told == nil {
		f.Told = p.told
	}
	if f.Display != nil {
		s := newScreen(f.Display)
		s.state = condition{part: "display", told: f.Told}
		p.screens = append(p.screens, s)
	}
	if f.Strip != nil {
		n := f.Strip.Lamps() + 1
		p.strips = append(p.strips, &strip{strip: f.Strip, lamps: make([]led.Colour, n), known: make([]bool, n), also: f.Also, state: condition{part: "lamps", told: f.Told}})
	}
	if f.Digits != nil {
		p.counters = append(p.counters, &counter{digits: f.Digits, state: condition{part: "digits", told: f.Told}})
	}
}

func (p *Panel) told(part string, err error) {
	if err != nil {
		p.log.Error("cannot show the house on the front; trying on", "part", part, "err", err)
	}
}

// SetClock makes now say what time it is, on the clock of the pictures; without it
// that is time.Now. Call it before Run.
func (p *Panel) SetClock(now func() time.Time) { p.now = now }

// OnStop makes stop end the test of a line that the key OK is to stop. It runs within
// Run. Call it before Run.
func (p *Panel) OnStop(stop func(line tel.PortID)) { p.stop = stop }

// Before shows a picture of the start. Call it before Run.
func (p *Panel) Before(s *view.Snapshot) { p.show(s, p.now()) }

// Press hands in a key; when eight are waiting it is lost.
func (p *Panel) Press(k Key) {
	select {
	case p.keys <- k:
	default:
	}
}

// Frame returns what the front shows now.
func (p *Panel) Frame() Frame { return *p.frame.Load() }

// Run shows every picture until ctx ends. It sleeps until a picture, a key, or
// the next instant at which a lamp or a row changes.
func (p *Panel) Run(ctx context.Context) {
	for {
		changed := p.store.Changed()
		now := p.now()
		next := p.show(p.store.Get(), now)
		timer := time.NewTimer(max(next.Sub(now), time.Millisecond))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-changed:
		case k := <-p.keys:
			s, now := p.store.Get(), p.now()
			if line, ok := p.state.Stops(k, s, now); ok && p.stop != nil {
				p.stop(line)
			}
			p.state.Press(k, s, now)
		case <-timer.C:
		}
		timer.Stop()
	}
}

// show brings the front to the picture at now and returns when to look again.
func (p *Panel) show(s *view.Snapshot, now time.Time) time.Time {
	if s.TimeZone != p.zoneOf {
		p.zoneOf, p.zone = s.TimeZone, time.UTC
		if z, err := time.LoadLocation(s.TimeZone); err != nil {
			p.log.Warn("cannot find the office's time zone: the display shows UTC", "zone", s.TimeZone, "err", err)
		} else {
			p.zone = z
		}
	}
	p.state.Look(s, now)
	page, turns := p.state.Page(s, now)
	light, dims := p.state.Light(now)
	at := now.In(p.zone)
	f := Render(s, at, page, s.Lang)
	next := earliest(f.Next, turns, dims)
	if until, ok := p.state.Taken(now); ok {
		f.Health, next = view.Accepted, earliest(next, until)
	}
	p.frame.Store(&f)
	failing := false
	for _, o := range p.screens {
		text := rows{f.Rows[:], f.Signs[:]}
		if o.small() {
			small := RenderSmall(s, at, page, s.Lang)
			text, next = rows{small.Rows[:], small.Signs[:]}, earliest(next, small.Next)
		}
		failing = o.state.is(o.write(text, light)) || failing
	}
	for _, o := range p.strips {
		failing = o.state.is(o.glow(f, &p.state, now, &next)) || failing
	}
	for _, o := range p.counters {
		text, changes := Count(s, at)
		next = earliest(next, changes)
		failing = o.state.is(o.show(text, light)) || failing
	}
	if failing {
		next = earliest(next, now.Add(again))
	}
	return next
}

func ledColour(c view.Colour) led.Colour {
	switch c {
	case view.Green:
		return led.Green
	case view.Red:
		return led.Red
	case view.Amber:
		return led.Amber
	case view.DimAmber:
		return led.DimAmber
	}
	return led.Dark
}

// earliest returns the first of the instants that are set.
func earliest(list ...time.Time) time.Time {
	var first time.Time
	for _, t := range list {
		if !t.IsZero() && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	return first
}
