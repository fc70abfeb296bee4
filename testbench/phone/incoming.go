package phone

import (
	"time"

	"github.com/emiago/sipgo/sip"
)

// invited is an incoming call.
func (p *Phone) invited(req *sip.Request, tx *sip.ServerTx) {
	c := p.newCall(req.CallID().Value())
	from := req.From()
	c.From, c.Name, c.To = from.Address.User, from.DisplayName, req.Recipient.User
	c.remote, c.target = *from.Address.Clone(), *from.Address.Clone()
	c.remoteTag, _ = from.Params.Get("tag")
	if h := req.Contact(); h != nil {
		c.target = *h.Address.Clone()
	}
	req.To().Params.Add("tag", c.tag)
	c.invite, c.itx, c.offered = req, tx, req.Body()
	p.add(c)
	tx.OnCancel(func(*sip.Request) { p.work.Go(func() { c.finish(487, "Request Terminated") }) })
	p.work.Go(func() {
		for {
			select {
			case <-tx.Acks():
			case <-tx.Done():
				return
			}
		}
	})
	if p.OnCall == nil {
		c.Ring()
		return
	}
	p.work.Go(func() { p.OnCall(c) })
}

// Ring sends 180.
func (c *Call) Ring() {
	if c.itx != nil && !c.over() {
		c.p.respond(c.invite, c.itx, 180, "Ringing", nil)
		c.mark(0)
	}
}

// Progress sends a provisional response of any kind.
func (c *Call) Progress(code int, reason string) {
	if c.itx != nil && !c.over() {
		c.p.respond(c.invite, c.itx, code, reason, nil)
	}
}

// Answer sends 200 and repeats it until the ACK is here or 32 s have passed.
func (c *Call) Answer() {
	if c.itx == nil || c.over() {
		return
	}
	c.mu.Lock()
	c.answered = true
	c.mu.Unlock()
	if err := c.audio.open(); err != nil {
		c.finish(0, err.Error())
		return
	}
	c.mu.Lock()
	req := c.invite
	c.mu.Unlock()
	body := c.describe(mirror(direction(req.Body())), len(req.Body()) > 0)
	if len(req.Body()) > 0 {
		c.audio.start(req.Body())
	}
	c.accept(req, c.itx, body)
}

// accept answers an INVITE with 200 until the ACK is here.
func (c *Call) accept(req *sip.Request, tx *sip.ServerTx, body []byte) {
	c.mu.Lock()
	c.acked = false
	c.mu.Unlock()
	c.p.respond(req, tx, 200, "OK", body)
	c.p.work.Go(func() {
		wait := sip.T1
		for range 10 {
			t := time.NewTimer(wait)
			select {
			case <-t.C:
			case <-c.ended:
				t.Stop()
				return
			case <-c.p.done:
				t.Stop()
				return
			}
			c.mu.Lock()
			acked := c.acked
			c.mu.Unlock()
			if acked {
				return
			}
			c.p.respond(req, tx, 200, "OK", body)
			wait = min(2*wait, sip.T2)
		}
	})
}

// Reject refuses the call with a code, such as 486 or 603.
func (c *Call) Reject(code int) {
	if c.itx == nil || c.over() {
		return
	}
	reasons := map[int]string{486: "Busy Here", 603: "Decline", 480: "Temporarily Unavailable", 404: "Not Found", 302: "Moved Temporarily"}
	c.p.respond(c.invite, c.itx, code, reasons[code], nil)
	c.finish(code, reasons[code])
}

// Busy refuses the call with 486.
func (c *Call) Busy() { c.Reject(486) }
