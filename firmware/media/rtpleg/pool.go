package rtpleg

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
)

// Pool hands out pairs of local ports: an even one for RTP, the next for RTCP
// (RFC 3550 § 11), from a random place each time so that nobody can guess them.
type Pool struct {
	addr        netip.Addr
	first, last int
	listen      func(netip.AddrPort) (net.PacketConn, error)

	mu   sync.Mutex
	used map[int]bool
}

// NewPool returns a pool of the ports first to last of an address; listen
// opens a socket.
func NewPool(addr netip.Addr, first, last int, listen func(netip.AddrPort) (net.PacketConn, error)) (*Pool, error) {
	first += first & 1
	if first < 2 || last > 65535 || last < first+1 {
		return nil, fmt.Errorf("cannot use the RTP ports %d to %d: there must be at least an even port and the one after it, up to 65535", first, last)
	}
	return &Pool{addr: addr, first: first, last: last, listen: listen, used: map[int]bool{}}, nil
}

// Pair is two open sockets of a pool.
type Pair struct {
	RTP, RTCP net.PacketConn // RTCP may be nil: no reports, or on the RTP port
	Port      int            // of RTP
	release   func()
}

// Close closes both sockets and gives their ports back.
func (p Pair) Close() error {
	var err error
	if p.RTP != nil {
		err = p.RTP.Close()
	}
	if p.RTCP != nil {
		err = errors.Join(err, p.RTCP.Close())
	}
	if p.release != nil {
		p.release()
	}
	return err
}

// Pairs returns how many pairs there are, and how many are open.
func (p *Pool) Pairs() (all, open int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pairs(), len(p.used)
}

func (p *Pool) pairs() int { return (p.last - p.first + 1) / 2 }

// Open opens a free pair. Ports that other programs hold are passed over.
func (p *Pool) Open() (Pair, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := p.pairs()
	if len(p.used) == all {
		return Pair{}, fmt.Errorf("cannot open a port for RTP: all %d pairs from %d to %d are in use by calls; widen the range of RTP ports in the configuration",
			all, p.first, p.last)
	}
	start := rand.IntN(all)
	var last error
	for i := range all {
		port := p.first + 2*((start+i)%all)
		if p.used[port] {
			continue
		}
		pair, err := p.open(port)
		if err == nil {
			p.used[port] = true
			return pair, nil
		}
		last = err
	}
	return Pair{}, fmt.Errorf("cannot open a port for RTP: of %d pairs from %d to %d on %s, %d are in use by calls and the rest failed, the last with: %w",
		all, p.first, p.last, p.addr, len(p.used), last)
}

// open opens one pair.
func (p *Pool) open(port int) (Pair, error) {
	rtp, err := p.listen(netip.AddrPortFrom(p.addr, uint16(port)))
	if err != nil {
		return Pair{}, err
	}
	rtcp, err := p.listen(netip.AddrPortFrom(p.addr, uint16(port+1)))
	if err != nil {
		return Pair{}, errors.Join(err, rtp.Close())
	}
	release := sync.OnceFunc(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.used, port)
	})
	return Pair{RTP: rtp, RTCP: rtcp, Port: port, release: release}, nil
}
