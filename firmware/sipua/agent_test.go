package sipua

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/testbench/memnet"
	"github.com/centralita/centralita/testbench/phone"
)

func TestPhoneRegistersCallsAndHangsUp(t *testing.T) {
	inBubble(t, office(), func(t *testing.T, r *rig) {
		p := r.registered("10.0.0.21:5060", "201", "ana")
		c := p.Call("202")
		start := time.Now()
		in := want[Incoming](r)
		if d := time.Since(start); d != 0 { // the challenge in between costs nothing
			t.Errorf("the call took %v to come through", d)
		}
		if in.Phone != "201" || in.From != "201" || in.To != "202" || in.Trunk != "" {
			t.Errorf("incoming: %v", in)
		}
		r.a.Ring(in.Leg)
		<-c.Ringing()
		r.a.Answer(in.Leg)
		if err := c.WaitUp(r.soon()); err != nil {
			t.Fatal(err)
		}
		want[Answered](r)
		s := r.media.last(in.Leg)
		if !s.ALaw || s.PT != 8 || s.EventPT != 101 || !s.Send || !s.Recv || s.Remote != c.RTP() || s.Signalling.String() != "10.0.0.21" {
			t.Errorf("session: %+v, the phone's RTP is at %v", s, c.RTP())
		}
		c.HangUp()
		if g := want[Gone](r); g.Leg != in.Leg || g.Cause != tel.CauseNormal || !g.Remote || g.Evidence != "BYE" {
			t.Errorf("gone: %v", g)
		}
	})
}

func TestWeCallAPhone(t *testing.T) {
	inBubble(t, office(), func(t *testing.T, r *rig) {
		p := r.registered("10.0.0.21:5060", "201", "ana")
		p.OnCall = func(c *phone.Call) {
			c.Ring()
			<-time.After(3 * time.Second)
			c.Answer()
		}
		start := time.Now()
		r.a.Dial(1, Target{Ext: "201"}, From{Number: "600111222", Name: tel.CleanText("Ana María")})
		want[Ringing](r)
		want[Answered](r)
		if d := time.Since(start); d < 3*time.Second || d > 3100*time.Millisecond {
			t.Errorf("answered after %v", d)
		}
		c := p.Last()
		if c.From != "600111222" || c.Name != "Ana María" {
			t.Errorf("the phone shows %q <%s>", c.Name, c.From)
		}
		if err := c.WaitUp(r.soon()); err != nil {
			t.Fatal(err)
		}
		r.a.HangUp(1, tel.CauseFlow)
		if g := want[Gone](r); g.Cause != tel.CauseFlow || g.Remote {
			t.Errorf("gone: %v", g)
		}
		if err := c.WaitEnd(r.soon()); err != nil {
			t.Error(err)
		}
	})
}

func TestOutcomesOfACallToAPhone(t *testing.T) {
	for _, tc := range []struct {
		name  string
		on    func(*phone.Call)
		cause tel.Cause
		says  string
	}{
		{"busy", func(c *phone.Call) { c.Busy() }, tel.CauseBusy, "486 Busy Here"},
		{"refused", func(c *phone.Call) { c.Ring(); c.Reject(603) }, tel.CauseRefused, "603 Decline"},
		{"away", func(c *phone.Call) { c.Reject(480) }, tel.CauseNoAnswer, "480"},
		{"moved", func(c *phone.Call) { c.Reject(302) }, tel.CauseUnreachable, "302"},
		{"unknown", func(c *phone.Call) { c.Reject(404) }, tel.CauseInvalid, "404"},
		{"overloaded", func(c *phone.Call) { c.Reject(503) }, tel.CauseCongestion, "503"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			inBubble(t, office(), func(t *testing.T, r *rig) {
				r.registered("10.0.0.21:5060", "201", "ana").OnCall = tc.on
				r.a.Dial(1, Target{Ext: "201"}, From{})
				if g := want[Gone](r); g.Cause != tc.cause || !strings.HasPrefix(g.Evidence, tc.says) || !g.Remote {
					t.Errorf("gone: %v", g)
				}
			})
		})
	}
}

func TestNobodyToCall(t *testing.T) {
	inBubble(t, quietTrunk(), func(t *testing.T, r *rig) {
		for leg, to := range map[tel.LegID]Target{1: {Ext: "201"}, 2: {Ext: "999"}, 3: {Trunk: "nix", Number: "1"}, 4: {Trunk: "ata", Number: "1"}} {
			r.a.Dial(leg, to, From{})
			if g := want[Gone](r); g.Leg != leg || g.Cause != tel.CauseUnreachable {
				t.Errorf("%v: %v", to, g)
			}
		}
	})
}

func TestRFC3261_9_1_HangUpWhileItRingsCancels(t *testing.T) {
	inBubble(t, office(), func(t *testing.T, r *rig) {
		p := r.registered("10.0.0.21:5060", "201", "ana")
		r.a.Dial(1, Target{Ext: "201"}, From{})
		want[Ringing](r)
		r.a.HangUp(1, tel.CauseCancelled)
		if g := want[Gone](r); g.Cause != tel.CauseCancelled || g.Remote {
			t.Errorf("gone: %v", g)
		}
		c := p.Last()
		if err := c.WaitEnd(r.soon()); err != nil {
			t.Fatal(err)
		}
		if code, _ := c.End(); code != 487 {
			t.Errorf("the phone's call ended with %d", code)
		}
	})
}

func TestPhoneTakesItsCallBack(t *testing.T) {
	inBubble(t, office(), func(t *testing.T, r *rig) {
		p := r.registered("10.0.0.21:5060", "201", "ana")
		c := p.Call("202")
		in := want[Incoming](r)
		r.a.Ring(in.Leg)
		<-c.Ringing()
		c.HangUp()
		if g := want[Gone](r); g.Cause != tel.CauseNormal || g.Evidence != "CANCEL" || !g.Remote {
			t.Errorf("gone: %v", g)
		}
		if err := c.WaitEnd(r.soon()); err != nil {
			t.Fatal(err)
		}
		r.a.Answer(in.Leg) // too late, and harmless
	})
}

func TestRejectTellsWhy(t *testing.T) {
	for cause, code := range map[tel.Cause]int{tel.CauseBusy: 486, tel.CauseNoAnswer: 480, tel.CauseInvalid: 404,
		tel.CauseForbidden: 403, tel.CauseRefused: 603, tel.CauseCongestion: 503} {
		inBubble(t, office(), func(t *testing.T, r *rig) {
			c := r.registered("10.0.0.21:5060", "201", "ana").Call("0034")
			r.a.Reject(want[Incoming](r).Leg, cause)
			want[Gone](r)
			if err := c.WaitEnd(r.soon()); err != nil {
				t.Fatal(err)
			}
			if got, _ := c.End(); got != code {
				t.Errorf("%s: code %d, want %d", cause, got, code)
			}
		})
	}
}

func TestOverTCP(t *testing.T) {
	inBubble(t, office(), func(t *testing.T, r *rig) {
		r.net.SetAll(linkDelay(5*time.Millisecond, 7))
		p := r.phoneWith("10.0.0.21:5060", phone.Account{User: "201", Password: "ana", TCP: true})
		q := r.phoneWith("10.0.0.22:5060", phone.Account{User: "202", Password: "bruno", TCP: true})
		for _, x := range []*phone.Phone{p, q} {
			if err := x.Register(r.soon()); err != nil {
				t.Fatal(err)
			}
			want[PhoneState](r)
		}
		p.OnCall = func(c *phone.Call) { c.Ring(); c.Answer() }
		q.OnCall = func(c *phone.Call) { c.Busy() }
		// The library keeps all accepted connections under one key, the latest
		// last: the call must reach the first phone, not the latest.
		r.a.Dial(1, Target{Ext: "201"}, From{Number: "202"})
		want[Answered](r)
		if err := p.Last().WaitUp(r.soon()); err != nil {
			t.Fatal(err)
		}
		c := q.Call("201")
		in := want[Incoming](r)
		r.a.Answer(in.Leg)
		want[Answered](r)
		c.HangUp()
		want[Gone](r)
		p.Last().HangUp()
		want[Gone](r)
		p.Vanish()
		if s := want[PhoneState](r); s.Up || s.Ext != "201" || s.Why != "its TCP connection ended" {
			t.Errorf("after its connection ended: %v", s)
		}
	})
}

func TestShutdownTellsEverybody(t *testing.T) {
	inBubble(t, office(), func(t *testing.T, r *rig) {
		p := r.registered("10.0.0.21:5060", "201", "ana")
		q := r.registered("10.0.0.22:5060", "202", "bruno")
		p.OnCall = func(c *phone.Call) { c.Answer() }
		r.a.Dial(1, Target{Ext: "201"}, From{})
		want[Answered](r)
		up := p.Last()
		if err := up.WaitUp(r.soon()); err != nil {
			t.Fatal(err)
		}
		r.a.Dial(2, Target{Ext: "202"}, From{})
		want[Ringing](r)
		in := p.Call("203")
		want[Incoming](r)
		start := time.Now()
		r.a.Shutdown(context.Background())
		if d := time.Since(start); d > 3*time.Second {
			t.Errorf("took %v", d)
		}
		for range 3 {
			if g := want[Gone](r); g.Cause != tel.CauseShutdown {
				t.Errorf("gone: %v", g)
			}
		}
		for _, c := range []*phone.Call{up, q.Last(), in} {
			if err := c.WaitEnd(r.soon()); err != nil {
				t.Error(err)
			}
		}
		if _, why := up.End(); why != "BYE" {
			t.Errorf("the call that was up ended with %s", why)
		}
		r.a.Dial(9, Target{Ext: "201"}, From{})
		if g := want[Gone](r); g.Cause != tel.CauseCongestion {
			t.Errorf("a call after the end: %v", g)
		}
	})
}

// The library puts another tag on the 487 than we put on the 180 before it.
func TestRFC3261_8_2_6_2_OneTagForAllAnswers(t *testing.T) {
	inBubble(t, quietTrunk(), func(t *testing.T, r *rig) {
		x := r.raw("192.0.2.1:5060")
		inv := rawInvite("tag", "1", "")
		x.send(inv, rawSDP)
		r.a.Ring(want[Incoming](r).Leg)
		ringing := x.recv("180", time.Second)
		x.send(strings.ReplaceAll(strings.ReplaceAll(inv, "INVITE", "CANCEL"), "\nContent-Type: application/sdp", ""), "")
		ended := x.recv("487", time.Second)
		if ringing == "" || field(ringing, "To") != field(ended, "To") {
			t.Errorf("180 To: %s\n487 To: %s", field(ringing, "To"), field(ended, "To"))
		}
		want[Gone](r)
	})
}

// For an address without a connection the library opens a socket by itself, on a
// port of its choice, even after the end.
func TestNoSocketIsOpenedAfterTheEnd(t *testing.T) {
	inBubble(t, quietTrunk(), func(t *testing.T, r *rig) {
		p := r.registered("10.0.0.21:5060", "201", "ana")
		r.close()
		c, err := r.a.tpl.GetConnection("udp", p.Addr().String())
		if err != nil {
			t.Fatalf("an answer to the phone would open a socket: %v", err)
		}
		c.TryClose()
		req := sip.NewRequest(sip.OPTIONS, sip.Uri{Scheme: "sip", Host: "10.0.0.21"})
		r.a.route(req, hop{p.Addr(), "UDP"})
		if err := r.a.tpl.WriteMsg(req); !errors.Is(err, net.ErrClosed) {
			t.Errorf("a request after the end: %v", err)
		}
	})
}

func TestShutdownDoesNotWaitForTheDead(t *testing.T) {
	inBubble(t, quietTrunk(), func(t *testing.T, r *rig) {
		p := r.registered("10.0.0.21:5060", "201", "ana")
		p.OnCall = func(c *phone.Call) { c.Answer() }
		r.a.Dial(1, Target{Ext: "201"}, From{})
		want[Answered](r)
		p.Vanish()
		start := time.Now()
		r.a.Shutdown(context.Background())
		if d := time.Since(start); d != 3*time.Second {
			t.Errorf("took %v, want the limit of 3 s", d)
		}
		if g := want[Gone](r); g.Cause != tel.CauseShutdown {
			t.Errorf("gone: %v", g)
		}
	})
}

// Who hears that it is registered can be called at once: the house is told first.
func TestHouseKnowsThePhoneBeforeThePhoneDoes(t *testing.T) {
	inBubble(t, office(), func(t *testing.T, r *rig) {
		known := -1
		r.net.OnPacket(func(p memnet.Packet) bool {
			if p.From.String() == home && strings.HasPrefix(string(p.Data), "SIP/2.0 200") {
				known = len(r.events)
			}
			return true
		})
		r.registered("10.0.0.21:5060", "201", "ana")
		if known != 1 {
			t.Errorf("%d events were told when the phone was answered, want 1", known)
		}
	})
}
