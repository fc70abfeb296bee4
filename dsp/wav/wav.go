// Package wav reads and writes RIFF/WAVE files of telephone audio: one channel
// of 8000 samples a second, in linear 16 bits, µ-law or A-law. ParseAny also
// takes other rates and numbers of channels, and linear 8 bits, for tools that
// look at any capture.
package wav

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/centralita/centralita/dsp/g711"
	"github.com/centralita/centralita/dsp/pcm"
)

// Format is how samples stand in a file.
type Format uint16

// Formats, by their registered numbers (RFC 2361).
const (
	PCM  Format = 1
	ALaw Format = 6
	ULaw Format = 7
)

// Narrow is linear in 8 bits without a sign, which files call PCM too. ParseAny
// reads it; nothing writes it.
const Narrow Format = 0xFFFF

// String returns the name people know.
func (f Format) String() string {
	switch f {
	case PCM:
		return "16-bit PCM"
	case ALaw:
		return "A-law"
	case ULaw:
		return "µ-law"
	case Narrow:
		return "8-bit PCM"
	}
	return fmt.Sprintf("format %d", uint16(f))
}

// size is the number of octets of a sample.
func (f Format) size() int {
	if f == PCM {
		return 2
	}
	return 1
}

// MaxBytes is the largest file that is read: an hour of 16-bit audio and more.
const MaxBytes = 64 << 20

// extensible is the number of WAVE_FORMAT_EXTENSIBLE; the true number is the
// beginning of its GUID.
const extensible = 0xFFFE

// Audio is what a file holds, undecoded.
type Audio struct {
	Format   Format
	Rate     int    // samples a second of one channel
	Channels int    // how many; their samples take turns
	Data     []byte // the samples as they stand; a slice of the file
}

// Len returns the number of samples of all channels together.
func (a Audio) Len() int { return len(a.Data) / a.Format.size() }

// Decode returns the samples in linear form, of all channels in turn.
func (a Audio) Decode() []int16 {
	out := make([]int16, a.Len())
	switch a.Format {
	case ULaw:
		g711.ExpandULaw(out, a.Data)
	case ALaw:
		g711.ExpandALaw(out, a.Data)
	case Narrow:
		for i, b := range a.Data {
			out[i] = (int16(b) - 128) << 8
		}
	default:
		for i := range out {
			out[i] = int16(binary.LittleEndian.Uint16(a.Data[2*i:]))
		}
	}
	return out
}

// Parse finds the audio in the bytes of a file: one channel of 8000 samples a
// second. No length in the file is trusted: a chunk that claims more than there
// is holds what there is, and one of no length that ends its file holds what
// follows it, as in files whose writer was interrupted. The error says what is
// wrong and how to mend it.
func Parse(file []byte) (Audio, error) {
	a, err := ParseAny(file)
	switch {
	case err != nil:
		return Audio{}, err
	case a.Format == Narrow:
		return Audio{}, fmt.Errorf("cannot read WAV: its samples have 8 bits, %v has 16; save it as 16-bit PCM", PCM)
	case a.Channels != 1:
		return Audio{}, fmt.Errorf("cannot read WAV: it has %d channels; save it as mono", a.Channels)
	case a.Rate != pcm.Rate:
		return Audio{}, fmt.Errorf("cannot read WAV: it has %d samples a second; save it with 8000", a.Rate)
	}
	return a, nil
}

// ParseAny is Parse for any rate and any number of channels but zero, and for
// Narrow.
func ParseAny(file []byte) (Audio, error) {
	if len(file) < 12 || string(file[:4]) != "RIFF" || string(file[8:12]) != "WAVE" {
		return Audio{}, errors.New("cannot read WAV: it does not begin with RIFF … WAVE")
	}
	var a Audio
	told := uint64(8) + uint64(binary.LittleEndian.Uint32(file[4:])) // where the file says it ends
	for rest := file[12:]; len(rest) >= 8; {
		id, size := string(rest[:4]), binary.LittleEndian.Uint32(rest[4:8])
		body := rest[8:]
		whole := uint64(size) <= uint64(len(body))
		if unfinished := id == "data" && size == 0 && told <= uint64(len(file)-len(body)); whole && !unfinished {
			body = body[:size]
		}
		switch id {
		case "fmt ":
			f, err := parseFormat(body)
			if err != nil {
				return Audio{}, fmt.Errorf("cannot read WAV: %w", err)
			}
			a = f
		case "data":
			if a.Format == 0 {
				return Audio{}, errors.New("cannot read WAV: samples stand before their format")
			}
			turn := a.Format.size() * a.Channels
			a.Data = body[:len(body)/turn*turn]
			return a, nil
		}
		if !whole {
			break
		}
		step := uint64(8) + uint64(size) + uint64(size&1) // chunks are padded to even length
		rest = rest[min(step, uint64(len(rest))):]
	}
	return Audio{}, errors.New("cannot read WAV: there are no samples in it")
}

// parseFormat reads the body of a "fmt " chunk.
func parseFormat(b []byte) (Audio, error) {
	if len(b) < 16 {
		return Audio{}, fmt.Errorf("its format has %d bytes, 16 are needed", len(b))
	}
	u16 := binary.LittleEndian.Uint16
	f, bits := Format(u16(b)), u16(b[14:])
	a := Audio{Format: f, Channels: int(u16(b[2:])), Rate: int(binary.LittleEndian.Uint32(b[4:]))}
	if f == extensible && len(b) >= 26 {
		a.Format = Format(u16(b[24:]))
	}
	switch f := a.Format; {
	case a.Channels == 0 || a.Rate == 0:
		return Audio{}, fmt.Errorf("it has %d channels of %d samples a second", a.Channels, a.Rate)
	case f != PCM && f != ALaw && f != ULaw:
		return Audio{}, fmt.Errorf("it holds format %d; save it as 16-bit PCM", f)
	case f == PCM && bits == 8:
		a.Format = Narrow
	case int(bits) != 8*f.size():
		return Audio{}, fmt.Errorf("its samples have %d bits, %v has %d; save it as 16-bit PCM", bits, f, 8*f.size())
	}
	return a, nil
}

// Read reads a whole file of at most MaxBytes and returns its samples.
func Read(r io.Reader) ([]int16, error) {
	file, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("cannot read WAV: %w", err)
	}
	if len(file) > MaxBytes {
		return nil, fmt.Errorf("cannot read WAV: it is larger than %d MiB", MaxBytes>>20)
	}
	a, err := Parse(file)
	if err != nil {
		return nil, err
	}
	return a.Decode(), nil
}

// HeaderLen is the length of what Header returns, for every format.
const HeaderLen = 58

// Header returns the beginning of a file with so many samples, as a program
// that writes while it records needs it: first with 0, at the end again with
// the true number. A number that does not fit in the format is told as the
// largest that does.
func Header(f Format, samples int) []byte {
	size := uint32(min(uint64(max(0, samples))*uint64(f.size()), math.MaxUint32-HeaderLen))
	le := binary.LittleEndian
	b := make([]byte, 0, HeaderLen)
	b = append(b, "RIFF"...)
	b = le.AppendUint32(b, HeaderLen-8+size+size&1)
	b = append(b, "WAVEfmt "...)
	b = le.AppendUint32(b, 18)
	b = le.AppendUint16(b, uint16(f))
	b = le.AppendUint16(b, 1)
	b = le.AppendUint32(b, pcm.Rate)
	b = le.AppendUint32(b, uint32(pcm.Rate*f.size()))
	b = le.AppendUint16(b, uint16(f.size()))
	b = le.AppendUint16(b, uint16(8*f.size()))
	b = le.AppendUint16(b, 0)
	b = append(b, "fact"...) // samples, told for every format but PCM, harmless there
	b = le.AppendUint32(b, 4)
	b = le.AppendUint32(b, size/uint32(f.size()))
	b = append(b, "data"...)
	return le.AppendUint32(b, size)
}

// Append appends samples to b as they stand in a file of format f.
func Append(b []byte, f Format, samples []int16) []byte {
	if f == PCM {
		for _, s := range samples {
			b = binary.LittleEndian.AppendUint16(b, uint16(s))
		}
		return b
	}
	n := len(b)
	b = append(b, make([]byte, len(samples))...)
	if f == ALaw {
		g711.CompressALaw(b[n:], samples)
	} else {
		g711.CompressULaw(b[n:], samples)
	}
	return b
}

// Write writes a whole file.
func Write(w io.Writer, f Format, samples []int16) error {
	if f != PCM && f != ALaw && f != ULaw {
		return fmt.Errorf("cannot write WAV: %v is not written here", f)
	}
	b := Append(Header(f, len(samples)), f, samples)
	if len(b)%2 == 1 {
		b = append(b, 0)
	}
	if _, err := w.Write(b); err != nil {
		return fmt.Errorf("cannot write WAV: %w", err)
	}
	return nil
}
