package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

// peerSource is the program that runs a measured peer over two files of
// samples: `peer speex|spandsp TAIL-MS FAR NEAR OUT REPEAT`. It writes what is
// left of the near end and prints the least nanoseconds a frame of 20 ms took.
const peerSource = `
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <speex/speex_echo.h>
#include <spandsp.h>

enum { FRAME = 160 };

/* One of the libraries as Debian builds it prints at each sample; that is not
   what is measured, so its printing goes nowhere. */
int printf(const char *f, ...) { (void)f; return 0; }
int __printf_chk(int flag, const char *f, ...) { (void)flag; (void)f; return 0; }
int puts(const char *s) { (void)s; return 0; }

static int16_t *load(const char *name, long *n) {
    FILE *f = fopen(name, "rb");
    if (!f) { perror(name); exit(1); }
    fseek(f, 0, SEEK_END);
    *n = ftell(f) / 2;
    rewind(f);
    int16_t *x = malloc(2 * *n + 2);
    if (fread(x, 2, *n, f) != (size_t)*n) { perror(name); exit(1); }
    fclose(f);
    return x;
}

int main(int argc, char **argv) {
    if (argc != 7) return 2;
    int speex = !strcmp(argv[1], "speex"), taps = atoi(argv[2]) * 8, repeat = atoi(argv[6]);
    long n, m;
    int16_t *far = load(argv[3], &n), *near = load(argv[4], &m), *out = calloc(n, 2);
    if (m < n) n = m;
    double best = 1e18;
    for (int r = 0; r < repeat; r++) {
        SpeexEchoState *s = NULL;
        echo_can_state_t *e = NULL;
        if (speex) {
            int rate = 8000;
            s = speex_echo_state_init(FRAME, taps);
            speex_echo_ctl(s, SPEEX_ECHO_SET_SAMPLING_RATE, &rate);
        } else {
            e = echo_can_init(taps, ECHO_CAN_USE_ADAPTION);
        }
        struct timespec a, b;
        clock_gettime(CLOCK_MONOTONIC, &a);
        for (long i = 0; i + FRAME <= n; i += FRAME) {
            if (speex) {
                speex_echo_cancellation(s, near + i, far + i, out + i);
            } else {
                for (int k = 0; k < FRAME; k++) out[i + k] = echo_can_update(e, far[i + k], near[i + k]);
            }
        }
        clock_gettime(CLOCK_MONOTONIC, &b);
        double t = ((b.tv_sec - a.tv_sec) * 1e9 + (b.tv_nsec - a.tv_nsec)) / (n / FRAME);
        if (t < best) best = t;
        if (s) speex_echo_state_destroy(s);
        if (e) echo_can_free(e);
    }
    FILE *f = fopen(argv[5], "wb");
    if (!f || fwrite(out, 2, n, f) != (size_t)n || fclose(f)) { perror(argv[5]); return 1; }
    fprintf(stdout, "%.0f\n", best);
    return 0;
}
`

// buildPeers compiles the program; the error says what is missing.
func buildPeers(dir string) (string, error) {
	source, program := filepath.Join(dir, "peer.c"), filepath.Join(dir, "peer")
	if err := os.WriteFile(source, []byte(peerSource), 0o600); err != nil {
		return "", fmt.Errorf("cannot write the peers' program: %w", err)
	}
	out, err := exec.Command("cc", "-O2", "-fno-builtin-printf", "-fno-builtin-fprintf", "-o", program, source, "-lspeexdsp", "-lspandsp", "-lm").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("cannot build the peers' program: %w: %.300s (apt-get install gcc libc6-dev libspeexdsp-dev libspandsp-dev)", err, out)
	}
	return program, nil
}

// peer is an implementation outside that runs over files.
type peer struct{ program, kind, dir string }

// run returns what the peer leaves of near, and nanoseconds a frame.
func (p peer) run(tail int, far, near []int16, repeat int) ([]int16, float64, error) {
	names := [3]string{filepath.Join(p.dir, "far"), filepath.Join(p.dir, "near"), filepath.Join(p.dir, "out")}
	for i, x := range [][]int16{far, near} {
		var b bytes.Buffer
		if err := binary.Write(&b, binary.LittleEndian, x); err != nil {
			return nil, 0, fmt.Errorf("cannot lay out samples: %w", err)
		}
		if err := os.WriteFile(names[i], b.Bytes(), 0o600); err != nil {
			return nil, 0, fmt.Errorf("cannot give samples to %s: %w", p.kind, err)
		}
	}
	text, err := exec.Command(p.program, p.kind, strconv.Itoa(tail), names[0], names[1], names[2], strconv.Itoa(repeat)).Output()
	if err != nil {
		return nil, 0, fmt.Errorf("cannot run %s: %w", p.kind, err)
	}
	ns, err := strconv.ParseFloat(string(bytes.TrimSpace(text)), 64)
	if err != nil {
		return nil, 0, fmt.Errorf("cannot read the time of %s: %w", p.kind, err)
	}
	b, err := os.ReadFile(names[2])
	if err != nil {
		return nil, 0, fmt.Errorf("cannot read the result of %s: %w", p.kind, err)
	}
	out := make([]int16, len(b)/2)
	for i := range out {
		out[i] = int16(binary.LittleEndian.Uint16(b[2*i:]))
	}
	return out, ns, nil
}
