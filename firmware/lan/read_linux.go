package lan

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// ResolvConf is where the system keeps its DNS servers.
const ResolvConf = "/etc/resolv.conf"

// ReadState reads how the box is in its network; resolv is the path of the
// resolv.conf. It needs no privilege, and knows no source of an address.
func ReadState(resolv string) (State, error) {
	s := State{DNS: Resolvers(resolv)}
	links, err := netlink.LinkList()
	if err != nil {
		return s, fmt.Errorf("cannot list the network's interfaces: %w", err)
	}
	for _, l := range links {
		a := l.Attrs()
		if a.Flags&net.FlagLoopback != 0 {
			continue
		}
		i := Interface{Name: a.Name, Link: carrier(a), Mbit: speed(a.Name), Addresses: []netip.Prefix{}}
		if len(a.HardwareAddr) > 0 {
			i.MAC = a.HardwareAddr.String()
		}
		if err := i.addresses(l); err != nil {
			return s, err
		}
		s.Interfaces = append(s.Interfaces, i)
	}
	slices.SortFunc(s.Interfaces, func(a, b Interface) int { return cmp.Compare(a.Name, b.Name) })
	return s, nil
}

// carrier reports a cable with something at its other end.
func carrier(a *netlink.LinkAttrs) bool {
	return a.RawFlags&unix.IFF_LOWER_UP != 0 && a.Flags&net.FlagUp != 0
}

// speed is the rate of a wire; 0 when there is none or the driver does not tell.
func speed(name string) int {
	raw, err := os.ReadFile(filepath.Join("/sys/class/net", name, "speed"))
	if err != nil {
		return 0
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(raw)))
	if err != nil || n < 0 { // -1: not known
		return 0
	}
	return n
}

// addresses fills in addresses and gateway of a link.
func (i *Interface) addresses(l netlink.Link) error {
	list, err := netlink.AddrList(l, netlink.FAMILY_ALL)
	if err != nil {
		return fmt.Errorf("cannot list the addresses of %s: %w", i.Name, err)
	}
	for _, a := range list {
		if p, ok := prefix(a.IPNet); ok && !p.Addr().IsLinkLocalUnicast() {
			i.Addresses = append(i.Addresses, p)
		}
	}
	routes, err := netlink.RouteList(l, netlink.FAMILY_V4)
	if err != nil {
		return fmt.Errorf("cannot list the routes of %s: %w", i.Name, err)
	}
	for _, r := range routes {
		if gw, ok := netip.AddrFromSlice(r.Gw); ok && isDefault(r) {
			i.Gateway = gw.Unmap()
		}
	}
	return nil
}

// isDefault reports a route to everywhere, which netlink shows as none or 0.0.0.0/0.
func isDefault(r netlink.Route) bool {
	if r.Dst == nil {
		return true
	}
	ones, _ := r.Dst.Mask.Size()
	return ones == 0
}

func prefix(n *net.IPNet) (netip.Prefix, bool) {
	if n == nil {
		return netip.Prefix{}, false
	}
	a, ok := netip.AddrFromSlice(n.IP)
	if !ok {
		return netip.Prefix{}, false
	}
	bits, _ := n.Mask.Size()
	return netip.PrefixFrom(a.Unmap(), bits), true
}

// reached is what the kernel has found out about a neighbour; the error is its.
func reached(a netip.Addr) (known, there bool, err error) {
	list, err := netlink.NeighList(0, netlink.FAMILY_V4)
	if err != nil {
		return false, false, fmt.Errorf("cannot list the neighbours: %w", err)
	}
	for _, n := range list {
		if b, ok := netip.AddrFromSlice(n.IP); !ok || b.Unmap() != a {
			continue
		}
		switch {
		case n.State&(unix.NUD_REACHABLE|unix.NUD_STALE|unix.NUD_DELAY|unix.NUD_PROBE|unix.NUD_PERMANENT) != 0:
			return true, true, nil
		case n.State&(unix.NUD_INCOMPLETE|unix.NUD_FAILED) != 0:
			known = true
		}
	}
	return known, false, nil
}

// errNoFace is wrapped by the errors of an interface that is not there.
var errNoFace = errors.New("there is no such interface")

func linkByName(name string) (netlink.Link, error) {
	l, err := netlink.LinkByName(name)
	if _, missing := errors.AsType[netlink.LinkNotFoundError](err); missing {
		return nil, fmt.Errorf("%s: %w", name, errNoFace)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot find the interface %s: %w", name, err)
	}
	return l, nil
}
