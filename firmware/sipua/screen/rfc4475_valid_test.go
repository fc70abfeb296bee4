package screen

import (
	"strings"
	"testing"

	"github.com/emiago/sipgo/sip"
)

// The messages of these tests are our own; each exercises the clause of RFC 4475
// that its test is named after.

func asRequest(t *testing.T, m sip.Message) *sip.Request {
	t.Helper()
	r, ok := m.(*sip.Request)
	if !ok {
		t.Fatalf("%T is no request", m)
	}
	return r
}

func TestRFC4475_3_1_1_1_FoldsEscapesOddCase(t *testing.T) {
	raw := strings.Join([]string{
		"INVITE sip:vera@example.org;odd SIP/2.0",
		"TO :", " sip:vera@example.org ;   tag    = 77n",
		"from   : \"J Perez \\\\\\\"\"       <sip:jperez@example.org>", "  ;", "  tag = 98asjd8",
		"MaX-fOrWaRdS: 0068",
		"Call-ID: fold.0ha0isndaksdj@192.0.2.50",
		"Content-Length   : 12",
		"cseq: 0009", "  INVITE",
		"Via  : SIP  /   2.0", " /UDP", "    192.0.2.50;branch=390skdjuw",
		"s :",
		"NewKindOfHeader:   new value", " goes on here",
		"StrangeHeader: ;;,,;;,;",
		"Content-Type: application/sdp",
		"Route:", " <sip:services.example.org;lr;a=value;b>",
		"v:  SIP  / 2.0  / TCP     spindle.example.org   ;", "  branch  =   z9hG4bK9ikj8  ,",
		" SIP  /    2.0   / UDP  192.168.255.111   ; branch=", " z9hG4bK30239",
		"m:\"Quoted string \\\"\\\"\" <sip:jperez@example.org> ; newparam =", "      newvalue ;", "  secondparam ; q = 0.33",
		"", "v=0 anything"}, "\r\n")
	r := asRequest(t, passes(t, raw, phone))
	if tag, _ := r.To().Params.Get("tag"); tag != "77n" {
		t.Errorf("To tag %q", tag)
	}
	if r.CSeq().SeqNo != 9 || r.MaxForwards().Val() != 68 || string(r.Body()) != "v=0 anything" {
		t.Errorf("CSeq %v, Max-Forwards %v, body %q", r.CSeq(), r.MaxForwards(), r.Body())
	}
	vias := r.GetHeaders("Via")
	if len(vias) != 3 || r.Via().Host != "192.0.2.50" {
		t.Errorf("Via %v", vias)
	}
	if b, _ := r.Via().Params.Get("branch"); !strings.HasPrefix(b, cookie) {
		t.Errorf("branch %q has no cookie for sipgo", b)
	}
	if q, _ := r.Contact().Params.Get("q"); q != "0.33" {
		t.Errorf("Contact %v", r.Contact())
	}
	stranger := phone
	stranger.Known = false
	if v := (&Rules{Strangers: DefaultMethods()}).Check([]byte(raw), stranger); v.Action != Drop {
		t.Errorf("a stranger without a branch cookie gets %v", v.Action)
	}
}

func TestRFC4475_3_1_1_2_UnusualCharacters(t *testing.T) {
	raw := msg("!odd0.*%Method%_+`'~ sip:1_odd.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d@example.org SIP/2.0",
		"Via: SIP/2.0/UDP host1.example.org;branch=z9hG4bK-.!%66*_+`'~",
		"To: \"BEL:\\\x07 NUL:\\\x00 DEL:\\\x7F\" <sip:1_odd.URI~(to-be!sure)@example.org>",
		"From: token1~` token2'+_ token3*%!.- <sip:mundane@example.org>;fromParam''~+*_!.-%=\"\xD1\x80\xD0\xB0\";tag=_token~1'+`*%!-.",
		"Call-ID: odd.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{", "CSeq: 139122385 !odd0.*%Method%_+`'~", "Max-Forwards: 255",
		"extensionHeader-!.%*+_`'~: \xEF\xBB\xBF\xE5\xA4\xA7", "Content-Length: 0")
	refused(t, raw, 501)
}

func TestRFC4475_3_1_1_3_Escapes(t *testing.T) {
	r := asRequest(t, passes(t, msg("INVITE sip:sips%3Auser%40example.com@example.net SIP/2.0", "To: sip:%75se%72@example.com",
		"From: <sip:I%20have%20spaces@example.net>;tag=938", "Max-Forwards: 87", "i: esc01.239409asdfakjkn23onasd0-3234", "CSeq: 234234 INVITE",
		"Via: SIP/2.0/UDP host5.example.net;branch=z9hG4bKkdjuw", "C: application/sdp",
		"Contact: <sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31>", "l: 0"), phone))
	if r.Recipient.User != "sips%3Auser%40example.com" && r.Recipient.User != "sips:user@example.com" {
		t.Errorf("user %q was unescaped more than once or cut", r.Recipient.User)
	}
	if !strings.Contains(r.Contact().Address.String(), "v%61lue%25%34%31") {
		t.Errorf("Contact %s", r.Contact().Address.String())
	}
}

func TestRFC4475_3_1_1_4_EscapedNul(t *testing.T) {
	r := asRequest(t, passes(t, msg("REGISTER sip:example.com SIP/2.0", "To: sip:null-%00-null@example.com", "From: sip:null-%00-null@example.com;tag=839",
		"Max-Forwards: 70", "Call-ID: escnull.39203ndfvkjdasfkq3w4otrq0adsfdfnavd", "CSeq: 14398234 REGISTER",
		"Via: SIP/2.0/UDP host5.example.com;branch=z9hG4bKkdjuw", "Contact: <sip:%00@host5.example.com>", "Contact: <sip:%00%00@host5.example.com>", "L:0"), phone))
	if n := len(r.GetHeaders("Contact")); n != 2 {
		t.Errorf("%d contacts", n)
	}
	if u := r.To().Address.User; !strings.HasSuffix(u, "null") || len(u) < 11 {
		t.Errorf("user %q was shortened at NUL", u)
	}
}

func TestRFC4475_3_1_1_5_PercentThatEscapesNothing(t *testing.T) {
	raw := msg("RE%47IST%45R sip:registrar.example.com SIP/2.0", "To: \"%Z%45\" <sip:resource@example.com>", "From: \"%Z%45\" <sip:resource@example.com>;tag=f232jadfj23",
		"Call-ID: esc02.asdfnqwo34rq23i34jrjasdcnl23nrlknsdf", "Via: SIP/2.0/TCP host.example.com;branch=z9hG4bK209%fzsnel234", "CSeq: 29344 RE%47IST%45R",
		"Max-Forwards: 70", "Contact: <sip:alias1@host1.example.com>", "C%6Fntact: <sip:alias2@host2.example.com>", "l: 0")
	refused(t, raw, 501)
	// The same header name in a method we know is not Contact.
	r := asRequest(t, passes(t, request("REGISTER", contact, "C%6Fntact: <sip:alias2@host2.example.com>"), phone))
	if n := len(r.GetHeaders("Contact")); n != 1 {
		t.Errorf("%d contacts", n)
	}
}

func TestRFC4475_3_1_1_6_NoSpaceBeforeBracket(t *testing.T) {
	r := asRequest(t, passes(t, replaced("OPTIONS", "<sip:201@192.0.2.1>;tag=f1", "caller<sip:caller@example.com>;tag=323"), phone))
	if r.From().DisplayName != "caller" || r.From().Address.User != "caller" {
		t.Errorf("From %v", r.From())
	}
}

func TestRFC4475_3_1_1_7_LongValues(t *testing.T) {
	long := strings.Repeat("very", 60) + "long"
	lines := []string{"INVITE sip:user@example.com SIP/2.0", "To: \"I have a user name of extreme proportion" + long + "\"<sip:user@example.com:6000;p1=" + long + ";" + long + ">",
		"F: sip:" + long + "@example.net;tag=12" + long + ";unknownheaderparam" + long + "=" + long, "Call-ID: longreq.one" + long, "CSeq: 3882340 INVITE",
		"Unknown-" + long + "-Name: unknown-" + long + "-value", "Via: SIP/2.0/TCP sip33.example.com"}
	for range 34 {
		lines = append(lines, "v: SIP/2.0/TCP sip32.example.com")
	}
	lines = append(lines, "V: SIP/2.0/UDP host."+strings.Repeat("longlabel.", 10)+"example.net;received=192.0.2.5;branch="+cookie+long,
		"Max-Forwards: 70", "Contact: <sip:"+long+"@host5.example.net>", "Content-Type: application/sdp", "l: 0")
	lines[6] += ";branch=z9hG4bK1"
	r := asRequest(t, passes(t, msg(lines...), phone))
	if n := len(r.GetHeaders("Via")); n != 36 {
		t.Errorf("%d Via", n)
	}
}

func TestRFC4475_3_1_1_8_OctetsAfterTheMessage(t *testing.T) {
	r := asRequest(t, passes(t, request("REGISTER", contact, "Content-Length: 0")+request("INVITE", contact), phone))
	if r.Method != sip.REGISTER || len(r.Body()) != 0 {
		t.Errorf("%s with %d octets of body", r.Method, len(r.Body()))
	}
}

func TestRFC4475_3_1_1_9_SemicolonInUser(t *testing.T) {
	r := asRequest(t, passes(t, replaced("OPTIONS", "sip:100@192.0.2.1 SIP", "sip:user;par=u%40example.net@example.com SIP"), phone))
	if r.Recipient.Host != "example.com" || !strings.HasPrefix(r.Recipient.User, "user;par=u") {
		t.Errorf("user %q at host %q", r.Recipient.User, r.Recipient.Host)
	}
}

func TestRFC4475_3_1_1_10_AllTransports(t *testing.T) {
	r := asRequest(t, passes(t, request("OPTIONS", "Via: SIP/2.0/SCTP t2.example.com;branch=z9hG4bKklasjdhf", "Via: SIP/2.0/TLS t3.example.com;branch=z9hG4bK2980unddj",
		"Via: SIP/2.0/UNKNOWN t4.example.com;branch=z9hG4bKasd0f3en", "Via: SIP/2.0/TCP t5.example.com;branch=z9hG4bK0a9idfnee"), phone))
	if n := len(r.GetHeaders("Via")); n != 5 {
		t.Errorf("%d Via", n)
	}
}

func TestRFC4475_3_1_1_11_Multipart(t *testing.T) {
	body := "--b\r\nContent-Type: application/octet-stream\r\n\r\n\x00\x01\x00\r\n--b--\r\n"
	raw := request("MESSAGE", "Content-Type: multipart/mixed;boundary=b") + body
	ans := refused(t, raw, 405)
	if !strings.Contains(ans, "\r\nAllow: INVITE, ") {
		t.Errorf("405 without Allow:\n%s", ans)
	}
	if ans = refused(t, request("INVITE", contact, "Content-Type: multipart/mixed;boundary=b")+body, 415); !strings.Contains(ans, "\r\nAccept: application/sdp\r\n") {
		t.Errorf("415 without Accept:\n%s", ans)
	}
	if r := asRequest(t, passes(t, request("INFO", "Content-Type: multipart/mixed;boundary=b")+body, phone)); string(r.Body()) != body {
		t.Errorf("the body became %q", r.Body())
	}
}

// response is an ordinary response with its start line and more lines.
func response(start string, more ...string) string {
	return msg(append([]string{start, "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1324923", "From: <sip:100@192.0.2.1>;tag=29381",
		"To: <sip:201@192.0.2.1>;tag=8", "Call-ID: c1@192.0.2.1", "CSeq: 9 INVITE"}, more...)...)
}

func TestRFC4475_3_1_1_12_ReasonInUTF8(t *testing.T) {
	m := passes(t, response("SIP/2.0 200 = 2**3 * 5**2 \xD0\xBD\xD0\xBE", contact, "Content-Length: 0"), phone)
	if r := m.(*sip.Response); r.StatusCode != 200 || !strings.HasPrefix(r.Reason, "= 2**3") {
		t.Errorf("%d %q", r.StatusCode, r.Reason)
	}
}

func TestRFC4475_3_1_1_13_EmptyReason(t *testing.T) {
	for _, start := range []string{"SIP/2.0 100 ", "SIP/2.0 100"} { // the second is what some phones send
		if r := passes(t, response(start, "Content-Length: 0"), phone).(*sip.Response); r.StatusCode != 100 || r.Reason != "" {
			t.Errorf("%d %q", r.StatusCode, r.Reason)
		}
	}
}
