package media_test

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/centralita/centralita/dsp/tone/plan"
	"github.com/centralita/centralita/firmware/media"
	"github.com/centralita/centralita/firmware/media/player"
	"github.com/centralita/centralita/firmware/media/rtpleg"
	"github.com/centralita/centralita/firmware/tel"
)

// mirror is a socket on which the far end sends back what it hears, as its own
// stream. It allocates nothing, so that what a tick allocates can be seen.
type mirror struct {
	peer   netip.AddrPort
	way    chan int
	mu     sync.Mutex
	stream [2048]byte
	deaf   bool // nothing comes back: reports are parsed outside ticks, and that allocates
	closed chan struct{}
	once   sync.Once
}

func newMirror(peer netip.AddrPort) *mirror {
	return &mirror{peer: peer, way: make(chan int, 8), closed: make(chan struct{})}
}

func (m *mirror) ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error) {
	select {
	case n := <-m.way:
		m.mu.Lock()
		defer m.mu.Unlock()
		return copy(b, m.stream[:n]), m.peer, nil
	case <-m.closed:
		return 0, netip.AddrPort{}, net.ErrClosed
	}
}

func (m *mirror) WriteToUDPAddrPort(b []byte, _ netip.AddrPort) (int, error) {
	if m.deaf {
		return len(b), nil
	}
	m.mu.Lock()
	n := copy(m.stream[:], b)
	m.mu.Unlock()
	select {
	case m.way <- n:
	default:
	}
	return n, nil
}

func (m *mirror) ReadFrom(b []byte) (int, net.Addr, error) {
	n, a, err := m.ReadFromUDPAddrPort(b)
	return n, net.UDPAddrFromAddrPort(a), err
}

func (m *mirror) WriteTo(b []byte, _ net.Addr) (int, error) {
	return m.WriteToUDPAddrPort(b, m.peer)
}
func (m *mirror) Close() error                     { m.once.Do(func() { close(m.closed) }); return nil }
func (m *mirror) LocalAddr() net.Addr              { return net.UDPAddrFromAddrPort(m.peer) }
func (m *mirror) SetDeadline(time.Time) error      { return nil }
func (m *mirror) SetReadDeadline(time.Time) error  { return nil }
func (m *mirror) SetWriteDeadline(time.Time) error { return nil }

// sockets returns those of a leg whose far end sends back what it hears.
func sockets(peer netip.AddrPort) rtpleg.Pair {
	reports := newMirror(peer)
	reports.deaf = true
	return rtpleg.Pair{RTP: newMirror(peer), RTCP: reports, Port: 10000}
}

// load attaches legs over RTP, in rooms of so many, or playing when rooms is 0; as
// lines they are heard by the plan of Mexico.
func load(t testing.TB, e *media.Engine, legs, rooms int, lines bool) {
	t.Helper()
	music := make([]int16, 80000)
	for i := range music {
		music[i] = int16(i%200*50 - 5000)
	}
	mexico, ok := plan.For("MX")
	if !ok {
		t.Fatal("no plan of MX")
	}
	dial := mexico.Signal(plan.Dial).Spec()
	hear := &mexico
	if !lines {
		hear = nil
	}
	for i := range legs {
		id := tel.LegID(i + 1)
		peer := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), 4000)
		leg := rtpleg.New(rtpleg.Config{Sockets: sockets(peer), SSRC: uint32(i), CNAME: "board"})
		leg.Set(rtpleg.Session{Remote: peer, EventPT: eventPT, Send: true, Recv: true, Codec: rtpleg.Codec(i & 1), PT: uint8(i&1) * 8})
		call := tel.CallID(fmt.Sprint("1-", i/max(1, rooms)))
		if err := e.Attach(media.Leg{ID: id, Call: call, Endpoint: leg, DTMF: true, Progress: hear}); err != nil {
			t.Fatal(err)
		}
		switch {
		case rooms > 0:
			e.Join(id, call)
		case i%3 == 0:
			e.Play(id, media.Play{ID: 1, Parts: []player.Part{{Pause: 100}, {PCM: music, Radio: true}}})
		case i%3 == 1:
			e.Play(id, media.Play{ID: 1, Parts: []player.Part{{Tone: &dial}}})
		default:
			e.Play(id, media.Play{ID: 1, Parts: []player.Part{{PCM: make([]int16, 8_000_000)}}})
		}
		t.Cleanup(func() { _ = leg.Close() })
	}
}

func TestATickAllocatesNothing(t *testing.T) {
	if racing {
		t.Skip("the race detector allocates by itself: go test without -race runs this")
	}
	events := 0
	e := media.New(media.Config{Shards: 2, Sink: func(es []media.Event) { events += len(es) }})
	load(t, e, 30, 0, true)
	for i, rooms := range []int{2, 5} {
		first := 100 * (i + 1)
		for k := range 10 {
			id := tel.LegID(first + k)
			peer := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, byte(i), byte(k)}), 4000)
			leg := rtpleg.New(rtpleg.Config{Sockets: sockets(peer), SSRC: uint32(id)})
			leg.Set(rtpleg.Session{Remote: peer, EventPT: eventPT, Send: true, Recv: true})
			room := tel.CallID(fmt.Sprint("room", rooms, "-", k/rooms))
			if err := e.Attach(media.Leg{ID: id, Call: room, Endpoint: leg, DTMF: true}); err != nil {
				t.Fatal(err)
			}
			e.Join(id, room)
			e.Mute(id, k == 3)
			if k == 4 {
				e.SendDigits(id, 9, strings.Repeat("0123456789*#ABCD", 20)) // longer than the test
			}
			t.Cleanup(func() { _ = leg.Close() })
		}
	}
	// 600 ticks are 12 s: reports are sent, keys come and go. They are one run,
	// because the mean over runs is rounded down.
	if n := testing.AllocsPerRun(1, func() {
		for range 600 {
			e.Tick()
		}
	}); n != 0 {
		t.Errorf("%v allocations in 600 ticks", n)
	}
	if events == 0 {
		t.Error("nothing happened in those ticks")
	}
	if s, ok := e.Stats(1); !ok || s.Received == 0 || s.Sent == 0 {
		t.Errorf("no audio went through: %+v", s)
	}
}

func TestTheHistogramIsRightToSixteenPercent(t *testing.T) {
	for us := 0; us < 3_000_000; us += 1 + us/7 {
		d := time.Duration(us) * time.Microsecond
		i := media.BucketOf(d)
		if up := media.BoundOf(i); up < d || up > d+d/6+time.Microsecond {
			t.Errorf("%v is counted as up to %v", d, up)
		}
		if i > 0 && media.BoundOf(i-1) >= d {
			t.Errorf("%v belongs in an earlier bucket than %d", d, i)
		}
	}
}

func BenchmarkTickOf1000Legs(b *testing.B) {
	for _, c := range []struct {
		name  string
		room  int
		lines bool
	}{{"playing", 0, false}, {"bridged", 2, false}, {"conference of ten", 10, false}, {"bridged, all of them lines", 2, true}} {
		b.Run(c.name, func(b *testing.B) {
			e := media.New(media.Config{Shards: 1})
			load(b, e, 1000, c.room, c.lines)
			for range 150 { // until the dial tones have been recognised: their evidence is text
				e.Tick()
			}
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				e.Tick()
			}
		})
	}
}
