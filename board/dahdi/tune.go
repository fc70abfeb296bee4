package dahdi

import (
	"fmt"
	"strings"

	"github.com/centralita/centralita/board/dahdi/abi"
	"github.com/centralita/centralita/dsp/g711"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/hal/port"
)

// impedances are the AC terminations of a Si3050/Si3056 (its data sheet, register 30,
// ACIM), by their numbers: ohms, ohms beside farads.
var impedances = [16]string{"600", "900", "270+750||150n", "220+820||115n", "370+620||310n", "320+1050||230n", "370+820||110n",
	"275+780||115n", "120+820||110n", "350+1000||210n", "200+680||100n", "600+2160n", "900+1000n", "900+2160n", "600+1000n", "global"}

// tune sets gains and impedance. A line's gains are the card's own where it has them
// (its converters then stay within their range); the module's tables do for all others, in full
// tenths and without a step of the card's.
func (p *Port) tune(c port.Tune) error {
	if c.Impedance != "" {
		if err := p.terminate(c.Impedance); err != nil {
			return err
		}
	}
	rx, tx := c.RxTenths, c.TxTenths
	if rx < -240 || rx > 240 || tx < -240 || tx > 240 {
		return fmt.Errorf("gains go from -24 to 24 dB")
	}
	if p.info.Kind == port.FXO && p.cardGain(rx, 0) && p.cardGain(tx, 1) {
		rx, tx = 0, 0
	}
	return p.ch.Ioctl(abi.SetGains, gains(p.found.law, rx, tx))
}

func (p *Port) cardGain(tenths int, way uint32) bool {
	return p.ch.Ioctl(abi.SetHWGain, abi.Encode(abi.HWGain{Tenths: int32(tenths), Tx: way})) == nil
}

// terminate sets the impedance by its name; the hybrid's own filter is left flat.
func (p *Port) terminate(name string) error {
	for i, n := range impedances {
		if n == name {
			return p.ch.Ioctl(abi.CardEchoTune, abi.Encode(abi.EchoTune{Impedance: byte(i)}))
		}
	}
	return fmt.Errorf("the card has no impedance %q: it has %s", name, strings.Join(impedances[:], ", "))
}

// gains are the tables of octets made louder or softer by tenths of a decibel.
func gains(law int32, rx, tx int) []byte {
	var g abi.Gains
	fill := func(table *[256]byte, tenths int) {
		var codes [256]byte
		var wide [256]int16
		for i := range codes {
			codes[i] = byte(i)
		}
		compress := g711.CompressULaw
		if law == abi.LawA {
			compress = g711.CompressALaw
		}
		expander(law)(wide[:], codes[:])
		factor := pcm.GainDB(float64(tenths) / 10)
		var f pcm.Frame
		for at := 0; at < len(wide); at += pcm.FrameLen {
			n := copy(f[:], wide[at:])
			f.Scale(factor)
			copy(wide[at:], f[:n])
		}
		compress(table[:], wide[:])
		if tenths == 0 {
			*table = codes // not even the two codes of zero change
		}
	}
	fill(&g.Rx, rx)
	fill(&g.Tx, tx)
	return abi.Encode(g)
}

// expander turns octets of a law into samples.
func expander(law int32) func([]int16, []byte) int {
	if law == abi.LawA {
		return g711.ExpandALaw
	}
	return g711.ExpandULaw
}

// metered is a port whose card measures its line: port.Meter.
type metered struct{ *Port }

// tuned is one whose card has a choice of impedances too: port.Tuner.
type tuned struct{ metered }

// Impedances implements port.Tuner.
func (t tuned) Impedances() []string {
	t.mu.Lock()
	own := int(t.found.acim)
	t.mu.Unlock()
	out := append([]string{impedances[own]}, impedances[:own]...)
	return append(out, impedances[own+1:]...)
}

// Steps of a module's measurements (data sheets of Si3050, register 28, and Si3210,
// register 79).
const (
	fxoStep = 1.1  // mA
	fxsStep = 1.25 // mA
)

// Measure implements port.Meter. Reading the registers of a card takes up to a few
// tenths of a second, during which the port works on.
func (m metered) Measure() (port.Reading, error) {
	m.mu.Lock()
	ch, loop, lost, kind := m.ch, m.loop, m.lost, m.info.Kind
	switch {
	case m.closed:
		m.mu.Unlock()
		return port.Reading{}, port.ErrClosed
	case ch == nil:
		m.mu.Unlock()
		return port.Reading{}, fmt.Errorf("cannot measure %s: it is lost: %s", m.info.Name, lost)
	}
	m.inUse.Add(1)
	m.mu.Unlock()
	defer m.inUse.Done()
	var s abi.Stats
	if err := ask(ch, abi.CardStats, &s); err != nil {
		return port.Reading{}, fmt.Errorf("cannot measure %s: %w", m.info.Name, err)
	}
	r := port.Reading{Volts: float32(s.Tip) / 1000}
	if kind == port.FXS {
		r.Volts = float32(s.Tip-s.Ring) / 1000
	}
	if !loop {
		return r, nil
	}
	var regs abi.Regs
	if err := ask(ch, abi.CardRegs, &regs); err != nil {
		return r, fmt.Errorf("cannot measure the current of %s: %w", m.info.Name, err)
	}
	r.MilliAmps = float32(regs.Direct[28]) * fxoStep
	if kind == port.FXS {
		r.MilliAmps = float32(regs.Direct[79]&0x3F) * fxsStep
	}
	return r, nil
}
