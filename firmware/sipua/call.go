package sipua

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/centralita/centralita/firmware/sipua/offer"
	"github.com/centralita/centralita/firmware/tel"
)

// phase is how far a call has come.
type phase uint8

const (
	offered  phase = iota // incoming: not answered; outgoing: not sent
	calling               // outgoing: the INVITE is out
	accepted              // incoming: our 200 is out, its ACK is not here
	up                    // both sides agree
	leaving               // our BYE or CANCEL is out
	ended
)

// call is one dialog and its leg (RFC 3261 12). Only the mailbox's goroutine
// touches it, unless a field says otherwise.
type call struct {
	a        *Agent
	box      *mailbox
	log      *slog.Logger
	leg      tel.LegID
	peer     peer
	counted  bool // on the trunk's limit
	outgoing bool
	phase    phase
	gone     bool // the house has been told

	// The dialog. Our own and the other side's From and To, the tags apart.
	callID              string
	localTag, remoteTag string
	local, remote       sip.FromHeader
	target              sip.Uri // remote target
	routes              []sip.Uri
	localSeq, remoteSeq uint32
	hop                 hop // where the peer's messages come from

	// Incoming: the INVITE that waits for us, or a re-INVITE whose 200 waits for its ACK.
	invite    *sip.Request
	itx       *sip.ServerTx
	cancelled atomic.Bool // set while the transaction is locked, before the mailbox hears of it
	ok        *sip.Response
	okAgain   *time.Timer
	okEvery   time.Duration
	okSince   time.Time
	late      bool // our offer is in the 200, its answer comes in the ACK
	minute    *time.Timer

	// Outgoing.
	to       Target
	from     From
	out      *sip.Request
	ctx      sip.ClientTransaction
	heard    bool // a provisional response came, so a CANCEL may go
	rang     bool
	tries    int
	ack      *sip.Request
	patience *time.Timer
	why      tel.Cause // of the hang-up that waits
	byeAfter bool      // BYE as soon as the ACK is here
	left     string    // outgoing: a BYE overtook the answer it belongs to

	// Audio.
	opened  bool
	half    *offer.Local
	now     Session
	held    bool
	audioAt netip.AddrPort // where it is
	told    netip.AddrPort // where the other end thinks that we are
	re      *refresh       // our last re-INVITE
}

// do runs fn later in the mailbox, if the call has not ended by then.
func (c *call) do(fn func()) {
	c.a.post.do(c.callID, func(*mailbox) {
		if c.phase != ended {
			fn()
		}
	})
}

// after runs fn in the mailbox when d has passed.
func (c *call) after(d time.Duration, fn func()) *time.Timer {
	return time.AfterFunc(d, func() { c.do(fn) })
}

func stop(t *time.Timer) {
	if t != nil {
		t.Stop()
	}
}

// tell reports an event of the leg unless it is gone.
func (c *call) tell(e Event) {
	if !c.gone {
		c.a.sink(e)
	}
}

// depart closes the leg's audio and tells the house. The dialog may still have
// to say goodbye.
func (c *call) depart(cause tel.Cause, evidence string, remote bool) {
	if c.gone {
		return
	}
	c.gone = true
	if c.opened {
		c.opened = false
		c.a.media.Close(c.leg)
	}
	if c.counted {
		c.counted = false
		c.peer.trunk.give()
	}
	c.a.mu.Lock()
	delete(c.a.legs, c.leg)
	c.a.mu.Unlock()
	c.log.Info("leg gone", "cause", string(cause), "evidence", evidence, "remote", remote)
	c.a.sink(Gone{Leg: c.leg, Cause: cause, Evidence: evidence, Remote: remote})
}

// end is the end of the dialog, and of the leg if it is still there.
func (c *call) end(cause tel.Cause, evidence string, remote bool) {
	if c.phase == ended {
		return
	}
	c.depart(cause, evidence, remote)
	c.phase = ended
	stop(c.okAgain)
	stop(c.minute)
	stop(c.patience)
	if c.re != nil {
		stop(c.re.limit)
	}
	if c.box != nil && c.box.call == c {
		c.box.call = nil
	}
	c.a.release()
}

// openMedia reserves the leg's RTP address.
func (c *call) openMedia() error {
	if c.opened {
		return nil
	}
	c.told = c.a.here() // before: audio that is opened may already be elsewhere
	at, err := c.a.media.Open(c.leg)
	if err != nil {
		return err
	}
	c.opened, c.audioAt = true, at
	c.half = offer.New(c.a.offerID.Add(1), at, offer.Codecs(c.peer.codecs()...))
	return nil
}

// settle applies what offer and answer agreed and notices hold.
func (c *call) settle(s offer.Session) {
	n := Session{Remote: s.Remote, RTCP: s.RTCP, Signalling: c.hop.addr.Addr(), ALaw: s.Codec == offer.PCMA,
		PT: s.PT, RecvPT: s.RecvPT, Send: s.Direction.Sends(), Recv: s.Direction.Receives()}
	if s.Event {
		n.EventPT, n.RecvEventPT = s.EventPT, s.RecvEvent
	}
	if n == c.now || c.gone {
		return
	}
	c.now = n
	if err := c.a.media.Set(c.leg, n); err != nil {
		c.log.Error("cannot set audio", "err", err)
		c.hangUp(tel.CauseError)
	}
}

// noticeHold tells the house when hold began or ended.
func (c *call) noticeHold() {
	if held := !c.now.Send; held != c.held {
		c.held = held
		c.tell(Held{Leg: c.leg, On: held})
	}
}

// matches reports whether req belongs to this dialog (RFC 3261 12.2.2).
func (c *call) matches(req *sip.Request) bool {
	from, to := req.From(), req.To()
	if from == nil || to == nil || tagOf(to.Params) != c.localTag {
		return false
	}
	if c.phase == calling && c.remoteTag == "" { // the response that names the tag was overtaken
		return true
	}
	return tagOf(from.Params) == c.remoteTag
}

// follow takes the remote target from a Contact (RFC 3261 12.1.1, 12.2.1.2, 12.2.2).
// Headers and method of the URI never become part of our requests.
func (c *call) follow(m interface{ Contact() *sip.ContactHeader }) {
	if h := m.Contact(); h != nil && (h.Address.Scheme == "sip" || h.Address.Scheme == "sips") {
		u := *h.Address.Clone()
		u.Headers = nil
		u.UriParams.Remove("method")
		c.target = u
	}
}

// recordRoutes reads a message's Record-Route headers as a route set.
func recordRoutes(m sip.Message, reverse bool) []sip.Uri {
	var out []sip.Uri
	for _, h := range m.GetHeaders("Record-Route") {
		rr, ok := h.(*sip.RecordRouteHeader)
		if !ok {
			continue
		}
		u := *rr.Address.Clone()
		u.Headers = nil
		out = append(out, u)
	}
	if reverse {
		for i, j := 0, len(out)-1; i < j; i, j = i+1, j-1 {
			out[i], out[j] = out[j], out[i]
		}
	}
	return out
}

// request builds a request inside the dialog (RFC 3261 12.2.1.1). seq 0 takes the next CSeq.
func (c *call) request(method sip.RequestMethod, seq uint32) *sip.Request {
	if seq == 0 {
		c.localSeq++
		seq = c.localSeq
	}
	to, routes := c.target, c.routes
	if len(routes) > 0 && !routes[0].UriParams.Has("lr") { // a strict router wants itself there
		to = routes[0]
		routes = append(append([]sip.Uri(nil), routes[1:]...), c.target)
	}
	from := c.local
	from.Params = sip.HeaderParams{{K: "tag", V: c.localTag}}
	remote := sip.ToHeader{DisplayName: c.remote.DisplayName, Address: c.remote.Address}
	if c.remoteTag != "" {
		remote.Params = sip.HeaderParams{{K: "tag", V: c.remoteTag}}
	}
	req := c.a.newRequest(method, to, c.callID, seq, &from, &remote)
	for _, r := range routes {
		req.AppendHeader(&sip.RouteHeader{Address: r})
	}
	return req
}

// next is where the next request of the dialog goes. Phones, and trunks that
// come to us, are reached where they come from, whatever their Contact says, for
// they may be behind NAT; a trunk's server is reached as RFC 3261 12.2.1.1 says.
func (c *call) next() hop {
	if c.peer.trunk == nil || c.peer.trunk.Server == "" {
		return c.hop
	}
	u := c.target
	if len(c.routes) > 0 {
		u = c.routes[0]
	} else if c.hop.transport == "TCP" {
		return c.hop
	}
	h, err := c.a.locate(u, c.hop.transport)
	if err != nil {
		c.log.Warn("cannot find the remote target; using where the peer came from", "err", err)
		return c.hop
	}
	if h.addr.Addr().IsPrivate() && !c.hop.addr.Addr().IsPrivate() && !c.hop.addr.Addr().IsLoopback() {
		return c.hop // a private address told by a peer out there is behind its NAT
	}
	return h
}

// locate finds the address of a SIP URI.
func (a *Agent) locate(u sip.Uri, transport string) (hop, error) {
	if t, ok := u.UriParams.Get("transport"); ok && (t == "tcp" || t == "TCP") {
		transport = "TCP"
	}
	port := u.Port
	if port == 0 {
		port = defaultPort
	}
	t := trunk{Trunk: Trunk{ID: "target", Server: netJoin(u.Host, port)}}
	at, err := t.server(a.base, a.cfg.Resolve)
	return hop{at, transport}, err
}

// send starts a transaction; answers come to fn in the mailbox, and nil with the
// error when there is no answer.
func (c *call) send(req *sip.Request, h hop, fn func(*sip.Response, error)) sip.ClientTransaction {
	return c.a.transact(c.callID, req, h, fn)
}

// errEnded is a transaction that ended with neither an answer nor an error.
var errEnded = errors.New("the transaction ended without an answer")

// transact sends req to h in a new client transaction. fn runs in the mailbox of
// id for every response, and last with an error if no final one came.
func (a *Agent) transact(id string, req *sip.Request, h hop, fn func(*sip.Response, error)) sip.ClientTransaction {
	a.route(req, h)
	if h.transport == "TCP" {
		if err := a.connect(h.addr); err != nil {
			fn(nil, err)
			return nil
		}
	}
	tx, err := a.txl.Request(context.Background(), req)
	if err != nil {
		fn(nil, err)
		return nil
	}
	go func() { // ends with the transaction; sipgo blocks until its responses are taken
		final := false
		for {
			select {
			case res := <-tx.Responses():
				final = final || !res.IsProvisional()
				if req.IsInvite() && final && !res.IsSuccess() {
					a.refused(req, res)
					tx.Terminate()
				}
				a.post.do(id, func(*mailbox) { fn(res, nil) })
			case <-tx.Done():
				if !final {
					err := tx.Err()
					if err == nil { // at the end of the program it goes without a word
						err = errEnded
					}
					a.post.do(id, func(*mailbox) { fn(nil, err) })
				}
				return
			}
		}
	}()
	return tx
}

// refused keeps the ACK of a failed INVITE for its repetitions (RFC 3261
// 17.1.1.2). The transaction could do that, but it holds its lock for four
// seconds each time, and whoever asks it anything waits with it; so it is ended.
func (a *Agent) refused(inv *sip.Request, res *sip.Response) {
	via := inv.Via()
	branch, _ := via.Params.Get("branch")
	ack := sip.NewRequest(sip.ACK, *inv.Recipient.Clone())
	ack.AppendHeader(via.Clone())
	sip.CopyHeaders("Route", inv, ack)
	sip.CopyHeaders("From", inv, ack)
	sip.CopyHeaders("To", res, ack)
	sip.CopyHeaders("Call-ID", inv, ack)
	ack.AppendHeader(&sip.CSeqHeader{SeqNo: inv.CSeq().SeqNo, MethodName: sip.ACK})
	hops := sip.MaxForwardsHeader(70)
	ack.AppendHeader(&hops)
	dst, err := netip.ParseAddrPort(inv.Destination())
	if err != nil {
		return // it was sent there, so it is an address
	}
	a.route(ack, hop{dst, inv.Transport()})
	a.mu.Lock()
	a.acks[branch] = ack
	a.mu.Unlock()
	time.AfterFunc(64*sip.T1, func() {
		a.mu.Lock()
		delete(a.acks, branch)
		a.mu.Unlock()
	})
}

// connect makes sure of a TCP connection.
func (a *Agent) connect(to netip.AddrPort) error {
	if a.streams == nil {
		return errNoTCP
	}
	ctx, cancel := context.WithTimeout(a.base, 5*time.Second)
	defer cancel()
	return a.streams.connect(ctx, to)
}

// bye ends a dialog that is up, and the leg.
func (c *call) bye(cause tel.Cause, evidence string) {
	c.depart(cause, evidence, false)
	c.phase = leaving
	stop(c.okAgain)
	stop(c.patience)
	req := c.request(sip.BYE, 0)
	c.send(req, c.next(), func(res *sip.Response, err error) {
		if err == nil && res.IsProvisional() {
			return
		}
		// A challenge to a BYE is not answered: whoever asks for the password
		// here wants it for himself.
		c.end(cause, evidence, false)
	})
}

// hangUp ends the call in whatever phase it is.
func (c *call) hangUp(cause tel.Cause) {
	switch c.phase {
	case offered:
		if c.outgoing {
			c.end(cause, "never sent", false)
			return
		}
		code, reason := codeOf(cause)
		c.refuse(cause, code, reason)
	case calling:
		c.takeBack(cause, string(cause))
	case accepted:
		// No BYE before the ACK is here or will not come (RFC 3261 15).
		c.byeAfter, c.why = true, cause
		c.depart(cause, "hung up before the ACK", false)
	case up:
		c.bye(cause, "we hung up")
	}
}
