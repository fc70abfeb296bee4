package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/centralita/centralita/dsp/pcm"
)

// musicLevel is the level of the music in dBm0.
const musicLevel = -20.

const beats = 4 // in a bar

// note is one sound: from a beat on, so many beats long; 0 Hz is a rest.
type note struct{ from, beats, hz float64 }

// tune is a score that was read.
type tune struct {
	tempo  float64 // beats a minute
	bars   int
	chords [][]float64 // of each bar, lowest first
	melody []note
}

// parseScore reads a score: a line "tempo N", then a line a bar, "chord | melody".
func parseScore(score string) (tune, error) {
	var t tune
	for i, line := range strings.Split(score, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		var err error
		if n, ok := strings.CutPrefix(line, "tempo "); ok {
			t.tempo, err = strconv.ParseFloat(n, 64)
		} else {
			err = t.bar(line)
		}
		if err != nil {
			return t, fmt.Errorf("score line %d: %w", i+1, err)
		}
	}
	if t.tempo < 30 || t.tempo > 240 || t.bars == 0 {
		return t, fmt.Errorf("score: tempo %v and %d bars", t.tempo, t.bars)
	}
	return t, nil
}

func (t *tune) bar(line string) error {
	chord, melody, ok := strings.Cut(line, "|")
	if !ok {
		return fmt.Errorf("want chord | melody")
	}
	var tones []float64
	for _, name := range strings.Fields(chord) {
		hz, err := pitch(name)
		if err != nil {
			return err
		}
		tones = append(tones, hz)
	}
	at := 0.
	for _, word := range strings.Fields(melody) {
		name, length, _ := strings.Cut(word, ":")
		n, err := strconv.ParseFloat(length, 64)
		if err != nil || n <= 0 {
			return fmt.Errorf("%q has no length", word)
		}
		hz := 0.
		if name != "-" {
			if hz, err = pitch(name); err != nil {
				return err
			}
		}
		t.melody = append(t.melody, note{float64(t.bars*beats) + at, n, hz})
		at += n
	}
	if at != beats || len(tones) == 0 {
		return fmt.Errorf("a bar has %v beats and %d tones in its chord", at, len(tones))
	}
	t.chords = append(t.chords, tones)
	t.bars++
	return nil
}

// pitch reads a name such as F#4; A4 is 440 Hz.
func pitch(name string) (float64, error) {
	if len(name) < 2 {
		return 0, fmt.Errorf("%q is no note", name)
	}
	step := strings.IndexByte("C D EF G A B", name[0])
	rest := name[1:]
	if rest[0] == '#' {
		step++
		rest = rest[1:]
	}
	octave, err := strconv.Atoi(rest)
	if err != nil || step < 0 || name[0] == ' ' {
		return 0, fmt.Errorf("%q is no note", name)
	}
	return 440 * math.Pow(2, float64(step-9)/12+float64(octave-4)), nil
}

// perform plays a score into a loop without a seam: what still sounds at the
// end goes on at the beginning.
func perform(score string) ([]byte, error) {
	t, err := parseScore(score)
	if err != nil {
		return nil, err
	}
	beat := 60 / t.tempo * pcm.Rate
	loop := make([]float64, int(math.Round(float64(t.bars*beats)*beat)))
	for bar, chord := range t.chords {
		at := float64(bar*beats) * beat
		pad(loop, at, beats*beat, chord)
		arpeggio(loop, at, beat, chord)
	}
	for _, n := range t.melody {
		if n.hz > 0 {
			strike(loop, n.from*beat, n.beats*beat*1.4+0.3*pcm.Rate, n.hz, 1)
		}
	}
	return encode(levelLoop(loop))
}

// put adds a sample at a place of the loop, which has neither beginning nor end.
func put(loop []float64, at int, v float64) { loop[((at%len(loop))+len(loop))%len(loop)] += v }

// strike is one key of a soft electric piano: a tone that dies away with two
// overtones that die sooner.
func strike(loop []float64, at, length, hz, loud float64) {
	n := int(length)
	for i := range n {
		t := float64(i) / pcm.Rate
		swell := math.Min(1, t/0.008)
		fade := math.Min(1, float64(n-i)/400)
		w := 2 * math.Pi * hz * t
		v := math.Exp(-1.8*t)*math.Sin(w) + 0.35*math.Exp(-4*t)*math.Sin(2*w) + 0.12*math.Exp(-9*t)*math.Sin(4*w)
		put(loop, int(at)+i, loud*swell*fade*v)
	}
}

// arpeggio plays the chord upwards and down again, in half beats, an octave
// higher so that a telephone carries it.
func arpeggio(loop []float64, at, beat float64, chord []float64) {
	order := []int{0, 1, 2, 3, 2, 1, 2, 1}
	for i, k := range order {
		hz := chord[k%len(chord)]
		for hz < 250 {
			hz *= 2
		}
		strike(loop, at+float64(i)*beat/2, beat*1.5, hz, 0.3)
	}
}

// pad is the chord held softly, every tone doubled a little apart so that it
// breathes; it swells and fades into the next bar.
func pad(loop []float64, at, length float64, chord []float64) {
	const tail = 0.6 * pcm.Rate
	n := int(length + tail)
	for _, hz := range chord {
		for hz < 200 {
			hz *= 2
		}
		for i := range n {
			t := float64(i) / pcm.Rate
			env := math.Min(1, float64(i)/tail) * math.Min(1, float64(n-i)/tail)
			w := 2 * math.Pi * hz * t
			put(loop, int(at)+i, 0.09*env*(math.Sin(w*0.9985)+math.Sin(w*1.0015)+0.3*math.Sin(2*w)))
		}
	}
}

// levelLoop brings the whole loop to musicLevel.
func levelLoop(loop []float64) []int16 {
	sum := 0.
	for _, v := range loop {
		sum += v * v
	}
	gain := pcm.RMS(musicLevel) / math.Sqrt(sum/float64(len(loop))+1e-12)
	out := make([]int16, len(loop))
	for i, v := range loop {
		out[i] = bend(v * gain)
	}
	return out
}
