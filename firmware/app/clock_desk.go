package app

import (
	"context"
	"fmt"
	"time"

	"github.com/centralita/centralita/firmware/clock"
	"github.com/centralita/centralita/firmware/console"
	"github.com/centralita/centralita/firmware/tel"
)

// clockDesk is the clock as the console asks for it.
type clockDesk struct{ h *House }

// Clock implements console.Time.
func (d clockDesk) Clock() console.ClockState {
	t, now := d.h.clock, time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	changed, by := t.m.Changed()
	c := console.ClockState{
		Time: t.m.Time(now), Zone: d.h.cfg.Site.Location.String(), State: string(t.m.State()), Trusted: t.m.State().Trusted(), Floor: t.m.Floor(),
		Changed: t.m.Time(changed), By: by, System: t.m.Base(now), Beside: t.set, RTC: t.rtcErr,
	}
	if t.below != nil {
		r := t.below.Reading()
		now = time.Now()
		c.Time, c.System, c.Synced = t.m.Time(now), r.Wall, r.Synced
	}
	c.Offset = c.Time.Sub(c.System.Round(0)).Seconds()
	for _, s := range t.m.Told(now) {
		c.Sources = append(c.Sources, console.ClockSource{Source: string(s.Source), Says: s.Says, Offset: s.Ahead.Seconds(),
			Age: now.Sub(s.Heard).Seconds(), Used: s.Used, Doubt: string(s.Doubt), DoubtES: doubts[s.Doubt]})
	}
	return c
}

// SetTime implements console.Time.
func (d clockDesk) SetTime(_ context.Context, who tel.Who, at time.Time) error {
	t, now := d.h.clock, time.Now()
	t.mu.Lock()
	src, ok := t.m.MaySet(now)
	t.mu.Unlock()
	if !ok {
		return bilingual{fmt.Sprintf("No se puede poner la hora: la mantiene la red (%s).", src), fmt.Sprintf("Cannot set the time: the network keeps it (%s).", src)}
	}
	if at.Before(written) || at.After(written.AddDate(20, 0, 0)) {
		return bilingual{fmt.Sprintf("No se puede poner la hora: %s no puede ser.", at.Format(time.DateOnly)), fmt.Sprintf("Cannot set the time: %s cannot be.", at.Format(time.DateOnly))}
	}
	d.h.hearTime(now, clock.Set{At: at, Who: who.Name})
	return nil
}

// bilingual is an error in both languages.
type bilingual struct{ es, en string }

func (b bilingual) Error() string { return b.en }

// In implements console's refusals.
func (b bilingual) In(l tel.Lang) string {
	if l == tel.English {
		return b.en
	}
	return b.es
}
