package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/resample"
	"github.com/centralita/centralita/dsp/wav"
)

// rawEndings are the endings of files without a header: 16-bit little-endian
// samples, 8000 a second, one channel.
var rawEndings = []string{".raw", ".s16", ".s16le", ".sln", ".pcm"}

// maxBytes is the largest file read: an hour of two channels at 48 kHz and more.
const maxBytes = 1 << 30

// alien are beginnings of files that hold audio, but not as we read it; a file
// of unknown ending would else be taken for samples.
var alien = []struct{ begins, is string }{
	{"OggS", "Ogg"}, {"fLaC", "FLAC"}, {"ID3", "MP3"}, {".snd", "AU"}, {"FORM", "AIFF"}, {"RF64", "RF64"}, {"RIFX", "RIFX"}, {"#!AMR", "AMR"},
}

// cannot tells which file could not be read or written, and why.
func cannot(do, file string, why error) error {
	if p := (*fs.PathError)(nil); errors.As(why, &p) {
		why = p.Err
	}
	return fmt.Errorf("cannot %s %s: %s", do, file, strings.TrimPrefix(why.Error(), "cannot read WAV: "))
}

// read returns the bytes of a file.
func read(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, cannot("read", file, err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxBytes+1))
	switch {
	case err != nil:
		return nil, cannot("read", file, err)
	case len(b) == 0:
		return nil, cannot("read", file, errors.New("it is empty"))
	case len(b) > maxBytes:
		return nil, cannot("read", file, fmt.Errorf("it is larger than %d MiB; cut it into pieces", maxBytes>>20))
	}
	return b, nil
}

// load returns the samples of a file at 8000 a second. Of a file with several
// channels it takes the one asked for, counted from 1; 0 asks for none.
func load(file string, channel int) ([]int16, error) {
	b, err := read(file)
	if err != nil {
		return nil, err
	}
	x, err := decode(b, strings.ToLower(filepath.Ext(file)), channel)
	if err != nil {
		return nil, cannot("read", file, err)
	}
	return x, nil
}

// decode takes a file by its ending, else by its content.
func decode(b []byte, ending string, channel int) ([]int16, error) {
	raw := slices.Contains(rawEndings, ending)
	if !raw && ending != ".wav" {
		for _, a := range alien {
			if bytes.HasPrefix(b, []byte(a.begins)) {
				return nil, fmt.Errorf("it is %s; save it as WAV with 16-bit PCM", a.is)
			}
		}
		raw = !bytes.HasPrefix(b, []byte("RIFF"))
	}
	a := wav.Audio{Format: wav.PCM, Rate: pcm.Rate, Channels: 1, Data: b}
	var err error
	switch {
	case !raw:
		if a, err = wav.ParseAny(b); err != nil {
			return nil, err
		}
	case len(b)%2 != 0:
		return nil, fmt.Errorf("it has %d bytes, an odd number; raw samples have 16 bits", len(b))
	}
	x, err := one(a.Decode(), a.Channels, channel)
	if err != nil {
		return nil, err
	}
	if len(x) == 0 {
		return nil, errors.New("there are no samples in it")
	}
	return lower(x, a.Rate)
}

// one picks a channel.
func one(x []int16, channels, channel int) ([]int16, error) {
	switch {
	case channel > channels && channels == 1:
		return nil, fmt.Errorf("it has one channel, there is no channel %d", channel)
	case channel > channels:
		return nil, fmt.Errorf("it has %d channels, there is no channel %d", channels, channel)
	case channels == 1:
		return x, nil
	case channel < 1:
		return nil, fmt.Errorf("it has %d channels; choose one with --channel 1 to %d", channels, channels)
	}
	out := x[:0]
	for i := channel - 1; i < len(x); i += channels {
		out = append(out, x[i])
	}
	return out, nil
}

// lower brings samples to 8000 a second, each at its time.
func lower(x []int16, rate int) ([]int16, error) {
	if rate == pcm.Rate {
		return x, nil
	}
	r, err := resample.New(rate, pcm.Rate)
	if err != nil {
		return nil, fmt.Errorf("it has %d samples a second; save it with 8000, 16000 or 48000", rate)
	}
	want, late := r.Max(len(x)), r.Delay()
	x = append(x, make([]int16, (late+1)*rate/pcm.Rate)...) // what the filter holds back comes out
	y := make([]int16, r.Max(len(x)))
	n := r.Process(y, x)
	return y[min(late, n):min(late+want, n)], nil
}

// save writes samples as a WAV file, or raw where the ending says so.
func save(file string, x []int16) error {
	var b []byte
	if slices.Contains(rawEndings, strings.ToLower(filepath.Ext(file))) {
		b = wav.Append(nil, wav.PCM, x)
	} else {
		b = wav.Append(wav.Header(wav.PCM, len(x)), wav.PCM, x)
	}
	if err := os.WriteFile(file, b, 0o644); err != nil {
		return cannot("write", file, err)
	}
	return nil
}

// frames cuts samples into frames; the last is filled up with silence.
func frames(x []int16) []pcm.Frame {
	out := make([]pcm.Frame, (len(x)+pcm.FrameLen-1)/pcm.FrameLen)
	for i := range out {
		copy(out[i][:], x[i*pcm.FrameLen:])
	}
	return out
}
