package main

import (
	_ "embed"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

//go:embed testdata/spandspplc.c
var source []byte

// spandsp compiles the peer's program in a folder and returns the concealer it
// is, or why there is none.
func spandsp(dir string) (concealer, error) {
	c, program := filepath.Join(dir, "peer.c"), filepath.Join(dir, "peer")
	if err := os.WriteFile(c, source, 0o600); err != nil {
		return nil, err
	}
	if out, err := exec.Command("cc", "-O2", "-o", program, c, "-lspandsp", "-lm").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("cannot compile it: %w: %s (apt-get install gcc libspandsp-dev)", err, out)
	}
	return func(x []int16, lost []bool) ([]int16, error) { return conceal(dir, program, x, lost) }, nil
}

func conceal(dir, program string, x []int16, lost []bool) ([]int16, error) {
	raw := make([]byte, 2*len(x))
	for i, v := range x {
		binary.LittleEndian.PutUint16(raw[2*i:], uint16(v))
	}
	marks := make([]byte, len(lost))
	for i, l := range lost {
		marks[i] = '0'
		if l {
			marks[i] = '1'
		}
	}
	in, marked, out := filepath.Join(dir, "in"), filepath.Join(dir, "map"), filepath.Join(dir, "out")
	if err := os.WriteFile(in, raw, 0o600); err != nil {
		return nil, err
	}
	if err := os.WriteFile(marked, marks, 0o600); err != nil {
		return nil, err
	}
	if msg, err := exec.Command(program, in, marked, out).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("cannot conceal by spandsp: %w: %s", err, msg)
	}
	raw, err := os.ReadFile(out)
	if err != nil {
		return nil, err
	}
	y := append([]int16(nil), x...)
	for i := range len(raw) / 2 {
		y[i] = int16(binary.LittleEndian.Uint16(raw[2*i:]))
	}
	return y, nil
}
