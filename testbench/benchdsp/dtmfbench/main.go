// Command dtmfbench prints the project's figures for detectors of keys: ours
// beside libspandsp and multimon-ng where they are installed.
//
//	go run ./testbench/benchdsp/dtmfbench [-seed N] [-talk quick|full|none] [-peers=false] [-only TEXT]
//
// Recorded prompts (asterisk-core-sounds-*-wav) are read where Debian puts
// them. Seeds below 1000 were used to tune the detector; judge it by others.
package main

import (
	"flag"
	"fmt"
	"math"
	"os"
	"strings"

	"github.com/centralita/centralita/dsp/dtmf"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/testbench/corpus/digits"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type options struct {
	seed  uint64
	talk  string
	only  string
	peers bool
}

func run() error {
	var o options
	spin := flag.Int("spin", 0, "only listen so many times to the speech of the cost row, for instruction counts")
	flag.Uint64Var(&o.seed, "seed", 5000, "seed of all sounds")
	flag.StringVar(&o.talk, "talk", "quick", "talk-off: quick (all prompts, one speed), full (five speeds), none")
	flag.StringVar(&o.only, "only", "", "only rows whose name contains this")
	flag.BoolVar(&o.peers, "peers", true, "run the peers too")
	flag.Parse()
	voice, err := digits.Prompts(digits.PromptDir)
	if err != nil {
		fmt.Fprintln(os.Stderr, err, "- speech of our own stands in, talk-off of prompts is left out")
	}
	if *spin > 0 {
		x := costSound(voice)
		for range *spin {
			pass(x)
		}
		return nil
	}
	dir, err := os.MkdirTemp("", "dtmfbench")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }() // a folder of /tmp
	peers := []peer{ours("ours", dtmf.IVR), ours("strict", dtmf.Strict)}
	program := ""
	if o.peers {
		if program, err = spandsp(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
		} else {
			peers = append(peers, spandspPeer(program))
		}
		if p, err := multimon(); err != nil {
			fmt.Fprintln(os.Stderr, err)
		} else {
			peers = append(peers, p)
		}
	}
	if err := conditions(o, peers, voice); err != nil {
		return err
	}
	if o.talk != "none" {
		if err := talk(o, peers, voice); err != nil {
			return err
		}
	}
	if o.only == "" {
		if err := told(program); err != nil {
			return err
		}
		return cost(program, voice)
	}
	return nil
}

func ours(name string, m dtmf.Mode) peer {
	return peer{name, func(trials [][]int16) ([]string, error) {
		var got []string
		for _, x := range trials {
			got = append(got, hear(m, x))
		}
		return got, nil
	}}
}

func hear(m dtmf.Mode, x []int16) string {
	d := dtmf.Detector{Mode: m}
	var out []dtmf.Event
	var keys []byte
	for i := 0; i+pcm.FrameLen <= len(x); i += pcm.FrameLen {
		out = d.Process((*pcm.Frame)(x[i:]), out[:0])
		for _, e := range out {
			if e.Down {
				keys = append(keys, e.Digit)
			}
		}
	}
	return string(keys)
}

func header(first string, peers []peer) {
	fmt.Printf("\n| %s | goal |", first)
	for _, p := range peers {
		fmt.Printf(" %s |", p.name)
	}
	fmt.Printf("\n|---|---|%s\n", strings.Repeat("---|", len(peers)))
}

// conditions prints the share of keys heard and how many were invented.
func conditions(o options, peers []peer, voice digits.Line) error {
	header("heard, extra", peers)
	for i, c := range digits.Conditions() {
		if !strings.Contains(c.Name, o.only) {
			continue
		}
		trials := c.Trials(o.seed+uint64(i), voice)
		sounds := make([][]int16, len(trials))
		total := 0
		for j, t := range trials {
			sounds[j] = t.Samples
			total += len(t.Want)
		}
		fmt.Printf("| %s (%d keys) | %s |", c.Name, total, c.Goal)
		for _, p := range peers {
			got, err := p.hear(sounds)
			if err != nil {
				return err
			}
			hits, extra := 0, 0
			for j, t := range trials {
				h, e := digits.Score(t.Want, got[j])
				hits, extra = hits+h, extra+e
			}
			share := 100 * float64(hits) / float64(total)
			mark := ""
			if p.name == "ours" && (share < c.Min || share > c.Max || extra > c.Extra) {
				mark = " ✗"
			}
			fmt.Printf(" %.1f %%, %d%s |", share, extra, mark)
		}
		fmt.Println()
	}
	return nil
}

// talk prints how many keys are heard in voices.
func talk(o options, peers []peer, voice digits.Line) error {
	header("keys heard where there are none", peers)
	heard := 0 // by ours in the last row
	row := func(name, goal string, most int, sounds [][]int16) error {
		if !strings.Contains(name, o.only) {
			return nil
		}
		n := 0
		for _, x := range sounds {
			n += len(x)
		}
		fmt.Printf("| %s, %.2f h | %s |", name, float64(n)/pcm.Rate/3600, goal)
		for _, p := range peers {
			got, err := p.hear(sounds)
			if err != nil {
				return err
			}
			n, mark := len(strings.Join(got, "")), ""
			if p.name == "ours" {
				if heard = n; n > most {
					mark = " ✗"
				}
			}
			fmt.Printf(" %d%s |", n, mark)
		}
		fmt.Println()
		return nil
	}
	r := digits.NewRng(o.seed + 100)
	if err := row("sung vowels, two strong harmonics", "≤ 3", 3, [][]int16{digits.Sung(1800, r).Samples()}); err != nil {
		return err
	}
	if err := row("a third tone", "0", 0, [][]int16{digits.Third(300, r).Samples()}); err != nil {
		return err
	}
	if err := row("buzzing speech of our own", "–", math.MaxInt, [][]int16{digits.Speech(1800, r).Samples()}); err != nil {
		return err
	}
	if voice == nil {
		return nil
	}
	if err := row("recorded prompts", "0", 0, [][]int16{voice.Samples()}); err != nil {
		return err
	}
	if o.talk != "full" {
		return nil
	}
	left := 1
	for _, speed := range []float64{0.8, 0.87, 0.93, 1.07, 1.15, 1.25} {
		if err := row(fmt.Sprintf("prompts at speed %.2f", speed), "all: ≤ 1", left, [][]int16{voice.Faster(speed).Samples()}); err != nil {
			return err
		}
		left -= heard
	}
	return nil
}
