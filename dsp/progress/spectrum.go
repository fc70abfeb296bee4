package progress

import "math"

// listenFor returns the frequencies that make up x, in rising order, or none
// when x is no tone.
func listenFor(x []int16) (v chord) {
	n := len(x)
	var w [spectrum]float64
	var bins [fftLen]complex128
	total, gain := 0.0, 0.0
	for i, s := range x {
		h := 0.5 - 0.5*math.Cos(2*math.Pi*(float64(i)+0.5)/float64(n))
		w[i] = float64(s) * h
		bins[i] = complex(w[i], 0)
		total += w[i] * float64(s)
		gain += h
	}
	total /= gain // mean square
	if total < float64(minPower)/2 {
		return v
	}
	transform(&bins)
	var power [(highest - lowest) / binHz]float64
	for i := range power {
		b := bins[lowest/binHz+i]
		power[i] = 4 * (real(b)*real(b) + imag(b)*imag(b)) / gain / gain
	}
	width := 2 * 8000 / float64(n) // half of the main lobe
	v.peaks(&power, 0.9*width)
	// Between two bins a peak is 0.4 dB lower than it is: voices end here.
	if v.sum/2/total < 0.9*purity {
		return chord{}
	}
	y := w[:n]
	v.sum = 0
	for k := range v.n {
		v.hz[k] = refine(y, v.hz[k], gain)
		v.pow[k] = at(y, v.hz[k], gain)
		v.sum += v.pow[k] / 2 / total
	}
	if v.sum < purity {
		return chord{}
	}
	v.even = v.n > 1 && !v.harmonic() || v.n == 1 && evenly(x, v.hz[0]) && !voiced(y, v.hz[0], gain)
	v.sort()
	return v
}

// Limits of an even burst: what an exchange sends, and no voice or instrument.
const (
	overtones = 0.01 // of its power, 20 dB below: exchanges keep 30
	driftHz   = 0.8  // from the first half to the second
	driftBy   = 1.12 // of its power, 0.5 dB
)

// voiced reports whether a frequency has overtones in y.
func voiced(y []float64, hz, gain float64) bool {
	most := overtones * at(y, hz, gain)
	return at(y, 2*hz, gain) > most || at(y, 3*hz, gain) > most
}

// harmonic reports whether one frequency is the double or triple of another.
func (v *chord) harmonic() bool {
	for i := range v.n {
		for k := range v.n {
			for times := 2.; times <= 3; times++ {
				if math.Abs(v.hz[i]*times-v.hz[k]) < 0.01*v.hz[k] {
					return true
				}
			}
		}
	}
	return false
}

// evenly reports whether a tone of one frequency is as high and as loud in the
// first half of x as in the second.
func evenly(x []int16, hz float64) bool {
	var w [spectrum / 2]float64
	var f, p [2]float64
	n := len(x) / 2
	for half := range f {
		gain := 0.0
		for i, s := range x[half*n : half*n+n] {
			h := 0.5 - 0.5*math.Cos(2*math.Pi*(float64(i)+0.5)/float64(n))
			w[i] = float64(s) * h
			gain += h
		}
		f[half] = refine(w[:n], hz, gain)
		p[half] = at(w[:n], f[half], gain)
	}
	return math.Abs(f[0]-f[1]) <= driftHz && p[0] <= driftBy*p[1] && p[1] <= driftBy*p[0]
}

// Bins that are looked at.
const (
	binHz   = 8000. / fftLen
	lowest  = 64 * binHz  // 250 Hz
	highest = 768 * binHz // 3000 Hz
)

// peaks finds the strongest peaks at least apart Hz from each other and more
// than a tenth of the strongest.
func (v *chord) peaks(power *[(highest - lowest) / binHz]float64, apart float64) {
	for range maxPartials {
		best := -1
		for i := 1; i+1 < len(power); i++ {
			if power[i] >= power[i-1] && power[i] >= power[i+1] && (best < 0 || power[i] > power[best]) && !v.near(lowest+binHz*float64(i), apart) {
				best = i
			}
		}
		if best < 0 || v.n > 0 && power[best] < 0.1*v.pow[0] {
			return
		}
		v.hz[v.n], v.pow[v.n] = lowest+binHz*float64(best), power[best]
		v.sum += power[best]
		v.n++
	}
}

func (v *chord) near(hz, by float64) bool {
	for k := range v.n {
		if math.Abs(v.hz[k]-hz) < by {
			return true
		}
	}
	return false
}

func (v *chord) sort() {
	for i := 1; i < v.n; i++ {
		for j := i; j > 0 && v.hz[j] < v.hz[j-1]; j-- {
			v.hz[j], v.hz[j-1] = v.hz[j-1], v.hz[j]
			v.pow[j], v.pow[j-1] = v.pow[j-1], v.pow[j]
		}
	}
}

// refine returns the frequency of the peak near hz.
func refine(y []float64, hz, gain float64) float64 {
	for d := binHz / 2; d > 0.05; d /= 2 {
		a, b, c := at(y, hz-d, gain), at(y, hz, gain), at(y, hz+d, gain)
		switch {
		case a > b && a > c:
			hz -= d
		case c > b:
			hz += d
		}
	}
	return hz
}

// at returns the squared amplitude of one frequency in y, whose window adds up
// to gain.
func at(y []float64, hz, gain float64) float64 {
	w := 2 * math.Pi * hz / 8000
	c := 2 * math.Cos(w)
	var s1, s2 float64
	for _, v := range y {
		s := v - s2 + float64(c*s1)
		s2, s1 = s1, s
	}
	return 4 * (s1*s1 + s2*s2 - float64(c*s1)*s2) / gain / gain
}
