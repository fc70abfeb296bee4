package greetings

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/wav"
)

// Recorded returns so many seconds of the recordings (8 kHz WAV) below a folder,
// one file after another from one that the seed chooses, or all of them once
// when seconds is 0. Files whose names speak of tones and beeps are left out.
func Recorded(folder string, seed uint64, seconds int) ([]int16, error) {
	var files []string
	err := filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() && strings.HasSuffix(path, ".wav") && speech(e.Name()) {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("cannot find recordings in %s: %w", folder, err)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("cannot find recordings in %s: no WAV file is there (apt-get install asterisk-core-sounds-en-wav)", folder)
	}
	var out []int16
	for i := 0; len(out) < seconds*pcm.Rate || seconds == 0 && i < len(files); i++ {
		file := files[i]
		if seconds > 0 {
			file = files[(int(seed)*7919+i*31)%len(files)]
		}
		b, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("cannot read a recording: %w", err)
		}
		x, err := wav.Read(bytes.NewReader(b))
		if err != nil {
			return nil, fmt.Errorf("cannot use %s: %w", file, err)
		}
		out = append(out, x...)
	}
	if seconds > 0 {
		out = out[:seconds*pcm.Rate]
	}
	return out, nil
}

func speech(name string) bool {
	for _, s := range []string{"beep", "tone", "dtmf", "silence", "ascending", "descending", "confbridge-join", "confbridge-leave"} {
		if strings.Contains(name, s) {
			return false
		}
	}
	return true
}
