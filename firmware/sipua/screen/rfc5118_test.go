package screen

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/emiago/sipgo/sip"
)

func recipient(t *testing.T, uri string) sip.Uri {
	t.Helper()
	return asRequest(t, passes(t, replaced("OPTIONS", "sip:100@192.0.2.1 SIP", uri+" SIP"), phone)).Recipient
}

func TestRFC5118_4_1_ReferenceInBrackets(t *testing.T) {
	if u := recipient(t, "sip:[2001:db8::10]"); u.Host != "[2001:db8::10]" || u.Port != 0 {
		t.Errorf("host %q port %d", u.Host, u.Port)
	}
	passes(t, replaced("REGISTER", "SIP/2.0/UDP 192.0.2.50:5062", "SIP/2.0/UDP [2001:db8::9:1]", "Contact: \"Caller\" <sip:caller@[2001:db8::1]>"), phone)
}

func TestRFC5118_4_2_ReferenceWithoutBrackets(t *testing.T) {
	refused(t, replaced("REGISTER", "sip:100@192.0.2.1 SIP", "sip:2001:db8::10 SIP", contact), 400)
}

func TestRFC5118_4_3_PortInsideBrackets(t *testing.T) {
	if u := recipient(t, "sip:[2001:db8::10:5070]"); u.Host != "[2001:db8::10:5070]" || u.Port != 0 {
		t.Errorf("host %q port %d", u.Host, u.Port)
	}
}

func TestRFC5118_4_4_PortOutsideBrackets(t *testing.T) {
	if u := recipient(t, "sip:[2001:db8::10]:5070"); u.Host != "[2001:db8::10]" || u.Port != 5070 {
		t.Errorf("host %q port %d", u.Host, u.Port)
	}
}

func TestRFC5118_4_5_ReceivedWithAndWithoutBrackets(t *testing.T) {
	for _, v := range []string{"[2001:db8::9:255]", "2001:db8::9:255"} {
		r := asRequest(t, passes(t, replaced("OPTIONS", "UDP 192.0.2.50:5062;", "UDP [2001:db8::9:1];received="+v+";"), phone))
		got, _ := r.Via().Params.Get("received")
		a, err := netip.ParseAddr(strings.Trim(got, "[]"))
		if err != nil || a != netip.MustParseAddr("2001:db8::9:255") {
			t.Errorf("received %q, %v", got, err)
		}
	}
}

func TestRFC5118_4_6_and_4_8_AddressesInSDP(t *testing.T) {
	// Read by the package offer: TestIPv6InSDP_RFC5118_4_6, TestMediaConnectionWins_RFC5118_4_8.
	body := "v=0\r\no=- 1 1 IN IP6 2001:db8::20\r\ns=-\r\nt=0 0\r\nm=audio 4 RTP/AVP 0\r\nc=IN IP6 2001:db8::20\r\n"
	if r := asRequest(t, passes(t, request("INVITE", contact, "Content-Type: application/sdp")+body, phone)); string(r.Body()) != body {
		t.Errorf("the body became %q", r.Body())
	}
}

func TestRFC5118_4_7_BothFamiliesInOneMessage(t *testing.T) {
	r := asRequest(t, passes(t, request("OPTIONS", "Via: SIP/2.0/UDP [2001:db8::9:1]:6050;received=[2001:db8::9:255];branch=z9hG4bKas3", "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKjhja8781hjuaij65144"), phone))
	vias := r.GetHeaders("Via")
	if len(vias) != 3 {
		t.Fatalf("%d Via", len(vias))
	}
	if v := vias[1].(*sip.ViaHeader); strings.Trim(v.Host, "[]") != "2001:db8::9:1" || v.Port != 6050 {
		t.Errorf("second hop %q port %d", v.Host, v.Port)
	}
}

func TestRFC5118_4_9_MappedAddressIsItsIPv4(t *testing.T) {
	recipient(t, "sip:user@[::ffff:192.0.2.10]")
	mapped, plain := netip.MustParseAddr("::ffff:192.0.2.10"), netip.MustParseAddr("192.0.2.10")
	if place(mapped) != place(plain) {
		t.Errorf("%v is counted as %v", mapped, place(mapped))
	}
	if a, b := netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("2001:db8::ffff"); place(a) != place(b) {
		t.Errorf("one /64 is counted as %v and %v", place(a), place(b))
	}
}

func TestRFC5118_4_10_ThreeColons(t *testing.T) {
	two, three := recipient(t, "sip:user@[2001:db8::192.0.2.1]"), recipient(t, "sip:user@[2001:db8:::192.0.2.1]")
	if two.Host != three.Host || two.Host != "[2001:db8::192.0.2.1]" {
		t.Errorf("%q and %q", two.Host, three.Host)
	}
}
