package main

import (
	"fmt"

	"github.com/centralita/centralita/dsp/pcm"
	es "github.com/centralita/centralita/testbench/corpus/echosignals"
)

// scene is one measurement: what is sent, what comes back, and what of it is echo.
type scene struct {
	far, near []int16
	echo      []float64
}

const (
	taps     = 256   // of the paths: 32 ms
	farLevel = -12.0 // dBm0
	quiet    = -65.0 // noise of the line, dBm0
)

// compose puts a scene together: far through path h, and what is near.
func compose(far, near []float64, paths func(far []int16) []float64, seed uint64) scene {
	s := scene{far: es.Round(far)}
	s.echo = paths(s.far)
	sum := es.White(seed+99, len(far), quiet)
	es.Add(sum, s.echo, 0)
	if near != nil {
		es.Add(sum, near, 0)
	}
	s.near = es.Round(sum)
	return s
}

// one is the path that stays; changed changes from one to another at sample at.
func one(h []float64) func([]int16) []float64 {
	return func(x []int16) []float64 { return es.Convolve(x, h) }
}

func changed(h, g []float64, at int) func([]int16) []float64 {
	return func(x []int16) []float64 {
		y, z := es.Convolve(x, h), es.Convolve(x, g)
		copy(y[at:], z[at:])
		return y
	}
}

// kind is a source of far-end signals.
type kind struct {
	name    string
	seconds int
	make    func(seed uint64, n int) ([]float64, error)
}

func kinds(dir string) []kind {
	return []kind{
		{"noise", 6, func(seed uint64, n int) ([]float64, error) { return es.White(seed, n, farLevel), nil }},
		{"composite source signal", 12, func(seed uint64, n int) ([]float64, error) { return es.CSS(seed, n, farLevel), nil }},
		{"speech", 20, func(seed uint64, n int) ([]float64, error) {
			return es.Speech(dir, es.Talkers[seed%uint64(len(es.Talkers))], n, farLevel)
		}},
	}
}

// hybrids are the twelve cases.
func hybrids(visit func(seed uint64, name string, h []float64, erl float64) error) error {
	seed := uint64(0)
	for _, erl := range []float64{6, 10} {
		for _, line := range es.Lines {
			if err := visit(seed, fmt.Sprintf("%s, ERL %.0f dB", line.Name, erl), line.Path(taps, erl), erl); err != nil {
				return err
			}
			seed++
		}
	}
	return nil
}

const second = pcm.Rate
