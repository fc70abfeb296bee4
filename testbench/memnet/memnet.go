// Package memnet is a network in memory: datagram sockets and stream
// connections made of channels, with delay, loss, duplication and reordering
// drawn from a seed.
//
// It needs no operating system, so that programs on it run in a testing/synctest
// bubble: every wait is on a channel or a timer of the bubble. A Net is an
// address book; who listens on an address gets what is sent there, and what is
// sent to nobody is lost, as on a real network.
package memnet

import (
	"container/heap"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"time"
)

// Link is how packets fare between two addresses. The zero Link is perfect.
type Link struct {
	Delay     time.Duration // one way
	Jitter    time.Duration // at most this is added at random; it reorders datagrams
	Loss      float64       // share of datagrams lost, 0..1; streams lose nothing unless it is 1
	Duplicate float64       // share of datagrams delivered twice
	Reorder   float64       // share of datagrams held back by Late
	Late      time.Duration // 0: 20 ms
	Chunk     int           // streams: bytes delivered at once; 0: what was written
}

// Packet is a datagram or a piece of a stream on its way.
type Packet struct {
	From, To netip.AddrPort
	Stream   bool
	Data     []byte
}

// Tap sees every packet as it is sent and says whether it goes on.
type Tap func(Packet) bool

// Net is one network. Make it with New; all methods may be called from any goroutine.
type Net struct {
	mu      sync.Mutex
	rng     *rand.Rand
	sockets map[netip.AddrPort]*PacketConn
	streams map[netip.AddrPort]*Listener
	links   map[[2]netip.Addr]Link
	also    map[netip.Addr]netip.Addr // where datagrams to an address go
	all     Link
	taps    []Tap
	queue   deliveries
	seq     uint64
	nextEph uint16
	timer   *time.Timer
	sending sync.Mutex // held while due packets are handed over, so that order holds
}

// New returns an empty network whose accidents are drawn from seed.
func New(seed uint64) *Net {
	return &Net{
		rng:     rand.New(rand.NewPCG(seed, 0x6d656d6e6574)),
		sockets: map[netip.AddrPort]*PacketConn{},
		streams: map[netip.AddrPort]*Listener{},
		links:   map[[2]netip.Addr]Link{},
		also:    map[netip.Addr]netip.Addr{},
		nextEph: 40000,
	}
}

// SetAll sets the link between all addresses that have none of their own.
func (n *Net) SetAll(l Link) { n.mu.Lock(); n.all = l; n.mu.Unlock() }

// SetLink sets the link from one address to another, one way.
func (n *Net) SetLink(from, to netip.Addr, l Link) {
	n.mu.Lock()
	n.links[[2]netip.Addr{from.Unmap(), to.Unmap()}] = l
	n.mu.Unlock()
}

// Also gives whoever has addr another address for datagrams, as a socket has that listens
// everywhere; an addr that is not valid takes it away.
func (n *Net) Also(other, addr netip.Addr) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !addr.IsValid() {
		delete(n.also, other)
		return
	}
	n.also[other] = addr
}

// OnPacket adds a tap. It is called without locks held, in the sender's goroutine.
func (n *Net) OnPacket(t Tap) { n.mu.Lock(); n.taps = append(n.taps, t); n.mu.Unlock() }

// Pending is how many packets are on their way.
func (n *Net) Pending() int { n.mu.Lock(); defer n.mu.Unlock(); return len(n.queue) }

// ephemeral returns a free port of addr. The caller holds mu.
func (n *Net) ephemeral(addr netip.Addr) netip.AddrPort {
	for {
		n.nextEph++
		if n.nextEph < 40000 {
			n.nextEph = 40000
		}
		ap := netip.AddrPortFrom(addr, n.nextEph)
		if n.sockets[ap] == nil && n.streams[ap] == nil {
			return ap
		}
	}
}

// carry sends p on its way to deliver, which runs when it arrives.
func (n *Net) carry(p Packet, deliver func()) {
	n.mu.Lock()
	taps := n.taps
	n.mu.Unlock()
	for _, t := range taps {
		if !t(p) {
			return
		}
	}
	n.mu.Lock()
	l, ok := n.links[[2]netip.Addr{p.From.Addr(), p.To.Addr()}]
	if !ok {
		l = n.all
	}
	copies := 1
	delay := l.Delay
	if p.Stream {
		if l.Loss >= 1 {
			copies = 0
		}
	} else {
		if l.Jitter > 0 {
			delay += time.Duration(n.rng.Int64N(int64(l.Jitter)))
		}
		if l.Reorder > 0 && n.rng.Float64() < l.Reorder {
			late := l.Late
			if late == 0 {
				late = 20 * time.Millisecond
			}
			delay += late
		}
		if l.Duplicate > 0 && n.rng.Float64() < l.Duplicate {
			copies = 2
		}
		if l.Loss > 0 && n.rng.Float64() < l.Loss {
			copies = 0
		}
	}
	at := time.Now().Add(delay)
	for range copies {
		n.seq++
		heap.Push(&n.queue, delivery{at, n.seq, deliver})
	}
	n.mu.Unlock()
	n.pump()
}

// pump hands over what is due, oldest first, and sets the timer for the rest.
func (n *Net) pump() {
	n.sending.Lock()
	defer n.sending.Unlock()
	for {
		n.mu.Lock()
		if len(n.queue) == 0 {
			n.mu.Unlock()
			return
		}
		wait := time.Until(n.queue[0].at)
		if wait > 0 {
			if n.timer != nil {
				n.timer.Stop()
			}
			n.timer = time.AfterFunc(wait, n.pump)
			n.mu.Unlock()
			return
		}
		d := heap.Pop(&n.queue).(delivery)
		n.mu.Unlock()
		d.deliver()
	}
}

// delivery is one packet in flight.
type delivery struct {
	at      time.Time
	seq     uint64
	deliver func()
}

// deliveries is a heap by time, then by order of sending.
type deliveries []delivery

func (d deliveries) Len() int { return len(d) }
func (d deliveries) Less(i, j int) bool {
	if !d[i].at.Equal(d[j].at) {
		return d[i].at.Before(d[j].at)
	}
	return d[i].seq < d[j].seq
}
func (d deliveries) Swap(i, j int) { d[i], d[j] = d[j], d[i] }
func (d *deliveries) Push(x any)   { *d = append(*d, x.(delivery)) }
func (d *deliveries) Pop() any {
	old := *d
	x := old[len(old)-1]
	*d = old[:len(old)-1]
	return x
}

// errInUse is what a second listener on an address gets.
var errInUse = errors.New("address already in use")

// parse reads "host:port" with a literal address.
func parse(addr string) (netip.AddrPort, error) {
	ap, err := netip.ParseAddrPort(addr)
	if err != nil {
		return ap, fmt.Errorf("cannot use %q on a network in memory: %w", addr, err)
	}
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port()), nil
}

// addrPort reads a net.Addr as the standard library's sockets give them.
func addrPort(a net.Addr) (netip.AddrPort, error) {
	switch a := a.(type) {
	case *net.UDPAddr:
		ap := a.AddrPort()
		return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port()), nil
	case nil:
		return netip.AddrPort{}, errors.New("cannot send: no address")
	}
	return parse(a.String())
}
