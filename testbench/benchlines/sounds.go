package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"

	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/wav"
	"github.com/centralita/centralita/testbench/corpus/digits"
)

// mohDir is where Debian's package of music on hold puts it.
const mohDir = "/usr/share/asterisk/moh"

// ownPrompts reads the prompts of a language that the appliance itself says.
func ownPrompts(lang string) ([]int16, error) {
	files, err := filepath.Glob("firmware/prompt/audio/" + lang + "/*.wav")
	if err == nil && len(files) == 0 {
		files, err = filepath.Glob("../../firmware/prompt/audio/" + lang + "/*.wav") // from a test
	}
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("cannot find the prompts of %s: run from the top of the source (%w)", lang, err)
	}
	var out []int16
	for _, name := range files {
		x, err := readWAV(name)
		if err != nil {
			return nil, err
		}
		out = append(append(out, x...), make([]int16, pcm.Rate*3/10)...)
	}
	return out, nil
}

func readWAV(name string) ([]int16, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	x, err := wav.Read(f)
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", name, err)
	}
	return x, nil
}

// loud returns x brought to a level in dBm0 over all of it.
func loud(x []int16, dbm0 float64) []int16 {
	line := make(digits.Line, len(x))
	for i, v := range x {
		line[i] = float64(v)
	}
	rms := 0.0
	for _, v := range line {
		rms += v * v / float64(len(line))
	}
	if rms == 0 {
		return x
	}
	g := pcm.RMS(dbm0) / math.Sqrt(rms)
	out := make([]int16, len(x))
	for i, v := range line {
		out[i] = pcm.Clip(int32(v * g))
	}
	return out
}

// holdMusic reads the music on hold: Debian's recordings and the appliance's own loop.
func holdMusic() ([]int16, error) {
	files, err := filepath.Glob(mohDir + "/*.wav")
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("cannot find music on hold below %s: apt-get install asterisk-moh-opsound-wav (%w)", mohDir, err)
	}
	var out []int16
	for _, name := range append(files, "firmware/prompt/audio/music.wav") {
		x, err := readWAV(name)
		if err != nil {
			return nil, err
		}
		out = append(out, x...)
	}
	return out, nil
}
