package media_test

import (
	"math"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/centralita/centralita/dsp/dtmf"
	"github.com/centralita/centralita/dsp/g711"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/firmware/media"
	"github.com/centralita/centralita/firmware/media/rtpleg"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/testbench/memnet"
	"github.com/pion/rtp"
)

const eventPT = 101

// phone is the far end of an RTP leg: it talks every 20 ms and keeps what it hears.
type phone struct {
	mu     sync.Mutex // of all that follows
	conn   *memnet.PacketConn
	to     netip.AddrPort
	pt     uint8
	ssrc   uint32
	seq    uint16
	ts     uint32
	say    func(tick int, f *pcm.Frame) bool // false: nothing is sent
	heard  []int16
	events []rtp.Packet
	quit   chan struct{}
}

// pair is a phone, the leg it talks to, and the network between.
type pair struct {
	phone *phone
	leg   *rtpleg.Leg
	net   *memnet.Net
}

// call connects a new phone at the given host number with a leg of the engine.
func (b *bench) call(t *testing.T, n *memnet.Net, id tel.LegID, call tel.CallID, session rtpleg.Session) pair {
	t.Helper()
	us := netip.AddrFrom4([4]byte{10, 0, 0, 1})
	pool, err := rtpleg.NewPool(us, 10000, 20000, func(a netip.AddrPort) (net.PacketConn, error) {
		return n.ListenPacket(a.String())
	})
	if err != nil {
		t.Fatal(err)
	}
	sockets, err := pool.Open()
	if err != nil {
		t.Fatal(err)
	}
	leg := rtpleg.New(rtpleg.Config{Sockets: sockets, SSRC: uint32(id), Seq: 65000, Timestamp: math.MaxUint32 - 8000, CNAME: "x"})
	conn, err := n.ListenPacket(netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 1, byte(id)}), 4000).String())
	if err != nil {
		t.Fatal(err)
	}
	p := &phone{conn: conn, to: netip.AddrPortFrom(us, uint16(sockets.Port)), pt: session.PT, ssrc: 77 + uint32(id),
		seq: uint16(65500 + id), quit: make(chan struct{})}
	session.Remote = conn.AddrPort()
	session.Send, session.Recv = true, true
	leg.Set(session)
	if err := b.Attach(media.Leg{ID: id, Call: call, Endpoint: leg, DTMF: true}); err != nil {
		t.Fatal(err)
	}
	go p.talk()
	go p.listen()
	t.Cleanup(p.end)
	return pair{p, leg, n}
}

// end hangs the phone up.
func (p *phone) end() {
	select {
	case <-p.quit:
	default:
		close(p.quit)
		_ = p.conn.Close()
	}
}

// with changes the phone while it talks.
func (p *phone) with(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
}

// speak makes the phone say something else; nil is nothing.
func (p *phone) speak(say func(tick int, f *pcm.Frame) bool) { p.with(func() { p.say = say }) }

// sound returns what the phone heard so far.
func (p *phone) sound() (heard []int16) {
	p.with(func() { heard = slices.Clone(p.heard) })
	return heard
}

// keys returns the telephone events it got so far.
func (p *phone) keys() (events []rtp.Packet) {
	p.with(func() { events = slices.Clone(p.events) })
	return events
}

// talk sends what the phone says.
func (p *phone) talk() {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-p.quit:
			return
		case <-tick.C:
		}
		p.with(func() { p.frame(n) })
	}
}

// frame sends what is said in one tick.
func (p *phone) frame(tick int) {
	defer func() { p.ts += pcm.FrameLen }()
	var f pcm.Frame
	if p.say == nil || !p.say(tick, &f) {
		return
	}
	var body [pcm.FrameLen]byte
	if p.pt == 8 {
		g711.EncodeALaw(body[:], &f)
	} else {
		g711.EncodeULaw(body[:], &f)
	}
	p.send(p.pt, p.ts, false, body[:])
}

// send sends one packet of the phone's stream.
func (p *phone) send(pt uint8, ts uint32, marker bool, body []byte) {
	pkt := rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: pt, Marker: marker, SequenceNumber: p.seq, Timestamp: ts, SSRC: p.ssrc}, Payload: body}
	p.seq++
	raw, err := pkt.Marshal()
	if err == nil {
		_, err = p.conn.WriteToUDPAddrPort(raw, p.to)
	}
	if err != nil {
		panic(err)
	}
}

// press sends a key as RFC 4733 events during ms milliseconds from now.
func (p *phone) press(key byte, ticks int) {
	event := byte(0)
	for i, k := range []byte("0123456789*#ABCD") {
		if k == key {
			event = byte(i)
		}
	}
	var start uint32
	p.with(func() { start = p.ts })
	for i := 1; i <= ticks+3; i++ {
		body := []byte{event, 10, byte(min(i, ticks) * 160 >> 8), byte(min(i, ticks) * 160)}
		if i > ticks {
			body[1] |= 0x80
		}
		p.with(func() { p.send(eventPT, start, i == 1, body) })
		<-time.After(20 * time.Millisecond)
	}
}

// listen keeps what the phone hears.
func (p *phone) listen() {
	buf := make([]byte, 2048)
	for {
		n, _, err := p.conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		var pkt rtp.Packet
		if err := pkt.Unmarshal(append([]byte(nil), buf[:n]...)); err != nil {
			panic(err)
		}
		if pkt.PayloadType == eventPT {
			p.with(func() { p.events = append(p.events, pkt) })
			continue
		}
		var f pcm.Frame
		if pkt.PayloadType == 8 {
			g711.DecodeALaw(&f, pkt.Payload)
		} else {
			g711.DecodeULaw(&f, pkt.Payload)
		}
		p.with(func() { p.heard = append(p.heard, f[:]...) })
	}
}

// tone is a steady tone of a frequency.
func tone(hz float64) func(int, *pcm.Frame) bool {
	n := 0
	return func(_ int, f *pcm.Frame) bool {
		for i := range f {
			f[i] = int16(6000 * math.Sin(2*math.Pi*hz*float64(n)/pcm.Rate))
			n++
		}
		return true
	}
}

// keys is digits in band, 60 ms on and 60 ms off, from tick first on, and faint
// noise besides.
func keys(t *testing.T, digits string, first int) func(int, *pcm.Frame) bool {
	var g dtmf.Generator
	seed := uint32(1)
	return func(tick int, f *pcm.Frame) bool {
		if tick == first {
			if err := g.Start(digits, dtmf.Sending{OnMs: 60, OffMs: 60, Low: -9, High: -7}); err != nil {
				t.Error(err)
			}
		}
		g.Fill(f)
		for i := range f {
			seed = seed*1664525 + 1013904223
			f[i] += int16(int32(seed) >> 28)
		}
		return true
	}
}

// level is how loud a frequency is in the samples, as a peak amplitude.
func level(samples []int16, hz float64) float64 {
	var s, c float64
	for i, v := range samples {
		sn, cs := math.Sincos(2 * math.Pi * hz * float64(i) / pcm.Rate)
		s, c = s+sn*float64(v), c+cs*float64(v)
	}
	return 2 * math.Hypot(s, c) / float64(max(1, len(samples)))
}

// last returns the last ms milliseconds of what was heard.
func last(heard []int16, ms int) []int16 { return heard[max(0, len(heard)-8*ms):] }

// digits returns the digits among the events of a leg.
func (b *bench) digits(id tel.LegID) (out string) {
	for _, e := range b.told() {
		if e.Kind == media.Digit && e.Leg == id {
			out += e.Digit.String()
		}
	}
	return out
}
