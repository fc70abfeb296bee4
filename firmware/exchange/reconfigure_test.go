package exchange

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/acd"
	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/ivr/flow"
	"github.com/centralita/centralita/firmware/line"
	"github.com/centralita/centralita/firmware/numbering"
	"github.com/centralita/centralita/firmware/tel"
)

// other returns the office with random edits of all that changes while it runs.
func (w *world) other() Settings {
	s := office()
	ableTelephones(&s)
	keep := func(n int) int { return w.r.IntN(n + 1) }
	if w.chance(30) {
		s.Queues = s.Queues[:keep(len(s.Queues))]
	}
	for i := range s.Queues {
		s.Queues[i].Ring = w.some(10*time.Second, 30*time.Second).Round(time.Second)
		s.Queues[i].MaxCallers = w.r.IntN(10)
	}
	w.r.Shuffle(len(s.Agents), func(i, j int) { s.Agents[i], s.Agents[j] = s.Agents[j], s.Agents[i] })
	if w.chance(50) {
		s.Agents = s.Agents[:keep(len(s.Agents))]
	}
	for i := range s.Agents {
		if w.chance(30) {
			s.Agents[i].Queues = []tel.QueueID{"soporte", "ventas"}[:keep(2)]
		}
	}
	if w.chance(40) { // 201, 202 are SIP phones
		s.Phones = slices.DeleteFunc(s.Phones, func(f Phone) bool { return f.Ext == "202" || f.Ext == "201" && w.chance(50) })
	}
	for i := range s.Phones {
		s.Phones[i].Name = fmt.Sprint("name ", w.r.IntN(3))
	}
	if w.chance(30) {
		s.Phones = append(s.Phones, Phone{Ext: "203", Name: "Eva"})
	}
	if w.chance(30) {
		s.Trunks = nil
	}
	for i := range s.Lines {
		s.Lines[i].In, s.Lines[i].Out = w.chance(80), w.chance(80)
		s.Lines[i].Number, s.Lines[i].Longest = tel.Number(fmt.Sprint(910+w.r.IntN(9))), time.Duration(w.r.IntN(3))*time.Hour
		s.Lines[i].Timing = line.TimingFor([]string{"ES", "GB"}[w.r.IntN(2)], []int{1500, 3000})
	}
	s.Flows[0].Nodes[0].Timeout = w.some(2*time.Second, 9*time.Second) // office makes a new flow each time
	if w.chance(20) {
		s.Schedules = []flow.Schedule{{ID: "noche"}}
	}
	s.Calls, s.Limits.RingTime, s.JoinOutside = 6+w.r.IntN(10), w.some(15*time.Second, 40*time.Second), w.chance(50)
	limited(numbering.Limit{Name: "way", Each: numbering.EachWay, PerDay: time.Duration(10+w.r.IntN(60)) * time.Minute})(&s)
	return s
}

// had is what a call had before the house changed.
type had struct {
	flow    *flow.Flow
	talking bool
	waiting bool
}

func (w *world) talks(c *callState) bool {
	s, _ := c.m.State()
	a, b := c.m.Legs()
	return s == call.Talk && w.e.legs[a] != nil && w.e.legs[b] != nil
}

// reconfigure changes the house in the middle of everything and looks at once at what
// became of everybody.
func (w *world) reconfigure(s Settings) {
	w.e.turn(w.now)
	before := map[*callState]had{}
	for _, c := range w.e.live {
		// A phone that dialled a queue has no flow to go on with when that is gone, and
		// one whom a phone handed over to it comes back to that phone.
		flows := c.flow != nil && !slices.ContainsFunc(w.facts, func(f call.Fact) bool { return f.Call == c.id && f.Kind == call.Transferred })
		before[c] = had{c.flow, w.talks(c), c.m.Queue() != "" && flows && !w.talks(c)}
	}
	states := map[tel.AgentID]acd.Agent{}
	for _, a := range w.e.acd.Agents() {
		states[a.ID] = a
	}
	w.e.Post(Order{What: Reconfigure{Settings: s}, Done: func(err error) {
		if err != nil {
			w.fail(err.Error())
		}
	}})
	w.e.turn(w.now)
	for c, was := range before {
		now := w.e.calls[c.id]
		switch {
		case was.talking && (now != c || !w.talks(c)):
			w.fail(fmt.Sprintf("the talking call %s was cut", c.id))
		case was.waiting && now != c:
			w.fail(fmt.Sprintf("the caller %s who waited was lost", c.id))
		case now == c && c.flow != was.flow:
			w.fail(fmt.Sprintf("the call %s changed its flow", c.id))
		}
	}
	for _, a := range w.e.acd.Agents() {
		was, known := states[a.ID]
		if known && w.e.phones[was.Ext] != nil && was.State != a.State && a.State != acd.Engaged && (was.State == acd.Talking || was.State == acd.NotReady || was.State == acd.LoggedOut) {
			w.fail(fmt.Sprintf("agent %s was %s and is %s", a.ID, was.State, a.State))
		}
		if a.Ext != "" && w.e.phones[a.Ext] == nil && a.State != acd.Talking && a.State != acd.ACW { // who talks leaves after the call
			w.fail(fmt.Sprintf("agent %s sits at %s, which is gone", a.ID, a.Ext))
		}
	}
	w.sameAsFresh(s)
}

// sameAsFresh holds the house against one that starts with the same settings.
func (w *world) sameAsFresh(s Settings) {
	f := New(s, w.e.sh, w.now)
	s.Today = nil
	set := w.e.set
	set.Today = nil
	if !reflect.DeepEqual(set, s) {
		w.fail(fmt.Sprintf("the settings are %+v, want %+v", set, s))
	}
	if len(f.phones) != len(w.e.phones) || len(f.trunks) != len(w.e.trunks) || len(f.order) != len(w.e.order) || len(f.flows) != len(w.e.flows) || len(f.nights) != len(w.e.nights) {
		w.fail("there are other phones, trunks, ports, flows or schedules than in a house that starts so")
	}
	for i, p := range f.order {
		q := w.e.order[i]
		if q.id != p.id || q.ext != p.ext || !reflect.DeepEqual(q.conf, p.conf) {
			w.fail(fmt.Sprintf("port %s is %+v, want %+v", q.id, q.conf, p.conf))
		}
	}
	for ext, p := range f.phones {
		if q := w.e.phones[ext]; q == nil || !reflect.DeepEqual(q.conf, p.conf) {
			w.fail(fmt.Sprintf("phone %s differs", ext))
		}
	}
	for id, t := range f.trunks {
		if q := w.e.trunks[id]; q == nil || q.conf != t.conf {
			w.fail(fmt.Sprintf("trunk %s differs", id))
		}
	}
	for _, fl := range s.Flows {
		if w.e.flows[fl.Name] != fl {
			w.fail("flow " + fl.Name + " differs")
		}
	}
	a, b := w.e.acd.Agents(), f.acd.Agents()
	if len(a) != len(b) {
		w.fail(fmt.Sprintf("%d agents, want %d", len(a), len(b)))
	}
	for i := range a {
		if a[i].ID != b[i].ID || !slices.Equal(a[i].Queues, b[i].Queues) {
			w.fail(fmt.Sprintf("agent %+v, want %+v", a[i], b[i]))
		}
	}
}

// changes lets the configuration change again and again.
func (w *world) changes(every time.Duration) {
	if w.calm {
		return
	}
	w.reconfigure(w.other())
	w.after(w.some(every/10, every), func() { w.changes(every) })
}

// Random edits of the configuration while calls go on: no talking call is cut, no
// caller lost, no agent stuck, and the house is what it would be had it started so.
func TestRandomReconfigurations(t *testing.T) {
	for seed := range uint64(*seeds) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			w := newWorld(t, seed, ableTelephones)
			for _, s := range []tel.Number{"201", "202"} {
				w.up[s] = true
				w.e.Post(OnPhone{Ext: s, Up: true})
			}
			w.e.Post(OnTrunk{"siptel", true, "200"})
			w.live([]time.Duration{10 * time.Second, 30 * time.Second}[seed%2])
			w.after(time.Minute, func() { w.changes([]time.Duration{time.Minute, 10 * time.Minute}[seed%2]) })
			w.run(w.now.Add(time.Duration(*days) * 2 * time.Hour))
			w.rest()
			for _, a := range w.e.acd.Agents() {
				if a.State != acd.LoggedOut && w.e.phones[a.Ext] == nil {
					w.fail(fmt.Sprintf("agent %s is %s at %s, which is gone", a.ID, a.State, a.Ext))
				}
			}
			if w.calls < 100 {
				t.Errorf("only %d calls: the world is too quiet to prove anything", w.calls)
			}
			t.Logf("%d calls, %d facts", w.calls, len(w.facts))
		})
	}
}

// Other ports take a restart.
func TestPortsAreNotReconfigured(t *testing.T) {
	for name, change := range map[string]func(*Settings){
		"a line less":        func(s *Settings) { s.Lines = s.Lines[:1] },
		"a line more":        func(s *Settings) { s.Lines = append(s.Lines, Line{ID: "L9"}) },
		"a telephone less":   func(s *Settings) { s.Phones = s.Phones[1:] },
		"another's number":   func(s *Settings) { s.Phones[0].Ext = "109" },
		"from socket to SIP": func(s *Settings) { s.Phones[0].Port = "" },
	} {
		w := newWorld(t, 1)
		s := office()
		change(&s)
		var got error
		w.e.Post(Order{What: Reconfigure{Settings: s}, Done: func(err error) { got = err }})
		w.e.turn(w.now)
		if got == nil || len(w.e.set.Lines) != 2 {
			t.Errorf("%s: %v", name, got)
		}
	}
}
