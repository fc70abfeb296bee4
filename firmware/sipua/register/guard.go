package register

import (
	"net/netip"
	"sort"
	"sync"
	"time"
)

// Limits of the Guard. They let a person mistype, and give a machine at most
// banAfter guesses per ban.
const (
	freeTries    = 3                // wrong tries without any delay
	banAfter     = 10               // wrong tries of one source in a row
	firstBan     = 5 * time.Minute  // doubled with each further ban
	longestBan   = 24 * time.Hour   // of one source
	sourceDelay  = 64 * time.Second // longest delay of a source
	knownDelay   = 4 * time.Second  // longest delay of a trunk or a registered phone
	accountDelay = 30 * time.Second // longest delay of an account tried from unknown sources
	forgetAfter  = time.Hour        // a record without news is dropped
	maxRecords   = 4096             // of sources, and of accounts
)

// Guard counts wrong credentials per source and per account, delays the next
// try exponentially and bans a source for a time. A source that exempt names (a
// configured trunk, a currently registered phone) is never banned, so nobody
// can lock it out from elsewhere.
type Guard struct {
	exempt func(netip.Addr) bool

	mu       sync.Mutex
	sources  map[netip.Prefix]*record
	accounts map[string]*record
}

type record struct {
	fails  int
	last   time.Time
	bans   int
	banned time.Time // until
}

// Ban is a source that gets no answer until Until.
type Ban struct {
	Source netip.Prefix // one IPv4 address or one IPv6 /64
	Until  time.Time
	Bans   int // how often it was banned lately
}

// NewGuard returns a Guard. exempt says which addresses may never be banned; nil
// exempts none. It is called without a lock held.
func NewGuard(exempt func(netip.Addr) bool) *Guard {
	if exempt == nil {
		exempt = func(netip.Addr) bool { return false }
	}
	return &Guard{exempt: exempt, sources: map[netip.Prefix]*record{}, accounts: map[string]*record{}}
}

// Banned reports whether src gets no answer at the instant now.
func (g *Guard) Banned(now time.Time, src netip.Addr) bool {
	if g.exempt(src.Unmap()) {
		return false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	r := g.sources[place(src)]
	return r != nil && now.Before(r.banned)
}

// Wait is how long src must wait before a try at account is judged; 0 is now.
func (g *Guard) Wait(now time.Time, src netip.Addr, account string) time.Duration {
	known := g.exempt(src.Unmap())
	g.mu.Lock()
	defer g.mu.Unlock()
	longest := sourceDelay
	if known {
		longest = knownDelay
	}
	wait := g.sources[place(src)].wait(now, longest)
	if !known {
		wait = max(wait, g.accounts[account].wait(now, accountDelay))
	}
	return wait
}

// Failed notes a wrong try and reports whether it banned the source.
func (g *Guard) Failed(now time.Time, src netip.Addr, account string) bool {
	known := g.exempt(src.Unmap())
	g.mu.Lock()
	defer g.mu.Unlock()
	tally(g.accounts, account, now)
	r := tally(g.sources, place(src), now)
	if known || r.fails < banAfter {
		return false
	}
	r.fails = 0
	r.banned = now.Add(min(firstBan<<min(r.bans, 16), longestBan))
	r.bans++
	return true
}

// Succeeded forgets the wrong tries of src and account.
func (g *Guard) Succeeded(src netip.Addr, account string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.sources, place(src))
	delete(g.accounts, account)
}

// Bans lists the sources that are banned at the instant now, ordered by address.
func (g *Guard) Bans(now time.Time) []Ban {
	g.mu.Lock()
	defer g.mu.Unlock()
	var out []Ban
	for src, r := range g.sources {
		if now.Before(r.banned) {
			out = append(out, Ban{Source: src, Until: r.banned, Bans: r.bans})
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Source.Addr().Less(out[j].Source.Addr()) })
	return out
}

// Lift ends the ban of src and forgets its wrong tries.
func (g *Guard) Lift(src netip.Addr) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.sources, place(src))
}

// wait is the time left before the next try; a nil record has none.
func (r *record) wait(now time.Time, longest time.Duration) time.Duration {
	if r == nil || r.fails <= freeTries {
		return 0
	}
	delay := min(time.Second<<min(r.fails-freeTries-1, 16), longest)
	return max(0, r.last.Add(delay).Sub(now))
}

// tally adds one wrong try to the record of key and keeps the map bounded.
func tally[K comparable](m map[K]*record, key K, now time.Time) *record {
	r := m[key]
	if r == nil {
		if len(m) >= maxRecords {
			shrink(m, now)
		}
		r = &record{}
		m[key] = r
	}
	if now.Sub(r.last) > forgetAfter && !now.Before(r.banned) {
		r.fails = 0
		if now.Sub(r.banned) > longestBan {
			r.bans = 0
		}
	}
	r.fails++
	r.last = now
	return r
}

// shrink drops what is forgotten and the oldest quarter of the time that the
// records cover, so that a flood of new sources pays for it rarely.
func shrink[K comparable](m map[K]*record, now time.Time) {
	oldest := now
	for _, r := range m {
		if r.last.Before(oldest) {
			oldest = r.last
		}
	}
	cut := oldest.Add(now.Sub(oldest) / 4)
	for k, r := range m {
		if !r.last.After(cut) || now.Sub(r.last) > forgetAfter && !now.Before(r.banned) {
			delete(m, k)
		}
	}
}

// place is the unit that is counted and banned: an IPv4 address (also when it
// comes mapped into IPv6, RFC 5118 section 4.9) or an IPv6 /64, which one
// subscriber has to himself.
func place(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	bits := 32
	if a.Is6() {
		bits = 64
	}
	p, err := a.Prefix(bits)
	if err != nil { // the zero Addr
		return netip.Prefix{}
	}
	return p
}
