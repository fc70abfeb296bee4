package screen

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"
)

// The readers here follow RFC 3261 section 25. They work on one line that is
// already unfolded, return what is left, and never look behind.

var (
	errToken = errors.New("a token is missing")
	errQuote = errors.New("a quoted string does not end")
	errHost  = errors.New("not a host")
	errPort  = errors.New("not a port")
	errURI   = errors.New("not a URI")
	errParam = errors.New("not a parameter")
	errEnd   = errors.New("something stands after the end")
)

// param is ;name or ;name=value; the value keeps its quotes.
type param struct{ name, value string }

func get(ps []param, name string) (string, bool) {
	for _, p := range ps {
		if strings.EqualFold(p.name, name) {
			return p.value, true
		}
	}
	return "", false
}

func skip(s string) string { return strings.TrimLeft(s, " \t") }

func isTokenByte(c byte) bool {
	switch {
	case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		return true
	}
	return strings.IndexByte("-.!%*_+`'~", c) >= 0
}

func isToken(s string) bool {
	for i := 0; i < len(s); i++ {
		if !isTokenByte(s[i]) {
			return false
		}
	}
	return s != ""
}

// token takes a token from the front of s.
func token(s string) (tok, rest string, err error) {
	i := 0
	for i < len(s) && isTokenByte(s[i]) {
		i++
	}
	if i == 0 {
		return "", s, errToken
	}
	return s[:i], s[i:], nil
}

// quoted takes a quoted string with its quotes from the front of s. After a
// backslash any character stands, even NUL (RFC 4475 section 3.1.1.2).
func quoted(s string) (q, rest string, err error) {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return s[:i+1], s[i+1:], nil
		}
	}
	return "", s, errQuote
}

// params takes *( ; name [ = value ] ) from the front of s, up to its end or a comma.
func params(s string) (ps []param, rest string, err error) {
	for {
		s = skip(s)
		if s == "" || s[0] == ',' {
			return ps, s, nil
		}
		if s[0] != ';' || len(ps) == 64 {
			return nil, s, errParam
		}
		var p param
		if p.name, s, err = token(skip(s[1:])); err != nil {
			return nil, s, errParam
		}
		s = skip(s)
		if s != "" && s[0] == '=' {
			if p.value, s, err = value(skip(s[1:])); err != nil {
				return nil, s, err
			}
		}
		ps = append(ps, p)
	}
}

// value takes a parameter's value: token, host or quoted string.
func value(s string) (v, rest string, err error) {
	if s != "" && s[0] == '"' {
		// sipgo cuts parameters at these, quoted or not, and would read a tag
		// inside a quoted text as the tag.
		if v, rest, err = quoted(s); err == nil && strings.ContainsAny(v, ";=\\") {
			err = errParam
		}
		return v, rest, err
	}
	i := 0
	for i < len(s) && strings.IndexByte(" \t;,<>\"=", s[i]) < 0 && s[i] > ' ' {
		i++
	}
	if i == 0 {
		return "", s, errParam
	}
	return s[:i], s[i:], nil
}

// address is an element of From, To, Contact, Route and their like.
type address struct {
	display string // as it came, with its quotes
	uri     uri
	params  []param
}

// nameAddr takes one name-addr or addr-spec with its parameters from the front of s.
func nameAddr(s string) (a address, rest string, err error) {
	s = skip(s)
	if s != "" && s[0] == '"' {
		if a.display, s, err = quoted(s); err != nil {
			return a, s, err
		}
		if s = skip(s); s == "" || s[0] != '<' {
			return a, s, errURI
		}
	}
	i := strings.IndexAny(s, "<,;\"")
	if i >= 0 && s[i] == '<' {
		if a.display == "" {
			a.display = strings.TrimRight(s[:i], " \t")
		}
		end := i + strings.IndexByte(s[i:], '>')
		if end < i {
			return a, s, errURI
		}
		if a.uri, err = headerURI(s[i+1 : end]); err != nil {
			return a, s, err
		}
		a.params, rest, err = params(s[end+1:])
		return a, rest, err
	}
	if i < 0 {
		i = len(s)
	}
	// Without brackets parameters are the header's, and a question mark is not
	// allowed (RFC 3261 section 20.10, RFC 4475 section 3.1.2.13).
	spec := strings.TrimRight(s[:i], " \t")
	if strings.IndexByte(spec, '?') >= 0 {
		return a, s, errURI
	}
	if a.uri, err = headerURI(spec); err != nil {
		return a, s, err
	}
	a.params, rest, err = params(s[i:])
	return a, rest, err
}

// String returns the canonical form.
func (a address) String() string {
	if a.display == "" {
		return a.plain(a.uri.text)
	}
	return a.display + " " + a.plain(a.uri.text)
}

// plain is the canonical form without the display name, which nobody needs in a
// list and which sipgo splits at a comma behind an escaped quote.
func (a address) plain(uri string) string {
	var b strings.Builder
	b.WriteByte('<')
	b.WriteString(uri)
	b.WriteByte('>')
	writeParams(&b, a.params)
	return b.String()
}

func writeParams(b *strings.Builder, ps []param) {
	for _, p := range ps {
		b.WriteByte(';')
		b.WriteString(strings.ToLower(p.name)) // sipgo looks for tag and branch in small letters
		if p.value != "" {
			b.WriteByte('=')
			b.WriteString(p.value)
		}
	}
}

// headerURI reads the URI of a header field. sipgo cannot read schemes with digits
// (h323) there and would drop the whole message in silence.
func headerURI(s string) (uri, error) {
	u, err := parseURI(s)
	if err == nil && strings.Trim(u.scheme, "abcdefghijklmnopqrstuvwxyz") != "" {
		return uri{}, errors.New("a scheme that is not understood")
	}
	return u, err
}

// uri is a URI; the parts are read for sip and sips only.
type uri struct {
	text    string // canonical
	bare    string // without ?headers
	scheme  string // lower case
	headers bool   // it carries ?headers
}

func (u uri) sip() bool { return u.scheme == "sip" || u.scheme == "sips" }

// parseURI reads a whole URI.
func parseURI(s string) (uri, error) {
	for i := 0; i < len(s); i++ {
		if s[i] <= ' ' || s[i] >= 0x7F || strings.IndexByte("<>\"\\^{|}", s[i]) >= 0 {
			return uri{}, errURI
		}
		if s[i] == '%' && (i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2])) {
			return uri{}, errURI
		}
	}
	scheme, rest, ok := strings.Cut(s, ":")
	if !ok || rest == "" || !isScheme(scheme) {
		return uri{}, errURI
	}
	u := uri{text: s, bare: s, scheme: strings.ToLower(scheme)}
	if !u.sip() {
		return u, nil
	}
	user := ""
	if before, after, ok := strings.Cut(rest, "@"); ok {
		if before == "" || before[0] == ':' || strings.ContainsAny(before, "[]#`") {
			return uri{}, errURI
		}
		user, rest = before+"@", after
	}
	host, rest, err := hostPort(rest, false)
	if err != nil {
		return uri{}, err
	}
	tail := rest
	ps, heads, query := strings.Cut(rest, "?")
	if query && heads == "" || strings.ContainsAny(rest, "@#`") {
		return uri{}, errURI
	}
	u.headers = query
	for ps != "" {
		if ps[0] != ';' {
			return uri{}, errURI
		}
		var one string
		one, ps = ps[1:], ""
		if i := strings.IndexByte(one, ';'); i >= 0 {
			one, ps = one[:i], one[i:]
		}
		if name, _, _ := strings.Cut(one, "="); name == "" {
			return uri{}, errURI
		}
	}
	u.text = u.scheme + ":" + user + host + tail
	u.bare = u.text
	if query {
		u.bare = strings.TrimSuffix(u.text, "?"+heads)
	}
	return u, nil
}

func isScheme(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i] | 0x20
		if !(c >= 'a' && c <= 'z' || i > 0 && (s[i] >= '0' && s[i] <= '9' || s[i] == '+' || s[i] == '-' || s[i] == '.')) {
			return false
		}
	}
	return s != ""
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f'
}

// hostPort takes host [ : port ] from the front of s and returns it in canonical
// form. spaces allows white space round the colon, as a Via may have.
func hostPort(s string, spaces bool) (hp, rest string, err error) {
	if s != "" && s[0] == '[' {
		end := strings.IndexByte(s, ']')
		if end < 0 {
			return "", s, errHost
		}
		a, err := ipv6(s[1:end])
		if err != nil {
			return "", s, errHost
		}
		hp, s = "["+a+"]", s[end+1:]
	} else {
		i := 0
		for i < len(s) && (isTokenByte(s[i]) && strings.IndexByte("!%*+`'~", s[i]) < 0) {
			i++
		}
		hp, s = s[:i], s[i:]
		if !isHostname(hp) {
			return "", s, errHost
		}
	}
	r := s
	if spaces {
		r = skip(r)
	}
	if r == "" || r[0] != ':' {
		return hp, s, nil
	}
	r = r[1:]
	if spaces {
		r = skip(r)
	}
	i := 0
	for i < len(r) && r[i] >= '0' && r[i] <= '9' {
		i++
	}
	n, err := strconv.ParseUint(r[:i], 10, 16)
	if err != nil || n == 0 {
		return "", s, errPort
	}
	return hp + ":" + strconv.FormatUint(n, 10), r[i:], nil
}

// ipv6 checks an IPv6 reference and returns it without the third colon that the
// grammar of RFC 3261 allowed by mistake (RFC 5118 section 4.10).
func ipv6(s string) (string, error) {
	if strings.Count(s, ":::") == 1 {
		s = strings.Replace(s, ":::", "::", 1)
	}
	a, err := netip.ParseAddr(s)
	if err != nil || !a.Is6() || a.Zone() != "" {
		return "", errHost
	}
	return s, nil
}

// isHostname accepts labels of letters, digits, - and the _ that offices use.
func isHostname(s string) bool {
	s = strings.TrimSuffix(s, ".")
	if s == "" || len(s) > 1024 { // RFC 4475 section 3.1.1.7 has names far over 255
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
	}
	return true
}

// via is one hop.
type via struct {
	transport string
	sentBy    string
	params    []param
}

// String returns the canonical form.
func (v via) String() string {
	var b strings.Builder
	b.WriteString("SIP/2.0/" + v.transport + " " + v.sentBy)
	writeParams(&b, v.params)
	return b.String()
}

// parseVia takes one hop from the front of s; LWS may stand anywhere between
// its parts (RFC 4475 section 3.1.1.1).
func parseVia(s string) (v via, rest string, err error) {
	var name, version string
	if name, s, err = token(skip(s)); err != nil {
		return v, s, err
	}
	if version, s, err = slashToken(s); err != nil {
		return v, s, err
	}
	if v.transport, s, err = slashToken(s); err != nil {
		return v, s, err
	}
	if !strings.EqualFold(name, "SIP") || version != "2.0" || skip(s) == s {
		return v, s, errors.New("not a hop of SIP/2.0")
	}
	v.transport = strings.ToUpper(v.transport)
	if v.sentBy, s, err = hostPort(skip(s), true); err != nil {
		return v, s, err
	}
	v.params, rest, err = params(s)
	for _, p := range v.params {
		if strings.HasPrefix(p.value, "\"") { // sipgo splits a Via at every comma
			return v, rest, errParam
		}
	}
	return v, rest, err
}

func slashToken(s string) (tok, rest string, err error) {
	if s = skip(s); s == "" || s[0] != '/' {
		return "", s, errToken
	}
	return token(skip(s[1:]))
}

// cseq reads number and method.
func cseq(s string) (n uint32, method string, err error) {
	num, m, ok := strings.Cut(strings.ReplaceAll(s, "\t", " "), " ")
	m = skip(m)
	if !ok || !isToken(m) || num == "" || strings.Trim(num, "0123456789") != "" {
		return 0, "", errors.New("CSeq is not a number and a method")
	}
	v, err := strconv.ParseUint(num, 10, 31)
	if err != nil {
		return 0, "", errors.New("CSeq is out of range")
	}
	return uint32(v), m, nil
}

// each reads a comma-separated list.
func each[T any](s string, one func(string) (T, string, error)) ([]T, error) {
	var out []T
	for {
		v, rest, err := one(s)
		if err != nil {
			return nil, err
		}
		if out = append(out, v); len(out) > maxElements {
			return nil, errors.New("too many elements")
		}
		if rest = skip(rest); rest == "" {
			return out, nil
		}
		if rest[0] != ',' {
			return nil, errEnd
		}
		s = rest[1:]
	}
}
