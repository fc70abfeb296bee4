package slot_test

import (
	"errors"
	"maps"
	"math/rand/v2"
	"testing"

	"github.com/centralita/centralita/hal/slot"
)

func TestBootFollowsItsRule(t *testing.T) {
	one, two := slot.Image{Number: 1, Version: "0.9.4"}, slot.Image{Number: 2, Version: "0.9.5"}
	trial := slot.Record{Good: slot.A, Try: slot.B, Tries: 1, A: one, B: two}
	spent := trial
	spent.Tries = 0
	emptied := trial
	emptied.B = slot.Image{}
	standing := slot.Record{Good: slot.A, A: one, B: two}
	lone := slot.Record{Good: slot.A, A: one}
	lost := slot.Record{Good: slot.A} // made anew by a system that does not know itself
	after := func(r slot.Record, fails int) slot.Record { r.Fails = fails; return r }
	floor := func(r slot.Record, n uint64) slot.Record { r.Floor = n; return r }
	all, neither := "ab", ""
	a, b := slot.Start{Slot: slot.A, Counted: true}, slot.Start{Slot: slot.B, Counted: true}
	for name, c := range map[string]struct {
		r       slot.Record
		unknown bool
		loads   string // the slots that can be loaded
		deaf    bool   // the record cannot be written
		want    slot.Start
		saves   int
		why     string
		try     slot.ID
		fails   int
	}{
		"the good one":                         {r: standing, loads: all, want: a, saves: 1, fails: 1},
		"the other good one":                   {r: slot.Record{Good: slot.B, A: one, B: two}, loads: all, want: b, saves: 1, fails: 1},
		"good is broken":                       {r: standing, loads: "b", want: b, saves: 1, fails: 1},
		"good is broken, the other too old":    {r: floor(standing, 3), loads: "b", want: slot.Start{}, saves: 2},
		"good is broken, the other is empty":   {r: lone, loads: "b", want: slot.Start{}, saves: 2},
		"nothing is known of the good one":     {r: lost, loads: all, want: a, saves: 1, fails: 1},
		"nothing loads":                        {r: standing, loads: neither, want: slot.Start{}, saves: 2},
		"a trial begins":                       {r: trial, loads: all, want: slot.Start{Slot: slot.B, Trial: true}, saves: 1, try: slot.B},
		"a trial is not counted in fails":      {r: after(trial, 3), loads: all, want: slot.Start{Slot: slot.B, Trial: true}, saves: 1, try: slot.B, fails: 3},
		"a trial has ended":                    {r: spent, loads: all, want: a, saves: 2, why: "b/ended", fails: 1},
		"a trial cannot be loaded":             {r: trial, loads: "a", want: a, saves: 3, why: "b/unbootable", fails: 1},
		"a trial of an empty slot":             {r: emptied, loads: all, want: a, saves: 2, why: "b/ended", fails: 1},
		"a trial that cannot be counted":       {r: trial, loads: all, deaf: true, want: slot.Start{Slot: slot.A}, saves: 2},
		"no record":                            {unknown: true, loads: all, want: slot.Start{Slot: slot.A}},
		"no record, a broken":                  {unknown: true, loads: "b", want: slot.Start{Slot: slot.B}},
		"no record, nothing loads":             {unknown: true, loads: neither, want: slot.Start{}},
		"ended, and good is broken as well":    {r: spent, loads: "b", want: b, saves: 2, why: "b/ended", fails: 1},
		"ended, cannot be written, starts yet": {r: spent, loads: all, deaf: true, want: slot.Start{Slot: slot.A}, saves: 2},
		"the last chance":                      {r: after(standing, 3), loads: all, want: a, saves: 1, fails: 4},
		"no chance left":                       {r: after(standing, 4), loads: all, want: b, saves: 1, why: "a/starts", fails: 5},
		"no chance left, the other is empty":   {r: after(lone, 4), loads: all, want: slot.Start{}, saves: 1, why: "a/starts"},
		"no chance left, the other too old":    {r: floor(after(standing, 4), 3), loads: all, want: slot.Start{}, saves: 1, why: "a/starts"},
		"no chance left, the other at floor":   {r: floor(after(standing, 4), 2), loads: all, want: b, saves: 1, why: "a/starts", fails: 5},
		"no chance left, the other broken":     {r: after(standing, 4), loads: "a", want: slot.Start{}, saves: 2, why: "a/starts"},
		"the other did not come up either":     {r: after(standing, 5), loads: all, want: slot.Start{}, saves: 1, why: "a/starts"},
		"more than was ever counted":           {r: after(standing, 9), loads: all, want: slot.Start{}, saves: 1, why: "a/starts"},
		"no chance left, cannot be written":    {r: after(standing, 4), loads: all, deaf: true, want: slot.Start{Slot: slot.A}, saves: 1},
		"recovery is due, cannot be written":   {r: after(standing, 5), loads: all, deaf: true, want: slot.Start{Slot: slot.A}, saves: 1},
		"a trial ended, no chance left":        {r: after(spent, 4), loads: all, want: b, saves: 2, why: "a/starts", fails: 5},
	} {
		t.Run(name, func(t *testing.T) {
			saved := c.r
			saves := 0
			got := slot.Boot(c.r, !c.unknown, func(id slot.ID) bool {
				return id != slot.None && len(c.loads) > 0 && (c.loads == all || c.loads == string(id))
			},
				func(r slot.Record) error {
					saves++
					if c.deaf {
						return errors.New("the disk is read-only")
					}
					saved = r
					return nil
				})
			if got != c.want || saves != c.saves {
				t.Errorf("started %+v with %d writes, want %+v with %d", got, saves, c.want, c.saves)
			}
			if !c.deaf && !c.unknown && (saved.Why != c.why || saved.Try != c.try || saved.Fails != c.fails) {
				t.Errorf("the record says try %q, why %q, fails %d; want %q, %q, %d", saved.Try, saved.Why, saved.Fails, c.try, c.why, c.fails)
			}
			if saved.Tries < 0 {
				t.Errorf("%d tries left", saved.Tries)
			}
		})
	}
}

// Whatever the record says and whatever a start comes to, within Chances and two more
// the good slot, the other if it is fit, and the recovery have all been started; and a
// start that somebody called well is one of the good slot ever after.
func TestNoStartIsTheLast(t *testing.T) {
	lot := rand.New(rand.NewPCG(5, 5))
	for range 20_000 {
		r := slot.Record{Good: []slot.ID{slot.A, slot.B}[lot.IntN(2)], Tries: lot.IntN(3), Fails: lot.IntN(slot.MaxFails + 1), Floor: lot.Uint64N(4)}
		r.Try = []slot.ID{slot.None, slot.None, slot.A, slot.B}[lot.IntN(4)]
		r = r.With(slot.A, slot.Image{Number: lot.Uint64N(4)}).With(slot.B, slot.Image{Number: lot.Uint64N(4)})
		fit := r.Of(r.Good.Other()).Full() && r.Of(r.Good.Other()).Number >= r.Floor
		begin := r
		boot := func() slot.Start {
			return slot.Boot(r, true, func(slot.ID) bool { return true }, func(n slot.Record) error { r = n; return nil })
		}
		seen := map[slot.ID]int{}
		round := slot.Chances + 1
		if fit {
			round++
		}
		for boot().Slot != slot.None { // what was counted before
		}
		for i := range 3 * round {
			s := boot()
			if seen[s.Slot]++; s.Trial || s.Counted != (s.Slot != slot.None) || r.Fails > slot.Chances+1 || (s.Slot == slot.None) != (r.Fails == 0) {
				t.Fatalf("%+v: start %d is %+v, the record %+v", begin, i, s, r)
			}
		}
		want := map[slot.ID]int{r.Good: 3 * slot.Chances, slot.None: 3}
		if fit {
			want[r.Good.Other()] = 3
		}
		if !maps.Equal(seen, want) {
			t.Fatalf("%+v: started %v, want %v", begin, seen, want)
		}
		for range 20 {
			if s := boot(); s.Slot != r.Good {
				t.Fatalf("%+v: a box that is well started %+v", begin, s)
			}
			r.Fails = 0
		}
	}
}

func TestOtherAndParse(t *testing.T) {
	for id, other := range map[slot.ID]slot.ID{slot.A: slot.B, slot.B: slot.A, slot.None: slot.None} {
		if id.Other() != other {
			t.Errorf("beside %q is %q", id, id.Other())
		}
	}
	if _, err := slot.Parse("c"); err == nil {
		t.Error("there is a slot c")
	}
	if id, err := slot.Parse("b"); id != slot.B || err != nil {
		t.Errorf("b is %q, %v", id, err)
	}
}

func TestARecordKeepsItsImagesApart(t *testing.T) {
	r := slot.Record{}.With(slot.A, slot.Image{Number: 3}).With(slot.B, slot.Image{Number: 4}).With(slot.None, slot.Image{Number: 5})
	if r.Of(slot.A).Number != 3 || r.Of(slot.B).Number != 4 || r.Of(slot.None).Full() {
		t.Errorf("a holds %d, b %d, none %d", r.Of(slot.A).Number, r.Of(slot.B).Number, r.Of(slot.None).Number)
	}
}
