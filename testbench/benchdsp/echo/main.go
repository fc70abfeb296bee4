// Command echo measures the line echo canceller beside its peers: time to
// converge, depth, double talk, change of path and cost. It prints the rows of
// design/figures.md; with -harsh also what harder worlds make of them. Peers
// are built from Debian's libspeexdsp-dev and libspandsp-dev where installed.
package main

import (
	"flag"
	"fmt"
	"math"
	"os"
	"slices"
	"time"

	"github.com/centralita/centralita/dsp/echo"
	"github.com/centralita/centralita/dsp/pcm"
	es "github.com/centralita/centralita/testbench/corpus/echosignals"
)

// canceller leaves what is near.
type canceller struct {
	name string
	run  func(tail int, far, near []int16, repeat int) ([]int16, float64, error)
}

func ours(tail int, far, near []int16, repeat int) ([]int16, float64, error) {
	out := make([]int16, len(far))
	best := math.Inf(1)
	for range repeat {
		c, err := echo.New(echo.Options{Tail: tail, NoSuppressor: true})
		if err != nil {
			return nil, 0, err
		}
		began := time.Now()
		for i := 0; i+pcm.FrameLen <= len(far); i += pcm.FrameLen {
			c.Process((*pcm.Frame)(far[i:]), (*pcm.Frame)(near[i:]), (*pcm.Frame)(out[i:]))
		}
		best = min(best, float64(time.Since(began).Nanoseconds())/float64(len(far)/pcm.FrameLen))
	}
	return out, best, nil
}

func main() {
	more := flag.Bool("harsh", false, "also harder worlds: longer tails, noise, levels, double talk from the beginning")
	solo := flag.Bool("solo", false, "without peers")
	flag.Parse()
	if err := run(*more, *solo); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(more, solo bool) error {
	dir, err := os.MkdirTemp("", "benchecho")
	if err != nil {
		return fmt.Errorf("cannot make a folder for the bench: %w", err)
	}
	defer os.RemoveAll(dir)
	cancellers := []canceller{{"ours", ours}}
	if !solo {
		program, err := buildPeers(dir)
		if err != nil {
			fmt.Println("no peers:", err)
		} else {
			for _, kind := range []string{"speex", "spandsp"} {
				cancellers = append(cancellers, canceller{kind, peer{program, kind, dir}.run})
			}
		}
	}
	for _, k := range kinds(dir) {
		if err := converge(k, cancellers); err != nil {
			return err
		}
	}
	if err := doubleTalk(dir, cancellers); err != nil {
		return err
	}
	for _, k := range kinds(dir) {
		if err := pathChange(k, cancellers); err != nil {
			return err
		}
	}
	if more {
		if err := harsh(dir, cancellers); err != nil {
			return err
		}
	}
	if err := suppressed(dir); err != nil {
		return err
	}
	return cost(dir, cancellers)
}

func converge(k kind, cs []canceller) error {
	fmt.Printf("%s: s to 20 / 25 / 30 dB [never 20], ERLE end\n", k.name)
	for _, c := range cs {
		var t [3][]float64
		var end []float64
		err := hybrids(func(seed uint64, name string, h []float64, erl float64) error {
			n := k.seconds * second
			far, err := k.make(seed, n)
			if err != nil {
				return err
			}
			s := compose(far, nil, one(h), seed)
			out, _, err := c.run(32, s.far, s.near, 1)
			if err != nil {
				return err
			}
			for i, db := range []float64{20, 25, 30} {
				t[i] = append(t[i], s.reaches(out, db))
			}
			end = append(end, s.erle(out, n-3*second, n))
			return nil
		})
		if err != nil {
			return err
		}
		fmt.Printf("  %-8s %5s / %5s / %5s [%d] %5.1f (worst %s, %.1f)\n", c.name, finite(t[0]), finite(t[1]), finite(t[2]), never(t[0]), mean(end), seconds(worst(t[0])), least(end))
	}
	return nil
}

// finite is the mean of the times that were reached.
func finite(x []float64) string {
	var reached []float64
	for _, v := range x {
		if !math.IsInf(v, 0) {
			reached = append(reached, v)
		}
	}
	if len(reached) == 0 {
		return "never"
	}
	return seconds(mean(reached))
}

func seconds(v float64) string {
	if math.IsInf(v, 0) {
		return "never"
	}
	return fmt.Sprintf("%.2f", v)
}

func never(x []float64) (n int) {
	for _, v := range x {
		if math.IsInf(v, 0) {
			n++
		}
	}
	return n
}

func mean(x []float64) float64 {
	var sum float64
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}

func worst(x []float64) float64 { return slices.Max(x) }
func least(x []float64) float64 { return slices.Min(x) }

// doubleTalk: 8 s of the far end, 4 s both, 8 s the far end again.
func doubleTalk(dir string, cs []canceller) error {
	fmt.Println("double talk (speech, ERL 6): ERLE during / 0.5 s after / end")
	for _, c := range cs {
		var during, after, end []float64
		for i, line := range es.Lines {
			n := 20 * second
			far, err := es.Speech(dir, es.Talkers[i%4], n, farLevel)
			if err != nil {
				return err
			}
			talk, err := es.Speech(dir, es.Talkers[(i+1)%4], 4*second, -15)
			if err != nil {
				return err
			}
			near := make([]float64, n)
			es.Add(near, talk, 8*second)
			s := compose(far, near, one(line.Path(taps, 6)), uint64(i))
			out, _, err := c.run(32, s.far, s.near, 1)
			if err != nil {
				return err
			}
			during = append(during, s.erle(out, 8*second, 12*second))
			after = append(after, s.erle(out, 12*second+second/4, 12*second+second*3/4))
			end = append(end, s.erle(out, n-3*second, n))
		}
		fmt.Printf("  %-8s %5.1f / %5.1f / %5.1f (worst %.1f %.1f %.1f)\n", c.name, mean(during), mean(after), mean(end), least(during), least(after), least(end))
	}
	return nil
}

func pathChange(k kind, cs []canceller) error {
	fmt.Printf("path change (%s): ERLE 0.5 s after / end\n", k.name)
	for _, c := range cs {
		var after, end []float64
		for i, line := range es.Lines {
			n, at := 20*second, 8*second
			far, err := k.make(uint64(i), n)
			if err != nil {
				return err
			}
			next := es.Lines[(i+1)%len(es.Lines)]
			s := compose(far, nil, changed(line.Path(taps, 6), next.Path(taps, 8), at), uint64(i))
			out, _, err := c.run(32, s.far, s.near, 1)
			if err != nil {
				return err
			}
			after = append(after, s.erle(out, at+second*2/5, at+second*3/5))
			end = append(end, s.erle(out, n-3*second, n))
		}
		fmt.Printf("  %-8s %5.1f / %5.1f (worst %.1f %.1f)\n", c.name, mean(after), mean(end), least(after), least(end))
	}
	return nil
}

// suppressed measures our suppressor on speech: the noisiest 20 ms of 99 % of
// what is left after 2 s over a line noise of −65 dBm0, and what it changes of
// a near talker who speaks alone over a far end that hisses at −55 dBm0.
func suppressed(dir string) error {
	fmt.Println("suppressor (speech): left of the echo, 99 % of frames below; changed of a lone near talker at −20 dBm0")
	var left, changed []float64
	for i, line := range es.Lines {
		n := 12 * second
		far, err := es.Speech(dir, es.Talkers[i%len(es.Talkers)], n, farLevel)
		if err != nil {
			return err
		}
		talk, err := es.Speech(dir, es.Talkers[(i+1)%len(es.Talkers)], 4*second, -20)
		if err != nil {
			return err
		}
		copy(far[8*second:], es.White(3, 4*second, -55))
		near := make([]float64, n)
		es.Add(near, talk, 8*second)
		s := compose(far, near, one(line.Path(taps, 6)), uint64(i))
		with, err := cancel(echo.Options{Tail: 32}, s)
		if err != nil {
			return err
		}
		without, err := cancel(echo.Options{Tail: 32, NoSuppressor: true}, s)
		if err != nil {
			return err
		}
		for at := 2 * second; at < 8*second; at += pcm.FrameLen {
			left = append(left, pcm.Level(with[at:at+pcm.FrameLen]))
		}
		for at := range with {
			with[at] -= without[at]
		}
		changed = append(changed, pcm.Level(with[8*second:]))
	}
	slices.Sort(left)
	fmt.Printf("  %-8s %5.1f dBm0; %5.1f dBm0 (worst of the six lines)\n", "ours", left[len(left)*99/100], worst(changed))
	return nil
}

// cancel runs our canceller over a scene.
func cancel(o echo.Options, s scene) ([]int16, error) {
	c, err := echo.New(o)
	if err != nil {
		return nil, err
	}
	out := make([]int16, len(s.far))
	for i := 0; i+pcm.FrameLen <= len(out); i += pcm.FrameLen {
		c.Process((*pcm.Frame)(s.far[i:]), (*pcm.Frame)(s.near[i:]), (*pcm.Frame)(out[i:]))
	}
	return out, nil
}

// cost takes the cancellers in turn, so that a busy machine is so for all.
func cost(dir string, cs []canceller) error {
	const rounds = 5
	fmt.Println("ns per frame at a tail of 16 / 32 / 64 / 128 ms, least of 15 runs in turn")
	n := 3 * second
	far, err := es.Speech(dir, es.Talkers[0], n, farLevel)
	if err != nil {
		return err
	}
	s := compose(far, nil, one(es.Lines[1].Path(taps, 6)), 1)
	tails := [4]int{16, 32, 64, 128}
	best := make([][4]float64, len(cs))
	for round := range rounds {
		for t, tail := range tails {
			for i, c := range cs {
				_, ns, err := c.run(tail, s.far, s.near, 3)
				if err != nil {
					return err
				}
				if round == 0 || ns < best[i][t] {
					best[i][t] = ns
				}
			}
		}
	}
	for i, c := range cs {
		fmt.Printf("  %-8s %6.0f / %6.0f / %6.0f / %6.0f\n", c.name, best[i][0], best[i][1], best[i][2], best[i][3])
	}
	return nil
}
