package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/wav"
	"github.com/centralita/centralita/testbench/corpus/greetings"
)

// talk returns generated speech or, from a folder of recordings, that of people:
// every file that fits, beginning with one that the seed chooses.
func talk(folder string, seed uint64, seconds int) ([]int16, error) {
	if folder == "" {
		return greetings.Talk(seed, seconds)
	}
	var files []string
	err := filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() && strings.HasSuffix(path, ".wav") {
			files = append(files, path)
		}
		return err
	})
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("cannot find recordings in %s: %v", folder, err)
	}
	var out []int16
	for i := 0; len(out) < seconds*pcm.Rate; i++ {
		file := files[(int(seed)*7919+i*31)%len(files)]
		b, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		x, err := wav.Read(bytes.NewReader(b))
		if err != nil {
			return nil, fmt.Errorf("cannot use %s: %w", file, err)
		}
		out = append(out, x...)
	}
	return out[:seconds*pcm.Rate], nil
}
