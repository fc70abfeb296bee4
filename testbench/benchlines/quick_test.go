package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/testbench/corpus/digits"
	"github.com/centralita/centralita/testbench/linesim/central"
	"github.com/centralita/centralita/testbench/linesim/subscriber"
)

// A part of the release table: every sign that a country's plan knows ends the call
// within 2 s of its first evidence, on a clean, a noisy, a long and an echoing line.
func TestCallsAreReleased(t *testing.T) {
	v, err := talkers()
	if err != nil {
		t.Fatal(err)
	}
	for _, country := range []string{"ES", "US", "GB"} {
		for way := range central.Ways {
			if way == central.ByStrange || way == central.BySilence {
				continue // `make bench-lines` has them: they take long
			}
			c := conditions[int(way)%len(conditions)]
			out, err := calls(country, way, c, 2, 7, v)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range out {
				if !e.good() {
					t.Errorf("%s, %s, %s, call %d: %v from the evidence, %s\n%s", country, way, c.name, e.call, e.evidence, e.why, e.trace)
				}
			}
		}
	}
}

// The rig does not release by itself: a call whose far end says nothing and goes on
// is still up, and so is one whose ear is plugged while busy tone sounds.
func TestTheRigReleasesNothing(t *testing.T) {
	cfg := central.ForCountry("ES")
	cfg.Way = central.ByTone
	r, err := newRig(cfg, conditions[0].lay("ES", 3), newMachine("ES", cfg.Plan))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.rest(); err != nil {
		t.Fatal(err)
	}
	if err := r.answer(&subscriber.Talker{}, nil); err != nil {
		t.Fatal(err)
	}
	if r.run(20 * time.Second) {
		t.Errorf("released while nothing happened: %s", r.gone.Evidence)
	}
	for _, ms := range []int{10, 20, 30} {
		r.office.Dip(ms)
		if r.run(2 * time.Second) {
			t.Errorf("released by a dip of %d ms: %s", ms, r.gone.Evidence)
		}
	}
	r.ear = nil
	r.office.HangUp()
	if r.run(20 * time.Second) {
		t.Errorf("released without an ear: %s", r.gone.Evidence)
	}
}

// Some seconds of each sound of our own making cut no call, by any country's plan.
func TestNoCallIsCut(t *testing.T) {
	r := digits.NewRng(3)
	for _, b := range bands {
		for _, country := range []string{"ES", "FR", "CL"} {
			for _, c := range hold(source{kind: "music", name: "band", sound: music(b, 20, r)}, country, nil) {
				t.Errorf("%s: music of %.0f beats is cut after %v: %s", country, b.tempo, c.at, c.why)
			}
		}
	}
	for _, hz := range []float64{400, 425, 440} {
		for _, c := range hold(source{sound: digits.Staccato(40, hz, r).Samples()}, "ES", nil) {
			t.Errorf("a song near %v Hz is cut after %v: %s", hz, c.at, c.why)
		}
	}
	for _, c := range hold(source{sound: fax(true, 60)}, "DE", nil) {
		t.Errorf("a fax is cut after %v: %s", c.at, c.why)
	}
	cuts := hold(source{sound: ringback("ES", 1)}, "ES", nil)
	busy := central.ForCountry("ES").Plan.Signals[2].Spec()
	if cuts = append(cuts, hold(source{sound: play(busy, 10)}, "ES", nil)...); len(cuts) == 0 {
		t.Error("busy tone cuts no call: this test hears nothing")
	}
}

// One message each way over two of the lines comes whole.
func TestCallerIDComes(t *testing.T) {
	for i, w := range waysOfSending() {
		for _, l := range []idLine{idLines[i%7], idLines[(i+4)%7]} {
			cfg := l.cfg
			cfg.Seed = uint64(i)
			right, wrong, said, err := oneID(w, cfg, i)
			if err != nil {
				t.Fatal(err)
			}
			if !right || wrong > 0 || l.beyond {
				t.Errorf("%s, %s over %s: %s", w.country, w.name, l.name, said)
			}
		}
	}
}

// The command tells what it was asked and refuses what it does not know.
func TestCommand(t *testing.T) {
	var out bytes.Buffer
	if err := run([]string{"-only", "release", "-rows", "ES/cpc/clean", "-n", "1", "-out", t.TempDir() + "/tables.md"}, &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"-rows ES/cpc/clean -n 1`", "| loop drop (CPC) | clean | 1 of 1 |", "**1 of 1 calls, 100.00 %**"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, out.String())
		}
	}
	if err := run([]string{"-nonsense"}, &out); err == nil {
		t.Error("nonsense is taken")
	}
}
