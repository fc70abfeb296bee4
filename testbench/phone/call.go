package phone

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"
)

// Call is one call of a phone. Its methods may be used from any goroutine.
type Call struct {
	From, Name string // incoming: number and name of the caller
	To         string // the number that was called
	Outgoing   bool

	p         *Phone
	id        string
	tag       string
	remoteTag string
	remote    sip.Uri
	target    sip.Uri
	seq       uint32
	invite    *sip.Request
	itx       *sip.ServerTx
	out       *sip.Request
	heard1xx  bool

	ringing, up, ended chan struct{}
	once               [3]sync.Once

	acks      sync.Mutex // held while an ACK is sent
	mu        sync.Mutex
	code      int
	reason    string
	offered   []byte // the other side's latest description
	acked     bool
	confirmed *sip.Request // the ACK of the latest re-INVITE, for a repeated 200
	version   int
	hangup    bool
	answered  bool // incoming: the 200 is out

	audio *audio
}

func (p *Phone) newCall(id string) *Call {
	c := &Call{p: p, id: id, tag: rand.Text(), ringing: make(chan struct{}), up: make(chan struct{}), ended: make(chan struct{})}
	c.audio = newAudio(c)
	return c
}

// Call calls a number and returns at once.
func (p *Phone) Call(to string) *Call {
	c := p.newCall(rand.Text())
	c.To, c.Outgoing = to, true
	c.remote, c.target = p.uri(to), p.uri(to)
	p.add(c)
	p.work.Go(c.dial)
	return c
}

// dial sends the INVITE, once more with the password if it is asked for.
func (c *Call) dial() {
	p := c.p
	if err := c.audio.open(); err != nil {
		c.finish(0, err.Error())
		return
	}
	var auth sip.Header
	for {
		c.mu.Lock()
		c.seq++
		req := p.newRequest(sip.INVITE, c.target, c.id, c.seq, c.tag, c.remote, "")
		c.out, c.heard1xx = req, false
		c.mu.Unlock()
		req.AppendHeader(p.contact())
		if auth != nil {
			req.AppendHeader(auth)
		}
		if !p.acc.LateOffer {
			setSDP(req, c.describe("sendrecv", false))
		}
		res, tx, err := c.outcome(req)
		if err != nil {
			c.finish(0, err.Error())
			return
		}
		if (res.StatusCode == 401 || res.StatusCode == 407) && auth == nil && !c.hungUp() {
			if auth, err = p.credentials(req, res); err != nil {
				c.finish(res.StatusCode, err.Error())
				return
			}
			continue
		}
		if !res.IsSuccess() {
			c.finish(res.StatusCode, res.Reason)
			return
		}
		c.established(res, tx)
		return
	}
}

// outcome waits for the final answer to an INVITE.
func (c *Call) outcome(req *sip.Request) (*sip.Response, sip.ClientTransaction, error) {
	if err := c.p.prepare(req); err != nil {
		return nil, nil, err
	}
	tx, err := c.p.txl.Request(context.Background(), req)
	if err != nil {
		return nil, nil, err
	}
	for {
		select {
		case res := <-tx.Responses():
			if !res.IsProvisional() {
				if res.IsSuccess() {
					c.p.drain(tx)
				} else {
					c.p.refused(req, res)
					tx.Terminate()
				}
				return res, tx, nil
			}
			c.mu.Lock()
			first := !c.heard1xx
			c.heard1xx = true
			cancel := first && c.hangup
			c.mu.Unlock()
			if res.StatusCode > 100 {
				c.mark(0)
			}
			if cancel {
				c.cancel()
			}
		case <-tx.Done():
			return nil, nil, fmt.Errorf("no answer: %w", tx.Err())
		}
	}
}

// refused keeps the ACK of a failed INVITE for its repetitions, for sipgo's own
// way to repeat it holds a lock for four seconds.
func (p *Phone) refused(inv *sip.Request, res *sip.Response) {
	ack := sip.NewRequest(sip.ACK, *inv.Recipient.Clone())
	ack.AppendHeader(inv.Via().Clone())
	sip.CopyHeaders("From", inv, ack)
	sip.CopyHeaders("To", res, ack)
	sip.CopyHeaders("Call-ID", inv, ack)
	ack.AppendHeader(&sip.CSeqHeader{SeqNo: inv.CSeq().SeqNo, MethodName: sip.ACK})
	hops := sip.MaxForwardsHeader(70)
	ack.AppendHeader(&hops)
	if err := p.prepare(ack); err != nil {
		return // the connection is gone, and so is who waits for it
	}
	branch, _ := inv.Via().Params.Get("branch")
	p.mu.Lock()
	p.acks[branch] = ack
	p.mu.Unlock()
}

// stray confirms a failure that is repeated.
func (p *Phone) stray(res *sip.Response) {
	branch, _ := res.Via().Params.Get("branch")
	p.mu.Lock()
	ack := p.acks[branch]
	p.mu.Unlock()
	if ack == nil || res.CSeq().MethodName != sip.INVITE {
		return
	}
	if err := p.tpl.WriteMsg(ack.Clone()); err != nil {
		slog.Debug("a phone cannot confirm again", "err", err)
	}
}

// established takes a 200 and confirms it.
func (c *Call) established(res *sip.Response, tx sip.ClientTransaction) {
	c.mu.Lock()
	c.remoteTag, _ = res.To().Params.Get("tag")
	if h := res.Contact(); h != nil {
		c.target = *h.Address.Clone()
	}
	c.offered = res.Body()
	ack := c.p.newRequest(sip.ACK, c.target, c.id, c.out.CSeq().SeqNo, c.tag, c.remote, c.remoteTag)
	c.mu.Unlock()
	if c.p.acc.LateOffer {
		setSDP(ack, c.describe("sendrecv", true))
	}
	c.audio.start(res.Body())
	if !c.p.acc.NoACK {
		if err := c.sendACK(ack); err != nil {
			c.finish(0, err.Error())
			return
		}
		tx.OnRetransmission(func(*sip.Response) {
			if err := c.sendACK(ack); err != nil {
				slog.Debug("a phone cannot confirm again", "err", err)
			}
		})
	}
	c.mark(1)
	if c.hungUp() {
		c.bye()
	}
}

// confirmAgain sends the ACK of a re-INVITE once more when its 200 is repeated.
func (p *Phone) confirmAgain(res *sip.Response) {
	p.mu.Lock()
	c := p.calls[res.CallID().Value()]
	p.mu.Unlock()
	if c == nil {
		return
	}
	c.mu.Lock()
	ack := c.confirmed
	c.mu.Unlock()
	if ack == nil || ack.CSeq().SeqNo != res.CSeq().SeqNo {
		return
	}
	if err := c.sendACK(ack); err != nil {
		slog.Debug("a phone cannot confirm again", "err", err)
	}
}

// sendACK sends an ACK, one at a time, for sipgo writes into what it sends.
func (c *Call) sendACK(ack *sip.Request) error {
	c.acks.Lock()
	defer c.acks.Unlock()
	if err := c.p.prepare(ack); err != nil {
		return err
	}
	return c.p.tpl.WriteMsg(ack)
}

// HangUp ends the call: BYE when it is up, CANCEL when it rings there, 603 when
// it rings here.
func (c *Call) HangUp() {
	select {
	case <-c.ended:
		return
	case <-c.up:
		c.bye()
		return
	default:
	}
	c.mu.Lock()
	if !c.Outgoing && !c.answered {
		c.mu.Unlock()
		c.Reject(603)
		return
	}
	c.hangup = true // a BYE must wait for the ACK, a CANCEL for a response
	now := c.Outgoing && c.heard1xx
	c.mu.Unlock()
	if now {
		c.cancel()
	}
}

func (c *Call) hungUp() bool { c.mu.Lock(); defer c.mu.Unlock(); return c.hangup }

func (c *Call) cancel() {
	c.mu.Lock()
	inv := c.out
	c.mu.Unlock()
	req := sip.NewRequest(sip.CANCEL, *inv.Recipient.Clone())
	req.AppendHeader(inv.Via().Clone())
	for _, h := range []string{"From", "To", "Call-ID"} {
		sip.CopyHeaders(h, inv, req)
	}
	req.AppendHeader(&sip.CSeqHeader{SeqNo: inv.CSeq().SeqNo, MethodName: sip.CANCEL})
	hops := sip.MaxForwardsHeader(70)
	req.AppendHeader(&hops)
	c.p.work.Go(func() { c.try(req) })
}

// try sends a request of the call and returns its answer, nil without one.
func (c *Call) try(req *sip.Request) *sip.Response {
	ctx, cancel := context.WithTimeout(context.Background(), 35*time.Second)
	defer cancel()
	go func() {
		select {
		case <-c.p.done:
			cancel()
		case <-ctx.Done():
		}
	}()
	res, err := c.p.do(ctx, req)
	if err != nil {
		return nil
	}
	return res
}

// bye ends a call that is up.
func (c *Call) bye() {
	req := c.within2(sip.BYE)
	c.finish(0, "hung up here")
	c.p.work.Go(func() { c.try(req) })
}

// within2 builds the next request of the dialog.
func (c *Call) within2(m sip.RequestMethod) *sip.Request {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seq++
	return c.p.newRequest(m, c.target, c.id, c.seq, c.tag, c.remote, c.remoteTag)
}

// within handles a request of the dialog.
func (c *Call) within(req *sip.Request, tx *sip.ServerTx) {
	switch req.Method {
	case sip.ACK:
		c.mu.Lock()
		c.acked = true
		if len(req.Body()) > 0 {
			c.offered = req.Body()
		}
		c.mu.Unlock()
		if len(req.Body()) > 0 {
			c.audio.start(req.Body())
		}
		c.mark(1)
		if c.hungUp() {
			c.bye()
		}
	case sip.BYE:
		c.p.respond(req, tx, 200, "OK", nil)
		c.finish(0, "BYE")
	case sip.INVITE:
		c.mu.Lock()
		c.offered = req.Body()
		c.mu.Unlock()
		c.audio.start(req.Body())
		c.accept(req, tx, c.describe(mirror(direction(req.Body())), true))
	default:
		c.p.respond(req, tx, 200, "OK", nil)
	}
}

// mark closes ringing (0) or up (1).
func (c *Call) mark(i int) {
	c.once[i].Do(func() { close([]chan struct{}{c.ringing, c.up}[i]) })
}

// finish ends the call on this side.
func (c *Call) finish(code int, reason string) {
	c.once[2].Do(func() {
		c.mu.Lock()
		c.code, c.reason = code, reason
		c.mu.Unlock()
		c.p.remove(c)
		c.audio.stop()
		close(c.ended)
	})
}

func (c *Call) over() bool {
	select {
	case <-c.ended:
		return true
	default:
		return false
	}
}

// Ringing is closed when the other phone rings, or this one does.
func (c *Call) Ringing() <-chan struct{} { return c.ringing }

// Up is closed when the call is answered and confirmed.
func (c *Call) Up() <-chan struct{} { return c.up }

// Ended is closed when the call is over.
func (c *Call) Ended() <-chan struct{} { return c.ended }

// End is the code of the failure (0 for a call that was up) and the reason.
func (c *Call) End() (int, string) { c.mu.Lock(); defer c.mu.Unlock(); return c.code, c.reason }

// WaitUp waits until the call is answered.
func (c *Call) WaitUp(ctx context.Context) error {
	select {
	case <-c.up:
		return nil
	case <-c.ended:
		code, reason := c.End()
		return fmt.Errorf("the call ended: %d %s", code, reason)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// WaitEnd waits until the call is over.
func (c *Call) WaitEnd(ctx context.Context) error {
	select {
	case <-c.ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
