package pair

import "math"

// Feed is how the office feeds a line, for direct current and for the bell.
type Feed struct {
	Volts  float64 // of the battery; 0 stands for 48
	Ohms   float64 // of the bridge, both wires; 0 stands for 400
	LimitA float64 // a constant-current feed gives no more; 0: no limit

	RingVolts float64 // rms; 0 stands for 80
	RingHz    float64 // 0 stands for 25
}

// Usual values of a line (ETSI EN 300 001 chapters 1 and 4, Telcordia GR-506).
const (
	usualVolts = 48.0
	usualFeed  = 400.0
	setOhms    = 300.0 // of a telephone or card off hook
	usualRing  = 80.0
	usualHz    = 25.0
	ringSource = 500.0 // ohms of the ringing generator with its lamp or resistor

	offHookA = 0.009 // the office takes so much current for a closed loop
	tripA    = 0.012 // and so much through the ringing generator, once filtered
	tripTau  = 0.060 // seconds of that filter, which takes the ringing out

	hears = 35.0 // volts rms at which a card takes ringing for ringing
)

// A bell or a card's ring detector: 7 kΩ with a capacitor (Telcordia TR-57, one
// ringer equivalent).
const (
	ringerOhms = 7000.0
	ringerNano = 470.0
)

func orElse(v, usual float64) float64 {
	if v == 0 {
		return usual
	}
	return v
}

// Direct is what flows in the loop.
type Direct struct {
	Volts float64 // across the port
	Amps  float64 // through the port
	Loop  float64 // amperes the office sees
}

// Seen reports whether the office takes the loop for closed.
func (d Direct) Seen() bool { return d.Loop >= offHookA }

// Loop returns volts and amperes of a loop: off is that the port has closed it,
// handset that another telephone has.
func (f Feed) Loop(c Cable, off, handset bool) Direct {
	volts, feed := orElse(f.Volts, usualVolts), orElse(f.Ohms, usualFeed)
	conduct := 0.0
	if off {
		conduct += 1 / setOhms
	}
	if handset {
		conduct += 1 / setOhms
	}
	if conduct == 0 {
		return Direct{Volts: volts}
	}
	i := volts / (feed + c.Ohms() + 1/conduct)
	if f.LimitA > 0 {
		i = math.Min(i, f.LimitA)
	}
	d := Direct{Volts: i / conduct, Loop: i}
	if off {
		d.Amps = d.Volts / setOhms
	}
	return d
}

// Ring returns the volts rms of ringing that reach the port, and whether a card
// takes them for ringing.
func (f Feed) Ring(c Cable) (volts float64, heard bool) {
	hz := orElse(f.RingHz, usualHz)
	reactance := 1e9 / (2 * math.Pi * hz * ringerNano)
	inLine := ringerOhms + ringSource + c.Ohms()
	volts = orElse(f.RingVolts, usualRing) * math.Hypot(ringerOhms, reactance) / math.Hypot(inLine, reactance)
	return volts, volts >= hears
}

// Trip returns after how many seconds of a closed loop the office stops a burst,
// and whether the current is enough for it at all: the ringing is filtered out of
// the current, and that takes time (at most 200 ms by ETSI EN 300 001 § 4.4.4).
func (f Feed) Trip(c Cable, handset bool) (seconds float64, trips bool) {
	n := 1.0
	if handset {
		n = 2
	}
	i := orElse(f.Volts, usualVolts) / (ringSource + c.Ohms() + setOhms/n)
	if i <= tripA {
		return 0, false
	}
	return -tripTau * math.Log(1-tripA/i), true
}

// CountryFeed returns the ringing of a country: frequency and volts.
func CountryFeed(country string) Feed {
	switch country {
	case "US", "MX", "CO", "PE":
		return Feed{RingHz: 20, RingVolts: 86}
	case "FR":
		return Feed{RingHz: 50, RingVolts: 80}
	case "GB", "UK":
		return Feed{RingHz: 25, RingVolts: 75}
	}
	return Feed{}
}
