// Command daybench plays a tone for a day between two crystals that differ by
// 200 parts per million, either way: once through dsp/drift, as between a line's
// converter and the engine, and once through dsp/jitter and dsp/plc, as from a
// telephone on the network. It prints what was heard of it: frames that were
// missing, the delay, and the sharpest bend of the tone, which a click would
// make far sharper. Then it prints what dsp/jitter makes of several networks.
package main

import (
	"flag"
	"fmt"
	"math"
	"os"

	"github.com/centralita/centralita/dsp/drift"
	"github.com/centralita/centralita/dsp/jitter"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/plc"
)

func main() {
	hours := flag.Float64("hours", 24, "length of the day")
	late := flag.Float64("late", 8, "how late a frame may come, in ms")
	flag.Parse()
	ticks := int(*hours * 3600 * 1000 / pcm.FrameTime)
	fmt.Printf("%v hours of 440 Hz, frames up to %v ms late\n\n", *hours, *late)
	fmt.Println("| | ppm | missing | thrown away | delay, least and most | most in the first hour | sharpest bend (the tone's own) |")
	fmt.Println("|---|---|---|---|---|---|---|")
	ok := true
	for _, ppm := range []float64{-200, 200} {
		ok = day("drift", &crystals{}, ticks, ppm, *late) && ok
		ok = day("jitter and plc", &network{}, ticks, ppm, *late) && ok
	}
	traces()
	if !ok {
		fmt.Fprintln(os.Stderr, "daybench: the delay grew, or a click was heard")
		os.Exit(1)
	}
}

// way carries frames from one clock to the other.
type way interface {
	push(f *pcm.Frame)
	pull(f *pcm.Frame)
	// told returns frames missing, samples thrown away and samples waiting.
	told() (missing, dropped uint64, depth int)
}

type crystals struct {
	b       drift.Buffer
	missing uint64
	on      bool
}

func (c *crystals) push(f *pcm.Frame) { c.b.Push(f) }

func (c *crystals) pull(f *pcm.Frame) {
	there := c.b.Pull(f)
	if c.on && !there {
		c.missing++
	}
	c.on = c.on || there
}

func (c *crystals) told() (uint64, uint64, int) {
	s := c.b.Stats()
	return c.missing, s.Dropped, s.Depth
}

type network struct {
	b   jitter.Buffer
	plc plc.Concealer
	seq uint16
	ts  uint32
}

func (n *network) push(f *pcm.Frame) {
	n.b.Put(n.seq, n.ts, f[:])
	n.seq++
	n.ts += pcm.FrameLen
}

func (n *network) pull(f *pcm.Frame) {
	switch n.b.Pop(f) {
	case jitter.Whole:
		n.plc.Good(f[:])
	case jitter.First:
		n.plc.Good(f[:jitter.Half])
		n.plc.Lost(f[jitter.Half:])
	case jitter.Second:
		n.plc.Lost(f[:jitter.Half])
		n.plc.Good(f[jitter.Half:])
	case jitter.Gone:
		n.plc.Lost(f[:])
	}
}

func (n *network) told() (uint64, uint64, int) {
	s := n.b.Stats()
	return s.Missing / 2, s.Dropped, s.DepthMilli * pcm.Rate / 1000
}

// peak and hz of the tone; its own bend is peak·(2π·hz/8000)².
const (
	peak = 8000
	hz   = 440
)

// day plays the tone through w and prints a row. It reports whether the delay
// of the later hours is that of the first, and nothing clicked.
func day(name string, w way, ticks int, ppm, late float64) bool {
	var tone [pcm.Rate]int16
	for i := range tone {
		tone[i] = int16(math.Round(peak * math.Sin(2*math.Pi*hz*float64(i)/pcm.Rate)))
	}
	own := peak * math.Pow(2*math.Pi*hz/pcm.Rate, 2)
	var at, bend, first, most int
	least := math.MaxInt
	var last [2]int
	owed, seed := 0.5, uint32(1)
	settle, begin := min(ticks/2, 180_000), min(3000, ticks/4)
	for tick := range ticks {
		owed += 1 + ppm/1e6
		seed = seed*1664525 + 1013904223
		for owed >= 1+late/pcm.FrameTime*float64(seed>>8)/(1<<24) {
			w.push((*pcm.Frame)(tone[at:]))
			at = (at + pcm.FrameLen) % pcm.Rate
			owed--
		}
		var f pcm.Frame
		w.pull(&f)
		if _, _, depth := w.told(); tick > begin {
			least, most = min(least, depth), max(most, depth)
			if tick < settle {
				first = max(first, depth)
			}
		}
		for _, v := range f {
			if b := int(v) - 2*last[0] + last[1]; tick > begin {
				bend = max(bend, b, -b)
			}
			last[1], last[0] = last[0], int(v)
		}
	}
	missing, dropped, _ := w.told()
	ms := func(samples int) float64 { return float64(samples) * 1000 / pcm.Rate }
	fmt.Printf("| %s | %+.0f | %d | %d | %.0f to %.0f ms | %.0f ms | %d (%.0f) |\n",
		name, ppm, missing, dropped, ms(least), ms(most), ms(first), bend, own)
	return dropped == 0 && most <= first+2*pcm.FrameLen && float64(bend) < 3*own
}
