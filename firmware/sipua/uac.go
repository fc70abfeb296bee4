package sipua

import (
	"cmp"
	"errors"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/icholy/digest"

	"github.com/centralita/centralita/firmware/sipua/offer"
	"github.com/centralita/centralita/firmware/tel"
)

var (
	errNoTCP        = errors.New("cannot send: no TCP listener was given")
	errNotConnected = errors.New("cannot send: the TCP connection is gone")
)

// dial sends the first INVITE of an outgoing call.
func (c *call) dial() {
	to, h, err := c.find()
	if err != nil {
		c.end(tel.CauseUnreachable, tel.CleanText(err.Error()).String(), false)
		return
	}
	if t := c.peer.trunk; t != nil {
		if !t.take() {
			c.end(tel.CauseCongestion, "the trunk has as many calls as permitted", false)
			return
		}
		c.counted = true
	}
	if err := c.openMedia(); err != nil {
		c.end(tel.CauseCongestion, tel.CleanText(err.Error()).String(), false)
		return
	}
	c.target, c.hop = to, h
	c.address(to)
	c.patience = c.after(ringLimit, func() {
		if c.phase == calling && !c.gone {
			c.takeBack(tel.CauseNoAnswer, "rang for "+ringLimit.String())
		}
	})
	c.phase = calling
	c.transmit(nil)
}

// find is where the call goes: Request-URI and next hop.
func (c *call) find() (sip.Uri, hop, error) {
	a := c.a
	<-a.serving
	if c.to.Ext != "" {
		c.peer.phone = a.roster().phones[c.to.Ext]
		if c.peer.phone == nil {
			return sip.Uri{}, hop{}, errors.New("cannot call " + string(c.to.Ext) + ": no such SIP phone")
		}
		b, ok := a.bindings.Lookup(time.Now(), c.to.Ext)
		if !ok {
			return sip.Uri{}, hop{}, errors.New("cannot call " + string(c.to.Ext) + ": not registered")
		}
		var u sip.Uri
		if err := sip.ParseUri(b.Contact, &u); err != nil {
			return sip.Uri{}, hop{}, err
		}
		return u, reach(b), nil
	}
	t := a.trunkByID(c.to.Trunk)
	if t == nil {
		return sip.Uri{}, hop{}, errors.New("cannot call: no such trunk")
	}
	c.peer.trunk = t
	if t.Server == "" {
		b, ok := a.dialins.Lookup(time.Now(), tel.Number(t.ID))
		if !ok {
			return sip.Uri{}, hop{}, errors.New("cannot call over trunk " + string(t.ID) + ": it is not registered here")
		}
		return uri(number(c.to.Number), b.Source, b.Transport), reach(b), nil
	}
	at, err := t.server(a.base, a.cfg.Resolve)
	if err != nil {
		return sip.Uri{}, hop{}, err
	}
	u := t.uri(number(c.to.Number))
	return u, hop{at, t.transport()}, nil
}

// uri is sip:user@server of a trunk with a server.
func (t *trunk) uri(user string) sip.Uri {
	host, port, _ := splitServer(t.Server) // checked by New
	u := sip.Uri{Scheme: "sip", User: user, Host: host}
	if port != defaultPort {
		u.Port = port
	}
	if t.TCP {
		u.UriParams.Add("transport", "tcp")
	}
	return u
}

func (t *trunk) transport() string {
	if t.TCP {
		return "TCP"
	}
	return "UDP"
}

// address fills From and To. Everything that people wrote passes through
// cleaning, escaping and quoting here.
func (c *call) address(to sip.Uri) {
	domain := c.a.cfg.Domain
	us := number(c.from.Number)
	if t := c.peer.trunk; t != nil {
		us = cmp.Or(us, number(t.Number), user(t.User))
		if t.Server != "" {
			domain, _, _ = splitServer(t.Server)
		}
	}
	c.local = sip.FromHeader{DisplayName: quoted(c.from.Name), Address: hostURI(cmp.Or(us, "anonymous"), domain)}
	remote := to
	remote.UriParams, remote.Port = nil, 0
	if c.peer.phone != nil {
		remote = hostURI(number(c.peer.phone.Ext), c.a.cfg.Domain)
	}
	c.remote = sip.FromHeader{Address: remote}
}

// transmit sends the INVITE; auth adds the answer to a challenge.
func (c *call) transmit(auth sip.Header) {
	c.rehome()
	req := c.request(sip.INVITE, 0)
	req.AppendHeader(c.a.contact(c.local.Address.User, c.hop.transport))
	req.AppendHeader(sip.NewHeader("Allow", allowed))
	if auth != nil {
		req.AppendHeader(auth)
	}
	setBody(req, c.half.Offer(offer.SendRecv))
	c.out, c.heard = req, false
	tx := c.send(req, c.hop, func(res *sip.Response, err error) {
		if c.phase == ended || c.out != req {
			return
		}
		if err != nil {
			c.failed(err)
			return
		}
		c.response(res)
	})
	c.ctx = tx
	if tx != nil {
		tx.OnRetransmission(func(res *sip.Response) {
			c.a.post.do(c.callID, func(*mailbox) { c.again(res) })
		})
	}
}

// failed is the end of an INVITE that nobody answered.
func (c *call) failed(err error) {
	if errors.Is(err, sip.ErrTransactionTimeout) {
		c.end(tel.CauseUnreachable, "no response in 32 s", false)
		return
	}
	c.end(tel.CauseUnreachable, tel.CleanText(err.Error()).String(), false)
}

// response is an answer to our INVITE.
func (c *call) response(res *sip.Response) {
	switch {
	case res.IsProvisional():
		c.progress(res)
	case res.IsSuccess() && c.ack != nil:
		c.again(res)
	case res.IsSuccess():
		c.established(res)
	case (res.StatusCode == 401 || res.StatusCode == 407) && c.phase == calling && !c.gone:
		auth, err := c.a.authorize(c.peer.trunk, c.out, res)
		if err != nil || c.tries > 0 {
			c.end(tel.CauseForbidden, evidence(res), true)
			return
		}
		c.tries++
		c.transmit(auth)
	default:
		c.end(causeOf(res.StatusCode), evidence(res), true)
	}
}

// progress is a 1xx; there may be any number of them.
func (c *call) progress(res *sip.Response) {
	c.heard = true
	if c.phase == leaving { // now a CANCEL may go (RFC 3261 9.1)
		c.sendCancel()
		return
	}
	if res.StatusCode == 100 || c.phase != calling {
		return
	}
	if to := res.To(); to != nil { // an early dialog (RFC 3261 12.1.2); a 200 decides
		c.remoteTag = tagOf(to.Params)
	}
	sound := false
	if len(res.Body()) > 0 && isSDP(res) { // the network speaks before the answer
		if s, err := c.half.Accept(res.Body()); err == nil {
			c.hop.addr = source(res)
			c.settle(s)
			sound = true
		}
	}
	if !c.rang || sound {
		c.rang = true
		c.tell(Ringing{Leg: c.leg, Sound: sound})
	}
}

// established is the first 200.
func (c *call) established(res *sip.Response) {
	stop(c.patience)
	c.remoteTag = tagOf(res.To().Params)
	c.follow(res)
	c.routes = recordRoutes(res, true)
	if src := source(res); src.IsValid() {
		c.hop.addr = src
	}
	c.confirmOK(res)
	if c.phase == leaving || c.gone { // our CANCEL crossed the answer
		c.bye(c.why, "answered while we took the call back")
		return
	}
	if c.left != "" {
		c.end(tel.CauseNormal, c.left, true)
		return
	}
	c.phase = up
	s, err := c.half.Accept(res.Body())
	if err != nil {
		c.log.Info("the answer cannot be used", "err", tel.CleanText(err.Error()).String())
		c.bye(tel.CauseNoCodec, "the answer cannot be used")
		return
	}
	c.settle(s)
	if c.gone {
		return
	}
	c.tell(Answered{Leg: c.leg})
	c.noticeHold()
	c.catchUp()
}

// confirmOK sends the ACK for a 200 and keeps it for repetitions (RFC 3261 13.2.2.4).
func (c *call) confirmOK(res *sip.Response) {
	c.ack = c.request(sip.ACK, res.CSeq().SeqNo)
	c.a.route(c.ack, c.next())
	c.sendACK(c.ack)
}

func (c *call) sendACK(ack *sip.Request) {
	if err := c.a.tpl.WriteMsg(ack); err != nil {
		c.log.Warn("cannot send ACK", "err", err)
	}
}

// again is a 200 that came after the first: a repetition gets the same ACK; one
// of another branch of a fork gets ACK and BYE, for one phone is enough.
func (c *call) again(res *sip.Response) {
	if !res.IsSuccess() || res.To() == nil {
		return
	}
	if c.ack == nil && c.phase != ended { // two came at once and this one overtook the first
		c.established(res)
		return
	}
	if c.ack != nil && tagOf(res.To().Params) == c.remoteTag {
		c.sendACK(c.ack)
		return
	}
	c.log.Warn("a second phone answered the same call; hanging it up")
	other := &call{a: c.a, log: c.log, leg: c.leg, peer: c.peer, callID: c.callID, localTag: c.localTag,
		remoteTag: tagOf(res.To().Params), local: c.local, remote: c.remote, target: c.target,
		localSeq: c.localSeq, hop: c.hop, phase: up, gone: true}
	other.follow(res)
	other.routes = recordRoutes(res, true)
	if src := source(res); src.IsValid() {
		other.hop.addr = src
	}
	other.confirmOK(res)
	c.a.hold()
	other.bye(tel.CauseAnswered, "somebody else answered")
}

// stray is a response without a transaction: a final one that is repeated after
// its transaction ended still wants its ACK.
func (a *Agent) stray(res *sip.Response) {
	id, cseq, via := res.CallID(), res.CSeq(), res.Via()
	if id == nil || cseq == nil || via == nil || cseq.MethodName != sip.INVITE || res.IsProvisional() {
		return
	}
	if !res.IsSuccess() {
		branch, _ := via.Params.Get("branch")
		a.mu.Lock()
		ack := a.acks[branch]
		a.mu.Unlock()
		if ack == nil {
			return
		}
		if err := a.tpl.WriteMsg(ack.Clone()); err != nil {
			a.log.Debug("cannot repeat an ACK", "err", err)
		}
		return
	}
	a.post.do(id.Value(), func(b *mailbox) {
		if b.call != nil {
			b.call.confirmAgain(res)
		}
		if b.call != nil && b.call.outgoing && b.call.ack != nil && cseq.SeqNo == b.call.ack.CSeq().SeqNo {
			b.call.again(res)
		}
	})
}

// takeBack cancels an outgoing call that nobody answered yet.
func (c *call) takeBack(cause tel.Cause, evidence string) {
	c.why = cause
	c.phase = leaving
	c.depart(cause, evidence, false)
	stop(c.patience)
	if c.heard {
		c.sendCancel()
	}
	// Whatever the other end does, a minute later this is over.
	c.patience = c.after(time.Minute, func() {
		if c.ctx != nil {
			c.ctx.Terminate()
		}
		c.end(cause, evidence, false)
	})
}

// sendCancel sends the CANCEL of the INVITE that is out (RFC 3261 9.1): same
// Request-URI, branch, From, To, Call-ID, number and routes.
func (c *call) sendCancel() {
	inv := c.out
	req := sip.NewRequest(sip.CANCEL, *inv.Recipient.Clone())
	req.AppendHeader(inv.Via().Clone())
	sip.CopyHeaders("Route", inv, req)
	for _, h := range []string{"From", "To", "Call-ID"} {
		sip.CopyHeaders(h, inv, req)
	}
	req.AppendHeader(&sip.CSeqHeader{SeqNo: inv.CSeq().SeqNo, MethodName: sip.CANCEL})
	hops := sip.MaxForwardsHeader(70)
	req.AppendHeader(&hops)
	req.AppendHeader(sip.NewHeader("User-Agent", c.a.agentName))
	c.send(req, c.hop, func(*sip.Response, error) {})
}

// authorize answers a 401 or 407 for a request that we sent to t ourselves: with
// its password, and only in the realm that asked first.
func (a *Agent) authorize(t *trunk, req *sip.Request, res *sip.Response) (sip.Header, error) {
	if t == nil || t.User == "" || t.Password == "" {
		return nil, errors.New("cannot authenticate: we have no password there")
	}
	in, out := "WWW-Authenticate", "Authorization"
	if res.StatusCode == 407 {
		in, out = "Proxy-Authenticate", "Proxy-Authorization"
	}
	chal, err := pickChallenge(values(res, in))
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	if t.realm == "" {
		t.realm = chal.Realm
	}
	same := t.realm == chal.Realm
	t.mu.Unlock()
	if !same {
		return nil, errors.New("cannot authenticate: the challenge is for another realm")
	}
	cred, err := digest.Digest(chal, digest.Options{Method: string(req.Method), URI: req.Recipient.String(),
		Username: t.User, Password: t.Password, Count: 1})
	if err != nil {
		return nil, err
	}
	return sip.NewHeader(out, cred.String()), nil
}

// pickChallenge takes the strongest challenge that we can answer (RFC 8760 2.3).
func pickChallenge(vs []string) (*digest.Challenge, error) {
	var best *digest.Challenge
	for _, v := range vs {
		ch, err := digest.ParseChallenge(v)
		if err != nil || strings.ContainsAny(ch.Realm+ch.Nonce+ch.Opaque, "\r\n\x00") {
			continue
		}
		ch.Algorithm = strings.ToUpper(ch.Algorithm)
		switch ch.Algorithm {
		case "SHA-256":
			return ch, nil
		case "", "MD5":
			if best == nil {
				best = ch
			}
		}
	}
	if best == nil {
		return nil, errors.New("cannot authenticate: no challenge that we can answer")
	}
	return best, nil
}
