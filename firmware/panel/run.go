package panel

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/centralita/centralita/firmware/view"
	"github.com/centralita/centralita/hal/display"
	"github.com/centralita/centralita/hal/led"
)

// Panel drives the front of the box. Make it with New, then Run it.
type Panel struct {
	store   *view.Store
	display display.Display // nil: the box has none
	strip   led.Strip       // nil: the box has none
	log     *slog.Logger
	keys    chan Key
	frame   atomic.Pointer[Frame]

	// Of Run alone.
	state   State
	rows    [Rows]string // as the display shows them; "" not known
	light   display.Light
	lit     bool // light is known
	lamps   []led.Colour
	known   []bool // lamps[i] is known
	zone    *time.Location
	zoneOf  string
	failing bool
}

// New returns the driver of a front. Either of d and s may be nil.
func New(store *view.Store, d display.Display, s led.Strip, log *slog.Logger) *Panel {
	p := &Panel{store: store, display: d, strip: s, log: log, keys: make(chan Key, 8), zone: time.UTC}
	if s != nil {
		p.lamps, p.known = make([]led.Colour, s.Lamps()+1), make([]bool, s.Lamps()+1)
	}
	p.frame.Store(&Frame{})
	return p
}

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
	p.define()
	for {
		changed := p.store.Changed()
		now := time.Now()
		next := p.show(p.store.Get(), now)
		timer := time.NewTimer(max(next.Sub(now), time.Millisecond))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-changed:
		case k := <-p.keys:
			p.state.Press(k, p.store.Get(), time.Now())
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
	f := Render(s, now.In(p.zone), page, s.Lang)
	next := earliest(f.Next, turns, dims)
	p.frame.Store(&f)
	err := errors.Join(p.write(f, light), p.glow(f, now, &next))
	if err != nil && !p.failing {
		p.log.Error("cannot show the house on the front; trying on", "err", err)
	}
	p.failing = err != nil
	return next
}

// write brings the rows that differ to the display.
func (p *Panel) write(f Frame, light display.Light) error {
	if p.display == nil {
		return nil
	}
	var errs []error
	cols, rows := p.display.Size()
	for i := range min(rows, Rows) {
		row := fit(p.fold(f, i), cols)
		if row == p.rows[i] {
			continue
		}
		if err := p.display.Write(i, row); err != nil {
			p.rows[i] = ""
			errs = append(errs, err)
			continue
		}
		p.rows[i] = row
	}
	if !p.lit || light != p.light {
		err := p.display.Backlight(light)
		p.light, p.lit = light, err == nil
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// glow brings the lamps that differ to the strip, and next to their next step.
func (p *Panel) glow(f Frame, now time.Time, next *time.Time) error {
	if p.strip == nil {
		return nil
	}
	var errs []error
	for i := range p.lamps {
		rhythm := view.Off.Look().Rhythm
		switch {
		case i == len(p.lamps)-1:
			rhythm = f.Health.Rhythm()
		case i < len(f.Lamps):
			rhythm = f.Lamps[i].Lamp.Look().Rhythm
		}
		colour, step := view.ColourAt(rhythm, now)
		*next = earliest(*next, step)
		if c := ledColour(colour); !p.known[i] || c != p.lamps[i] {
			err := p.strip.Set(i, c)
			p.lamps[i], p.known[i] = c, err == nil
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
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
