package screen

import (
	"strings"
	"testing"
)

func TestRFC4475_3_1_2_1_StraySeparators(t *testing.T) {
	refused(t, replaced("INVITE", ";branch=z9hG4bKabc", ";branch=z9hG4bKabc;;,;,,", contact), 400)
	refused(t, request("INVITE", "Contact: \"Joe\" <sip:joe@example.org>;;;;"), 400)
}

func TestRFC4475_3_1_2_2_ContentLengthLargerThanBody(t *testing.T) {
	refused(t, request("INVITE", contact, "Content-Type: application/sdp", "Content-Length: 9999")+"v=0\r\n", 400)
}

func TestRFC4475_3_1_2_3_NegativeContentLength(t *testing.T) {
	refused(t, request("INVITE", contact, "Content-Length: -999"), 400)
}

func TestRFC4475_3_1_2_4_ScalarsOutOfRange(t *testing.T) {
	refused(t, replaced("REGISTER", "CSeq: 1 ", "CSeq: 36893488147419103232 ", contact), 400)
	refused(t, replaced("REGISTER", "CSeq: 1 ", "CSeq: 2147483648 ", contact), 400)
	refused(t, replaced("REGISTER", "Max-Forwards: 70", "Max-Forwards: 300", contact), 400)
}

func TestRFC4475_3_1_2_5_ScalarsOutOfRangeInResponse(t *testing.T) {
	dropped(t, strings.Replace(response("SIP/2.0 503 Service Unavailable", "Retry-After: 949302838503028349304023988"), "CSeq: 9 ", "CSeq: 9292394834772304023312 ", 1))
}

func TestRFC4475_3_1_2_6_OpenQuote(t *testing.T) {
	refused(t, replaced("INVITE", "To: <sip:100@192.0.2.1>", "To: \"Mr. J. User <sip:j.user@example.com>", contact), 400)
}

func TestRFC4475_3_1_2_7_BracketsRoundRequestURI(t *testing.T) {
	refused(t, replaced("INVITE", "sip:100@192.0.2.1 SIP", "<sip:100@192.0.2.1> SIP", contact), 400)
}

func TestRFC4475_3_1_2_8_SpaceInRequestURI(t *testing.T) {
	refused(t, replaced("INVITE", "sip:100@192.0.2.1 SIP", "sip:100@192.0.2.1; lr SIP", contact), 400)
}

func TestRFC4475_3_1_2_9_SpacesInStartLine(t *testing.T) {
	refused(t, replaced("INVITE", "INVITE sip:100@192.0.2.1 SIP", "INVITE  sip:100@192.0.2.1  SIP", contact), 400)
}

func TestRFC4475_3_1_2_10_SpaceAfterVersion(t *testing.T) {
	refused(t, replaced("OPTIONS", "SIP/2.0\r\n", "SIP/2.0  \r\n"), 400)
}

func TestRFC4475_3_1_2_11_HeadersInRequestURI(t *testing.T) {
	refused(t, replaced("INVITE", "sip:100@192.0.2.1 SIP", "sip:100@192.0.2.1?Route=%3Csip:example.com%3E SIP", contact), 400)
}

func TestRFC4475_3_1_2_12_DateOfAnotherZone(t *testing.T) {
	passes(t, request("INVITE", contact, "Date: Fri, 01 Jan 2010 16:00:00 EST"), phone)
}

func TestRFC4475_3_1_2_13_ContactWithHeadersAndNoBrackets(t *testing.T) {
	refused(t, request("REGISTER", "Contact: sip:user@example.com?Route=%3Csip:sip.example.com%3E"), 400)
}

func TestRFC4475_3_1_2_14_SpacesInAddrSpec(t *testing.T) {
	refused(t, replaced("OPTIONS", "To: <sip:100@192.0.2.1>", "To: \"Watson, Thomas\" < sip:t.watson@example.org >"), 400)
}

func TestRFC4475_3_1_2_15_UnquotedComma(t *testing.T) {
	refused(t, replaced("OPTIONS", "<sip:201@192.0.2.1>;tag=f1", "Bell, Alexander <sip:a.g.bell@example.com>;tag=43"), 400)
}

func TestRFC4475_3_1_2_16_UnknownVersion(t *testing.T) {
	raw := replaced("OPTIONS", "SIP/2.0\r\n", "SIP/7.0\r\n")
	refused(t, strings.Replace(raw, "Via: SIP/2.0/", "Via: SIP/7.0/", 1), 505)
}

func TestRFC4475_3_1_2_17_CSeqOfAnotherMethod(t *testing.T) {
	refused(t, replaced("OPTIONS", "CSeq: 1 OPTIONS", "CSeq: 8 INVITE"), 400)
}

func TestRFC4475_3_1_2_18_UnknownMethodAndCSeq(t *testing.T) {
	refused(t, replaced("NEWMETHOD", "CSeq: 1 NEWMETHOD", "CSeq: 8 INVITE"), 501)
}

func TestRFC4475_3_1_2_19_StatusOverflow(t *testing.T) {
	dropped(t, response("SIP/2.0 4294967301 better not break the receiver"))
}

func TestRFC4475_3_2_1_BareCookie(t *testing.T) {
	refused(t, replaced("OPTIONS", "branch=z9hG4bKabc", "branch=z9hG4bK"), 400)
}

func TestRFC4475_3_3_1_MissingFields(t *testing.T) {
	raw := request("INVITE", contact)
	for _, name := range []string{"From", "To", "Call-ID", "CSeq"} {
		i := strings.Index(raw, "\r\n"+name+":")
		j := i + 2 + strings.Index(raw[i+2:], "\r\n")
		ans := refused(t, raw[:i]+raw[j:], 400)
		if !strings.Contains(ans, name+" is missing") {
			t.Errorf("without %s the answer is\n%s", name, ans)
		}
	}
	i := strings.Index(raw, "\r\nVia:")
	j := i + 2 + strings.Index(raw[i+2:], "\r\n")
	dropped(t, raw[:i]+raw[j:]) // no way back
}

func TestRFC4475_3_3_2_UnknownScheme(t *testing.T) {
	refused(t, replaced("OPTIONS", "sip:100@192.0.2.1 SIP", "nobodyKnowsThisScheme:totallyopaquecontent SIP"), 416)
}

func TestRFC4475_3_3_3_SchemeWithAuthority(t *testing.T) {
	refused(t, replaced("OPTIONS", "sip:100@192.0.2.1 SIP", "soap.beep://192.0.2.103:3002 SIP"), 416)
}

func TestRFC4475_3_3_4_RegisterOfOtherSchemes(t *testing.T) {
	refused(t, replaced("REGISTER", "To: <sip:100@192.0.2.1>", "To: <isbn:2983792873>", contact), 400)
	refused(t, replaced("REGISTER", "<sip:201@192.0.2.1>;tag=f1", "<http://www.example.com>;tag=f1", contact), 400)
	refused(t, request("REGISTER", "Contact: <name:John_Smith>"), 400)
	refused(t, replaced("OPTIONS", "<sip:201@192.0.2.1>;tag=f1", "<h323:201@192.0.2.1>;tag=f1"), 400) // sipgo: silence
	passes(t, replaced("OPTIONS", "<sip:201@192.0.2.1>;tag=f1", "<tel:+34910000001>;tag=f1"), phone)
}

func TestRFC4475_3_3_5_UnknownRequire(t *testing.T) {
	ans := refused(t, request("OPTIONS", "Require: nothingSupportsThis, nothingSupportsThisEither", "Proxy-Require: noProxiesSupportThis"), 420)
	if !strings.Contains(ans, "\r\nUnsupported: nothingSupportsThis, nothingSupportsThisEither\r\n") || strings.Contains(ans, "noProxies") {
		t.Errorf("the answer is\n%s", ans)
	}
	passes(t, request("CANCEL", "Require: nothingSupportsThis"), phone) // RFC 3261 section 8.2.2.3
	v := (&Rules{Supported: []string{"timer"}}).Check([]byte(request("OPTIONS", "Require: Timer")), phone)
	if v.Action != Pass {
		t.Errorf("a supported option gets %d", v.Code)
	}
}

func TestRFC4475_3_3_6_UnknownBodyType(t *testing.T) {
	ans := refused(t, request("INVITE", contact, "Content-Type: application/unknownformat")+"<audio>\r\n", 415)
	if !strings.Contains(ans, "\r\nAccept: application/sdp\r\n") {
		t.Errorf("the answer is\n%s", ans)
	}
	refused(t, request("INVITE", contact, "Content-Type: application/sdp", "Content-Encoding: gzip")+"x", 415)
	refused(t, request("INVITE", contact)+"x", 400)
	passes(t, request("INVITE", contact, "Content-Type: text/plain", "Content-Disposition: session; handling=optional")+"x", phone)
}

func TestRFC4475_3_3_7_UnknownAuthorizationPasses(t *testing.T) {
	// The registrar answers it with a challenge: register.Auth.
	passes(t, request("REGISTER", contact, "Authorization: NoOneKnowsThisScheme opaque-data=here"), phone)
}

func TestRFC4475_3_3_8_DoubledFields(t *testing.T) {
	for _, twice := range []string{"CSeq: 5 INVITE", "Call-ID: other@192.0.2.50", "Max-Forwards: 5", "To: <sip:other@example.com>",
		"t: <sip:other@example.com>", "From: <sip:other@example.com>;tag=3413415", "f: <sip:other@example.com>;tag=3413415"} {
		refused(t, request("INVITE", contact, twice), 400)
	}
	refused(t, request("INVITE", contact, "Content-Type: application/sdp", "c: application/sdp")+"v=0\r\n", 400)
}

func TestRFC4475_3_3_9_TwoContentLengths(t *testing.T) {
	refused(t, request("OPTIONS", "Content-Length: 0", "Content-Length: 5")+"abcde", 400)
	refused(t, request("OPTIONS", "Content-Length: 5", "l: 5")+"abcde", 400)
	refused(t, request("OPTIONS", "Content-Length: 5, 5")+"abcde", 400)
	refused(t, request("OPTIONS", "Content-Length:\r\n 5")+"abcde", 400)
	refused(t, request("OPTIONS", "Content-Length: +5")+"abcde", 400)
	for _, raw := range []string{request("OPTIONS", "Content-Length: 0", "Content-Length: 5"), request("OPTIONS", "Content-Length:\r\n 0"), request("OPTIONS")} {
		stream := phone
		stream.Stream = true
		if v := (&Rules{}).Check([]byte(raw), stream); v.Code != 400 || !v.Close {
			t.Errorf("on a stream: %d, close %t", v.Code, v.Close)
		}
	}
}

func TestRFC4475_3_3_10_SecondViaInResponse(t *testing.T) {
	dropped(t, response("SIP/2.0 200 OK", "Via: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK1saber23", contact))
}

func TestRFC4475_3_3_11_MaxForwardsZero(t *testing.T) {
	passes(t, replaced("OPTIONS", "Max-Forwards: 70", "Max-Forwards: 0"), phone)
}

func TestRFC4475_3_3_12_ParameterOutsideBrackets(t *testing.T) {
	c := asRequest(t, passes(t, request("REGISTER", "Contact: sip:+19725552222@gw1.example.net;unknownparam"), phone)).Contact()
	if _, ok := c.Params.Get("unknownparam"); !ok || strings.Contains(c.Address.String(), "unknownparam") {
		t.Errorf("Contact %v", c)
	}
}

func TestRFC4475_3_3_13_ParameterInsideBrackets(t *testing.T) {
	c := asRequest(t, passes(t, request("REGISTER", "Contact: <sip:+19725552222@gw1.example.net;unknownparam>"), phone)).Contact()
	if !strings.Contains(c.Address.String(), ";unknownparam") {
		t.Errorf("Contact %v", c)
	}
}

func TestRFC4475_3_3_14_ContactWithEscapedRoute(t *testing.T) {
	// Accepted; the contact goes on without its headers.
	r := asRequest(t, passes(t, request("REGISTER", "Contact: <sip:user@example.com;ob?Route=%3Csip:sip.example.com%3E>;q=1"), phone))
	if got := r.Contact().Value(); got != "<sip:user@example.com;ob>;q=1" {
		t.Errorf("Contact %s", got)
	}
}

func TestRFC4475_3_3_15_AcceptWithoutSDP(t *testing.T) {
	refused(t, request("INVITE", contact, "Accept: text/nobodyKnowsThis"), 406)
	passes(t, request("INVITE", contact, "Accept: text/plain, application/*;q=0.5"), phone)
}

// old is an INVITE of RFC 2543: no branch, no tag, no Max-Forwards, no Contact,
// no Content-Length.
func old(method string) string {
	return msg(method+" sip:100@192.0.2.1 SIP/2.0", "Via: SIP/2.0/UDP ata.example.com", "From: <sip:201@192.0.2.1;user=phone>",
		"To: sip:100@192.0.2.1;user=phone", "Call-ID: 1717@ata.example.com", "CSeq: 56 "+method)
}

func TestRFC4475_3_4_1_InviteOfRFC2543(t *testing.T) {
	raw := strings.Replace(old("INVITE"), "\r\n\r\n", "\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n", 1)
	r := asRequest(t, passes(t, raw, phone))
	branch, _ := r.Via().Params.Get("branch")
	tag, _ := r.From().Params.Get("tag")
	if !strings.HasPrefix(branch, cookie) || tag == "" || r.Contact() == nil || string(r.Body()) != "v=0\r\n" {
		t.Fatalf("branch %q, tag %q, contact %v, body %q", branch, tag, r.Contact(), r.Body())
	}
	for _, m := range []string{"CANCEL", "ACK"} { // RFC 3261 section 17.2.3: they find the INVITE's transaction
		if b, _ := asRequest(t, passes(t, old(m), phone)).Via().Params.Get("branch"); b != branch {
			t.Errorf("%s has branch %q, INVITE %q", m, b, branch)
		}
	}
	bye := asRequest(t, passes(t, strings.Replace(old("BYE"), "56", "57", 1), phone))
	if bt, _ := bye.From().Params.Get("tag"); bt != tag {
		t.Errorf("BYE has From tag %q, INVITE %q", bt, tag)
	}
	out := string(unfill([]byte("SIP/2.0 180 Ringing\r\n" + r.Via().Name() + ": " + r.Via().Value() + "\r\nFrom: " + r.From().Value() + "\r\n\r\nbody")))
	if strings.Contains(out, "branch") || strings.Contains(out, "tag=") || !strings.HasSuffix(out, "\r\n\r\nbody") {
		t.Errorf("the peer would see\n%s", out)
	}
	stream := phone
	stream.Stream = true
	if v := (&Rules{}).Check([]byte(strings.Replace(old("INVITE"), "\r\n\r\n", "\r\nl: 0\r\n\r\n", 1)), stream); v.Code != 400 {
		t.Errorf("over TCP it gets %v %d", v.Action, v.Code)
	}
}

// The answer goes back where the message came from and says so in its Via.
func TestAnswersNameTheSource_RFC3581_4(t *testing.T) {
	ans := refused(t, replaced("OPTIONS", "branch=z9hG4bKabc", "branch=z9hG4bKabc;rport", "Require: x"), 420)
	if !strings.Contains(ans, "Via: SIP/2.0/UDP 192.0.2.50:5062;branch=z9hG4bKabc;rport=5062;received=192.0.2.50\r\n") {
		t.Errorf("the answer is\n%s", ans)
	}
	if !strings.Contains(ans, "\r\nTo: <sip:100@192.0.2.1>;tag=") || !strings.Contains(ans, "\r\nCSeq: 1 OPTIONS\r\n") {
		t.Errorf("the answer is\n%s", ans)
	}
	if again := refused(t, replaced("OPTIONS", "branch=z9hG4bKabc", "branch=z9hG4bKabc;rport", "Require: x"), 420); again != ans {
		t.Errorf("a repetition gets another answer:\n%s", again)
	}
}

func TestAcknowledgementsAreNeverAnswered_RFC3261_8_1_1(t *testing.T) {
	dropped(t, replaced("ACK", "CSeq: 1 ACK", "CSeq: x ACK"))
}

// What sipgo would read otherwise than the grammar says never reaches it.
func TestQuotedTextIsNotReadAsParameters(t *testing.T) {
	refused(t, replaced("OPTIONS", ";tag=f1", ";x=\"a;tag=evil\";tag=f1"), 400)
	refused(t, replaced("OPTIONS", ";branch=z9hG4bKabc", ";x=\"a,b\";branch=z9hG4bKabc"), 400)
	r := asRequest(t, passes(t, replaced("REGISTER", ";tag=f1", ";TAG=f1", "Contact: \"a\\\"b, c\" <sip:201@192.0.2.50>;methods=\"INVITE,BYE\";+sip.instance=\"<urn:uuid:1>\";EXPIRES=60"), phone))
	if tag, _ := r.From().Params.Get("tag"); tag != "f1" {
		t.Errorf("tag %q", tag)
	}
	c := r.Contact()
	if e, _ := c.Params.Get("expires"); len(r.GetHeaders("Contact")) != 1 || c.Address.User != "201" || e != "60" {
		t.Errorf("Contact %v", r.GetHeaders("Contact"))
	}
}

func TestLineEndsAndControls(t *testing.T) {
	refused(t, request("OPTIONS", "X: a\nRoute: <sip:evil>"), 400)
	refused(t, request("OPTIONS", "X: a\rRoute: <sip:evil>"), 400)
	refused(t, request("OPTIONS", "X: a\x00b"), 400)
	refused(t, replaced("OPTIONS", "To: <sip:100@192.0.2.1>", "To: \"a\\\r\nX: b\" <sip:100@192.0.2.1>"), 400)
	refused(t, request("OPTIONS", "No colon here"), 400)
	dropped(t, "OPTIONS sip:a SIP/2.0\r\n")
	dropped(t, "")
	dropped(t, strings.Repeat("a", MaxMessage+1))
}

// Every one of IANA's methods from a stranger is silence unless a rule admits it.
func TestStrangersAndMethods(t *testing.T) {
	stranger := Peer{Addr: phone.Addr}
	for _, m := range registered {
		raw := []byte(request(m, contact))
		if m != "INVITE" && m != "REGISTER" {
			raw = []byte(request(m))
		}
		if v := (&Rules{}).Check(raw, stranger); v.Action != Drop {
			t.Errorf("%s: %v", m, v.Action)
		}
		v := (&Rules{Strangers: []string{"REGISTER", "INVITE"}}).Check(raw, stranger)
		if (v.Action == Pass) != (m == "REGISTER" || m == "INVITE") || v.Action == Reply {
			t.Errorf("%s admitted: %v", m, v.Action)
		}
	}
}
