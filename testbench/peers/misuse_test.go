package peers

import (
	"strings"
	"testing"

	"github.com/centralita/centralita/firmware/view"
	"github.com/centralita/centralita/testbench/phone"
)

// INVITE without SDP is answered with an offer of ours.
func TestInviteWithoutSDP_RFC3261_13_2_1(t *testing.T) {
	t.Parallel()
	d := NewDaemon(t, bin, document)
	d.Desk("201", func(c *phone.Call) { c.Ring(); c.Answer(); c.Tone(600) })
	c := d.Served(d.Carrier(phone.Account{User: "600123456", LateOffer: true}))
	Hears(t, "the caller", c, 600)
	c.HangUp()
	d.Ended(1)
}

// A codec that nobody here speaks: 488, also from a phone of the house.
func TestUnknownCodec_RFC3261_21_4_26(t *testing.T) {
	t.Parallel()
	d := NewDaemon(t, bin, document)
	d.Desk("201", nil)
	odd := d.DeskWith(phone.Account{User: "202", Codecs: []int{18, 9}}, nil)
	for _, c := range []*phone.Call{d.Carrier(phone.Account{Codecs: []int{18}, User: "600123456"}).Call("912000000"), odd.Call("201")} {
		must(t, c.WaitEnd(soon(t)))
		if code, reason := c.End(); code != 488 {
			t.Errorf("it ended with %d %s", code, reason)
		}
	}
	if s := d.Status(); s.Media.Legs != 0 || len(s.Calls) != 0 {
		t.Errorf("something was left over: %d legs, calls %+v", s.Media.Legs, s.Calls)
	}
}

// The phone that rings is killed: after the ring time the next agent is asked,
// and the callers keep their order.
func TestAgentsPhoneDiesWhileItRings(t *testing.T) {
	t.Parallel()
	d := NewDaemon(t, bin, strings.Replace(document, "ring: 20s", "ring: 5s", 1))
	b := StartBaresip(t, d, "201", 600, "manual")
	carrier := d.Carrier(phone.Account{User: "600000001"})
	first := carrier.Call("912000000")
	must(t, first.WaitUp(soon(t)))
	Speaks(t, "the first caller", first)
	first.SendDigits("1", phone.RFC4733)
	b.Event("CALL_INCOMING")
	b.Kill()
	later := d.Carrier(phone.Account{User: "600000002"})
	second := later.Call("912000000")
	must(t, second.WaitUp(soon(t)))
	Speaks(t, "the second caller", second)
	second.SendDigits("1", phone.RFC4733)
	d.UntilView("both wait, and the dead phone is given up", func(s *view.Snapshot) bool {
		w := s.Queues[0].Waiting
		return len(w) == 2 && w[0].Call == "1-1" && w[0].Offered == ""
	})
	got := make(chan *phone.Call, 2)
	d.Desk("202", func(c *phone.Call) { c.Ring(); got <- c })
	if out, code := d.Run("agent", "login", "bruno", "202"); code != 0 {
		t.Fatalf("login: %d %s", code, out)
	}
	select {
	case c := <-got:
		if c.From != "600000001" {
			t.Errorf("the next agent is offered %s, want the first caller", c.From)
		}
		c.Answer()
		c.Tone(700)
	case <-soon(t).Done():
		t.Fatal("the next agent is never asked")
	}
	Hears(t, "the first caller", first, 700)
	first.HangUp()
	second.HangUp()
	all := d.Ended(2)
	if r := all[0]; r.Agent != "bruno" || r.From != "600000001" || r.Wait < 1 || r.EndedBy != "caller" || r.Cause != "normal" {
		t.Errorf("record %+v", r)
	}
	if r := all[1]; r.Connected != nil || r.Cause != "abandoned" {
		t.Errorf("record %+v", r)
	}
}

// Two phones sign on as one: the newer is kept, the log says so, and the talk of
// the older goes on.
func TestTwoPhonesAsOne(t *testing.T) {
	t.Parallel()
	d := NewDaemon(t, bin, document)
	k := newTalk(t, d)
	got := make(chan *phone.Call, 1)
	d.Desk("201", func(c *phone.Call) { c.Ring(); c.Answer(); got <- c })
	d.Logs("two phones register as one; the newer is kept")
	k.goesOn()
	k.ends()
	d.Quiet()
	c := d.Desk("202", nil).Call("201")
	must(t, c.WaitUp(soon(t)))
	<-got
	c.HangUp()
}

// A wrong password gets nobody in and is in the log; the right one afterwards does.
func TestWrongPassword(t *testing.T) {
	t.Parallel()
	d := NewDaemon(t, bin, document)
	k := newTalk(t, d)
	wrong := d.Phone("127.0.0.1", phone.Account{User: "202", Password: "secret-of-201"})
	nobody := d.Phone("127.0.0.1", phone.Account{User: "299", Password: "x"})
	for _, p := range []*phone.Phone{wrong, nobody} {
		err := p.Register(soon(t))
		if err == nil || !strings.Contains(err.Error(), "asked for a password again") && !strings.Contains(err.Error(), "401") {
			t.Errorf("a wrong password: %v", err)
		}
		c := p.Call("201")
		must(t, c.WaitEnd(soon(t)))
		if code, _ := c.End(); code != 401 {
			t.Errorf("a call with a wrong password ends with %d", code)
		}
	}
	d.Logs(`msg="wrong user or password" user=202`)
	for _, p := range d.Status().Phones {
		if p.Ext == "202" && p.Lamp != view.Off {
			t.Errorf("202 is %s", p.Lamp)
		}
	}
	right := d.Phone("127.0.0.7", phone.Account{User: "202", Password: "secret-of-202"})
	must(t, right.Register(soon(t)))
	if n := len(d.Calls()); n != 1 {
		t.Errorf("%d records, want the one of the talk", n)
	}
	k.ends()
}
