package exchange

import (
	"strings"

	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/numbering"
	"github.com/centralita/centralita/firmware/tel"
)

// The limits hold for outside numbers that a telephone dials as its second party
// too. Each has an account of its own: the call's name with the leg behind it.

// account is a second party's.
type account struct {
	id tel.CallID
	of numbering.Attempt
}

// permit asks the limits for the ways out that a second party may take and begins
// to count; why is the rule that closes all of them.
func (e *Exchange) permit(c *callState, leg tel.LegID, t numbering.Target, ext tel.Number) (via []string, why string) {
	a := account{id: aside(c, leg), of: attempt(t, ext)}
	if via, why = e.spend.Permit(e.wall(), a.of, t.Via); why == "" {
		e.spend.Placed(e.wall(), a.id, a.of)
		c.accounts, c.consults = append(c.accounts, a), true
	}
	return via, why
}

// countSecond keeps the account of the last second party.
func (e *Exchange) countSecond(c *callState, f call.Fact) {
	if len(c.accounts) == 0 {
		return
	}
	last := c.accounts[len(c.accounts)-1]
	switch {
	case f.Kind == call.Transferred:
		c.consults = false // the last account goes on with whom he was handed over to
	case f.Kind == call.ConsultOff && c.consults:
		c.consults = false
		e.spend.Over(e.wall(), last.id)
		c.accounts = c.accounts[:len(c.accounts)-1]
	case f.Port != "" && (f.Kind == call.ConsultUp || f.Kind == call.Connected):
		e.spend.Up(e.wall(), last.id, string(f.Port))
	default:
		return
	}
	e.watchSpending()
}

// closeAccounts ends what the second parties of a call that is over still cost.
func (e *Exchange) closeAccounts(c *callState) {
	for _, a := range c.accounts {
		e.spend.Over(e.wall(), a.id)
	}
	c.accounts = nil
}

// moveAccount lets an outside party that goes on in a call of its own cost there.
func (e *Exchange) moveAccount(from, to *callState) {
	if n := len(from.accounts); n > 0 && from.consults {
		a := from.accounts[n-1]
		from.accounts = from.accounts[:n-1]
		e.spend.Over(e.wall(), a.id)
		e.spend.Placed(e.wall(), to.id, a.of)
	}
}

// spender returns the call whose account ran out, and whether that was its second
// party's.
func (e *Exchange) spender(id tel.CallID) (c *callState, second bool) {
	name, _, second := strings.Cut(string(id), "~")
	return e.calls[tel.CallID(name)], second
}

// endSecond drops the second party of a call, whose account ran out; when it has
// become one of the two who talk, the call ends.
func (e *Exchange) endSecond(c *callState, why string) {
	_, leg := c.m.Consulting()
	l := e.legs[leg]
	if l == nil {
		e.push(toCall{c, call.Kill{By: tel.BySystem, Cause: tel.CauseLimit, Evidence: why}})
		return
	}
	e.push(toCall{c, call.LegDown{Leg: leg, Cause: tel.CauseLimit, Evidence: why}})
	e.drop(l, tel.CauseLimit)
}
