package sipua

import (
	"errors"
	"strconv"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/centralita/centralita/firmware/sipua/register"
	"github.com/centralita/centralita/firmware/tel"
)

// register is a REGISTER from a phone or from a trunk that registers here
// (RFC 3261 10.3). One extension is one phone: the newest wins.
func (a *Agent) register(req *sip.Request, tx *sip.ServerTx) {
	now, src := time.Now(), source(req)
	ans := a.judge(now, req)
	switch ans.Outcome {
	case register.Banned:
		tx.Terminate()
		return
	case register.Accepted:
	default:
		a.noteFailure(ans, src.String())
		a.challenge(req, tx, ans)
		return
	}
	if userOf(&req.To().Address) != ans.User { // RFC 3261 10.3 step 4: only for himself
		a.respond(req, tx, 403, "Forbidden")
		return
	}
	up, err := register.Read(req, src)
	if err != nil {
		a.refuseRegister(req, tx, err)
		return
	}
	capExpires(&up)
	if p := a.roster().phones[tel.Number(ans.User)]; p != nil {
		a.bindPhone(req, tx, p.Ext, up)
		return
	}
	for _, t := range a.roster().trunks {
		if t.Accepts && t.User == ans.User {
			a.bindTrunk(req, tx, t, up)
			return
		}
	}
	a.respond(req, tx, 403, "Forbidden")
}

// capExpires shortens what a phone asks for, so that one that vanished is soon
// known to be gone, and one that outlived our restart soon found again.
func capExpires(u *register.Update) {
	limit := int(maxExpires / time.Second)
	if u.Expires < 0 || u.Expires > limit {
		u.Expires = limit
	}
	for i := range u.Contacts {
		u.Contacts[i].Expires = min(u.Contacts[i].Expires, limit)
	}
}

// noteFailure makes wrong passwords visible. Only a source that was judged is
// shown; one that is delayed already says nothing new.
func (a *Agent) noteFailure(ans register.Answer, from string) {
	if ans.Outcome != register.Denied {
		return
	}
	a.log.Warn("wrong user or password", "user", tel.CleanText(ans.User).String(), "from", from, "banned", ans.NewBan)
	if p := a.roster().phones[tel.Number(ans.User)]; p != nil {
		_, up := a.bindings.Lookup(time.Now(), p.Ext)
		a.phoneState(p.Ext, up, "wrong password from "+from)
	}
}

func (a *Agent) bindPhone(req *sip.Request, tx *sip.ServerTx, ext tel.Number, up register.Update) {
	ch, err := a.bindings.Apply(time.Now(), ext, up)
	if err != nil {
		a.refuseRegister(req, tx, err)
		return
	}
	a.watchExpiry()
	// The house knows before the phone does: whoever hears that it is registered
	// can call it.
	switch ch.Kind {
	case register.Added:
		a.phoneState(ext, true, "registered from "+up.Source.String())
	case register.Replaced:
		a.log.Warn("two phones register as one; the newer is kept", "ext", string(ext),
			"new", up.Source.String(), "old", ch.Old.Source.String())
		a.phoneState(ext, true, "registered from "+up.Source.String()+"; the phone at "+ch.Old.Source.String()+" was put out")
	case register.Removed:
		a.phoneState(ext, false, "it signed off")
	}
	a.confirmRegister(req, tx, ch)
}

func (a *Agent) bindTrunk(req *sip.Request, tx *sip.ServerTx, t *trunk, up register.Update) {
	ch, err := a.dialins.Apply(time.Now(), tel.Number(t.ID), up)
	if err != nil {
		a.refuseRegister(req, tx, err)
		return
	}
	a.watchExpiry()
	if ch.Bound {
		a.trunkUp(t, true, "registered from "+ch.Binding.Source.String())
	} else if ch.Kind == register.Removed {
		a.trunkUp(t, false, "it signed off")
	}
	a.confirmRegister(req, tx, ch)
}

// confirmRegister answers 200 with the binding as it is now.
func (a *Agent) confirmRegister(req *sip.Request, tx *sip.ServerTx, ch register.Change) {
	var hs []sip.Header
	if ch.Bound {
		hs = append(hs, sip.NewHeader("Contact", "<"+ch.Binding.Contact+">;expires="+strconv.Itoa(ch.Left)))
	}
	a.respond(req, tx, 200, "OK", hs...)
}

func (a *Agent) refuseRegister(req *sip.Request, tx *sip.ServerTx, err error) {
	r, ok := errors.AsType[*register.Refused](err)
	if !ok {
		a.log.Error("cannot register", "err", err)
		a.respond(req, tx, 500, "Server Internal Error")
		return
	}
	var hs []sip.Header
	if r.MinExpires > 0 {
		hs = append(hs, sip.NewHeader("Min-Expires", strconv.Itoa(r.MinExpires)))
	}
	a.respond(req, tx, r.Code, r.Reason, hs...)
}

// watchExpiry sets the timer for the binding that ends next.
func (a *Agent) watchExpiry() {
	next, some := a.bindings.Deadline()
	if t, ok := a.dialins.Deadline(); ok && (!some || t.Before(next)) {
		next, some = t, true
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	stop(a.expiry)
	if some && !a.closing {
		a.expiry = time.AfterFunc(time.Until(next), a.expire)
	}
}

// expire ends bindings whose phones did not come again.
func (a *Agent) expire() {
	now := time.Now()
	for _, b := range a.bindings.Expire(now) {
		a.phoneState(b.Ext, false, "its registration ran out")
	}
	for _, b := range a.dialins.Expire(now) {
		a.trunkUp(a.trunkByID(tel.TrunkID(b.Ext)), false, "its registration ran out")
	}
	a.watchExpiry()
}
