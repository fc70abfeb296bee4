package portleg_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/firmware/media/portleg"
)

// babble is a voice of a pitch, whose syllables come as it likes.
type babble struct {
	r     *rand.Rand
	pitch float64
	phase float64
	n     int // samples left of the syllable or pause
	loud  float64
}

func (b *babble) next() float64 {
	if b.n--; b.n <= 0 {
		b.n = 800 + b.r.IntN(2400)
		if b.loud = 0; b.r.IntN(3) > 0 {
			b.loud = 0.3 + b.r.Float64()
		}
		b.pitch *= 0.95 + 0.1*b.r.Float64()
		b.pitch = max(90, min(b.pitch, 220))
	}
	b.phase += 2 * math.Pi * b.pitch / pcm.Rate
	v := 0.0
	for h := 2.0; h < 8; h++ {
		v += math.Sin(h*b.phase+h*h) / h
	}
	return 4000 * b.loud * v
}

// In two minutes of two people who talk at once a canceller that takes away what is
// an echo is never doubted; one that makes an echo is, in seconds.
func TestOnlyACancellerThatMakesEchoesIsDoubted(t *testing.T) {
	for _, c := range []struct {
		echo  float64 // amplitude of it over that of the near end
		right bool
	}{{1, true}, {0.5, true}, {0.25, true}, {0.12, true}, {0.5, false}, {0.25, false}, {0.15, false}} {
		doubted := portleg.NewDoubt()
		far, near := &babble{r: rand.New(rand.NewPCG(1, 2)), pitch: 110}, &babble{r: rand.New(rand.NewPCG(3, 4)), pitch: 170}
		times, first := 0, 0
		for n := range 2 * 60 * 50 {
			var in, out pcm.Frame
			for i := range in {
				y, x := c.echo*far.next(), near.next()
				in[i], out[i] = int16(x+y), int16(x)
				if !c.right {
					in[i], out[i] = int16(x), int16(x-y)
				}
			}
			if doubted(&in, &out) {
				if times++; times == 1 {
					first = n / 50
				}
			}
		}
		if c.right && times > 0 {
			t.Errorf("echo of %.2f: a canceller that is right is doubted %d times", c.echo, times)
		}
		if !c.right && (times == 0 || first > 10) {
			t.Errorf("echo of %.2f: one that makes it is doubted %d times, first after %d s", c.echo, times, first)
		}
	}
}

// harm is a second of a canceller that makes an echo, as loud as loud, or of silence.
func harm(doubted func(in, out *pcm.Frame) bool, loud float64) (on bool) {
	for n := range 50 {
		var in, out pcm.Frame
		for i := range in {
			x, y := 3000*math.Sin(float64(n*pcm.FrameLen+i)), loud*math.Cos(0.7*float64(n*pcm.FrameLen+i))
			if loud < 0 {
				x, y = 0, 0
			}
			in[i], out[i] = int16(x), int16(x-y)
		}
		on = doubted(&in, &out)
	}
	return on
}

func TestSilenceIsNoDoubt(t *testing.T) {
	doubted := portleg.NewDoubt()
	for s := range 10 {
		if harm(doubted, -1) {
			t.Fatalf("after %d s of silence the canceller is not used", s+1)
		}
	}
}

// A canceller that swings between harm and none is not used until the harm is made up for.
func TestDoubtOutlastsAGoodSecond(t *testing.T) {
	doubted := portleg.NewDoubt()
	for s, loud := range []float64{1000, 0, 1000, 1000, 1000, 0, 1000, 0, 0, 1000, 0} {
		if on := harm(doubted, loud); on != (s >= 4) {
			t.Fatalf("second %d: doubted %t", s, on)
		}
	}
	if harm(doubted, 0) {
		t.Error("as many seconds without harm as with, and it is not used again")
	}
}
