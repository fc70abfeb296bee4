package app

import (
	"fmt"
	"time"

	"github.com/centralita/centralita/dsp/cid"
	"github.com/centralita/centralita/firmware/line"
	"github.com/centralita/centralita/firmware/tel"
)

// SendID implements exchange.Media.
func (a *audio) SendID(p tel.PortID, id tel.PlayID, what line.ID) error {
	pump := a.pumps[p]
	if pump == nil {
		return fmt.Errorf("cannot send caller id to port %s: there is no such port", p)
	}
	how, _ := cid.ForCountry(a.plan.Country)
	if what.Waiting && how.Standard == cid.DTMF {
		return fmt.Errorf("cannot tell the telephone on port %s that messages wait: caller id by keys has no word for it", p)
	}
	return pump.SendID(uint64(id), message(what), how)
}

// StopID implements exchange.Media.
func (a *audio) StopID(p tel.PortID) {
	if pump := a.pumps[p]; pump != nil {
		pump.StopID()
	}
}

// message is what a telephone's display is told.
func message(what line.ID) cid.Info {
	i := cid.Info{Type: cid.Call, Number: string(what.Number), Name: what.Name.String(), Date: date(what.At)}
	if what.Absence != "" {
		i.Number, i.NoNumber = "", what.Absence[0]
	}
	if i.Number == "" && i.NoNumber == 0 {
		i.NoNumber = cid.Unavailable
	}
	if what.Waiting {
		i = cid.Info{Type: cid.Waiting, Date: i.Date, Lamp: cid.LampOff}
		if what.Messages > 0 {
			i.Lamp, i.Messages = cid.LampOn, min(what.Messages, 255)
		}
	}
	return i
}

// date is the date of a message; the zero time has none.
func date(at time.Time) (d cid.Date) {
	if at.IsZero() {
		return d
	}
	return cid.Date{Month: uint8(at.Month()), Day: uint8(at.Day()), Hour: uint8(at.Hour()), Minute: uint8(at.Minute())}
}
