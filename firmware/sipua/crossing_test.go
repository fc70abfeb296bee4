package sipua

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/testbench/memnet"
	"github.com/centralita/centralita/testbench/phone"
)

// Whoever hangs up at whatever moment: the leg ends once, both ends agree that
// it is over, and nothing is left behind.
func TestHangUpAtAnyMoment(t *testing.T) {
	for name, link := range map[string]memnet.Link{
		"good": {Delay: 40 * time.Millisecond},
		"bad":  {Delay: 40 * time.Millisecond, Jitter: 20 * time.Millisecond, Loss: 0.2, Duplicate: 0.1},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, quietTrunk(), func(t *testing.T, r *rig) {
				p := r.registered("10.0.0.21:5060", "201", "ana")
				p.OnCall = func(c *phone.Call) {
					<-time.After(20 * time.Millisecond)
					c.Ring()
					<-time.After(60 * time.Millisecond)
					c.Answer()
				}
				r.net.SetAll(link)
				leg := tel.LegID(0)
				for at := time.Duration(0); at < 500*time.Millisecond; at += 9 * time.Millisecond {
					for _, we := range []bool{true, false} {
						leg++
						outgoing(t, r, p, leg, at, we)
						incoming(t, r, p, at, we)
					}
				}
			})
		})
	}
}

// outgoing calls the phone; at the moment at we or the phone hang up. The caller's
// number tells the calls apart, for that of an earlier one may arrive late.
func outgoing(t *testing.T, r *rig, p *phone.Phone, leg tel.LegID, at time.Duration, we bool) {
	r.a.Dial(leg, Target{Ext: "201"}, From{Number: tel.Number(leg.String())})
	<-time.After(at)
	var there *phone.Call
	for _, c := range p.Calls() {
		if c.From == leg.String() {
			there = c
		}
	}
	if we || there == nil {
		r.a.HangUp(leg, tel.CauseFlow)
	} else {
		there.HangUp()
	}
	goneOnce(t, r, leg)
	if there == nil {
		return
	}
	if err := there.WaitEnd(r.soon()); err != nil {
		t.Errorf("after %v, we %t: the phone's call goes on", at, we)
	}
}

// incoming is a call of the phone that we answer after 50 ms.
func incoming(t *testing.T, r *rig, p *phone.Phone, at time.Duration, we bool) {
	c := p.Call("202")
	start := time.Now()
	in := want[Incoming](r)
	go func() {
		r.a.Ring(in.Leg)
		<-time.After(50 * time.Millisecond)
		r.a.Answer(in.Leg)
	}()
	<-time.After(time.Until(start.Add(at)))
	if we {
		r.a.HangUp(in.Leg, tel.CauseFlow)
	} else {
		c.HangUp()
	}
	goneOnce(t, r, in.Leg)
	if err := c.WaitEnd(r.soon()); err != nil {
		t.Errorf("after %v, we %t: the phone's call goes on", at, we)
	}
}

// goneOnce waits for the end of leg and that it does not end again.
func goneOnce(t *testing.T, r *rig, leg tel.LegID) {
	t.Helper()
	if g := want[Gone](r); g.Leg != leg {
		t.Errorf("leg %d ended, not %d", g.Leg, leg)
	}
	synctest.Wait()
	for {
		select {
		case e := <-r.events:
			t.Errorf("after the end: %v", e)
		default:
			return
		}
	}
}
