package at

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/centralita/centralita/dsp/g711"
	"github.com/centralita/centralita/dsp/pcm"
)

// Coding is how a sample is written in the voice stream.
type Coding uint8

// Codings we can turn into linear samples, the best first.
const (
	Linear16  Coding = iota // two's complement, low byte first
	ULaw                    // ITU-T G.711
	ALaw                    // ITU-T G.711
	Unsigned8               // 128 is silence
	Signed8                 // two's complement
	unknown
)

// String returns the coding in words.
func (c Coding) String() string {
	return [...]string{"16-bit linear", "µ-law", "A-law", "8-bit linear unsigned", "8-bit linear signed", "unknown"}[min(c, unknown)]
}

// Bytes is how many bytes one sample takes.
func (c Coding) Bytes() int {
	if c == Linear16 {
		return 2
	}
	return 1
}

// Format is a way of writing sound that a modem offers at 8000 samples a second.
type Format struct {
	ID     int    // its number in +VSM
	Name   string // the modem's words
	Coding Coding
}

// ReadFormat reads one line of the answer to AT+VSM=? (V.253 +VSM):
// number,"name",bits,timing,(rates),… . ok is false for a line that is none, that
// compresses, or that has no 8000 samples a second.
func ReadFormat(line string) (f Format, ok bool) {
	line = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(line), "+VSM:"))
	parts := split(line)
	if len(parts) < 3 {
		return Format{}, false
	}
	id, err := strconv.Atoi(parts[0])
	if err != nil || id < 0 || id > 9999 {
		return Format{}, false
	}
	f = Format{ID: id, Name: strings.Trim(parts[1], `" `)}
	bits, rates := 0, parts[2:]
	if n, err := strconv.Atoi(parts[2]); err == nil && n <= 16 {
		bits, rates = n, parts[3:]
	}
	if f.Coding = codingOf(f.Name, bits); f.Coding == unknown {
		return Format{}, false
	}
	return f, slices.ContainsFunc(rates, offers8000)
}

// split cuts at commas outside quotes and brackets.
func split(line string) []string {
	var out []string
	quoted, depth, from := false, 0, 0
	for i := range len(line) {
		switch c := line[i]; {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
		case c == ')':
			depth--
		case (c == ',' || c == ';') && depth <= 0:
			out = append(out, strings.TrimSpace(line[from:i]))
			from = i + 1
		}
	}
	return append(out, strings.TrimSpace(line[from:]))
}

// codingOf understands the names makers give; bits is 0 when the line has none.
func codingOf(name string, bits int) Coding {
	n := strings.NewReplacer("-", "", " ", "", "_", "").Replace(strings.ToUpper(name))
	has := func(s string) bool { return strings.Contains(n, s) }
	wide := bits == 16 || bits == 0 && has("16")
	narrow := bits == 8 || bits == 0 && !has("16")
	switch {
	case has("ADPCM") || has("CELP"):
		return unknown
	case (has("ULAW") || has("MULAW") || has("ULOG") || has("G711U")) && !wide:
		return ULaw
	case (has("ALAW") || has("ALOG") || has("G711A")) && !wide:
		return ALaw
	case !has("PCM") && !has("LINEAR"):
		return unknown
	case wide && !has("UNSIGNED"):
		return Linear16
	case narrow && has("SIGNED") && !has("UNSIGNED"):
		return Signed8
	case narrow:
		return Unsigned8
	}
	return unknown
}

// offers8000 reports whether a field of rates, (7200,8000,11025) or (7200-8000), has 8000.
func offers8000(field string) bool {
	for _, r := range strings.Split(strings.Trim(field, "()"), ",") {
		from, to, ranged := strings.Cut(strings.TrimSpace(r), "-")
		a, err := strconv.Atoi(strings.TrimSpace(from))
		if err != nil {
			continue
		}
		if a == pcm.Rate {
			return true
		}
		b, err := strconv.Atoi(strings.TrimSpace(to))
		if ranged && err == nil && a < pcm.Rate && b >= pcm.Rate {
			return true
		}
	}
	return false
}

// Choose returns the best format of the answer to AT+VSM=?. wide says that the
// line to the modem carries 16 bits a sample both ways.
func Choose(answer []string, wide bool) (Format, error) {
	best := Format{Coding: unknown}
	for _, l := range answer {
		f, ok := ReadFormat(l)
		if ok && f.Coding < best.Coding && (wide || f.Coding.Bytes() == 1) {
			best = f
		}
	}
	if best.Coding == unknown {
		return best, fmt.Errorf("cannot use its voice formats: none is plain at 8000 samples a second, it offers %s", strings.Join(answer, " | "))
	}
	return best, nil
}

// Encode appends the frame to dst in the coding, not yet shielded.
func (c Coding) Encode(dst []byte, f *pcm.Frame) []byte {
	at := len(dst)
	switch c {
	case Linear16:
		for _, s := range f {
			dst = append(dst, byte(s), byte(uint16(s)>>8))
		}
	case ULaw, ALaw:
		dst = append(dst, make([]byte, pcm.FrameLen)...)
		if c == ULaw {
			g711.EncodeULaw(dst[at:], f)
		} else {
			g711.EncodeALaw(dst[at:], f)
		}
	case Unsigned8, Signed8:
		for _, s := range f {
			v := byte(round8(s))
			if c == Unsigned8 {
				v ^= 0x80
			}
			dst = append(dst, v)
		}
	}
	return dst
}

// round8 returns the nearest value with eight bits.
func round8(s int16) int8 { return int8(min((int32(s)+128)>>8, 127)) }

// Decode fills f from a frame's bytes, pcm.FrameLen times Bytes of them.
func (c Coding) Decode(f *pcm.Frame, b []byte) {
	switch c {
	case Linear16:
		for i := range f {
			f[i] = int16(uint16(b[2*i]) | uint16(b[2*i+1])<<8)
		}
	case ULaw:
		g711.DecodeULaw(f, b)
	case ALaw:
		g711.DecodeALaw(f, b)
	case Unsigned8:
		for i := range f {
			f[i] = int16(b[i]^0x80) << 8
		}
	case Signed8:
		for i := range f {
			f[i] = int16(b[i]) << 8
		}
	}
}
