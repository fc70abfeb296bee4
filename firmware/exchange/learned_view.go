package exchange

import (
	"github.com/centralita/centralita/firmware/line"
	"github.com/centralita/centralita/firmware/view"
)

// seeLearned is what a line has learned as everyone reads it; nil while that is
// nothing.
func seeLearned(p line.Profile) *view.Learned {
	v := &view.Learned{Frozen: p.Frozen, Calls: p.Calls, Tones: p.Known(), Ring: p.Ring.Value, CallerID: p.CallerID.Value, DialTone: p.DialTone.Value}
	for _, c := range p.Evidence {
		v.Endings = append(v.Endings, view.Ending{Sign: string(c.Sign), Seen: c.Seen})
	}
	for _, g := range []struct {
		to   *float64
		from line.Gauge
	}{{&v.LevelIn, p.LevelIn}, {&v.LevelOut, p.LevelOut}, {&v.ERL, p.ERL}, {&v.TwistDB, p.Twist}} {
		if g.from.Seen > 0 {
			*g.to = tenth(g.from.Mean)
		}
	}
	if n := len(p.Changes); n > 0 {
		v.LastNews = p.Changes[n-1].What
	}
	if t := p.Tuning; t != nil {
		v.GainIn, v.GainOut, v.Impedance = float64(t.RxTenths)/10, float64(t.TxTenths)/10, t.Impedance
	}
	if v.Calls == 0 && v.CallerID == "" && v.Ring == "" && v.DialTone == "" && v.LevelIn == 0 && !v.Frozen && p.Tuning == nil {
		return nil
	}
	return v
}
