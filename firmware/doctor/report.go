package doctor

import (
	"fmt"
	"strings"
	"time"

	"github.com/centralita/centralita/dsp/linecheck"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/hal/port"
)

// Report is what an examination found. It is data for console, web and book.
type Report struct {
	Line        string           `json:"line"`
	At          time.Time        `json:"at"`
	Took        time.Duration    `json:"-"`
	OnHook      *port.Reading    `json:"on_hook,omitempty"`
	OffHook     *port.Reading    `json:"off_hook,omitempty"`
	MeterError  string           `json:"meter_error,omitempty"`
	QuietOnHook *linecheck.Quiet `json:"quiet_on_hook,omitempty"`
	DialTone    bool             `json:"dial_tone"`
	NoDialTone  bool             `json:"-"`
	NoBattery   bool             `json:"-"`
	Tone        *linecheck.Tone  `json:"tone,omitempty"`
	Quiet       *linecheck.Quiet `json:"quiet,omitempty"`
	First       Match            `json:"echo"` // with what is set now
	Echo        []Match          `json:"sweep,omitempty"`
	TwistDB     float64          `json:"twist_db"`
	Drops       int              `json:"battery_drops"`
	Reversals   int              `json:"reversals"`
	Aborted     string           `json:"aborted,omitempty"`
	AbortedES   string           `json:"-"`
	Findings    []Finding        `json:"findings"`
	Advice      *Advice          `json:"advice,omitempty"`
}

// Match is how well the line is matched by an impedance.
type Match struct {
	Impedance string  `json:"impedance,omitempty"`
	Known     bool    `json:"known"`
	ERL       float64 `json:"erl_db"`
	Delay     float64 `json:"delay_ms"`
	End       float64 `json:"end_ms"`
}

// Rank is how much a finding matters.
type Rank uint8

// Ranks.
const (
	Good Rank = iota // as it should be
	Look             // works, could be better
	Bad              // calls suffer or fail
)

// String returns the rank's sign: OK, look, BAD.
func (r Rank) String() string { return [...]string{"ok", "look", "bad"}[min(r, Bad)] }

// MarshalText returns the rank's name.
func (r Rank) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// Finding is what one measurement means.
type Finding struct {
	ID   string `json:"id"` // stable: "battery", "dial-tone", "noise", "hum", "clicks", "echo", "loop", "twist"
	Rank Rank   `json:"rank"`
	ES   string `json:"es"`
	EN   string `json:"en"`
}

// In returns the finding as a sentence.
func (f Finding) In(lang tel.Lang) string {
	if lang == tel.English {
		return f.EN
	}
	return f.ES
}

// Advice is what to set, to be applied when a person confirms it.
type Advice struct {
	Tune port.Tune `json:"tune"`
	ES   string    `json:"es"`
	EN   string    `json:"en"`
}

// Rank returns the worst of the findings.
func (r *Report) Rank() (worst Rank) {
	for _, f := range r.Findings {
		worst = max(worst, f.Rank)
	}
	return worst
}

// Verdict returns the sentence that matters most: the first finding of the
// worst rank.
func (r *Report) Verdict(lang tel.Lang) string {
	worst := r.Rank()
	if worst == Good {
		if lang == tel.English {
			return "line " + r.Line + ": healthy"
		}
		return "línea " + r.Line + ": sana"
	}
	for _, f := range r.Findings {
		if f.Rank != worst {
			continue
		}
		if lang == tel.English {
			return "line " + r.Line + ": " + f.EN
		}
		return "línea " + r.Line + ": " + f.ES
	}
	return ""
}

// Summary is the report in one English line, for book and trace.
func (r *Report) Summary() string {
	var ids []string
	for _, f := range r.Findings {
		if f.Rank > Good {
			ids = append(ids, fmt.Sprintf("%s %s", f.ID, f.Rank))
		}
	}
	if len(ids) == 0 {
		return "healthy"
	}
	return strings.Join(ids, ", ")
}
