package lan

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/centralita/centralita/firmware/tel"
)

// FileName is the file in the data folder with what is wanted.
const FileName = "net.yaml"

// Bounds of what can be wanted.
const (
	maxFaces = 8
	maxDNS   = 3 // more are not asked (resolv.conf(5))
)

// Wanted is what was wanted and confirmed, sorted by the interfaces' names. An
// Ethernet interface that it does not name asks by DHCP.
type Wanted struct {
	Interfaces []Face `json:"interfaces"`
}

// Face is what is wanted of one interface: DHCP, or everything by hand.
type Face struct {
	Name    string       `json:"name"`
	DHCP    bool         `json:"dhcp,omitempty"`
	Address netip.Prefix `json:"address,omitzero"` // of the box, with the length of the network
	Gateway netip.Addr   `json:"gateway,omitzero"` // zero: only the own network is reached
	DNS     []netip.Addr `json:"dns,omitempty"`    // also beside DHCP: instead of its
}

// Refusal is an error that people read, in both languages.
type Refusal struct{ ES, EN string }

// Error implements error.
func (r Refusal) Error() string { return r.EN }

// In is the sentence in a language.
func (r Refusal) In(l tel.Lang) string {
	if l == tel.Spanish {
		return r.ES
	}
	return r.EN
}

func refuse(es, en string, args ...any) error {
	return Refusal{fmt.Sprintf(es, args...), fmt.Sprintf(en, args...)}
}

// String says it as it is typed behind "net set".
func (f Face) String() string {
	if f.DHCP && len(f.DNS) == 0 {
		return f.Name + " dhcp"
	}
	var b strings.Builder
	b.WriteString(f.Name)
	if f.DHCP {
		b.WriteString(" dhcp")
	} else {
		b.WriteString(" static " + f.Address.String())
	}
	if f.Gateway.IsValid() {
		b.WriteString(" gateway " + f.Gateway.String())
	}
	if len(f.DNS) > 0 {
		b.WriteString(" dns")
		for _, a := range f.DNS {
			b.WriteString(" " + a.String())
		}
	}
	return b.String()
}

// Check reports why f cannot work; nil when it can.
func (f Face) Check() error {
	if !faceName(f.Name) {
		return refuse("no se puede usar la interfaz %q: no es un nombre como eth0", "cannot use interface %q: it is no name such as eth0", f.Name)
	}
	if len(f.DNS) > maxDNS {
		return refuse("no se pueden usar %d servidores DNS: son %d como mucho", "cannot use %d DNS servers: %d is the most", len(f.DNS), maxDNS)
	}
	for _, a := range f.DNS {
		if !host(a) {
			return refuse("no se puede usar %s como servidor DNS: no es la dirección de una máquina", "cannot use %s as DNS server: it is no machine's address", a)
		}
	}
	if f.DHCP {
		if f.Address.IsValid() || f.Gateway.IsValid() {
			return refuse("no se puede fijar dirección ni puerta con dhcp: las da el servidor", "cannot fix address or gateway beside dhcp: its server gives them")
		}
		return nil
	}
	return f.checkStatic()
}

// checkStatic checks an address by hand: IPv4, as RFC 1122 3.2.1.3 lets a machine have.
func (f Face) checkStatic() error {
	a, n := f.Address.Addr(), f.Address
	switch {
	case !n.IsValid() || !a.Is4():
		return refuse("no se puede usar la dirección %s: es como 192.168.1.40/24", "cannot use the address %s: it is such as 192.168.1.40/24", n)
	case n.Bits() < 8 || n.Bits() > 30:
		return refuse("no se puede usar /%d: de /8 a /30; /24 es lo habitual", "cannot use /%d: from /8 to /30; /24 is usual", n.Bits())
	case !host(a):
		return refuse("no se puede usar %s: no es la dirección de una máquina", "cannot use %s: it is no machine's address", a)
	case a == n.Masked().Addr() || a == broadcast(n):
		return refuse("no se puede usar %s: es la red o su difusión; elija otra de %s", "cannot use %s: it is the network or its broadcast; choose another of %s", a, n.Masked())
	}
	if g := f.Gateway; g.IsValid() {
		switch {
		case !n.Contains(g):
			return refuse("no se puede usar la puerta %s: no está en la red %s", "cannot use the gateway %s: it is not in the network %s", g, n.Masked())
		case g == a:
			return refuse("no se puede usar la puerta %s: es la propia caja", "cannot use the gateway %s: it is the box itself", g)
		case g == n.Masked().Addr() || g == broadcast(n):
			return refuse("no se puede usar la puerta %s: no es la dirección de una máquina", "cannot use the gateway %s: it is no machine's address", g)
		}
	}
	return nil
}

// host reports whether a can be one machine's.
func host(a netip.Addr) bool {
	return a.IsValid() && a.Zone() == "" && !a.IsUnspecified() && !a.IsMulticast() && !a.IsLoopback() &&
		!(a.Is4() && (a.As4()[0] == 0 || a.As4()[0] >= 240))
}

// broadcast is the last address of a network.
func broadcast(p netip.Prefix) netip.Addr {
	b := p.Masked().Addr().As4()
	for i := p.Bits(); i < 32; i++ {
		b[i/8] |= 1 << (7 - i%8)
	}
	return netip.AddrFrom4(b)
}

// faceName reports whether s can name an interface: IFNAMSIZ, and nothing that
// means something in a path or a file.
func faceName(s string) bool {
	if s == "" || len(s) > 15 || s == "lo" || s[0] == '-' || s[0] == '.' {
		return false
	}
	for _, c := range s {
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return true
}

// Of returns what is wanted of an interface; unnamed ones ask by DHCP.
func (w Wanted) Of(name string) Face {
	for _, f := range w.Interfaces {
		if f.Name == name {
			return f
		}
	}
	return Face{Name: name, DHCP: true}
}

// Names reports whether something is wanted of an interface by its name.
func (w Wanted) Names(name string) bool {
	return slices.ContainsFunc(w.Interfaces, func(f Face) bool { return f.Name == name })
}

// With returns w with f in the place of what was wanted of its interface.
func (w Wanted) With(f Face) Wanted {
	out := Wanted{Interfaces: slices.DeleteFunc(slices.Clone(w.Interfaces), func(g Face) bool { return g.Name == f.Name })}
	out.Interfaces = append(out.Interfaces, f)
	slices.SortFunc(out.Interfaces, func(a, b Face) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// ParseWords reads what is typed behind "net set": INTERFACE dhcp, or INTERFACE
// static ADDRESS/LENGTH [gateway ADDRESS] [dns ADDRESS...] [for DURATION]. within is
// zero when no duration was typed.
func ParseWords(words []string) (f Face, within time.Duration, err error) {
	if len(words) < 2 {
		return f, 0, refuse("faltan palabras: net set eth0 dhcp, o net set eth0 static 192.168.1.40/24 gateway 192.168.1.1 dns 192.168.1.1",
			"words are missing: net set eth0 dhcp, or net set eth0 static 192.168.1.40/24 gateway 192.168.1.1 dns 192.168.1.1")
	}
	f.Name = words[0]
	rest := words[2:]
	switch words[1] {
	case "dhcp":
		f.DHCP = true
	case "static":
		if len(rest) == 0 {
			return f, 0, refuse("falta la dirección: static 192.168.1.40/24", "the address is missing: static 192.168.1.40/24")
		}
		if f.Address, err = netip.ParsePrefix(rest[0]); err != nil {
			return f, 0, refuse("no se puede leer la dirección %q: es como 192.168.1.40/24", "cannot read the address %q: it is such as 192.168.1.40/24", rest[0])
		}
		rest = rest[1:]
	default:
		return f, 0, refuse("no se entiende %q: es dhcp o static", "cannot understand %q: it is dhcp or static", words[1])
	}
	if within, err = f.options(rest); err != nil {
		return f, 0, err
	}
	return f, within, f.Check()
}

// options reads what follows the address.
func (f *Face) options(words []string) (within time.Duration, err error) {
	var key string
	for i, w := range words {
		switch {
		case w == "gateway" || w == "dns" || w == "for":
			if key = w; i == len(words)-1 || key == words[i+1] {
				return 0, refuse("falta algo tras %s", "something is missing after %s", key)
			}
		case key == "gateway" && !f.Gateway.IsValid():
			if f.Gateway, err = netip.ParseAddr(w); err != nil {
				return 0, refuse("no se puede leer la puerta %q: es como 192.168.1.1", "cannot read the gateway %q: it is such as 192.168.1.1", w)
			}
		case key == "dns":
			a, err := netip.ParseAddr(w)
			if err != nil {
				return 0, refuse("no se puede leer el servidor DNS %q: es como 192.168.1.1", "cannot read the DNS server %q: it is such as 192.168.1.1", w)
			}
			f.DNS = append(f.DNS, a)
		case key == "for" && within == 0:
			if within, err = time.ParseDuration(w); err != nil {
				return 0, refuse("no se puede leer el plazo %q: es como 3m", "cannot read the time %q: it is such as 3m", w)
			}
		default:
			return 0, refuse("no se entiende %q: gateway, dns o for van delante", "cannot understand %q: gateway, dns or for stands before", w)
		}
	}
	return within, nil
}
