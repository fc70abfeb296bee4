package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/centralita/centralita/dsp/dtmf"
	"github.com/centralita/centralita/dsp/progress"
	"github.com/centralita/centralita/dsp/tone/plan"
)

// country is a plan chosen on the command line.
type country struct{ plan.Plan }

// UnmarshalText takes the code of a country, large or small.
func (c *country) UnmarshalText(b []byte) error {
	p, ok := plan.For(strings.ToUpper(string(b)))
	if !ok {
		return fmt.Errorf("there is no plan for %q; there are %s", b, strings.Join(plan.Countries(), " "))
	}
	c.Plan = p
	return nil
}

type tonesCmd struct {
	Country   country `xor:"plan" required:"" placeholder:"CC" help:"Whose plan counts: a code such as ES, MX, US."`
	Plan      string  `xor:"plan" required:"" placeholder:"PLAN" help:"Or a file with the plan, as listen learn prints it."`
	AwaitDial bool    `help:"Every tone of 0.9 s is dial tone, also where the recording ends or a ringback of the same frequency may follow. Without it a tone that turned out to be dial tone is told at 0.9 s too, as by a line that waits for it, until a key or another tone was heard."`
	File      string  `arg:"" help:"Recording."`
}

// Run prints the tones.
func (c *tonesCmd) Run(e *ear) error {
	p := c.Country.Plan
	if c.Plan != "" {
		b, err := read(c.Plan)
		if err != nil {
			return err
		}
		if p, err = plan.Parse(string(b)); err != nil {
			return cannot("read", c.Plan, err)
		}
	}
	x, err := load(c.File, e.channel)
	if err != nil {
		return err
	}
	found := tones(x, p, c.AwaitDial)
	if c.Plan == "" {
		found = slices.DeleteFunc(found, func(f finding) bool { return !slices.Contains(told, f.of) })
	}
	return e.say(found, func(f finding) string { return f.what })
}

// told are the tones of a country that listen tones tells; by a plan from a file,
// and in listen all, every one is.
var told = []string{"dial", "ring", "busy", "congestion", "info", "unobtainable"}

// called is what a tone is called in print.
func called(k plan.Kind) string {
	if k == plan.Ringback {
		return "ring"
	}
	return k.String()
}

// ended is printed for the end of a tone.
const ended = "-"

// tones finds the call-progress tones of a plan: one finding when it is
// decided, one when it ended. Dial tone that turns out to be one is told when a
// line decides it that waits for it, as a line does until something was dialled:
// after 0.9 s, when ringback of the same frequency might still follow. With await
// every long tone is told so.
func tones(x []int16, p plan.Plan, await bool) []finding {
	out := follow(x, p, await)
	if await || !slices.ContainsFunc(out, isDial) {
		return out
	}
	dialled := length(x)
	if pressed := keys(x, dtmf.IVR); len(pressed) > 0 {
		dialled = pressed[0].from
	}
	waiting := slices.DeleteFunc(follow(x, p, true), func(f finding) bool { return !isDial(f) })
	for i, f := range out {
		if f.of != plan.Dial.String() || f.from > dialled {
			break // the line waits for dial tone no more
		}
		for _, w := range waiting {
			if isDial(f) && w.from <= f.from && (i == 0 || w.from >= out[i-1].from) {
				out[i].from, out[i].more = w.from, w.more
			}
		}
	}
	return out
}

// isDial reports whether dial tone begins here.
func isDial(f finding) bool { return f.what == plan.Dial.String() }

// follow is tones as one detector hears them.
func follow(x []int16, p plan.Plan, await bool) []finding {
	d := progress.New(p)
	d.AwaitDial, d.FromSilence = await, true
	var out []finding
	var events []progress.Event
	for _, f := range frames(x) {
		events = d.Process(&f, events[:0])
		for _, v := range events {
			w := called(v.Kind)
			if !v.Ended {
				out = append(out, finding{from: v.At, to: length(x), kind: "tone", of: w, what: w, more: measures(v)})
				continue
			}
			if n := len(out); n > 0 {
				out[n-1].to = v.At
			}
			out = append(out, finding{from: v.At, to: v.At, kind: "tone", of: w, what: ended, more: w})
		}
	}
	return out
}

// measures writes what was measured of a tone.
func measures(v progress.Event) string {
	s := fmt.Sprintf("%d", v.Hz[0])
	if v.Hz[1] != 0 {
		s += fmt.Sprintf("+%d", v.Hz[1])
	}
	s += " Hz "
	if v.On == 0 {
		s += "continuous"
	} else {
		s += fmt.Sprintf("%d/%d ms", v.On, v.Off)
	}
	return s + fmt.Sprintf(", %.1f dBm0", v.Level)
}
