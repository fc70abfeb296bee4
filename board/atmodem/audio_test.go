package atmodem

import (
	"log/slog"
	"testing"

	"github.com/centralita/centralita/board/atmodem/at"
	"github.com/centralita/centralita/board/metronome"
	"github.com/centralita/centralita/dsp/pcm"
)

// both is the sound of a port in a stream both ways.
func both() *audio {
	p := &Port{log: slog.New(slog.DiscardHandler), gone: make(chan struct{})}
	p.out.wake = make(chan struct{}, 1)
	p.audio = audio{p: p}
	p.audio.reader = metronome.New(&p.audio, p.gone, maxHeard)
	p.audio.begin()
	p.audio.stream(true, true, at.ULaw)
	return &p.audio
}

func TestSoundAllocatesNothing(t *testing.T) {
	a := both()
	in, out := make([]byte, pcm.FrameLen), make([]byte, 0, 4*pcm.FrameLen)
	var f pcm.Frame
	round := func() {
		a.hear(in)
		if err := a.Read(&f); err != nil {
			t.Fatal(err)
		}
		if err := a.Write(&f); err != nil {
			t.Fatal(err)
		}
		out = a.next(out[:0])
	}
	for range 10 {
		round()
	}
	if n := testing.AllocsPerRun(100, round); n > 0 || len(out) < pcm.FrameLen {
		t.Errorf("%v allocations a frame, %d bytes out", n, len(out))
	}
}

// Frames come out whole, however the modem cuts its bytes.
func TestFramesOfAnyPieces(t *testing.T) {
	for size := 1; size < 700; size += 37 {
		a := both()
		a.stream(true, false, at.Linear16)
		var bytes []byte
		for n := range 5 {
			bytes = at.Linear16.Encode(bytes, &pcm.Frame{0: int16(n + 1), 159: int16(-n)})
		}
		for len(bytes) > 0 {
			k := min(size, len(bytes))
			a.hear(bytes[:k])
			bytes = bytes[k:]
		}
		for n := range 5 {
			var f pcm.Frame
			if !a.Take(&f) || f[0] != int16(n+1) || f[159] != int16(-n) {
				t.Fatalf("in pieces of %d frame %d is %d … %d", size, n, f[0], f[159])
			}
		}
	}
}

// A reader who is away loses the oldest, not the newest.
func TestAbsentReader(t *testing.T) {
	a := both()
	a.stream(true, false, at.Linear16)
	for n := range 100 {
		a.hear(at.Linear16.Encode(nil, &pcm.Frame{0: int16(n)}))
	}
	var f pcm.Frame
	for n := 100 - maxHeard; n < 100; n++ {
		if !a.Take(&f) || f[0] != int16(n) {
			t.Fatalf("frame %d is %d", n, f[0])
		}
	}
	if a.Take(&f) {
		t.Error("more than is kept")
	}
}

func BenchmarkFrameBothWays(b *testing.B) {
	a := both()
	in, out := make([]byte, pcm.FrameLen), make([]byte, 0, 4*pcm.FrameLen)
	var f pcm.Frame
	for b.Loop() {
		a.hear(in)
		if err := a.Read(&f); err != nil {
			b.Fatal(err)
		}
		if err := a.Write(&f); err != nil {
			b.Fatal(err)
		}
		out = a.next(out[:0])
	}
}
