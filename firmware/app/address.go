package app

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"
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

// keepAddress starts the house anew, once nobody talks, when the address that peers are
// told is none of this machine's and it has another: a cable that was plugged in late,
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
		h.log.Info("the machine has another address; the house starts anew when it is idle", "was", h.out.Advertise.Addr(), "is", now)
		if err := h.whenIdle(ctx, 0); err != nil {
			return nil // ctx has ended
		}
		if now = h.movedTo(); now.IsValid() { // it may have come back while somebody talked
			h.startAnew(fmt.Sprintf("the address is %s now", now))
			return nil
		}
		seen = 0
	}
}

// movedTo is the address that should be told instead; not valid: the one that is told
// is right, or there is none.
func (h *House) movedTo() netip.Addr {
	own, err := h.out.Addresses()
	if err != nil {
		h.log.Debug("the machine's addresses", "err", err)
		return netip.Addr{}
	}
	if len(own) == 0 || slices.Contains(own, h.out.Advertise.Addr()) {
		return netip.Addr{}
	}
	return own[0]
}
