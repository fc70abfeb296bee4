package screen

import (
	"slices"
	"strings"
)

// require refuses options we do not have (RFC 3261 section 8.2.2.3); CANCEL and
// ACK must not be refused for them.
func (r *Rules) require(m *message, _ Peer) *fault {
	if m.method == "ACK" || m.method == "CANCEL" {
		return nil
	}
	var unknown []string
	for _, o := range m.list("require") {
		if !isToken(o) {
			return badRequest("Require: " + errToken.Error())
		}
		if !slices.ContainsFunc(r.Supported, func(s string) bool { return strings.EqualFold(s, o) }) {
			unknown = append(unknown, o)
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	return &fault{code: 420, why: "an extension is required that is not supported",
		headers: []string{"Unsupported: " + strings.Join(unknown, ", ")}}
}

// content refuses bodies we cannot read and answers nobody could read.
func (r *Rules) content(m *message, _ Peer) *fault {
	switch m.method {
	case "INVITE", "UPDATE", "PRACK":
	default:
		return nil
	}
	types := r.Bodies
	if types == nil {
		types = []string{"application/sdp"}
	}
	if _, n := m.one("accept"); n > 0 && m.method == "INVITE" && !accepts(m.list("accept"), types) {
		return &fault{code: 406, why: "the caller cannot read application/sdp"}
	}
	if len(m.body) == 0 || optional(m.value("content-disposition")) {
		return nil
	}
	accept := "Accept: " + strings.Join(types, ", ")
	for _, e := range m.list("content-encoding") {
		if !strings.EqualFold(e, "identity") {
			return &fault{code: 415, why: "the body is encoded", headers: []string{accept, "Accept-Encoding: identity"}}
		}
	}
	f, n := m.one("content-type")
	if n == 0 {
		return badRequest("the body has no Content-Type")
	}
	if !slices.Contains(types, mediaType(f.value)) {
		return &fault{code: 415, why: "the body's type is not understood", headers: []string{accept}}
	}
	return nil
}

// mediaType returns type/subtype in lower case without its parameters.
func mediaType(s string) string {
	s, _, _ = strings.Cut(s, ";")
	s = strings.NewReplacer(" ", "", "\t", "").Replace(s)
	return strings.ToLower(s)
}

// optional reports whether a body may be ignored (RFC 3261 section 20.11).
func optional(disposition string) bool {
	_, rest, _ := strings.Cut(disposition, ";")
	for p := range strings.SplitSeq(rest, ";") {
		k, v, _ := strings.Cut(p, "=")
		if strings.EqualFold(strings.TrimSpace(k), "handling") {
			return strings.EqualFold(strings.TrimSpace(v), "optional")
		}
	}
	return false
}

// accepts reports whether one of types is in an Accept list.
func accepts(list, types []string) bool {
	for _, a := range list {
		a = mediaType(a)
		if a == "*/*" || slices.Contains(types, a) {
			return true
		}
		if main, ok := strings.CutSuffix(a, "/*"); ok &&
			slices.ContainsFunc(types, func(t string) bool { return strings.HasPrefix(t, main+"/") }) {
			return true
		}
	}
	return false
}
