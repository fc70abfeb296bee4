package gatehouse

import (
	"net/netip"
	"sync"
)

// Source is what a connection is counted under: the address it comes from, without its
// port, or the /64 of an IPv6 one, which one person has at least (RFC 6177, section 2).
// What is no address is its own source.
func Source(from string) string {
	host := from
	if ap, err := netip.ParseAddrPort(from); err == nil {
		host = ap.Addr().String()
	}
	a, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	if a = a.Unmap().WithZone(""); a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.String()
}

// Shares gives each source at most so many places at once. Its zero value is not usable;
// make one with NewShares.
type Shares struct {
	most int

	mu    sync.Mutex
	taken map[string]int
}

// NewShares makes shares of most places.
func NewShares(most int) *Shares { return &Shares{most: most, taken: map[string]int{}} }

// Take takes a place of a source, unless all of them are taken.
func (s *Shares) Take(source string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken[source] >= s.most {
		return false
	}
	s.taken[source]++
	return true
}

// Give gives a place back that was taken.
func (s *Shares) Give(source string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken[source]--; s.taken[source] <= 0 {
		delete(s.taken, source)
	}
}
