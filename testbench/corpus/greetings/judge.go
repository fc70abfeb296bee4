package greetings

import (
	"fmt"
	"io"
	"slices"

	"github.com/centralita/centralita/dsp/amd"
	"github.com/centralita/centralita/dsp/pcm"
)

// Score counts what a detector made of cases of one kind.
type Score struct {
	Cases    int
	Person   int // told as a person
	Machine  int // told as a machine
	Beeps    int // beeps heard where they are
	BeepsIn  int // beeps there are
	Stray    int // beeps heard where there is none
	Delays   []int64
	BeepLate []int64 // from the end of the beep to the event
	Wrong    []string
}

// Judge lets a detector listen to every case and counts by who answers.
func Judge(cases []Case, cfg amd.Config) (s [3]Score) {
	for _, c := range cases {
		sc := &s[c.Who]
		sc.Cases++
		if c.BeepMs > 0 {
			sc.BeepsIn++
		}
		d := amd.New(cfg)
		var ev []amd.Event
		for at := 0; at < len(c.Audio); at += pcm.FrameLen {
			ev = d.Process(c.Audio[at:at+pcm.FrameLen], ev)
		}
		for _, e := range ev {
			sc.count(&c, e)
		}
	}
	return s
}

func (s *Score) count(c *Case, e amd.Event) {
	switch e.Kind {
	case amd.Person:
		s.Person++
		s.Delays = append(s.Delays, e.At-c.To)
	case amd.Machine:
		s.Machine++
		s.Delays = append(s.Delays, e.At-c.From)
	case amd.Beep:
		late := e.At - c.BeepAt - c.BeepMs
		if c.BeepMs > 0 && late > -30 && late < 200 {
			s.Beeps++
			s.BeepLate = append(s.BeepLate, late)
		} else {
			s.Stray++
		}
	}
	if wrong := c.Who == Machine; e.Kind != amd.Beep && wrong == (e.Kind == amd.Person) {
		s.Wrong = append(s.Wrong, fmt.Sprintf("%v: %v", c, e))
	}
}

// Middle returns the value at a share of the sorted values.
func Middle(v []int64, share float64) int64 {
	if len(v) == 0 {
		return 0
	}
	v = slices.Clone(v)
	slices.Sort(v)
	return v[min(len(v)-1, int(share*float64(len(v))))]
}

// Table prints precision and recall. Offices stand apart: by habit alone they
// cannot be told from machines.
func Table(w io.Writer, s [3]Score) {
	p, o, m := s[Person], s[Office], s[Machine]
	fmt.Fprintf(w, "| | recall | precision | decided (median, 95 %%) |\n|---|---|---|---|\n")
	fmt.Fprintf(w, "| person, short word | %d/%d = %.1f %% | %.1f %% | %d, %d ms after the word |\n", p.Person, p.Cases,
		percent(p.Person, p.Cases), percent(p.Person, p.Person+m.Person), Middle(p.Delays, 0.5), Middle(p.Delays, 0.95))
	fmt.Fprintf(w, "| machine | %d/%d = %.1f %% | %.1f %% | %d, %d ms after its first sound |\n", m.Machine, m.Cases,
		percent(m.Machine, m.Cases), percent(m.Machine, m.Machine+p.Machine), Middle(m.Delays, 0.5), Middle(m.Delays, 0.95))
	fmt.Fprintf(w, "| office, a whole sentence: told as a person | %d/%d = %.1f %% | | |\n", o.Person, o.Cases, percent(o.Person, o.Cases))
	fmt.Fprintf(w, "| beep | %d/%d = %.1f %% | %.1f %% | %d, %d ms after its end |\n", m.Beeps, m.BeepsIn, percent(m.Beeps, m.BeepsIn),
		percent(m.Beeps, m.Beeps+m.Stray+p.Stray+o.Stray), Middle(m.BeepLate, 0.5), Middle(m.BeepLate, 0.95))
}

func percent(a, b int) float64 { return 100 * float64(a) / float64(max(1, b)) }
