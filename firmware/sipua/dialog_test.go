package sipua

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/testbench/phone"
)

// The library starts a goroutine for each message, so what came in order does
// not reach us in order unless the mailbox puts it right.
func TestInfosOfADialogKeepTheirOrder(t *testing.T) {
	inBubble(t, quietTrunk(), func(t *testing.T, r *rig) {
		x := r.raw("192.0.2.1:5060")
		for round := range 10 {
			_, ok := x.up(fmt.Sprint("info", round))
			const digits = "0123456789*#ABCD5566"
			for i := range len(digits) {
				x.send(inDialog("INFO", ok, fmt.Sprint("i", round, "n", i), 2+i, "Content-Type: application/dtmf-relay"),
					"Signal="+digits[i:i+1]+"\nDuration=100\n")
			}
			for i := range len(digits) {
				if d := want[Digit](r); d.Digit != tel.Digit(digits[i]) {
					t.Fatalf("round %d: digit %d is %s, want %c", round, i, d.Digit, digits[i])
				}
			}
			x.send(inDialog("BYE", ok, fmt.Sprint("bye", round), 30, ""), "")
			want[Gone](r)
		}
	})
}

// Without an ACK the library repeats the 200 for 32 s and then forgets it.
func TestRFC3261_13_3_1_4_NoACKEndsInBYE(t *testing.T) {
	inBubble(t, quietTrunk(), func(t *testing.T, r *rig) {
		x := r.raw("192.0.2.1:5060")
		x.send(rawInvite("noack", "1", ""), rawSDP)
		r.a.Answer(want[Incoming](r).Leg)
		start, count := time.Now(), 0
		for {
			msg := x.recv("", 40*time.Second)
			if strings.HasPrefix(msg, "BYE ") {
				break
			}
			if strings.HasPrefix(msg, "SIP/2.0 200") {
				count++
			}
			if msg == "" {
				t.Fatal("no BYE")
			}
		}
		if d := time.Since(start); d != 32*time.Second || count != 11 {
			t.Errorf("BYE after %v and %d 200s, want 32 s and 11", d, count)
		}
		if g := want[Gone](r); g.Cause != tel.CauseLost || g.Evidence != "no ACK in 32 s" {
			t.Errorf("gone: %v", g)
		}
	})
}

func TestHangUpBeforeTheACKWaitsForIt(t *testing.T) {
	inBubble(t, quietTrunk(), func(t *testing.T, r *rig) {
		x := r.raw("192.0.2.1:5060")
		x.send(rawInvite("early", "1", ""), rawSDP)
		leg := want[Incoming](r).Leg
		r.a.Answer(leg)
		ok := x.recv("200", time.Second)
		r.a.HangUp(leg, tel.CauseFlow)
		if g := want[Gone](r); g.Cause != tel.CauseFlow {
			t.Errorf("gone: %v", g)
		}
		if x.recv("BYE", 400*time.Millisecond) != "" {
			t.Error("RFC 3261 15: BYE before the ACK")
		}
		x.send(inDialog("ACK", ok, "a", 1, ""), "")
		if x.recv("BYE", time.Second) == "" {
			t.Error("no BYE after the ACK")
		}
		quiet[Gone](r, time.Minute)
	})
}

// The library's own WaitAnswer dies after ten responses.
func TestManyProvisionalResponses(t *testing.T) {
	inBubble(t, quietTrunk(), func(t *testing.T, r *rig) {
		p := r.registered("10.0.0.21:5060", "201", "ana")
		p.OnCall = func(c *phone.Call) {
			for range 40 {
				c.Progress(181, "Call Is Being Forwarded")
				<-time.After(time.Second)
			}
			c.Answer()
		}
		r.a.Dial(1, Target{Ext: "201"}, From{})
		want[Ringing](r)
		quiet[Ringing](r, 39*time.Second) // once is enough for the house
		want[Answered](r)
		p.Last().HangUp()
		want[Gone](r)
	})
}

// The library keeps the remote target of the first INVITE for ever.
func TestRFC3261_12_2_2_ReInviteMovesTheTarget(t *testing.T) {
	inBubble(t, withServer(), func(t *testing.T, r *rig) {
		x := r.raw("192.0.2.1:5060")
		y := r.raw("192.0.2.7:5080")
		leg, ok := x.up("move")
		x.send(inDialog("INVITE", ok, "re", 2, "Contact: <sip:gw@192.0.2.7:5080;line=4>\nContent-Type: application/sdp"), rawSDP)
		ok2 := x.recv("200", time.Second)
		if ok2 == "" {
			t.Fatal("no answer to the re-INVITE")
		}
		x.send(inDialog("ACK", ok2, "re-ack", 2, ""), "")
		r.a.HangUp(leg, tel.CauseFlow)
		bye := y.recv("BYE", time.Second)
		if !strings.HasPrefix(bye, "BYE sip:gw@192.0.2.7:5080;line=4 SIP/2.0") {
			t.Errorf("BYE went elsewhere: %q", bye)
		}
		want[Gone](r)
	})
}

// withServer is quietTrunk with a trunk whose requests follow the dialog.
func withServer() Config {
	c := office()
	c.Trunks[0].Server = "192.0.2.99"
	return c
}

func TestRFC3264_8_4_HoldBothWays(t *testing.T) {
	for form, answer := range map[phone.HoldForm]string{phone.SendOnly: "recvonly", phone.NullAddr: "recvonly", phone.Inactive: "inactive"} {
		inBubble(t, quietTrunk(), func(t *testing.T, r *rig) {
			p := r.registered("10.0.0.21:5060", "201", "ana")
			c := p.Call("202")
			leg := want[Incoming](r).Leg
			r.a.Answer(leg)
			want[Answered](r)
			for range 2 {
				if err := c.Hold(form); err != nil {
					t.Fatal(err)
				}
				if h := want[Held](r); !h.On || h.Leg != leg {
					t.Errorf("held: %v", h)
				}
				got := c.Direction()
				if form == phone.NullAddr && got == "sendrecv" {
					got = "recvonly" // RFC 3264 8.4 permits both for the old form
				}
				if got != answer {
					t.Errorf("form %d: our answer is %s, want %s", form, got, answer)
				}
				if s := r.media.last(leg); s.Send || s.Recv != (form != phone.Inactive) {
					t.Errorf("form %d: session %+v", form, s)
				}
				if err := c.Resume(); err != nil {
					t.Fatal(err)
				}
				if h := want[Held](r); h.On {
					t.Errorf("resumed: %v", h)
				}
				if s := r.media.last(leg); !s.Send || !s.Recv || c.Direction() != "sendrecv" {
					t.Errorf("resumed: session %+v, answer %s", s, c.Direction())
				}
			}
			c.HangUp()
			want[Gone](r)
		})
	}
}

func TestRFC3261_14_2_Glare(t *testing.T) {
	inBubble(t, withServer(), func(t *testing.T, r *rig) {
		x := r.raw("192.0.2.99:5060")
		r.a.Dial(1, Target{Trunk: "telco", Number: "600111222"}, From{})
		inv := x.recv("INVITE", time.Second)
		if inv == "" {
			t.Fatal("no INVITE")
		}
		x.send(answerTo(inv, 180, "Ringing", "theirs"), "")
		want[Ringing](r)
		x.send(fmt.Sprintf(`INVITE sip:x@10.0.0.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.99:5060;branch=z9hG4bKglare
From: %s;tag=theirs
To: %s
Call-ID: %s
CSeq: 7 INVITE
Contact: <sip:192.0.2.99>
Max-Forwards: 70
Content-Type: application/sdp`, field(inv, "To"), field(inv, "From"), field(inv, "Call-ID")), rawSDP)
		if x.recv("491", time.Second) == "" {
			t.Errorf("no 491\n%s", r.logged())
		}
		r.a.HangUp(1, tel.CauseCancelled)
		if x.recv("CANCEL", time.Second) == "" {
			t.Error("no CANCEL")
		}
		x.send(answerTo(inv, 487, "Request Terminated", "theirs"), "")
		want[Gone](r)
	})
}

// A re-INVITE before the last one is settled waits its turn.
func TestRFC3261_14_2_SecondInviteBeforeTheACK(t *testing.T) {
	inBubble(t, quietTrunk(), func(t *testing.T, r *rig) {
		x := r.raw("192.0.2.1:5060")
		_, ok := x.up("twice")
		x.send(inDialog("INVITE", ok, "re1", 2, "Contact: <sip:192.0.2.1>\nContent-Type: application/sdp"), rawSDP)
		x.recv("200", time.Second)
		x.send(inDialog("INVITE", ok, "re2", 3, "Contact: <sip:192.0.2.1>\nContent-Type: application/sdp"), rawSDP)
		msg := x.recv("500", 300*time.Millisecond)
		if field(msg, "Retry-After") == "" {
			t.Errorf("no 500 with Retry-After: %q", msg)
		}
		x.send(inDialog("ACK", ok, "ra", 2, ""), "")
		x.send(inDialog("BYE", ok, "bye", 4, ""), "")
		want[Gone](r)
	})
}

func TestRFC3261_13_2_1_LateOffer(t *testing.T) {
	inBubble(t, quietTrunk(), func(t *testing.T, r *rig) {
		p := r.phoneWith("10.0.0.21:5060", phone.Account{User: "201", Password: "ana", LateOffer: true, Codecs: []int{0}})
		if err := p.Register(r.soon()); err != nil {
			t.Fatal(err)
		}
		c := p.Call("202")
		leg := want[Incoming](r).Leg
		r.a.Answer(leg)
		if err := c.WaitUp(r.soon()); err != nil {
			t.Fatal(err)
		}
		want[Answered](r)
		if !strings.Contains(c.Description(), "m=audio") {
			t.Errorf("our 200 has no offer: %q", c.Description())
		}
		if s := r.media.last(leg); s.ALaw || s.Remote != c.RTP() {
			t.Errorf("session %+v", s)
		}
		c.HangUp()
		want[Gone](r)
	})
}

func TestLateOfferWithoutAnswerEnds(t *testing.T) {
	inBubble(t, quietTrunk(), func(t *testing.T, r *rig) {
		x := r.raw("192.0.2.1:5060")
		x.send(strings.Replace(rawInvite("late", "1", ""), "\nContent-Type: application/sdp", "", 1), "")
		r.a.Answer(want[Incoming](r).Leg)
		ok := x.recv("200", time.Second)
		x.send(inDialog("ACK", ok, "a", 1, ""), "")
		if x.recv("BYE", time.Second) == "" {
			t.Error("no BYE")
		}
		if g := want[Gone](r); g.Cause != tel.CauseNoCodec {
			t.Errorf("gone: %v", g)
		}
	})
}

func TestNoCommonCodecIs488(t *testing.T) {
	inBubble(t, quietTrunk(), func(t *testing.T, r *rig) {
		p := r.phoneWith("10.0.0.21:5060", phone.Account{User: "201", Password: "ana", Codecs: []int{9, 18}})
		if err := p.Register(r.soon()); err != nil {
			t.Fatal(err)
		}
		c := p.Call("202")
		if err := c.WaitEnd(r.soon()); err != nil {
			t.Fatal(err)
		}
		if code, _ := c.End(); code != 488 {
			t.Errorf("code %d", code)
		}
		quiet[Incoming](r, time.Second)
		p.OnCall = func(c *phone.Call) { c.Answer() } // it answers with G.722
		r.a.Dial(1, Target{Ext: "201"}, From{})
		if g := want[Gone](r); g.Cause != tel.CauseNoCodec {
			t.Errorf("gone: %v", g)
		}
	})
}

// answerTo is a response of the other side to a request of ours.
func answerTo(req string, code int, reason, tag string) string {
	to := field(req, "To")
	if !strings.Contains(to, ";tag=") && tag != "" {
		to += ";tag=" + tag
	}
	out := fmt.Sprintf("SIP/2.0 %d %s\nVia: %s\nFrom: %s\nTo: %s\nCall-ID: %s\nCSeq: %s\nContact: <sip:%s@192.0.2.99:5060>",
		code, reason, field(req, "Via"), field(req, "From"), to, field(req, "Call-ID"), field(req, "CSeq"), cmp.Or(tag, "gw"))
	if code == 200 && strings.HasSuffix(field(req, "CSeq"), "INVITE") {
		out += "\nContent-Type: application/sdp"
	}
	return out
}

// One phone is enough: a second 200 from a fork behind the trunk is confirmed and
// hung up, a repeated one is confirmed again.
func TestRFC3261_13_2_2_4_ForksAndRepetitions(t *testing.T) {
	inBubble(t, withServer(), func(t *testing.T, r *rig) {
		x := r.raw("192.0.2.99:5060")
		r.a.Dial(1, Target{Trunk: "telco", Number: "600111222"}, From{})
		inv := x.recv("INVITE", time.Second)
		x.send(answerTo(inv, 200, "OK", "one"), rawSDP)
		ack := x.recv("ACK", time.Second)
		if !strings.HasPrefix(ack, "ACK sip:one@192.0.2.99:5060") || field(ack, "CSeq") != strings.Replace(field(inv, "CSeq"), "INVITE", "ACK", 1) {
			t.Errorf("ACK: %q", ack)
		}
		want[Answered](r)
		x.send(answerTo(inv, 200, "OK", "one"), rawSDP)
		again := x.recv("ACK", time.Second)
		if again == "" || again != ack {
			t.Errorf("the repeated 200 got %q", again)
		}
		x.send(answerTo(inv, 200, "OK", "two"), rawSDP)
		ack2, bye2 := x.recv("ACK", time.Second), x.recv("BYE", time.Second)
		if !strings.HasPrefix(ack2, "ACK sip:two@") || !strings.HasPrefix(bye2, "BYE sip:two@") || !strings.Contains(field(bye2, "To"), "tag=two") {
			t.Errorf("the second phone got\n%s\n%s", ack2, bye2)
		}
		x.send(answerTo(bye2, 200, "OK", ""), "")
		// Long after the transaction has gone a 200 still gets its ACK.
		r.pass(40 * time.Second)
		x.send(answerTo(inv, 200, "OK", "one"), rawSDP)
		if x.recv("ACK", time.Second) == "" {
			t.Error("a late 200 got no ACK")
		}
		quiet[Gone](r, time.Second)
		r.a.HangUp(1, tel.CauseFlow)
		bye := x.recv("BYE sip:one", time.Second)
		x.send(answerTo(bye, 200, "OK", ""), "")
		want[Gone](r)
	})
}

func TestAnswerCrossesOurCancel(t *testing.T) {
	inBubble(t, withServer(), func(t *testing.T, r *rig) {
		x := r.raw("192.0.2.99:5060")
		r.a.Dial(1, Target{Trunk: "telco", Number: "600111222"}, From{})
		inv := x.recv("INVITE", time.Second)
		r.a.HangUp(1, tel.CauseCancelled)
		want[Gone](r)
		if x.recv("CANCEL", 300*time.Millisecond) != "" {
			t.Error("RFC 3261 9.1: CANCEL before any response")
		}
		x.send(answerTo(inv, 180, "Ringing", "one"), "")
		if x.recv("CANCEL", time.Second) == "" {
			t.Error("no CANCEL after the first response")
		}
		x.send(answerTo(inv, 200, "OK", "one"), rawSDP)
		if x.recv("ACK", time.Second) == "" || x.recv("BYE", time.Second) == "" {
			t.Error("the answer that crossed was not hung up")
		}
		quiet[Answered](r, time.Second)
	})
}

func TestNobodyAnswersAnINVITE(t *testing.T) {
	inBubble(t, withServer(), func(t *testing.T, r *rig) {
		start := time.Now()
		r.a.Dial(1, Target{Trunk: "telco", Number: "600111222"}, From{})
		if g := want[Gone](r); g.Cause != tel.CauseUnreachable || time.Since(start) != 32*time.Second {
			t.Errorf("after %v: %v", time.Since(start), g)
		}
	})
}

// A proxy on the way stays on the way (RFC 3261 12.1.1, 12.1.2, 12.2.1.1).
func TestRouteSets(t *testing.T) {
	const record = "Record-Route: <sip:192.0.2.50;lr>\nRecord-Route: <sip:192.0.2.51:5070;lr>\n"
	inBubble(t, withServer(), func(t *testing.T, r *rig) {
		x, first, last := r.raw("192.0.2.99:5060"), r.raw("192.0.2.50:5060"), r.raw("192.0.2.51:5070")
		// Incoming: in the order of the request.
		x.send(rawInvite("rr", "1", record), rawSDP)
		leg := want[Incoming](r).Leg
		r.a.Answer(leg)
		ok := first.recvOr(x, "200")
		if !strings.Contains(ok, "192.0.2.50") {
			t.Errorf("the 200 lost its Record-Route: %q", ok)
		}
		x.send(inDialog("ACK", ok, "a", 1, ""), "")
		want[Answered](r)
		r.a.HangUp(leg, tel.CauseFlow)
		bye := first.recv("BYE", time.Second)
		if !strings.HasPrefix(bye, "BYE sip:192.0.2.1:5060 ") || !regexp.MustCompile(`(?s)Route: <sip:192.0.2.50;lr>.*Route: <sip:192.0.2.51:5070;lr>`).MatchString(bye) {
			t.Errorf("BYE: %q", bye)
		}
		want[Gone](r)
		// Outgoing: reversed.
		r.a.Dial(1, Target{Trunk: "telco", Number: "600111222"}, From{})
		inv := x.recv("INVITE", time.Second)
		x.send(answerTo(inv, 200, "OK", "one")+"\n"+strings.TrimSpace(record), rawSDP)
		if ack := last.recv("ACK", time.Second); !regexp.MustCompile(`(?s)Route: <sip:192.0.2.51:5070;lr>.*Route: <sip:192.0.2.50;lr>`).MatchString(ack) {
			t.Errorf("ACK: %q", ack)
		}
		want[Answered](r)
	})
}

// recvOr waits for a message at either of two peers.
func (x *raw) recvOr(y *raw, what string) string {
	if m := y.recv(what, 100*time.Millisecond); m != "" {
		return m
	}
	return x.recv(what, 100*time.Millisecond)
}

// Two copies of the first 200 at the same instant are one answer, whichever of
// them the library's goroutines hand over first.
func TestTheFirstAnswerTwiceAtOnce(t *testing.T) {
	inBubble(t, withServer(), func(t *testing.T, r *rig) {
		x := r.raw("192.0.2.99:5060")
		for leg := tel.LegID(1); leg <= 100; leg++ {
			r.a.Dial(leg, Target{Trunk: "telco", Number: "600111222"}, From{})
			inv := x.recv("INVITE", time.Second)
			x.send(answerTo(inv, 200, "OK", "one"), rawSDP)
			x.send(answerTo(inv, 200, "OK", "one"), rawSDP)
			want[Answered](r)
			if bye := x.recv("BYE", 100*time.Millisecond); bye != "" {
				t.Fatalf("call %d was hung up: %q", leg, bye)
			}
			r.a.HangUp(leg, tel.CauseFlow)
			x.send(answerTo(x.recv("BYE", time.Second), 200, "OK", ""), "")
			want[Gone](r)
		}
	})
}

// Answered and hung up at once: the BYE overtakes the 200 on the way or in the
// library. It must not leave us with a call that nobody holds at the other end.
func TestByeOvertakesTheAnswer(t *testing.T) {
	for _, rang := range []bool{true, false} {
		inBubble(t, withServer(), func(t *testing.T, r *rig) {
			x := r.raw("192.0.2.99:5060")
			r.a.Dial(1, Target{Trunk: "telco", Number: "600111222"}, From{})
			inv := x.recv("INVITE", time.Second)
			if rang {
				x.send(answerTo(inv, 180, "Ringing", "one"), "")
				want[Ringing](r)
			}
			x.send(fmt.Sprintf(`BYE sip:x@10.0.0.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.99:5060;branch=z9hG4bKfast
From: %s;tag=one
To: %s
Call-ID: %s
CSeq: 7 BYE
Max-Forwards: 70`, field(inv, "To"), field(inv, "From"), field(inv, "Call-ID")), "")
			if x.recv("200", time.Second) == "" {
				t.Error("the BYE was not answered")
			}
			x.send(answerTo(inv, 200, "OK", "one"), rawSDP)
			if x.recv("ACK", time.Second) == "" {
				t.Error("the 200 was not confirmed")
			}
			if g := want[Gone](r); g.Cause != tel.CauseNormal || g.Evidence != "BYE" || !g.Remote {
				t.Errorf("gone: %v", g)
			}
		})
	}
}
