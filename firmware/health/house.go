package health

import (
	"strings"
	"time"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
)

// House looks at a picture and raises or clears the conditions of lines,
// queues, agents' phones, trunks, upstream sinks, book and clock.
func (r *Register) House(now time.Time, s *view.Snapshot) {
	for _, q := range s.Queues {
		r.Hold(now, q.Lamp == view.Dead, QueueOver(q, q.CanHelp))
	}
	for _, l := range s.Lines {
		es, en := lineWhy(l.Detail)
		r.Hold(now, l.Lamp == view.Dead, LineDead(l.ID, wayRound(s, l.ID), es, en))
	}
	for _, a := range s.Agents {
		if a.Ext != "" {
			r.Hold(now, a.Lamp == view.Dead, PhoneLost(a.Ext, a.Name))
		}
	}
	for _, t := range s.Trunks {
		r.Hold(now, t.Lamp == view.Dead, TrunkDown(t.ID))
	}
	for _, u := range s.Uplinks {
		r.Hold(now, u.Lamp == view.Warn || u.Lamp == view.Dead, UplinkDown(u.ID, u.Pending))
	}
	r.Hold(now, s.Book.Error != "", BookFailed())
	r.Hold(now, s.Clock == "unset", ClockUnset())
}

// wayRound names a line that calls go out by while dead is out.
func wayRound(s *view.Snapshot, dead tel.PortID) tel.PortID {
	for _, l := range s.Lines {
		if l.ID != dead && l.Lamp != view.Dead {
			return l.ID
		}
	}
	return ""
}

// lineWhy turns the line machine's words into a person's.
func lineWhy(detail string) (es, en string) {
	if strings.Contains(detail, "hardware") {
		return "El puerto no responde", "The port does not answer"
	}
	return "Sin tensión", "No voltage"
}
