// Command amdbench measures dsp/amd on generated greetings and prints precision
// and recall, and dsp/vad on generated speech in noise. With -wrong it lists the
// cases that were taken for the other.
package main

import (
	"flag"
	"fmt"
	"math"
	"os"

	"github.com/centralita/centralita/dsp/amd"
	"github.com/centralita/centralita/dsp/fax"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/vad"
	"github.com/centralita/centralita/testbench/corpus/greetings"
)

func main() {
	n := flag.Int("n", 50, "cases of each kind and language")
	seed := flag.Uint64("seed", 1, "seed of the corpus")
	louder := flag.Float64("louder", 0, "how many dB louder the noise is than −68 to −48 dBm0")
	wrong := flag.Bool("wrong", false, "list what was told wrongly")
	var cfg amd.Config
	flag.IntVar(&cfg.Greeting, "greeting", 0, "longest greeting of a person in ms (0: usual)")
	flag.IntVar(&cfg.Silence, "silence", 0, "silence after a person's greeting in ms (0: usual)")
	flag.IntVar(&cfg.Words, "words", 0, "most words of a person (0: usual)")
	prompts := flag.String("prompts", "", "folder of recorded speech in which no fax and no beep may be heard")
	flag.Parse()
	cases, err := greetings.MakeNoisy(*seed, *n, *louder)
	if err != nil {
		fmt.Fprintln(os.Stderr, "amdbench:", err)
		os.Exit(1)
	}
	s := greetings.Judge(cases, cfg)
	fmt.Printf("%d generated greetings, seed %d\n\n", len(cases), *seed)
	greetings.Table(os.Stdout, s)
	if err := activity(); err != nil {
		fmt.Fprintln(os.Stderr, "amdbench:", err)
		os.Exit(1)
	}
	if *prompts != "" {
		if err := strays(*prompts); err != nil {
			fmt.Fprintln(os.Stderr, "amdbench:", err)
			os.Exit(1)
		}
	}
	if *wrong {
		for _, sc := range s {
			for _, w := range sc.Wrong {
				fmt.Println(w)
			}
		}
	}
}

// activity prints what dsp/vad makes of 120 s of speech in noise.
func activity() error {
	clean, err := greetings.Talk(9, 120)
	if err != nil {
		return err
	}
	truth := greetings.Truths(clean)
	fmt.Printf("\nspeech activity, 120 s, noise and hum\n\n| SNR | voice heard | pauses taken for voice | noise estimate off by |\n|---|---|---|---|\n")
	for _, snr := range []float64{40, 30, 20, 15, 10, 5} {
		for _, swing := range []bool{false, true} {
			d := vad.New(vad.Config{})
			blocks := d.Process(greetings.InNoise(clean, -20-snr, swing), nil)
			var voice, heard, pause, stray int
			var off float64
			for i, b := range blocks {
				switch truth[i] {
				case greetings.Voice:
					voice++
					if b.Speech {
						heard++
					}
				case greetings.Pause:
					pause++
					off += math.Abs(b.Noise - (-20 - snr))
					if b.Speech {
						stray++
					}
				}
			}
			kind := "steady"
			if swing {
				kind = "swinging ±3 dB"
			}
			fmt.Printf("| %.0f dB %s | %.1f %% | %.1f %% | %.1f dB |\n", snr, kind,
				100*float64(heard)/float64(voice), 100*float64(stray)/float64(pause), off/float64(pause))
		}
	}
	return nil
}

// strays prints how many fax tones and beeps are heard in recorded speech.
func strays(folder string) error {
	x, err := greetings.Recorded(folder, 0, 0)
	if err != nil {
		return err
	}
	var f fax.Detector
	faxes := f.Process(x, nil)
	d, beeps := amd.New(amd.Config{}), 0
	for _, e := range d.Process(x, nil) {
		if e.Kind == amd.Beep {
			beeps++
			fmt.Printf("beep at %.1f s: %v\n", float64(e.From)/1000, e)
		}
	}
	fmt.Printf("\n%.2f hours of recorded speech: %d fax tones %v, %d beeps\n", float64(len(x))/pcm.Rate/3600, len(faxes), faxes, beeps)
	return nil
}
