package main

import (
	"fmt"
	"strings"

	"github.com/centralita/centralita/dsp/progress"
	"github.com/centralita/centralita/dsp/tone/plan"
)

type learnCmd struct {
	As   string `enum:"dial,ring,busy,congestion,unobtainable,disconnect" default:"disconnect" help:"What the tone means in the plan: dial, ring, busy, congestion, unobtainable or disconnect, which is what a line sounds when the other end has hung up."`
	File string `arg:"" help:"Recording of one tone; two periods of it are enough."`
}

// Run prints the plan of the cadence.
func (c *learnCmd) Run(e *ear) error {
	x, err := load(c.File, e.channel)
	if err != nil {
		return err
	}
	var l progress.Learner
	for _, f := range frames(settled(x)) {
		l.Process(&f)
	}
	found, ok := l.Found()
	if !ok {
		fmt.Fprintf(e.notes, "no steady cadence was found in %s: record two periods of it, or three seconds of a continuous tone\n", c.File)
		return nil
	}
	var p plan.Plan
	for k := range plan.NumKinds {
		if called(k) == c.As {
			p.Signals[k] = found.Signal
		}
	}
	line := strings.TrimSuffix(p.Text(), "\n")
	if _, err := fmt.Fprintf(e.out, "%s # %d periods agree, sure to %.0f %%\n", line, found.Periods, 100*found.Sure); err != nil {
		return fmt.Errorf("cannot print the plan: %w", err)
	}
	return nil
}
