// Package pair is the copper between a central office and a port: for speech the
// hybrids at both ends, the loss and slope of the cable and the echo of the far
// subscriber, all computed from impedances; what the pair picks up on its way; and
// the direct current and ringing that flow in it.
//
// Three words explain it: Network (an impedance), Cable (its chain matrix, ITU-T
// G.996.1), Pair (both directions, 20 ms at a time). Filters are the responses over
// 300–3400 Hz as 64 taps; the same seed makes the same line.
package pair

import (
	"fmt"
	"math"

	"github.com/centralita/centralita/dsp/pcm"
)

// Config is a line from end to end. The zero Config is a pair without length
// between 600 Ω and 600 Ω, in peace.
type Config struct {
	Cable  Cable
	Office Termination
	Port   Termination
	Feed   Feed
	Disturbances

	FarLoss  float64 // dB by which the far subscriber's echo of us is weaker; 0: none
	FarDelay int     // ms one way to the far subscriber, at most 250
	Handset  bool    // a second telephone is lifted beside the port
	Seed     uint64
}

// maxFar is the longest way to a far subscriber, in ms.
const maxFar = 250

// Pair carries speech both ways. Make it with New; it is not for concurrent use.
type Pair struct {
	cfg    Config
	onHook bool

	down, up, portEcho, officeEcho filter
	atPort, atOffice               picked

	far     []float64 // our voice on its way to the far subscriber and back
	farAt   int
	farGain float64
}

// New returns a pair with the port on hook.
func New(cfg Config) (*Pair, error) {
	switch c := cfg.Cable; {
	case c.Km < 0 || c.Km > 20 || c.MM < 0 || c.MM > 2 || c.MM > 0 && c.MM < 0.2:
		return nil, fmt.Errorf("cannot lay a pair of %g km and %g mm: 0 to 20 km of 0.2 to 2 mm are possible", c.Km, c.MM)
	case cfg.FarDelay < 0 || cfg.FarDelay > maxFar:
		return nil, fmt.Errorf("cannot put the far subscriber %d ms away: 0 to %d are possible", cfg.FarDelay, maxFar)
	}
	p := &Pair{cfg: cfg, onHook: true,
		atPort:   newPicked(cfg.Disturbances, 2*cfg.Seed+1),
		atOffice: newPicked(cfg.Disturbances, 2*cfg.Seed+2)}
	if cfg.FarLoss > 0 {
		p.farGain = math.Pow(10, -cfg.FarLoss/20)
		p.far = make([]float64, 1+2*cfg.FarDelay*pcm.Rate/1000)
	}
	p.match()
	return p, nil
}

// Config returns what the pair is now.
func (p *Pair) Config() Config { return p.cfg }

func (p *Pair) circuit() circuit {
	return circuit{cable: p.cfg.Cable, office: p.cfg.Office, port: p.cfg.Port, onHook: p.onHook, handset: p.cfg.Handset}
}

// match computes the filters for the present state.
func (p *Pair) match() {
	c := p.circuit()
	p.down.set(c.down)
	p.up.set(c.up)
	p.portEcho.set(c.portEcho)
	p.officeEcho.set(c.officeEcho)
}

// Hook puts the port off hook or on hook: on hook it listens with a high impedance
// and says nothing.
func (p *Pair) Hook(off bool) {
	if p.onHook == off {
		p.onHook = !off
		p.match()
	}
}

// Lift lifts a second telephone beside the port, or hangs it up.
func (p *Pair) Lift(handset bool) {
	if p.cfg.Handset != handset {
		p.cfg.Handset = handset
		p.match()
	}
}

// Tune changes the port's impedance; its balance network follows.
func (p *Pair) Tune(n Network) {
	if !p.cfg.Port.Impedance.Equal(n) || len(p.cfg.Port.Balance.terms) > 0 {
		p.cfg.Port = Termination{Impedance: n}
		p.match()
	}
}

// Direct returns what flows in the loop now.
func (p *Pair) Direct() Direct { return p.cfg.Feed.Loop(p.cfg.Cable, !p.onHook, p.cfg.Handset) }

// ERL is the echo return loss of the port's hybrid over 300–3400 Hz, in dB.
func (p *Pair) ERL() float64 { return loss(p.circuit().portEcho) }

// OfficeERL is that of the office's hybrid.
func (p *Pair) OfficeERL() float64 { return loss(p.circuit().officeEcho) }

// Loss is how much weaker the office is heard at the port at a frequency, in dB.
func (p *Pair) Loss(hz float64) float64 {
	h := p.circuit().down(hz)
	return -20 * math.Log10(math.Hypot(real(h), imag(h)))
}

// Frame carries 20 ms: what the office and the port say, and what each hears.
// neighbour is what is said on the next pair; it may be nil.
func (p *Pair) Frame(office, port, toPort, toOffice, neighbour *pcm.Frame) {
	var said, ours, in, out [pcm.FrameLen]float64
	for i := range said {
		said[i], ours[i] = float64(office[i]), float64(port[i])
	}
	quiet, still := office.Silent(), port.Silent()
	p.up.add(&ours, &out, still)
	if p.far != nil {
		p.reflect(&out, &said)
		quiet = false
	}
	p.down.add(&said, &in, quiet)
	p.portEcho.add(&ours, &in, still)
	p.officeEcho.add(&said, &out, quiet)
	p.atPort.add(&in, neighbour)
	p.atOffice.add(&out, neighbour)
	for i := range in {
		toPort[i], toOffice[i] = whole(in[i]), whole(out[i])
	}
}

// reflect sends our voice to the far subscriber and adds what comes back.
func (p *Pair) reflect(ours, said *[pcm.FrameLen]float64) {
	for i := range ours {
		p.far[p.farAt] = ours[i]
		p.farAt = (p.farAt + 1) % len(p.far)
		said[i] += float64(p.far[p.farAt] * p.farGain)
	}
}

// whole rounds to a sample.
func whole(v float64) int16 { return pcm.Clip(int32(math.Round(math.Max(-40000, math.Min(40000, v))))) }
