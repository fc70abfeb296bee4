package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// source is a program around the DTMF receiver of libspandsp. Without arguments
// it reads records from its input, a count of samples and the samples, and
// answers each with a line of the keys heard. With "told" the line is the count
// of samples after which the first key was told. With "cost" it takes all samples
// as one stretch, listens to it many times and prints the least nanoseconds a
// frame of 160 samples took; with "spin N" it only listens N times.
const source = `
#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <spandsp.h>

static int16_t *all;
static int n;

static double pass(dtmf_rx_state_t *s)
{
	struct timespec a, b;
	char got[256];
	clock_gettime(CLOCK_MONOTONIC, &a);
	for (int i = 0; i + 160 <= n; i += 160) {
		dtmf_rx(s, all + i, 160);
		dtmf_rx_get(s, got, 255);
	}
	clock_gettime(CLOCK_MONOTONIC, &b);
	return ((b.tv_sec - a.tv_sec) * 1e9 + (b.tv_nsec - a.tv_nsec)) / (n / 160);
}

int main(int argc, char **argv)
{
	int32_t count;
	dtmf_rx_state_t *s = dtmf_rx_init(NULL, NULL, NULL);
	while (fread(&count, 4, 1, stdin) == 1) {
		char got[256];
		all = realloc(all, 2 * count);
		n = count;
		if (fread(all, 2, count, stdin) != (size_t)count)
			return 1;
		int told = argc > 1 && !strcmp(argv[1], "told");
		if (argc > 1 && !told)
			continue;
		dtmf_rx_free(s);
		s = dtmf_rx_init(NULL, NULL, NULL);
		for (int i = 0; i + 160 <= count; i += 160) {
			dtmf_rx(s, all + i, 160);
			got[dtmf_rx_get(s, got, 255)] = 0;
			if (!told) {
				fputs(got, stdout);
			} else if (got[0]) {
				printf("%d", i + 160);
				break;
			}
		}
		putchar('\n');
	}
	if (argc > 1 && !strcmp(argv[1], "cost")) {
		double least = 1e9;
		for (int i = 0; i < 200; i++) {
			double t = pass(s);
			if (t < least)
				least = t;
		}
		printf("%.1f\n", least);
	}
	if (argc > 2)
		for (int i = atoi(argv[2]); i > 0; i--)
			pass(s);
	return 0;
}
`

// peer is another detector of keys.
type peer struct {
	name string
	hear func(trials [][]int16) ([]string, error)
}

// spandsp builds the peer around libspandsp in dir.
func spandsp(dir string) (program string, err error) {
	c := filepath.Join(dir, "peer.c")
	program = filepath.Join(dir, "peer")
	if err := os.WriteFile(c, []byte(source), 0o600); err != nil {
		return "", err
	}
	out, err := exec.Command("cc", "-O2", "-o", program, c, "-lspandsp", "-lm").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("cannot build the spandsp peer: %v (apt-get install gcc libspandsp-dev)\n%s", err, out)
	}
	return program, nil
}

// records packs trials as the peer reads them.
func records(trials [][]int16) []byte {
	var b bytes.Buffer
	for _, x := range trials {
		_ = binary.Write(&b, binary.LittleEndian, int32(len(x))) // a buffer takes everything
		_ = binary.Write(&b, binary.LittleEndian, x)
	}
	return b.Bytes()
}

func spandspPeer(program string) peer {
	return peer{"spandsp", func(trials [][]int16) ([]string, error) {
		cmd := exec.Command(program)
		cmd.Stdin = bytes.NewReader(records(trials))
		out, err := cmd.Output()
		if err != nil {
			return nil, fmt.Errorf("cannot run the spandsp peer: %w", err)
		}
		return strings.Split(string(out), "\n"), nil
	}}
}

// spandspTold returns after how many samples the first key of each sound is told.
func spandspTold(program string, sounds [][]int16) ([]int, error) {
	cmd := exec.Command(program, "told")
	cmd.Stdin = bytes.NewReader(records(sounds))
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("cannot time the spandsp peer: %w", err)
	}
	var at []int
	for line := range strings.Lines(string(out)) {
		n, err := strconv.Atoi(strings.TrimSpace(line))
		if err != nil {
			return nil, fmt.Errorf("cannot time the spandsp peer: %w", err)
		}
		at = append(at, n)
	}
	return at, nil
}

// spandspCost returns the nanoseconds a frame takes, pinned to the last core.
func spandspCost(program string, x []int16) (float64, error) {
	cmd := exec.Command("taskset", "-c", core(), program, "cost")
	cmd.Stdin = bytes.NewReader(records([][]int16{x}))
	out, err := cmd.Output()
	if err != nil {
		return 0, fmt.Errorf("cannot measure the spandsp peer: %w", err)
	}
	return strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
}

// multimon is multimon-ng, which reads 22,050 samples a second; sox brings them.
func multimon() (peer, error) {
	for _, tool := range []string{"multimon-ng", "sox"} {
		if _, err := exec.LookPath(tool); err != nil {
			return peer{}, fmt.Errorf("cannot run multimon-ng: %v (apt-get install multimon-ng sox)", err)
		}
	}
	return peer{"multimon-ng", func(trials [][]int16) ([]string, error) {
		var got []string
		for _, x := range trials {
			var raw bytes.Buffer
			_ = binary.Write(&raw, binary.LittleEndian, x) // a buffer takes everything
			sox := exec.Command("sox", "-D", "-t", "raw", "-r", "8000", "-e", "signed", "-b", "16", "-c", "1", "-",
				"-t", "raw", "-r", "22050", "-")
			sox.Stdin = &raw
			up, err := sox.Output()
			if err != nil {
				return nil, fmt.Errorf("cannot resample for multimon-ng: %w", err)
			}
			mm := exec.Command("multimon-ng", "-q", "-a", "DTMF", "-t", "raw", "-")
			mm.Stdin = bytes.NewReader(up)
			out, err := mm.Output()
			if err != nil {
				return nil, fmt.Errorf("cannot run multimon-ng: %w", err)
			}
			keys := ""
			for line := range strings.SplitSeq(string(out), "\n") {
				if k, ok := strings.CutPrefix(line, "DTMF: "); ok {
					keys += strings.TrimSpace(k)
				}
			}
			got = append(got, keys)
		}
		return got, nil
	}}, nil
}
