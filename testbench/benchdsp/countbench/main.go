// Command countbench works through frames of a recording and does nothing else,
// so that an instrument such as valgrind counts what a frame costs: once over few
// frames and once over many, and what loading took falls out of the difference.
//
//	countbench -what dtmf -file FILE -frames N
//
// FILE is 16-bit little-endian samples, 8000 a second; it is gone through again
// when it ends.
package main

import (
	"encoding/binary"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/centralita/centralita/dsp/cid"
	"github.com/centralita/centralita/dsp/dtmf"
	"github.com/centralita/centralita/dsp/echo"
	"github.com/centralita/centralita/dsp/g711"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/progress"
	"github.com/centralita/centralita/dsp/tone/plan"
)

// work is what is done with a frame.
type work func(f *pcm.Frame)

var works = map[string]func() (work, error){
	"nothing":  func() (work, error) { return func(*pcm.Frame) {}, nil },
	"dtmf":     keys,
	"progress": func() (work, error) { return signals("ES"), nil },
	"US":       func() (work, error) { return signals("US"), nil },
	"learn":    learn,
	"cid":      ids,
	"encode": func() (work, error) {
		var b [pcm.FrameLen]byte
		return func(f *pcm.Frame) { g711.EncodeULaw(b[:], f) }, nil
	},
	"decode":  decode,
	"echo16":  func() (work, error) { return line(16) },
	"echo32":  func() (work, error) { return line(32) },
	"echo64":  func() (work, error) { return line(64) },
	"echo128": func() (work, error) { return line(128) },
}

func main() {
	what := flag.String("what", "nothing", strings.Join(slices.Sorted(maps.Keys(works)), " "))
	n := flag.Int("frames", 100, "frames to go through")
	file := flag.String("file", "", "recording")
	flag.Parse()
	if err := run(*what, *n, *file); err != nil {
		fmt.Fprintln(os.Stderr, "countbench:", err)
		os.Exit(1)
	}
}

func run(what string, n int, file string) error {
	begin, ok := works[what]
	if !ok {
		return fmt.Errorf("there is no work %q", what)
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("cannot read %s: %w", file, err)
	}
	frames := make([]pcm.Frame, len(raw)/2/pcm.FrameLen)
	if len(frames) == 0 {
		return fmt.Errorf("cannot read %s: it is shorter than a frame", file)
	}
	for i := range frames {
		for k := range frames[i] {
			frames[i][k] = int16(binary.LittleEndian.Uint16(raw[2*(i*pcm.FrameLen+k):]))
		}
	}
	do, err := begin()
	if err != nil {
		return err
	}
	for i := range n {
		do(&frames[i%len(frames)])
	}
	return nil
}

func keys() (work, error) {
	var d dtmf.Detector
	var out []dtmf.Event
	return func(f *pcm.Frame) { out = d.Process(f, out[:0]) }, nil
}

func signals(country string) work {
	p, _ := plan.For(country)
	d := progress.New(p)
	var out []progress.Event
	return func(f *pcm.Frame) { out = d.Process(f, out[:0]) }
}

func learn() (work, error) {
	var l progress.Learner
	return func(f *pcm.Frame) { l.Process(f) }, nil
}

func ids() (work, error) {
	r := cid.NewReceiver()
	var out []cid.Message
	return func(f *pcm.Frame) { out = r.Process(f, out[:0]) }, nil
}

func decode() (work, error) {
	var b [pcm.FrameLen]byte
	var out pcm.Frame
	for i := range b {
		b[i] = byte(7 * i)
	}
	return func(*pcm.Frame) { g711.DecodeULaw(&out, b[:]) }, nil
}

// line is a canceller whose near end is the frame before, 12 dB fainter.
func line(tail int) (work, error) {
	c, err := echo.New(echo.Options{Tail: tail})
	if err != nil {
		return nil, err
	}
	var near, out pcm.Frame
	return func(f *pcm.Frame) {
		c.Process(f, &near, &out)
		for i, v := range f {
			near[i] = v / 4
		}
	}, nil
}
