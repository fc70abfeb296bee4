package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/centralita/centralita/firmware/config/place"
	"github.com/centralita/centralita/firmware/tel"
)

// dialled is something a telephone of the house can dial.
type dialled struct {
	at   place.At
	kind string // "extension", "feature code", "outside prefix", "emergency number"
	n    tel.Number
}

// dial notes a number for the search of clashes.
func (r *reader) dial(at place.At, kind string, n tel.Number) {
	if n != "" {
		r.dials = append(r.dials, dialled{at, kind, n})
	}
}

// features reads the codes phones can dial.
func (r *reader) features(f *place.Fields) {
	code := func(key string, def tel.Number) tel.Number {
		n, at := r.digits(f, key, false), f.At(key)
		if !f.Has(key) {
			n, at = def, place.At{}
		}
		r.dial(at, "feature code", n)
		return n
	}
	r.cfg.Features = Features{Login: code("login", "*11"), Logout: code("logout", "*12"), Pause: code("pause", "*13"), Unpause: code("unpause", "*14")}
	f.Done()
}

// outside reads which outside numbers phones may dial.
func (r *reader) outside(f *place.Fields) {
	o := &r.cfg.Outside
	o.Prefix = r.extension(f, "prefix", false)
	r.dial(f.At("prefix"), "outside prefix", o.Prefix)
	for _, n := range f.Texts("emergency") {
		e := r.number(n.At, "emergency", n.Text)
		if e != "" && slices.Contains(o.Emergency, e) {
			r.sink.Report(n.At, fmt.Sprintf("emergency number %s stands twice", place.Quote(n.Text)), "once is enough", "remove one of them")
			continue
		}
		r.dial(n.At, "emergency number", e)
		o.Emergency = append(o.Emergency, e)
	}
	if !f.Has("emergency") {
		e := tel.Number("112")
		if strings.Contains(nineOneOne, " "+r.cfg.Site.Country+" ") {
			e = "911"
		}
		o.Emergency = []tel.Number{e}
		r.dial(place.At{}, "emergency number", e)
	} else if len(o.Emergency) == 0 {
		r.sink.Report(f.At("emergency"), "there is no emergency number", "help must always be within reach", `write ["112"] or ["911"]`)
	}
	o.Join = f.Bool("join", false)
	for _, n := range f.List("routes") {
		r.route(r.sink.Fields(n, n.At, "route"))
	}
	for _, n := range f.List("limits") {
		r.limit(r.sink.Fields(n, n.At, "limit"))
	}
	f.Done()
}

// route reads one permission.
func (r *reader) route(f *place.Fields) {
	rt := Route{Name: r.id(f, "name", "nacional")}
	r.unique(f.At("name"), "route", rt.Name)
	rt.Classes = r.classes(f)
	rt.Pattern = r.pattern(f)
	f.Need("via", "[L1]")
	for _, n := range f.Texts("via") {
		r.refer(n.At, "route "+rt.Name, "line or trunk", n.Text)
		rt.Via = append(rt.Via, n.Text)
	}
	if f.Has("via") && len(rt.Via) == 0 {
		r.sink.Report(f.At("via"), fmt.Sprintf("route %s leads over nothing", rt.Name), "a call needs a line or a trunk", "name one")
	}
	rt.Strip = f.Int("strip", 0, 0, tel.MaxNumber)
	rt.Add = r.digits(f, "add", false)
	f.Done()
	r.cfg.Outside.Routes = append(r.cfg.Outside.Routes, rt)
}

// references looks up every name that was noted.
func (r *reader) references() {
	known := map[string][]string{}
	for _, fl := range r.cfg.Flows {
		known["flow"] = append(known["flow"], fl.Name)
	}
	for _, q := range r.cfg.Queues {
		known["queue"] = append(known["queue"], string(q.ID))
	}
	for _, p := range r.cfg.Phones {
		known["phone"] = append(known["phone"], string(p.Ext))
	}
	for _, l := range r.cfg.Lines {
		known["line or trunk"] = append(known["line or trunk"], string(l.ID))
	}
	for _, t := range r.cfg.Trunks {
		known["line or trunk"] = append(known["line or trunk"], string(t.ID))
	}
	for _, ref := range r.refs {
		if r.sink.Full() {
			return
		}
		if words := known[ref.kind]; !slices.Contains(words, ref.id) {
			if slices.Contains(r.unsure, ref.kind) {
				continue
			}
			r.sink.Report(ref.at, fmt.Sprintf("%s names %s", ref.who, place.Quote(ref.id)), fmt.Sprintf("there is no such %s", ref.kind), place.Suggest(ref.id, words))
		} else if ref.kind == "line or trunk" {
			r.outgoing(ref)
		}
	}
}

// outgoing reports a route over something that takes no outgoing calls.
func (r *reader) outgoing(ref ref) {
	for _, l := range r.cfg.Lines {
		if string(l.ID) == ref.id && l.Use == "in" {
			r.sink.Report(ref.at, fmt.Sprintf("%s leads over line %s", ref.who, ref.id), "that line is for incoming calls", "write use: both there")
		}
	}
	for _, t := range r.cfg.Trunks {
		if string(t.ID) == ref.id && t.Server == "" && !t.Accepts {
			r.sink.Report(ref.at, fmt.Sprintf("%s leads over trunk %s", ref.who, ref.id), "that trunk has no server to send to", "add server: HOST there")
		}
	}
}

// clashes reports numbers that begin another number: a phone could not tell
// when the shorter one ends.
func (r *reader) clashes() {
	for i, a := range r.dials {
		for _, b := range r.dials[i+1:] {
			if r.sink.Full() {
				return
			}
			r.clash(a, b)
		}
	}
	for _, l := range r.cfg.Lines {
		if i := slices.IndexFunc(r.cfg.Phones, func(p Phone) bool { return p.Port() == l.ID }); i >= 0 {
			r.sink.Report(r.seen["line or trunk\x00"+string(l.ID)], fmt.Sprintf("a line cannot be called %s", place.Quote(string(l.ID))),
				fmt.Sprintf("the telephone of phone %s is called so after its socket", r.cfg.Phones[i].Ext), "choose another, such as L1")
		}
	}
	for _, t := range r.cfg.Trunks {
		if i := slices.IndexFunc(r.cfg.Phones, func(p Phone) bool { return p.SIP && t.Accepts && string(p.Ext) == t.User }); i >= 0 {
			at := r.seen["name to register with\x00"+t.User]
			r.sink.Report(at, fmt.Sprintf("trunk %s registers as %s", t.ID, place.Quote(t.User)), "a phone registers with that name", "choose another user")
		}
	}
}

// clash reports a and b when one begins the other or is the other. Those of no
// place are defaults: the problem stands at what is written.
func (r *reader) clash(a, b dialled) {
	short, long := a, b
	if len(short.n) > len(long.n) {
		short, long = b, a
	}
	if !strings.HasPrefix(string(long.n), string(short.n)) || emergencyFirst(a, b) {
		return
	}
	const why = "a phone could not tell when the shorter one ends"
	switch {
	case short.n == long.n:
		first, second := a, b
		if second.at == (place.At{}) || first.at != (place.At{}) && b.at.Line < a.at.Line {
			first, second = b, a
		}
		r.sink.Report(second.at, fmt.Sprintf("%s %s is used twice", second.kind, place.Quote(string(second.n))),
			fmt.Sprintf("it is %s %s already", article(first.kind), where(first)), "choose another")
	case long.at == (place.At{}):
		r.sink.Report(short.at, fmt.Sprintf("%s %s begins the %s %s", short.kind, place.Quote(string(short.n)), long.kind, place.Quote(string(long.n))),
			why, fmt.Sprintf("choose another; the %s is there by default", long.kind))
	default:
		r.sink.Report(long.at, fmt.Sprintf("%s %s begins with the %s %s", long.kind, place.Quote(string(long.n)), short.kind, place.Quote(string(short.n))),
			why, fmt.Sprintf("choose another; the %s is there %s", short.kind, where(short)))
	}
}

// where says in words where a number was written.
func where(d dialled) string {
	if d.at == (place.At{}) {
		return "by default"
	}
	return fmt.Sprintf("in line %d", d.at.Line)
}

// emergencyFirst reports whether a and b do not clash because an emergency
// number is tried before an outside number, and may begin another of its kind.
func emergencyFirst(a, b dialled) bool {
	const help = "emergency number"
	other := a.kind
	if a.kind == help {
		other = b.kind
	}
	return (a.kind == help || b.kind == help) && (other == help || other == "outside prefix")
}

// article puts a or an before a word.
func article(word string) string {
	if strings.ContainsRune("aeiou", rune(word[0])) {
		return "an " + word
	}
	return "a " + word
}

// portsPerCall: two legs, each with a port for RTP and one for RTCP.
const portsPerCall = 4

// capacity checks that there are ports for the calls that are permitted.
func (r *reader) capacity(f *place.Fields) {
	have := int(r.cfg.Listen.RTP.To) - int(r.cfg.Listen.RTP.From) + 1
	need := r.cfg.Limits.Calls * portsPerCall
	if have < need {
		r.sink.Report(f.At("listen"), fmt.Sprintf("rtp has %d ports", have),
			fmt.Sprintf("%d calls at once need %d, two legs each with RTP and RTCP", r.cfg.Limits.Calls, need), "widen listen: rtp or lower limits: calls")
	}
	if len(r.cfg.Phones) == 0 {
		r.sink.Report(f.Where(), "there are no phones", "nobody could answer", "add phones")
	}
}
