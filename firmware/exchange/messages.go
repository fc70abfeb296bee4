package exchange

import (
	"time"

	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/line"
)

// MostMessages is how many waiting messages a display can tell.
const MostMessages = 255

// messages takes note of how many messages wait for a phone's owner.
func (e *Exchange) messages(c MessageWaiting) error {
	f := e.phones[c.Ext]
	if f == nil {
		return refuse("cannot tell %s of messages: there is no such extension", "no se puede avisar de mensajes al %s: no existe ese interno", c.Ext)
	}
	if c.Count < 0 || c.Count > MostMessages {
		return refuse("cannot tell %s of %d messages: 0 to %d are possible", "no se puede avisar al %s de %d mensajes: de 0 a %d", c.Ext, c.Count, MostMessages)
	}
	if c.Count == f.messages {
		return nil
	}
	e.sh.Book.Append(call.Fact{Kind: call.MessagesAt, At: e.now, Ext: c.Ext, Millis: int64(c.Count)})
	e.tellMessages(f, c.Count)
	return nil
}

// tellMessages keeps the number and tells an analog telephone; a SIP phone's is
// seen in the picture only.
func (e *Exchange) tellMessages(f *phoneState, n int) {
	f.messages = n
	if p := e.ports[f.conf.Port]; p != nil && p.fxs != nil {
		e.push(toLine{p, line.Messages{Count: n}})
	}
}

// offHook is what a telephone does while it has no call, in words; "" when that
// is nothing.
func (e *Exchange) offHook(f *phoneState) (what string, since time.Time) {
	p := e.ports[f.conf.Port]
	if p == nil || p.fxs == nil {
		return "", time.Time{}
	}
	if s, at := p.fxs.State(); s != line.Idle && s != line.Dead {
		return p.fxs.Describe(), at
	}
	return "", time.Time{}
}
