package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/progress"
	"github.com/centralita/centralita/dsp/tone"
	"github.com/centralita/centralita/dsp/tone/plan"
	"github.com/centralita/centralita/testbench/corpus/digits"
)

// superSource is a program around the supervisory tone receiver of libspandsp.
// It reads trials from its input, each a count of tones, their elements (count,
// then two frequencies, least and most ms each), a count of samples and the
// samples; it answers each with a line of the tones told, by number.
const superSource = `
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <spandsp.h>

static void told(void *user, int code, int level, int delay)
{
	(void)user, (void)level, (void)delay;
	if (code >= 0)
		printf("%d ", code);
}

static int32_t get(void)
{
	int32_t v;
	if (fread(&v, 4, 1, stdin) != 1)
		exit(0);
	return v;
}

int main(void)
{
	for (;;) {
		super_tone_rx_descriptor_t *d = super_tone_rx_make_descriptor(NULL);
		for (int tones = get(); tones > 0; tones--) {
			int t = super_tone_rx_add_tone(d);
			for (int n = get(); n > 0; n--) {
				int32_t a = get(), b = get(), least = get(), most = get();
				super_tone_rx_add_element(d, t, a, b, least, most);
			}
		}
		super_tone_rx_state_t *s = super_tone_rx_init(NULL, d, told, NULL);
		int n = get();
		int16_t *x = malloc(2 * n + 2);
		if (fread(x, 2, n, stdin) != (size_t)n)
			return 1;
		for (int i = 0; i + 160 <= n; i += 160)
			super_tone_rx(s, x + i, 160);
		puts("");
		free(x);
		super_tone_rx_free(s);
		super_tone_rx_free_descriptor(d);
	}
}
`

// The tones of figures.md: nine countries, four kinds each.
var (
	toneCountries = []string{"ES", "MX", "CL", "AR", "US", "GB", "DE", "FR", "BR"}
	toneKinds     = []plan.Kind{plan.Dial, plan.Ringback, plan.Busy, plan.Congestion}
)

// bent is a signal as a bad line sends it.
type bent struct {
	name          string
	goal          int     // of 36
	cadence, freq float64 // factors
	level, snr    float64 // dBm0 of each frequency; dB, 0 for no noise
}

var bents = []bent{
	{"nominal", 36, 1, 1, -15, 0},
	{"SNR 20 dB", 36, 1, 1, -15, 20},
	{"SNR 10 dB", 36, 1, 1, -15, 10},
	{"SNR 6 dB", 34, 1, 1, -15, 6},
	{"cadence +8 %", 36, 1.08, 1, -15, 0},
	{"cadence −8 %", 36, 0.92, 1, -15, 0},
	{"frequency +3 %", 36, 1, 1.03, -15, 0},
	{"frequency −3 %", 36, 1, 0.97, -15, 0},
	{"−35 dBm0", 36, 1, 1, -35, 0},
}

// tonesBeside prints how many signals of the countries are told right, and
// nothing else with them, by us and by libspandsp with the same plans.
func tonesBeside(dir string, w io.Writer) error {
	peer, why := superTones(dir)
	fmt.Fprintf(w, "| %d countries, %d tones told right | goal | spandsp | ours |\n|---|---|---|---|\n", len(toneCountries), len(toneCountries)*len(toneKinds))
	for i, b := range bents {
		mine, theirs := 0, 0
		for j, c := range toneCountries {
			p, _ := plan.For(c)
			for l, k := range toneKinds {
				x := b.play(p.Signal(k), uint64(1000*i+10*j+l+1))
				if toldByUs(p, k, x) {
					mine++
				}
				if why != nil {
					continue
				}
				ok, err := toldByPeer(peer, p, k, x)
				if err != nil {
					return err
				}
				if ok {
					theirs++
				}
			}
		}
		cell, miss := fmt.Sprint(theirs), ""
		if why != nil {
			cell = "–"
		}
		if mine < b.goal {
			miss = " " + mark
		}
		fmt.Fprintf(w, "| %s | ≥ %d | %s | %d%s |\n", b.name, b.goal, cell, mine, miss)
	}
	if why != nil {
		fmt.Fprintf(w, "\nspandsp is left out: %v\n", why)
	}
	fmt.Fprintln(w)
	return nil
}

// play is half a second of silence and twelve seconds of a signal, bent.
func (b bent) play(s plan.Signal, seed uint64) []int16 {
	t := plan.Signal{DBm0: b.level}
	for _, hz := range s.Hz {
		t.Hz = append(t.Hz, hz*b.freq)
	}
	for _, ms := range s.OnOff {
		t.OnOff = append(t.OnOff, int(float64(ms)*b.cadence))
	}
	var p tone.Player
	p.Start(t.Spec())
	x := make([]int16, tone.Ms(12_500))
	p.FillSamples(x[tone.Ms(500):])
	if b.snr == 0 {
		return x
	}
	sum := pcm.DBm0(float64(len(s.Hz)) * pcm.RMS(b.level) * pcm.RMS(b.level))
	line := make(digits.Line, len(x))
	for i, v := range x {
		line[i] = float64(v)
	}
	return line.Noise(sum-b.snr, digits.NewRng(seed)).Samples()
}

// alike reports whether a plan gives two kinds one signal.
func alike(p plan.Plan, a, b plan.Kind) bool {
	return slices.Equal(p.Signal(a).OnOff, p.Signal(b).OnOff) && slices.Equal(p.Signal(a).Hz, p.Signal(b).Hz)
}

func toldByUs(p plan.Plan, k plan.Kind, x []int16) bool {
	d := progress.New(p)
	var ev []progress.Event
	for i := 0; i+pcm.FrameLen <= len(x); i += pcm.FrameLen {
		ev = d.Process((*pcm.Frame)(x[i:]), ev)
	}
	return len(ev) == 1 && !ev[0].Ended && alike(p, ev[0].Kind, k)
}

// superTones builds the peer.
func superTones(dir string) (program string, err error) {
	source, program := filepath.Join(dir, "tones.c"), filepath.Join(dir, "tones")
	if err := os.WriteFile(source, []byte(superSource), 0o600); err != nil {
		return "", err
	}
	if text, err := exec.Command("cc", "-O2", "-o", program, source, "-lspandsp").CombinedOutput(); err != nil {
		first, _, _ := strings.Cut(string(text), "\n")
		return "", fmt.Errorf("cannot compile it: %w %s", err, first)
	}
	return program, nil
}

// toldByPeer gives the peer the plan with the tolerances that ours has, 12 % of
// a cadence and 15 ms, and for continuous tones two seconds.
func toldByPeer(program string, p plan.Plan, k plan.Kind, x []int16) (bool, error) {
	var in []byte
	put := func(v ...int) {
		for _, n := range v {
			in = binary.LittleEndian.AppendUint32(in, uint32(n))
		}
	}
	put(len(toneKinds))
	for _, kind := range toneKinds {
		s := p.Signal(kind)
		a, b := int(s.Hz[0]), 0
		if len(s.Hz) > 1 {
			b = int(s.Hz[1])
		}
		if len(s.OnOff) == 0 {
			put(1, a, b, 2000, 0)
			continue
		}
		put(len(s.OnOff))
		for i, ms := range s.OnOff {
			slack := ms*12/100 + 15
			if i%2 == 0 {
				put(a, b, ms-slack, ms+slack)
			} else {
				put(0, 0, ms-slack, ms+slack)
			}
		}
	}
	put(len(x))
	for _, v := range x {
		in = binary.LittleEndian.AppendUint16(in, uint16(v))
	}
	cmd := exec.Command(program)
	cmd.Stdin = bytes.NewReader(in)
	out, err := cmd.Output()
	if err != nil {
		return false, fmt.Errorf("cannot run spandsp: %w", err)
	}
	codes := strings.Fields(string(out))
	for _, c := range codes {
		var i int
		if _, err := fmt.Sscan(c, &i); err != nil || i < 0 || i >= len(toneKinds) || !alike(p, toneKinds[i], k) {
			return false, nil
		}
	}
	return len(codes) > 0, nil
}
