// Command progressbench prints the project's figures for call-progress tones:
// every signal of every country, bent in cadence, frequency and level and in
// noise, how soon it is told, and what is heard where there is none.
//
//	go run ./testbench/benchdsp/progressbench [-seed N] [-speech=false]
//
// Recorded prompts (asterisk-core-sounds-*-wav) are read where Debian puts them.
package main

import (
	"flag"
	"fmt"
	"math"
	"os"
	"slices"

	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/progress"
	"github.com/centralita/centralita/dsp/tone"
	"github.com/centralita/centralita/dsp/tone/plan"
	"github.com/centralita/centralita/testbench/corpus/digits"
)

var kinds = []plan.Kind{plan.Dial, plan.Ringback, plan.Busy, plan.Congestion, plan.Info, plan.Howler}

// bend spoils a signal of a plan.
type bend struct {
	name          string
	cadence, freq float64 // factors, 1 is right
	level         float64 // dBm0 of each frequency
	snr           float64 // dB, 0 for no noise
}

func main() {
	seed := flag.Uint64("seed", 5000, "seed of all sounds")
	speech := flag.Bool("speech", true, "listen to recorded prompts and song too")
	flag.Parse()
	r := digits.NewRng(*seed)
	right := bend{"nominal", 1, 1, -15, 0}
	with := func(name string, f func(*bend)) bend { b := right; b.name = name; f(&b); return b }
	fmt.Println("| signals told right | of | ours |\n|---|---|---|")
	for _, b := range []bend{
		right,
		with("SNR 20 dB", func(b *bend) { b.snr = 20 }),
		with("SNR 10 dB", func(b *bend) { b.snr = 10 }),
		with("SNR 6 dB", func(b *bend) { b.snr = 6 }),
		with("cadence +8 %", func(b *bend) { b.cadence = 1.08 }),
		with("cadence −8 %", func(b *bend) { b.cadence = 0.92 }),
		with("frequency +3 %", func(b *bend) { b.freq = 1.03 }),
		with("frequency −3 %", func(b *bend) { b.freq = 0.97 }),
		with("−35 dBm0", func(b *bend) { b.level = -35 }),
		with("−40 dBm0", func(b *bend) { b.level = -40 }),
	} {
		told, total, missed := row(b, r)
		fmt.Printf("| %s | %d | %d %s |\n", b.name, total, told, missed)
	}
	times(right, r)
	if !*speech {
		return
	}
	fmt.Println("\n| signals told where there is none | countries | ours |\n|---|---|---|")
	sounds := []sound{
		{"staccato song near 425 Hz, 0.25 h", digits.Staccato(900, 425, r)},
		{"sung vowels, 0.25 h", digits.Sung(900, r)},
		{"buzzing speech, 0.25 h", digits.Speech(900, r)},
	}
	if voice, err := digits.Prompts(digits.PromptDir); err != nil {
		fmt.Fprintln(os.Stderr, err)
	} else {
		sounds = append(sounds, sound{fmt.Sprintf("recorded prompts, %.2f h", float64(len(voice))/pcm.Rate/3600), voice})
	}
	for _, s := range sounds {
		none(s.name, s.line)
	}
	fmt.Println("\n| unknown tones learned where there is none | ours |\n|---|---|")
	for _, s := range sounds {
		fmt.Printf("| learned from %s | %s |\n", s.name, learned(s.line))
	}
}

type sound struct {
	name string
	line digits.Line
}

// learned counts what a line would take for a tone of an exchange.
func learned(s digits.Line) string {
	x := s.Samples()
	var l progress.Learner
	n, what := 0, ""
	for i := 0; i+pcm.FrameLen <= len(x); i += pcm.FrameLen {
		l.Process((*pcm.Frame)(x[i:]))
		if found, ok := l.Found(); ok && found.Even {
			n++
			what += fmt.Sprintf(" %.1f s %v;", float64(i)/pcm.Rate, found.Signal)
			l.Reset()
		}
	}
	return fmt.Sprint(n, what)
}

// same tells kinds that the plan gives one and the same signal.
func same(p plan.Plan, a, b plan.Kind) bool {
	return a == b || slices.Equal(p.Signal(a).OnOff, p.Signal(b).OnOff) && slices.Equal(p.Signal(a).Hz, p.Signal(b).Hz)
}

func row(b bend, r *digits.Rng) (told, total int, missed string) {
	for _, c := range plan.Countries() {
		p, _ := plan.For(c)
		for _, k := range kinds {
			total++
			ev := hear(p, b.render(p.Signal(k), 12500, r))
			if len(ev) == 1 && same(p, ev[0].Kind, k) && !ev[0].Ended {
				told++
				continue
			}
			missed += fmt.Sprintf(" %s %v %v", c, k, ev)
		}
	}
	return told, total, missed
}

// times prints how long after its onset a kind is told, the worst of all
// countries, and by how much it is later than two periods; and than that or the
// moment when no other signal of the plan sounds alike any more.
func times(b bend, r *digits.Rng) {
	fmt.Println("\n| told after the onset, ms | mean | worst | worst beyond two periods | beyond that and where the plan's signals part |\n|---|---|---|---|---|")
	for _, k := range kinds {
		var sum, worst, n, beyond, parted int
		for _, c := range plan.Countries() {
			p, _ := plan.For(c)
			d := progress.New(p)
			d.AwaitDial = true
			x := b.render(p.Signal(k), 12500, r)
			for _, e := range listen(d, x) {
				if same(p, e.Kind, k) && !e.Ended {
					at := int(e.At) - leadMs
					period := 0
					for _, ms := range p.Signal(k).OnOff {
						period += ms
					}
					sum, n, worst, beyond = sum+at, n+1, max(worst, at), max(beyond, at-2*period)
					parted = max(parted, at-max(2*period, parting(p, k)))
					break
				}
			}
		}
		fmt.Printf("| %v | %d | %d | %d | %d |\n", k, sum/max(1, n), worst, beyond, parted)
	}
}

// parting is how many ms after its onset a signal of a cadence last sounds like
// another one of the same frequencies that begins with it.
func parting(p plan.Plan, k plan.Kind) (ms int) {
	s := p.Signal(k)
	for _, other := range kinds {
		o := p.Signal(other)
		if same(p, k, other) || !slices.Equal(s.Hz, o.Hz) || len(s.OnOff) == 0 || len(o.OnOff) == 0 {
			continue
		}
		at := 0
		for at < 10_000 && sounds(s.OnOff, at) == sounds(o.OnOff, at) {
			at += 5
		}
		ms = max(ms, at)
	}
	return ms
}

// sounds reports whether a cadence is in a burst at a time.
func sounds(onOff []int, ms int) bool {
	for i := 0; ; i++ {
		if ms -= onOff[i%len(onOff)]; ms < 0 {
			return i%2 == 0
		}
	}
}

func none(name string, s digits.Line) {
	x := s.Samples()
	total := ""
	n := 0
	for _, c := range plan.Countries() {
		p, _ := plan.For(c)
		for _, e := range hear(p, x) {
			if !e.Ended {
				n++
				total += fmt.Sprintf(" %s %.1f s %s;", c, float64(e.At)/1000, e.Why())
			}
		}
	}
	fmt.Printf("| %s | %d | %d%s |\n", name, len(plan.Countries()), n, total)
}

const leadMs = 500

// render plays a signal for ms after a silence.
func (b bend) render(s plan.Signal, ms int, r *digits.Rng) []int16 {
	bent := plan.Signal{DBm0: b.level}
	for _, hz := range s.Hz {
		bent.Hz = append(bent.Hz, hz*b.freq)
	}
	for _, hz := range s.Then {
		bent.Then = append(bent.Then, hz*b.freq)
	}
	for _, v := range s.OnOff {
		bent.OnOff = append(bent.OnOff, int(float64(v)*b.cadence))
	}
	var p tone.Player
	p.Start(bent.Spec())
	x := make([]int16, tone.Ms(leadMs+ms))
	p.FillSamples(x[tone.Ms(leadMs):])
	line := make(digits.Line, len(x))
	for i, v := range x {
		line[i] = float64(v)
	}
	if b.snr != 0 {
		line.Noise(b.level+10*math.Log10(float64(len(s.Hz)))-b.snr, r)
	}
	return line.Samples()
}

func hear(p plan.Plan, x []int16) []progress.Event { return listen(progress.New(p), x) }

func listen(d *progress.Detector, x []int16) (out []progress.Event) {
	for i := 0; i+pcm.FrameLen <= len(x); i += pcm.FrameLen {
		out = d.Process((*pcm.Frame)(x[i:]), out)
	}
	return out
}
