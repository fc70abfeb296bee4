package main

import (
	"fmt"

	"github.com/centralita/centralita/dsp/dtmf"
)

type dtmfCmd struct {
	File string `arg:"" help:"Recording."`
	Mode string `enum:"strict,ivr" default:"ivr" help:"ivr as in a menu; strict as while people talk."`
}

// Run prints the keys.
func (c *dtmfCmd) Run(e *ear) error {
	x, err := load(c.File, e.channel)
	if err != nil {
		return err
	}
	mode := dtmf.IVR
	if c.Mode == "strict" {
		mode = dtmf.Strict
	}
	return e.say(keys(x, mode), func(f finding) string { return f.what })
}

// keys finds the keys in samples; what tells the digit, more the tone's measures.
func keys(x []int16, mode dtmf.Mode) []finding {
	d := dtmf.Detector{Mode: mode}
	var out []finding
	var events []dtmf.Event
	for _, f := range frames(settled(x)) {
		events = d.Process(&f, events[:0])
		for _, v := range events {
			if v.Down {
				out = append(out, finding{
					from: v.At, to: length(x), kind: "dtmf", what: string(v.Digit),
					more: fmt.Sprintf("low %+.1f high %+.1f dBm0, off %+.1f %+.1f Hz", v.Low, v.High, v.OffLow, v.OffHi),
				})
			} else if n := len(out); n > 0 {
				out[n-1].to = v.At
			}
		}
	}
	return out
}
