package lan

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"time"
)

// Verdict of a finding.
type Verdict string

// The verdicts.
const (
	Good     Verdict = "ok"
	Doubtful Verdict = "doubtful" // it may be meant so
	Bad      Verdict = "bad"
)

// Finding is what one test found: what was looked at, the verdict, and for people a
// sentence and what to do, in both languages.
type Finding struct {
	What    string  `json:"what"` // "link", "address", "gateway", "dns", "time", or the target's own
	Target  string  `json:"target"`
	Verdict Verdict `json:"verdict"`
	EN      string  `json:"text_en"`
	ES      string  `json:"text_es"`
	HintEN  string  `json:"hint_en,omitempty"`
	HintES  string  `json:"hint_es,omitempty"`
	Millis  int64   `json:"ms,omitempty"` // how long the answer took
}

// say sets verdict and sentence; both formats use every argument, or name theirs by number.
func (f *Finding) say(v Verdict, es, en string, args ...any) {
	f.Verdict, f.ES, f.EN = v, fmt.Sprintf(es, args...), fmt.Sprintf(en, args...)
}

func (f *Finding) hint(es, en string, args ...any) {
	f.HintES, f.HintEN = fmt.Sprintf(es, args...), fmt.Sprintf(en, args...)
}

// Target is somebody the box must reach.
type Target struct {
	What string // "uplink sede", "trunk operador"
	Addr string // HOST:PORT
	Kind string // ByTCP, BySIP, ByNTP
}

// How a target is tried.
const (
	ByTCP = "tcp" // a connection opens
	BySIP = "sip" // OPTIONS over UDP are answered (RFC 3261 11)
	ByNTP = "ntp" // the time is told (RFC 4330)
)

// Prober tests; the zero value uses the machine's sockets.
type Prober struct {
	Dialer    net.Dialer
	Neighbour func(netip.Addr) (known, there bool, err error) // nil: the kernel's table
	Patience  time.Duration                                   // with one that does not answer; 0: two seconds
	DNSPort   string                                          // empty: 53
}

// Times of the tests.
const (
	usualPatience = 2 * time.Second
	lookEvery     = 50 * time.Millisecond
)

func (p Prober) patience() time.Duration {
	if p.Patience == 0 {
		return usualPatience
	}
	return p.Patience
}

// Test looks at the way into the network step by step, from the cable to the
// targets, and tells each finding. It ends with ctx.
func (p Prober) Test(ctx context.Context, s State, targets []Target, tell func(Finding)) {
	for _, f := range Wires(s) {
		tell(f)
	}
	for _, i := range s.Interfaces {
		if i.Gateway.IsValid() && ctx.Err() == nil {
			tell(p.gateway(ctx, i.Gateway))
		}
	}
	if len(s.DNS) == 0 {
		f := Finding{What: "dns"}
		f.say(Bad, "no hay ningún servidor DNS", "there is no DNS server")
		f.hint("añada dns DIRECCIÓN a net set", "add dns ADDRESS to net set")
		tell(f)
	}
	for _, a := range s.DNS {
		if ctx.Err() == nil {
			tell(p.resolver(ctx, a))
		}
	}
	for _, t := range targets {
		if ctx.Err() == nil {
			tell(p.target(ctx, t))
		}
	}
}

// Wires judges cables and addresses, which needs nothing but the state.
func Wires(s State) []Finding {
	var out []Finding
	gateway, linked := false, false
	for _, i := range s.Interfaces {
		if !Ethernet(i.Name) && len(i.Addresses) == 0 {
			continue
		}
		f := Finding{What: "link", Target: i.Name}
		switch {
		case i.Link && i.Mbit > 0:
			f.say(Good, "%s: cable conectado, %d Mbit/s", "%s: the cable is in, %d Mbit/s", i.Name, i.Mbit)
		case i.Link:
			f.say(Good, "%s: conectado", "%s: connected", i.Name)
		default:
			f.say(Bad, "%s: sin cable, o nada al otro extremo", "%s: no cable, or nothing at its other end", i.Name)
			f.hint("mire la luz junto al conector; pruebe otro cable u otra boca del conmutador", "look at the light beside the socket; try another cable or another port of the switch")
		}
		out = append(out, f)
		if !i.Link {
			continue
		}
		linked = true
		out = append(out, address4(i))
		gateway = gateway || i.Gateway.IsValid()
	}
	if !linked && len(out) == 0 {
		f := Finding{What: "link"}
		f.say(Bad, "no hay ninguna interfaz de red", "there is no network interface")
		f.hint("mire la placa: centralita board", "look at the board: centralita board")
		out = append(out, f)
	}
	if linked && !gateway {
		f := Finding{What: "gateway"}
		f.say(Doubtful, "no hay puerta de enlace: solo se alcanza la propia red", "there is no gateway: only the own network is reached")
		f.hint("añada gateway DIRECCIÓN a net set, si debe haberla", "add gateway ADDRESS to net set, if there should be one")
		out = append(out, f)
	}
	return out
}

// address4 judges the address of an interface whose cable is in.
func address4(i Interface) Finding {
	f := Finding{What: "address", Target: i.Name}
	var own []string
	for _, a := range i.Addresses {
		if a.Addr().Is4() {
			own = append(own, a.String())
		}
	}
	switch {
	case len(own) > 0:
		f.say(Good, "%s: dirección %s", "%s: address %s", i.Name, strings.Join(own, ", "))
	case i.Source == ByDHCP:
		f.say(Bad, "%s: sin dirección; ningún servidor DHCP responde", "%s: no address; no DHCP server answers", i.Name)
		f.hint("mire que el router dé direcciones, o fíjela: net set %s static 192.168.1.40/24 gateway 192.168.1.1", "see that the router gives addresses, or fix one: net set %s static 192.168.1.40/24 gateway 192.168.1.1", i.Name)
	default:
		f.say(Bad, "%s: sin dirección", "%s: no address", i.Name)
		f.hint("pruebe: net set %s dhcp", "try: net set %s dhcp", i.Name)
	}
	return f
}

// gateway sends one datagram towards the gateway and asks the kernel whether the
// gateway answered to its address (ARP): no raw socket, no privilege.
func (p Prober) gateway(ctx context.Context, gw netip.Addr) Finding {
	f := Finding{What: "gateway", Target: gw.String()}
	ctx, cancel := context.WithTimeout(ctx, p.patience())
	defer cancel()
	look := p.Neighbour
	if look == nil {
		look = reached
	}
	began := time.Now()
	conn, err := p.Dialer.DialContext(ctx, "udp", netip.AddrPortFrom(gw, 9).String()) // discard (RFC 863)
	if err == nil {
		defer conn.Close()
		_, err = conn.Write([]byte{0})
	}
	if err != nil {
		f.say(Bad, "no hay camino a la puerta %s: %v", "there is no way to the gateway %s: %v", gw, err)
		return f
	}
	for {
		known, there, err := look(gw)
		switch {
		case err != nil:
			f.say(Doubtful, "no se sabe si la puerta %s responde: %v", "it is not known whether the gateway %s answers: %v", gw, err)
			return f
		case there:
			f.Millis = time.Since(began).Milliseconds()
			f.say(Good, "la puerta %s responde", "the gateway %s answers", gw)
			return f
		}
		select {
		case <-time.After(lookEvery):
			continue
		case <-ctx.Done():
		}
		f.say(Bad, "la puerta %s no responde", "the gateway %s does not answer", gw)
		if !known {
			f.say(Doubtful, "no se sabe si la puerta %s responde: el sistema no la conoce como vecina", "it is not known whether the gateway %s answers: the system knows no such neighbour", gw)
		}
		f.hint("mire que el router esté encendido y que la dirección y la red sean las suyas", "see that the router is on, and that address and network are its own")
		return f
	}
}

// resolver asks a DNS server for the root's servers, which each one can tell that
// reaches the internet.
func (p Prober) resolver(ctx context.Context, a netip.Addr) Finding {
	f := Finding{What: "dns", Target: a.String()}
	ctx, cancel := context.WithTimeout(ctx, p.patience())
	defer cancel()
	began := time.Now()
	r := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return p.Dialer.DialContext(ctx, network, net.JoinHostPort(a.String(), p.dnsPort()))
	}}
	_, err := r.LookupNS(ctx, ".")
	f.Millis = time.Since(began).Milliseconds()
	d, _ := errors.AsType[*net.DNSError](err)
	switch {
	case err == nil, d != nil && d.IsNotFound:
		f.say(Good, "el servidor DNS %s responde", "the DNS server %s answers", a)
	case d != nil && !d.IsTimeout && strings.Contains(d.Err, "misbehaving"):
		f.say(Doubtful, "el servidor DNS %s responde, pero no alcanza internet", "the DNS server %s answers, but does not reach the internet", a)
		f.hint("mire la conexión del router a internet", "look at the router's connection to the internet")
	default:
		f.Millis = 0
		f.say(Bad, "el servidor DNS %s no responde", "the DNS server %s does not answer", a)
		f.hint("pruebe otro: net set … dns DIRECCIÓN", "try another: net set … dns ADDRESS")
	}
	return f
}

// target tries somebody by the way he speaks.
func (p Prober) target(ctx context.Context, t Target) Finding {
	f := Finding{What: t.What, Target: t.Addr}
	ctx, cancel := context.WithTimeout(ctx, 2*p.patience())
	defer cancel()
	began := time.Now()
	var err error
	silence := Bad
	switch t.Kind {
	case ByTCP:
		var conn net.Conn
		if conn, err = p.Dialer.DialContext(ctx, "tcp", t.Addr); err == nil {
			conn.Close()
		}
	case BySIP:
		silence = Doubtful // many operators answer nobody they do not know
		err = p.options(ctx, t.Addr)
	case ByNTP:
		var off time.Duration
		if off, err = p.ntp(ctx, t.Addr); err == nil {
			f.Millis = time.Since(began).Milliseconds()
			f.say(Good, "%s %s responde; el reloj de la caja difiere %v", "%s %s answers; the box's clock differs by %v", t.What, t.Addr, off.Round(time.Millisecond))
			return f
		}
	default:
		err = refuse("no hay modo %q de probarlo", "there is no way %q of trying it", t.Kind)
	}
	if err == nil {
		f.Millis = time.Since(began).Milliseconds()
		f.say(Good, "%s %s responde", "%s %s answers", t.What, t.Addr)
		return f
	}
	f.blame(t, err, silence)
	return f
}

// blame says why a target was not reached.
func (f *Finding) blame(t Target, err error, silence Verdict) {
	d, _ := errors.AsType[*net.DNSError](err)
	said, ours := errors.AsType[Refusal](err)
	var timeout net.Error
	switch {
	case ours:
		f.say(Bad, "%[1]s: %[2]s: %[3]s", "%[1]s: %[2]s: %[4]s", t.What, t.Addr, said.ES, said.EN)
	case d != nil && d.IsNotFound:
		f.say(Bad, "%s: no existe el nombre de %s", "%s: the name of %s does not exist", t.What, t.Addr)
		f.hint("corrija el nombre en la configuración", "correct the name in the configuration")
	case d != nil:
		f.say(Bad, "%s: no se puede buscar el nombre de %s", "%s: the name of %s cannot be looked up", t.What, t.Addr)
		f.hint("mire los servidores DNS de arriba", "look at the DNS servers above")
	case errors.Is(err, syscall.ECONNREFUSED):
		f.say(Bad, "%s: %s está, pero nadie atiende ese puerto", "%s: %s is there, but nobody listens at that port", t.What, t.Addr)
		f.hint("mire el puerto y que el servicio esté en marcha", "look at the port, and that the service runs")
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		f.say(Bad, "%s: no hay camino a %s", "%s: there is no way to %s", t.What, t.Addr)
		f.hint("mire la puerta de enlace de arriba", "look at the gateway above")
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded):
		f.say(silence, "%s: %s no responde", "%s: %s does not answer", t.What, t.Addr)
		if silence == Doubtful {
			f.hint("muchos operadores callan ante desconocidos; el registro lo muestra: lines", "many operators are silent to strangers; the registration shows it: lines")
		} else {
			f.hint("un cortafuegos puede callar; mire el puerto y la salida a internet", "a firewall may be silent; look at the port and the way to the internet")
		}
	default:
		f.say(Bad, "%s: no se alcanza %s: %v", "%s: cannot reach %s: %v", t.What, t.Addr, err)
	}
}
