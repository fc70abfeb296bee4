package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/wav"
	"github.com/centralita/centralita/firmware/prompt"
	"github.com/centralita/centralita/firmware/tel"
)

// Shape of a finished prompt.
const (
	speechLevel = -16. // dBm0 while the voice sounds
	edge        = 25   // ms of silence before the first and after the last sound
	between     = 350  // ms between two voices
	quiet       = -45. // dBm0 that count as silence at the edges, after levelling
)

// speak makes the audio of a text: every part in its voice, levelled, with the
// silence at the edges cut.
func speak(lang tel.Lang, t prompt.Text) ([]byte, error) {
	var out []int16
	for i, part := range t.Parts(lang) {
		x, err := synthesise(part)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			out = append(out, make([]int16, between*pcm.Rate/1000)...)
		}
		out = append(out, trim(level(x, speechLevel))...)
	}
	return encode(out)
}

func encode(x []int16) ([]byte, error) {
	var b bytes.Buffer
	if err := wav.Write(&b, wav.ULaw, x); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// synthesise speaks one part and brings it into the band of a telephone.
func synthesise(p prompt.Part) ([]int16, error) {
	dir, err := os.MkdirTemp("", "prompts")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir) // a temporary folder; what stays the system removes
	v, spoken := prompt.Speaker(p.Lang), filepath.Join(dir, "spoken.wav")
	if _, err := output("espeak-ng", "-v", v.Name, "-s", strconv.Itoa(v.Speed), "-p", strconv.Itoa(v.Pitch), "-w", spoken, "--", p.Text); err != nil {
		return nil, err
	}
	raw, err := output("sox", "-D", spoken, "-t", "raw", "-e", "signed", "-b", "16", "-L", "-c", "1", "-r", "8000", "-",
		"highpass", "150", "lowpass", "3500")
	if err != nil {
		return nil, err
	}
	x := make([]int16, len(raw)/2)
	for i := range x {
		x[i] = int16(binary.LittleEndian.Uint16(raw[2*i:]))
	}
	return x, nil
}

// output runs a program and returns what it writes.
func output(name string, args ...string) ([]byte, error) {
	cmd := exec.Command(name, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s: %w: %s", name, err, bytes.TrimSpace(errs.Bytes()))
	}
	return out.Bytes(), nil
}

// activeLevel is the level in dBm0 while something sounds: over the frames at
// most 20 dB below the loudest.
func activeLevel(x []int16) float64 {
	loudest := pcm.Floor
	for i := 0; i+pcm.FrameLen <= len(x); i += pcm.FrameLen {
		loudest = max(loudest, pcm.Level(x[i:i+pcm.FrameLen]))
	}
	var energy int64
	n := 0
	for i := 0; i+pcm.FrameLen <= len(x); i += pcm.FrameLen {
		if f := x[i : i+pcm.FrameLen]; pcm.Level(f) > loudest-20 {
			energy += pcm.Energy(f)
			n += pcm.FrameLen
		}
	}
	if n == 0 {
		return pcm.Floor
	}
	return pcm.DBm0(float64(energy) / float64(n))
}

// level brings x to a level while it sounds; peaks bend instead of breaking.
func level(x []int16, dbm0 float64) []int16 {
	now := activeLevel(x)
	if now <= pcm.Floor {
		return x
	}
	gain := math.Pow(10, (dbm0-now)/20)
	out := make([]int16, len(x))
	for i, s := range x {
		out[i] = bend(float64(s) * gain)
	}
	return out
}

// bend leaves what is below two thirds of full scale and presses the rest into
// the last third.
func bend(v float64) int16 {
	const knee, top = 22000, 32000
	a := math.Abs(v)
	if a > knee {
		a = knee + (top-knee)*math.Tanh((a-knee)/(top-knee))
	}
	return int16(math.Round(math.Copysign(a, v)))
}

// trim cuts the silence at both ends, fades what begins or ends abruptly, and
// puts edge of silence around it, so that words in a row do not run together.
func trim(x []int16) []int16 {
	const step, keep, fade = 40, edge * pcm.Rate / 1000, 40
	first, last := 0, len(x)
	for first+step <= last && pcm.Level(x[first:first+step]) < quiet {
		first += step
	}
	for last-step >= first && pcm.Level(x[last-step:last]) < quiet {
		last -= step
	}
	out := make([]int16, keep+last-first+keep)
	sound := out[keep : keep+last-first]
	copy(sound, x[first:last])
	for i := range min(fade, len(sound)/2) {
		sound[i] = int16(int(sound[i]) * i / fade)
		end := &sound[len(sound)-1-i]
		*end = int16(int(*end) * i / fade)
	}
	return out
}
