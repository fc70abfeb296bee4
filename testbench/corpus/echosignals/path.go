package echosignals

import (
	"math"
	"math/cmplx"

	"github.com/centralita/centralita/dsp/pcm"
)

// Line is a two-wire line behind the hybrid of an office: the echo is what the
// hybrid's balance does not match.
type Line struct {
	Name  string
	Km    float64 // of 0.4 mm cable: 280 Ω/km, 45 nF/km, 0.7 mH/km
	Phone Impedance
	Hum   float64 // of the echo a second time: a second hybrid further off, as a factor
	Far   float64 // after these milliseconds
	Delay float64 // before the first echo, in ms
}

// Impedance is a resistor in series with a resistor and a capacitor side by side.
type Impedance struct{ Series, Parallel, Farad float64 }

func (z Impedance) at(w float64) complex128 {
	if z.Farad == 0 {
		return complex(z.Series+z.Parallel, 0)
	}
	return complex(z.Series, 0) + 1/complex(1/z.Parallel, w*z.Farad)
}

// Impedances of terminals and balances.
var (
	Resistive  = Impedance{Series: 600}
	European   = Impedance{270, 750, 150e-9} // ETSI TBR 21
	German     = Impedance{220, 820, 115e-9}
	OffHookTwo = Impedance{120, 280, 80e-9} // two telephones off hook
)

// Lines are the six lines of the bench; with an echo return loss of 6 and of
// 10 dB they make its twelve cases.
var Lines = []Line{
	{Name: "short, 600 Ω", Km: 0.2, Phone: OffHookTwo, Delay: 0.5},
	{Name: "2 km", Km: 2, Phone: German, Delay: 2},
	{Name: "4.5 km, 600 Ω", Km: 4.5, Phone: Resistive, Delay: 4},
	{Name: "1 km, two telephones", Km: 1, Phone: OffHookTwo, Delay: 7},
	{Name: "3 km and a second hybrid", Km: 3, Phone: European, Hum: 0.35, Far: 9, Delay: 1},
	{Name: "6 km, late", Km: 6, Phone: European, Delay: 12},
}

// Path returns the echo path of a line as an impulse response of n samples,
// scaled to an echo return loss in dB for white noise. It is the reflection at
// the hybrid (balance against the line's input impedance), through the
// band-pass of a codec on its way out and back (G.712), and delayed.
func (l Line) Path(n int, erl float64) []float64 {
	const size = 1024
	spectrum := make([]complex128, size/2+1)
	for k := range spectrum {
		f := float64(k) * pcm.Rate / size
		z := l.input(2 * math.Pi * max(f, 1))
		b := German.at(2 * math.Pi * max(f, 1))
		g := (z - b) / (z + b)
		w := 2 * math.Pi * f
		if l.Hum > 0 {
			g += g * complex(l.Hum, 0) * cmplx.Exp(complex(0, -w*l.Far/1000))
		}
		g *= cmplx.Exp(complex(0, -w*(l.Delay+0.75)/1000))
		spectrum[k] = g * codec(f) * codec(f)
	}
	h := make([]float64, n)
	var e float64
	for i := range h {
		for k, s := range spectrum {
			a := 2 * math.Pi * float64(k*i%size) / size
			c := real(s)*math.Cos(a) - imag(s)*math.Sin(a)
			if k > 0 && k < size/2 {
				c *= 2
			}
			h[i] += c / size
		}
		e += h[i] * h[i]
	}
	g := math.Pow(10, -erl/20) / math.Sqrt(e)
	for i := range h {
		h[i] *= g
	}
	return h
}

// input is the impedance seen into the line at an angular frequency.
func (l Line) input(w float64) complex128 {
	series := complex(280, w*0.7e-3)
	shunt := complex(1e-6, w*45e-9)
	z0, gamma := cmplx.Sqrt(series/shunt), cmplx.Sqrt(series*shunt)
	t := cmplx.Tanh(gamma * complex(l.Km, 0))
	z := l.Phone.at(w)
	return z0 * (z + z0*t) / (z0 + z*t)
}

// codec is the band of one way: second-order high pass at 180 Hz, low pass of
// the sixth order at 3600 Hz, as minimum-phase filters have them.
func codec(f float64) complex128 {
	s := complex(0, f)
	high := s * s / (s*s + complex(0, f)*complex(180*1.414, 0) + 180*180)
	low := complex(1, 0)
	for _, q := range []float64{1.9319, 1.4142, 0.5176} {
		low *= 3600 * 3600 / (s*s + s*complex(3600*q, 0) + 3600*3600)
	}
	return high * low
}

// Convolve passes x through a path; samples beyond the end are dropped.
func Convolve(x []int16, h []float64) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		if v == 0 {
			continue
		}
		for k, c := range h {
			if i+k >= len(out) {
				break
			}
			out[i+k] += float64(v) * c
		}
	}
	return out
}
