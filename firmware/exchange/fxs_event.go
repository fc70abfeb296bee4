package exchange

import (
	"github.com/centralita/centralita/firmware/line"
	"github.com/centralita/centralita/firmware/tel"
)

// Events and orders of telephones.
type (
	// OnSentID: what Media.SendID was asked to send has been sent, or cannot be.
	OnSentID struct {
		Port tel.PortID
		ID   tel.PlayID
	}
	// MessageWaiting: so many messages wait for the owner of a phone.
	MessageWaiting struct {
		Ext   tel.Number
		Count int
	}
)

func (OnSentID) isEvent() {}

func (MessageWaiting) isChange() {}

// sentID tells the telephone's machine that its display has been told.
func (e *Exchange) sentID(ev OnSentID) {
	if p := e.ports[ev.Port]; p != nil && p.fxs != nil && ev.ID == p.sending {
		p.sending = 0
		e.push(toLine{p, line.IDSent{}})
	}
}

// sendID hands what a telephone on hook is to be told to the media engine. A
// refusal is no reason not to ring.
func (e *Exchange) sendID(p *portState, what line.ID) {
	e.sends++
	p.sending = e.sends
	if err := e.sh.Media.SendID(p.id, p.sending, what); err != nil {
		e.warn("caller id to "+string(p.id), err)
		e.sentID(OnSentID{Port: p.id, ID: p.sending})
	}
}

// stopID ends what is being sent.
func (e *Exchange) stopID(p *portState) {
	p.sending = 0
	e.sh.Media.StopID(p.id)
}
