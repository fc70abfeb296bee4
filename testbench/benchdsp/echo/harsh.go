package main

import (
	"fmt"
	"math"

	"github.com/centralita/centralita/dsp/g711"
	es "github.com/centralita/centralita/testbench/corpus/echosignals"
)

// condition is a harder world than that of the figures.
type condition struct {
	name  string
	tail  int
	level float64 // of the far end, dBm0
	noise float64 // of the line, dBm0
	law   bool    // both ways through µ-law
	talk  float64 // level of a near talker from 0 to 3 s, dBm0; 0 for none
	erl   float64
	late  float64 // more delay of the echo, ms
}

var conditions = []condition{
	{name: "tail 64 ms", tail: 64, level: farLevel, noise: quiet, erl: 6},
	{name: "tail 128 ms", tail: 128, level: farLevel, noise: quiet, erl: 6},
	{name: "tail 64 ms, echo 35 ms later", tail: 64, level: farLevel, noise: quiet, erl: 6, late: 35},
	{name: "tail 128 ms, echo 60 ms later", tail: 128, level: farLevel, noise: quiet, erl: 6, late: 60},
	{name: "tail 128 ms, echo 95 ms later", tail: 128, level: farLevel, noise: quiet, erl: 6, late: 95},
	{name: "far end at −30 dBm0", tail: 32, level: -30, noise: quiet, erl: 6},
	{name: "far end at −3 dBm0", tail: 32, level: -3, noise: quiet, erl: 6},
	{name: "noise at −45 dBm0", tail: 32, level: farLevel, noise: -45, erl: 6},
	{name: "noise at −35 dBm0", tail: 32, level: farLevel, noise: -35, erl: 6},
	{name: "ERL 20 dB", tail: 32, level: farLevel, noise: quiet, erl: 20},
	{name: "ERL 0 dB", tail: 32, level: farLevel, noise: quiet, erl: 0},
	{name: "both ways µ-law", tail: 32, level: farLevel, noise: quiet, law: true, erl: 6},
	{name: "double talk at −15 dBm0 for the first 3 s", tail: 32, level: farLevel, noise: quiet, talk: -15, erl: 6},
	{name: "double talk at −8 dBm0 for the first 3 s", tail: 32, level: farLevel, noise: quiet, talk: -8, erl: 6},
}

// law passes x through µ-law.
func law(x []int16) {
	b := make([]byte, len(x))
	g711.CompressULaw(b, x)
	g711.ExpandULaw(x, b)
}

// harsh prints how each canceller does in harder worlds, over the six lines.
func harsh(dir string, cs []canceller) error {
	for _, q := range conditions {
		fmt.Printf("%s: s to 20 dB [never], ERLE from 3 to 4 s and in the end, on noise; composite; speech\n", q.name)
		for _, c := range cs {
			fmt.Printf("  %-8s", c.name)
			for _, k := range kinds(dir) {
				var t, early, end []float64
				for i, line := range es.Lines {
					s, err := q.scene(dir, k, i, line)
					if err != nil {
						return err
					}
					out, _, err := c.run(q.tail, s.far, s.near, 1)
					if err != nil {
						return err
					}
					n := len(out)
					t = append(t, s.reaches(out, 20))
					early = append(early, s.erle(out, 3*second, 4*second))
					end = append(end, s.erle(out, n-3*second, n))
				}
				fmt.Printf("   %5s [%d] %5.1f %5.1f (%.1f)", finite(t), never(t), mean(early), mean(end), least(end))
			}
			fmt.Println()
		}
	}
	return nil
}

func (q condition) scene(dir string, k kind, i int, line es.Line) (scene, error) {
	n := k.seconds * second
	far, err := k.make(uint64(i), n)
	if err != nil {
		return scene{}, err
	}
	for j := range far {
		far[j] *= math.Pow(10, (q.level-farLevel)/20)
	}
	s := scene{far: es.Round(far)}
	if q.law {
		law(s.far)
	}
	line.Delay += q.late
	s.echo = es.Convolve(s.far, line.Path(q.tail*second/1000, q.erl))
	sum := es.White(uint64(i)+99, n, q.noise)
	es.Add(sum, s.echo, 0)
	if q.talk != 0 {
		talk, err := es.Speech(dir, es.Talkers[(i+1)%len(es.Talkers)], 3*second, q.talk)
		if err != nil {
			return scene{}, err
		}
		es.Add(sum, talk, 0)
	}
	s.near = es.Round(sum)
	if q.law {
		law(s.near) // what the law adds is near, not echo
	}
	return s, nil
}
