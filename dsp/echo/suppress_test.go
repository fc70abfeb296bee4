package echo

import (
	"math"
	"testing"

	"github.com/centralita/centralita/dsp/pcm"
	es "github.com/centralita/centralita/testbench/corpus/echosignals"
)

// difference is how far apart two signals are from sample from on, in dBm0.
func difference(a, b []int16, from, to int) float64 {
	var e float64
	for i := from; i < to; i++ {
		d := float64(a[i]) - float64(b[i])
		e += d * d
	}
	return pcm.DBm0(e / float64(to-from))
}

// The near end speaks alone, the far end is silent: what comes out is what
// came in, bit for bit, however well the filter knows the line.
func TestLoneNearTalkerIsUntouched(t *testing.T) {
	const at = 3 * second
	far := append(es.CSS(1, at, -12), make([]float64, 4*second)...)
	l := loop(far, es.Lines[1].Path(256, 6), -65)
	for i, level := range []float64{-10, -25, -40} {
		l.talk(speech(t, es.Talkers[i], second, level), at+second/2+i*second)
	}
	out := l.through(canceller(t, Options{}))
	for i := at + second/4; i < len(out); i++ {
		if out[i] != l.near[i] {
			t.Fatalf("sample %d: %d went in, %d comes out", i, l.near[i], out[i])
		}
	}
}

// The far end is not silent but hisses, as calls do: still nothing of a lone
// near talker may be replaced by noise, whether the filter fits or not.
func TestLoneNearTalkerOverFarNoise(t *testing.T) {
	for _, hiss := range []float64{-60, -50} {
		for _, learned := range []int{0, 3 * second} {
			far := append(es.CSS(1, learned, -12), es.White(5, 4*second, hiss)...)
			l := loop(far, es.Lines[1].Path(256, 6), -65)
			for i, level := range []float64{-15, -30, -36} {
				l.talk(speech(t, es.Talkers[i], second, level), learned+second/2+i*second)
			}
			with := l.through(canceller(t, Options{}))
			without := l.through(canceller(t, bare))
			if got := difference(with, without, learned+second/2, len(with)); got > -62 {
				t.Errorf("hiss %v dBm0, after %d s: the suppressor changes %.1f dBm0 of the near talker", hiss, learned/second, got)
			}
		}
	}
}

// G.168 test No. 2 with the NLP enabled: what is left is the noise of the line.
func TestG168_2_Suppressed(t *testing.T) {
	for _, erl := range []float64{6, 15} {
		l := loop(es.CSS(1, 4*second, -12), es.Lines[2].Path(256, erl), -60)
		out := l.through(canceller(t, Options{}))
		for at := second; at < len(out); at += second / 5 {
			if got := pcm.Level(out[at : at+second/5]); got > -56 || got < -66 {
				t.Errorf("ERL %v dB: %.1f dBm0 after %.1f s", erl, got, float64(at)/second)
			}
		}
		if got := pcm.Level(out[:second/5]); got > pcm.Level(l.near[:second/5])-10 {
			t.Errorf("ERL %v dB: %.1f dBm0 of echo at the beginning", erl, got)
		}
	}
}

// Both speak: the near talker comes through whole.
func TestG168_3_NearTalkerPasses(t *testing.T) {
	const at = 5 * second
	l := loop(speech(t, "es+m3", 9*second, -12), es.Lines[1].Path(256, 6), -65)
	near := speech(t, "en+f2", 3*second, -15)
	l.talk(near, at)
	out := l.through(canceller(t, Options{}))
	clean := append(make([]int16, at), es.Round(near)...)
	if lost := difference(out, clean, at, at+3*second); lost > -40 {
		t.Errorf("%.1f dBm0 of the near talker at −15 is wrong", lost)
	}
}

// G.168 test No. 9: comfort noise within 2 dB of the line's noise, from −65 to
// −45 dBm0, after 5 s.
func TestG168_9_ComfortNoise(t *testing.T) {
	for _, noise := range []float64{-65, -55, -45} {
		far := es.CSS(1, 8*second, -12)
		clear(far[2*second : 4*second])
		l := loop(far, es.Lines[1].Path(256, 8), noise)
		out := l.through(canceller(t, Options{}))
		if got := pcm.Level(out[5*second:]); math.Abs(got-noise) > 2 {
			t.Errorf("noise of %v dBm0: %.1f dBm0 under the far end's speech", noise, got)
		}
	}
}

// A line without any echo: there is nothing to suppress, and who speaks over
// the far end passes, even more quietly than it.
func TestNoEchoNothingSuppressed(t *testing.T) {
	l := loop(es.CSS(1, 7*second, -12), make([]float64, 8), -65)
	l.talk(speech(t, "en+f2", 4*second, -25), 3*second)
	out := l.through(canceller(t, Options{}))
	if lost := difference(out, l.near, 3*second, 7*second); lost > -45 {
		t.Errorf("%.1f dBm0 of the near talker at −25 is lost", lost)
	}
}
