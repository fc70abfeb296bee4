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
}

// front halves the rate and takes hum and dial tone away. The zero value is
// ready.
type front struct {
	a, ay, b, by       float32 // all-passes of the half-band filter
	p1, p2, q1, q2, xp float32 // high-pass; xp is the odd sample before
}

// Half-band filter of two all-passes (passes 0 to 1,700 Hz, stops 2,300 Hz by 32
// dB), and high-pass at the half rate: zeros at 307 and 430 Hz, poles at 703 and
// 631 Hz; 672 to 2000 Hz within 0.2 dB, 50 to 180 Hz 26 dB down, 345 to 445 Hz
// 42 dB.
const (
	apA = 0.27496545
	apB = 0.75376388

	hpGain = 0.32340234 / 2 // the half of two paths
	hpN1   = -1.7722767
	hpD1   = -0.40098337
	hpD2   = 0.19902082
	hpM1   = -1.5618264
	hpE1   = -0.97273211
	hpE2   = 0.78774818
)

// run filters a frame into dst and measures its four hops. The explicit
// conversions forbid fused multiplication, so every machine counts alike.
func (f *front) run(dst *[perFrame]float32, src *pcm.Frame, loud *[perHop]loudness) {
	a, ay, b, by, xp := f.a, f.ay, f.b, f.by, f.xp
	p1, p2, q1, q2 := f.p1, f.p2, f.q1, f.q2
	for h := range perHop {
		out := (*[hop]float32)(dst[h*hop:])
		in := (*[2 * hop]int16)(src[2*h*hop:])
		var whole int64
		var half, band float32
		for i := range out {
			s0, s1 := int64(in[2*i]), int64(in[2*i+1])
			whole += s0*s0 + s1*s1
			x0, x1 := float32(s0), xp
			xp = float32(s1)
			// y = c·x + x' − c·y'
			ay = a + float32(apA*x0) - float32(apA*ay)
			a = x0
			by = b + float32(apB*x1) - float32(apB*by)
			b = x1
			v := float32((ay + by) * hpGain)
			half += float32(v * v)
			y := v + p1
			p1 = p2 + float32(v*(hpN1-hpD1)) - float32(hpD1*p1)
			p2 = v - float32(hpD2*y)
			z := y + q1
			q1 = q2 + float32(y*(hpM1-hpE1)) - float32(hpE1*q1)
			q2 = y - float32(hpE2*z)
			band += float32(z * z)
			out[i] = z
		}
		w := float32(whole) * (1. / (2 * hop))
		lower := half * (1 / (hop * 4 * hpGain * hpGain))
		band *= 1. / hop
		loud[h] = loudness{band: band, low: max(0, lower-band), high: max(0, w-lower)}
	}
	const tiny = 1e-15 // below it, arithmetic on some machines becomes slow
	if p1*p1+q1*q1 < tiny && ay*ay+by*by < tiny {
		ay, by, p1, p2, q1, q2 = 0, 0, 0, 0, 0, 0
	}
	f.a, f.ay, f.b, f.by, f.xp = a, ay, b, by, xp
	f.p1, f.p2, f.q1, f.q2 = p1, p2, q1, q2
}
