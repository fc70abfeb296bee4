package lan

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"

	"github.com/vishvananda/netlink"
)

// Kernel changes addresses by rtnetlink(7).
type Kernel struct{}

// Faces returns the interfaces that are there, without the loopback, and whether a
// cable with something at its other end is in.
func (Kernel) Faces() (map[string]bool, error) {
	links, err := netlink.LinkList()
	if err != nil {
		return nil, fmt.Errorf("cannot list the network's interfaces: %w", err)
	}
	faces := map[string]bool{}
	for _, l := range links {
		if l.Attrs().Flags&net.FlagLoopback == 0 {
			faces[l.Attrs().Name] = carrier(l.Attrs())
		}
	}
	return faces, nil
}

// Loopback brings up lo, without which the program does not reach itself.
func (Kernel) Loopback() error {
	l, err := linkByName("lo")
	if err == nil {
		err = netlink.LinkSetUp(l)
	}
	if err != nil {
		return fmt.Errorf("cannot bring up the loopback: %w", err)
	}
	return nil
}

// Up brings an interface up and takes its IPv4 addresses away.
func (k Kernel) Up(name string) error {
	l, err := linkByName(name)
	if err != nil {
		return err
	}
	if err := netlink.LinkSetUp(l); err != nil {
		return fmt.Errorf("cannot bring up %s: %w", name, err)
	}
	return k.keepOnly(l, netip.Prefix{})
}

// Set gives an interface one IPv4 address and, when gateway is set, the default
// route; what it had of both goes away.
func (k Kernel) Set(name string, addr netip.Prefix, gateway netip.Addr) error {
	l, err := linkByName(name)
	if err != nil {
		return err
	}
	if err := netlink.LinkSetUp(l); err != nil {
		return fmt.Errorf("cannot bring up %s: %w", name, err)
	}
	if err := k.keepOnly(l, addr); err != nil {
		return err
	}
	a := &netlink.Addr{IPNet: &net.IPNet{IP: addr.Addr().AsSlice(), Mask: net.CIDRMask(addr.Bits(), 32)}}
	if err := netlink.AddrReplace(l, a); err != nil {
		return fmt.Errorf("cannot give %s to %s: %w", addr, name, err)
	}
	return k.route(l, gateway)
}

// keepOnly removes the IPv4 addresses of a link but one.
func (Kernel) keepOnly(l netlink.Link, keep netip.Prefix) error {
	list, err := netlink.AddrList(l, netlink.FAMILY_V4)
	if err != nil {
		return fmt.Errorf("cannot list the addresses of %s: %w", l.Attrs().Name, err)
	}
	for _, a := range list {
		if p, ok := prefix(a.IPNet); ok && p == keep {
			continue
		}
		// The kernel takes the secondary ones away with their primary.
		if err := netlink.AddrDel(l, &a); err != nil && !errors.Is(err, syscall.EADDRNOTAVAIL) {
			return fmt.Errorf("cannot take %s from %s: %w", a.IPNet, l.Attrs().Name, err)
		}
	}
	return nil
}

// route makes gateway the only default route of a link; a zero one leaves none.
func (Kernel) route(l netlink.Link, gateway netip.Addr) error {
	name := l.Attrs().Name
	routes, err := netlink.RouteList(l, netlink.FAMILY_V4)
	if err != nil {
		return fmt.Errorf("cannot list the routes of %s: %w", name, err)
	}
	there := false
	for _, r := range routes {
		if !isDefault(r) {
			continue
		}
		if gw, ok := netip.AddrFromSlice(r.Gw); ok && gw.Unmap() == gateway {
			there = true
			continue
		}
		if err := netlink.RouteDel(&r); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("cannot take the route over %s from %s: %w", r.Gw, name, err)
		}
	}
	if there || !gateway.IsValid() {
		return nil
	}
	everywhere := &net.IPNet{IP: net.IPv4zero, Mask: net.CIDRMask(0, 32)}
	r := &netlink.Route{LinkIndex: l.Attrs().Index, Dst: everywhere, Gw: gateway.AsSlice(), Priority: 100 + l.Attrs().Index}
	if err := netlink.RouteAdd(r); err != nil && !errors.Is(err, syscall.EEXIST) {
		return fmt.Errorf("cannot route over %s from %s: %w", gateway, name, err)
	}
	return nil
}
