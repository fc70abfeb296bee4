package offer

import (
	"bytes"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/pion/sdp/v3"
)

// Bounds of a description.
const (
	MaxBytes   = 16 << 10
	maxMedia   = 8
	maxFormats = 64
	maxLines   = 400
)

// media is an m-line of the other side in our words.
type media struct {
	kind    string
	proto   string
	formats []string
	port    int
	addr    netip.Addr // zero: none given, or 0.0.0.0 / ::
	null    bool       // the connection address is the null address: hold of RFC 2543
	dir     Direction  // seen from the other side
	ptime   time.Duration
	rtcp    netip.AddrPort
	codecs  map[uint8]Codec // its payload types that are codecs of ours
	event   int             // payload type of telephone-event at 8 kHz, -1 none
}

// read parses a description of the other side.
func read(body []byte) ([]media, error) {
	if len(body) == 0 {
		return nil, bad("it is empty")
	}
	if len(body) > MaxBytes {
		return nil, bad("it has %d bytes, at most %d are read", len(body), MaxBytes)
	}
	if bytes.Count(body, []byte{'\n'}) > maxLines {
		return nil, bad("it has more than %d lines", maxLines)
	}
	var d sdp.SessionDescription
	if err := d.Unmarshal(body); err != nil {
		return nil, bad("%v", err)
	}
	if len(d.MediaDescriptions) == 0 {
		return nil, misfit("it has no m-line")
	}
	if len(d.MediaDescriptions) > maxMedia {
		return nil, misfit("it has %d m-lines, at most %d are read", len(d.MediaDescriptions), maxMedia)
	}
	out := make([]media, 0, len(d.MediaDescriptions))
	for _, m := range d.MediaDescriptions {
		one, err := readMedia(&d, m)
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}

// readMedia reads one m-line. A per-media c= wins over the session's (RFC 4566
// section 5.7, RFC 5118 section 4.8), and so does a per-media direction.
func readMedia(d *sdp.SessionDescription, m *sdp.MediaDescription) (media, error) {
	out := media{kind: m.MediaName.Media, proto: strings.Join(m.MediaName.Protos, "/"),
		formats: m.MediaName.Formats, port: m.MediaName.Port.Value, event: -1,
		codecs: map[uint8]Codec{}}
	for _, t := range append([]string{out.kind, out.proto}, out.formats...) {
		if !token(t) {
			return out, bad("an m-line holds %q", clip(t))
		}
	}
	if len(out.formats) > maxFormats {
		return out, misfit("an m-line has %d formats, at most %d are read", len(out.formats), maxFormats)
	}
	if out.port < 0 || out.port > 65535 {
		return out, bad("port %d", out.port)
	}
	c := m.ConnectionInformation
	if c == nil {
		c = d.ConnectionInformation
	}
	if c != nil && c.Address != nil {
		a, err := ParseIP(c.Address.Address)
		if err != nil && out.port != 0 && out.audio() {
			return out, misfit("connection address %q is not an IP address", clip(c.Address.Address))
		}
		out.null = a.IsValid() && a.IsUnspecified()
		if !out.null {
			out.addr = a
		}
	} else if out.port != 0 && out.audio() {
		return out, bad("no c= line")
	}
	out.dir = readDirection(d.Attributes, SendRecv)
	out.dir = readDirection(m.Attributes, out.dir)
	out.readFormats(m.Attributes)
	out.readRTCP(m.Attributes)
	return out, nil
}

// audio reports whether the m-line is one that we can take at all.
func (m *media) audio() bool { return m.kind == "audio" && m.proto == "RTP/AVP" }

func readDirection(as []sdp.Attribute, d Direction) Direction {
	for _, a := range as {
		switch a.Key {
		case "sendrecv":
			d = SendRecv
		case "sendonly":
			d = SendOnly
		case "recvonly":
			d = RecvOnly
		case "inactive":
			d = Inactive
		}
	}
	return d
}

// readFormats finds out which of the payload types are ours. A static number
// without rtpmap means what RFC 3551 says.
func (m *media) readFormats(as []sdp.Attribute) {
	maps := map[string]string{}
	for _, a := range as {
		switch a.Key {
		case "rtpmap":
			if pt, name, ok := strings.Cut(strings.TrimSpace(a.Value), " "); ok {
				if _, twice := maps[pt]; !twice {
					maps[pt] = strings.TrimSpace(name)
				}
			}
		case "ptime":
			if ms, err := strconv.ParseFloat(strings.TrimSpace(a.Value), 64); err == nil && ms >= 10 && ms <= 60 {
				m.ptime = time.Duration(ms) * time.Millisecond
			}
		}
	}
	for _, f := range m.formats {
		pt, err := strconv.ParseUint(f, 10, 7)
		if err != nil {
			continue
		}
		name, clock, channels := encoding(maps[f], uint8(pt))
		if clock != "8000" || channels != "" && channels != "1" {
			continue
		}
		switch name {
		case string(PCMU), string(PCMA):
			m.codecs[uint8(pt)] = Codec(name)
		case "TELEPHONE-EVENT":
			if m.event < 0 {
				m.event = int(pt)
			}
		}
	}
}

// encoding splits an rtpmap, name in upper case.
func encoding(rtpmap string, pt uint8) (name, clock, channels string) {
	if rtpmap == "" {
		switch pt {
		case 0:
			return string(PCMU), "8000", ""
		case 8:
			return string(PCMA), "8000", ""
		}
		return "", "", ""
	}
	name, rest, _ := strings.Cut(rtpmap, "/")
	clock, channels, _ = strings.Cut(rest, "/")
	return strings.ToUpper(name), clock, channels
}

// readRTCP fills the RTCP address: a=rtcp (RFC 3605), else the next port.
func (m *media) readRTCP(as []sdp.Attribute) {
	if !m.addr.IsValid() || m.port == 0 {
		return
	}
	port := m.port + 1
	addr := m.addr
	for _, a := range as {
		if a.Key != "rtcp" {
			continue
		}
		f := strings.Fields(a.Value)
		if len(f) == 0 {
			continue
		}
		if p, err := strconv.ParseUint(f[0], 10, 16); err == nil && p > 0 {
			port = int(p)
		}
		if len(f) == 4 {
			if ip, err := ParseIP(f[3]); err == nil && !ip.IsUnspecified() {
				addr = ip
			}
		}
	}
	if port <= 65535 {
		m.rtcp = netip.AddrPortFrom(addr, uint16(port))
	}
}

// ParseIP reads an IP address as SIP and SDP write it: with or without brackets,
// with two or, by the error in the grammar of RFC 3261 that RFC 5118 section 4.10
// explains, three colons before an embedded IPv4 address. A mapped IPv4 address
// becomes the IPv4 address it is.
func ParseIP(s string) (netip.Addr, error) {
	s = strings.TrimSuffix(strings.TrimPrefix(s, "["), "]")
	a, err := netip.ParseAddr(s)
	if err != nil && strings.Count(s, ":::") == 1 {
		a, err = netip.ParseAddr(strings.Replace(s, ":::", "::", 1))
	}
	return a.Unmap(), err
}

// token reports whether s may be repeated in an answer of ours.
func token(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] <= ' ' || s[i] >= 0x7F {
			return false
		}
	}
	return s != ""
}

// clip shortens text from the wire for an error.
func clip(s string) string {
	if len(s) > 40 {
		s = s[:40] + "…"
	}
	return s
}
