package dtmf

import "github.com/centralita/centralita/dsp/pcm"

// The analysis works on every other sample, 4,000 a second: the tones end at
// 1,663 Hz, and half the work is saved.
const (
	perFrame = pcm.FrameLen / 2
	hop      = 20 // samples from block to block
	hopMs    = 5
	perHop   = perFrame / hop // four blocks a frame
)

// loudness is the mean square of 5 ms in the band of the tones and beside it.
type loudness struct {
	band float32 // 600 to 2000 Hz
	low  float32 // below: voices, hum and dial tone
	high float32 // above: hiss
	all  float32 // of the line as it came
}

// front halves the rate and takes hum and dial tone away. The zero value is
// ready.
type front struct {
	a, ay, b, by   float32 // all-passes of the half-band filter: last input and output
	odd            int16   // the odd sample before
	p1, p2, q1, q2 float32 // high-pass
}

// Half-band filter of two all-passes (passes 0 to 1,700 Hz, stops 2,300 Hz by 32
// dB), and high-pass at the half rate: zeros at 307 and 430 Hz, poles at 703 and
// 631 Hz; 672 to 2000 Hz within 0.2 dB, 50 to 180 Hz 26 dB down, 345 to 445 Hz
// 42 dB. Both together have the gain 1/bandGain.
const (
	apA = 0.27496545
	apB = 0.75376388

	bandGain = 0.32340234 / 2 // the half of two paths

	hpN1 = -1.7722767
	hpD1 = -0.40098337
	hpD2 = 0.19902082
	hpM1 = -1.5618264
	hpE1 = -0.97273211
	hpE2 = 0.78774818
)

// run filters a frame into dst and measures its four hops. The explicit
// conversions forbid fused multiplication, so every machine counts alike.
func (f *front) run(dst *[perFrame]float32, src *pcm.Frame, loud *[perHop]loudness) {
	for h := range perHop {
		x := (*[hop]float32)(dst[h*hop:])
		whole := f.decimate(x, (*[2 * hop]int16)(src[2*h*hop:]))
		half, band := f.highPass(x)
		band *= bandGain * bandGain / hop
		half *= 0.25 / hop // twice the amplitude
		whole *= 0.5 / hop
		l := loudness{band: band, all: whole}
		if half > band {
			l.low = half - band
		}
		if whole > half {
			l.high = whole - half
		}
		loud[h] = l
	}
	const tiny = 1e-15 // below it, arithmetic on some machines becomes slow
	if f.p1*f.p1+f.q1*f.q1+f.ay*f.ay+f.by*f.by < tiny {
		f.ay, f.by, f.p1, f.p2, f.q1, f.q2 = 0, 0, 0, 0, 0, 0
	}
}

// decimate halves the rate, with the gain 2, and returns the energy. An
// all-pass is y = c·x + x' − c·y'; two outputs at a time wait less for each
// other: the second is c·x + (1−c²)·x' − c·x" + c²·y".
func (f *front) decimate(dst *[hop]float32, src *[2 * hop]int16) (energy float32) {
	const ca, cb = apA * apA, apB * apB
	a, ay, b, by, odd := f.a, f.ay, f.b, f.by, f.odd
	for i := 0; i < hop; i += 2 {
		x0, z0 := float32(src[2*i]), float32(odd)
		x1, z1 := float32(src[2*i+2]), float32(src[2*i+1])
		odd = src[2*i+3]
		energy += (float32(x0*x0) + float32(z0*z0)) + (float32(x1*x1) + float32(z1*z1))
		dst[i] = (a + float32(apA*x0) - float32(apA*ay)) + (b + float32(apB*z0) - float32(apB*by))
		ay = (float32(apA*x1) + float32((1-ca)*x0) - float32(apA*a)) + float32(ca*ay)
		by = (float32(apB*z1) + float32((1-cb)*z0) - float32(apB*b)) + float32(cb*by)
		a, b = x1, z1
		dst[i+1] = ay + by
	}
	f.a, f.ay, f.b, f.by, f.odd = a, ay, b, by, odd
	return energy
}

// highPass filters x in place and returns the energy before and after.
func (f *front) highPass(x *[hop]float32) (before, after float32) {
	p1, p2, q1, q2 := f.p1, f.p2, f.q1, f.q2
	for i := 0; i < hop; i += 2 {
		v := x[i]
		before += float32(v * v)
		y := v + p1
		p1 = p2 + float32(v*(hpN1-hpD1)) - float32(hpD1*p1)
		p2 = v - float32(hpD2*y)
		z := y + q1
		q1 = q2 + float32(y*(hpM1-hpE1)) - float32(hpE1*q1)
		q2 = y - float32(hpE2*z)
		after += float32(z * z)
		x[i] = z

		v = x[i+1]
		before += float32(v * v)
		y = v + p1
		p1 = p2 + float32(v*(hpN1-hpD1)) - float32(hpD1*p1)
		p2 = v - float32(hpD2*y)
		z = y + q1
		q1 = q2 + float32(y*(hpM1-hpE1)) - float32(hpE1*q1)
		q2 = y - float32(hpE2*z)
		after += float32(z * z)
		x[i+1] = z
	}
	f.p1, f.p2, f.q1, f.q2 = p1, p2, q1, q2
	return before, after
}
