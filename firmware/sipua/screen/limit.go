package screen

import (
	"net/netip"
	"sort"
	"time"
)

// Limits of strangers: what one address may send before it is not heard for a time.
const (
	strangerRate = 16 // messages
	strangerSpan = 2 * time.Second
	strangerBan  = 300 * time.Second
	maxStrangers = 4096 // addresses remembered
)

// Ban is an address that is not heard until Until.
type Ban struct {
	Source netip.Prefix // one IPv4 address or one IPv6 /64
	Until  time.Time
}

// limiter counts the messages of strangers. It has no clock and no lock.
type limiter struct {
	m map[netip.Prefix]*tally
}

type tally struct {
	from   time.Time // start of the span
	n      int
	banned time.Time // until
}

// allow counts one message of src and reports whether it may be heard; banned is
// true for the one message that brought a ban.
func (l *limiter) allow(now time.Time, src netip.Addr) (ok, banned bool) {
	key := place(src)
	t := l.m[key]
	if t == nil {
		if len(l.m) >= maxStrangers {
			l.shrink(now)
		}
		t = &tally{from: now}
		l.m[key] = t
	}
	if now.Before(t.banned) {
		return false, false
	}
	if now.Sub(t.from) >= strangerSpan || now.Before(t.from) {
		t.from, t.n = now, 0
	}
	t.n++
	if t.n <= strangerRate {
		return true, false
	}
	t.banned = now.Add(strangerBan)
	return false, true
}

// shrink forgets addresses that are quiet and the oldest quarter of the time that
// the rest covers, so that a flood of forged addresses pays for it rarely.
func (l *limiter) shrink(now time.Time) {
	oldest := now
	for _, t := range l.m {
		if t.from.Before(oldest) {
			oldest = t.from
		}
	}
	cut := oldest.Add(now.Sub(oldest) / 4)
	for k, t := range l.m {
		if !t.from.After(cut) || now.Sub(t.from) >= strangerSpan && !now.Before(t.banned) {
			delete(l.m, k)
		}
	}
}

// bans lists who is not heard, ordered by address.
func (l *limiter) bans(now time.Time) []Ban {
	var out []Ban
	for k, t := range l.m {
		if now.Before(t.banned) {
			out = append(out, Ban{Source: k, Until: t.banned})
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Source.Addr().Less(out[j].Source.Addr()) })
	return out
}

// place is the unit that is counted: an IPv4 address, also when it comes mapped
// into IPv6 (RFC 5118 section 4.9), or an IPv6 /64.
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

// isBanned reports whether src is not heard, without counting.
func (l *limiter) isBanned(now time.Time, src netip.Addr) bool {
	t := l.m[place(src)]
	return t != nil && now.Before(t.banned)
}
