// Command samebench lets the dsp packages work on sounds that are counted in
// whole numbers and prints a sum of all that came out, one line a package. The
// lines must be the same on every machine: no processor may count otherwise.
//
//	samebench
package main

import (
	"encoding/binary"
	"fmt"
	"hash"
	"hash/fnv"
	"os"

	"github.com/centralita/centralita/dsp/cid"
	"github.com/centralita/centralita/dsp/drift"
	"github.com/centralita/centralita/dsp/dtmf"
	"github.com/centralita/centralita/dsp/echo"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/plc"
	"github.com/centralita/centralita/dsp/progress"
	"github.com/centralita/centralita/dsp/tone"
	"github.com/centralita/centralita/dsp/tone/plan"
)

// dice is a generator of whole numbers (G. Marsaglia's xorshift).
type dice uint64

func (d *dice) roll() int {
	*d ^= *d << 13
	*d ^= *d >> 7
	*d ^= *d << 17
	return int(int16(*d >> 20))
}

// voice is noise through a resonance at 200 Hz, with pauses.
func voice(d *dice, frames int) []pcm.Frame {
	out := make([]pcm.Frame, frames)
	y1, y2 := 0, 0
	for i := range out {
		for k := range out[i] {
			v := d.roll() / 32
			y1, y2 = max(-20000, min(20000, v+(y1*15-y2*8)/8)), y1
			if out[i][k] = int16(y1 / 2); i/30%4 == 3 {
				out[i][k] = int16(v / 16)
			}
		}
	}
	return out
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "samebench:", err)
		os.Exit(1)
	}
}

func run() error {
	d := dice(88172645463325252)
	speech := voice(&d, 1500)
	canceller, err := echo.New(echo.Options{Tail: 64})
	if err != nil {
		return err
	}
	for _, part := range []struct {
		name string
		work func(h hash.Hash64)
	}{
		{"plc", func(h hash.Hash64) { conceal(h, speech) }},
		{"echo", func(h hash.Hash64) { cancel(h, canceller, speech) }},
		{"drift", func(h hash.Hash64) { drifted(h, speech) }},
		{"progress", func(h hash.Hash64) { signals(h, &d) }},
		{"dtmf, cid", func(h hash.Hash64) { keys(h, &d, speech) }},
	} {
		h := fnv.New64a()
		part.work(h)
		fmt.Printf("%s %016x\n", part.name, h.Sum64())
	}
	return nil
}

// add puts samples into a sum.
func add(h hash.Hash64, f *pcm.Frame) {
	var raw [2 * pcm.FrameLen]byte
	for i, v := range f {
		binary.LittleEndian.PutUint16(raw[2*i:], uint16(v))
	}
	h.Write(raw[:]) // a hash takes everything
}

func conceal(h hash.Hash64, speech []pcm.Frame) {
	var c plc.Concealer
	for i, f := range speech {
		if i%7 == 3 || i%23 == 5 {
			c.Lost(f[:])
		} else {
			c.Good(f[:])
		}
		add(h, &f)
	}
}

func cancel(h hash.Hash64, c *echo.Canceller, speech []pcm.Frame) {
	var near, out pcm.Frame
	for _, f := range speech {
		c.Process(&f, &near, &out)
		add(h, &out)
		for k, v := range f {
			near[k] = v / 4
		}
	}
}

func drifted(h hash.Hash64, speech []pcm.Frame) {
	var b drift.Buffer
	var out pcm.Frame
	for i, f := range speech {
		b.Push(&f)
		if i%100 != 0 {
			b.Pull(&out)
			add(h, &out)
		}
	}
}

// signals are those of all countries in a little noise.
func signals(h hash.Hash64, d *dice) {
	for _, country := range plan.Countries() {
		p, _ := plan.For(country)
		for _, k := range []plan.Kind{plan.Dial, plan.Ringback, plan.Busy, plan.Congestion, plan.Info, plan.Howler} {
			ear := progress.New(p)
			var learner progress.Learner
			var player tone.Player
			var heard []progress.Event
			player.Start(p.Signal(k).Spec())
			for range 400 {
				var f pcm.Frame
				player.FillSamples(f[:])
				for i := range f {
					f[i] += int16(d.roll() / 128)
				}
				heard = ear.Process(&f, heard)
				learner.Process(&f)
			}
			learned, ok := learner.Found()
			fmt.Fprintf(h, "%+v %v %v", heard, learned, ok)
		}
	}
}

func keys(h hash.Hash64, d *dice, speech []pcm.Frame) {
	var detector dtmf.Detector
	var events []dtmf.Event
	var player tone.Player
	for _, pair := range [][2]float64{{697, 1209}, {770, 1336}, {852, 1477}, {941, 1633}} {
		player.Start(tone.Cadence([]tone.Partial{{Hz: pair[0], DBm0: -9}, {Hz: pair[1], DBm0: -7}}, 60, 60))
		for range 20 {
			var f pcm.Frame
			player.FillSamples(f[:])
			for i := range f {
				f[i] += int16(d.roll() / 64)
			}
			events = detector.Process(&f, events)
		}
	}
	receiver := cid.NewReceiver()
	var messages []cid.Message
	for i := range speech {
		messages = receiver.Process(&speech[i], messages)
	}
	fmt.Fprintf(h, "%+v %+v", events, messages)
}
