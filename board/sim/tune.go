package sim

import (
	"fmt"
	"slices"

	"github.com/centralita/centralita/board/sim/wire"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/hal/port"
)

// Gains that a port can be tuned to, in tenths of a decibel.
const (
	leastGain = -150
	mostGain  = 120
)

// impedances are those a port can take: the real one, the complex ones of the
// countries' networks (ETSI TS 103 021 part 1 § 4.7 and national variants), and
// that of loaded lines. The network is written as the test bench reads it: ohms,
// + in series, || in parallel, n for nanofarads.
var impedances = []string{"600", "900", "270+750||150n", "220+820||115n", "320+1050||230n", "370+620||310n", "200+680||100n", "900+2160n"}

var (
	_ port.Meter = (*socket)(nil)
	_ port.Tuner = (*socket)(nil)
)

// Impedances implements port.Tuner.
func (s *socket) Impedances() []string { return slices.Clone(impedances) }

// tune sets gains and impedance; an impedance that is not named stays.
func (s *socket) tune(c port.Tune) error {
	for _, g := range []int{c.RxTenths, c.TxTenths} {
		if g < leastGain || g > mostGain {
			return fmt.Errorf("cannot %s: %d to +%d dB are possible", c, leastGain/10, mostGain/10)
		}
	}
	if c.Impedance != "" && !slices.Contains(impedances, c.Impedance) {
		return fmt.Errorf("cannot %s: %s offers %q", c, s.info.Name, impedances)
	}
	s.rx, s.tx = pcm.GainDB(float64(c.RxTenths)/10), pcm.GainDB(float64(c.TxTenths)/10)
	s.tell(tuning(c))
	if c.Impedance == "" {
		c.Impedance = s.tuned.Impedance
	}
	s.tuned = c
	return nil
}

func tuning(c port.Tune) wire.Message {
	return wire.Message{Kind: wire.Tune, RxTenths: c.RxTenths, TxTenths: c.TxTenths, Impedance: c.Impedance}
}

// What a port without a test bench measures: 48 V behind 400 Ω on a short line
// with a telephone of 300 Ω.
const (
	battery   = 48.0
	feed      = 400.0
	telephone = 300.0
)

// Measure implements port.Meter.
func (s *socket) Measure() (port.Reading, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return port.Reading{}, port.ErrClosed
	case s.reading != nil:
		return *s.reading, nil
	case s.noFeed:
		return port.Reading{}, nil
	}
	r := port.Reading{Volts: battery}
	if s.loop {
		r.MilliAmps = 1000 * battery / (feed + telephone)
		r.Volts = r.MilliAmps * telephone / 1000
	}
	if s.reversed || s.turned {
		r.Volts = -r.Volts
	}
	return r, nil
}
