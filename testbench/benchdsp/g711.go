package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	zaf "github.com/zaf/g711"

	"github.com/centralita/centralita/dsp/g711"
	"github.com/centralita/centralita/dsp/noise"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/wav"
)

// tableSource is the plainest C way: a table of all samples and one of all
// octets. It prints the least nanoseconds that 160 samples took, there and back.
const tableSource = `
#include <stdint.h>
#include <stdio.h>
#include <time.h>

static uint8_t enc[65536];
static int16_t dec[256];

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

int main(void)
{
	int16_t x[160];
	uint8_t y[160];
	for (int i = 0; i < 65536; i++)
		enc[i] = i * 31 >> 3;
	for (int i = 0; i < 256; i++)
		dec[i] = i * 251;
	for (int i = 0; i < 160; i++)
		x[i] = i * i * 37;
	double there = 1e9, back = 1e9;
	for (int run = 0; run < 200; run++) {
		double a = now();
		for (int n = 0; n < 1000; n++) {
			for (int i = 0; i < 160; i++)
				y[i] = enc[(uint16_t)x[i]];
			__asm__ volatile("" ::"r"(y) : "memory");
		}
		double b = now();
		for (int n = 0; n < 1000; n++) {
			for (int i = 0; i < 160; i++)
				x[i] = dec[y[i]];
			__asm__ volatile("" ::"r"(x) : "memory");
		}
		double c = now();
		if ((b - a) / 1000 < there)
			there = (b - a) / 1000;
		if ((c - b) / 1000 < back)
			back = (c - b) / 1000;
	}
	printf("%.0f %.0f\n", there, back);
	return 0;
}
`

// g711Cost prints the cost of a frame in both laws and both ways.
func g711Cost(dir string, w io.Writer) error {
	there, back, why := tableCost(dir)
	var x pcm.Frame
	hiss := noise.New(-12, 7)
	hiss.Fill(&x)
	linear := wav.Append(nil, wav.PCM, x[:])
	var y [pcm.FrameLen]byte
	g711.EncodeULaw(y[:], &x)
	var kept []byte // what the library returns
	var z [pcm.FrameLen]byte
	rows := []struct {
		name, c   string
		lib, mine func()
	}{
		{"µ-law, encode", there, func() { kept = zaf.EncodeUlaw(linear) }, func() { g711.EncodeULaw(y[:], &x) }},
		{"µ-law, decode", back, func() { kept = zaf.DecodeUlaw(y[:]) }, func() { g711.DecodeULaw(&x, y[:]) }},
		{"A-law, encode", there, func() { kept = zaf.EncodeAlaw(linear) }, func() { g711.EncodeALaw(y[:], &x) }},
		{"A-law, decode", back, func() { kept = zaf.DecodeAlaw(y[:]) }, func() { g711.DecodeALaw(&x, y[:]) }},
		{"µ-law to A-law", "–", func() { kept = zaf.Ulaw2Alaw(y[:]) }, func() { g711.ULawToALaw(z[:], y[:]) }},
		{"A-law to µ-law", "–", func() { kept = zaf.Alaw2Ulaw(y[:]) }, func() { g711.ALawToULaw(z[:], y[:]) }},
	}
	const goal = 80
	fmt.Fprintln(w, "| ns, allocations | goal | zaf/g711 | a C table | ours |\n|---|---|---|---|---|")
	for _, r := range rows {
		mine, allocs := least(r.mine), testing.AllocsPerRun(100, r.mine)
		miss := ""
		if mine > goal || allocs > 0 {
			miss = " " + mark
		}
		fmt.Fprintf(w, "| %s | ≤ %d, 0 | %.0f, %.0f | %s | %.0f, %.0f%s |\n",
			r.name, goal, least(r.lib), testing.AllocsPerRun(100, r.lib), r.c, mine, allocs, miss)
	}
	if len(kept) == 0 {
		return errors.New("the library returned nothing")
	}
	if why != nil {
		fmt.Fprintf(w, "\nThere is no C table: %v.\n", why)
	}
	return nil
}

// least is the least time f took in nanoseconds, of many runs.
func least(f func()) float64 {
	const runs, calls = 200, 1000
	best := time.Duration(math.MaxInt64)
	for range runs {
		began := time.Now()
		for range calls {
			f()
		}
		best = min(best, time.Since(began))
	}
	return float64(best.Nanoseconds()) / calls
}

// tableCost builds and runs the C table; without a compiler its cells are empty.
func tableCost(dir string) (there, back string, err error) {
	source, program := filepath.Join(dir, "table.c"), filepath.Join(dir, "table")
	if err := os.WriteFile(source, []byte(tableSource), 0o600); err != nil {
		return "–", "–", err
	}
	if text, err := exec.Command("cc", "-O2", "-o", program, source).CombinedOutput(); err != nil {
		return "–", "–", fmt.Errorf("cannot compile it: %w %s", err, text)
	}
	out, err := exec.Command(program).Output()
	if err != nil {
		return "–", "–", fmt.Errorf("cannot run it: %w", err)
	}
	there, back, ok := strings.Cut(strings.TrimSpace(string(out)), " ")
	if !ok {
		return "–", "–", fmt.Errorf("it says %q", out)
	}
	return there, back, nil
}
