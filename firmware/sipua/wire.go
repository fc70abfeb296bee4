package sipua

import (
	"crypto/rand"
	"net/netip"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"

	"github.com/centralita/centralita/firmware/tel"
)

// The largest datagram that sipgo sends, which keeps 200 bytes of it free and
// drops what is larger. It is a global of the library, so it is set before any
// goroutine exists.
var _ = func() int {
	sip.UDPMTUSize = 8192 // longer than any message of ours; IP fragments what exceeds the link
	return sip.UDPMTUSize
}()

// allowed are the methods that we serve.
const allowed = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, REGISTER"

// newTag returns a tag, Call-ID or branch that nobody can guess: 128 bits.
func newTag() string { return rand.Text() }

// quoted makes a name fit for a display-name: sipgo puts the quotes round it and
// escapes nothing (RFC 3261 25.1, quoted-string).
func quoted(name tel.Text) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name.String())
}

// user makes s fit for the user part of a SIP URI: what is not unreserved or
// user-unreserved is escaped (RFC 3261 25.1). So nothing of it ends the URI.
func user(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', strings.IndexByte("-_.!~*'()&=+$,", c) >= 0:
			b.WriteByte(c)
		default:
			const hex = "0123456789ABCDEF"
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
	return b.String()
}

// number is user for a telephone number, cleaned again because a conversion can
// make a tel.Number of anything.
func number(n tel.Number) string {
	c, _ := tel.CleanNumber(string(n))
	return user(string(c))
}

// unescape undoes the escapes of a URI once; a broken escape stays as it is.
func unescape(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if v, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				b.WriteByte(byte(v))
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// userOf is the user part of a URI, without its parameters and unescaped. Of a
// tel URI it is the number.
func userOf(u *sip.Uri) string {
	s := u.User
	if u.Scheme == "tel" {
		s = u.Raw()
	}
	s, _, _ = strings.Cut(s, ";")
	return unescape(s)
}

// numberOf is the telephone number of a URI; empty when it has none.
func numberOf(u *sip.Uri) tel.Number {
	n, ok := tel.CleanNumber(userOf(u))
	if !ok {
		return ""
	}
	return n
}

// uri returns sip:user@host:port, host being an address.
func uri(user string, at netip.AddrPort, transport string) sip.Uri {
	u := sip.Uri{Scheme: "sip", User: user, Host: at.Addr().String(), Port: int(at.Port())}
	if strings.EqualFold(transport, "TCP") {
		u.UriParams.Add("transport", "tcp")
	}
	return u
}

// hostURI returns sip:user@host without a port.
func hostURI(user, host string) sip.Uri { return sip.Uri{Scheme: "sip", User: user, Host: host} }

// source is where a message came from.
func source(m sip.Message) netip.AddrPort {
	ap, err := netip.ParseAddrPort(m.Source())
	if err != nil {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}

// values are the values of all headers called name.
func values(m sip.Message, name string) []string {
	var out []string
	for _, h := range m.GetHeaders(name) {
		out = append(out, h.Value())
	}
	return out
}

// tagOf is the tag among the parameters of a From or To header.
func tagOf(p sip.HeaderParams) string { t, _ := p.Get("tag"); return t }

// respond answers req on tx. Headers follow the status line's own.
func (a *Agent) respond(req *sip.Request, tx *sip.ServerTx, code int, reason string, hs ...sip.Header) error {
	res := a.response(req, code, reason, nil, hs...)
	err := tx.Respond(res)
	if err != nil {
		a.log.Debug("cannot answer", "code", code, "method", string(req.Method), "to", res.Destination(), "err", err)
	}
	return err
}

// response builds an answer to req. A body is SDP.
func (a *Agent) response(req *sip.Request, code int, reason string, body []byte, hs ...sip.Header) *sip.Response {
	res := sip.NewResponseFromRequest(req, code, reason, nil)
	res.SipVersion = "SIP/2.0"
	for _, h := range hs {
		res.AppendHeader(h)
	}
	res.AppendHeader(sip.NewHeader("Server", a.agentName))
	if body != nil {
		res.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
		res.SetBody(body)
	}
	return res
}

// newRequest returns a request with everything but what its method needs.
func (a *Agent) newRequest(method sip.RequestMethod, to sip.Uri, callID string, seq uint32, from *sip.FromHeader, target *sip.ToHeader) *sip.Request {
	req := sip.NewRequest(method, to)
	req.AppendHeader(from)
	req.AppendHeader(target)
	id := sip.CallIDHeader(callID)
	req.AppendHeader(&id)
	req.AppendHeader(&sip.CSeqHeader{SeqNo: seq, MethodName: method})
	hops := sip.MaxForwardsHeader(70)
	req.AppendHeader(&hops)
	req.AppendHeader(sip.NewHeader("User-Agent", a.agentName))
	return req
}

// setBody gives a request an SDP body.
func setBody(req *sip.Request, body []byte) {
	req.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
	req.SetBody(body)
}

// contact is our own Contact header for requests and answers over transport.
func (a *Agent) contact(user, transport string) *sip.ContactHeader {
	return contactAt(a.here(), user, transport)
}

// contactAt is contact with an address of ours of which the peer knows.
func contactAt(at netip.AddrPort, user, transport string) *sip.ContactHeader {
	return &sip.ContactHeader{Address: uri(user, at, transport)}
}

// hop is where a message goes next.
type hop struct {
	addr      netip.AddrPort
	transport string // "UDP" or "TCP"
}

// String returns "udp 192.0.2.1:5060".
func (h hop) String() string { return strings.ToLower(h.transport) + " " + h.addr.String() }

// route makes req ready to be sent to h: a Via with a new branch unless it has
// one, and for UDP our own socket as the source.
func (a *Agent) route(req *sip.Request, h hop) {
	here := a.here()
	if req.Via() == nil {
		via := &sip.ViaHeader{ProtocolName: "SIP", ProtocolVersion: "2.0", Transport: h.transport,
			Host: here.Addr().String(), Port: int(here.Port())}
		via.Params.Add("branch", "z9hG4bK"+newTag())
		if h.transport == "UDP" {
			via.Params.Add("rport", "")
		}
		req.PrependHeader(via)
	}
	if req.Body() == nil {
		req.SetBody(nil)
	}
	req.SetTransport(h.transport)
	req.SetDestination(h.addr.String())
	if h.transport == "UDP" {
		// By its address the listening socket is found; without it the library
		// opens a socket of its own. For TCP the same key finds the connection
		// accepted last, whoever's it is, so there it must stay empty.
		req.Laddr = a.laddr
	}
}
