package exchange

import (
	"fmt"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/line"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/hal/port"
)

// ableTelephones gives one telephone of the house a port that can do everything.
func ableTelephones(s *Settings) {
	s.Phones[0].Caps = port.Caps{OnHookAudio: true, RingSignal: true, Bursts: true, Polarity: true, Neon: true, Disconnect: true}
	s.Phones[0].Bells = line.Bells([]int{1500, 3000})
	s.Phones[0].IDBefore = s.Calls%2 == 0
}

// flashes plays somebody who brings a second party in: he holds, dials, swaps,
// joins, goes back, and hangs up at any moment of it (pickUp sees to that).
func (w *world) flashes(id tel.PortID) {
	p := w.e.ports[id]
	flash := func(at time.Duration) {
		w.after(at, func() {
			if w.offHook[id] {
				w.e.Post(OnPort{id, port.HookFlash{}})
			}
		})
	}
	at := w.some(5*time.Second, 30*time.Second)
	flash(at)
	numbers := []string{"101", "102", "201", "202", "301", "0910000001", "0910000001#", "112", "*14", "7", ""}
	w.keys(func() tel.LegID { return p.audio }, at+time.Second, numbers[w.r.IntN(len(numbers))])
	if w.chance(35) { // hangs up on whoever is being called
		w.after(at+w.some(4*time.Second, 20*time.Second), func() {
			w.offHook[id] = false
			w.e.Post(OnPort{id, port.OnHook{}})
		})
		return
	}
	for range w.r.IntN(4) {
		at += w.some(3*time.Second, 40*time.Second)
		flash(at)
		if w.chance(30) {
			w.keys(func() tel.LegID { return p.audio }, at+time.Second, "3")
		}
	}
}

// rings plays the bell of a port that reports its bursts.
func (w *world) rings(id tel.PortID, c port.Cadence) {
	at := time.Duration(0)
	for i, ms := range c {
		if ms == 0 {
			break
		}
		ev := port.Event(port.RingOn{})
		if i%2 == 1 {
			ev = port.RingOff{}
		}
		w.after(at, func() {
			if w.ringing[id] && !w.offHook[id] {
				w.e.Post(OnPort{id, ev})
			}
		})
		at += time.Duration(ms) * time.Millisecond
	}
}

// checkSecond holds what must be true of second calls at every moment: two legs
// of one call at most are joined aside, and a telephone that thinks it has a
// second call has a call that thinks so too.
func (w *world) checkSecond() {
	for _, p := range w.e.order {
		if p.fxs == nil {
			continue
		}
		s, _ := p.fxs.State()
		l := w.e.legs[p.audio]
		switch s {
		case line.Second, line.Swapped, line.Conference, line.SecondCalling, line.RecallTone, line.SecondCollecting, line.SecondRefused, line.Holding:
			if l == nil || l.call == "" {
				w.fail("telephone " + string(p.id) + " is " + s.String() + " without a call")
			}
			c := w.e.calls[l.call]
			if st, _ := c.m.State(); st != call.Talk {
				w.fail("telephone " + string(p.id) + " is " + s.String() + " and its call is " + st.String())
			}
			by, second := c.m.Consulting()
			if both := s == line.Second || s == line.Swapped || s == line.Conference; both != (by == l.id && second != 0) && s != line.SecondCalling {
				w.fail("telephone " + string(p.id) + " is " + s.String() + ", " + c.m.Describe())
			}
		}
	}
}

// seconds counts what became of second parties; all of it must have come about.
func seconds(t *testing.T, n map[call.Kind]int) {
	out := ""
	for _, k := range []call.Kind{call.ConsultOn, call.ConsultUp, call.ConferOn, call.Transferred, call.TransferFailed, call.Recalled} {
		if n[k] == 0 {
			t.Errorf("never in the whole time: %s", k)
		}
		out += fmt.Sprintf(" %s %d", k, n[k])
	}
	t.Log(out)
}
