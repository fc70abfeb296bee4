package sipua

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/testbench/memnet"
	"github.com/centralita/centralita/testbench/phone"
)

// Over a network that loses, doubles and shuffles, calls are made, held and
// ended all the same, and nothing is left behind.
func TestCallsOverABadNetwork(t *testing.T) {
	for seed := range uint64(20) {
		t.Run(fmt.Sprint("seed", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, quietTrunk())
				defer r.close()
				p := r.registered("10.0.0.21:5060", "201", "ana")
				q := r.registered("10.0.0.22:5060", "202", "bruno")
				q.OnCall = func(c *phone.Call) { c.Ring(); <-time.After(time.Second); c.Answer() }
				r.net.SetAll(memnet.Link{Delay: 20 * time.Millisecond, Jitter: 30 * time.Millisecond, Loss: 0.25, Duplicate: 0.1, Reorder: 0.1})
				rng := rand.New(rand.NewPCG(seed, 1))
				for i := range 5 {
					one(t, r, p, q, tel.LegID(i+1), rng)
				}
			})
		})
	}
}

// one makes one call in each direction.
func one(t *testing.T, r *rig, p, q *phone.Phone, leg tel.LegID, rng *rand.Rand) {
	r.a.Dial(leg, Target{Ext: "202"}, From{Number: "1"})
	want[Answered](r)
	c := q.Last()
	if err := c.WaitUp(r.soon()); err != nil {
		t.Fatal(err)
	}
	if rng.IntN(2) == 0 {
		r.a.HangUp(leg, tel.CauseFlow)
		if err := c.WaitEnd(r.soon()); err != nil {
			t.Error(err)
		}
	} else {
		c.HangUp()
	}
	want[Gone](r)

	d := p.Call("202")
	in := want[Incoming](r)
	r.a.Ring(in.Leg)
	r.a.Answer(in.Leg)
	want[Answered](r)
	if err := d.WaitUp(r.soon()); err != nil {
		t.Fatal(err)
	}
	if err := d.Hold(phone.SendOnly); err != nil {
		t.Fatal(err)
	}
	want[Held](r)
	if err := d.Resume(); err != nil {
		t.Fatal(err)
	}
	want[Held](r)
	d.HangUp()
	want[Gone](r)
}

// A phone that vanishes in mid-ring or mid-call leaves nothing behind.
func TestPhoneVanishes(t *testing.T) {
	inBubble(t, quietTrunk(), func(t *testing.T, r *rig) {
		p := r.registered("10.0.0.21:5060", "201", "ana")
		r.a.Dial(1, Target{Ext: "201"}, From{})
		want[Ringing](r)
		p.Vanish()
		start := time.Now()
		if g := want[Gone](r); g.Cause != tel.CauseNoAnswer || time.Since(start) > ringLimit {
			t.Errorf("after %v: %v", time.Since(start), g)
		}
		q := r.registered("10.0.0.22:5060", "202", "bruno")
		q.OnCall = func(c *phone.Call) { c.Answer() }
		r.a.Dial(2, Target{Ext: "202"}, From{})
		want[Answered](r)
		q.Vanish()
		r.a.HangUp(2, tel.CauseLost)
		if g := want[Gone](r); g.Leg != 2 || g.Cause != tel.CauseLost {
			t.Errorf("gone: %v", g)
		}
	})
}

func TestNoAudioAddressIsCongestion(t *testing.T) {
	inBubble(t, quietTrunk(), func(t *testing.T, r *rig) {
		p := r.registered("10.0.0.21:5060", "201", "ana")
		r.media.full = true
		r.a.Dial(1, Target{Ext: "201"}, From{})
		if g := want[Gone](r); g.Cause != tel.CauseCongestion {
			t.Errorf("gone: %v", g)
		}
		c := p.Call("202")
		r.a.Answer(want[Incoming](r).Leg)
		if g := want[Gone](r); g.Cause != tel.CauseCongestion {
			t.Errorf("gone: %v", g)
		}
		if err := c.WaitEnd(r.soon()); err != nil {
			t.Error(err)
		}
	})
}
