package wav

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/centralita/centralita/dsp/g711"
)

func file(f Format, samples []int16) []byte {
	var b bytes.Buffer
	if err := Write(&b, f, samples); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := rapid.SliceOf(rapid.Int16()).Draw(t, "samples")
		got, err := Read(bytes.NewReader(file(PCM, in)))
		if err != nil || !slices.Equal(got, in) {
			t.Fatalf("got %v, %v", got, err)
		}
		for _, f := range []Format{ULaw, ALaw} {
			got, err := Read(bytes.NewReader(file(f, in)))
			if err != nil || len(got) != len(in) {
				t.Fatalf("%v: %d samples, %v", f, len(got), err)
			}
			again, _ := Read(bytes.NewReader(file(f, got)))
			if !slices.Equal(again, got) && f == ALaw {
				t.Fatalf("%v: second generation differs", f)
			}
		}
	})
}

// RIFF: every length in the header fits the file, chunks are even.
func TestHeaderLengths(t *testing.T) {
	for _, f := range []Format{PCM, ULaw, ALaw} {
		for n := range 4 {
			b := file(f, make([]int16, n))
			if got := binary.LittleEndian.Uint32(b[4:]); int(got) != len(b)-8 {
				t.Errorf("%v, %d samples: RIFF says %d of %d", f, n, got, len(b)-8)
			}
			if len(Header(f, n)) != HeaderLen || len(b)%2 != 0 {
				t.Errorf("%v, %d samples: header %d, file %d bytes", f, n, len(Header(f, n)), len(b))
			}
		}
	}
	if h := Header(PCM, 1<<40); binary.LittleEndian.Uint32(h[54:]) < 1<<31 {
		t.Error("too many samples are not told as the largest number")
	}
}

func TestBadFiles(t *testing.T) {
	good := file(PCM, []int16{1, 2, 3})
	with := func(at int, v ...byte) []byte {
		b := bytes.Clone(good)
		copy(b[at:], v)
		return b
	}
	for want, b := range map[string][]byte{
		"does not begin with RIFF": []byte("ID3\x04 something else"),
		"begin with RIFF … WAVE":   with(8, []byte("AVI ")...),
		"2 channels":               with(22, 2),
		"44100 samples a second":   with(24, 0x44, 0xAC),
		"holds format 85":          with(20, 85),
		"0 channels":               with(22, 0),
		"1 channels of 0 samples":  with(24, 0, 0, 0, 0),
		"8 bits":                   with(34, 8),
		"no samples":               good[:40],
		"samples stand before":     append([]byte("RIFF\x00\x00\x00\x00WAVE"), "data\x04\x00\x00\x00abcd"...),
		"its format has 4 bytes":   append([]byte("RIFF\x00\x00\x00\x00WAVE"), "fmt \x04\x00\x00\x00abcd"...),
		"begin":                    nil,
	} {
		if a, err := Parse(b); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q: got %v, %v", want, a, err)
		}
	}
}

// A length that lies, as after a power cut, takes nothing away.
func TestInterruptedFile(t *testing.T) {
	b := file(PCM, []int16{1, 2, 3})
	binary.LittleEndian.PutUint32(b[54:], 0xFFFFFFFF)
	got, err := Read(bytes.NewReader(b[:len(b)-1]))
	if err != nil || !slices.Equal(got, []int16{1, 2}) {
		t.Errorf("got %v, %v", got, err)
	}
}

// A writer that puts the lengths in at the end left them at zero.
func TestUnfinishedFile(t *testing.T) {
	b := Append(Header(PCM, 0), PCM, []int16{1, 2, 3})
	if got, err := Read(bytes.NewReader(b)); err != nil || !slices.Equal(got, []int16{1, 2, 3}) {
		t.Errorf("got %v, %v", got, err)
	}
	empty := append(file(PCM, nil), "LIST\x04\x00\x00\x00abcd"...)
	binary.LittleEndian.PutUint32(empty[4:], uint32(len(empty)-8))
	if got, err := Read(bytes.NewReader(empty)); err != nil || len(got) != 0 {
		t.Errorf("what follows an empty chunk was taken for samples: %v, %v", got, err)
	}
}

func TestParseAny(t *testing.T) {
	b := file(PCM, []int16{1, -1, 2, -2, 3})
	b[22] = 2
	binary.LittleEndian.PutUint32(b[24:], 44100)
	a, err := ParseAny(b)
	if err != nil || a.Channels != 2 || a.Rate != 44100 || !slices.Equal(a.Decode(), []int16{1, -1, 2, -2}) {
		t.Errorf("got %v, %v", a, err)
	}
}

// 8 bits have no sign: 128 is the middle. They are read at any rate, not as a prompt.
func TestEightBits(t *testing.T) {
	b := append(Header(ULaw, 5), 0, 64, 128, 129, 255)
	b[20] = byte(PCM)
	a, err := ParseAny(b)
	if err != nil || a.Format != Narrow || !slices.Equal(a.Decode(), []int16{-32768, -16384, 0, 256, 32512}) {
		t.Errorf("got %v, %v", a, err)
	}
	if a, err := Parse(b); err == nil || err.Error() != "cannot read WAV: its samples have 8 bits, 16-bit PCM has 16; save it as 16-bit PCM" {
		t.Errorf("as a prompt: %v, %v", a, err)
	}
	b[20], b[21] = 0xFF, 0xFF // a number that files may hold, but not ours
	if a, err := ParseAny(b); err == nil {
		t.Errorf("format 65535: %v", a)
	}
	if err := Write(new(bytes.Buffer), Narrow, []int16{1}); err == nil {
		t.Error("it was written")
	}
}

func TestOtherChunksAndExtensible(t *testing.T) {
	b := []byte("RIFF\x00\x00\x00\x00WAVELIST\x03\x00\x00\x00abc\x00")
	ext := make([]byte, 40)
	copy(ext, []byte{0xFE, 0xFF, 1, 0, 0x40, 0x1F, 0, 0, 0x40, 0x1F, 0, 0, 1, 0, 8, 0, 22, 0, 8, 0, 4, 0, 0, 0, 7, 0})
	b = append(append(b, "fmt \x28\x00\x00\x00"...), ext...)
	b = append(b, "data\x02\x00\x00\x00\xFF\x00"...)
	got, err := Read(bytes.NewReader(b))
	want := make([]int16, 2)
	g711.ExpandULaw(want, []byte{0xFF, 0})
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error)  { return 0, errors.New("wire cut") }
func (broken) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestErrorsOfTheOtherSide(t *testing.T) {
	if _, err := Read(broken{}); err == nil || !strings.Contains(err.Error(), "wire cut") {
		t.Error(err)
	}
	if err := Write(broken{}, PCM, nil); err == nil || !strings.Contains(err.Error(), "disk full") {
		t.Error(err)
	}
	if err := Write(io.Discard, 3, nil); err == nil {
		t.Error("an unknown format was written")
	}
	if _, err := Read(io.LimitReader(zeros{}, MaxBytes+5)); err == nil || !strings.Contains(err.Error(), "larger than 64 MiB") {
		t.Error(err)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

func FuzzParse(f *testing.F) {
	f.Add(file(PCM, []int16{1, -1}))
	f.Add(file(ULaw, []int16{5}))
	f.Add([]byte("RIFF\x00\x00\x00\x00WAVEfmt \xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := ParseAny(b)
		if err != nil {
			return
		}
		if x := a.Decode(); len(x) != a.Len() || len(x) > len(b) {
			t.Fatalf("%d samples of %d bytes", len(x), len(b))
		}
	})
}

func BenchmarkDecodeSecond(b *testing.B) {
	for _, f := range []Format{PCM, ULaw} {
		data := file(f, make([]int16, 8000))
		b.Run(f.String(), func(b *testing.B) {
			for b.Loop() {
				a, err := Parse(data)
				if err != nil {
					b.Fatal(err)
				}
				_ = a.Decode()
			}
		})
	}
}
