package dtmf

import "math"

// A look takes 256 samples of the line as it came, 32 ms.
const (
	looked = 256
	binHz  = float32(rate) / looked
)

// spectrum is what is beside two tones: energies by that of the weaker one.
type spectrum struct {
	power  [looked / 2]float32
	sum    float32
	weaker float32 // energy of that one
}

// residue fills in the spectrum without the tones low and high.
func (d *Detector) residue(s *spectrum, low, high float32) {
	var x, im [looked]float32
	d.line(x[:], lookEdge)
	for i, v := range x {
		x[i] = float32(v * hann[i])
	}
	s.weaker = min(remove(&x, low), remove(&x, high))
	transform(&x, &im)
	for k := range s.power {
		s.power[k] = (float32(x[k]*x[k]) + float32(im[k]*im[k])) * (2. / looked) / s.weaker
		s.sum += s.power[k]
	}
}

// strongest returns the frequency and the energy of the strongest sine from a bin
// on. Under a Hann window the neighbours of its bin tell how far it is off.
func (s *spectrum) strongest(from int) (hz, energy float32) {
	p := &s.power
	at := from
	for k := at; k < len(p)-2; k++ {
		if p[k] > p[at] {
			at = k
		}
	}
	for k := at - 2; k <= at+2; k++ {
		energy += p[k]
	}
	side, way := p[at+1], float32(1)
	if p[at-1] > side {
		side, way = p[at-1], -1
	}
	if p[at] == 0 {
		return 0, 0
	}
	a := float32(math.Sqrt(float64(side / p[at])))
	return (float32(at) + way*(2*a-1)/(1+a)) * binHz, energy
}

// drop takes the sine of hz out.
func (s *spectrum) drop(hz float32) {
	at := int(hz/binHz + 0.5)
	for k := max(0, at-2); k <= min(at+2, len(s.power)-1); k++ {
		s.sum -= s.power[k]
		s.power[k] = 0
	}
}

// hann is the window of the look.
var hann = func() (w [looked]float32) {
	for i := range w {
		w[i] = float32(0.5 - 0.5*math.Cos(2*math.Pi*(float64(i)+0.5)/looked))
	}
	return w
}()

// remove takes the sine of hz out of x, which is under the window, and returns
// its energy there.
func remove(x *[looked]float32, hz float32) float32 {
	const energy = looked * 3. / 8 // of the window
	sin, cos := math.Sincos(2 * math.Pi * float64(hz) / rate)
	re, im := float32(cos), float32(sin)
	var a, b float32
	c, s := float32(1), float32(0)
	for i, v := range x {
		y := float32(v * hann[i])
		a += float32(y * c)
		b += float32(y * s)
		c, s = float32(c*re)-float32(s*im), float32(s*re)+float32(c*im)
	}
	a, b = a*(2/energy), b*(2/energy)
	c, s = 1, 0
	for i := range x {
		x[i] -= float32(hann[i] * (float32(a*c) + float32(b*s)))
		c, s = float32(c*re)-float32(s*im), float32(s*re)+float32(c*im)
	}
	return (float32(a*a) + float32(b*b)) * (energy / 2)
}

// turns are the factors of the transform.
var turns = func() (t [looked / 2][2]float32) {
	for k := range t {
		a := 2 * math.Pi * float64(k) / looked
		t[k] = [2]float32{float32(math.Cos(a)), float32(-math.Sin(a))}
	}
	return t
}()

// transform takes the Fourier transform in place, by halves.
func transform(re, im *[looked]float32) {
	for i, j := 1, 0; i < looked; i++ {
		bit := looked / 2
		for ; j&bit != 0; bit /= 2 {
			j -= bit
		}
		if j += bit; i < j {
			re[i], re[j] = re[j], re[i]
			im[i], im[j] = im[j], im[i]
		}
	}
	for half := 1; half < looked; half *= 2 {
		for k := range half {
			w := turns[k*(looked/2/half)]
			for a := k; a < looked; a += 2 * half {
				b := a + half
				r := float32(re[b]*w[0]) - float32(im[b]*w[1])
				i := float32(re[b]*w[1]) + float32(im[b]*w[0])
				re[b], im[b] = re[a]-r, im[a]-i
				re[a], im[a] = re[a]+r, im[a]+i
			}
		}
	}
}
