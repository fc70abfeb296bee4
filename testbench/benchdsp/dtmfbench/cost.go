package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/centralita/centralita/dsp/dtmf"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/testbench/corpus/digits"
)

// told prints how long after its onset a key is told, by the end of the frame that
// decides, over all alignments of frames. A detector that is fed frames and takes
// no tone of 23 ms cannot keep its worst below 43 ms: what sounded 23 ms at the
// end of a frame has to wait for the next.
func told(program string) error {
	const silence = 1600
	var sounds [][]int16
	for lead := range pcm.FrameLen {
		s := make(digits.Line, silence+lead)
		s = s.Key("159D"[lead%4], digits.Shape{On: 80, Off: 80, Low: -13, High: -13}, digits.NewRng(uint64(lead)))
		sounds = append(sounds, s.Samples())
	}
	ours := make([]int, len(sounds))
	for lead, x := range sounds {
		d := dtmf.Detector{}
		for i := 0; i+pcm.FrameLen <= len(x) && ours[lead] == 0; i += pcm.FrameLen {
			if ev := d.Process((*pcm.Frame)(x[i:]), nil); len(ev) > 0 {
				ours[lead] = i + pcm.FrameLen
			}
		}
	}
	theirs := []int(nil)
	if program != "" {
		var err error
		if theirs, err = spandspTold(program, sounds); err != nil {
			return err
		}
	}
	measure := func(at []int) (mean, worst float64) {
		for lead, n := range at {
			ms := float64(n-silence-lead) / 8
			mean, worst = mean+ms/float64(len(at)), max(worst, ms)
		}
		return mean, worst
	}
	mean, worst := measure(ours)
	peerMean, peerWorst := measure(theirs)
	fmt.Printf("\n| told after the onset, ms, with the rest of the frame | goal | ours | spandsp |\n|---|---|---|---|\n")
	row := func(name, goal string, mine, peer float64, missed bool) {
		mark, other := "", "–"
		if missed {
			mark = " ✗"
		}
		if theirs != nil {
			other = fmt.Sprintf("%.1f", peer)
		}
		fmt.Printf("| %s | %s | %.1f%s | %s |\n", name, goal, mine, mark, other)
	}
	row("mean", "≤ 40", mean, peerMean, mean > 40)
	row("worst", "≤ 40 and the rest of its frame", worst, peerWorst, worst > 60)
	return nil
}

// costSound is half a minute of speech, with keys in the last tenth.
func costSound(voice digits.Line) []int16 {
	r := digits.NewRng(9)
	s := digits.Line(nil)
	if len(voice) > 500*pcm.Rate {
		s = append(s, voice[400*pcm.Rate:427*pcm.Rate]...)
	} else {
		s = append(s, digits.Speech(27, r)...)
	}
	return s.Send(digits.Keys+digits.Keys, digits.Plain, r).Samples()
}

func pass(x []int16) time.Duration {
	var d dtmf.Detector
	out := make([]dtmf.Event, 0, 16)
	start := time.Now()
	for i := 0; i+pcm.FrameLen <= len(x); i += pcm.FrameLen {
		out = d.Process((*pcm.Frame)(x[i:]), out[:0])
	}
	return time.Since(start)
}

// cost prints the time of a frame in several sounds.
func cost(program string, voice digits.Line) error {
	fmt.Printf("\n| cost, ns a frame, pinned | goal | ours | spandsp | ratio |\n|---|---|---|---|---|\n")
	r := digits.NewRng(10)
	sounds := []struct {
		name string
		x    []int16
	}{
		{"speech, then keys", costSound(voice)},
		{"keys, 50 ms and 50 ms", digits.Line(nil).Send(strings.Repeat(digits.Keys, 8), digits.Plain, r).Samples()},
		{"noise", make(digits.Line, 10*pcm.Rate).Noise(-20, r).Samples()},
		{"silence", make([]int16, 10*pcm.Rate)},
	}
	if err := pin(); err != nil {
		return err
	}
	for _, s := range sounds {
		least := time.Hour
		for range 200 {
			least = min(least, pass(s.x))
		}
		mine := float64(least.Nanoseconds()) / float64(len(s.x)/pcm.FrameLen)
		if program == "" {
			fmt.Printf("| %s | ratio ≤ 1.0 | %.0f | – | – |\n", s.name, mine)
			continue
		}
		theirs, err := spandspCost(program, s.x)
		if err != nil {
			return err
		}
		mark := ""
		if mine > theirs {
			mark = " ✗"
		}
		fmt.Printf("| %s | ratio ≤ 1.0 | %.0f%s | %.0f | %.2f |\n", s.name, mine, mark, theirs, mine/theirs)
	}
	return nil
}
