package clock

import "time"

// Doubt is why a source is not believed; empty: it is.
type Doubt string

// Doubts.
const (
	TooEarly Doubt = "before the program was written"
	TooLate  Doubt = "later than the program can live"
	Behind   Doubt = "before the last time that was trusted"
	Contrary Doubt = "more than a day from a time that is trusted"
)

// judge says why a claim is not believed. Time never goes below the floor, and never
// leaps from a time that is trusted, unless a second source agrees; a person may
// do both, but for what cannot be.
func (m *Machine) judge(now time.Time, src Source, claim time.Duration) Doubt {
	at := m.Base(now).Add(claim)
	switch {
	case at.Before(m.least):
		return TooEarly
	case at.After(m.most):
		return TooLate
	case src == OfHand || m.seconded(src, claim):
		return ""
	case at.Before(m.floor.Add(-floorSlack)):
		return Behind
	case m.state.Trusted() && gives[src].Trusted() && (claim-m.ahead).Abs() > leap:
		return Contrary
	}
	return ""
}

// seconded reports whether another source agrees that is not made by this one. The
// clock with the battery counts as it was at the start, before we set it.
func (m *Machine) seconded(src Source, claim time.Duration) bool {
	for _, other := range Sources {
		if h := m.heard[other]; h.firm && gives[other] != gives[src] && (h.claim-claim).Abs() <= agree {
			return true
		}
	}
	return false
}

// MaySet says whether a person may set the clock: not while the network keeps it and
// nothing speaks against that. who is the source that keeps it.
func (m *Machine) MaySet(now time.Time) (who Source, ok bool) {
	for _, src := range []Source{OfDaemon, OfNet} {
		h, said := m.heard[src]
		if said && h.doubt == "" && m.state == NTP && now.Sub(h.at) < freshFor {
			return src, false
		}
	}
	return "", true
}

// Doubts returns the sources that speak now and are not believed although they could
// be: of servers and daemons, in the order of Sources.
func (m *Machine) Doubts(now time.Time) []Told {
	var out []Told
	for _, t := range m.Told(now) {
		if t.Doubt != "" && (t.Source == OfDaemon || t.Source == OfNet) && now.Sub(t.Heard) < freshFor {
			out = append(out, t)
		}
	}
	return out
}

// Told is the last word of a source as people read it.
type Told struct {
	Source Source
	Heard  time.Time     // the instant, on the clock of Step
	Says   time.Time     // what it would show now
	Ahead  time.Duration // of the time in force
	Used   bool
	Doubt  Doubt
}

// Told returns what every source said that was heard.
func (m *Machine) Told(now time.Time) []Told {
	var out []Told
	for _, src := range Sources {
		if h, ok := m.heard[src]; ok {
			out = append(out, Told{src, h.at, m.Base(now).Add(h.claim), h.claim - m.ahead, h.doubt == "" && gives[src] == m.state, h.doubt})
		}
	}
	return out
}
