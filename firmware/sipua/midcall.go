package sipua

import (
	"net"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"

	"github.com/centralita/centralita/firmware/tel"
)

func netJoin(host string, port int) string {
	return net.JoinHostPort(strings.Trim(host, "[]"), strconv.Itoa(port))
}

// within handles a request inside the dialog.
func (c *call) within(req *sip.Request, tx *sip.ServerTx) {
	a := c.a
	if !c.trusted(req) { // right tags from a wrong place: somebody guesses or listens
		c.log.Warn("request for this dialog from elsewhere ignored", "method", string(req.Method), "from", source(req).String())
		tx.Terminate()
		return
	}
	if req.Method == sip.ACK {
		c.confirm(req)
		return
	}
	seq := req.CSeq().SeqNo
	if seq <= c.remoteSeq { // RFC 3261 12.2.2
		a.respond(req, tx, 500, "Server Internal Error", sip.NewHeader("Retry-After", "1"))
		return
	}
	c.remoteSeq = seq
	c.hop = hop{source(req), strings.ToUpper(req.Transport())}
	switch req.Method {
	case sip.BYE:
		c.byeCame(req, tx)
	case sip.INVITE:
		c.reinvite(req, tx)
	case sip.INFO:
		c.info(req, tx)
	case sip.OPTIONS:
		a.options(req, tx)
	default:
		a.refuseMethod(req, tx)
	}
}

// trusted reports whether req comes from the dialog's peer: over TCP from the
// same address, over UDP too; only the port may change, as NAT does it. A trunk
// may use any of its addresses.
func (c *call) trusted(req *sip.Request) bool {
	src := source(req).Addr()
	return src == c.hop.addr.Addr() || c.peer.trunk != nil && c.peer.trunk.sends(src)
}

// byeCame is the other end hanging up.
func (c *call) byeCame(req *sip.Request, tx *sip.ServerTx) {
	c.a.respond(req, tx, 200, "OK")
	if c.phase == offered && !c.outgoing { // RFC 3261 15.1.2: the INVITE still wants an answer
		c.a.respond(c.invite, c.itx, 487, "Request Terminated")
	}
	why := "BYE"
	for _, h := range req.GetHeaders("Reason") {
		why += " " + tel.CleanText(h.Value()).String()
		break
	}
	if c.phase == calling { // only a call that was answered can be left: the answer is still on its way
		c.left = why
		return
	}
	c.end(tel.CauseNormal, why, true)
}

// reinvite changes the session: hold, its end, a new address (RFC 3261 14.2).
func (c *call) reinvite(req *sip.Request, tx *sip.ServerTx) {
	a := c.a
	switch {
	case c.phase == calling || c.phase == leaving || c.refreshes(): // our own INVITE or BYE is on its way
		a.respond(req, tx, 491, "Request Pending")
		return
	case c.phase == offered || c.ok != nil: // the one before is not settled
		a.respond(req, tx, 500, "Server Internal Error", sip.NewHeader("Retry-After", "2"))
		return
	case len(req.Body()) > 0 && !isSDP(req):
		a.respond(req, tx, 415, "Unsupported Media Type", sip.NewHeader("Accept", "application/sdp"))
		return
	}
	c.rehome()
	body, ok := c.describe(req, tx)
	if !ok {
		return // 488 is sent, the session stays as it was
	}
	c.follow(req)      // the target moves with it (RFC 3261 12.2.2)
	if c.phase != up { // the audio could not be set, and the call is being ended for it
		a.respond(req, tx, 500, "Server Internal Error")
		return
	}
	c.watch(tx)
	c.accept(req, tx, body)
	if !c.late {
		c.noticeHold()
	}
}

// info is an INFO: the digits that some phones send this way.
func (c *call) info(req *sip.Request, tx *sip.ServerTx) {
	if len(req.Body()) == 0 {
		c.a.respond(req, tx, 200, "OK")
		return
	}
	kind := ""
	if h := req.GetHeader("Content-Type"); h != nil {
		kind, _, _ = strings.Cut(strings.ToLower(h.Value()), ";")
	}
	d, ok := relayDigit(strings.TrimSpace(kind), string(req.Body()))
	if !ok {
		c.a.respond(req, tx, 415, "Unsupported Media Type", sip.NewHeader("Accept", "application/dtmf-relay"))
		return
	}
	c.a.respond(req, tx, 200, "OK")
	if c.phase == up || c.phase == accepted {
		c.tell(Digit{Leg: c.leg, Digit: d})
	}
}

// relayDigit reads the digit of an application/dtmf-relay or application/dtmf body.
func relayDigit(kind, body string) (tel.Digit, bool) {
	text := body
	switch kind {
	case "application/dtmf-relay":
		text = ""
		for line := range strings.Lines(body) {
			if k, v, ok := strings.Cut(line, "="); ok && strings.EqualFold(strings.TrimSpace(k), "signal") {
				text = v
				break
			}
		}
	case "application/dtmf":
	default:
		return 0, false
	}
	text = strings.ToUpper(strings.TrimSpace(text))
	switch text {
	case "10":
		text = "*"
	case "11":
		text = "#"
	}
	if len(text) != 1 || !tel.Digit(text[0]).Valid() {
		return 0, false
	}
	return tel.Digit(text[0]), true
}

// options answers that we are here (RFC 3261 11.2).
func (a *Agent) options(req *sip.Request, tx *sip.ServerTx) {
	a.respond(req, tx, 200, "OK", a.contact("", strings.ToUpper(req.Transport())), sip.NewHeader("Allow", allowed),
		sip.NewHeader("Accept", "application/sdp"), sip.NewHeader("Supported", ""))
}

// refuseMethod answers a method that we do not serve: 405 for one that is known
// in general, 501 for one that is not (RFC 3261 8.2.1, 21.5.2).
func (a *Agent) refuseMethod(req *sip.Request, tx *sip.ServerTx) {
	switch req.Method {
	case sip.SUBSCRIBE, sip.NOTIFY, sip.REFER, sip.MESSAGE, sip.PRACK, sip.UPDATE, sip.PUBLISH, sip.INFO, sip.REGISTER:
		a.respond(req, tx, 405, "Method Not Allowed", sip.NewHeader("Allow", allowed))
	default:
		a.respond(req, tx, 501, "Not Implemented", sip.NewHeader("Allow", allowed))
	}
}
