package greetings

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os/exec"
	"strconv"
)

// Say returns the text read by a voice of espeak-ng at so many words a minute
// and a pitch from 0 to 99, at 8 kHz. It needs espeak-ng and sox and says so
// when they are missing.
func Say(voice string, speed, pitch int, text string) ([]int16, error) {
	speak := exec.Command("espeak-ng", "-v", voice, "-s", strconv.Itoa(speed), "-p", strconv.Itoa(pitch), "--stdout", text)
	wav, err := speak.Output()
	if err != nil {
		return nil, fmt.Errorf("cannot speak as %s: %w (apt-get install espeak-ng)", voice, err)
	}
	lower := exec.Command("sox", "-D", "-V1", "--ignore-length", "-t", "wav", "-", "-t", "raw", "-r", "8000", "-e", "signed", "-b", "16", "-c", "1", "-")
	lower.Stdin = bytes.NewReader(wav)
	raw, err := lower.Output()
	if err != nil {
		return nil, fmt.Errorf("cannot bring the voice of %s to 8 kHz: %w (apt-get install sox)", voice, err)
	}
	x := make([]int16, len(raw)/2)
	for i := range x {
		x[i] = int16(binary.LittleEndian.Uint16(raw[2*i:]))
	}
	for len(x) > 0 && x[0] == 0 {
		x = x[1:]
	}
	for len(x) > 0 && x[len(x)-1] == 0 {
		x = x[:len(x)-1]
	}
	return x, nil
}
