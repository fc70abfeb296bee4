package sipua

import (
	"math/rand/v2"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/centralita/centralita/firmware/tel"
)

// Our registrations.
const (
	askExpires   = 600              // seconds that we ask a trunk for
	firstBackoff = 2 * time.Second  // after a registration that failed; doubled each time
	longBackoff  = 5 * time.Minute  // and no longer than this
	staticCheck  = 60 * time.Second // of a trunk without registration: OPTIONS
)

// trunkReg is our registration at one trunk, or, for a trunk without one, the
// question whether it is there. It lives in the mailbox of its Call-ID.
type trunkReg struct {
	a       *Agent
	t       *trunk
	id, tag string
	seq     uint32
	asks    int // seconds
	fails   int
	timer   *time.Timer
	contact netip.AddrPort   // where we say that we are
	stale   []netip.AddrPort // where we said so before, and the trunk may still believe it
	out     *sip.Request     // that waits for its answer; nil: none does
	tx      sip.ClientTransaction
	tries   int // challenges answered for the request that is out
	off     bool
	bound   bool   // the trunk holds a binding of ours
	after   func() // the registration was taken back
	holds   bool   // the agent, until then
}

// startTrunks begins what keeps our trunks up.
func (a *Agent) startTrunks() {
	for _, t := range a.roster().trunks {
		a.startTrunk(t)
	}
}

// startTrunk begins what keeps one trunk up.
func (a *Agent) startTrunk(t *trunk) {
	if t.Server == "" {
		if !t.Accepts {
			a.trunkUp(t, true, "known by its address")
		}
		return
	}
	r := &trunkReg{a: a, t: t, id: newTag(), tag: newTag(), asks: askExpires}
	a.post.keep(r)
	a.post.do(r.id, func(*mailbox) { r.again() })
}

// stopTrunks takes our registrations back and ends their timers.
func (a *Agent) stopTrunks() {
	a.eachTrunk(func(b *mailbox) {
		b.dismiss().signOff()
	})
}

// eachTrunk does something with the keeper of each trunk, in its mailbox.
func (a *Agent) eachTrunk(do func(b *mailbox)) {
	a.post.mu.Lock()
	var ids []string
	for id, b := range a.post.boxes {
		if b.reg != nil {
			ids = append(ids, id)
		}
	}
	a.post.mu.Unlock()
	for _, id := range ids {
		a.post.do(id, func(b *mailbox) {
			if b.reg != nil {
				do(b)
			}
		})
	}
}

// again sends REGISTER, or OPTIONS where we do not register.
func (r *trunkReg) again() {
	if r.off || r.out != nil {
		return
	}
	stop(r.timer)
	r.tries, r.contact = 0, r.a.here()
	if !r.t.Register {
		r.sendTo(r.build(sip.OPTIONS, 0), r.pong)
		return
	}
	r.sendTo(r.build(sip.REGISTER, r.asks), r.registered)
}

// build makes the request. expires counts for REGISTER only.
func (r *trunkReg) build(method sip.RequestMethod, expires int) *sip.Request {
	host, _, _ := splitServer(r.t.Server) // checked by New
	us := r.t.User
	if us == "" {
		us = string(r.t.Number)
	}
	to := r.t.uri("") // the registrar itself has no user (RFC 3261 10.2)
	r.seq++
	from := &sip.FromHeader{Address: hostURI(user(us), host), Params: sip.HeaderParams{{K: "tag", V: r.tag}}}
	req := r.a.newRequest(method, to, r.id, r.seq, from, &sip.ToHeader{Address: hostURI(user(us), host)})
	if method != sip.REGISTER {
		req.AppendHeader(contactAt(r.contact, user(us), r.t.transport()))
		return req
	}
	for _, c := range r.contacts(user(us)) {
		req.AppendHeader(c)
	}
	req.AppendHeader(sip.NewHeader("Expires", strconv.Itoa(expires)))
	return req
}

// sendTo sends req to the trunk; then runs with its final answer, unless it is given up.
func (r *trunkReg) sendTo(req *sip.Request, then func(*sip.Request, *sip.Response, error)) {
	r.out = req
	answered := func(res *sip.Response, err error) {
		if r.out != req || err == nil && res.IsProvisional() {
			return
		}
		r.out = nil
		then(req, res, err)
	}
	at, err := r.t.server(r.a.base, r.a.cfg.Resolve)
	if err != nil {
		answered(nil, err)
		return
	}
	r.tx = r.a.transact(r.id, req, hop{at, r.t.transport()}, answered)
}

// registered is the answer to REGISTER.
func (r *trunkReg) registered(req *sip.Request, res *sip.Response, err error) {
	if r.off {
		r.answeredLate(res, err)
		return
	}
	switch {
	case err != nil:
		r.failed("no answer: " + tel.CleanText(err.Error()).String())
	case (res.StatusCode == 401 || res.StatusCode == 407) && r.tries < 2:
		auth, err := r.a.authorize(r.t, req, res)
		if err != nil {
			r.failed(evidence(res) + "; " + tel.CleanText(err.Error()).String())
			return
		}
		r.tries++ // twice, because a nonce may have grown old
		next := r.build(sip.REGISTER, r.asks)
		next.AppendHeader(auth)
		r.sendTo(next, r.registered)
	case res.StatusCode == 423: // it wants longer (RFC 3261 10.2.8)
		if h := res.GetHeader("Min-Expires"); h != nil {
			if n, err := strconv.Atoi(strings.TrimSpace(h.Value())); err == nil && n > r.asks && n <= 86400 {
				r.asks = n
				r.again()
				return
			}
		}
		r.failed(evidence(res))
	case res.IsSuccess():
		r.fails, r.bound, r.stale = 0, true, nil
		r.a.trunkUp(r.t, true, "we are registered")
		left := time.Duration(r.granted(res)) * time.Second
		r.schedule(max(left*8/10, 5*time.Second))
	default:
		r.stale = nil // one that takes a single Contact would refuse for ever
		r.failed(evidence(res))
	}
}

// granted is for how many seconds the registrar holds our binding.
func (r *trunkReg) granted(res *sip.Response) int {
	secs := r.asks
	if h := res.GetHeader("Expires"); h != nil {
		if n, err := strconv.Atoi(strings.TrimSpace(h.Value())); err == nil && n > 0 {
			secs = min(secs, n)
		}
	}
	for _, h := range res.GetHeaders("Contact") {
		c, ok := h.(*sip.ContactHeader)
		if !ok || c.Address.Host != r.contact.Addr().String() {
			continue
		}
		if v, ok := c.Params.Get("expires"); ok {
			if n, err := strconv.Atoi(v); err == nil && n > 0 {
				secs = min(secs, n)
			}
		}
	}
	return secs
}

// pong is the answer to OPTIONS. Any answer shows that the trunk is there, but
// for those that say it cannot serve.
func (r *trunkReg) pong(_ *sip.Request, res *sip.Response, err error) {
	switch {
	case r.off:
	case err != nil:
		r.failed("no answer: " + tel.CleanText(err.Error()).String())
	case res.StatusCode == 503 || res.StatusCode == 408:
		r.failed(evidence(res))
	default:
		r.fails = 0
		r.a.trunkUp(r.t, true, "it answers")
		r.schedule(staticCheck)
	}
}

// failed tries again later: 2, 4, 8 … 300 seconds, each up to a quarter less so
// that a house full of boxes does not come at once.
func (r *trunkReg) failed(why string) {
	r.a.trunkUp(r.t, false, why)
	wait := min(firstBackoff<<min(r.fails, 16), longBackoff)
	r.fails++
	r.schedule(wait - time.Duration(rand.Int64N(int64(wait)/4)))
}

func (r *trunkReg) schedule(d time.Duration) {
	stop(r.timer)
	r.timer = time.AfterFunc(d, func() {
		r.a.post.do(r.id, func(*mailbox) { r.again() })
	})
}

// signOff ends the registration and removes the binding at the trunk.
func (r *trunkReg) signOff() {
	if r.off {
		return
	}
	r.off = true
	stop(r.timer)
	switch {
	case r.bound:
		r.detain()
		r.takeBack()
	case r.t.Register && r.out != nil: // its answer says whether there is something to take back
		r.detain()
		if r.after != nil { // somebody waits, but not for a trunk that is silent
			r.timer = time.AfterFunc(farewellLimit, func() { r.a.post.do(r.id, func(*mailbox) { r.over() }) })
		}
	default:
		r.over()
	}
}

// detain keeps the agent from ending, and lets answers of the trunk in, until over: it
// may be one that nobody knows any more.
func (r *trunkReg) detain() {
	r.a.hold()
	r.holds = true
	r.a.mu.Lock()
	r.a.parting[r] = r.t
	r.a.mu.Unlock()
}

// answeredLate is the answer to a REGISTER after which we signed off.
func (r *trunkReg) answeredLate(res *sip.Response, err error) {
	if err != nil || !res.IsSuccess() {
		r.over()
		return
	}
	stop(r.timer)
	r.takeBack()
}

// takeBack sends the REGISTER that removes our binding.
func (r *trunkReg) takeBack() {
	r.tries = 0
	var last func(*sip.Request, *sip.Response, error)
	last = func(req *sip.Request, res *sip.Response, err error) {
		if err == nil && (res.StatusCode == 401 || res.StatusCode == 407) && r.tries == 0 {
			if auth, err := r.a.authorize(r.t, req, res); err == nil {
				r.tries++
				next := r.build(sip.REGISTER, 0)
				next.AppendHeader(auth)
				r.sendTo(next, last)
				return
			}
		}
		r.over()
	}
	r.sendTo(r.build(sip.REGISTER, 0), last)
}

// over is the end of the keeper. An answer that comes later is nobody's.
func (r *trunkReg) over() {
	stop(r.timer)
	r.out = nil
	if r.holds {
		r.holds = false
		r.a.mu.Lock()
		delete(r.a.parting, r)
		r.a.mu.Unlock()
		r.a.release()
	}
	if after := r.after; after != nil {
		r.after = nil
		after()
	}
}
