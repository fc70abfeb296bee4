package phone

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"
)

// HoldForm is a way to say hold (RFC 3264 8.4).
type HoldForm int

// The two forms, and the one that wants no audio at all.
const (
	SendOnly HoldForm = iota // a=sendonly
	NullAddr                 // c=IN IP4 0.0.0.0, as RFC 2543 has it
	Inactive                 // a=inactive
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

	mu        sync.Mutex
	code      int
	reason    string
	offered   []byte // the other side's latest description
	answers   int
	acked     bool
	confirmed *sip.Request // the ACK of the latest re-INVITE, for a repeated 200
	version   int
	hangup    bool

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
	if err := p.tpl.WriteMsg(ack); err != nil {
		slog.Debug("a phone cannot confirm again", "err", err)
	}
}

func (c *Call) sendACK(ack *sip.Request) error {
	if err := c.p.prepare(ack); err != nil {
		return err
	}
	return c.p.tpl.WriteMsg(ack)
}

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
	if !c.Outgoing {
		c.Reject(603)
		return
	}
	c.mu.Lock()
	c.hangup = true
	now := c.heard1xx
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

// Hold puts the other side on hold and waits for its answer.
func (c *Call) Hold(f HoldForm) error {
	switch f {
	case NullAddr:
		return c.reinvite("null")
	case Inactive:
		return c.reinvite("inactive")
	}
	return c.reinvite("sendonly")
}

// Resume ends the hold.
func (c *Call) Resume() error { return c.reinvite("sendrecv") }

// Refresh sends a re-INVITE that changes nothing but the Contact, when Account.Claim did.
func (c *Call) Refresh() error { return c.reinvite("sendrecv") }

// reinvite changes the session; when the other side is not ready for it, once
// more after a while (RFC 3261 14.1).
func (c *Call) reinvite(dir string) error {
	var err error
	for range 5 {
		var again bool
		if again, err = c.change(dir); !again {
			return err
		}
		t := time.NewTimer(2100 * time.Millisecond)
		select {
		case <-t.C:
		case <-c.ended:
			t.Stop()
			return err
		}
	}
	return err
}

func (c *Call) change(dir string) (again bool, err error) {
	req := c.within2(sip.INVITE)
	req.AppendHeader(c.p.contact())
	setSDP(req, c.describe(dir, false))
	res := c.try(req)
	if res == nil {
		return false, errors.New("cannot change the session: no answer")
	}
	if !res.IsSuccess() {
		again = res.StatusCode == 491 || res.StatusCode == 500
		return again, fmt.Errorf("cannot change the session: %d %s", res.StatusCode, res.Reason)
	}
	c.mu.Lock()
	c.offered = res.Body()
	ack := c.p.newRequest(sip.ACK, c.target, c.id, req.CSeq().SeqNo, c.tag, c.remote, c.remoteTag)
	c.mu.Unlock()
	c.audio.start(res.Body())
	c.mu.Lock()
	c.confirmed = ack
	c.mu.Unlock()
	return false, c.sendACK(ack)
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

// Direction is what the other side's latest description says: "sendrecv",
// "sendonly", "recvonly" or "inactive".
func (c *Call) Direction() string { c.mu.Lock(); defer c.mu.Unlock(); return direction(c.offered) }

// Description is the other side's latest SDP.
func (c *Call) Description() string { c.mu.Lock(); defer c.mu.Unlock(); return string(c.offered) }

func setSDP(req *sip.Request, body []byte) {
	req.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
	req.SetBody(body)
}

// describe makes the phone's SDP. As an answer it names only what was offered.
func (c *Call) describe(dir string, answer bool) []byte {
	c.mu.Lock()
	c.version++
	version, offered := c.version, c.offered
	c.mu.Unlock()
	pts := c.p.acc.Codecs
	if pts == nil {
		pts = []int{8, 0}
	}
	addr := c.p.claimed().Addr().String()
	null := dir == "null"
	if null {
		addr, dir = "0.0.0.0", "sendrecv"
	}
	events := !c.p.acc.NoEvents
	if answer {
		_, theirs, ev := readMedia(offered)
		events = events && ev > 0
		var both []int
		for _, t := range theirs {
			for _, o := range pts {
				if t == o {
					both = append(both, t)
				}
			}
		}
		if len(both) > 0 {
			pts = both[:1]
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "v=0\r\no=- 1 %d IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\nm=audio %d RTP/AVP", version, c.p.addr.Addr(), addr, c.audio.port())
	for _, pt := range pts {
		fmt.Fprintf(&b, " %d", pt)
	}
	if events {
		b.WriteString(" 101")
	}
	b.WriteString("\r\n")
	for _, pt := range pts {
		fmt.Fprintf(&b, "a=rtpmap:%d %s/8000\r\n", pt, map[int]string{0: "PCMU", 8: "PCMA", 9: "G722", 18: "G729"}[pt])
	}
	if events {
		b.WriteString("a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n")
	}
	fmt.Fprintf(&b, "a=%s\r\n", dir)
	return []byte(b.String())
}

// direction reads the direction of a description.
func direction(body []byte) string {
	d := "sendrecv"
	for _, l := range sdpLines(body) {
		switch l {
		case "a=sendrecv", "a=sendonly", "a=recvonly", "a=inactive":
			d = l[2:]
		}
	}
	return d
}

func mirror(d string) string {
	switch d {
	case "sendonly":
		return "recvonly"
	case "recvonly":
		return "sendonly"
	}
	return d
}

// readMedia reads where the other side's audio is, its formats and its event type.
func readMedia(body []byte) (at netip.AddrPort, pts []int, event int) {
	var addr netip.Addr
	port := 0
	for _, l := range sdpLines(body) {
		switch {
		case strings.HasPrefix(l, "c=IN IP4 "), strings.HasPrefix(l, "c=IN IP6 "):
			if a, err := netip.ParseAddr(l[9:]); err == nil {
				addr = a
			}
		case strings.HasPrefix(l, "m=audio "):
			f := strings.Fields(l)
			if len(f) < 4 {
				continue
			}
			port, _ = strconv.Atoi(f[1]) // a bad port is 0: no audio
			for _, s := range f[3:] {
				if n, err := strconv.Atoi(s); err == nil {
					pts = append(pts, n)
				}
			}
		case strings.HasPrefix(l, "a=rtpmap:") && strings.Contains(strings.ToLower(l), "telephone-event/8000"):
			num, _, _ := strings.Cut(l[len("a=rtpmap:"):], " ")
			event, _ = strconv.Atoi(num)
		}
	}
	if !addr.IsValid() || addr.IsUnspecified() || port == 0 {
		return netip.AddrPort{}, pts, event
	}
	return netip.AddrPortFrom(addr, uint16(port)), pts, event
}

var _ net.Listener = (*single)(nil)
