package pair

import (
	"math"
	"math/cmplx"
)

// Constants of a telephone pair with plastic insulation that hardly depend on its
// gauge (ITU-T G.996.1, ETSI TR 101 830: 40 to 50 nF and 0.6 to 0.7 mH a km).
const (
	copper     = 0.0175 // Ω·mm²/m at 20 °C
	nanofarads = 45.0   // per km
	millihenry = 0.65   // per km
)

// Cable is a piece of copper pair. The zero Cable has no length.
type Cable struct {
	Km float64
	MM float64 // diameter of a wire; 0 stands for 0.4
}

// Ohms returns the resistance of the loop, both wires.
func (c Cable) Ohms() float64 { return c.perKm() * c.Km }

func (c Cable) perKm() float64 {
	mm := c.MM
	if mm == 0 {
		mm = 0.4
	}
	return 2 * 1000 * copper / (math.Pi * mm * mm / 4)
}

// constants returns the propagation constant of one km, nepers and radians, and
// the characteristic impedance.
func (c Cable) constants(hz float64) (gamma, z0 complex128) {
	w := 2 * math.Pi * hz
	series := complex(c.perKm(), w*millihenry*1e-3)
	shunt := complex(0, w*nanofarads*1e-9)
	return cmplx.Sqrt(series * shunt), cmplx.Sqrt(series / shunt)
}

// Loss returns the attenuation between two ends that match the cable, in dB.
func (c Cable) Loss(hz float64) float64 {
	gamma, _ := c.constants(hz)
	return 20 * math.Log10(math.E) * real(gamma) * c.Km
}

// twoPort is a chain matrix: what is ahead in terms of what is behind.
type twoPort struct{ a, b, c, d complex128 }

// chain returns the cable as a two-port.
func (c Cable) chain(hz float64) twoPort {
	if c.Km <= 0 {
		return twoPort{a: 1, d: 1}
	}
	gamma, z0 := c.constants(hz)
	l := gamma * complex(c.Km, 0)
	return twoPort{cmplx.Cosh(l), z0 * cmplx.Sinh(l), cmplx.Sinh(l) / z0, cmplx.Cosh(l)}
}

// across returns an impedance between the two wires as a two-port.
func across(z complex128) twoPort { return twoPort{a: 1, c: 1 / z, d: 1} }

func (m twoPort) then(n twoPort) twoPort {
	return twoPort{m.a*n.a + m.b*n.c, m.a*n.b + m.b*n.d, m.c*n.a + m.d*n.c, m.c*n.b + m.d*n.d}
}

// input returns the impedance seen into m with a load behind it.
func (m twoPort) input(load complex128) complex128 {
	return (m.a*load + m.b) / (m.c*load + m.d)
}

// gain returns the voltage at the load over half of the voltage of a source: 1
// where both match and nothing lies between.
func (m twoPort) gain(source, load complex128) complex128 {
	return 2 * load / (m.a*load + m.b + source*(m.c*load+m.d))
}
