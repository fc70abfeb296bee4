package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/centralita/centralita/dsp/dtmf"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/testbench/corpus/digits"
)

var collected = regexp.MustCompile(`Collected : (\d+)`)

// instructions is how many instructions a program executes for a frame, counted
// by valgrind: the difference of a run over a quarter of so many frames and one
// over all of them, which are told after args. Starting and loading fall out, but
// for some 100,000 instructions that no two runs of a Go program have alike.
func instructions(frames int, program string, args ...string) (float64, error) {
	var got [2]float64
	few := frames / 4
	for i, frames := range []int{few, frames} {
		all := append([]string{"--tool=callgrind", "--callgrind-out-file=/dev/null", program}, args...)
		cmd := exec.Command("valgrind", append(all, strconv.Itoa(frames))...)
		cmd.Env = append(os.Environ(), "GOGC=off", "GOMAXPROCS=1", "GODEBUG=asyncpreemptoff=1")
		text, err := cmd.CombinedOutput()
		if err != nil {
			last := strings.Split(strings.TrimSpace(string(text)), "\n")
			return 0, fmt.Errorf("cannot count the instructions of %s: %w %s", filepath.Base(program), err, last[len(last)-1])
		}
		m := collected.FindSubmatch(text)
		if m == nil {
			return 0, fmt.Errorf("cannot count the instructions of %s: valgrind tells none", filepath.Base(program))
		}
		if got[i], err = strconv.ParseFloat(string(m[1]), 64); err != nil {
			return 0, fmt.Errorf("cannot count the instructions of %s: %w", filepath.Base(program), err)
		}
	}
	return (got[1] - got[0]) / float64(frames-few), nil
}

// keySource is libspandsp's detector of keys going through a recording.
const keySource = `
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <spandsp.h>

int main(int argc, char **argv)
{
	static int16_t x[160 * 1000];
	char got[256];
	FILE *f = argc == 3 ? fopen(argv[1], "rb") : NULL;
	int all = f ? fread(x, 320, 1000, f) : 0, n = all ? atoi(argv[2]) : 0;
	dtmf_rx_state_t *s = dtmf_rx_init(NULL, NULL, NULL);
	if (!all)
		return 1;
	for (int i = 0; i < n; i++) {
		dtmf_rx(s, x + 160 * (i % all), 160);
		dtmf_rx_get(s, got, 255);
	}
	return 0;
}
`

// counts prints what a frame of 20 ms costs in instructions, which no other
// program on the machine disturbs; where valgrind is not there it says so.
func counts(dir string, w io.Writer) error {
	if _, err := exec.LookPath("valgrind"); err != nil {
		fmt.Fprintln(w, "absent: valgrind is not installed (sudo apt-get install -y --no-install-recommends valgrind)")
		return nil
	}
	files, err := recordings(dir)
	if err != nil {
		return err
	}
	program := filepath.Join(dir, "countbench")
	if text, err := exec.Command("go", "build", "-o", program, "./testbench/benchdsp/countbench").CombinedOutput(); err != nil {
		return fmt.Errorf("cannot build countbench: %w\n%s", err, text)
	}
	peer, source := filepath.Join(dir, "keys"), filepath.Join(dir, "keys.c")
	if err := os.WriteFile(source, []byte(keySource), 0o600); err != nil {
		return fmt.Errorf("cannot write the peer: %w", err)
	}
	missing := exec.Command("cc", "-O2", "-o", peer, source, "-lspandsp").Run()
	fmt.Fprintf(w, "| instructions a frame, by callgrind | spandsp | ratio | ours |\n|---|---|---|---|\n")
	for _, c := range []struct {
		name, what, file string
		frames           int
	}{
		{"keys looked for in speech", "dtmf", "speech", 8000}, {"keys, 50 ms and 50 ms", "dtmf", "keys", 8000}, {"keys looked for in silence", "dtmf", "silence", 8000},
		{"call progress, ES, in speech", "progress", "speech", 3000}, {"call progress, US, in speech", "US", "speech", 3000}, {"unknown tones, in speech", "learn", "speech", 2000},
		{"caller id, all receivers, in speech", "cid", "speech", 200}, {"caller id, all receivers, in silence", "cid", "silence", 200},
		{"echo, tail 16 ms", "echo16", "speech", 400}, {"echo, tail 32 ms", "echo32", "speech", 400}, {"echo, tail 64 ms", "echo64", "speech", 400}, {"echo, tail 128 ms", "echo128", "speech", 400},
		{"µ-law, encode", "encode", "speech", 40000}, {"µ-law, decode", "decode", "speech", 40000},
	} {
		ours, err := instructions(c.frames, program, "-what", c.what, "-file", files[c.file], "-frames")
		if err != nil {
			return err
		}
		theirs, ratio := "–", "–"
		if c.what == "dtmf" && missing == nil {
			n, err := instructions(c.frames, peer, files[c.file])
			if err != nil {
				return err
			}
			theirs, ratio = fmt.Sprintf("%.0f", n), fmt.Sprintf("%.2f", ours/n)
		}
		fmt.Fprintf(w, "| %s | %s | %s | %.0f |\n", c.name, theirs, ratio, ours)
	}
	return nil
}

// recordings writes what is listened to, four seconds each, and returns the
// files by name.
func recordings(dir string) (map[string]string, error) {
	const n = 4 * pcm.Rate
	r := digits.NewRng(7)
	var keys [n]int16
	var g dtmf.Generator
	if err := g.Start("147*2580369#ABCD147*2580369#ABCD1234567", dtmf.Sending{OnMs: 50, OffMs: 50, Low: -9, High: -7}); err != nil {
		return nil, fmt.Errorf("cannot send keys: %w", err)
	}
	for i := 0; i < n && g.Sending(); i += pcm.FrameLen {
		g.Fill((*pcm.Frame)(keys[i:]))
	}
	files := map[string]string{}
	for name, x := range map[string][]int16{"speech": digits.Speech(4, r).Samples()[:n], "keys": keys[:], "silence": make([]int16, n)} {
		var raw []byte
		for _, v := range x {
			raw = binary.LittleEndian.AppendUint16(raw, uint16(v))
		}
		files[name] = filepath.Join(dir, name+".s16")
		if err := os.WriteFile(files[name], raw, 0o600); err != nil {
			return nil, fmt.Errorf("cannot write a recording: %w", err)
		}
	}
	return files, nil
}
