package main

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/wav"
)

// A file that comes through a pipe in pieces of any size gives what the whole
// file gives.
func TestPieces(t *testing.T) {
	x := join(quiet(250), sendKeys(t, "159D"), quiet(100))
	want := hears(t, "all", record(t, "whole.wav", x))
	b := wav.Append(wav.Header(wav.PCM, len(x)), wav.PCM, x)
	for _, size := range []int{1, 57, 320, 4097} {
		pipe := filepath.Join(t.TempDir(), "pipe")
		must(t, syscall.Mkfifo(pipe, 0o600))
		done := make(chan error, 1)
		go func() {
			f, err := os.OpenFile(pipe, os.O_WRONLY, 0)
			for rest := b; err == nil && len(rest) > 0; rest = rest[min(size, len(rest)):] {
				_, err = f.Write(rest[:min(size, len(rest))])
			}
			f.Close()
			done <- err
		}()
		if got := hears(t, "all", pipe); got != want {
			t.Errorf("in pieces of %d:\n%s\nwant\n%s", size, got, want)
		}
		must(t, <-done)
	}
}

// speech speaks a text in a voice of espeak-ng and brings it to 8 kHz by sox.
func speech(t *testing.T, voice, text string) string {
	t.Helper()
	for _, p := range []string{"espeak-ng", "sox"} {
		if _, err := exec.LookPath(p); err != nil {
			t.Skipf("%v: make need installs it", err)
		}
	}
	spoken, file := filepath.Join(t.TempDir(), "spoken.wav"), filepath.Join(t.TempDir(), "speech.wav")
	for _, c := range [][]string{
		{"espeak-ng", "-v", voice, "-w", spoken, text},
		{"sox", "-D", spoken, "-r", "8000", "-b", "16", file, "gain", "-6"},
	} {
		if out, err := exec.Command(c[0], c[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v %s", c, err, out)
		}
	}
	return file
}

// Speech is heard as voice and as nothing else, in both languages, whatever
// the country.
func TestSpeechIsOnlyVoice(t *testing.T) {
	for voice, text := range map[string]string{
		"es": "Buenos días. Ha llamado a la oficina. Para ventas, marque uno; o espere y le atenderemos.",
		"en": "Good morning. You have reached the office. For sales press one, or hold the line.",
	} {
		file := speech(t, voice, text)
		out := hears(t, "all", file)
		heard(t, out, anyTime+` voice `+anyTime+` s -\d+\.\d dBm0`)
		if out == "" {
			t.Errorf("%s: nothing was heard", voice)
		}
		for _, country := range []string{"ES", "US", "AR", "MX"} {
			if got := hears(t, "tones", "--country", country, file); got != "" {
				t.Errorf("%s, %s: tones %q", voice, country, got)
			}
		}
		for _, mode := range []string{"ivr", "strict"} {
			if got := hears(t, "dtmf", "--mode", mode, file); got != "" {
				t.Errorf("%s: keys %q", voice, got)
			}
		}
	}
}

// FuzzDecode: no file breaks the program, and what it gives fits the file.
func FuzzDecode(f *testing.F) {
	good := wav.Append(wav.Header(wav.PCM, 100), wav.PCM, make([]int16, 100))
	f.Add(good, ".wav", 0)
	f.Add(good, "", 1)
	f.Add(header(2, 16000, make([]byte, 400)), ".wav", 2)
	f.Add([]byte{1, 2, 3, 4}, ".raw", 0)
	f.Add([]byte("OggS"), ".x", 0)
	f.Fuzz(func(t *testing.T, b []byte, ending string, channel int) {
		x, err := decode(bytes.Clone(b), ending, max(0, channel))
		switch {
		case err == nil && (len(x) == 0 || len(x) > len(b)):
			t.Fatalf("%d samples of %d bytes", len(x), len(b))
		case err != nil && (err.Error() == "" || strings.Contains(err.Error(), "\n")):
			t.Fatalf("the error is %q", err)
		}
	})
}

// FuzzLoss: a map is read or refused.
func FuzzLoss(f *testing.F) {
	f.Add([]byte("0101\n"))
	f.Add([]byte("2"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if lost, err := parseLoss(b); err == nil && len(lost) > len(b) {
			t.Fatalf("%d frames of %d bytes", len(lost), len(b))
		}
	})
}

// What is written is read again, by either ending.
func TestSave(t *testing.T) {
	x := sendKeys(t, "1")
	for name, first := range map[string]string{"a.wav": "RIFF", "a.raw": "", "a.SLN": "", "plain": "RIFF"} {
		file := record(t, name, x)
		b, err := os.ReadFile(file)
		must(t, err)
		if first != "" != bytes.HasPrefix(b, []byte("RIFF")) {
			t.Errorf("%s begins with %q", name, b[:4])
		}
		y, err := load(file, 0)
		must(t, err)
		if len(y) != len(x) || y[100] != x[100] {
			t.Errorf("%s: %d samples of %d", name, len(y), len(x))
		}
		if first == "" && (len(b) != 2*len(x) || int16(binary.LittleEndian.Uint16(b[200:])) != x[100]) {
			t.Errorf("%s is not raw", name)
		}
	}
}

// An hour of a line is heard in seconds; here a minute of it.
func BenchmarkAllMinute(b *testing.B) {
	x := make([]int16, 60*pcm.Rate)
	for i := range x {
		x[i] = int16(i * i)
	}
	var c country
	if err := c.UnmarshalText([]byte("es")); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		everything(x, c)
	}
}
