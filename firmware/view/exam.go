package view

import (
	"time"

	"github.com/centralita/centralita/firmware/tel"
)

// Exam is what the last test of a line found. Numbers that were not measured
// are absent.
type Exam struct {
	At        time.Time     `json:"at"`
	Seconds   float64       `json:"seconds"`
	Rank      string        `json:"rank"` // "ok", "look", "bad"
	VerdictES string        `json:"verdict_es"`
	VerdictEN string        `json:"verdict_en"`
	Findings  []ExamFinding `json:"findings"`
	AdviceES  string        `json:"advice_es,omitempty"` // gain and impedance, until set
	AdviceEN  string        `json:"advice_en,omitempty"`

	VoltsOnHook  float64     `json:"volts_on_hook,omitempty"`
	VoltsOffHook float64     `json:"volts_off_hook,omitempty"`
	MilliAmps    float64     `json:"milliamps,omitempty"`
	DialTone     bool        `json:"dial_tone"`
	DialLevel    float64     `json:"dial_level_dbm0,omitempty"`
	DialHz       []float64   `json:"dial_hz,omitempty"`
	DialPure     float64     `json:"dial_pure,omitempty"` // 0 to 1
	Noise        float64     `json:"noise_dbm0,omitempty"`
	Hum          float64     `json:"hum_dbm0,omitempty"`
	HumHz        int         `json:"hum_hz,omitempty"`
	Clicks       int         `json:"clicks,omitempty"`
	ERL          float64     `json:"erl_db,omitempty"`
	EchoMS       float64     `json:"echo_ms,omitempty"`
	EchoEndMS    float64     `json:"echo_end_ms,omitempty"`
	TwistDB      float64     `json:"twist_db,omitempty"`
	Drops        int         `json:"battery_drops,omitempty"`
	Sweep        []ExamMatch `json:"sweep,omitempty"`
}

// ExamFinding is what one measurement means.
type ExamFinding struct {
	ID   string `json:"id"`
	Rank string `json:"rank"`
	ES   string `json:"es"`
	EN   string `json:"en"`
}

// ExamMatch is the echo return loss with an impedance.
type ExamMatch struct {
	Impedance string  `json:"impedance"`
	ERL       float64 `json:"erl_db"`
}

// Verdict returns the sentence that matters most.
func (x *Exam) Verdict(lang tel.Lang) string {
	if lang == tel.English {
		return x.VerdictEN
	}
	return x.VerdictES
}

// Advice returns what to set, "" when nothing would be better.
func (x *Exam) Advice(lang tel.Lang) string {
	if lang == tel.English {
		return x.AdviceEN
	}
	return x.AdviceES
}

// In returns the finding as a sentence.
func (f ExamFinding) In(lang tel.Lang) string {
	if lang == tel.English {
		return f.EN
	}
	return f.ES
}
