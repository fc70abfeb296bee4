package pair

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Network is an impedance of resistors and capacitors as standards write it: terms
// in series, each a resistor, a capacitor, or both in parallel. The zero Network is
// 600 Ω.
type Network struct{ terms []term }

// term is one part in series; what is zero is not there.
type term struct{ ohms, nanofarads float64 }

// maxTerms is how many parts in series a network can have.
const maxTerms = 6

// ParseNetwork reads "600", "270+750||150n", "900+2160n": ohms, n for nanofarads,
// + in series, || in parallel.
func ParseNetwork(text string) (Network, error) {
	var n Network
	for part := range strings.SplitSeq(text, "+") {
		var t term
		for one := range strings.SplitSeq(part, "||") {
			digits, farads := strings.CutSuffix(one, "n")
			v, err := strconv.ParseFloat(digits, 64)
			if err != nil || !(v > 0) || v > 1e6 {
				return Network{}, fmt.Errorf("cannot read impedance %q: %q is neither ohms nor, with n, nanofarads", text, one)
			}
			slot := &t.ohms
			if farads {
				slot = &t.nanofarads
			}
			if *slot != 0 {
				return Network{}, fmt.Errorf("cannot read impedance %q: %q has one kind twice", text, part)
			}
			*slot = v
		}
		n.terms = append(n.terms, t)
	}
	if len(n.terms) > maxTerms {
		return Network{}, fmt.Errorf("cannot read impedance %q: it has %d parts, %d are possible", text, len(n.terms), maxTerms)
	}
	return n, nil
}

// mustNetwork is for the tables below, which a test reads whole.
func mustNetwork(text string) Network {
	n, err := ParseNetwork(text)
	if err != nil {
		panic(err)
	}
	return n
}

// Ohm returns a network of one resistor.
func Ohm(ohms float64) Network { return Network{terms: []term{{ohms: ohms}}} }

// String returns the network as ParseNetwork reads it.
func (n Network) String() string {
	if len(n.terms) == 0 {
		return "600"
	}
	var parts []string
	for _, t := range n.terms {
		var p []string
		if t.ohms != 0 {
			p = append(p, strconv.FormatFloat(t.ohms, 'g', -1, 64))
		}
		if t.nanofarads != 0 {
			p = append(p, strconv.FormatFloat(t.nanofarads, 'g', -1, 64)+"n")
		}
		parts = append(parts, strings.Join(p, "||"))
	}
	return strings.Join(parts, "+")
}

// Equal reports whether two networks have the same parts.
func (n Network) Equal(o Network) bool { return slices.Equal(n.terms, o.terms) }

// At returns the impedance in ohms at a frequency in Hz, which is over 0.
func (n Network) At(hz float64) complex128 {
	if len(n.terms) == 0 {
		return 600
	}
	sum := complex(0, 0)
	for _, t := range n.terms {
		switch reactance := complex(0, -1e9/(2*math.Pi*hz*t.nanofarads)); {
		case t.nanofarads == 0:
			sum += complex(t.ohms, 0)
		case t.ohms == 0:
			sum += reactance
		default:
			sum += parallel(complex(t.ohms, 0), reactance)
		}
	}
	return sum
}

func parallel(a, b complex128) complex128 { return a * b / (a + b) }

// CountryNetwork returns the impedance that lines of a country are terminated with
// (the project's research, part F: the networks that drivers of analog cards choose;
// ETSI TS 103 021 for Italy and Portugal, of which no national source was found).
func CountryNetwork(country string) Network {
	switch country {
	case "ES", "FR", "IT", "PT":
		return mustNetwork("270+750||150n")
	case "DE":
		return mustNetwork("220+820||115n")
	case "GB", "UK":
		return mustNetwork("320+1050||230n")
	}
	return Ohm(600)
}
