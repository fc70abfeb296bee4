package exchange

import (
	"time"

	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/numbering"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
)

// Between outside calls and the limits on them.

// toSpend asks which calls must be warned or ended.
type toSpend struct{}

func (toSpend) run(e *Exchange) {
	for _, d := range e.spend.Due(e.wall(), nil) {
		c, second := e.spender(d.Call)
		switch {
		case c == nil:
		case d.End && second:
			e.endSecond(c, d.Why)
		case d.End:
			e.push(toCall{c, call.Kill{By: tel.BySystem, Cause: tel.CauseLimit, Evidence: d.Why}})
		default:
			payer, _ := c.m.Legs()
			if by, _ := c.m.Consulting(); second && by != 0 {
				payer = by
			}
			e.sh.Media.Tone(payer, tel.ToneConfirm)
			e.bookCall(c, call.Fact{Kind: call.Warned, At: e.now, Call: c.id, Reason: d.Why})
		}
	}
	e.watchSpending()
}

// watchSpending sets the instant of the next warning or end.
func (e *Exchange) watchSpending() {
	at, ok := e.spend.Deadline(e.wall())
	e.timers.set(&e.spendTimer, e.instant(at), ok)
}

// attempt is a call to t by a phone as the limits see it.
func attempt(t numbering.Target, ext tel.Number) numbering.Attempt {
	return numbering.Attempt{Class: t.Class, Number: t.Asked, Phone: ext}
}

// recallSpending counts an outside call of before the start.
func (e *Exchange) recallSpending(r call.Record) {
	if r.Direction != tel.Outbound || r.Connected.IsZero() || r.Ended.IsZero() || e.set.Numbering == nil {
		return
	}
	t := e.set.Numbering.Resolve(r.To, nil)
	if t.Kind == numbering.Outside || t.Kind == numbering.Forbidden { // a route may have gone since
		e.spend.Recall(e.wall(), attempt(t, r.From), r.Port, r.Connected, r.Ended)
	}
}

// seeSpending shows what the limits have counted today.
func (e *Exchange) seeSpending() (out []view.Spent) {
	for _, u := range e.spend.Usage(e.wall()) {
		out = append(out, view.Spent{
			Limit: u.Limit.Name, Of: u.Subject, Calls: u.Calls, MaxCalls: u.Limit.Calls,
			Talk: int(u.Talk / time.Second), MaxTalk: int(u.Limit.PerDay / time.Second), Cost: price(u.Cost, u.Limit), Budget: price(u.Limit.Budget, u.Limit),
		})
	}
	return out
}

// price writes an amount of a limit that counts money.
func price(m numbering.Money, l *numbering.Limit) string {
	if l.Minute == 0 && l.Setup == 0 {
		return ""
	}
	return m.String()
}
