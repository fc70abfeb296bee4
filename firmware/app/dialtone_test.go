package app

import (
	"testing"

	"github.com/centralita/centralita/dsp/tone"
	"github.com/centralita/centralita/dsp/tone/plan"
	"github.com/centralita/centralita/firmware/tel"
)

// A broken dial tone begins with its bursts and then sounds for ever.
func TestBrokenDialTone(t *testing.T) {
	for _, country := range plan.Countries() {
		p, _ := plan.For(country)
		a := &audio{plan: p}
		for tt, bursts := range map[tel.Tone]int{tel.ToneRecall: 3, tel.ToneStutter: 10} {
			spec, ok := a.spec(tt)
			if !ok || len(spec.Segments) != 2*bursts+1 {
				t.Fatalf("%s %s: %d segments", country, tt, len(spec.Segments))
			}
			var player tone.Player
			player.Start(spec)
			sound := make([]int16, tone.Ms(200*bursts+5000))
			player.FillSamples(sound)
			if n := stretches(sound); n != bursts+1 {
				t.Errorf("%s %s: %d bursts, then the dial tone", country, tt, n-1)
			}
			if !player.Playing() {
				t.Errorf("%s %s ends", country, tt)
			}
		}
		if _, ok := a.spec(tel.ToneNone); ok {
			t.Error("silence has a tone")
		}
	}
}

// stretches counts the stretches of sound between pauses of 50 ms or more.
func stretches(s []int16) (n int) {
	quiet := tone.Ms(50)
	for _, v := range s {
		if v == 0 {
			quiet++
			continue
		}
		if quiet >= tone.Ms(50) {
			n++
		}
		quiet = 0
	}
	return n
}
