package screen

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Action is what becomes of a message.
type Action uint8

// Actions.
const (
	Drop  Action = iota // nobody hears of it
	Reply               // Verdict.Reply goes back to where it came from
	Pass                // Verdict.Message goes to sipgo
)

// String returns the action's name.
func (a Action) String() string { return [...]string{"drop", "reply", "pass"}[a] }

// Verdict is the judgement of one message.
type Verdict struct {
	Action  Action
	Code    int    // Reply: its status
	Why     string // Drop and Reply: the reason, a text of ours without anything from the wire
	Method  string // of a request with a method we know, else empty
	Reply   []byte // Reply: the whole response
	Message []byte // Pass: the message in canonical form
	Close   bool   // on a stream nothing that follows can be trusted

	msg *message // a request that passes
}

// Peer is the other end of a message.
type Peer struct {
	Addr   netip.AddrPort
	Known  bool // trunk, registered phone or allowed network; everybody else gets silence
	Stream bool // TCP or TLS: Content-Length is mandatory and errors of framing close
}

// Rules say what is understood. The zero value takes calls, registrations and
// OPTIONS.
type Rules struct {
	Methods   []string // nil: DefaultMethods
	Supported []string // option tags a Require may name
	Bodies    []string // media types of INVITE, UPDATE, PRACK and ACK; nil: application/sdp
	Strangers []string // methods that unknown addresses may use when well formed
	Secret    [32]byte // makes tags that nobody can foretell
}

// DefaultMethods are allowed unless Rules say otherwise.
var defaultMethods = []string{"INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "REGISTER", "INFO"}

// DefaultMethods returns the methods that zero Rules allow.
func DefaultMethods() []string { return slices.Clone(defaultMethods) }

// registered are IANA's SIP methods: one of them that we do not allow gets 405,
// any other word 501 (RFC 3261 sections 8.2.1 and 21.5.2).
var registered = []string{"ACK", "BYE", "CANCEL", "INFO", "INVITE", "MESSAGE", "NOTIFY", "OPTIONS", "PRACK",
	"PUBLISH", "REFER", "REGISTER", "SUBSCRIBE", "UPDATE"}

// single are the header fields that may stand once only (RFC 4475 section 3.3.8).
var single = []string{"from", "to", "call-id", "cseq", "max-forwards", "content-length", "content-type", "expires",
	"min-expires", "event", "refer-to", "referred-by", "replaces", "session-expires", "min-se", "rseq", "rack",
	"content-disposition", "date", "timestamp", "reply-to", "retry-after", "mime-version"}

// fault is why a message is refused.
type fault struct {
	code    int
	why     string
	headers []string // for the answer
	close   bool
}

func badRequest(why string) *fault { return &fault{code: 400, why: why} }

// Check judges one message: a datagram, or what the framer cut from a stream. It
// keeps nothing of raw and never panics.
func (r *Rules) Check(raw []byte, p Peer) Verdict {
	if !p.Stream {
		for len(raw) >= 2 && raw[0] == '\r' && raw[1] == '\n' {
			raw = raw[2:]
		}
	}
	if len(raw) > MaxMessage {
		return Verdict{Why: "the message is too long", Close: true}
	}
	m, f := split(raw)
	if m.isReply {
		return r.response(m, f, p)
	}
	if f == nil {
		f = r.request(m, p)
	}
	method := ""
	if slices.Contains(registered, m.method) {
		method = m.method
	}
	v := Verdict{Method: method}
	switch {
	case f == nil && (p.Known || slices.Contains(r.Strangers, m.method)):
		v.Action, v.Message, v.msg = Pass, m.write(r), m
	case f == nil:
		v.Why = "a stranger's " + method
	default:
		v.Why, v.Close = f.why, f.close
		if !p.Known || m.method == "ACK" {
			return v
		}
		if v.Reply = m.answer(r, f, p); v.Reply != nil {
			v.Action, v.Code = Reply, f.code
		}
	}
	return v
}

// request finds what is wrong with a request; nil is nothing. The order decides
// which answer a message with several faults gets: first what version and
// framing say, then grammar, then what we understand.
func (r *Rules) request(m *message, p Peer) *fault {
	if m.version == "" || !isToken(m.method) {
		return badRequest("the start line is not method, one space, URI, one space, version")
	}
	if !strings.EqualFold(m.version, "SIP/2.0") {
		if len(m.version) > 4 && strings.EqualFold(m.version[:4], "SIP/") {
			return &fault{code: 505, why: "only SIP/2.0 is spoken here", close: true}
		}
		return badRequest("the start line does not end with SIP/2.0")
	}
	for _, step := range []func(*message, Peer) *fault{frame, once, common, r.recipient, r.method, extras, r.require, r.content} {
		if f := step(m, p); f != nil {
			return f
		}
	}
	return nil
}

// frame applies Content-Length (RFC 3261 section 18.3): a datagram's rest is
// ignored, a short one refused; a stream must agree exactly, which the framer saw to.
func frame(m *message, p Peer) *fault {
	f, n := m.one("content-length")
	switch {
	case n == 0 && p.Stream:
		return &fault{code: 400, why: "Content-Length is missing", close: true}
	case n == 0:
		return nil
	case n > 1:
		return &fault{code: 400, why: "Content-Length stands twice", close: true}
	}
	length, ok := contentLength(f)
	if !ok {
		return &fault{code: 400, why: "Content-Length is not a number", close: true}
	}
	if length > len(m.body) {
		return &fault{code: 400, why: "Content-Length is larger than the body", close: true}
	}
	m.body = m.body[:length]
	return nil
}

// contentLength reads the one spelling that no two readers can understand
// differently: digits on one line.
func contentLength(f field) (int, bool) {
	if f.folded || f.value == "" || strings.Trim(f.value, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseUint(f.value, 10, 31)
	if err != nil {
		return MaxMessage + 1, true // a number, but larger than anything we take
	}
	return int(n), true
}

// once refuses missing and doubled fields and control characters.
func once(m *message, _ Peer) *fault {
	for _, key := range []string{"via", "from", "to", "call-id", "cseq"} {
		if _, n := m.one(key); n == 0 {
			return badRequest(spelled(key) + " is missing")
		}
	}
	for _, key := range single {
		if _, n := m.one(key); n > 1 {
			return badRequest(spelled(key) + " stands twice")
		}
	}
	for _, f := range m.fields {
		if f.key == "content-type" && f.value == "" {
			return badRequest("Content-Type is empty")
		}
		if !printable(f.value) {
			return badRequest(spelledKnown(f.key) + " holds a control character")
		}
	}
	return nil
}

// spelled is the canonical spelling of a key of ours.
func spelled(key string) string {
	if p, ok := proper[key]; ok {
		return p
	}
	return title(key)
}

// spelledKnown spells the keys of ours and hides those that somebody made up.
func spelledKnown(key string) string {
	if slices.Contains(single, key) || key == "via" || key == "contact" {
		return spelled(key)
	}
	return "a header"
}

// printable allows tab, and after a backslash inside quotes everything but line ends.
func printable(s string) bool {
	inside := false
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case inside && c == '\\' && i+1 < len(s):
			i++
		case c == '"':
			inside = !inside
		case c < ' ' && c != '\t' || c == 0x7F:
			return false
		}
	}
	return true
}

// common reads the fields that every message has.
func common(m *message, _ Peer) *fault {
	var err error
	if m.cseqNum, m.cseqName, err = cseq(m.value("cseq")); err != nil {
		return badRequest(err.Error())
	}
	for _, f := range m.fields {
		if f.key != "via" {
			continue
		}
		vs, err := each(f.value, parseVia)
		if err != nil {
			return badRequest("Via: " + err.Error())
		}
		m.vias = append(m.vias, vs...)
	}
	if len(m.vias) > maxElements {
		return badRequest("too many Via")
	}
	if m.from, err = whole(m.value("from")); err != nil {
		return badRequest("From: " + err.Error())
	}
	if m.to, err = whole(m.value("to")); err != nil {
		return badRequest("To: " + err.Error())
	}
	id := m.value("call-id")
	if id == "" || len(id) > 512 || strings.ContainsAny(id, " \t") {
		return badRequest("Call-ID is not a word")
	}
	return nil
}

// whole reads a field that holds exactly one address.
func whole(s string) (address, error) {
	a, rest, err := nameAddr(s)
	if err == nil && rest != "" {
		err = errEnd
	}
	return a, err
}

// recipient checks the Request-URI (RFC 4475 sections 3.1.2.7 to 3.1.2.11, 3.3.2, 3.3.3).
func (r *Rules) recipient(m *message, _ Peer) *fault {
	u, err := parseURI(m.uriText)
	if err != nil {
		return badRequest("Request-URI: " + err.Error())
	}
	if !u.sip() {
		return &fault{code: 416, why: "only sip and sips URIs are understood"}
	}
	if u.headers {
		return badRequest("the Request-URI carries headers")
	}
	m.target = u
	return nil
}

// method refuses methods and a CSeq of another one.
func (r *Rules) method(m *message, _ Peer) *fault {
	allowed := r.Methods
	if allowed == nil {
		allowed = defaultMethods
	}
	if !slices.Contains(allowed, m.method) {
		if slices.Contains(registered, m.method) {
			return &fault{code: 405, why: "the method is not allowed here", headers: []string{"Allow: " + strings.Join(allowed, ", ")}}
		}
		return &fault{code: 501, why: "the method is not known", headers: []string{"Allow: " + strings.Join(allowed, ", ")}}
	}
	if m.cseqName != m.method {
		return badRequest("CSeq names another method")
	}
	return nil
}

// extras checks what some requests carry: branch, tag, Max-Forwards, contacts.
func extras(m *message, p Peer) *fault {
	branch, _ := get(m.vias[0].params, "branch")
	_, tagged := get(m.from.params, "tag")
	old := !strings.HasPrefix(branch, cookie)
	switch {
	case branch == cookie:
		return badRequest("the branch is nothing but the cookie")
	case old && (p.Stream || !p.Known):
		return badRequest("the branch has no cookie")
	case !old && !tagged:
		return badRequest("From has no tag")
	}
	if f, n := m.one("max-forwards"); n > 0 {
		if v, err := strconv.ParseUint(f.value, 10, 31); err != nil || v > 255 {
			return badRequest("Max-Forwards is not a number up to 255")
		}
	}
	contacts, star, f := m.contacts()
	if f != nil {
		return f
	}
	if m.method == "REGISTER" {
		return m.registration(contacts)
	}
	if star {
		return badRequest("Contact * outside REGISTER")
	}
	if old && len(contacts) == 0 && m.from.uri.sip() {
		return nil // RFC 2543: requests then go to the address in From
	}
	if m.method == "INVITE" && (len(contacts) != 1 || !contacts[0].uri.sip()) {
		return badRequest("an INVITE needs one Contact with a SIP URI")
	}
	return nil
}

func (m *message) registration(contacts []address) *fault {
	if !m.from.uri.sip() || !m.to.uri.sip() {
		return badRequest("REGISTER for an address that is not SIP")
	}
	for _, c := range contacts {
		if !c.uri.sip() {
			return badRequest("REGISTER of a contact that is not SIP")
		}
	}
	return nil
}

// contacts reads all Contact, Route, Record-Route, Refer-To and Referred-By fields
// and returns the contacts.
func (m *message) contacts() (contacts []address, star bool, f *fault) {
	for _, x := range m.fields {
		switch x.key {
		case "contact":
			if x.value == "*" {
				star = true
				continue
			}
			as, err := each(x.value, nameAddr)
			if err != nil {
				return nil, false, badRequest("Contact: " + err.Error())
			}
			contacts = append(contacts, as...)
		case "route", "record-route":
			if _, err := each(x.value, nameAddr); err != nil {
				return nil, false, badRequest(spelled(x.key) + ": " + err.Error())
			}
		case "refer-to", "referred-by":
			if _, err := whole(x.value); err != nil {
				return nil, false, badRequest(spelled(x.key) + ": " + err.Error())
			}
		}
	}
	if star && len(contacts) > 0 || len(contacts) > maxElements {
		return nil, false, badRequest("Contact * beside other contacts")
	}
	return contacts, star, nil
}

// response judges a response: it passes or is dropped (RFC 3261 sections 8.1.3.3, 18.1.2).
func (r *Rules) response(m *message, f *fault, p Peer) Verdict {
	if f == nil {
		f = reply(m, p)
	}
	if f != nil {
		return Verdict{Why: "a response: " + f.why, Close: f.close}
	}
	if !p.Known {
		return Verdict{Why: "a stranger's response"}
	}
	return Verdict{Action: Pass, Message: m.write(r)}
}

func reply(m *message, p Peer) *fault {
	if !strings.EqualFold(m.version, "SIP/2.0") {
		return badRequest("the start line is not version and status")
	}
	if m.status < 100 || m.status > 699 || !printable(m.reason) {
		return badRequest("the status is out of range")
	}
	for _, step := range []func(*message, Peer) *fault{frame, once, common} {
		if f := step(m, p); f != nil {
			return f
		}
	}
	if len(m.vias) != 1 {
		return badRequest("more than one Via")
	}
	if _, _, f := m.contacts(); f != nil {
		return f
	}
	return nil
}
