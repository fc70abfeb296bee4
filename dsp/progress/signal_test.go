package progress

import (
	"math"

	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/tone"
	"github.com/centralita/centralita/dsp/tone/plan"
)

// rng is a small generator of our own, so that every run hears the same.
type rng uint64

func (r *rng) next() float64 {
	*r ^= *r << 13
	*r ^= *r >> 7
	*r ^= *r << 17
	return float64(*r>>11) / (1 << 53)
}

func (r *rng) gauss() float64 {
	return math.Sqrt(-2*math.Log(r.next()+1e-300)) * math.Cos(2*math.Pi*r.next())
}

func (r *rng) between(a, b float64) float64 { return a + (b-a)*r.next() }

// bend spoils a signal of a plan.
type bend struct {
	cadence, freq float64 // factors, 1 is right
	level         float64 // dBm0 of each frequency
	snr           float64 // dB, 0 for no noise
	lead          int     // ms of silence before it
}

var right = bend{cadence: 1, freq: 1, level: -15, lead: 500}

// render plays a signal for a time.
func render(s plan.Signal, b bend, ms int, r *rng) []pcm.Frame {
	bent := plan.Signal{DBm0: b.level}
	for _, hz := range s.Hz {
		bent.Hz = append(bent.Hz, hz*b.freq)
	}
	for _, hz := range s.Then {
		bent.Then = append(bent.Then, hz*b.freq)
	}
	for _, v := range s.OnOff {
		bent.OnOff = append(bent.OnOff, int(float64(v)*b.cadence))
	}
	var p tone.Player
	p.Start(bent.Spec())
	x := make([]int16, tone.Ms(b.lead+ms))
	p.FillSamples(x[tone.Ms(b.lead):])
	rms := 0.
	if b.snr != 0 {
		rms = pcm.RMS(b.level + 10*math.Log10(float64(len(s.Hz))) - b.snr)
	}
	out := make([]pcm.Frame, len(x)/pcm.FrameLen)
	for i := range len(out) * pcm.FrameLen {
		v := float64(x[i])
		if rms > 0 {
			v += rms * r.gauss()
		}
		out[i/pcm.FrameLen][i%pcm.FrameLen] = pcm.Clip(int32(math.Round(v)))
	}
	return out
}

func listenTo(d *Detector, frames []pcm.Frame) (out []Event) {
	for i := range frames {
		out = d.Process(&frames[i], out)
	}
	return out
}

// voice is a buzz through three formants with gliding or sung pitch.
func voice(seconds float64, r *rng) []pcm.Frame {
	var x []float64
	for len(x) < int(seconds*pcm.Rate) {
		x = append(x, vowel(r)...)
		if r.next() < 0.4 {
			x = append(x, make([]float64, int(r.between(0, 4000)))...)
		}
	}
	return toFrames(x)
}

func vowel(r *rng) []float64 {
	x := make([]float64, int(r.between(80, 1200)*8))
	f0 := r.between(90, 450)
	f1 := f0
	if r.next() < 0.5 {
		f1 = r.between(90, 450)
	}
	var f, y1, y2 [3]float64
	f[0], f[1], f[2] = r.between(250, 900), r.between(800, 2300), r.between(2000, 3300)
	phase, sum := 0., 1e-9
	for i := range x {
		t := float64(i) / float64(len(x))
		in := 0.01 * r.gauss()
		if phase += (f0 + (f1-f0)*t) / pcm.Rate; phase >= 1 {
			phase--
			in++
		}
		for k := range f {
			rad := math.Exp(-math.Pi * (50 + 40*float64(k)) / pcm.Rate)
			y := in + 2*rad*math.Cos(2*math.Pi*f[k]/pcm.Rate)*y1[k] - rad*rad*y2[k]
			y2[k], y1[k] = y1[k], y
			x[i] += y * (1 - 0.3*float64(k))
		}
		x[i] *= math.Min(1, 8*math.Sin(math.Pi*t))
		sum += x[i] * x[i]
	}
	gain := pcm.RMS(r.between(-30, -8)) / math.Sqrt(sum/float64(len(x)))
	for i := range x {
		x[i] *= gain
	}
	return x
}

// music is chords and melodies of decaying notes with overtones.
func music(seconds float64, r *rng) []pcm.Frame {
	x := make([]float64, int(seconds*pcm.Rate))
	for at := 0; at < len(x); at += int(r.between(600, 5000)) {
		for range 1 + int(r.between(0, 3)) {
			hz := 440 * math.Pow(2, math.Floor(r.between(-12, 13))/12)
			length := r.between(0.15, 2)
			amp := pcm.Peak(r.between(-30, -12))
			for i := 0; i < int(length*pcm.Rate) && at+i < len(x); i++ {
				t := float64(i) / pcm.Rate
				env := math.Min(1, t*100) * math.Exp(-2*t/length)
				w := 2 * math.Pi * hz * t
				x[at+i] += amp * env * (math.Sin(w) + 0.5*math.Sin(2*w) + 0.25*math.Sin(3*w))
			}
		}
	}
	return toFrames(x)
}

func toFrames(x []float64) []pcm.Frame {
	out := make([]pcm.Frame, len(x)/pcm.FrameLen)
	for i := range len(out) * pcm.FrameLen {
		out[i/pcm.FrameLen][i%pcm.FrameLen] = pcm.Clip(int32(math.Round(max(-40000, min(40000, x[i])))))
	}
	return out
}

// staccato is a voice that sings phrases of notes near hz, in every rhythm, of
// few overtones, with vibrato and a pitch that wanders by up to 1 %.
func staccato(seconds, hz float64, r *rng) []pcm.Frame {
	var x []float64
	for len(x) < int(seconds*pcm.Rate) {
		on, off := r.between(150, 800), r.between(150, 600)
		if r.next() < 0.5 {
			off = on
		}
		pitch := hz * r.between(0.97, 1.03)
		rate, depth, swell := r.between(4.5, 7), r.between(0.001, 0.01), r.between(0.02, 0.15)
		second, wander, uneven := r.between(0, 0.15), r.between(0, 0.01), r.between(0.01, 0.08)
		attack, fade := r.between(40, 320), r.between(80, 480)
		amp := pcm.Peak(r.between(-25, -10))
		for range 4 + int(r.between(0, 8)) {
			note := make([]float64, int(on*8*r.between(1-uneven, 1+uneven)))
			f, third, phase := pitch*(1+wander*r.gauss()), r.between(0, 0.2), 0.0
			for i := range note {
				wave := math.Sin(2*math.Pi*rate*float64(i)/pcm.Rate + 1)
				phase += 2 * math.Pi * f * (1 + depth*wave) / pcm.Rate
				env := min(1, float64(i)/attack, float64(len(note)-i)/fade) * (1 + swell*wave)
				note[i] = amp * env * (math.Sin(phase) + second*math.Sin(2*phase) + third*math.Sin(3*phase) + 0.02*r.gauss())
			}
			x = append(append(x, note...), make([]float64, int(off*8*r.between(1-uneven, 1+uneven)))...)
		}
		x = append(x, make([]float64, int(r.between(2000, 12000)))...)
	}
	return toFrames(x)
}
