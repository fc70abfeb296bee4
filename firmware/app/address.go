package app

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/centralita/centralita/firmware/call"
)

// addressEvery is how often it is looked at which addresses the machine has. A change
// counts when it is seen twice: DHCP takes an address away before it gives one.
const addressEvery = 5 * time.Second

// addresses returns the IPv4 addresses at which others reach this machine.
func addresses() ([]netip.Addr, error) {
	all, err := net.InterfaceAddrs()
	if err != nil {
		return nil, fmt.Errorf("cannot find an address of this machine: %w", err)
	}
	var out []netip.Addr
	for _, a := range all {
		if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr().Is4() && p.Addr().IsGlobalUnicast() && !p.Addr().IsLoopback() {
			out = append(out, p.Addr())
		}
	}
	return out, nil
}

// announced is the address that peers are told when we listen on all: the first, or
// loopback while there is none. A box without a network still answers its lines.
func announced(own []netip.Addr, port uint16) netip.AddrPort {
	if len(own) == 0 {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), port)
	}
	return netip.AddrPortFrom(own[0], port)
}

// here is the address that peers are told now; not valid: the sockets' own.
func (h *House) here() netip.AddrPort {
	if at := h.address.Load(); at != nil {
		return *at
	}
	return h.out.Advertise
}

// keepAddress tells another address, while everything goes on, when the one that is told
// is none of this machine's and it has another: a cable that was plugged in late,
// another lease. In a house that listens at one address there is nothing to keep.
func (h *House) keepAddress(ctx context.Context) error {
	if h.out.Addresses == nil || !h.out.Advertise.IsValid() {
		return nil
	}
	t := time.NewTicker(addressEvery)
	defer t.Stop()
	for seen := 0; ; {
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
		now := h.movedTo()
		if !now.IsValid() {
			seen = 0
			continue
		}
		if seen++; seen < 2 {
			continue
		}
		seen = 0
		h.move(netip.AddrPortFrom(now, h.here().Port()))
	}
}

// move tells peers that we are at another address. Audio that is opened from now on has
// it before SIP speaks of it.
func (h *House) move(to netip.AddrPort) {
	h.log.Info("the machine has another address", "was", h.here().Addr(), "is", to.Addr())
	h.book.Append(call.Fact{Kind: call.Address, At: time.Now(), State: to.Addr().String(), Reason: h.here().Addr().String()})
	h.address.Store(&to)
	h.sip.Moved(to)
	h.repaint() // the display tells where the box is claimed
}

// movedTo is the address that should be told instead; not valid: the one that is told
// is right, or there is none.
func (h *House) movedTo() netip.Addr {
	own, err := h.out.Addresses()
	if err != nil {
		h.log.Debug("the machine's addresses", "err", err)
		return netip.Addr{}
	}
	if len(own) == 0 || slices.Contains(own, h.here().Addr()) {
		return netip.Addr{}
	}
	return own[0]
}
