package lan

import (
	"bufio"
	"net/netip"
	"os"
	"strings"
	"time"
)

// Where an interface has its address from.
const (
	ByDHCP   = "dhcp"
	ByHand   = "static"
	BySystem = "" // somebody else's: there is no keeper, or it has not begun
)

// State is how the box is in its network.
type State struct {
	Interfaces []Interface  `json:"interfaces"`
	DNS        []netip.Addr `json:"dns"`
	Trial      *OnTrial     `json:"trial,omitempty"`
}

// OnTrial is an address that goes away when nobody confirms it.
type OnTrial struct {
	Face  Face      `json:"wanted"`
	Until time.Time `json:"until"`
}

// Interface is one way into the network, without the loopback.
type Interface struct {
	Name      string         `json:"name"`
	MAC       string         `json:"mac,omitempty"`
	Link      bool           `json:"link"`           // a cable is in, and something at its other end
	Mbit      int            `json:"mbit,omitempty"` // 0: not known
	Addresses []netip.Prefix `json:"addresses"`
	Gateway   netip.Addr     `json:"gateway,omitzero"`
	Source    string         `json:"source"` // ByDHCP, ByHand, BySystem
	Since     time.Time      `json:"since,omitzero"`
	Server    netip.Addr     `json:"server,omitzero"`  // that gave the lease
	Until     time.Time      `json:"until,omitzero"`   // end of the lease
	Trouble   string         `json:"trouble,omitzero"` // why what is wanted is not there, English
}

// Ethernet reports whether an interface of this name is one that a box asks DHCP
// for by itself: a wire, by the names that Linux gives (eth0, end0, enp1s0, usb0).
func Ethernet(name string) bool {
	return strings.HasPrefix(name, "eth") || strings.HasPrefix(name, "en") || strings.HasPrefix(name, "usb")
}

// Resolvers reads the servers of a resolv.conf(5); a file that is not there has none.
func Resolvers(path string) []netip.Addr {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close() // nothing was written
	var out []netip.Addr
	for s := bufio.NewScanner(f); s.Scan() && len(out) < maxDNS; {
		w := strings.Fields(s.Text())
		if len(w) < 2 || w[0] != "nameserver" {
			continue
		}
		if a, err := netip.ParseAddr(w[1]); err == nil {
			out = append(out, a)
		}
	}
	return out
}
