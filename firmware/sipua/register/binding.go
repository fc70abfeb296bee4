package register

import (
	"fmt"
	"net/netip"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/centralita/centralita/firmware/tel"
)

// Life of a binding in seconds (RFC 3261 section 10.2.1.1 and 10.3).
const (
	MinExpires     = 60
	MaxExpires     = 3600
	DefaultExpires = 3600
)

// Refused is a REGISTER that cannot be carried out, with its answer.
type Refused struct {
	Code       int    // SIP status
	Reason     string // for the answer's Reason or Warning text
	MinExpires int    // 423: value of the Min-Expires header; else 0
}

// Error implements error.
func (r *Refused) Error() string {
	return fmt.Sprintf("cannot register: %s (%d)", r.Reason, r.Code)
}

// Contact is one element of a REGISTER's Contact header.
type Contact struct {
	URI     string // as it came, without the headers a URI may carry
	Expires int    // seconds; -1 when the element has none
	Q       int    // thousandths, 0..1000
}

// Update is a REGISTER request in our words.
type Update struct {
	Contacts  []Contact
	Wildcard  bool // Contact: *
	Expires   int  // the Expires header in seconds; -1 when absent or malformed
	CallID    string
	CSeq      uint32
	Source    netip.AddrPort // where it came from, so where requests must go
	Transport string         // "UDP", "TCP"
	Agent     tel.Text       // the phone's own name for itself
}

// Binding says where an extension can be reached.
type Binding struct {
	Ext       tel.Number
	Contact   string // the Request-URI for requests to the phone
	Source    netip.AddrPort
	Transport string
	Agent     tel.Text
	CallID    string
	CSeq      uint32
	Since     time.Time // of the first REGISTER with this contact and source
	Until     time.Time
}

// Kind says what a REGISTER did.
type Kind uint8

// Kinds of change.
const (
	Nothing   Kind = iota // a query, or the removal of what was not there
	Added                 // the extension was not reachable before
	Refreshed             // same phone, later deadline
	Replaced              // another phone took the extension over; Change.Old says which
	Removed               // the phone said goodbye
)

// String returns the kind's name.
func (k Kind) String() string {
	return [...]string{"nothing", "added", "refreshed", "replaced", "removed"}[k]
}

// Change is the effect of a REGISTER.
type Change struct {
	Kind    Kind
	Binding Binding // the binding after it; zero when there is none
	Old     Binding // Replaced, Removed: the one before it
	Bound   bool    // whether Binding is set; then 200 lists it as Contact with Left seconds
	Left    int     // seconds until Binding ends
}

// Table holds the bindings: one per extension, the newest wins.
type Table struct {
	mu   sync.RWMutex
	m    map[tel.Number]Binding
	seen map[netip.Addr]int // how many bindings have this source address
}

// NewTable returns an empty table.
func NewTable() *Table {
	return &Table{m: map[tel.Number]Binding{}, seen: map[netip.Addr]int{}}
}

// Apply carries out u for ext at the instant now. The caller has authenticated
// it. An error is always a *Refused, and then nothing was changed.
func (t *Table) Apply(now time.Time, ext tel.Number, u Update) (Change, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	old, had := t.m[ext]
	if had && !now.Before(old.Until) {
		t.drop(old)
		had = false
	}
	if u.Wildcard {
		if len(u.Contacts) > 0 || u.Expires != 0 {
			return Change{}, &Refused{Code: 400, Reason: "Contact * needs Expires: 0 and no other contact"}
		}
		return t.remove(now, old, had, u)
	}
	if len(u.Contacts) == 0 {
		return current(Nothing, old, had, now), nil
	}
	c, secs := choose(u)
	if secs == 0 {
		if !had || !names(u.Contacts, old) {
			return current(Nothing, old, had, now), nil
		}
		return t.remove(now, old, had, u)
	}
	if secs < MinExpires {
		return Change{}, &Refused{Code: 423, Reason: "Interval Too Brief", MinExpires: MinExpires}
	}
	if err := inOrder(old, had, u); err != nil {
		return Change{}, err
	}
	return t.bind(now, ext, old, had, c, secs, u), nil
}

// bind stores the new binding of ext.
func (t *Table) bind(now time.Time, ext tel.Number, old Binding, had bool, c Contact, secs int, u Update) Change {
	b := Binding{Ext: ext, Contact: c.URI, Source: u.Source, Transport: u.Transport, Agent: u.Agent,
		CallID: u.CallID, CSeq: u.CSeq, Since: now,
		Until: now.Add(time.Duration(min(secs, MaxExpires)) * time.Second)}
	ch := Change{Kind: Added}
	if had {
		// The same phone may come with a new contact after a restart or from
		// another port after its router forgot it; another address is another phone.
		if old.Source.Addr() == b.Source.Addr() && (old.Contact == b.Contact || old.CallID == b.CallID) {
			ch.Kind, b.Since = Refreshed, old.Since
		} else {
			ch.Kind, ch.Old = Replaced, old
		}
		t.drop(old)
	}
	t.m[ext] = b
	t.seen[b.Source.Addr().Unmap()]++
	ch.Binding, ch.Bound = b, true
	ch.Left = secondsLeft(b, now)
	return ch
}

func (t *Table) remove(now time.Time, old Binding, had bool, u Update) (Change, error) {
	if !had {
		return Change{Kind: Nothing}, nil
	}
	if err := inOrder(old, had, u); err != nil {
		return Change{}, err
	}
	t.drop(old)
	return Change{Kind: Removed, Old: old}, nil
}

// drop takes b out of the table.
func (t *Table) drop(b Binding) {
	delete(t.m, b.Ext)
	a := b.Source.Addr().Unmap()
	if t.seen[a]--; t.seen[a] <= 0 {
		delete(t.seen, a)
	}
}

// Lookup returns the binding of ext that is alive at the instant now.
func (t *Table) Lookup(now time.Time, ext tel.Number) (Binding, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	b, ok := t.m[ext]
	return b, ok && now.Before(b.Until)
}

// From returns the extension whose phone sends from src, address and port.
func (t *Table) From(now time.Time, src netip.AddrPort) (Binding, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	for _, b := range t.m {
		if b.Source == src && now.Before(b.Until) {
			return b, true
		}
	}
	return Binding{}, false
}

// Known reports whether a registered phone has this address: the screen's and
// the Guard's question. Until Expire is called it counts ended bindings too.
func (t *Table) Known(addr netip.Addr) bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.seen[addr.Unmap()] > 0
}

// Remove takes away the binding of ext, for example of a connection that broke.
func (t *Table) Remove(ext tel.Number) (Binding, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	b, ok := t.m[ext]
	if ok {
		t.drop(b)
	}
	return b, ok
}

// All lists the bindings ordered by extension.
func (t *Table) All() []Binding {
	t.mu.RLock()
	defer t.mu.RUnlock()
	out := make([]Binding, 0, len(t.m))
	for _, b := range t.m {
		out = append(out, b)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Ext < out[j].Ext })
	return out
}

// Deadline is the instant at which Expire will have something to do.
func (t *Table) Deadline() (time.Time, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	var first time.Time
	for _, b := range t.m {
		if first.IsZero() || b.Until.Before(first) {
			first = b.Until
		}
	}
	return first, !first.IsZero()
}

// Expire removes and returns the bindings that have ended, ordered by extension.
func (t *Table) Expire(now time.Time) []Binding {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []Binding
	for _, b := range t.m {
		if !now.Before(b.Until) {
			out = append(out, b)
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Ext < out[j].Ext })
	for _, b := range out {
		t.drop(b)
	}
	return out
}

// choose returns the contact that u binds and its seconds: the highest q among
// those that are not being removed, the first among equals.
func choose(u Update) (Contact, int) {
	best, secs := u.Contacts[0], 0
	for _, c := range u.Contacts {
		s := c.Expires
		if s < 0 {
			s = u.Expires
		}
		if s < 0 {
			s = DefaultExpires
		}
		if s > 0 && (secs == 0 || c.Q > best.Q) {
			best, secs = c, s
		}
	}
	return best, secs
}

// names reports whether one of the contacts is the bound one.
func names(cs []Contact, b Binding) bool {
	for _, c := range cs {
		if c.URI == b.Contact {
			return true
		}
	}
	return false
}

// inOrder refuses a REGISTER that was overtaken by a later one of the same
// Call-ID (RFC 3261 section 10.3, step 7).
func inOrder(old Binding, had bool, u Update) error {
	if had && old.CallID == u.CallID && u.CSeq <= old.CSeq {
		return &Refused{Code: 500, Reason: "an older REGISTER came late: CSeq " +
			strconv.FormatUint(uint64(u.CSeq), 10) + " after " + strconv.FormatUint(uint64(old.CSeq), 10)}
	}
	return nil
}

func current(k Kind, b Binding, had bool, now time.Time) Change {
	if !had {
		return Change{Kind: k}
	}
	return Change{Kind: k, Binding: b, Bound: true, Left: secondsLeft(b, now)}
}

func secondsLeft(b Binding, now time.Time) int {
	return int(b.Until.Sub(now) / time.Second)
}

// Read takes from a REGISTER what Apply needs. An error is always a *Refused.
func Read(req *sip.Request, src netip.AddrPort) (Update, error) {
	u := Update{Expires: -1, Source: src, Transport: strings.ToUpper(req.Transport())}
	id, cseq := req.CallID(), req.CSeq()
	if id == nil || cseq == nil {
		return u, &Refused{Code: 400, Reason: "Call-ID or CSeq missing"}
	}
	u.CallID, u.CSeq = id.Value(), cseq.SeqNo
	if h := req.GetHeader("Expires"); h != nil {
		u.Expires = seconds(h.Value())
	}
	if h := req.GetHeader("User-Agent"); h != nil {
		u.Agent = tel.CleanText(h.Value())
	}
	for _, h := range req.GetHeaders("Contact") {
		c, ok := h.(*sip.ContactHeader)
		if !ok {
			return u, &Refused{Code: 400, Reason: "Contact not understood"}
		}
		if c.Address.Wildcard {
			u.Wildcard = true
			continue
		}
		if len(u.Contacts) == 8 {
			return u, &Refused{Code: 403, Reason: "more than eight contacts"}
		}
		one := Contact{Expires: -1, Q: 1000}
		if v, ok := c.Params.Get("expires"); ok {
			one.Expires = seconds(v)
		}
		if v, ok := c.Params.Get("q"); ok {
			if f, err := strconv.ParseFloat(v, 64); err == nil && f >= 0 && f <= 1 {
				one.Q = int(f*1000 + 0.5)
			}
		}
		one.URI = withoutHeaders(c.Address.String())
		u.Contacts = append(u.Contacts, one)
	}
	return u, nil
}

// withoutHeaders cuts the ?headers of a URI; a question mark may also stand in
// the user part. It is our policy that a contact puts no headers into requests.
func withoutHeaders(uri string) string {
	at := strings.IndexByte(uri, '@') + 1
	if i := strings.IndexByte(uri[at:], '?'); i >= 0 {
		return uri[:at+i]
	}
	return uri
}

// seconds reads delta-seconds; what is not a number counts as absent and what
// is beyond 32 bits as the most (RFC 3261 sections 20.19 and 10.2.1.1).
func seconds(s string) int {
	s = strings.TrimSpace(s)
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return -1
	}
	n, err := strconv.ParseUint(s, 10, 31)
	if err != nil {
		return MaxExpires
	}
	return int(n)
}
