package rtpleg

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"github.com/centralita/centralita/dsp/jitter"
)

var (
	far     = netip.MustParseAddrPort("192.0.2.7:4000")
	farSIP  = netip.MustParseAddr("192.0.2.99")
	session = &Session{Remote: far, Signalling: farSIP, EventPT: 101, Send: true, Recv: true}
)

// packet1 is a sound packet of n octets of audio, changed by with.
func packet1(seq uint16, ssrc uint32, n int, with func(b []byte) []byte) []byte {
	b := make([]byte, 12+n)
	b[0] = 0x80
	binary.BigEndian.PutUint16(b[2:], seq)
	binary.BigEndian.PutUint32(b[4:], uint32(seq)*160)
	binary.BigEndian.PutUint32(b[8:], ssrc)
	if with != nil {
		b = with(b)
	}
	return b
}

// set writes octets at a place.
func set(at int, v ...byte) func([]byte) []byte {
	return func(b []byte) []byte { copy(b[at:], v); return b }
}

func TestTable2_3_WhatIsNotRTPOfThisCallIsRefused(t *testing.T) {
	extension := func(length byte) func([]byte) []byte {
		return func(b []byte) []byte {
			b[0] |= 0x10
			return append(b[:12:12], append([]byte{0xBE, 0xDE, 0, length, 0x10, 1, 0, 0}, b[12:]...)...)
		}
	}
	for _, c := range []struct {
		name string
		b    []byte
		want Reason
	}{
		{"sound", packet1(1, 9, 160, nil), accepted},
		{"10 ms", packet1(1, 9, 80, nil), accepted},
		{"three packet times", packet1(1, 9, 480, nil), accepted},
		{"an event", packet1(1, 9, 4, set(1, 101)), accepted},
		{"extension", packet1(1, 9, 160, extension(1)), accepted},
		{"padding", packet1(1, 9, 160, func(b []byte) []byte { b[0] |= 0x20; b[len(b)-1] = 4; return b }), accepted},
		{"nothing", nil, BadLength},
		{"11 octets", packet1(1, 9, 0, nil)[:11], BadLength},
		{"version 0 (STUN)", packet1(1, 9, 160, set(0, 0)), BadVersion},
		{"version 1", packet1(1, 9, 160, set(0, 0x40)), BadVersion},
		{"version 3", packet1(1, 9, 160, set(0, 0xC0)), BadVersion},
		{"DTLS", packet1(1, 9, 160, set(0, 22)), BadVersion},
		{"type 72 (AST-2018-001)", packet1(1, 9, 160, set(1, 72)), BadType},
		{"type 76 with marker", packet1(1, 9, 160, set(1, 0x80|76)), BadType},
		{"type not agreed on", packet1(1, 9, 160, set(1, 8)), BadType},
		{"CSRC beyond the datagram", packet1(1, 9, 20, set(0, 0x8F)), Malformed},
		{"extension beyond the datagram", packet1(1, 9, 20, extension(200)), Malformed},
		{"one-byte extension beyond its block", packet1(1, 9, 4, func(b []byte) []byte {
			b[0] |= 0x10
			return append(b[:12:12], 0xBE, 0xDE, 0, 1, 0x1F, 1, 2, 3, 4)
		}), Malformed},
		{"padding 0", packet1(1, 9, 160, set(0, 0xA0)), Malformed},
		{"padding over the payload", packet1(1, 9, 160, func(b []byte) []byte { b[0] |= 0x20; b[len(b)-1] = 161; return b }), Malformed},
		{"padding without payload", packet1(1, 9, 0, set(0, 0xA0)), Malformed},
		{"empty", packet1(1, 9, 0, nil), BadPayload},
		{"one octet", packet1(1, 9, 1, nil), BadPayload},
		{"over three packet times", packet1(1, 9, 481, nil), BadPayload},
	} {
		var g gate
		if _, why := g.check(session, far, c.b, time.Now()); why != c.want {
			t.Errorf("%s: %v, want %v", c.name, why, c.want)
		}
	}
	var g gate
	agreed := *session
	agreed.PT = 74 // whatever SDP may say
	if _, why := g.check(&agreed, far, packet1(1, 9, 160, set(1, 74)), time.Now()); why != BadType {
		t.Errorf("type 74 agreed on: %v", why)
	}
	held := *session
	held.Recv = false
	if _, why := g.check(&held, far, packet1(1, 9, 160, nil), time.Now()); why != NotWanted {
		t.Errorf("on hold: %v", why)
	}
}

// try checks one sound packet.
func try(g *gate, s *Session, from string, seq uint16, ssrc uint32, now time.Time) (bool, Reason) {
	return g.check(s, netip.MustParseAddrPort(from), packet1(seq, ssrc, 160, nil), now)
}

func TestTheSourceIsLearnedOnceFromAKnownAddress(t *testing.T) {
	var g gate
	now := time.Now()
	if _, why := try(&g, session, "198.51.100.1:4000", 1, 9, now); why != Stranger {
		t.Errorf("a stranger is %v", why)
	}
	if fresh, why := try(&g, session, "192.0.2.99:5555", 1, 9, now); why != accepted || !fresh {
		t.Errorf("the signalling address is %v", why)
	}
	if _, why := try(&g, session, "192.0.2.99:5556", 2, 9, now); why != WrongPort {
		t.Errorf("another port is %v", why)
	}
	if got := g.source.Load(); got == nil || got.from.Port() != 5555 {
		t.Errorf("learned %v", got)
	}
	// What SDP named displaces it at first, and is then the only one.
	if fresh, why := try(&g, session, "192.0.2.7:4000", 1, 10, now.Add(time.Second)); why != accepted || !fresh {
		t.Errorf("the address of SDP is %v", why)
	}
	if _, why := try(&g, session, "192.0.2.99:5555", 3, 9, now.Add(time.Second)); why != WrongPort {
		t.Errorf("the displaced source is %v", why)
	}
}

func TestALateSourceDisplacesNobodyWhoTalks(t *testing.T) {
	var g gate
	now := time.Now()
	for seq := range uint16(500) {
		now = now.Add(20 * time.Millisecond)
		if _, why := try(&g, session, "192.0.2.99:5555", seq, 9, now); why != accepted {
			t.Fatalf("packet %d: %v", seq, why)
		}
		if seq > 100 {
			if _, why := try(&g, session, "192.0.2.7:4000", seq, 10, now); why != WrongPort {
				t.Fatalf("packet %d of the other: %v", seq, why)
			}
		}
	}
	now = now.Add(2100 * time.Millisecond) // silent for two seconds
	for i, want := range []Reason{WrongPort, WrongPort, accepted, accepted} {
		if _, why := try(&g, session, "192.0.2.7:4000", uint16(700+i), 10, now); why != want {
			t.Errorf("packet %d of the next: %v, want %v", i, why, want)
		}
	}
}

func TestAnotherSSRCNeedsThreeInSequenceAndASecond(t *testing.T) {
	var g gate
	now := time.Now()
	try(&g, session, "192.0.2.7:4000", 1, 9, now)
	for _, c := range []struct {
		seq  uint16
		want Reason
	}{{50, WrongSSRC}, {51, WrongSSRC}, {60, WrongSSRC}, {61, WrongSSRC}, {62, accepted}} {
		if fresh, why := try(&g, session, "192.0.2.7:4000", c.seq, 77, now); why != c.want || fresh != (c.want == accepted) {
			t.Errorf("packet %d: %v, want %v", c.seq, why, c.want)
		}
	}
	for seq := range uint16(20) {
		if _, why := try(&g, session, "192.0.2.7:4000", 100+seq, 78, now.Add(500*time.Millisecond)); why != WrongSSRC {
			t.Fatal("it changes twice in a second")
		}
	}
	if _, why := try(&g, session, "192.0.2.7:4000", 120, 78, now.Add(1100*time.Millisecond)); why != accepted {
		t.Errorf("a second later: %v", why)
	}
}

func TestANewSessionLearnsAnew(t *testing.T) {
	var g gate
	now := time.Now()
	try(&g, session, "192.0.2.7:4000", 1, 9, now)
	moved := *session
	moved.Remote = netip.MustParseAddrPort("203.0.113.5:7000")
	moved.Signalling = netip.MustParseAddr("203.0.113.5")
	if _, why := try(&g, &moved, "192.0.2.7:4000", 2, 9, now); why != Stranger {
		t.Errorf("the old source is %v", why)
	}
	if fresh, why := try(&g, &moved, "203.0.113.5:7002", 2, 9, now); why != accepted || !fresh {
		t.Errorf("the new source is %v", why)
	}
	held := moved
	held.Send = false
	if fresh, why := try(&g, &held, "203.0.113.5:7002", 3, 9, now); why != accepted || fresh {
		t.Errorf("a hold forgets the source: %v", why)
	}
}

func FuzzGate(f *testing.F) {
	f.Add(packet1(1, 9, 160, nil))
	f.Add(packet1(1, 9, 4, set(1, 101)))
	f.Add(packet1(1, 9, 20, set(0, 0x9F)))
	f.Add([]byte{0x80, 200, 0, 1, 0, 0, 0, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		var g gate
		_, why := g.check(session, far, b, time.Now())
		if why == accepted {
			if n := len(g.parsed.Payload); b[0]>>6 != 2 || n < 2 || n > jitter.MaxPayload {
				t.Fatalf("accepted a payload of %d", n)
			}
		}
		if sound(b) && len(b) < 8 {
			t.Fatal("a report without a sender is sound")
		}
	})
}
