package sipua

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/centralita/centralita/firmware/sipua/register"
	"github.com/centralita/centralita/firmware/tel"
)

// peer is who talks to us: exactly one of phone and trunk is set, or none.
type peer struct {
	phone *Phone
	trunk *trunk
}

// codecs are the peer's codecs in order of preference.
func (p peer) codecs() []string {
	switch {
	case p.phone != nil:
		return p.phone.Codecs
	case p.trunk != nil:
		return p.trunk.Codecs
	}
	return nil
}

// trunk is a configured trunk and what is known of it now.
type trunk struct {
	Trunk

	mu     sync.Mutex
	addrs  []netip.AddrPort // of Server
	looked time.Time        // when the name was looked up
	calls  int
	up     bool
	why    string
	realm  string // the realm that may ask for the password: the first that did
}

const resolveAgain = 5 * time.Minute // a trunk's name is looked up again after this

// server is where the trunk's Server is, looked up when it is a name.
func (t *trunk) server(ctx context.Context, resolve func(context.Context, string) ([]netip.Addr, error)) (netip.AddrPort, error) {
	t.mu.Lock()
	if len(t.addrs) > 0 && time.Since(t.looked) < resolveAgain {
		defer t.mu.Unlock()
		return t.addrs[0], nil
	}
	old := t.addrs
	t.mu.Unlock()
	addrs, err := t.resolve(ctx, resolve)
	t.mu.Lock()
	defer t.mu.Unlock()
	if err == nil {
		t.addrs, t.looked = addrs, time.Now()
		return addrs[0], nil
	}
	if len(old) > 0 {
		return old[0], nil // a name server that fails does not cut off a trunk that works
	}
	return netip.AddrPort{}, err
}

func (t *trunk) resolve(ctx context.Context, resolve func(context.Context, string) ([]netip.Addr, error)) ([]netip.AddrPort, error) {
	host, port, err := splitServer(t.Server)
	if err != nil {
		return nil, err
	}
	if a, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return []netip.AddrPort{netip.AddrPortFrom(a.Unmap(), uint16(port))}, nil
	}
	if resolve == nil {
		return nil, fmt.Errorf("cannot find trunk %s: %q is a name and no name server is configured", t.ID, host)
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	as, err := resolve(ctx, host)
	if err != nil {
		return nil, fmt.Errorf("cannot find trunk %s: %w", t.ID, err)
	}
	if len(as) == 0 {
		return nil, fmt.Errorf("cannot find trunk %s: %q has no address", t.ID, host)
	}
	out := make([]netip.AddrPort, len(as))
	for i, a := range as {
		out[i] = netip.AddrPortFrom(a.Unmap(), uint16(port))
	}
	return out, nil
}

// sends reports whether calls from addr are the trunk's by configuration.
func (t *trunk) sends(addr netip.Addr) bool {
	for _, p := range t.From {
		if p.Contains(addr) {
			return true
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, a := range t.addrs {
		if a.Addr() == addr {
			return true
		}
	}
	return false
}

// take counts a call on the trunk, or says that it has as many as permitted.
func (t *trunk) take() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.Calls > 0 && t.calls >= t.Calls {
		return false
	}
	t.calls++
	return true
}

func (t *trunk) give() { t.mu.Lock(); t.calls--; t.mu.Unlock() }

// trunkAt is the trunk whose calls come from src, by address or by registration.
func (a *Agent) trunkAt(src netip.AddrPort) *trunk {
	for _, t := range a.roster().trunks {
		if t.sends(src.Addr()) {
			return t
		}
	}
	if b, ok := a.dialins.From(time.Now(), src); ok {
		return a.trunkByID(tel.TrunkID(b.Ext))
	}
	return nil
}

func (a *Agent) trunkByID(id tel.TrunkID) *trunk {
	for _, t := range a.roster().trunks {
		if t.ID == id {
			return t
		}
	}
	return nil
}

// exempt reports whether addr must never be banned for wrong passwords: it is a
// trunk's or a registered phone's.
func (a *Agent) exempt(addr netip.Addr) bool {
	for _, t := range a.roster().trunks {
		if t.sends(addr) {
			return true
		}
	}
	a.mu.Lock()
	parting := slices.Collect(maps.Values(a.parting))
	a.mu.Unlock()
	if slices.ContainsFunc(parting, func(t *trunk) bool { return t.sends(addr) }) {
		return true
	}
	return a.bindings.Known(addr) || a.dialins.Known(addr)
}

// knownSource reports whether src has shown who it is.
func (a *Agent) knownSource(src netip.AddrPort) bool { return a.exempt(src.Addr()) }

// home reports whether phones may be at addr.
func (a *Agent) home(addr netip.Addr) bool {
	for _, p := range a.cfg.Networks {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

// reach is where requests to b go: where its REGISTER came from, so that a phone
// behind NAT is reached whatever its Contact says.
func reach(b register.Binding) hop { return hop{b.Source, b.Transport} }

// streamLost ends the bindings of a connection that is gone: nobody can be
// called over it any more.
func (a *Agent) streamLost(src netip.AddrPort) {
	now := time.Now()
	if b, ok := a.bindings.From(now, src); ok && b.Transport == "TCP" {
		if _, ok := a.bindings.Remove(b.Ext); ok {
			a.phoneState(b.Ext, false, "its TCP connection ended")
		}
	}
	if b, ok := a.dialins.From(now, src); ok && b.Transport == "TCP" {
		if _, ok := a.dialins.Remove(b.Ext); ok {
			a.trunkUp(a.trunkByID(tel.TrunkID(b.Ext)), false, "its TCP connection ended")
		}
	}
}

// phoneState tells the house and the log.
func (a *Agent) phoneState(ext tel.Number, up bool, why string) {
	a.log.Info("phone", "ext", string(ext), "up", up, "why", why)
	a.sink(PhoneState{Ext: ext, Up: up, Why: why})
}

// trunkUp tells the house and the log, once for each change.
func (a *Agent) trunkUp(t *trunk, up bool, why string) {
	if t == nil {
		return
	}
	t.mu.Lock()
	same := t.up == up && t.why == why
	t.up, t.why = up, why
	t.mu.Unlock()
	if same {
		return
	}
	a.log.Info("trunk", "trunk", string(t.ID), "up", up, "why", why)
	a.sink(TrunkState{Trunk: t.ID, Up: up, Why: why})
}

// welcome reports whether src may talk to us at all: a known peer, or an address
// where phones may be, unless it guessed too many passwords. All others get
// silence (the screen asks this for each message).
func (a *Agent) welcome(src netip.Addr) bool {
	return (a.home(src) || a.exempt(src)) && !a.guard.Banned(time.Now(), src)
}
