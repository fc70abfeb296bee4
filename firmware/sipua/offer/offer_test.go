package offer

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
)

var rtp = netip.MustParseAddrPort("192.0.2.1:20000")

// sdpOf joins lines as SDP does.
func sdpOf(lines ...string) []byte { return []byte(strings.Join(lines, "\r\n") + "\r\n") }

// caller is an ordinary offer; more are lines after it.
func caller(more ...string) []byte {
	return sdpOf(append([]string{"v=0", "o=- 1 1 IN IP4 192.0.2.9", "s=-", "c=IN IP4 192.0.2.9", "t=0 0",
		"m=audio 4000 RTP/AVP 0 8 101", "a=rtpmap:101 telephone-event/8000"}, more...)...)
}

func answer(t *testing.T, l *Local, body []byte, want Direction) (string, Session) {
	t.Helper()
	ans, s, err := l.Answer(body, want)
	if err != nil {
		t.Fatalf("Answer: %v", err)
	}
	return string(ans), s
}

func mustHave(t *testing.T, body, line string) {
	t.Helper()
	for _, l := range strings.Split(body, "\r\n") {
		if l == line {
			return
		}
	}
	t.Errorf("line %q is missing in\n%s", line, body)
}

func code(t *testing.T, err error) int {
	t.Helper()
	var u *Unacceptable
	if !errors.As(err, &u) {
		t.Fatalf("error %v is no *Unacceptable", err)
	}
	return u.Code
}

func TestAnswerTakesTheFirstCommonCodec_RFC3264_6_1(t *testing.T) {
	ans, s := answer(t, New(7, rtp, Codecs()), caller(), SendRecv)
	if s.Codec != PCMU || s.PT != 0 || !s.Event || s.EventPT != 101 || s.Direction != SendRecv {
		t.Errorf("session %v", s)
	}
	if s.Remote != netip.MustParseAddrPort("192.0.2.9:4000") || s.RTCP != netip.MustParseAddrPort("192.0.2.9:4001") {
		t.Errorf("remote %v, rtcp %v", s.Remote, s.RTCP)
	}
	mustHave(t, ans, "m=audio 20000 RTP/AVP 0 101")
	mustHave(t, ans, "a=rtpmap:101 telephone-event/8000")
	mustHave(t, ans, "a=sendrecv")
	_, s = answer(t, New(7, rtp, Codecs("pcma")), caller(), SendRecv)
	if s.Codec != PCMA || s.PT != 8 {
		t.Errorf("with PCMA alone the session is %v", s)
	}
}

func TestAnswerKeepsDynamicNumbers_RFC3264_6_1(t *testing.T) {
	body := sdpOf("v=0", "o=- 1 1 IN IP4 192.0.2.9", "s=-", "c=IN IP4 192.0.2.9", "t=0 0",
		"m=audio 4000 RTP/AVP 96 97 98", "a=rtpmap:96 opus/48000/2", "a=rtpmap:97 pcma/8000/1",
		"a=rtpmap:98 telephone-event/8000")
	ans, s := answer(t, New(7, rtp, nil), body, SendRecv)
	if s.Codec != PCMA || s.PT != 97 || s.EventPT != 98 {
		t.Errorf("session %v", s)
	}
	mustHave(t, ans, "m=audio 20000 RTP/AVP 97 98")
	mustHave(t, ans, "a=rtpmap:97 PCMA/8000")
}

func TestUnknownCodecsAre488(t *testing.T) {
	for name, body := range map[string][]byte{
		"opus only":     sdpOf("v=0", "o=- 1 1 IN IP4 192.0.2.9", "s=-", "c=IN IP4 192.0.2.9", "t=0 0", "m=audio 4 RTP/AVP 96", "a=rtpmap:96 opus/48000/2"),
		"wideband":      sdpOf("v=0", "o=- 1 1 IN IP4 192.0.2.9", "s=-", "c=IN IP4 192.0.2.9", "t=0 0", "m=audio 4 RTP/AVP 96", "a=rtpmap:96 PCMU/16000"),
		"video only":    sdpOf("v=0", "o=- 1 1 IN IP4 192.0.2.9", "s=-", "c=IN IP4 192.0.2.9", "t=0 0", "m=video 4 RTP/AVP 0"),
		"srtp only":     sdpOf("v=0", "o=- 1 1 IN IP4 192.0.2.9", "s=-", "c=IN IP4 192.0.2.9", "t=0 0", "m=audio 4 RTP/SAVP 0"),
		"refused":       sdpOf("v=0", "o=- 1 1 IN IP4 192.0.2.9", "s=-", "c=IN IP4 192.0.2.9", "t=0 0", "m=audio 0 RTP/AVP 0"),
		"no media":      sdpOf("v=0", "o=- 1 1 IN IP4 192.0.2.9", "s=-", "c=IN IP4 192.0.2.9", "t=0 0"),
		"name, not IP":  sdpOf("v=0", "o=- 1 1 IN IP4 h", "s=-", "c=IN IP4 host.example.com", "t=0 0", "m=audio 4 RTP/AVP 0"),
		"only events":   sdpOf("v=0", "o=- 1 1 IN IP4 192.0.2.9", "s=-", "c=IN IP4 192.0.2.9", "t=0 0", "m=audio 4 RTP/AVP 101", "a=rtpmap:101 telephone-event/8000"),
		"renamed to 0?": sdpOf("v=0", "o=- 1 1 IN IP4 192.0.2.9", "s=-", "c=IN IP4 192.0.2.9", "t=0 0", "m=audio 4 RTP/AVP 0", "a=rtpmap:0 G729/8000"),
	} {
		_, _, err := New(1, rtp, nil).Answer(body, SendRecv)
		if c := code(t, err); c != 488 {
			t.Errorf("%s: %d (%v), want 488", name, c, err)
		}
	}
}

func TestNonsenseIs400(t *testing.T) {
	for name, body := range map[string][]byte{
		"empty":     nil,
		"garbage":   []byte("hello"),
		"no c=":     sdpOf("v=0", "o=- 1 1 IN IP4 192.0.2.9", "s=-", "t=0 0", "m=audio 4 RTP/AVP 0"),
		"too long":  caller("a=x:" + strings.Repeat("y", MaxBytes)),
		"two lines": caller(strings.Repeat("a=x\r\n", maxLines)),
	} {
		_, _, err := New(1, rtp, nil).Answer(body, SendRecv)
		if c := code(t, err); c != 400 {
			t.Errorf("%s: %d (%v), want 400", name, c, err)
		}
	}
}

func TestHoldByDirection_RFC3264_8_4(t *testing.T) {
	for attr, want := range map[string]Direction{
		"a=sendonly": RecvOnly, "a=inactive": Inactive, "a=recvonly": SendOnly, "a=sendrecv": SendRecv} {
		ans, s := answer(t, New(1, rtp, nil), caller(attr), SendRecv)
		if s.Direction != want || s.HeldByPeer() != (attr == "a=sendonly" || attr == "a=inactive") {
			t.Errorf("%s: %v", attr, s)
		}
		mustHave(t, ans, "a="+want.String())
	}
	ans, s := answer(t, New(1, rtp, nil), caller("a=sendonly"), SendOnly)
	if s.Direction != Inactive {
		t.Errorf("both sides hold: %v", s)
	}
	mustHave(t, ans, "a=inactive")
}

func TestHoldByNullAddress_RFC3264_8_4(t *testing.T) {
	body := []byte(strings.ReplaceAll(string(caller()), "c=IN IP4 192.0.2.9", "c=IN IP4 0.0.0.0"))
	_, s := answer(t, New(1, rtp, nil), body, SendRecv)
	if !s.HeldByPeer() || s.Direction != RecvOnly || s.Remote.IsValid() {
		t.Errorf("session %v", s)
	}
}

func TestMediaConnectionWins_RFC5118_4_8(t *testing.T) {
	body := sdpOf("v=0", "o=- 1 1 IN IP4 192.0.2.9", "s=-", "c=IN IP4 192.0.2.9", "t=0 0",
		"m=audio 4000 RTP/AVP 0", "c=IN IP6 2001:db8::7", "m=video 6000 RTP/AVP 31", "c=IN IP6 2001:db8::8")
	_, s := answer(t, New(1, rtp, nil), body, SendRecv)
	if s.Remote != netip.MustParseAddrPort("[2001:db8::7]:4000") {
		t.Errorf("remote %v", s.Remote)
	}
}

func TestPerMediaConnection_RFC4566_5_7(t *testing.T) {
	body := sdpOf("v=0", "o=- 1 1 IN IP4 192.0.2.9", "s=-", "c=IN IP4 0.0.0.0", "t=0 0",
		"m=audio 4000 RTP/AVP 0", "c=IN IP4 198.51.100.3")
	_, s := answer(t, New(1, rtp, nil), body, SendRecv)
	if s.HeldByPeer() || s.Remote != netip.MustParseAddrPort("198.51.100.3:4000") {
		t.Errorf("session %v", s)
	}
	body = sdpOf("v=0", "o=- 1 1 IN IP4 192.0.2.9", "s=-", "c=IN IP4 192.0.2.9", "t=0 0",
		"m=audio 4000 RTP/AVP 0", "c=IN IP4 0.0.0.0")
	_, s = answer(t, New(1, rtp, nil), body, SendRecv)
	if !s.HeldByPeer() {
		t.Errorf("session %v", s)
	}
}

func TestIPv6InSDP_RFC5118_4_6(t *testing.T) {
	body := sdpOf("v=0", "o=- 1 1 IN IP6 2001:db8::20", "s=-", "c=IN IP6 2001:db8::20", "t=0 0", "m=audio 30000 RTP/AVP 8")
	ans, s := answer(t, New(1, netip.MustParseAddrPort("[2001:db8::1]:20000"), nil), body, SendRecv)
	if s.Remote != netip.MustParseAddrPort("[2001:db8::20]:30000") || s.Event {
		t.Errorf("session %v", s)
	}
	mustHave(t, ans, "c=IN IP6 2001:db8::1")
}

func TestThreeColons_RFC5118_4_10(t *testing.T) {
	a, err := ParseIP("2001:db8::192.0.2.1")
	if err != nil {
		t.Fatal(err)
	}
	b, err := ParseIP("[2001:db8:::192.0.2.1]")
	if err != nil || a != b {
		t.Errorf("%v and %v, %v", a, b, err)
	}
	c, err := ParseIP("::ffff:192.0.2.1")
	if err != nil || c != netip.MustParseAddr("192.0.2.1") {
		t.Errorf("mapped address is %v, %v", c, err)
	}
}

func TestSecondStreamIsRefusedInPlace_RFC3264_6(t *testing.T) {
	body := caller("m=video 5000 RTP/AVP 31", "m=audio 5002 RTP/AVP 8")
	l := New(1, rtp, nil)
	ans, _ := answer(t, l, body, SendRecv)
	mustHave(t, ans, "m=video 0 RTP/AVP 31")
	mustHave(t, ans, "m=audio 0 RTP/AVP 8")
	if off := string(l.Offer(SendOnly)); strings.Count(off, "\nm=") != 3 { // RFC 3264 section 8
		t.Errorf("a later offer lost m-lines:\n%s", off)
	}
}

func TestLaterOffersKeepTheStream_RFC3264_8(t *testing.T) {
	l := New(1, rtp, nil)
	body := sdpOf("v=0", "o=- 1 1 IN IP4 192.0.2.9", "s=-", "c=IN IP4 192.0.2.9", "t=0 0",
		"m=video 5000 RTP/AVP 31", "m=audio 4000 RTP/AVP 0", "m=audio 4002 RTP/AVP 0")
	if _, s := answer(t, l, body, SendRecv); s.Remote.Port() != 4000 {
		t.Fatalf("session %v", s)
	}
	swapped := []byte(strings.Replace(string(body), "m=video 5000 RTP/AVP 31", "m=audio 5000 RTP/AVP 0", 1))
	if _, s := answer(t, l, swapped, SendRecv); s.Remote.Port() != 4000 {
		t.Errorf("the stream moved: %v", s)
	}
	ended := []byte(strings.Replace(string(body), "m=audio 4000", "m=audio 0", 1))
	if ans, s := answer(t, l, ended, SendRecv); s.Remote.Port() != 4002 || strings.Count(ans, " 0 RTP/AVP") != 2 {
		t.Errorf("after its end: %v\n%s", s, ans)
	}
	_, _, err := l.Answer(caller(), SendRecv)
	if c := code(t, err); c != 400 {
		t.Errorf("m-lines were taken away: %d", c)
	}
}

func TestVersionGrowsOnlyWithChange_RFC3264_8(t *testing.T) {
	l := New(40, rtp, nil)
	a, _ := answer(t, l, caller(), SendRecv)
	mustHave(t, a, "o=- 40 40 IN IP4 192.0.2.1")
	a, _ = answer(t, l, caller(), SendRecv)
	mustHave(t, a, "o=- 40 40 IN IP4 192.0.2.1")
	a, _ = answer(t, l, caller("a=sendonly"), SendRecv)
	mustHave(t, a, "o=- 40 41 IN IP4 192.0.2.1")
	mustHave(t, string(l.Offer(SendOnly)), "o=- 40 42 IN IP4 192.0.2.1")
}

func TestOfferAndAccept_RFC3264_7(t *testing.T) {
	us, them := New(1, rtp, Codecs("pcma", "pcmu")), New(2, netip.MustParseAddrPort("192.0.2.9:4000"), Codecs("pcmu"))
	ans, far := answer(t, them, us.Offer(SendRecv), SendRecv)
	near, err := us.Accept([]byte(ans))
	if err != nil {
		t.Fatal(err)
	}
	if near.Codec != PCMU || far.Codec != PCMU || !near.Event || near.Remote.Port() != 4000 || far.Remote != rtp {
		t.Errorf("we have %v, they have %v", near, far)
	}
	// Hold and its end.
	ans, far = answer(t, them, us.Offer(SendOnly), SendRecv)
	if near, err = us.Accept([]byte(ans)); err != nil || near.Direction != SendOnly || !far.HeldByPeer() {
		t.Errorf("on hold we have %v, they have %v, %v", near, far, err)
	}
	ans, far = answer(t, them, us.Offer(SendRecv), SendRecv)
	if near, err = us.Accept([]byte(ans)); err != nil || near.Direction != SendRecv || far.HeldByPeer() {
		t.Errorf("after hold we have %v, they have %v, %v", near, far, err)
	}
}

func TestAnswersThatDoNotFit(t *testing.T) {
	l := New(1, rtp, nil)
	if _, err := l.Accept(caller()); err == nil {
		t.Error("an answer without an offer was accepted")
	}
	l.Offer(SendRecv)
	for name, body := range map[string][]byte{
		"other codec":   sdpOf("v=0", "o=- 1 1 IN IP4 192.0.2.9", "s=-", "c=IN IP4 192.0.2.9", "t=0 0", "m=audio 4 RTP/AVP 18"),
		"refused":       sdpOf("v=0", "o=- 1 1 IN IP4 192.0.2.9", "s=-", "c=IN IP4 192.0.2.9", "t=0 0", "m=audio 0 RTP/AVP 0"),
		"another media": caller("m=video 5000 RTP/AVP 31"),
	} {
		if s, err := l.Accept(body); err == nil {
			t.Errorf("%s: accepted as %v", name, s)
		}
	}
}

func TestPtimeAndRTCPAttribute_RFC3605(t *testing.T) {
	_, s := answer(t, New(1, rtp, nil), caller("a=ptime:30", "a=rtcp:5555 IN IP4 192.0.2.10"), SendRecv)
	if s.Ptime.Milliseconds() != 30 || s.RTCP != netip.MustParseAddrPort("192.0.2.10:5555") {
		t.Errorf("ptime %v, rtcp %v", s.Ptime, s.RTCP)
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add(caller(), uint8(0))
	f.Add(caller("a=sendonly", "a=ptime:30", "m=video 5000 RTP/AVP 31"), uint8(1))
	f.Add(sdpOf("v=0", "o=- 1 1 IN IP6 ::1", "s=-", "c=IN IP6 ::", "t=0 0", "m=audio 1 RTP/AVP 0"), uint8(3))
	f.Fuzz(func(t *testing.T, body []byte, dir uint8) {
		l := New(1, rtp, nil)
		ans, s, err := l.Answer(body, Direction(dir&3))
		if err != nil {
			var u *Unacceptable
			if !errors.As(err, &u) {
				t.Fatalf("error %v is no *Unacceptable", err)
			}
			return
		}
		ms, err := read(ans)
		if err != nil {
			t.Fatalf("our answer cannot be read: %v\n%s", err, ans)
		}
		theirs, _ := read(body)
		if len(ms) != len(theirs) {
			t.Fatalf("%d m-lines answered %d", len(ms), len(theirs))
		}
		if s.Direction.Sends() && !s.Remote.IsValid() {
			t.Fatalf("we would send to nowhere: %v", s)
		}
		if _, err := read(l.Offer(SendRecv)); err != nil {
			t.Fatalf("our next offer cannot be read: %v", err)
		}
	})
}
