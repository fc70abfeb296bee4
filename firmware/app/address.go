package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/health"
)

// addressEvery is how often it is looked at which addresses the machine has. A change
// counts when it is seen twice: DHCP takes an address away before it gives one.
const addressEvery = 2 * time.Second

// addresses returns the addresses of this machine.
func addresses() ([]netip.Addr, error) {
	all, err := net.InterfaceAddrs()
	if err != nil {
		return nil, fmt.Errorf("cannot find an address of this machine: %w", err)
	}
	var out []netip.Addr
	for _, a := range all {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			out = append(out, p.Addr())
		}
	}
	return out, nil
}

// reachable are those of a machine's addresses at which others reach it by IPv4.
func reachable(own []netip.Addr) []netip.Addr {
	return slices.DeleteFunc(slices.Clone(own), func(a netip.Addr) bool {
		return !a.Is4() || !a.IsGlobalUnicast() || a.IsLoopback()
	})
}

// announced is the address that peers are told when we listen on all: the first, or
// loopback while there is none. A box without a network still answers its lines.
func announced(own []netip.Addr, port uint16) netip.AddrPort {
	own = reachable(own)
	if len(own) == 0 {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), port)
	}
	return netip.AddrPortFrom(own[0], port)
}

// ownAddress finds the address that people can type when we listen on all.
func ownAddress(port uint16) (netip.AddrPort, error) {
	own, err := addresses()
	if err == nil && len(reachable(own)) == 0 {
		err = errors.New("this machine has no address but loopback")
	}
	if err != nil {
		return netip.AddrPort{}, err
	}
	return announced(own, port), nil
}

// here is the address that peers are told now; not valid: the sockets' own.
func (h *House) here() netip.AddrPort {
	if at := h.address.Load(); at != nil {
		return *at
	}
	return h.out.Advertise
}

// keepAddress looks at the addresses of the machine until ctx ends, and tells another
// one while everything goes on, when the one that is told is none of them and there is
// another: a cable that was plugged in late, another lease. A house that listens at one
// address is told whether the machine has it.
func (h *House) keepAddress(ctx context.Context) error {
	if h.out.Addresses == nil {
		return nil
	}
	t := time.NewTicker(addressEvery)
	defer t.Stop()
	for seen := 0; ; {
		own, err := h.out.Addresses()
		if err != nil {
			h.log.Debug("the machine's addresses", "err", err)
		} else {
			h.seeListening(own)
			if to := h.movedTo(own); !to.IsValid() {
				seen = 0
			} else if seen++; seen == 2 {
				seen = 0
				h.move(netip.AddrPortFrom(to, h.here().Port()))
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
	}
}

// movedTo is the address that should be told instead; not valid: the one that is told
// is right, or there is none.
func (h *House) movedTo(own []netip.Addr) netip.Addr {
	own = reachable(own)
	if !h.here().IsValid() || len(own) == 0 || slices.Contains(own, h.here().Addr()) {
		return netip.Addr{}
	}
	return own[0]
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

// seeListening notes which addresses the house listens at and the machine does not have.
func (h *House) seeListening(own []netip.Addr) {
	listens := []netip.AddrPort{h.cfg.Listen.SIP, h.cfg.Listen.Web, h.cfg.Listen.HTTPS, h.cfg.Access.SSH}
	var lacks []netip.Addr
	for _, at := range listens {
		a := at.Addr().WithZone("").Unmap()
		if a.IsValid() && !a.IsUnspecified() && !a.IsLoopback() && !slices.Contains(own, a) && !slices.Contains(lacks, a) {
			lacks = append(lacks, a)
		}
	}
	was := h.lacks.Swap(&lacks)
	if was == nil {
		was = new([]netip.Addr)
	}
	if slices.Equal(*was, lacks) {
		return
	}
	h.log.Warn("the house listens at addresses that the machine does not have", "before", *was, "now", lacks)
	if sip := h.cfg.Listen.SIP.Addr(); slices.Contains(*was, sip) && !slices.Contains(lacks, sip) {
		h.sip.Retry() // nothing could be sent from there
	}
	h.repaint()
}

// holdListening raises or clears the condition of an address that is not there.
func (h *House) holdListening(now time.Time) {
	lacks := h.lacks.Load()
	if lacks == nil || len(*lacks) == 0 {
		h.register.Hold(now, false, health.Unreachable(netip.Addr{}))
		return
	}
	h.register.Hold(now, true, health.Unreachable((*lacks)[0]))
}
