package sipua

import (
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/centralita/centralita/firmware/sipua/offer"
	"github.com/centralita/centralita/firmware/tel"
)

// refreshLimit is how long a re-INVITE of ours may stay without a final answer.
const refreshLimit = 32 * time.Second

// refresh is a re-INVITE of ours: it tells the other end where we are (RFC 3261 14.1).
type refresh struct {
	req   *sip.Request
	tries int          // challenges answered
	ack   *sip.Request // of its 200; nil: it waits for its answer
	limit *time.Timer
}

// refreshes reports whether a re-INVITE of ours waits for its answer.
func (c *call) refreshes() bool { return c.re != nil && c.re.ack == nil }

// rehome lets what we say next in the dialog name the address that we have now. Audio
// whose socket has an address of its own stays where it is.
func (c *call) rehome() {
	was := c.told
	c.told = c.a.here()
	if c.half != nil && was.Addr() != c.told.Addr() && c.audioAt.Addr() == was.Addr() {
		c.audioAt = netip.AddrPortFrom(c.told.Addr(), c.audioAt.Port())
		c.half.Move(c.audioAt)
	}
}

// catchUp tells the other end of a call that is up where we are, if it believes that we
// are somewhere else. While another INVITE of the dialog is not settled, that waits.
func (c *call) catchUp() {
	if c.gone || c.phase != up || c.ok != nil || c.refreshes() || c.told == c.a.here() {
		return
	}
	c.rehome()
	c.log.Info("telling the other end our new address", "address", c.told.String())
	c.reinviteThem(0, nil)
}

// reinviteThem sends the re-INVITE; auth adds the answer to a challenge.
func (c *call) reinviteThem(tries int, auth sip.Header) {
	req := c.request(sip.INVITE, 0)
	req.AppendHeader(contactAt(c.told, c.localUser(), c.hop.transport))
	req.AppendHeader(sip.NewHeader("Allow", allowed))
	if auth != nil {
		req.AppendHeader(auth)
	}
	setBody(req, c.half.Offer(offer.SendRecv))
	re := &refresh{req: req, tries: tries}
	c.re = re
	re.limit = c.after(refreshLimit, func() {
		if c.re == re && re.ack == nil {
			c.bye(tel.CauseLost, "no answer to our new address in 32 s")
		}
	})
	tx := c.send(req, c.next(), func(res *sip.Response, err error) {
		if c.re == re && (err != nil || !res.IsProvisional()) {
			c.refreshed(re, res, err)
		}
	})
	if tx != nil {
		tx.OnRetransmission(func(res *sip.Response) {
			c.a.post.do(c.callID, func(*mailbox) { c.confirmAgain(res) })
		})
	}
}

// refreshed is the final answer to our re-INVITE.
func (c *call) refreshed(re *refresh, res *sip.Response, err error) {
	stop(re.limit)
	if err == nil && res.IsSuccess() { // it wants its ACK whatever became of the call
		if c.phase == up {
			c.follow(res)
		}
		re.ack = c.request(sip.ACK, re.req.CSeq().SeqNo)
		c.a.route(re.ack, c.next())
		c.sendACK(re.ack)
	} else {
		c.re = nil
	}
	switch {
	case c.phase != up: // it was hung up meanwhile
	case err != nil:
		c.bye(tel.CauseLost, "no answer to our new address: "+tel.CleanText(err.Error()).String())
	case res.IsSuccess():
		s, err := c.half.Accept(res.Body())
		if err != nil { // the session stays as it was
			c.log.Info("the answer to our new address cannot be used", "err", tel.CleanText(err.Error()).String())
			return
		}
		c.settle(s)
		c.noticeHold()
		c.catchUp()
	case res.StatusCode == 491: // both asked at once (RFC 3261 14.1)
		c.told = netip.AddrPort{}
		c.after(c.glare(), c.catchUp)
	case (res.StatusCode == 401 || res.StatusCode == 407) && re.tries == 0:
		auth, err := c.a.authorize(c.peer.trunk, re.req, res)
		if err != nil {
			c.log.Info("the other end was not told our new address", "evidence", evidence(res))
			return
		}
		c.reinviteThem(1, auth)
	case res.StatusCode == 408 || res.StatusCode == 481: // it knows of no such call (RFC 3261 12.2.1.2)
		c.bye(tel.CauseLost, evidence(res)+" to our new address")
	default: // the session stays as it was
		c.log.Info("the other end was not told our new address", "evidence", evidence(res))
	}
}

// glare is how long we wait when both sides asked at once: who made the Call-ID waits
// longer (RFC 3261 14.1).
func (c *call) glare() time.Duration {
	if c.outgoing {
		return 2100*time.Millisecond + time.Duration(rand.IntN(190))*10*time.Millisecond
	}
	return time.Duration(1+rand.IntN(199)) * 10 * time.Millisecond
}

// confirmAgain repeats the ACK for a 200 to our re-INVITE that came again.
func (c *call) confirmAgain(res *sip.Response) {
	if cseq := res.CSeq(); res.IsSuccess() && c.re != nil && c.re.ack != nil && cseq != nil && cseq.SeqNo == c.re.ack.CSeq().SeqNo {
		c.sendACK(c.re.ack)
	}
}
