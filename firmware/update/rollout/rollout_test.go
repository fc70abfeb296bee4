package rollout_test

import (
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/update/ctl"
	"github.com/centralita/centralita/firmware/update/rollout"
)

var noon = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

func TestWhatABoxDoesByItself(t *testing.T) {
	wide, none := ctl.Rollout(nil), ctl.Rollout{ctl.Canary: 100}
	type S = rollout.Settings
	type X = rollout.Situation
	for name, c := range map[string]struct {
		s    func(*S)
		x    func(*X)
		want rollout.Action
		why  string
	}{
		"asks at first":                 {nil, func(x *X) { x.Checked = time.Time{} }, rollout.Check, ""},
		"rests when nothing is offered": {nil, nil, rollout.Rest, "up to date"},
		"asks again after a while":      {nil, func(x *X) { x.Checked = noon.Add(-7 * time.Hour) }, rollout.Check, ""},
		"off":                           {func(s *S) { s.Off = true }, func(x *X) { x.Checked = time.Time{} }, rollout.Rest, "automatic updates are off"},
		"not right after a start":       {nil, func(x *X) { x.Up, x.Checked = noon.Add(-time.Minute), time.Time{} }, rollout.Rest, "the house has just started"},
		"not during a trial":            {nil, func(x *X) { x.Trial, x.Offered.Number = true, 5 }, rollout.Rest, "a trial goes on"},
		"stages what is offered":        {nil, func(x *X) { x.Offered.Number = 5 }, rollout.Stage, ""},
		"not an older one":              {nil, func(x *X) { x.Offered.Number = 3 }, rollout.Rest, "up to date"},
		"not the same one":              {nil, func(x *X) { x.Offered.Number = 4 }, rollout.Rest, "up to date"},
		"not one for other rings":       {nil, func(x *X) { x.Offered = ctl.Manifest{Number: 5, Rollout: none} }, rollout.Rest, "up to date"},
		"its ring":                      {func(s *S) { s.Ring = ctl.Canary }, func(x *X) { x.Offered = ctl.Manifest{Number: 5, Rollout: none} }, rollout.Stage, ""},
		"all rings":                     {nil, func(x *X) { x.Offered = ctl.Manifest{Number: 5, Rollout: wide} }, rollout.Stage, ""},
		"not one that fell back":        {nil, func(x *X) { x.Offered.Number, x.Failed = 5, []uint64{5} }, rollout.Rest, "up to date"},
		"the one after it":              {nil, func(x *X) { x.Offered.Number, x.Failed = 6, []uint64{5} }, rollout.Stage, ""},
		"waits for the hour":            {nil, func(x *X) { x.Staged = 5 }, rollout.Rest, "it waits for 02:00"},
		"starts within the hours":       {nil, func(x *X) { x.Staged, x.Now = 5, noon.Add(15*time.Hour) }, rollout.Start, ""},
		"a staged one that fell back":   {nil, func(x *X) { x.Staged, x.Now, x.Failed = 5, noon.Add(15*time.Hour), []uint64{5} }, rollout.Check, ""},
		"starts what is staged, once":   {nil, func(x *X) { x.Staged, x.Now, x.Armed = 5, noon.Add(15*time.Hour), true }, rollout.Rest, "a start is on its way"},
		"a newer one is staged before":  {nil, func(x *X) { x.Staged, x.Offered.Number, x.Now = 5, 6, noon.Add(15*time.Hour) }, rollout.Stage, ""},
		"a newer one for others is not": {nil, func(x *X) {
			x.Staged, x.Offered = 5, ctl.Manifest{Number: 6, Rollout: none}
			x.Now = noon.Add(15 * time.Hour)
		}, rollout.Start, ""},
		"postponed": {nil, func(x *X) {
			x.Staged, x.Now, x.Postponed = 5, noon.Add(15*time.Hour), noon.Add(48*time.Hour)
			x.Checked = x.Now
		}, rollout.Rest, "postponed until 2026-11-30 12:00"},
		"postponed long ago":              {nil, func(x *X) { x.Staged, x.Now, x.Postponed = 5, noon.Add(15*time.Hour), noon }, rollout.Start, ""},
		"the hour is unknown":             {nil, func(x *X) { x.Staged, x.Now, x.Trusted = 5, noon.Add(15*time.Hour), false; x.Checked = x.Now }, rollout.Rest, "the hour is not known"},
		"at any time":                     {func(s *S) { s.From, s.To = 0, 0 }, func(x *X) { x.Staged = 5 }, rollout.Start, ""},
		"the old one in the other slot":   {nil, func(x *X) { x.Staged, x.Now = 3, noon.Add(15*time.Hour); x.Checked = x.Now }, rollout.Rest, "up to date"},
		"checks while a staged one waits": {nil, func(x *X) { x.Staged, x.Checked = 5, noon.Add(-8*time.Hour) }, rollout.Check, ""},
	} {
		s := S{Site: "salta-1", Ring: ctl.Broad, From: 2 * time.Hour, To: 4 * time.Hour, Location: time.UTC}
		x := X{Now: noon, Trusted: true, Up: noon.Add(-time.Hour), Checked: noon.Add(-time.Hour), Running: 4}
		if c.s != nil {
			c.s(&s)
		}
		if c.x != nil {
			c.x(&x)
		}
		if got, why := rollout.Decide(s, x); got != c.want || why != c.why {
			t.Errorf("%s: %s (%s), want %s (%s)", name, got, why, c.want, c.why)
		}
	}
}

func TestHoursMayPassMidnight(t *testing.T) {
	s := rollout.Settings{From: 23 * time.Hour, To: 5 * time.Hour, Location: time.FixedZone("ART", -3*3600)}
	for hour, want := range map[int]bool{1: false, 2: true, 7: true, 8: false, 12: false} { // of UTC
		if got := rollout.Within(s, time.Date(2026, 11, 28, hour, 0, 0, 0, time.UTC)); got != want {
			t.Errorf("%d h UTC: %v", hour, got)
		}
	}
}
