package greetings

import (
	"os/exec"
	"slices"
	"testing"

	"github.com/centralita/centralita/dsp/amd"
	"github.com/centralita/centralita/dsp/fax"
	"github.com/centralita/centralita/dsp/vad"
)

// corpus is a small part of what testbench/benchdsp/amdbench measures.
func corpus(t *testing.T, n int) []Case {
	t.Helper()
	for _, program := range []string{"espeak-ng", "sox"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s speaks the greetings and is not installed: make need installs it", program)
		}
	}
	cases, err := Make(5, n)
	if err != nil {
		t.Fatal(err)
	}
	return cases
}

func TestPersonsMachinesAndBeeps(t *testing.T) {
	cases := corpus(t, 8)
	s := Judge(cases, amd.Config{})
	p, m := s[Person], s[Machine]
	if p.Person < p.Cases-1 || m.Machine < m.Cases-1 {
		t.Errorf("%d of %d persons, %d of %d machines: %q %q", p.Person, p.Cases, m.Machine, m.Cases, p.Wrong, m.Wrong)
	}
	if m.Beeps != m.BeepsIn || m.Stray+p.Stray+s[Office].Stray > 0 {
		t.Errorf("%d of %d beeps, %d stray", m.Beeps, m.BeepsIn, m.Stray+p.Stray+s[Office].Stray)
	}
	if d := Middle(p.Delays, 0.5); d > 900 {
		t.Errorf("a person is told %d ms after the word", d)
	}
	for _, c := range cases { // and no greeting is a fax
		var d fax.Detector
		if ev := d.Process(c.Audio, nil); len(ev) > 0 {
			t.Errorf("%v: %+v", c, ev)
		}
	}
}

func TestTheSameSeedGivesTheSameCorpus(t *testing.T) {
	a, b := corpus(t, 1), corpus(t, 1)
	for i := range a {
		if !slices.Equal(a[i].Audio, b[i].Audio) || a[i].Text != b[i].Text {
			t.Errorf("%v and %v differ", a[i], b[i])
		}
	}
}

func TestSpeechIsHeardInNoise(t *testing.T) {
	corpus(t, 1)
	clean, err := Talk(9, 20)
	if err != nil {
		t.Fatal(err)
	}
	d := vad.New(vad.Config{})
	truth := Truths(clean)
	var voice, heard, pause, stray int
	for i, b := range d.Process(InNoise(clean, -40, true), nil) {
		switch {
		case truth[i] == Voice:
			voice++
			if b.Speech {
				heard++
			}
		case truth[i] == Pause:
			pause++
			if b.Speech {
				stray++
			}
		}
	}
	if heard*100 < voice*95 || stray*100 > pause*2 || pause == 0 {
		t.Errorf("%d of %d loud blocks are speech, %d of %d in pauses", heard, voice, stray, pause)
	}
}
