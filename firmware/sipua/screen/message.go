package screen

import (
	"bytes"
	"strconv"
	"strings"
)

// Bounds of a message.
const (
	MaxMessage  = 64 << 10 // bytes of head and body
	maxHead     = 16 << 10
	maxFields   = 128 // header lines
	maxElements = 128 // elements of one list
)

// field is one header line, unfolded.
type field struct {
	key    string // lower case, compact form expanded
	name   string // as we write it
	value  string
	folded bool
}

// message is a SIP message as it came, read as far as possible, so that even a
// broken one can be answered.
type message struct {
	start   string
	fields  []field
	body    []byte // everything behind the head, before Content-Length is applied
	isReply bool

	method, uriText, version string // request
	status                   int    // response
	reason                   string

	from, to address
	cseqNum  uint32
	cseqName string
	vias     []via
	target   uri
}

// compact names of RFC 3261 section 7.3.3 and its extensions.
var compact = map[string]string{
	"a": "accept-contact", "b": "referred-by", "c": "content-type", "d": "request-disposition",
	"e": "content-encoding", "f": "from", "i": "call-id", "j": "reject-contact", "k": "supported",
	"l": "content-length", "m": "contact", "n": "identity-info", "o": "event", "r": "refer-to",
	"s": "subject", "t": "to", "u": "allow-events", "v": "via", "x": "session-expires", "y": "identity",
}

// proper holds the names whose canonical spelling is not First-Letters-Upper.
var proper = map[string]string{
	"call-id": "Call-ID", "cseq": "CSeq", "www-authenticate": "WWW-Authenticate", "mime-version": "MIME-Version",
	"rseq": "RSeq", "rack": "RAck", "min-se": "Min-SE", "sip-etag": "SIP-ETag",
}

// split takes raw apart. A *fault says why it cannot be a message; the message
// still holds what could be read.
func split(raw []byte) (*message, *fault) {
	m := &message{}
	end := bytes.Index(raw, []byte("\r\n\r\n"))
	head := raw
	var f *fault
	if end < 0 {
		f = badRequest("the header section does not end")
	} else {
		head, m.body = raw[:end], raw[end+4:]
	}
	if len(head) > maxHead { // its beginning is read, so that it can be answered
		f = &fault{code: 513, why: "the header section is too long"}
		head = head[:max(0, bytes.LastIndex(head[:maxHead], []byte("\r\n")))]
	}
	lines := strings.Split(string(head), "\r\n")
	m.start = lines[0]
	m.readStart()
	if len(lines)-1 > maxFields {
		f = &fault{code: 513, why: "too many header lines"}
		lines = lines[:maxFields+1]
	}
	for _, l := range lines[1:] {
		if lf := m.readLine(l); lf != nil && f == nil {
			f = lf
		}
	}
	return m, f
}

// readLine adds one header line.
func (m *message) readLine(l string) *fault {
	if l == "" {
		return badRequest("an empty header line")
	}
	if strings.ContainsAny(l, "\r\n") {
		return badRequest("a line ends without CR LF")
	}
	if l[0] == ' ' || l[0] == '\t' {
		if len(m.fields) == 0 {
			return badRequest("the start line is folded")
		}
		last := &m.fields[len(m.fields)-1]
		last.folded = true
		last.value = strings.TrimRight(last.value, " \t")
		if more := strings.Trim(l, " \t"); more != "" {
			last.value = strings.TrimLeft(last.value+" "+more, " ")
		}
		return nil
	}
	name, value, ok := strings.Cut(l, ":")
	name = strings.TrimRight(name, " \t")
	if !ok || !isToken(name) {
		return badRequest("a header line has no name")
	}
	key := strings.ToLower(name)
	if full, short := compact[key]; short {
		key, name = full, title(full)
	}
	m.fields = append(m.fields, field{key: key, name: canonical(key, name), value: strings.Trim(value, " \t")})
	return nil
}

func canonical(key, name string) string {
	if p, ok := proper[key]; ok {
		return p
	}
	switch key {
	case "from", "to", "via", "contact", "content-length", "content-type", "max-forwards", "route", "record-route",
		"expires", "require", "supported", "authorization", "proxy-authorization":
		return title(key)
	}
	return name
}

// title writes a lower-case name with capitals.
func title(key string) string {
	b := []byte(key)
	for i := range b {
		if (i == 0 || b[i-1] == '-') && b[i] >= 'a' && b[i] <= 'z' {
			b[i] -= 'a' - 'A'
		}
	}
	return string(b)
}

// readStart splits the start line into its three parts; what does not fit leaves
// version empty.
func (m *message) readStart() {
	a, rest, ok := strings.Cut(m.start, " ")
	b, c, ok2 := strings.Cut(rest, " ")
	if len(m.start) >= 4 && strings.EqualFold(m.start[:4], "SIP/") {
		m.isReply = true
		if !ok || !ok2 && len(b) != 3 {
			return
		}
		n, err := strconv.ParseUint(b, 10, 16)
		if err != nil || len(b) != 3 {
			return
		}
		m.version, m.status, m.reason = a, int(n), c
		return
	}
	m.method = a
	if !ok || !ok2 || a == "" || b == "" || strings.ContainsAny(c, " \t") {
		if !isToken(m.method) {
			m.method = ""
		}
		return
	}
	m.uriText, m.version = b, c
}

// one returns the only field of that name; n is how many there are.
func (m *message) one(key string) (f field, n int) {
	for _, x := range m.fields {
		if x.key == key {
			if n == 0 {
				f = x
			}
			n++
		}
	}
	return f, n
}

// value returns the first value of that name.
func (m *message) value(key string) string {
	f, _ := m.one(key)
	return f.value
}

// list returns the comma-separated tokens of all fields of that name.
func (m *message) list(key string) []string {
	var out []string
	for _, f := range m.fields {
		if f.key != key {
			continue
		}
		for t := range strings.SplitSeq(f.value, ",") {
			if t = strings.Trim(t, " \t"); t != "" && len(out) < maxElements {
				out = append(out, t)
			}
		}
	}
	return out
}
