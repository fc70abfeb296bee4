package greetings

import (
	"math"

	"github.com/centralita/centralita/dsp/noise"
	"github.com/centralita/centralita/dsp/pcm"
)

// Talk returns so many seconds of speech at −20 dBm0: all texts by all voices,
// one after another, with pauses of 0.2 to 1 s. It needs espeak-ng and sox.
func Talk(seed uint64, seconds int) ([]int16, error) {
	r := rng(seed*2 + 1)
	var out []int16
	for i := 0; len(out) < seconds*pcm.Rate; i++ {
		lang := []string{"es", "en"}[i%2]
		said := texts[lang][[]Who{Machine, Machine, Office}[r.upTo(3)]]
		v := voices[lang]
		voice := v[r.upTo(len(v))] + variants[r.upTo(len(variants))]
		x, err := Say(voice, 140+r.upTo(60), 25+r.upTo(55), said[r.upTo(len(said))])
		if err != nil {
			return nil, err
		}
		Loudness(x, -20)
		out = append(append(out, x...), make([]int16, 1600+r.upTo(6400))...)
	}
	return out[:seconds*pcm.Rate], nil
}

// Truth is what a block of 10 ms of clean speech holds.
type Truth uint8

// Truths.
const (
	Unclear Truth = iota // the edges of words, and short pauses
	Voice                // loud enough to be heard over noise
	Pause                // nobody spoke for 0.2 s and will for 0.05 s
)

// Truths labels clean speech in blocks of 10 ms: within 20 dB of the active
// level of −20 dBm0 it is a voice.
func Truths(clean []int16) []Truth {
	const block = pcm.Rate / 100
	out := make([]Truth, len(clean)/block)
	quiet := make([]bool, len(out))
	for i := range out {
		level := pcm.Level(clean[i*block : (i+1)*block])
		quiet[i] = level < -55
		if level > -40 {
			out[i] = Voice
		}
	}
	for i := range out {
		pause := i >= 20 && i+5 < len(out)
		for k := i - 20; pause && k < i+5; k++ {
			pause = quiet[k]
		}
		if pause {
			out[i] = Pause
		}
	}
	return out
}

// InNoise returns x with noise at a level in dBm0, steady or, with swing,
// going up and down by 3 dB over seven seconds, and hum 6 dB below it.
func InNoise(x []int16, dbm0 float64, swing bool) []int16 {
	out := append([]int16(nil), x[:len(x)/pcm.FrameLen*pcm.FrameLen]...)
	n := noise.New(dbm0, 11)
	for at := 0; at < len(out); at += pcm.FrameLen {
		level := dbm0
		if swing {
			level += 3 * math.Sin(2*math.Pi*float64(at)/pcm.Rate/7)
		}
		n.SetLevel(level)
		n.Add((*pcm.Frame)(out[at:]))
		for i := range pcm.FrameLen {
			out[at+i] = pcm.Clip(int32(out[at+i]) + int32(pcm.Peak(dbm0-6)*math.Sin(2*math.Pi*50*float64(at+i)/pcm.Rate)))
		}
	}
	return out
}
