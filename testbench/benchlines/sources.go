package main

import (
	"fmt"

	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/tone"
	"github.com/centralita/centralita/dsp/tone/plan"
	"github.com/centralita/centralita/testbench/corpus/digits"
	"github.com/centralita/centralita/testbench/corpus/greetings"
	"github.com/centralita/centralita/testbench/linesim/central"
	"github.com/centralita/centralita/testbench/linesim/subscriber"
)

// source is sound of a call that goes on, by which no line may be released.
type source struct {
	kind  string // row of the table
	name  string
	sound []int16
}

// chunk is how much of a source is one call.
const chunk = 20 * 60 * pcm.Rate

// sources returns at least so many hours; quick is some minutes, without what needs
// packages.
func sources(quick bool, seed uint64) ([]source, error) {
	r := digits.NewRng(seed)
	var out []source
	add := func(kind, name string, x []int16) {
		for n := 0; len(x) > 0; n++ {
			k := min(len(x), chunk)
			out = append(out, source{kind, fmt.Sprintf("%s, part %d", name, n+1), x[:k]})
			x = x[k:]
		}
	}
	part := 1.0
	if quick {
		part = 0.02
	}
	if !quick {
		if err := recorded(add, seed); err != nil {
			return nil, err
		}
	}
	for _, lang := range []string{"es", "en"} {
		x, err := ownPrompts(lang)
		if err != nil {
			return nil, err
		}
		if quick {
			x = x[:min(len(x), 60*pcm.Rate)]
		}
		for _, speed := range []float64{0.85, 1, 1.2} {
			add("prompts of the appliance", fmt.Sprintf("%s at speed %g", lang, speed), faster(loud(x, -18), speed))
		}
	}
	for _, b := range bands {
		for range 3 {
			add("music, composed", fmt.Sprintf("%.0f beats a minute, sines %t", b.tempo, b.pure), music(b, part*900, r))
		}
	}
	add("music in the cadence of ringback", "jingles", jingle(part*4500, r))
	for _, hz := range []float64{400, 425, 440, 480, 620} {
		add("song", fmt.Sprintf("staccato near %g Hz", hz), digits.Staccato(part*1500, hz, r).Samples())
	}
	add("song", "sung vowels", digits.Sung(part*2400, r).Samples())
	add("buzzing speech", "glottal buzz", digits.Speech(part*2400, r).Samples())
	for _, reversed := range []bool{false, true} {
		add("fax, calling and answering", "calls", facsimile(&subscriber.Fax{Calling: true, Reversed: reversed}, part*1800))
		add("fax, calling and answering", "answers", facsimile(&subscriber.Fax{Reversed: reversed}, part*1800))
		add("fax, calling and answering", "both", fax(reversed, part*1800))
	}
	add("keys, ringback, beeps", "keys", keys(part*1200, r))
	for _, c := range countries {
		add("keys, ringback, beeps", "ringback of "+c, ringback(c, part*240))
	}
	talk, err := ownPrompts("es")
	if err != nil {
		return nil, err
	}
	add("keys, ringback, beeps", "beeps of recorders and queues", over(beeps(part*1800, r), loud(talk, -22)))
	return out, nil
}

// recorded adds what was recorded from people and bands, and espeak-ng.
func recorded(add func(kind, name string, x []int16), seed uint64) error {
	voice, err := digits.Prompts(digits.PromptDir)
	if err != nil {
		return err
	}
	for _, speed := range []float64{0.8, 0.9, 1, 1.1, 1.25} {
		add("recorded voices", fmt.Sprintf("at speed %g", speed), loud(voice.Faster(speed).Samples(), -18))
	}
	talk, err := greetings.Talk(seed, 3600)
	if err != nil {
		return err
	}
	for _, speed := range []float64{0.9, 1.1} {
		add("espeak-ng, Spanish and English", fmt.Sprintf("at speed %g", speed), faster(talk, speed))
	}
	hold, err := holdMusic()
	if err != nil {
		return err
	}
	for _, speed := range []float64{0.8, 0.9, 1, 1.1, 1.25} {
		add("music on hold, recorded", fmt.Sprintf("at speed %g", speed), faster(loud(hold, -20), speed))
	}
	return nil
}

func faster(x []int16, speed float64) []int16 {
	l := make(digits.Line, len(x))
	for i, v := range x {
		l[i] = float64(v)
	}
	return l.Faster(speed).Samples()
}

// facsimile is a fax that nobody understands: it goes on alone.
func facsimile(x central.Subscriber, seconds float64) []int16 {
	var out []int16
	for len(out) < int(seconds*pcm.Rate) {
		var f pcm.Frame
		x.Speak(&f)
		out = append(out, f[:]...)
	}
	return out
}

// fax is the far side of two that understand each other, as calls of six minutes.
func fax(reversed bool, seconds float64) []int16 {
	var out []int16
	for len(out) < int(seconds*pcm.Rate) {
		a, b := &subscriber.Fax{Calling: true}, &subscriber.Fax{Reversed: reversed}
		for range min(18000, int(seconds*50)) {
			var x, y pcm.Frame
			a.Speak(&x)
			b.Speak(&y)
			a.Hear(&y)
			b.Hear(&x)
			x.Add(&y)
			out = append(out, x[:]...)
		}
	}
	return out
}

// keys is people who press: numbers, the same key over and over, one held long.
func keys(seconds float64, r *digits.Rng) []int16 {
	var out digits.Line
	for len(out) < int(seconds*pcm.Rate) {
		h := digits.Shape{On: r.Between(60, 900), Off: r.Between(60, 900), Low: -12, High: -10}
		n := 4 + int(r.Next()*30)
		text := make([]byte, n)
		same := digits.Keys[int(r.Next()*12)]
		for i := range text {
			text[i] = same
			if n%2 == 0 {
				text[i] = digits.Keys[int(r.Next()*12)]
			}
		}
		out = out.Send(string(text), h, r)
		out = append(out, make(digits.Line, int(r.Between(0.5, 4)*pcm.Rate))...)
	}
	return out.Samples()
}

// ringback is a call that is put through to somebody else: it rings, and goes on.
func ringback(country string, seconds float64) []int16 {
	p, _ := plan.For(country)
	return append(make([]int16, pcm.Rate), play(p.Signal(plan.Ringback).Spec(), seconds)...)
}

func play(spec tone.Spec, seconds float64) []int16 {
	out := make([]int16, int(seconds*pcm.Rate))
	var pl tone.Player
	pl.Start(spec)
	pl.FillSamples(out)
	return out
}

// over lays a voice under a sound, again and again.
func over(x, voice []int16) []int16 {
	for i := range x {
		x[i] = pcm.Clip(int32(x[i]) + int32(voice[i%len(voice)]))
	}
	return x
}

// beeps are those of recorders (1400 Hz each 15 s), of queues, and of a call that
// waits at the other end; people talk meanwhile.
func beeps(seconds float64, r *digits.Rng) []int16 {
	var out []int16
	for len(out) < int(seconds*pcm.Rate) {
		hz, on := []float64{1400, 425, 440, 1000}[int(r.Next()*4)], 150+int(r.Next()*400)
		off := 4000 + int(r.Next()*14_000)
		out = append(out, play(tone.Cadence([]tone.Partial{{Hz: hz, DBm0: -16}}, on, off), 120)...)
	}
	return out
}
