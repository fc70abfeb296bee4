package exchange

import (
	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/line"
)

// From the ear that knows a fax to the call that must go to the fax port.

// faxHeard is the evidence that is booked (ITU-T T.30 § 4.1.1).
const faxHeard = "fax calling tone 1100 Hz"

// fax tells the line, whose release must wait for no silence now, and takes a
// caller from outside who is a fax to the fax port.
func (e *Exchange) fax(ev OnFax) {
	e.toFXO(ev.Leg, line.Fax{Calling: ev.Calling})
	l := e.legs[ev.Leg]
	if l == nil || !l.caller || l.call == "" || !ev.Calling || e.set.Fax == "" {
		return
	}
	e.push(toCall{e.calls[l.call], call.IsFax{Ext: e.set.Fax, Leg: e.sh.NewLeg(), Evidence: faxHeard}})
}
