// Command plcbench measures the concealment of lost packets: dsp/plc, spandsp,
// repeating the last frame, and silence, on 300 s of generated speech with 5 % of
// its frames lost, single and three in a row. It prints the rows of the table
// "Packet loss concealment" of the figures.
//
// It needs espeak-ng and sox, and for the peer cc and libspandsp-dev; without
// them that column is left out and says why.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/plc"
	"github.com/centralita/centralita/testbench/corpus/greetings"
)

func main() {
	seconds := flag.Int("seconds", 300, "length of the speech")
	seed := flag.Uint64("seed", 1, "seed of the speech and of the losses")
	prompts := flag.String("prompts", "", "folder of recorded prompts (8 kHz WAV) to use in place of generated speech")
	flag.Parse()
	if err := run(*prompts, *seconds, *seed); err != nil {
		fmt.Fprintln(os.Stderr, "plcbench:", err)
		os.Exit(1)
	}
}

// concealer fills the lost frames of x.
type concealer func(x []int16, lost []bool) ([]int16, error)

func run(folder string, seconds int, seed uint64) error {
	speech, err := greetings.Talk(seed, seconds)
	if folder != "" {
		speech, err = greetings.Recorded(folder, seed, seconds)
	}
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "plcbench")
	if err != nil {
		return fmt.Errorf("cannot make a folder for the peer: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // a folder of /tmp
	peer, why := spandsp(dir)
	fmt.Printf("%d s of speech, 5 %% loss: log-spectral distance / level error over lost frames, dB; (of active frames: mean level error with its sign)\n\n", seconds)
	fmt.Printf("| | ours | spandsp | repeat | silence |\n|---|---|---|---|---|\n")
	for _, r := range []struct {
		name   string
		burst  int
		within bool
	}{{"single losses", 1, false}, {"single losses within speech", 1, true}, {"bursts of 2", 2, false}, {"bursts of 3", 3, false}, {"bursts of 5", 5, false}} {
		lost := losses(len(speech)/pcm.FrameLen, r.burst, seed)
		fmt.Printf("| %s |", r.name)
		for _, c := range []concealer{ours, peer, repeat, silence} {
			if c == nil {
				fmt.Printf(" – |")
				continue
			}
			out, err := c(speech, lost)
			if err != nil {
				return err
			}
			m := measure(speech, out, lost, r.within)
			fmt.Printf(" %.2f / %.2f (%+.1f) |", m.distance, m.level, m.bias)
		}
		fmt.Println()
	}
	if why != nil {
		fmt.Printf("\nspandsp is left out: %v\n", why)
	}
	return nil
}

func ours(x []int16, lost []bool) ([]int16, error) {
	out := append([]int16(nil), x...)
	var c plc.Concealer
	for i, l := range lost {
		f := out[i*pcm.FrameLen : (i+1)*pcm.FrameLen]
		if l {
			c.Lost(f)
		} else {
			c.Good(f)
		}
	}
	return out, nil
}

func repeat(x []int16, lost []bool) ([]int16, error) {
	out := append([]int16(nil), x...)
	for i, l := range lost {
		if l && i > 0 {
			copy(out[i*pcm.FrameLen:(i+1)*pcm.FrameLen], out[(i-1)*pcm.FrameLen:])
		}
	}
	return out, nil
}

func silence(x []int16, lost []bool) ([]int16, error) {
	out := append([]int16(nil), x...)
	for i, l := range lost {
		if l {
			clear(out[i*pcm.FrameLen : (i+1)*pcm.FrameLen])
		}
	}
	return out, nil
}

// losses returns a map of frames with 5 % lost in bursts of so many frames, at
// least four whole ones between them.
func losses(frames, burst int, seed uint64) []bool {
	lost := make([]bool, frames)
	state := uint32(seed)*2654435761 + 12345
	p := 0.05 / float64(burst) / (1 - 0.05/float64(burst)*float64(burst+4))
	for i := 10; i+burst < frames; {
		state = state*1664525 + 1013904223
		if float64(state>>8)/(1<<24) >= p {
			i++
			continue
		}
		for k := range burst {
			lost[i+k] = true
		}
		i += burst + 4
	}
	return lost
}
