package main

import (
	"flag"
	"fmt"
	"strings"
	"time"

	"github.com/centralita/centralita/dsp/tone/plan"
	"github.com/centralita/centralita/testbench/linesim"
	"github.com/centralita/centralita/testbench/linesim/central"
	"github.com/centralita/centralita/testbench/linesim/pair"
)

// copper is what lies between the office of the test bench and the board, and
// what that office is like. With every flag at rest the wire is perfect.
type copper struct {
	country, clear, strange string
	cpc                     time.Duration
	pair                    pair.Config
	spoilt, pulse           bool
}

// flags adds what can be said of the line.
func (c *copper) flags(f *flag.FlagSet) {
	f.StringVar(&c.country, "country", "", "country of the central office: tones, ring, caller id, impedance; the board's by default")
	f.StringVar(&c.clear, "clear", "cpc", "how the office tells the caller's hang-up: cpc (or battery), tone, reversal, congestion, dial, strange, silence, drop")
	f.DurationVar(&c.cpc, "cpc", linesim.DefaultCPC, "how long cpc takes the battery away, 50ms to 1s on real lines")
	f.StringVar(&c.strange, "strange", "", "the tone of --clear strange, as \"620@-14 350/350\"; by default one the country does not have")
	f.Float64Var(&c.pair.Cable.Km, "line-km", 0, "length of the pair in km: loss, slope, echo, current")
	f.Float64Var(&c.pair.Cable.MM, "line-mm", 0.4, "diameter of its wires in mm")
	f.Float64Var(&c.pair.Noise, "noise", 0, "hiss on the pair in dBm0, as -50; 0 none")
	f.BoolVar(&c.pair.Pink, "pink", false, "the hiss falls towards high frequencies")
	f.Float64Var(&c.pair.Hum, "hum", 0, "mains hum and its harmonics in dBm0, as -40; 0 none")
	f.Float64Var(&c.pair.HumHz, "hum-hz", 50, "its frequency")
	f.Float64Var(&c.pair.Impulses, "impulses", 0, "clicks a minute")
	f.Float64Var(&c.pair.Crosstalk, "crosstalk", 0, "dB by which what the next line hears is weaker at 1 kHz, as 60; 0 none")
	f.Float64Var(&c.pair.FarLoss, "far-echo", 0, "dB by which the far subscriber's echo of the office is weaker; 0 none")
	f.IntVar(&c.pair.FarDelay, "far-delay", 30, "ms one way to the far subscriber")
	f.BoolVar(&c.pair.Handset, "handset", false, "a second telephone is lifted on the line")
	f.BoolVar(&c.spoilt, "spoilt-id", false, "a click falls into the caller id")
	f.BoolVar(&c.pulse, "short-ring", false, "a short ring announces the caller id")
}

// check reads what was said in words.
func (c *copper) check() (way central.Way, strange plan.Signal, err error) {
	if way, err = central.ParseWay(c.clear); err != nil {
		return 0, strange, fmt.Errorf("cannot --clear: %w", err)
	}
	if c.strange != "" {
		if strange, err = plan.ParseSignal(c.strange); err != nil {
			return 0, strange, fmt.Errorf("cannot use --strange %q: %w", c.strange, err)
		}
	}
	if c.country != "" {
		if _, ok := plan.For(strings.ToUpper(c.country)); !ok {
			return 0, strange, fmt.Errorf("cannot find --country %q: there are %s", c.country, strings.Join(plan.Countries(), ", "))
		}
	}
	if c.cpc < 10*time.Millisecond || c.cpc > 5*time.Second {
		return 0, strange, fmt.Errorf("cannot take the battery away for --cpc %s: 10ms to 5s", c.cpc)
	}
	_, err = pair.New(c.pair)
	return way, strange, err
}

// perfect reports whether no pair is to be laid.
func (c *copper) perfect() bool {
	p := c.pair
	return p.Cable.Km == 0 && p.Disturbances == (pair.Disturbances{Pink: p.Pink, HumHz: p.HumHz}) && p.FarLoss == 0 && !p.Handset
}

// lay makes the line as it was said.
func (c *copper) lay(l *linesim.Line, country string) error {
	way, strange, err := c.check()
	if err != nil {
		return err
	}
	if c.country != "" {
		country = strings.ToUpper(c.country)
	}
	l.Set(func(l *linesim.Line) {
		if c.country != "" {
			l.Office = central.ForCountry(country)
		}
		l.Clearing, l.CPC = way, c.cpc
		l.Office.Strange, l.Office.Spoilt, l.Office.Pulse = strange, c.spoilt, c.pulse
	})
	if c.perfect() {
		return nil
	}
	p := c.pair
	p.Office.Impedance, p.Feed = pair.CountryNetwork(country), pair.CountryFeed(country)
	return l.Lay(p)
}

// String tells what the line is like.
func (c *copper) String() string {
	if c.perfect() {
		return "a perfect wire"
	}
	p := c.pair
	return fmt.Sprintf("%g km of %g mm, noise %g, hum %g dBm0, %g clicks a minute", p.Cable.Km, p.Cable.MM, p.Noise, p.Hum, p.Impulses)
}
