package g711

import (
	"math"
	"testing"

	"github.com/zaf/g711"

	"github.com/centralita/centralita/dsp/pcm"
)

// Every input and every code of both laws, against the library sample by sample.
func TestG711Exhaustive(t *testing.T) {
	laws := []struct {
		name     string
		encode   func([]byte, *pcm.Frame)
		decode   func(*pcm.Frame, []byte)
		compress func([]byte, []int16) int
		expand   func([]int16, []byte) int
		code     func(int16) uint8
		value    func(uint8) int16
	}{
		{"µ-law", EncodeULaw, DecodeULaw, CompressULaw, ExpandULaw, g711.EncodeUlawFrame, g711.DecodeUlawFrame},
		{"A-law", EncodeALaw, DecodeALaw, CompressALaw, ExpandALaw, g711.EncodeAlawFrame, g711.DecodeAlawFrame},
	}
	for _, l := range laws {
		var f pcm.Frame
		out, out2 := make([]byte, pcm.FrameLen), make([]byte, pcm.FrameLen)
		for start := math.MinInt16; start <= math.MaxInt16; start += pcm.FrameLen {
			for i := range f {
				f[i] = int16(min(math.MaxInt16, start+i))
			}
			l.encode(out, &f)
			if n := l.compress(out2, f[:]); n != pcm.FrameLen {
				t.Fatalf("%s: compressed %d", l.name, n)
			}
			for i, s := range f {
				if want := l.code(s); out[i] != want || out2[i] != want {
					t.Fatalf("%s: %d encodes to %#x and %#x, want %#x", l.name, s, out[i], out2[i], want)
				}
			}
		}
		for start := 0; start < 256; start += pcm.FrameLen {
			var g pcm.Frame
			for i := range out {
				out[i] = byte(start + i)
			}
			l.decode(&f, out)
			l.expand(g[:], out)
			for i, c := range out {
				if want := l.value(c); f[i] != want || g[i] != want {
					t.Fatalf("%s: %#x decodes to %d and %d, want %d", l.name, c, f[i], g[i], want)
				}
			}
		}
	}
}

// G.711 § 3: a code that is decoded and encoded again is the same code, except
// that µ-law has two zeros.
func TestG711RoundTrip(t *testing.T) {
	for c := range 256 {
		if got := aEncode[uint16(aDecode[c])>>aShift]; got != byte(c) {
			t.Errorf("A-law %#x came back as %#x", c, got)
		}
		if got := uEncode[uint16(uDecode[c])>>uShift]; got != byte(c) && c != 0x7F {
			t.Errorf("µ-law %#x came back as %#x", c, got)
		}
	}
}

func TestG711Silence(t *testing.T) {
	out := make([]byte, pcm.FrameLen)
	var f pcm.Frame
	if EncodeULaw(out, &f); out[0] != ULawSilence {
		t.Errorf("µ-law silence is %#x", out[0])
	}
	if EncodeALaw(out, &f); out[0] != ALawSilence {
		t.Errorf("A-law silence is %#x", out[0])
	}
}

// G.711 § 2, tables 2a and 2b: the steps are below a sixteenth of the value.
func TestG711Error(t *testing.T) {
	for v := math.MinInt16; v <= math.MaxInt16; v++ {
		u := float64(uDecode[uEncode[uint16(int16(v))>>uShift]])
		a := float64(aDecode[aEncode[uint16(int16(v))>>aShift]])
		allowed := math.Abs(float64(v))/31 + 16
		if math.Abs(u-float64(v)) > allowed+640*b2f(v > 32124 || v < -32124) || math.Abs(a-float64(v)) > allowed+640*b2f(v > 32256 || v < -32256) {
			t.Fatalf("%d became %v (µ-law) and %v (A-law)", v, u, a)
		}
	}
}

func b2f(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func TestShortSlices(t *testing.T) {
	if n := ExpandULaw(make([]int16, 3), make([]byte, 9)); n != 3 {
		t.Errorf("expanded %d", n)
	}
	if n := CompressALaw(make([]byte, 9), make([]int16, 0)); n != 0 {
		t.Errorf("compressed %d", n)
	}
}

func TestNoAllocations(t *testing.T) {
	var f pcm.Frame
	out := make([]byte, pcm.FrameLen)
	n := testing.AllocsPerRun(100, func() {
		EncodeULaw(out, &f)
		DecodeULaw(&f, out)
		EncodeALaw(out, &f)
		DecodeALaw(&f, out)
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func bench(b *testing.B, encode func([]byte, *pcm.Frame), decode func(*pcm.Frame, []byte)) {
	var f pcm.Frame
	for i := range f {
		f[i] = int16(8000 * math.Sin(float64(i)/3))
	}
	out := make([]byte, pcm.FrameLen)
	encode(out, &f)
	b.Run("encode", func(b *testing.B) {
		for b.Loop() {
			encode(out, &f)
		}
	})
	b.Run("decode", func(b *testing.B) {
		for b.Loop() {
			decode(&f, out)
		}
	})
}

func BenchmarkULaw(b *testing.B) { bench(b, EncodeULaw, DecodeULaw) }
func BenchmarkALaw(b *testing.B) { bench(b, EncodeALaw, DecodeALaw) }
