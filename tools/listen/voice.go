package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/centralita/centralita/dsp/amd"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/tone/plan"
	"github.com/centralita/centralita/dsp/vad"
)

// What counts as one stretch of voice, in milliseconds.
const (
	breath = 500 // a shorter pause does not end it
	word   = 150 // so much of it must be voice
	edge   = 40  // beside a key or a message is its switching, no voice
)

// voices finds stretches of speech: what the activity detector takes for
// speech, is not a pure tone and not within one of others.
func voices(x []int16, others []finding) []finding {
	d := vad.New(vad.Config{})
	var out []finding
	var spoken int64 // of the last finding
	var loud float64
	end := func() {
		if n := len(out); n > 0 && spoken < word {
			out = out[:n-1]
		} else if n > 0 {
			f := &out[n-1]
			f.what = fmt.Sprintf("%s s", seconds(f.to-f.from))
			f.more = fmt.Sprintf("%.1f dBm0", pcm.DBm0(loud/float64(spoken/vad.BlockMs)))
		}
		spoken, loud = 0, 0
	}
	for _, b := range d.Process(x, nil) {
		if !b.Speech || !b.Active || within(others, b.At) || tonal(x, b.At) {
			continue
		}
		if n := len(out); n == 0 || b.At-out[n-1].to > breath {
			end()
			out = append(out, finding{from: b.At, kind: "voice"})
		}
		out[len(out)-1].to = b.At + vad.BlockMs
		spoken += vad.BlockMs
		rms := pcm.RMS(b.Level)
		loud += rms * rms
	}
	end()
	return out
}

// within reports whether an instant lies in or close beside one of the findings.
func within(found []finding, ms int64) bool {
	return slices.ContainsFunc(found, func(f finding) bool { return ms >= f.from-edge && ms < f.to+edge })
}

// tonal reports whether nearly all the energy around an instant lies in one or
// two frequencies.
func tonal(x []int16, ms int64) bool {
	at := int(ms*pcm.Rate/1000) + vad.BlockMs*pcm.Rate/2000
	power := column(x, at, at)
	var all float64
	for _, p := range power {
		all += p
	}
	var most float64
	for range 2 {
		top := 0
		for k, p := range power {
			if p > power[top] {
				top = k
			}
		}
		for k := max(0, top-2); k <= min(bins-1, top+2); k++ {
			most += power[k]
			power[k] = 0
		}
	}
	return most > 0.97*all
}

// beeps finds single tones as answering machines send them; those of the plan
// and of fax machines are told by others.
func beeps(x []int16, p plan.Plan) []finding {
	known := []float64{1100, 2100}
	for k := range plan.NumKinds {
		hz := p.Signal(k).Hz
		known = append(known, hz...)
		if len(hz) == 2 { // two so close that they beat pass for one between them
			known = append(known, (hz[0]+hz[1])/2)
		}
	}
	for _, o := range p.Others {
		known = append(known, o.Signal.Hz...)
	}
	d := amd.New(amd.Config{})
	var out []finding
	for _, v := range d.Process(settled(x), nil) {
		alike := func(hz float64) bool { return math.Abs(hz-v.Hz) < 0.04*hz }
		if v.Kind != amd.Beep || slices.ContainsFunc(known, alike) {
			continue
		}
		out = append(out, finding{
			from: v.From, to: v.From + v.Greeting, kind: "beep",
			what: fmt.Sprintf("%.0f Hz", v.Hz), more: fmt.Sprintf("%s s, %.1f dBm0", seconds(v.Greeting), v.Level),
		})
	}
	return out
}

// inOrder sorts findings by time; those of one instant keep their order.
func inOrder(f []finding) []finding {
	slices.SortStableFunc(f, func(a, b finding) int { return cmp.Compare(a.from, b.from) })
	return f
}
