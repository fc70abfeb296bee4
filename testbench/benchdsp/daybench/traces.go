package main

import (
	"fmt"
	"math"
	"slices"

	"github.com/centralita/centralita/dsp/jitter"
	"github.com/centralita/centralita/dsp/pcm"
)

// traces prints what dsp/jitter makes of ten minutes of networks of several
// kinds: how much is missing, and how long audio waits.
func traces() {
	fmt.Printf("\nten minutes of 20 ms packets through dsp/jitter\n\n")
	fmt.Println("| network | missing | came too late | waits, median and 95 % | squeezed, stretched |")
	fmt.Println("|---|---|---|---|---|")
	seed := uint64(1)
	random := func() float64 {
		seed ^= seed << 13
		seed ^= seed >> 7
		seed ^= seed << 17
		return float64(seed>>11) / (1 << 53)
	}
	for _, n := range []struct {
		name  string
		delay func(packet int) float64 // ms; negative is lost
	}{
		{"no jitter", func(int) float64 { return 1 }},
		{"even, up to 20 ms", func(int) float64 { return 20 * random() }},
		{"even, up to 40 ms", func(int) float64 { return 40 * random() }},
		{"even, up to 80 ms", func(int) float64 { return 80 * random() }},
		{"exponential, mean 10 ms", func(int) float64 { return -10 * math.Log(1-random()) }},
		{"40 ms for a minute, then none", func(p int) float64 {
			if p < 3000 {
				return 40 * random()
			}
			return 1
		}},
		{"a stall of 100 ms each 5 s", func(p int) float64 { return max(1, 100-20*float64(p%250)) }},
		{"2 % lost", func(int) float64 {
			if random() < 0.02 {
				return -1
			}
			return 5 * random()
		}},
	} {
		row(n.name, n.delay)
	}
}

func row(name string, delay func(int) float64) {
	const ticks = 30_000
	var b jitter.Buffer
	var depths []int
	due := make([][]int, ticks+100)
	for p := range ticks {
		if d := delay(p); d >= 0 {
			at := p + int(math.Ceil(d/pcm.FrameTime))
			due[at] = append(due[at], p)
		}
	}
	gone, audio := 0, make([]int16, pcm.FrameLen)
	for tick := range ticks {
		for _, p := range due[tick] {
			b.Put(uint16(p), uint32(p)*pcm.FrameLen, audio)
		}
		var f pcm.Frame
		if b.Pop(&f) == jitter.Gone {
			gone++
		}
		depths = append(depths, b.Stats().DepthMilli)
	}
	s := b.Stats()
	slices.Sort(depths)
	fmt.Printf("| %s | %.2f %% | %d | %d, %d ms | %d, %d |\n", name, 100*float64(gone)/ticks, s.Late,
		depths[ticks/2], depths[ticks*95/100], s.Squeezed, s.Stretched)
}
