// Package plan is the call-progress signals of countries, as data: which tone a
// telephone hears for dial, ringback, busy and congestion, and with which
// cadence a bell rings.
//
// Sources: ITU-T E.180 supplement 2 and the zone tables of analog drivers as
// gathered in the project's research (part F). Where sources disagree, the
// second form is in Others, so that a detector knows both; where none was
// found, Unsure says so and what stands there instead.
package plan

import "github.com/centralita/centralita/dsp/tone"

// Kind is what a signal tells a telephone.
type Kind uint8

// Kinds of signals.
const (
	Dial         Kind = iota // you may dial (E.180 § 4)
	Ringback                 // it rings at the other end (E.180 § 5)
	Busy                     // the other end is busy (E.180 § 6)
	Congestion               // no way through (E.180 § 7)
	Howler                   // put the receiver down
	Confirm                  // what you keyed was accepted (E.182 § 5.4, positive indication)
	Info                     // special information: what you reached is no party (E.180 § 8)
	Unobtainable             // there is no such number
	Disconnect               // the other end has hung up, where a line says so by a tone of its own
	NumKinds
)

// String returns the name of the kind, such as "busy".
func (k Kind) String() string {
	if k < NumKinds {
		return names[k]
	}
	return "signal?"
}

var names = [NumKinds]string{"dial", "ringback", "busy", "congestion", "howler", "confirm", "info", "unobtainable", "disconnect"}

// Signal is one tone with its cadence.
type Signal struct {
	Hz    []float64 // sounded together
	DBm0  float64   // level of each frequency
	OnOff []int     // milliseconds on, off, on, off …; empty is continuous
	Once  bool      // one pass of the cadence, not for ever
	Then  []float64 // single frequencies of the bursts after the first, where they differ
}

// Known reports whether the signal exists in the plan.
func (s Signal) Known() bool { return len(s.Hz) > 0 }

// Spec returns the signal ready to be played.
func (s Signal) Spec() tone.Spec {
	var p []tone.Partial
	for _, hz := range s.Hz {
		p = append(p, tone.Partial{Hz: hz, DBm0: s.DBm0})
	}
	if len(s.OnOff) == 0 {
		return tone.Continuous(p...)
	}
	spec := tone.Cadence(p, s.OnOff...)
	for i, hz := range s.Then {
		if at := 2*i + 2; at < len(spec.Segments) {
			spec.Segments[at].Partials = []tone.Partial{{Hz: hz, DBm0: s.DBm0}}
		}
	}
	if s.Once {
		spec.Repeat = tone.Once
	}
	return spec
}

// Other is a second form of a signal that lines of the country also send: it is
// recognised, never generated.
type Other struct {
	Kind   Kind
	Signal Signal
}

// Plan is the signals of one country.
type Plan struct {
	Country string // ISO 3166 alpha-2
	Signals [NumKinds]Signal
	Others  []Other
	Ring    []int    // bell of an FXS port: milliseconds on, off, on, off …
	Unsure  []string // what stands here without a source, or against another one
}

// Signal returns the country's signal of a kind.
func (p Plan) Signal(k Kind) Signal {
	if k >= NumKinds {
		return Signal{}
	}
	return p.Signals[k]
}

// For returns the plan of a country by its ISO 3166 alpha-2 code; "UK" is taken
// for "GB". ok is false for a country that is not in the tables.
func For(country string) (p Plan, ok bool) {
	if country == "UK" {
		country = "GB"
	}
	for _, build := range plans {
		if p := build(); p.Country == country {
			return p, true
		}
	}
	return Plan{}, false
}

// Countries returns the codes of all countries in the tables, in their order.
func Countries() []string {
	var out []string
	for _, build := range plans {
		out = append(out, build().Country)
	}
	return out
}
