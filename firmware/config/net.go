package config

import (
	"cmp"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/centralita/centralita/firmware/config/place"
	"github.com/centralita/centralita/firmware/tel"
)

// listen reads where we can be reached.
func (r *reader) listen(f *place.Fields) {
	l := &r.cfg.Listen
	l.SIP = r.address(f, "sip", "127.0.0.1:5060")
	l.Web = r.address(f, "web", "127.0.0.1:8080")
	l.RTP = r.ports(f, "rtp", PortRange{20000, 20999})
	r.https(f, l)
	f.Done()
	shared := l.SIP.Port() != 0 && l.SIP.Port() == l.Web.Port() &&
		(l.SIP.Addr() == l.Web.Addr() || l.SIP.Addr().IsUnspecified() || l.Web.Addr().IsUnspecified())
	if shared {
		r.sink.Report(f.At("web"), fmt.Sprintf("web listens at %s as sip does", l.Web), "sip takes TCP at that port too", "choose another port")
	}
	if p := l.SIP.Port(); p >= l.RTP.From && p <= l.RTP.To {
		r.sink.Report(f.At("rtp"), fmt.Sprintf("rtp holds the port %d of sip", p), "a port carries one of them", "choose another range")
	}
}

// address reads address:port; names are not looked up.
func (r *reader) address(f *place.Fields, key, def string) netip.AddrPort {
	s := f.Text(key, def)
	a, err := netip.ParseAddrPort(s)
	if err == nil {
		return a
	}
	hint := "write one such as " + def
	if _, port, err := net.SplitHostPort(s); err == nil {
		switch {
		case strings.HasPrefix(s, ":"):
			hint = fmt.Sprintf("0.0.0.0%s listens everywhere, 127.0.0.1%s only here", s, s)
		case strings.HasPrefix(s, "localhost:"):
			hint = "write 127.0.0.1:" + port
		}
	} else if _, err := netip.ParseAddr(s); err == nil {
		hint = "add a port"
	}
	r.sink.Report(f.At(key), fmt.Sprintf("%s is no address to listen at", place.Quote(s)), fmt.Sprintf("%s needs ADDRESS:PORT in digits", key), hint)
	return netip.MustParseAddrPort(def)
}

// ports reads "20000-20999".
func (r *reader) ports(f *place.Fields, key string, def PortRange) PortRange {
	s := f.Text(key, "")
	if s == "" {
		return def
	}
	a, b, ok := strings.Cut(s, "-")
	from, err1 := strconv.ParseUint(strings.TrimSpace(a), 10, 16)
	to, err2 := strconv.ParseUint(strings.TrimSpace(b), 10, 16)
	if !ok || err1 != nil || err2 != nil || from < 1024 || from > to {
		r.sink.Report(f.At(key), fmt.Sprintf("%s is no range of ports", place.Quote(s)), "ports are from 1024 to 65535, the lower first", "write one such as 20000-20999")
		return def
	}
	return PortRange{uint16(from), uint16(to)}
}

// words for whether an answer of a trunk is one.
var words = map[bool]string{true: "assumed", false: "told"}

// trunk reads a SIP trunk, ATA or gateway.
func (r *reader) trunk(f *place.Fields) {
	t := Trunk{ID: tel.TrunkID(r.id(f, "id", "operador"))}
	r.unique(f.At("id"), "line or trunk", string(t.ID))
	box := r.preset(f, &t)
	t.Server = r.server(f)
	t.TCP = f.Enum("transport", "udp", "udp", "tcp") == "tcp"
	t.Register = f.Bool("register", false)
	t.Accepts = f.Bool("accepts", t.Accepts)
	t.User = r.title(f, "user", "")
	t.Password = r.secret(f, "password")
	for _, n := range f.Texts("from") {
		if p, ok := r.prefix(n); ok {
			t.From = append(t.From, p)
		}
	}
	t.Number = r.digits(f, "number", false)
	if t.Register || t.Accepts || len(t.From) > 0 {
		t.Flow = f.NeedText("flow", "the name of a flow")
	} else {
		t.Flow = f.Text("flow", "")
	}
	r.refer(f.At("flow"), "trunk "+string(t.ID), "flow", t.Flow)
	t.Calls = f.Int("calls", cmp.Or(t.Calls, 10), 1, 5000)
	t.Assumed = f.Enum("answer", words[t.Assumed], "told", "assumed") == "assumed"
	t.Codecs = r.codecs(f)
	f.Done()
	who := "trunk " + string(t.ID)
	if box != nil {
		r.box(f, &t, box)
	}
	switch {
	case t.Register && t.Accepts:
		r.sink.Report(f.Where(), who+" registers and accepts", "either we register there or it registers here", "keep register or accepts")
	case t.Register && (t.Server == "" || t.User == "" || t.Password == ""):
		r.sink.Report(f.At("register"), who+" cannot register", "registering needs server, user and password", "add what is missing")
	case t.Accepts && (t.User == "" || t.Password == ""):
		r.sink.Report(f.At("accepts"), who+" accepts anybody", "accepting needs user and password", "add what is missing")
	case !t.Accepts && t.Server == "" && !f.Has("from"):
		r.sink.Report(f.Where(), who+" leads nowhere", "it has none of server, accepts and from", "add server: HOST")
	}
	if t.Accepts {
		r.unique(f.At("user"), "name to register with", t.User)
	}
	r.cfg.Trunks = append(r.cfg.Trunks, t)
}

// server reads host[:port].
func (r *reader) server(f *place.Fields) string {
	s := f.Text("server", "")
	if s == "" {
		return ""
	}
	host, port := s, "5060"
	if h, p, err := net.SplitHostPort(s); err == nil {
		host, port = h, p
	}
	n, err := strconv.ParseUint(port, 10, 16)
	_, badAddr := netip.ParseAddr(strings.Trim(host, "[]"))
	if err != nil || n == 0 || badAddr != nil && !hostname(host) {
		r.sink.Report(f.At("server"), fmt.Sprintf("%s is no server", place.Quote(s)), "it needs HOST or HOST:PORT", "write one such as sip.example.net or 192.0.2.1:5060")
	}
	return s
}

// hostname reports whether s is a name of RFC 1123, section 2.1, that is not
// digits and dots alone.
func hostname(s string) bool {
	if len(s) == 0 || len(s) > 253 || strings.Trim(s, "0123456789.") == "" {
		return false
	}
	for label := range strings.SplitSeq(strings.TrimSuffix(s, "."), ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, c := range label {
			if c != '-' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
				return false
			}
		}
	}
	return true
}

// prefix reads an address or a network whose calls are a trunk's.
func (r *reader) prefix(n *place.Node) (netip.Prefix, bool) {
	p, err := netip.ParsePrefix(n.Text)
	if a, aerr := netip.ParseAddr(n.Text); aerr == nil && a.Zone() == "" {
		p, err = netip.PrefixFrom(a, a.BitLen()), nil
	}
	switch {
	case err != nil:
		r.sink.Report(n.At, fmt.Sprintf("%s is no address", place.Quote(n.Text)), "calls are known by an address or a network", "write one such as 192.0.2.1 or 192.0.2.0/24")
		return p, false
	case p != p.Masked():
		r.sink.Report(n.At, fmt.Sprintf("%s has bits behind its mask", place.Quote(n.Text)), "a network ends in zeros", fmt.Sprintf("did you mean %q?", p.Masked()))
		return p, false
	case p.Bits() < 8:
		r.sink.Report(n.At, fmt.Sprintf("%s is half the world", place.Quote(n.Text)), "whoever calls from there would be the trunk", "name the addresses of the trunk")
		return p, false
	}
	for _, t := range r.cfg.Trunks {
		for _, q := range t.From {
			if p.Overlaps(q) {
				r.sink.Report(n.At, fmt.Sprintf("%s overlaps %s of trunk %s", place.Quote(n.Text), q, t.ID), "a call belongs to one trunk", "keep one of them")
				return p, false
			}
		}
	}
	return p, true
}

// uplink reads an upstream sink.
func (r *reader) uplink(f *place.Fields) {
	u := Uplink{ID: r.id(f, "id", "sede")}
	r.unique(f.At("id"), "uplink", u.ID)
	u.URL = f.NeedText("url", "https://collector.example.net/events")
	u.Token = r.secret(f, "token")
	u.CA = f.Text("ca", "")
	u.Batch = f.Int("batch", 500, 1, 10000)
	u.Every = f.Duration("every", 5*time.Second, 100*time.Millisecond, time.Hour)
	f.Done()
	r.cfg.Uplinks = append(r.cfg.Uplinks, u)
	if u.URL == "" {
		return
	}
	addr, err := url.Parse(u.URL)
	at := f.At("url")
	switch {
	case err != nil || addr.Hostname() == "" || addr.Opaque != "":
		r.sink.Report(at, fmt.Sprintf("%s is no address of a collector", place.Quote(u.URL)), "it needs https://HOST/PATH", "write one such as https://collector.example.net/events")
	case addr.User != nil:
		r.sink.Report(at, fmt.Sprintf("url of uplink %s holds a password", u.ID), "passwords are kept apart", "use token: secret:NAME")
	case addr.Scheme == "http" && !loopback(addr.Hostname()):
		r.sink.Report(at, fmt.Sprintf("url of uplink %s is not protected", u.ID), "plain http is for this machine alone", "write https://"+strings.TrimPrefix(u.URL, "http://"))
	case addr.Scheme != "https" && addr.Scheme != "http":
		r.sink.Report(at, fmt.Sprintf("url of uplink %s begins with %s", u.ID, place.Quote(addr.Scheme+":")), "rows are sent over https", "write https://")
	}
}

// loopback reports whether host is this machine.
func loopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.IsLoopback()
}
