package exchange

import (
	"flag"
	"fmt"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/acd"
	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/ivr/flow"
	"github.com/centralita/centralita/firmware/line"
	"github.com/centralita/centralita/firmware/numbering"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/hal/port"
)

// pickUp takes a telephone off hook and hangs it up some time later.
func (w *world) pickUp(id tel.PortID) {
	w.ringing[id] = false
	w.offHook[id] = true
	w.e.Post(OnPort{id, port.OffHook{}})
	if w.chance(40) {
		w.flashes(id)
	}
	w.after(w.some(2*time.Second, 5*time.Minute), func() {
		w.offHook[id] = false
		w.e.Post(OnPort{id, port.OnHook{}})
	})
}

// keys presses keys on a leg, one a second.
func (w *world) keys(leg func() tel.LegID, after time.Duration, keys string) {
	for i, k := range keys {
		w.after(after+time.Duration(i)*time.Second, func() {
			if id := leg(); id != 0 {
				w.e.Post(OnDigit{Leg: id, Digit: tel.Digit(k)})
			}
		})
	}
}

// callLine rings a line of the exchange and plays the caller.
func (w *world) callLine(id tel.PortID) {
	if w.closed[id] || w.ringing[id] {
		return
	}
	p := w.e.ports[id]
	w.ringing[id] = true
	w.e.Post(OnPort{id, port.RingOn{}})
	w.after(500*time.Millisecond, func() { w.e.Post(OnPort{id, port.CallerID{Number: "600123456", Name: "Juan"}}) })
	w.after(time.Second, func() { w.e.Post(OnPort{id, port.RingOff{}}) })
	w.keys(func() tel.LegID { return p.audio }, w.some(2*time.Second, 6*time.Second), []string{"1", "2", "0", "102", "9", "", "12#*0123456789"}[w.r.IntN(7)])
	w.after(w.some(2*time.Second, 6*time.Minute), func() {
		if w.ringing[id] {
			w.ringing[id] = false
			return // he gave up before anybody answered
		}
		switch w.r.IntN(3) {
		case 0:
			w.e.Post(OnPort{id, port.Battery{On: false}})
			w.after(300*time.Millisecond, func() { w.e.Post(OnPort{id, port.Battery{On: true}}) })
		case 1:
			w.e.Post(OnPort{id, port.Polarity{Reversed: true}})
			w.e.Post(OnFax{Leg: p.audio, Calling: w.chance(90)})
		case 2:
			if p.audio != 0 {
				w.e.Post(OnTone{Leg: p.audio, Tone: tel.ToneBusy, Evidence: "busy tone 425 Hz 200/200"})
			}
		}
	})
}

// callSIP begins a call from a phone or the trunk.
func (w *world) callSIP(phone tel.Number, trunk tel.TrunkID, to tel.Number) {
	w.legs++
	leg := w.legs
	w.sip[leg] = &sipLeg{ext: phone, trunk: trunk}
	w.e.Post(OnIncoming{Leg: leg, Phone: phone, Trunk: trunk, From: "600", To: to})
	w.keys(func() tel.LegID { return leg }, w.some(3*time.Second, 8*time.Second), []string{"1", "2", "101", ""}[w.r.IntN(4)])
	if w.chance(20) {
		w.after(w.some(5*time.Second, time.Minute), func() { w.e.Post(OnHeld{leg, true}) })
		w.after(w.some(time.Minute, 2*time.Minute), func() { w.e.Post(OnHeld{leg, false}) })
	}
	w.after(w.some(time.Second, 5*time.Minute), func() {
		if w.sip[leg] == nil {
			return
		}
		if w.chance(10) {
			w.e.Post(OnSilent{leg})
			return
		}
		delete(w.sip, leg)
		w.e.Post(OnGone{Leg: leg, Cause: tel.CauseNormal, Evidence: "BYE"})
	})
}

// dialFrom picks up a telephone and dials.
func (w *world) dialFrom(id tel.PortID, number string) {
	if w.offHook[id] || w.ringing[id] {
		return
	}
	p := w.e.ports[id]
	w.pickUp(id)
	w.keys(func() tel.LegID { return p.audio }, time.Second, number)
}

// live lets one random thing happen, and plans the next.
func (w *world) live(pause time.Duration) {
	if w.calm {
		return
	}
	numbers := []string{"101", "102", "201", "301", "0910000001", "0807000000", "112", "*111", "*122", "*13", "*131", "*14", "7", "*113", "000441234567"}
	n := numbers[w.r.IntN(len(numbers))]
	lines, telephones, phones := []tel.PortID{"L1", "L2"}, []tel.PortID{"F1", "F2"}, []tel.Number{"201", "202"}
	l, f, s := lines[w.r.IntN(2)], telephones[w.r.IntN(2)], phones[w.r.IntN(2)]
	switch k := w.r.IntN(100); {
	case k < 40:
		w.callLine(l)
	case k < 60:
		w.callSIP("", "siptel", "912")
	case k < 70 && w.up[s]:
		w.callSIP(s, "", tel.Number(n))
	case k < 80:
		w.dialFrom(f, n)
	case k < 86:
		w.up[s] = !w.up[s]
		w.e.Post(OnPhone{Ext: s, Up: w.up[s], Why: "test"})
		w.after(time.Minute, func() { w.up[s] = true; w.e.Post(OnPhone{Ext: s, Up: true}) })
	case k < 89:
		id := []tel.PortID{l, f}[w.r.IntN(2)]
		w.e.Post(OnPort{id, port.Lost{Why: "unplugged"}})
		w.offHook[id], w.closed[id], w.ringing[id] = false, false, false
		w.after(w.some(time.Second, time.Minute), func() { w.e.Post(OnPort{id, port.Found{}}) })
	case k < 92:
		w.e.Post(OnTrunk{"siptel", w.chance(70), "test"})
	default:
		agents := []tel.AgentID{"ana", "bea", "cid", "dora", "nobody"}
		a := agents[w.r.IntN(len(agents))]
		orders := []Change{Login{Agent: a}, Login{Agent: a, Ext: "102"}, Logout{a}, Pause{a, "descanso"}, Pause{a, "none"}, Unpause{a}, Unpause{a}, Night{"none", flow.ForcedOpen},
			MessageWaiting{"101", w.r.IntN(3)}}
		w.e.Post(Order{What: orders[w.r.IntN(len(orders))], Done: func(error) {}})
	}
	w.after(w.some(time.Second, pause), func() { w.live(pause) })
}

// check holds the invariants after every turn.
func (w *world) check() {
	busy := map[tel.Number]int{}
	for _, c := range w.e.live {
		_, called := c.m.Legs()
		if l := w.e.legs[called]; l != nil && l.offer != 0 {
			busy[l.phone.conf.Ext]++
		}
	}
	for ext, n := range busy {
		if n > 1 {
			w.fail(fmt.Sprintf("%d calls of the queues at phone %s", n, ext))
		}
	}
	for _, a := range w.e.acd.Agents() {
		if a.State == acd.Reserved || a.State == acd.Talking {
			if a.Offer == 0 || w.e.calls[a.Call] == nil {
				w.fail(fmt.Sprintf("agent %s is %s without a call: %+v", a.ID, a.State, a))
			}
		}
	}
	w.checkSecond()
	for _, c := range w.e.live {
		if s, _ := c.m.State(); s == call.Finished {
			w.fail("a finished call is still listed")
		}
	}
}

// rest lets everybody hang up, and looks for what was left over.
func (w *world) rest() {
	w.calm = true
	w.run(w.now.Add(2 * time.Hour))
	for id := range w.sip {
		delete(w.sip, id)
		w.e.Post(OnGone{Leg: id, Cause: tel.CauseNormal})
	}
	w.run(w.now.Add(time.Minute))
	if len(w.e.calls) != 0 || len(w.e.live) != 0 || len(w.e.legs) != 0 || len(w.attached) != 0 {
		w.fail(fmt.Sprintf("left over: calls %d, listed %d, legs %d, audio %d", len(w.e.calls), len(w.e.live), len(w.e.legs), len(w.attached)))
	}
	for _, p := range w.e.order {
		if s, _ := p.state(); s != line.Idle && s != line.Dead || p.call != 0 || p.audio != 0 {
			w.fail(fmt.Sprintf("port %s at rest is %s, call leg %d, audio leg %d", p.id, s, p.call, p.audio))
		}
	}
	for _, f := range w.e.phones {
		if f.legs != 0 || f.offered != 0 {
			w.fail(fmt.Sprintf("phone %s at rest counts %d legs, %d offered", f.conf.Ext, f.legs, f.offered))
		}
	}
	for _, t := range w.e.trunks {
		if t.used != 0 {
			w.fail(fmt.Sprintf("trunk at rest counts %d calls", t.used))
		}
	}
	for _, a := range w.e.acd.Agents() {
		switch a.State {
		case acd.Reserved, acd.Talking, acd.ACW, acd.Engaged:
			w.fail(fmt.Sprintf("agent %s at rest is %s", a.ID, a.State))
		}
	}
	w.checkFacts()
}

// checkFacts holds the book against what must be true of every story.
func (w *world) checkFacts() {
	began, ended := map[tel.CallID]int{}, map[tel.CallID]int{}
	joined, left := map[tel.CallID]int{}, map[tel.CallID]int{}
	waiting := map[tel.QueueID][]tel.CallID{} // in order of joining, never offered yet
	for _, f := range w.facts {
		switch f.Kind {
		case call.Began:
			began[f.Call]++
		case call.Ended:
			ended[f.Call]++
			if f.Cause == "" || f.By == "" {
				w.fail("an ending without cause or actor: " + string(f.Call))
			}
		case call.Queued:
			joined[f.Call]++
			waiting[f.Queue] = append(waiting[f.Queue], f.Call)
		case call.Offered, call.QueueLeft:
			q := waiting[f.Queue]
			for i, c := range q {
				if c != f.Call {
					continue
				}
				if f.Kind == call.Offered && i > 0 {
					w.fail(fmt.Sprintf("call %s was offered before %s, who came first", c, q[0]))
				}
				waiting[f.Queue] = append(q[:i:i], q[i+1:]...)
			}
			if f.Kind == call.QueueLeft {
				left[f.Call]++
			}
		}
	}
	for id, n := range began {
		if n != 1 || ended[id] != 1 || joined[id] != left[id] {
			w.fail(fmt.Sprintf("call %s: began %d, ended %d, joined %d, left %d", id, n, ended[id], joined[id], left[id]))
		}
	}
	if len(began) != len(ended) {
		w.fail(fmt.Sprintf("%d beginnings, %d endings", len(began), len(ended)))
	}
}

// How much `make sim` asks for; plain go test takes a sample.
var (
	seeds = flag.Int("seeds", 3, "how many random houses")
	days  = flag.Int("days", 2, "how many days each lives")
)

// Random days in a small house, for several seeds.
func TestRandomDays(t *testing.T) {
	kinds := map[call.Kind]int{}
	for seed := range uint64(*seeds) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			w := newWorld(t, seed, ableTelephones, func(s *Settings) { s.JoinOutside = seed%2 == 1 }, limited(numbering.Limit{Name: "way", Each: numbering.EachWay, PerDay: 20 * time.Minute, PerCall: 3 * time.Minute},
				numbering.Limit{Name: "phone", Each: numbering.EachPhone, Calls: 40}))
			for _, s := range []tel.Number{"201", "202"} {
				w.up[s] = true
				w.e.Post(OnPhone{Ext: s, Up: true})
			}
			w.e.Post(OnTrunk{"siptel", true, "200"})
			pause := []time.Duration{10 * time.Second, time.Minute, 5 * time.Minute}[seed%3]
			end := w.now.Add(time.Duration(*days) * 24 * time.Hour)
			if pause < time.Minute {
				end = w.now.Add(time.Duration(*days) * 2 * time.Hour) // very busy hours
			}
			w.live(pause)
			w.run(end)
			w.rest()
			t.Logf("%d calls, %d facts", w.calls, len(w.facts))
			for _, f := range w.facts {
				kinds[f.Kind]++
			}
			if w.calls < 200 {
				t.Errorf("only %d calls: the world is too quiet to prove anything", w.calls)
			}
		})
	}
	seconds(t, kinds)
}
