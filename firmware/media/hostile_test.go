package media_test

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/firmware/media"
	"github.com/centralita/centralita/firmware/media/rtpleg"
	"github.com/centralita/centralita/testbench/memnet"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
)

func TestGarbageIsCountedAndNeverHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, n := newBench(t, 1), memnet.New(3)
		c := b.call(t, n, 1, "1-1", mu)
		c.phone.speak(keys(t, "", -1))
		other := &loop{}
		if err := b.Attach(media.Leg{ID: 2, Call: "1-1", Endpoint: other}); err != nil {
			t.Fatal(err)
		}
		b.Join(1, "1-1")
		b.Join(2, "1-1")
		pass(time.Second)
		r := rand.New(rand.NewPCG(1, 2))
		const floods = 3000
		for i := range floods {
			raw := make([]byte, r.IntN(700))
			for k := range raw {
				raw[k] = byte(r.Uint32())
			}
			if len(raw) > 12 && i%3 == 0 { // nearly RTP
				raw[0], raw[1] = 0x80, 0
			}
			if _, err := c.phone.conn.WriteToUDPAddrPort(raw, c.phone.to); err != nil {
				t.Fatal(err)
			}
			if i%10 == 0 {
				<-time.After(3 * time.Millisecond)
			}
		}
		pass(time.Second)
		for _, v := range other.sound() {
			if v > 1000 || v < -1000 {
				t.Fatalf("garbage is heard: %d", v)
			}
		}
		refused := c.leg.Refused()
		if refused.Total() < floods {
			t.Errorf("%d of %d refused: %v", refused.Total(), floods, refused)
		}
		if s, _ := b.Stats(1); s.Refused != refused.Total() || s.Concealed > 3 {
			t.Errorf("the stream itself suffered: %+v", s)
		}
		b.end(t)
	})
}

func TestAnInjectorFromAnotherAddressIsNotHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, n := newBench(t, 1), memnet.New(3)
		c := b.call(t, n, 1, "1-1", mu)
		c.phone.speak(tone(440))
		other := &loop{}
		if err := b.Attach(media.Leg{ID: 2, Call: "1-1", Endpoint: other}); err != nil {
			t.Fatal(err)
		}
		b.Join(1, "1-1")
		b.Join(2, "1-1")
		foreign, err := n.ListenPacket("10.9.9.9:4000")
		if err != nil {
			t.Fatal(err)
		}
		samePhone, err := n.ListenPacket("10.0.1.1:4444")
		if err != nil {
			t.Fatal(err)
		}
		pass(200 * time.Millisecond)
		for i, conn := range []*memnet.PacketConn{foreign, samePhone} {
			evil := &phone{conn: conn, to: c.phone.to, ssrc: c.phone.ssrc + uint32(i), quit: make(chan struct{}), say: tone(1500)}
			go evil.talk()
			t.Cleanup(evil.end)
		}
		// And from the very source, with another SSRC out of order.
		for i := range 50 {
			pkt := rtp.Packet{Header: rtp.Header{Version: 2, SSRC: 5, SequenceNumber: uint16(i * 7)}, Payload: make([]byte, 160)}
			raw, err := pkt.Marshal()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.phone.conn.WriteToUDPAddrPort(raw, c.phone.to); err != nil {
				t.Fatal(err)
			}
		}
		pass(3 * time.Second)
		if l := level(last(other.sound(), 2000), 1500); l > 20 {
			t.Errorf("an injector is heard at %.0f", l)
		}
		if l := level(last(other.sound(), 2000), 440); l < 5000 {
			t.Errorf("the phone is heard at %.0f", l)
		}
		r := c.leg.Refused()
		if r[rtpleg.Stranger] < 140 || r[rtpleg.WrongPort] < 140 || r[rtpleg.WrongSSRC] != 50 {
			t.Errorf("refused %v", r)
		}
		b.end(t)
	})
}

func TestAPhoneThatStartsItsStreamAnewIsHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, n := newBench(t, 1), memnet.New(3)
		c := b.call(t, n, 1, "1-1", mu)
		c.phone.speak(tone(440))
		other := &loop{}
		if err := b.Attach(media.Leg{ID: 2, Call: "1-1", Endpoint: other}); err != nil {
			t.Fatal(err)
		}
		b.Join(1, "1-1")
		b.Join(2, "1-1")
		pass(time.Second)
		// Not far away: its times are those of the old stream.
		c.phone.with(func() { c.phone.ssrc, c.phone.seq, c.phone.ts = 4242, 17, c.phone.ts-3000 })
		pass(time.Second)
		if l := level(last(other.sound(), 500), 440); l < 5000 {
			t.Errorf("after a change of SSRC it is heard at %.0f", l)
		}
		if s, _ := b.Stats(1); s.Late != 0 || s.Lost != 0 {
			t.Errorf("the new stream is measured by the old one: %+v", s)
		}
		// Behind a translator that gave it another port, after it was quiet for 2 s.
		say := tone(440)
		c.phone.speak(nil)
		pass(2500 * time.Millisecond)
		moved, err := n.ListenPacket("10.0.1.1:5999")
		if err != nil {
			t.Fatal(err)
		}
		next := &phone{conn: moved, to: c.phone.to, ssrc: 4242, seq: 500, ts: 5, quit: make(chan struct{}), say: say}
		go next.talk()
		go next.listen()
		t.Cleanup(next.end)
		pass(time.Second)
		if l := level(last(other.sound(), 500), 440); l < 5000 {
			t.Errorf("from another port it is heard at %.0f", l)
		}
		if len(next.sound()) < 40*pcm.FrameLen {
			t.Errorf("it hears %d samples at its new port", len(next.sound()))
		}
		b.end(t)
	})
}

func TestSilenceOfAPhoneIsToldAfter30SecondsUnlessHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, n := newBench(t, 1), memnet.New(3)
		c := b.call(t, n, 1, "1-1", mu)
		c.phone.speak(tone(440))
		pass(5 * time.Second)
		held := mu
		held.Remote, held.Send, held.Recv = c.phone.conn.AddrPort(), true, false
		c.leg.Set(held)
		c.phone.speak(nil)
		pass(60 * time.Second)
		if len(b.told()) != 0 {
			t.Fatalf("on hold: %v", b.told())
		}
		held.Recv = true
		c.leg.Set(held)
		pass(29 * time.Second)
		if len(b.told()) != 0 {
			t.Fatalf("too early: %v", b.told())
		}
		pass(5 * time.Second)
		if len(b.told()) != 1 || b.told()[0].Kind != media.Silent || b.told()[0].Leg != 1 {
			t.Errorf("events %v", b.told())
		}
		pass(30 * time.Second)
		if len(b.told()) != 2 {
			t.Errorf("it is silent on and on: %v", b.told())
		}
		c.phone.speak(tone(440))
		pass(time.Second)
		c.phone.speak(nil)
		pass(40 * time.Second)
		if len(b.told()) != 3 {
			t.Errorf("it came back and went again: %v", b.told())
		}
		b.end(t)
	})
}

func TestHoldSendsNothingButReports(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, n := newBench(t, 1), memnet.New(3)
		var audio, reports int
		var bye, marked bool
		n.OnPacket(func(p memnet.Packet) bool {
			if p.From.Addr().String() == "10.0.0.1" {
				if p.To.Port() == 4000 {
					if audio == 0 {
						marked = p.Data[1]&0x80 != 0
					}
					audio++
				}
				if p.To.Port() == 4001 {
					all, err := rtcp.Unmarshal(p.Data)
					if err != nil {
						t.Errorf("our report: %v", err)
					}
					if err := rtcp.CompoundPacket(all).Validate(); err != nil {
						t.Errorf("our report: %v", err)
					}
					_, bye = all[len(all)-1].(*rtcp.Goodbye)
					reports++
				}
			}
			return true
		})
		c := b.call(t, n, 1, "1-1", mu)
		c.phone.speak(tone(440))
		pass(time.Second)
		held := mu
		held.Remote = c.phone.conn.AddrPort()
		c.leg.Set(held)
		pass(time.Second)
		audio = 0
		pass(20 * time.Second)
		if audio != 0 || reports < 4 {
			t.Errorf("%d packets of audio and %d reports while held", audio, reports)
		}
		held.Send, held.Recv = true, true
		c.leg.Set(held)
		pass(time.Second)
		if !marked {
			t.Error("RFC 3551 § 4.1: talk begins without the marker")
		}
		if audio < 45 {
			t.Errorf("%d packets after the hold", audio)
		}
		b.Detach(1)
		pass(100 * time.Millisecond)
		if !bye {
			t.Error("§ 6.6: no BYE at the end")
		}
		b.end(t)
	})
}
