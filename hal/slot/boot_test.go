package slot_test

import (
	"errors"
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
	all, neither := "ab", ""
	for name, c := range map[string]struct {
		r       slot.Record
		unknown bool
		loads   string // the slots that can be loaded
		deaf    bool   // the record cannot be written
		want    slot.Start
		saves   int
		why     string
		try     slot.ID
	}{
		"the good one":                         {r: standing, loads: all, want: slot.Start{Slot: slot.A}},
		"the other good one":                   {r: slot.Record{Good: slot.B, A: one, B: two}, loads: all, want: slot.Start{Slot: slot.B}},
		"good is broken":                       {r: standing, loads: "b", want: slot.Start{Slot: slot.B}},
		"good is broken, the other is empty":   {r: lone, loads: "b", want: slot.Start{}},
		"nothing loads":                        {r: standing, loads: neither, want: slot.Start{}},
		"a trial begins":                       {r: trial, loads: all, want: slot.Start{Slot: slot.B, Trial: true}, saves: 1, try: slot.B},
		"a trial has ended":                    {r: spent, loads: all, want: slot.Start{Slot: slot.A}, saves: 1, why: "b/ended"},
		"a trial cannot be loaded":             {r: trial, loads: "a", want: slot.Start{Slot: slot.A}, saves: 2, why: "b/unbootable"},
		"a trial of an empty slot":             {r: emptied, loads: all, want: slot.Start{Slot: slot.A}, saves: 1, why: "b/ended"},
		"a trial that cannot be counted":       {r: trial, loads: all, deaf: true, want: slot.Start{Slot: slot.A}, saves: 1},
		"no record":                            {unknown: true, loads: all, want: slot.Start{Slot: slot.A}},
		"no record, a broken":                  {unknown: true, loads: "b", want: slot.Start{Slot: slot.B}},
		"no record, nothing loads":             {unknown: true, loads: neither, want: slot.Start{}},
		"ended, and good is broken as well":    {r: spent, loads: "b", want: slot.Start{Slot: slot.B}, saves: 1, why: "b/ended"},
		"ended, cannot be written, starts yet": {r: spent, loads: all, deaf: true, want: slot.Start{Slot: slot.A}, saves: 1},
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
			if !c.deaf && !c.unknown && (saved.Why != c.why || saved.Try != c.try) {
				t.Errorf("the record says try %q, why %q; want %q and %q", saved.Try, saved.Why, c.try, c.why)
			}
			if saved.Tries < 0 {
				t.Errorf("%d tries left", saved.Tries)
			}
		})
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
