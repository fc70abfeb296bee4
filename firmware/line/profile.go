package line

import (
	"slices"
	"time"
)

// Profile is what a line showed of itself: how it tells that a call is over, how
// it rings, which caller id it sends, how loud it is. The machine learns it call by
// call and trusts it more than the table of the country, which is wrong behind a
// fibre box or an adapter. It is a value: Clone before you change a copy.
type Profile struct {
	Line     string          `json:"line"`
	Frozen   bool            `json:"frozen"` // a technician wants it left as it is
	Calls    int             `json:"calls"`  // that had an end on the line
	Evidence []Count         `json:"evidence,omitempty"`
	Tones    []LearnedSignal `json:"tones,omitempty"`
	Ring     Trait           `json:"ring_cadence"`       // milliseconds, "1500/3000"
	CallerID Trait           `json:"caller_id_standard"` // "bell202", "v23", "dtmf"
	IDFirst  int             `json:"caller_id_before_ring"`
	NoID     int             `json:"calls_without_caller_id"` // in a row
	DialTone Trait           `json:"dial_tone"`               // Hz, "350+450" in steps of 25
	DropMS   int             `json:"drop_ms"`                 // how long battery was away at the last release
	DipMS    int             `json:"dip_ms"`                  // the longest dip in battery that was no release
	Dips     int             `json:"dips"`
	LevelIn  Gauge           `json:"level_in_dbm0"`
	LevelOut Gauge           `json:"level_out_dbm0"`
	ERL      Gauge           `json:"erl_db"`
	Twist    Gauge           `json:"twist_db"`
	Tuning   *Tuning         `json:"tuning,omitempty"`  // set by hand; nil: as the hardware begins
	Changes  []Change        `json:"changes,omitempty"` // of character, the newest last, at most 8
}

// Count is how often a sign released the line.
type Count struct {
	Sign Sign `json:"sign"`
	Seen int  `json:"seen"`
}

// LearnedSignal is a tone that no table knows and that a call ended with.
type LearnedSignal struct {
	Signal string    `json:"signal"` // as package plan writes it
	Seen   int       `json:"seen"`
	First  time.Time `json:"first"`
	Last   time.Time `json:"last"`
}

// Change is a change of the line's character.
type Change struct {
	At   time.Time `json:"at"`
	What string    `json:"what"`
}

// Trait is something of a line that is mostly the same.
type Trait struct {
	Value string `json:"value"`
	Seen  int    `json:"seen"`
	Odd   string `json:"odd,omitempty"` // seen lately instead
	Odds  int    `json:"odds,omitempty"`
}

// Gauge is a level that varies about its mean.
type Gauge struct {
	Mean float64 `json:"mean"`
	Seen int     `json:"seen"`
	Odd  float64 `json:"odd,omitempty"` // mean of those far off, seen lately
	Odds int     `json:"odds,omitempty"`
}

// How often something must be seen.
const (
	settled    = 5  // a trait is the line's character
	oddEnough  = 2  // a settled trait has changed
	oddRings   = 3  // the cadence of the bell has, which some numbers have of their own
	examples   = 2  // a strange tone is known as the line's release tone
	levelsIn   = 8  // a level is known
	levelsOff  = 4  // a known level has shifted
	maxTones   = 8  // learned
	maxChanges = 8  // kept
	memory     = 24 // measures that a mean remembers

	cadenceMost = 15000 // ms: a longer burst or pause is of no bell
)

// Clone returns a copy that shares nothing.
func (p Profile) Clone() Profile {
	p.Evidence = slices.Clone(p.Evidence)
	p.Tones = slices.Clone(p.Tones)
	p.Changes = slices.Clone(p.Changes)
	if p.Tuning != nil {
		t := *p.Tuning
		p.Tuning = &t
	}
	return p
}

// Released returns how often a sign released the line, and how often any did.
func (p *Profile) Released(s Sign) (n, all int) {
	for _, c := range p.Evidence {
		all += c.Seen
		if c.Sign == s {
			n = c.Seen
		}
	}
	return n, all
}

// Known returns the tones that count as the line's own release tone.
func (p *Profile) Known() (signals []string) {
	for _, t := range p.Tones {
		if t.Seen >= examples {
			signals = append(signals, t.Signal)
		}
	}
	return signals
}

// released counts a release.
func (p *Profile) released(s Sign) {
	for i := range p.Evidence {
		if p.Evidence[i].Sign == s {
			p.Evidence[i].Seen++
			return
		}
	}
	p.Evidence = append(p.Evidence, Count{s, 1})
	slices.SortFunc(p.Evidence, func(a, b Count) int { return slices.Index(signs[:], a.Sign) - slices.Index(signs[:], b.Sign) })
}

// seen returns how often a call ended with a strange tone before.
func (p *Profile) seen(text string) int {
	if t := p.tone(text); t != nil {
		return t.Seen
	}
	return 0
}

func (p *Profile) tone(text string) *LearnedSignal {
	s, ok := parseSignal(text)
	if !ok {
		return nil
	}
	for i := range p.Tones {
		if o, ok := parseSignal(p.Tones[i].Signal); ok && s.same(o) {
			return &p.Tones[i]
		}
	}
	return nil
}

// example counts a strange tone that a call ended with. Of too many the one seen
// least is forgotten.
func (p *Profile) example(now time.Time, text string) {
	if t := p.tone(text); t != nil {
		t.Seen, t.Last = t.Seen+1, now
		return
	}
	if _, ok := parseSignal(text); !ok {
		return
	}
	if len(p.Tones) == maxTones {
		least := 0
		for i, t := range p.Tones {
			if t.Seen < p.Tones[least].Seen {
				least = i
			}
		}
		p.Tones = slices.Delete(p.Tones, least, least+1)
	}
	p.Tones = append(p.Tones, LearnedSignal{text, 1, now, now})
}

// changed keeps a change of character.
func (p *Profile) changed(now time.Time, what string) {
	if len(p.Changes) == maxChanges {
		p.Changes = slices.Delete(p.Changes, 0, 1)
	}
	p.Changes = append(p.Changes, Change{now, what})
}

// see counts a value. It reports whether the line was known for another one and
// has shown this one need times in a row; then it is known for this one.
func (t *Trait) see(v string, need int, same func(a, b string) bool) (was string, changed bool) {
	switch {
	case t.Seen == 0:
		t.Value, t.Seen = v, 1
		return "", false
	case same(t.Value, v):
		t.Seen, t.Odd, t.Odds = t.Seen+1, "", 0
		return "", false
	case t.Odds > 0 && same(t.Odd, v):
		t.Odds++
	default:
		t.Odd, t.Odds = v, 1
	}
	if t.Odds < need {
		return "", false
	}
	was, changed = t.Value, t.Seen >= settled
	*t = Trait{Value: v, Seen: t.Odds}
	return was, changed
}

// see counts a level and reports whether a known mean has shifted by more than
// off dB; then the mean is the new one.
func (g *Gauge) see(v, off float64) (was float64, changed bool) {
	d := v - g.Mean
	if g.Seen < levelsIn || d <= off && d >= -off {
		g.Seen++
		g.Mean = round(g.Mean + d/float64(min(g.Seen, memory)))
		g.Odd, g.Odds = 0, 0
		return 0, false
	}
	if o := v - g.Odd; g.Odds > 0 && (o > off || o < -off) {
		g.Odd, g.Odds = 0, 0
	}
	g.Odds++
	g.Odd = round(g.Odd + (v-g.Odd)/float64(g.Odds))
	if g.Odds < levelsOff {
		return 0, false
	}
	was = g.Mean
	*g = Gauge{Mean: g.Odd, Seen: g.Odds}
	return was, true
}

// round leaves two places, so that a profile reads well.
func round(x float64) float64 {
	if x < 0 {
		return float64(int64(x*100-0.5)) / 100
	}
	return float64(int64(x*100+0.5)) / 100
}

// equal compares traits that are words.
func equal(a, b string) bool { return a == b }

// alike compares cadences of a bell, "1500/3000".
func alike(a, b string) bool {
	x, ok := numbers(a, "/")
	y, ok2 := numbers(b, "/")
	if !ok || !ok2 || len(x) != len(y) {
		return a == b
	}
	for i := range x {
		if !within(x[i], y[i], 12, 50) {
			return false
		}
	}
	return true
}

// tuned compares dial tones by frequency, as hertz writes them.
func tuned(a, b string) bool {
	x, ok := numbers(a, "+")
	y, ok2 := numbers(b, "+")
	if !ok || !ok2 || len(x) != len(y) {
		return a == b
	}
	for i := range x {
		if !within(x[i], y[i], 0, 25) {
			return false
		}
	}
	return true
}
