//go:build !linux

package lan

import (
	"fmt"
	"net"
	"net/netip"
)

// ResolvConf is where the system keeps its DNS servers.
const ResolvConf = "/etc/resolv.conf"

// ReadState reads how the machine is in its network: names, cables and addresses
// only, since gateways are asked of Linux.
func ReadState(resolv string) (State, error) {
	s := State{DNS: Resolvers(resolv)}
	list, err := net.Interfaces()
	if err != nil {
		return s, fmt.Errorf("cannot list the network's interfaces: %w", err)
	}
	for _, l := range list {
		if l.Flags&net.FlagLoopback != 0 {
			continue
		}
		i := Interface{Name: l.Name, MAC: l.HardwareAddr.String(), Link: l.Flags&net.FlagRunning != 0, Addresses: []netip.Prefix{}}
		addrs, err := l.Addrs()
		if err != nil {
			return s, fmt.Errorf("cannot list the addresses of %s: %w", l.Name, err)
		}
		for _, a := range addrs {
			if p, err := netip.ParsePrefix(a.String()); err == nil && !p.Addr().IsLinkLocalUnicast() {
				i.Addresses = append(i.Addresses, p)
			}
		}
		s.Interfaces = append(s.Interfaces, i)
	}
	return s, nil
}

// reached knows no neighbours.
func reached(netip.Addr) (known, there bool, err error) { return false, false, nil }
