package pair

import (
	"math"
	"math/cmplx"
)

// Termination is one end of the pair: what the line sees, and the network that its
// hybrid takes the line for. The zero Balance is the same network as Impedance.
type Termination struct {
	Impedance Network
	Balance   Network
}

// balance returns the network in the hybrid.
func (t Termination) balance() Network {
	if len(t.Balance.terms) == 0 {
		return t.Impedance
	}
	return t.Balance
}

// circuit is the pair for speech, in one state of the hook.
type circuit struct {
	cable   Cable
	office  Termination
	port    Termination
	onHook  bool // the port only listens
	handset bool // a second telephone is lifted beside the port
}

// Loads at the end of the line.
const (
	listening = 20e3 // ohms of a port on hook
	otherSet  = 600  // ohms of a second telephone
)

// toPort and toOffice are the chains from one end to the other.
func (c circuit) toPort(hz float64) twoPort {
	m := c.cable.chain(hz)
	if c.handset {
		m = m.then(across(otherSet))
	}
	return m
}

func (c circuit) toOffice(hz float64) twoPort {
	m := c.cable.chain(hz)
	if c.handset {
		m = across(otherSet).then(m)
	}
	return m
}

func (c circuit) load(hz float64) complex128 {
	if c.onHook {
		return listening
	}
	return c.port.Impedance.At(hz)
}

// down is the gain from the office to the port.
func (c circuit) down(hz float64) complex128 {
	return c.toPort(hz).gain(c.office.Impedance.At(hz), c.load(hz))
}

// up is the gain from the port to the office.
func (c circuit) up(hz float64) complex128 {
	if c.onHook {
		return 0
	}
	return c.toOffice(hz).gain(c.port.Impedance.At(hz), c.office.Impedance.At(hz))
}

// transhybrid is what a hybrid leaves of its own voice: the line's voltage less
// that across a balance network in the same place, over half of the source's. With
// a balance like the own impedance it is the reflection coefficient (ITU-T G.122
// annex A).
func transhybrid(own, line, balance complex128) complex128 {
	return 2 * (line/(line+own) - balance/(balance+own))
}

// portEcho is the port's own voice in what it hears.
func (c circuit) portEcho(hz float64) complex128 {
	if c.onHook {
		return 0
	}
	line := c.toOffice(hz).input(c.office.Impedance.At(hz))
	return transhybrid(c.port.Impedance.At(hz), line, c.port.balance().At(hz))
}

// officeEcho is the same at the office.
func (c circuit) officeEcho(hz float64) complex128 {
	line := c.toPort(hz).input(c.load(hz))
	return transhybrid(c.office.Impedance.At(hz), line, c.office.balance().At(hz))
}

// ReturnLoss is by how many dB an impedance reflects less than all, at one
// frequency (ITU-T G.122 annex A).
func ReturnLoss(z, reference Network, hz float64) float64 {
	a, b := z.At(hz), reference.At(hz)
	return -20 * math.Log10(cmplx.Abs((a-b)/(a+b)))
}

// Band in which echo counts (ITU-T G.168 § 3).
const (
	bandFrom = 300.0
	bandTo   = 3400.0
	bandStep = 25.0
)

// loss returns the mean loss of a response over 300–3400 Hz in dB, of power; 100
// where nothing comes through.
func loss(h func(hz float64) complex128) float64 {
	sum, n := 0.0, 0
	for hz := bandFrom; hz <= bandTo; hz += bandStep {
		a := cmplx.Abs(h(hz))
		sum += float64(a * a)
		n++
	}
	return math.Min(100, -10*math.Log10(sum/float64(n)+1e-30))
}
