package dtmf

import (
	"math"
	"testing"

	"github.com/centralita/centralita/dsp/pcm"
)

// crowd is a key of 60 to 500 ms with a sine of hz beside it, from its beginning
// on or also before and after.
func crowd(key int, hz, db float64, steady bool, r *rng) signal {
	low, high, _ := Frequencies(allKeys[key%16])
	on := r.between(60, 500)
	s := append(make(signal, 2000+int(160*r.next())), burst(on, low, high, -13, -13, r)...)
	from, to := len(s)-int(math.Round(on*8)), len(s)
	s = append(s, make(signal, 1200)...)
	if steady {
		from, to = 0, len(s)
	}
	phi := 2 * math.Pi * r.next()
	for i := from; i < to; i++ {
		s[i] += pcm.Peak(-13+db) * math.Sin(2*math.Pi*hz*float64(i)/pcm.Rate+phi)
	}
	return s
}

// A third tone as loud as the key's, or half as loud, is no keypad's: at any
// frequency from 300 to 3400 Hz, in both modes, whether it comes with the key or
// was there before.
func TestThirdTone(t *testing.T) {
	r := rng(97)
	for _, m := range []Mode{IVR, Strict} {
		for _, db := range []float64{0, -3, -6} {
			for i := range 150 {
				low, high, _ := Frequencies(allKeys[i%16])
				hz := low
				for math.Abs(hz-low) < 60 || math.Abs(hz-high) < 60 {
					hz = r.between(300, 3400)
				}
				if got := digitsOf(crowd(i, hz, db, false, &r).detect(m)); got != "" {
					t.Errorf("mode %v heard %q with %.0f Hz at %+.0f dB", m, got, hz, db)
				}
			}
			for _, hz := range []float64{520, 600, 1070, 1120, 1800, 2300, 2900} {
				if got := digitsOf(crowd(6, hz, db, true, &r).detect(m)); got != "" {
					t.Errorf("mode %v heard %q with %.0f Hz at %+.0f dB that was there before", m, got, hz, db)
				}
			}
		}
	}
}

// A key that began with a third tone stays none when that ends, and the next is
// heard again.
func TestThirdToneThatEnds(t *testing.T) {
	for i, hz := range []float64{520, 1070, 1850, 2300, 2900} {
		r := rng(40 + i)
		s := append(make(signal, 1600), burst(400, 770, 1336, -13, -13, &r)...)
		for j := 1600; j < 1600+1200; j++ {
			s[j] += pcm.Peak(-13) * math.Sin(2*math.Pi*hz*float64(j)/pcm.Rate)
		}
		s = append(s, make(signal, 800)...)
		s = append(append(s, burst(60, 770, 1336, -13, -13, &r)...), make(signal, 1200)...)
		ev := s.detect(IVR)
		if len(ev) != 2 || digitsOf(ev) != "5" || ev[0].At < 690 {
			t.Errorf("%v Hz: %+v, want the second key alone", hz, ev)
		}
	}
}

// The dial tones of E.180 are no third tones where they sound before the key.
func TestDialTonesAreNoThird(t *testing.T) {
	for _, hz := range [][]float64{{350, 440}, {330, 440}, {350, 450}, {400}, {425}, {440}, {450}, {419}, {431}} {
		hit, extra := trial(IVR, 3, plain, func(s signal, _ *rng) signal { return s.hum(-13, hz...) })
		if hit < 100 || extra > 0 {
			t.Errorf("%v Hz: heard %.0f %%, %d too many", hz, hit, extra)
		}
	}
}

// sung is a vowel of 0.3 s with two strong harmonics, on a pitch of which a key
// has multiples.
func sung(f0 float64, low, high int, r *rng) signal {
	s := make(signal, 2400)
	lift := math.Pow(10, r.between(8, 14)/20)
	for h := 1; float64(h)*f0 < 3600; h++ {
		a := math.Pow(float64(h), -0.6)
		if h == low || h == high {
			a *= lift
		}
		for i := range s {
			s[i] += a * math.Sin(2*math.Pi*float64(h)*f0*float64(i)/pcm.Rate)
		}
	}
	gain := 3000 / lift
	for i := range s {
		s[i] *= gain * min(1, float64(i)/400, float64(len(s)-i)/400)
	}
	return append(s, make(signal, 800)...)
}

// A voice that sings two harmonics of a key is known by its others; the same two
// tones alone are a key.
func TestSungKeys(t *testing.T) {
	r := rng(7)
	for _, v := range []struct {
		f0        float64
		low, high int
		key       string
	}{{188.2, 5, 7, "0"}, {174, 4, 7, "1"}, {212, 4, 7, "9"}, {191.5, 4, 7, "5"}, {233.6, 4, 7, "D"}} {
		for range 20 {
			if got := digitsOf(sung(v.f0, v.low, v.high, &r).detect(IVR)); got != "" {
				t.Errorf("heard %q in a voice of %v Hz", got, v.f0)
			}
		}
		s := append(make(signal, 800), burst(100, v.f0*float64(v.low), v.f0*float64(v.high), -10, -10, &r)...)
		if got := digitsOf(append(s, make(signal, 800)...).detect(IVR)); got != v.key {
			t.Errorf("heard %q in the two tones alone, want %q", got, v.key)
		}
	}
}

// The transform of a sine is its bin and, under the window, half of it beside.
func TestSpectrum(t *testing.T) {
	for _, hz := range []float64{437, 1000, 1850.5, 3120} {
		var d Detector
		for i := range d.raw {
			for j := range d.raw[i] {
				d.raw[i][j] = int16(3000 * math.Sin(2*math.Pi*hz*float64(i*pcm.FrameLen+j)/pcm.Rate))
			}
		}
		d.n = rawFrames * perHop
		var s spectrum
		d.residue(&s, 697, 1336)
		got, energy := s.strongest(thirdBin)
		if math.Abs(float64(got)-hz) > 1 || energy < 0.99*s.sum {
			t.Errorf("%v Hz: found %v Hz with %.3f of all", hz, got, energy/s.sum)
		}
	}
}
