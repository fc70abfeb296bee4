package sipua

import (
	"github.com/emiago/sipgo/sip"
)

// arrived sees each message while it is read, in the order of arrival and before
// sipgo does. Answers to a request over UDP go back to where it came from,
// whether or not it asked for that (RFC 3581 4): its sender may be behind NAT.
func (a *Agent) arrived(m sip.Message) {
	req, ok := m.(*sip.Request)
	if !ok {
		return
	}
	if !sip.IsReliable(req.Transport()) {
		a.tpl.Pool("udp").Add(req.Source(), a.wire)
		if via := req.Via(); via != nil {
			via.Params.Add("rport", "")
		}
	}
	a.post.seen(req)
}

// request gets each request that is not a repetition, in a goroutine of its own,
// and puts it into its mailbox.
func (a *Agent) request(req *sip.Request, tx *sip.ServerTx) {
	if req.IsAck() { // an ACK to a 200; its transaction is only sipgo's way to hand it over
		tx.Terminate()
		a.post.deliver(req, tx, false)
		return
	}
	to := req.To()
	fresh := !to.Params.Has("tag")
	if fresh { // from now on every answer has the same tag, sipgo's own 487 too
		to.Params.Add("tag", newTag())
	}
	if req.IsInvite() {
		a.respond(req, tx, 100, "Trying")
	}
	a.post.deliver(req, tx, fresh)
}

// handle is the mailbox's work on one request.
func (a *Agent) handle(b *mailbox, l letter) {
	req, tx, c := l.req, l.tx, b.call
	if !l.fresh {
		if c == nil || !c.matches(req) {
			a.nobody(req, tx)
			return
		}
		c.within(req, tx)
		return
	}
	switch req.Method {
	case sip.INVITE:
		a.invite(b, req, tx)
	case sip.REGISTER:
		a.register(req, tx)
	case sip.OPTIONS:
		if !a.knownSource(source(req)) {
			tx.Terminate() // silence: nobody finds us by asking
			return
		}
		a.options(req, tx)
	case sip.CANCEL, sip.BYE, sip.INFO: // for nothing that we know
		a.nobody(req, tx)
	default:
		if !a.knownSource(source(req)) {
			tx.Terminate()
			return
		}
		a.refuseMethod(req, tx)
	}
}

// nobody answers a request for a dialog or a transaction that is not there:
// 481 to whom we know, silence to all others (RFC 3261 12.2.2).
func (a *Agent) nobody(req *sip.Request, tx *sip.ServerTx) {
	switch {
	case req.IsAck():
	case !a.knownSource(source(req)):
		tx.Terminate()
	default:
		a.respond(req, tx, 481, "Call/Transaction Does Not Exist")
	}
}
