package sipua

import (
	"maps"
	"net/netip"
	"slices"

	"github.com/emiago/sipgo/sip"
)

// here is the address that peers reach us at.
func (a *Agent) here() netip.AddrPort {
	if at := a.adv.Load(); at != nil {
		return *at
	}
	return netip.AddrPort{}
}

// Moved says that peers reach us at another address from now on, and that the one
// before is none of ours any more (loopback stays ours). The sockets listen at every
// address, so they stay. What happens to
//
//   - requests and answers from now on: Via, Contact and SDP say the new address;
//   - trunks: they are registered, or asked, at once with the new Contact, and the old
//     one is taken back in the same REGISTER;
//   - phones: they keep their registration, which says where they are, not where we
//     are; whether they find us is up to what is set in them;
//   - TCP connections from the old address: they are closed, for they never carry
//     anything again, and who had registered over one has to come back;
//   - calls that are up: a re-INVITE tells the other end where we and our audio are
//     now (RFC 3261 14.1, 12.2.1). One that does not answer it loses the call, as it
//     would have without: it speaks to an address that nobody has;
//   - calls being set up: they go on, and are told when they are up.
func (a *Agent) Moved(to netip.AddrPort) {
	was := a.adv.Swap(&to)
	if was == nil || *was == to {
		return
	}
	select {
	case <-a.serving:
	default:
		return // nobody has heard of the old one: Serve begins with the new
	}
	a.log.Info("we are reached at another address", "was", was.String(), "is", to.String())
	if a.streams != nil && !was.Addr().IsLoopback() {
		a.streams.leave(was.Addr())
	}
	a.eachTrunk(func(b *mailbox) { b.reg.moved() })
	a.mu.Lock()
	legs := slices.Sorted(maps.Keys(a.legs))
	a.mu.Unlock()
	for _, l := range legs {
		a.command(l, (*call).catchUp)
	}
}

// Retry asks the trunks that did not answer again now, not when their turn comes: we can
// send again.
func (a *Agent) Retry() { a.eachTrunk(func(b *mailbox) { b.reg.retry() }) }

func (r *trunkReg) retry() {
	if r.off || r.fails == 0 && r.out == nil {
		return
	}
	r.giveUp()
	r.fails = 0
	r.again()
}

// giveUp forgets the request that is out.
func (r *trunkReg) giveUp() {
	if r.out == nil {
		return
	}
	r.out = nil
	if r.tx != nil {
		r.tx.Terminate()
	}
}

// moved asks the trunk anew with the Contact that we have now. A request that is out
// is given up: what it said is no longer true, and its answer may go to the old address.
func (r *trunkReg) moved() {
	if r.off || r.contact == r.a.here() {
		return
	}
	if r.contact.IsValid() && (r.bound || r.out != nil) {
		r.stale = append(r.stale, r.contact)
	}
	r.giveUp()
	r.fails = 0
	r.again()
}

// contacts are the Contact headers of a REGISTER: where we are, and those of ours that
// the trunk may still hold, to be removed (RFC 3261 10.2.2).
func (r *trunkReg) contacts(user string) []*sip.ContactHeader {
	out := []*sip.ContactHeader{contactAt(r.contact, user, r.t.transport())}
	for _, at := range r.stale {
		if at == r.contact { // we came back to it
			continue
		}
		c := contactAt(at, user, r.t.transport())
		c.Params.Add("expires", "0")
		out = append(out, c)
	}
	return out
}
