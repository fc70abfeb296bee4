package sipua

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/centralita/centralita/firmware/sipua/offer"
	"github.com/centralita/centralita/firmware/sipua/register"
	"github.com/centralita/centralita/firmware/tel"
)

// caller finds out who an INVITE outside a dialog comes from: a registered or
// authenticated phone, or a trunk by its address. A phone always proves itself.
// When it answers false the request has been dealt with.
func (a *Agent) caller(req *sip.Request, tx *sip.ServerTx) (peer, bool) {
	now, src := time.Now(), source(req)
	_, bound := a.bindings.From(now, src)
	if !bound && len(req.GetHeaders("Authorization")) == 0 {
		if t := a.trunkAt(src); t != nil {
			return peer{trunk: t}, true
		}
	}
	ans := a.judge(now, req)
	switch ans.Outcome {
	case register.Accepted:
		if p := a.roster().phones[tel.Number(ans.User)]; p != nil {
			return peer{phone: p}, true
		}
		for _, t := range a.roster().trunks {
			if t.Accepts && t.User == ans.User {
				return peer{trunk: t}, true
			}
		}
		a.respond(req, tx, 403, "Forbidden")
	case register.Banned:
		tx.Terminate()
	default:
		if t := a.trunkAt(src); t != nil && !bound {
			return peer{trunk: t}, true // a trunk that authenticates to everybody
		}
		a.challenge(req, tx, ans)
	}
	return peer{}, false
}

// judge checks the digest of a request.
func (a *Agent) judge(now time.Time, req *sip.Request) register.Answer {
	return a.auth.Check(now, register.Request{Method: string(req.Method), URI: req.Recipient.String(),
		Source: source(req).Addr(), Authorization: values(req, "Authorization")})
}

// challenge asks for a password.
func (a *Agent) challenge(req *sip.Request, tx *sip.ServerTx, ans register.Answer) {
	hs := make([]sip.Header, len(ans.Challenges))
	for i, c := range ans.Challenges {
		hs[i] = sip.NewHeader("WWW-Authenticate", c)
	}
	a.respond(req, tx, 401, "Unauthorized", hs...)
}

// invite begins an incoming call.
func (a *Agent) invite(b *mailbox, req *sip.Request, tx *sip.ServerTx) {
	if b.call != nil { // RFC 3261 8.2.2.2: it reached us twice, by two ways
		a.respond(req, tx, 482, "Loop Detected")
		return
	}
	who, ok := a.caller(req, tx)
	if !ok {
		return
	}
	c := &call{a: a, box: b, leg: a.newLeg(), peer: who, callID: b.id, invite: req, itx: tx}
	c.log = a.log.With("leg", uint64(c.leg))
	if !c.understood(req, tx) {
		return
	}
	a.mu.Lock()
	full := len(a.legs) >= a.roster().calls && !a.urgent(numberOf(&req.Recipient)) || a.closing
	if !full {
		a.legs[c.leg] = c
		a.open++
	}
	a.mu.Unlock()
	if full || who.trunk != nil && !who.trunk.take() {
		if !full {
			a.mu.Lock()
			delete(a.legs, c.leg)
			a.mu.Unlock()
			a.release()
		}
		a.log.Warn("call refused: as many as permitted are up", "from", source(req).String())
		a.respond(req, tx, 503, "Service Unavailable", sip.NewHeader("Retry-After", strconv.Itoa(int(retryAfter/time.Second))))
		return
	}
	c.counted = who.trunk != nil
	c.adopt(req)
	b.call = c
	c.watch(tx)
	a.sink(c.incoming(req))
	c.minute = c.after(time.Minute, c.everyMinute)
	if !tx.OnCancel(func(*sip.Request) {
		c.cancelled.Store(true)
		c.do(c.cancel)
	}) {
		c.end(tel.CauseNormal, "CANCEL", true)
	}
}

// understood answers an INVITE whose body we cannot use: 415, 400 or 488.
func (c *call) understood(req *sip.Request, tx *sip.ServerTx) bool {
	if len(req.Body()) == 0 {
		return true
	}
	if !isSDP(req) {
		c.a.respond(req, tx, 415, "Unsupported Media Type", sip.NewHeader("Accept", "application/sdp"))
		return false
	}
	// Whether a codec is common is known now; where our audio is, at the answer.
	_, _, err := offer.New(0, c.a.here(), offer.Codecs(c.peer.codecs()...)).Answer(req.Body(), offer.SendRecv)
	if err != nil {
		c.a.unacceptable(req, tx, err)
		return false
	}
	return true
}

// unacceptable answers an offer that cannot be used, with the reason as Warning.
func (a *Agent) unacceptable(req *sip.Request, tx *sip.ServerTx, err error) {
	code, reason := 488, "Not Acceptable Here"
	if u, ok := errors.AsType[*offer.Unacceptable](err); ok && u.Code == 400 {
		code, reason = 400, "Bad Request"
	}
	a.log.Info("SDP refused", "code", code, "from", source(req).String(), "err", tel.CleanText(err.Error()).String())
	a.respond(req, tx, code, reason, sip.NewHeader("Warning", `399 `+a.here().Addr().String()+` "`+quoted(tel.CleanText(err.Error()))+`"`))
}

func isSDP(m sip.Message) bool {
	for _, h := range m.GetHeaders("Content-Type") {
		t, _, _ := strings.Cut(h.Value(), ";")
		return strings.EqualFold(strings.TrimSpace(t), "application/sdp")
	}
	return false
}

// adopt makes the dialog of an incoming INVITE (RFC 3261 12.1.1).
func (c *call) adopt(req *sip.Request) {
	from, to := req.From(), req.To()
	c.localTag, c.remoteTag = tagOf(to.Params), tagOf(from.Params)
	c.local = sip.FromHeader{DisplayName: to.DisplayName, Address: *to.Address.Clone()}
	c.remote = sip.FromHeader{DisplayName: from.DisplayName, Address: *from.Address.Clone()}
	c.target = *from.Address.Clone()
	c.follow(req)
	c.routes = recordRoutes(req, false)
	c.remoteSeq = req.CSeq().SeqNo
	c.hop = hop{source(req), strings.ToUpper(req.Transport())}
}

// incoming is the event of an INVITE.
func (c *call) incoming(req *sip.Request) Incoming {
	e := Incoming{Leg: c.leg, Name: name(req.From().DisplayName), To: numberOf(&req.Recipient)}
	if p := c.peer.phone; p != nil {
		e.Phone, e.From = p.Ext, p.Ext
		return e
	}
	t := c.peer.trunk
	e.Trunk, e.From = t.ID, numberOf(&req.From().Address)
	if t.Accepts && userOf(&req.From().Address) == t.User {
		e.From, e.Name = "", tel.Text{} // a box without caller id calls by its own name
	}
	if dialled := userOf(&req.Recipient); e.To == "" || dialled == t.User {
		// It called our Contact, or by a name: the To header may know the number.
		e.To = numberOf(&req.To().Address)
		if e.To == "" || string(e.To) == t.User {
			e.To = t.Number
		}
	}
	return e
}

// name is a display name from the wire, its quoted pairs undone.
func name(raw string) tel.Text {
	if strings.IndexByte(raw, '\\') >= 0 {
		var b strings.Builder
		for i := 0; i < len(raw); i++ {
			if raw[i] == '\\' && i+1 < len(raw) {
				i++
			}
			b.WriteByte(raw[i])
		}
		raw = b.String()
	}
	return tel.CleanText(raw)
}

// watch takes the ACKs that the transaction passes up, and notices its death
// while we have not answered. It ends with the transaction.
func (c *call) watch(tx *sip.ServerTx) {
	go func() {
		for {
			select {
			case req := <-tx.Acks():
				c.do(func() { c.confirm(req) })
			case <-tx.Done():
				c.do(func() {
					if c.itx == tx && c.phase == offered {
						c.end(tel.CauseLost, "the caller's connection broke", true)
					}
				})
				return
			}
		}
	}()
}

// cancel is the caller's CANCEL; sipgo has answered it and the INVITE.
func (c *call) cancel() {
	if c.phase == offered {
		c.end(tel.CauseNormal, "CANCEL", true)
	}
}

// ring sends 180.
func (c *call) ring() {
	if c.phase != offered || c.outgoing || c.rang || c.cancelled.Load() {
		return
	}
	c.rang = true
	c.provisional()
}

func (c *call) provisional() {
	code, reason := 183, "Session Progress"
	if c.rang {
		code, reason = 180, "Ringing"
	}
	c.a.respond(c.invite, c.itx, code, reason, c.a.contact(c.localUser(), c.hop.transport))
}

// everyMinute keeps proxies on the way from giving up (RFC 3261 13.3.1.1).
func (c *call) everyMinute() {
	if c.phase == offered && !c.cancelled.Load() {
		c.provisional()
		c.minute = c.after(time.Minute, c.everyMinute)
	}
}

// localUser is the user part of our own address in the dialog.
func (c *call) localUser() string { return user(unescape(c.local.Address.User)) }

// refuse answers the INVITE with a failure.
func (c *call) refuse(cause tel.Cause, code int, reason string) {
	if !c.cancelled.Load() {
		var hs []sip.Header
		if code == 503 {
			hs = append(hs, sip.NewHeader("Retry-After", strconv.Itoa(int(retryAfter/time.Second))))
		}
		c.a.respond(c.invite, c.itx, code, reason, hs...)
	}
	c.end(cause, strconv.Itoa(code)+" "+reason+" sent", false)
}

// answer sends 200 with our description.
func (c *call) answer() {
	if c.phase != offered || c.outgoing || c.cancelled.Load() {
		return
	}
	if err := c.openMedia(); err != nil {
		c.log.Error("cannot answer: no audio", "err", err)
		c.refuse(tel.CauseCongestion, 503, "Service Unavailable")
		return
	}
	body, ok := c.describe(c.invite, c.itx)
	if !ok {
		c.end(tel.CauseNoCodec, "the offer cannot be used", true)
		return
	}
	if c.cancelled.Load() || c.phase != offered {
		return
	}
	c.phase = accepted
	c.accept(c.invite, c.itx, body)
}

// describe answers the offer in req, or makes one when req has none.
func (c *call) describe(req *sip.Request, tx *sip.ServerTx) ([]byte, bool) {
	if len(req.Body()) == 0 {
		c.late = true
		return c.half.Offer(offer.SendRecv), true
	}
	c.late = false
	body, s, err := c.half.Answer(req.Body(), offer.SendRecv)
	if err != nil {
		c.a.unacceptable(req, tx, err)
		return nil, false
	}
	c.settle(s)
	return body, true
}

// accept sends a 200 to an INVITE and repeats it until the ACK is here
// (RFC 3261 13.3.1.4). The library would repeat it for 32 s and then forget.
func (c *call) accept(req *sip.Request, tx *sip.ServerTx, body []byte) {
	stop(c.minute)
	c.invite, c.itx = req, tx
	c.ok = c.a.response(req, 200, "OK", body, c.a.contact(c.localUser(), c.hop.transport),
		sip.NewHeader("Allow", allowed), sip.NewHeader("Supported", ""))
	c.okEvery, c.okSince = sip.T1, time.Now()
	if err := tx.Respond(c.ok); err != nil {
		if c.phase == accepted && (c.cancelled.Load() || errors.Is(err, sip.ErrTransactionCanceled)) {
			// The CANCEL won by a hair. The ACK to come is for the 487, not for us.
			c.ok = nil
			c.end(tel.CauseNormal, "CANCEL", true)
			return
		}
		c.log.Warn("cannot send the answer", "err", err)
	}
	c.okAgain = c.after(c.okEvery, c.repeat)
}

// repeat sends the 200 again, or gives up with BYE after 64*T1.
func (c *call) repeat() {
	if c.ok == nil {
		return
	}
	if time.Since(c.okSince) >= 64*sip.T1 {
		c.ok = nil
		if c.byeAfter {
			c.bye(c.why, "hung up before the ACK")
			return
		}
		c.bye(tel.CauseLost, "no ACK in 32 s")
		return
	}
	if err := c.itx.Respond(c.ok); err != nil {
		c.log.Debug("cannot repeat the answer", "err", err)
	}
	c.okEvery = min(2*c.okEvery, sip.T2)
	c.okAgain = c.after(min(c.okEvery, time.Until(c.okSince.Add(64*sip.T1))), c.repeat)
}

// confirm is the ACK to a 200 of ours.
func (c *call) confirm(req *sip.Request) {
	if c.ok == nil || req.CSeq() == nil || req.CSeq().SeqNo != c.ok.CSeq().SeqNo {
		return
	}
	c.ok = nil
	stop(c.okAgain)
	first := c.phase == accepted
	if first {
		c.phase = up
	}
	if c.byeAfter {
		c.bye(c.why, "hung up before the ACK")
		return
	}
	if c.late {
		c.late = false
		s, err := c.half.Accept(req.Body())
		if err != nil {
			c.log.Info("the answer in the ACK cannot be used", "err", tel.CleanText(err.Error()).String())
			if first {
				c.bye(tel.CauseNoCodec, "the answer in the ACK cannot be used")
			}
			return
		}
		c.settle(s)
	}
	if c.gone {
		return
	}
	if first {
		c.tell(Answered{Leg: c.leg})
	}
	c.noticeHold()
	c.catchUp()
}
