package rtpleg

import (
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/testbench/memnet"
	"github.com/pion/rtcp"
)

// legs connects two legs with each other over a network of some delay.
func legs(t *testing.T, n *memnet.Net) (one, two *Leg) {
	t.Helper()
	made := [2]*Leg{}
	pools := [2]Pair{}
	for i := range made {
		addr := netip.AddrFrom4([4]byte{10, 0, 0, byte(i + 1)})
		pool, err := NewPool(addr, 10000, 10100, func(a netip.AddrPort) (net.PacketConn, error) {
			return n.ListenPacket(a.String())
		})
		if err != nil {
			t.Fatal(err)
		}
		if pools[i], err = pool.Open(); err != nil {
			t.Fatal(err)
		}
		made[i] = New(Config{Sockets: pools[i], SSRC: uint32(100 + i), Seq: 65500, CNAME: "board"})
		t.Cleanup(func() { _ = made[i].Close() })
	}
	for i := range made {
		other := 1 - i
		made[i].Set(Session{Remote: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(other + 1)}), uint16(pools[other].Port)),
			EventPT: 101, Send: true, Recv: true})
	}
	return made[0], made[1]
}

// tick runs both legs for so many ticks of virtual time.
func tick(n int, ls ...*Leg) {
	var f pcm.Frame
	for range n {
		for _, l := range ls {
			l.Read(&f)
			l.Write(&f)
		}
		<-time.After(20 * time.Millisecond)
		synctest.Wait()
	}
}

func TestReportsTellRoundTripJitterAndLoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := memnet.New(5)
		n.SetAll(memnet.Link{Delay: 40 * time.Millisecond})
		n.SetLink(netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2"), memnet.Link{Delay: 40 * time.Millisecond, Loss: 0.2})
		one, two := legs(t, n)
		tick(1500, one, two)
		a, b := one.Stats(), two.Stats()
		if a.RoundTrip < 75*time.Millisecond || a.RoundTrip > 85*time.Millisecond {
			t.Errorf("round trip %v, the network has 80 ms", a.RoundTrip)
		}
		if a.FarLost < 0.1 || a.FarLost > 0.3 || b.FarLost != 0 {
			t.Errorf("far end lost %.2f and %.2f, the network a fifth of one way", a.FarLost, b.FarLost)
		}
		if b.Lost < 220 || b.Lost > 380 || a.Lost != 0 {
			t.Errorf("lost %d and %d of 1500", a.Lost, b.Lost)
		}
		if a.Jitter > 5*time.Millisecond {
			t.Errorf("jitter %v on an even network", a.Jitter)
		}
		if b.Concealed < 200 {
			t.Errorf("%d frames concealed", b.Concealed)
		}
	})
}

func TestA8_JitterIsMeasured(t *testing.T) {
	var a arrivals
	// Packets come 5 ms early and late in turn: the mean difference is 10 ms.
	for i := range uint32(2000) {
		shift := uint32(40)
		if i&1 == 0 {
			shift = 0
		}
		a.time(1000+i*160+2*shift, i*160)
	}
	if j := a.jitter >> 4; j < 75 || j > 82 {
		t.Errorf("jitter %d samples, want 80", j)
	}
}

func TestA3_LossCountsOverWrapAndReset(t *testing.T) {
	var a arrivals
	seq := uint16(65000)
	for i := range 2000 {
		if i%10 != 5 {
			a.count(seq)
		}
		seq++
	}
	if l := a.lost(); l != 200 {
		t.Errorf("%d lost, want 200", l)
	}
	if f := a.fraction(); f < 25 || f > 26 {
		t.Errorf("fraction %d/256, want a tenth", f)
	}
	a.count(seq + 10000) // it begins anew
	a.count(seq + 10001)
	if l := a.lost(); l != 200 {
		t.Errorf("%d lost after a jump", l)
	}
	a.reset(4)
	a.count(1)
	a.count(3)
	if l := a.lost(); l != 201 || a.total != 1804 {
		t.Errorf("%d lost of %d after a reset", l, a.total)
	}
}

func TestTable2_3_UnsoundReportsAreRefused(t *testing.T) {
	rr := []byte{0x80, 201, 0, 1, 0, 0, 0, 9}
	sdes := []byte{0x81, 202, 0, 2, 0, 0, 0, 9, 1, 1, 'x', 0}
	join := func(bs ...[]byte) (out []byte) {
		for _, b := range bs {
			out = append(out, b...)
		}
		return out
	}
	many := rr
	for range 16 {
		many = join(many, rr)
	}
	for _, c := range []struct {
		name string
		b    []byte
		want bool
	}{
		{"a report", rr, true},
		{"a compound", join(rr, sdes), true},
		{"nothing", nil, false},
		{"four octets", rr[:4], false},
		{"first is SDES", join(sdes, rr), false},
		{"version 1", append([]byte{0x40}, rr[1:]...), false},
		{"version 1 inside", join(rr, append([]byte{0x41}, sdes[1:]...)), false},
		{"length beyond the datagram", []byte{0x80, 201, 0, 9, 0, 0, 0, 9}, false},
		{"rest of two octets", join(rr, []byte{1, 2}), false},
		{"17 packets", many, false},
		{"padding not last", join(append([]byte{0xA0}, rr[1:]...), sdes), false},
		{"not RTCP inside", join(rr, []byte{0x80, 0, 0, 1, 0, 0, 0, 9}), false},
	} {
		if got := sound(c.b); got != c.want {
			t.Errorf("%s: %t", c.name, got)
		}
	}
}

func TestAForgedByeOrAReportFromAStrangerChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := memnet.New(5)
		one, two := legs(t, n)
		tick(100, one, two)
		stranger, err := n.ListenPacket("10.6.6.6:1234")
		if err != nil {
			t.Fatal(err)
		}
		friend, err := n.ListenPacket("10.0.0.2:9")
		if err != nil {
			t.Fatal(err)
		}
		raw, err := rtcp.Marshal([]rtcp.Packet{
			&rtcp.ReceiverReport{SSRC: 101, Reports: []rtcp.ReceptionReport{{SSRC: 100, FractionLost: 255, TotalLost: 0x7FFFFF, LastSenderReport: 77}}},
			&rtcp.Goodbye{Sources: []uint32{101}},
		})
		if err != nil {
			t.Fatal(err)
		}
		to := netip.AddrPortFrom(netip.MustParseAddr("10.0.0.1"), uint16(one.Port()+1))
		for range 30 {
			if _, err := stranger.WriteToUDPAddrPort(raw, to); err != nil {
				t.Fatal(err)
			}
		}
		tick(2, one, two)
		if s := one.Stats(); s.FarLost != 0 || one.Refused()[Stranger] != 30 {
			t.Errorf("a stranger's report counts: %+v", s)
		}
		for range 30 {
			if _, err := friend.WriteToUDPAddrPort(raw, to); err != nil {
				t.Fatal(err)
			}
		}
		tick(100, one, two)
		s := one.Stats()
		if s.FarLost > 1 || s.RoundTrip > 10*time.Second {
			t.Errorf("nonsense is believed: %+v", s)
		}
		if r := one.Refused()[BadReport]; r < 30-perReporter || r > 31-perReporter { // the far end's own may count
			t.Errorf("%d of 30 in a moment refused", r)
		}
		if s.Received < 190 {
			t.Errorf("a BYE ended the audio: %+v", s)
		}
	})
}

func TestThePoolGivesEvenPortsAndTellsWhenItIsEmpty(t *testing.T) {
	n := memnet.New(1)
	addr := netip.MustParseAddr("10.0.0.1")
	foreign, err := n.ListenPacket("10.0.0.1:10003") // another program
	if err != nil {
		t.Fatal(err)
	}
	pool, err := NewPool(addr, 9999, 10008, func(a netip.AddrPort) (net.PacketConn, error) { return n.ListenPacket(a.String()) })
	if err != nil {
		t.Fatal(err)
	}
	var open []Pair
	for range 3 {
		p, err := pool.Open()
		if err != nil {
			t.Fatal(err)
		}
		if p.Port%2 != 0 || p.Port == 10002 {
			t.Errorf("port %d", p.Port)
		}
		open = append(open, p)
	}
	if _, err := pool.Open(); err == nil || !strings.Contains(err.Error(), "3 are in use by calls") {
		t.Errorf("an empty pool says %v", err)
	}
	if err := foreign.Close(); err != nil {
		t.Fatal(err)
	}
	p, err := pool.Open()
	if err != nil || p.Port != 10002 {
		t.Errorf("the free pair: %d, %v", p.Port, err)
	}
	if _, err := pool.Open(); err == nil || !strings.Contains(err.Error(), "all 4 pairs from 10000 to 10008 are in use") {
		t.Errorf("a full pool says %v", err)
	}
	if err := open[1].Close(); err != nil {
		t.Fatal(err)
	}
	if again, err := pool.Open(); err != nil || again.Port != open[1].Port {
		t.Errorf("a port that was given back: %v", err)
	}
	if all, used := pool.Pairs(); all != 4 || used != 4 {
		t.Errorf("%d of %d open", used, all)
	}
	if _, err := NewPool(addr, 70000, 80000, nil); err == nil {
		t.Error("impossible ports are taken")
	}
	broken, err := NewPool(addr, 10000, 10009, func(netip.AddrPort) (net.PacketConn, error) { return nil, errors.New("no permission") })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := broken.Open(); err == nil || !strings.Contains(err.Error(), "no permission") {
		t.Errorf("a failing socket says %v", err)
	}
}
