package screen

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// cookie begins every branch of RFC 3261 (section 8.1.1.7).
const cookie = "z9hG4bK"

// Marks of what legacy fills in for a peer of RFC 2543, found again on the way back.
const (
	legacyBranch = ";branch=" + cookie + ".2543."
	legacyTag    = ";tag=2543."
	legacyLen    = 16 // hex digits behind a mark
)

// maxReply is the largest answer of ours to a bad request; a longer one could
// only echo a flood.
const maxReply = 16 << 10

// phrase is the reason phrase of the answers that the screen gives.
func phrase(code int) string {
	switch code {
	case 400:
		return "Bad Request"
	case 405:
		return "Method Not Allowed"
	case 406:
		return "Not Acceptable"
	case 415:
		return "Unsupported Media Type"
	case 416:
		return "Unsupported URI Scheme"
	case 420:
		return "Bad Extension"
	case 501:
		return "Not Implemented"
	case 503:
		return "Service Unavailable"
	case 505:
		return "Version Not Supported"
	case 513:
		return "Message Too Large"
	}
	return "Refused"
}

// answer builds the response to a refused request out of what can be echoed
// safely: values are single lines by the way they were read. Without Via there is
// no way back and no answer.
func (m *message) answer(r *Rules, f *fault, p Peer) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "SIP/2.0 %d %s\r\n", f.code, phrase(f.code))
	vias := 0
	for _, x := range m.fields {
		if x.key == "via" && !strings.ContainsAny(x.value, "\r\n") {
			if vias++; vias == 1 {
				x.value = received(x.value, p)
			}
			b.WriteString("Via: " + x.value + "\r\n")
		}
	}
	if vias == 0 {
		return nil
	}
	for _, key := range []string{"from", "to", "call-id", "cseq"} {
		x, n := m.one(key)
		if n == 0 || strings.ContainsAny(x.value, "\r\n") {
			continue
		}
		b.WriteString(spelled(key) + ": " + x.value)
		if key == "to" {
			if a, err := whole(x.value); err == nil {
				if _, tagged := get(a.params, "tag"); !tagged {
					b.WriteString(";tag=" + r.sign("tag", m.value("call-id"), m.value("via"), m.value("cseq")))
				}
			}
		}
		b.WriteString("\r\n")
	}
	for _, h := range f.headers {
		b.WriteString(h + "\r\n")
	}
	fmt.Fprintf(&b, "Warning: 399 centralita \"%s\"\r\nContent-Length: 0\r\n\r\n", f.why)
	if b.Len() > maxReply {
		return nil
	}
	return []byte(b.String())
}

// received marks the first hop of an answer with where the request came from
// (RFC 3261 section 18.2.1, RFC 3581 section 4). A Via that cannot be read is
// repeated as it came.
func received(value string, p Peer) string {
	vs, err := each(value, parseVia)
	if err != nil || !p.Addr.IsValid() {
		return value
	}
	top := &vs[0]
	if _, there := get(top.params, "received"); !there {
		top.params = append(top.params, param{"received", p.Addr.Addr().Unmap().WithZone("").String()})
	}
	for i, x := range top.params {
		if strings.EqualFold(x.name, "rport") && x.value == "" {
			top.params[i].value = strconv.Itoa(int(p.Addr.Port()))
		}
	}
	hops := make([]string, len(vs))
	for i, v := range vs {
		hops[i] = v.String()
	}
	return strings.Join(hops, ", ")
}

// write returns the message in the one form that sipgo reads as we do: no folds,
// no compact names, one element per line, exact Content-Length.
func (m *message) write(r *Rules) []byte {
	var b strings.Builder
	if m.isReply {
		b.WriteString("SIP/2.0 " + strconv.Itoa(m.status) + " " + m.reason + "\r\n")
	} else {
		m.fillLegacy(r)
		b.WriteString(m.method + " " + m.target.text + " SIP/2.0\r\n")
	}
	for _, v := range m.vias {
		b.WriteString("Via: " + v.String() + "\r\n")
	}
	for _, f := range m.fields {
		switch f.key {
		case "via", "content-length":
			continue
		case "from":
			f.value = m.from.String()
		case "to":
			f.value = m.to.String()
		case "cseq":
			f.value = strconv.FormatUint(uint64(m.cseqNum), 10) + " " + m.cseqName
		case "max-forwards":
			if f.value = strings.TrimLeft(f.value, "0"); f.value == "" {
				f.value = "0"
			}
		case "contact", "route", "record-route", "refer-to", "referred-by":
			if as, err := each(f.value, nameAddr); err == nil {
				for _, a := range as {
					uri := a.uri.text
					if f.key == "contact" { // our policy: a contact puts no headers into requests
						uri = a.uri.bare
					}
					b.WriteString(f.name + ": " + a.plain(uri) + "\r\n")
				}
				continue
			}
		}
		b.WriteString(f.name + ": " + f.value + "\r\n")
	}
	b.WriteString("Content-Length: " + strconv.Itoa(len(m.body)) + "\r\n\r\n")
	b.Write(m.body)
	return []byte(b.String())
}

// fillLegacy gives a request of RFC 2543 what sipgo's transactions and dialogs
// cannot do without: a branch that is the same for INVITE, its repetitions, its
// CANCEL and its ACK (RFC 3261 section 17.2.3), a From tag that is the same
// throughout the call, and a Contact.
func (m *message) fillLegacy(r *Rules) {
	top := &m.vias[0]
	branch, _ := get(top.params, "branch")
	if !strings.HasPrefix(branch, cookie) {
		sum := r.sign("branch", m.target.text, m.value("from"), m.value("call-id"),
			strconv.FormatUint(uint64(m.cseqNum), 10), top.String())
		kept := top.params[:0:0]
		for _, p := range top.params {
			if !strings.EqualFold(p.name, "branch") {
				kept = append(kept, p)
			} else if p.value != "" {
				kept = append(kept, param{name: "x-branch", value: p.value})
			}
		}
		top.params = append(kept, param{name: "branch", value: legacyBranch[len(";branch="):] + sum})
		if _, n := m.one("contact"); n == 0 && m.method == "INVITE" && m.from.uri.sip() {
			m.fields = append(m.fields, field{key: "contact", name: "Contact", value: "<" + m.from.uri.text + ">"})
		}
	}
	if _, tagged := get(m.from.params, "tag"); !tagged {
		sum := r.sign("from", m.value("from"), m.value("call-id"))
		m.from.params = append(m.from.params, param{name: "tag", value: legacyTag[len(";tag="):] + sum})
	}
}

// unfill takes out again what fillLegacy put in, from a message that sipgo sends.
func unfill(msg []byte) []byte {
	s := string(msg)
	head, body, ok := strings.Cut(s, "\r\n\r\n")
	if !ok || !strings.Contains(head, legacyBranch) && !strings.Contains(head, legacyTag) {
		return msg
	}
	for _, mark := range []string{legacyBranch, legacyTag} {
		for {
			i := strings.Index(head, mark)
			if i < 0 || len(head) < i+len(mark)+legacyLen {
				break
			}
			head = head[:i] + head[i+len(mark)+legacyLen:]
		}
	}
	head = strings.ReplaceAll(head, ";x-branch=", ";branch=")
	return []byte(head + "\r\n\r\n" + body)
}

// sign makes a word that only we can foretell.
func (r *Rules) sign(parts ...string) string {
	h := hmac.New(sha256.New, r.Secret[:])
	for _, p := range parts {
		h.Write([]byte(p))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil))[:legacyLen]
}
