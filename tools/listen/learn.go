package main

import (
	"fmt"
	"strings"

	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/progress"
	"github.com/centralita/centralita/dsp/tone/plan"
)

// before is the silence taken to precede a recording, in frames: a burst at its
// very beginning is a whole one.
const before = 3

type learnCmd struct {
	As    string   `enum:"dial,ring,busy,congestion,unobtainable,disconnect" default:"disconnect" help:"What the tone means in the plan: dial, ring, busy, congestion, unobtainable or disconnect, which is what a line sounds when the other end has hung up."`
	Files []string `arg:"" name:"file" help:"Recording of one tone: two periods of it are enough, in one file or one in each of two."`
}

// Run prints the plan of the cadence.
func (c *learnCmd) Run(e *ear) error {
	var l progress.Learner
	for _, file := range c.Files {
		x, err := load(file, e.channel)
		if err != nil {
			return err
		}
		for range before {
			l.Process(new(pcm.Frame))
		}
		for _, f := range frames(x) {
			l.Process(&f)
		}
		l.EndCall()
	}
	found, ok := l.Found()
	if !ok {
		fmt.Fprintf(e.notes, "no steady cadence was found in %s: record two periods of it, or three seconds of a continuous tone\n", strings.Join(c.Files, " and "))
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
