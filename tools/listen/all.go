package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/centralita/centralita/dsp/dtmf"
	"github.com/centralita/centralita/dsp/fax"
)

type allCmd struct {
	Country country `default:"ES" placeholder:"CC" help:"Whose call-progress tones count: a code such as MX, US (default ES)."`
	Plot    string  `placeholder:"OUT.png" help:"Draw level, spectrogram and findings into this file."`
	File    string  `arg:"" help:"Recording."`
}

// Run prints everything heard.
func (c *allCmd) Run(e *ear) error {
	x, err := load(c.File, e.channel)
	if err != nil {
		return err
	}
	found := everything(x, c.Country)
	if err := e.say(found, finding.line); err != nil || c.Plot == "" {
		return err
	}
	return picture(c.Plot, c.File, x, found)
}

// everything lets all ears hear and puts what they found in order.
func everything(x []int16, c country) []finding {
	data := slices.Concat(keys(x, dtmf.IVR), callers(x, ""), faxes(x), beeps(x, c.Plan))
	return inOrder(slices.Concat(data, tones(x, c.Plan, false), voices(x, data)))
}

// faxes finds the tones of fax machines and modems.
func faxes(x []int16) []finding {
	var d fax.Detector
	var out []finding
	for _, v := range d.Process(settled(x), nil) {
		more := []string{fmt.Sprintf("%.0f Hz", v.Hz), fmt.Sprintf("%.1f dBm0", v.Level)}
		if v.Kind == fax.CNG {
			more = append(more, fmt.Sprintf("burst %d in cadence", v.Count))
		}
		out = append(out, finding{from: v.At, to: v.At + v.Ms, kind: "fax", what: v.Kind.String(), more: strings.Join(more, ", ")})
	}
	return out
}
