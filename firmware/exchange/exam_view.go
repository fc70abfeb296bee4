package exchange

import (
	"math"

	"github.com/centralita/centralita/firmware/doctor"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
)

// Exam is a doctor's report as everyone reads it.
func Exam(r *doctor.Report) *view.Exam {
	if r == nil {
		return nil
	}
	x := &view.Exam{
		At: r.At, Seconds: r.Took.Seconds(), Rank: r.Rank().String(), VerdictES: r.Verdict(tel.Spanish), VerdictEN: r.Verdict(tel.English),
		DialTone: r.DialTone, TwistDB: r.TwistDB, Drops: r.Drops,
	}
	for _, f := range r.Findings {
		x.Findings = append(x.Findings, view.ExamFinding{ID: f.ID, Rank: f.Rank.String(), ES: f.ES, EN: f.EN})
	}
	if r.Advice != nil {
		x.AdviceES, x.AdviceEN = r.Advice.ES, r.Advice.EN
	}
	if r.OnHook != nil {
		x.VoltsOnHook = tenth(float64(r.OnHook.Volts))
	}
	if r.OffHook != nil {
		x.VoltsOffHook, x.MilliAmps = tenth(float64(r.OffHook.Volts)), tenth(float64(r.OffHook.MilliAmps))
	}
	if t := r.Tone; t != nil {
		x.DialLevel, x.DialPure = tenth(t.Level), math.Round(1000*t.Pure)/1000
		for _, hz := range t.Hz {
			x.DialHz = append(x.DialHz, tenth(hz))
		}
	}
	if q := r.Quiet; q != nil {
		x.Noise, x.Hum, x.HumHz, x.Clicks = tenth(q.Noise), tenth(q.Hum), q.HumHz, q.Clicks
	} else if q := r.QuietOnHook; q != nil {
		x.Noise, x.Hum, x.HumHz, x.Clicks = tenth(q.Noise), tenth(q.Hum), q.HumHz, q.Clicks
	}
	if x.HumHz == 0 {
		x.Hum = 0
	}
	if r.First.Known {
		x.ERL, x.EchoMS, x.EchoEndMS = tenth(r.First.ERL), tenth(r.First.Delay), tenth(r.First.End)
	}
	for _, m := range r.Echo {
		if m.Known && m.Impedance != "" {
			x.Sweep = append(x.Sweep, view.ExamMatch{Impedance: m.Impedance, ERL: tenth(m.ERL)})
		}
	}
	return x
}

// seeTest is an examination that goes on, as everyone reads it.
func seeTest(x *exam) *view.Testing {
	if x == nil {
		return nil
	}
	r, since := x.m.SoFar()
	t := &view.Testing{Since: since, Longest: int(doctor.Longest.Seconds()), Found: Exam(&r)}
	t.NowES, t.NowEN = x.m.Now()
	return t
}

func tenth(v float64) float64 { return math.Round(10*v) / 10 }
