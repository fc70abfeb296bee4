package exchange

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/acd"
	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/ivr/flow"
	"github.com/centralita/centralita/firmware/line"
	"github.com/centralita/centralita/firmware/numbering"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
	"github.com/centralita/centralita/hal/port"
)

// world plays everything outside the loop: lines, telephones, SIP peers, the
// media engine and the book. It runs on its own clock and is the same for the
// same seed.
type world struct {
	t     *testing.T
	e     *Exchange
	r     *rand.Rand
	seed  uint64
	now   time.Time
	later happenings
	seq   int
	legs  tel.LegID
	calls int

	attached map[tel.LegID]bool // audio
	closed   map[tel.PortID]bool
	offHook  map[tel.PortID]bool
	ringing  map[tel.PortID]bool
	bells    map[tel.PortID]port.Cadence // how a telephone was rung last
	sip      map[tel.LegID]*sipLeg
	up       map[tel.Number]bool
	facts    []call.Fact
	store    view.Store
	calm     bool // nothing new happens any more

	scripted bool                // peers do nothing of their own, and what the loop does is kept in did
	did      []string            // commands to the shells, in order
	noAudio  error               // what attaching a port ends in
	silent   map[tel.PortID]bool // lines that give no dial tone
}

type sipLeg struct {
	ext      tel.Number
	trunk    tel.TrunkID
	answered bool
}

type happening struct {
	at  time.Time
	seq int
	do  func()
}

type happenings []happening

func (h happenings) Len() int { return len(h) }
func (h happenings) Less(i, j int) bool {
	return h[i].at.Before(h[j].at) || h[i].at.Equal(h[j].at) && h[i].seq < h[j].seq
}
func (h happenings) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *happenings) Push(x any)   { *h = append(*h, x.(happening)) }
func (h *happenings) Pop() any     { o := *h; x := o[len(o)-1]; *h = o[:len(o)-1]; return x }

func newWorld(t *testing.T, seed uint64, change ...func(*Settings)) *world {
	set := office()
	for _, f := range change {
		f(&set)
	}
	w := &world{
		t: t, seed: seed, r: rand.New(rand.NewPCG(seed, 11)), now: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC),
		attached: map[tel.LegID]bool{}, closed: map[tel.PortID]bool{}, offHook: map[tel.PortID]bool{}, ringing: map[tel.PortID]bool{}, silent: map[tel.PortID]bool{}, bells: map[tel.PortID]port.Cadence{},
		sip: map[tel.LegID]*sipLeg{}, up: map[tel.Number]bool{},
	}
	w.e = New(set, Shells{
		Ports: w, SIP: w, Media: w, Book: w, View: &w.store,
		NewLeg:  func() tel.LegID { w.legs++; return w.legs },
		NewCall: func() tel.CallID { w.calls++; return tel.CallID(fmt.Sprintf("1-%d", w.calls)) },
		Warn:    func(what string, err error) { w.fail(what + ": " + err.Error()) },
		Slow:    func(string, time.Duration) {},
	}, w.now)
	w.e.start(w.now)
	return w
}

// office is a small house: two lines, two telephones, two SIP phones, a trunk,
// two queues with four agents.
func office() Settings {
	node := func(id string, n flow.Node) *flow.Node { n.ID = id; return &n }
	say := []tel.Say{{Kind: tel.SayPrompt, ID: "x"}}
	f := &flow.Flow{Name: "main", Start: "menu", Nodes: []*flow.Node{
		node("menu", flow.Node{Kind: flow.KindMenu, Say: say, BargeIn: true, Direct: true, Timeout: 5 * time.Second, Between: 3 * time.Second,
			Invalids: 2, Timeouts: 2, OnInvalid: "op", OnTimeout: "op",
			Choices: []flow.Choice{{Key: '1', Target: "ventas"}, {Key: '2', Target: "soporte"}, {Key: '0', Target: "op"}}}),
		node("ventas", flow.Node{Kind: flow.KindQueue, Queue: "ventas", Next: "op"}),
		node("soporte", flow.Node{Kind: flow.KindQueue, Queue: "soporte", Next: "op"}),
		node("op", flow.Node{Kind: flow.KindDial, Extension: "101", Next: "bye"}),
		node("bye", flow.Node{Kind: flow.KindHangUp, Say: say}),
	}}
	q := func(id tel.QueueID) Queue {
		return Queue{QueueSettings: acd.QueueSettings{ID: id, Ring: 20 * time.Second, Backoff: 10 * time.Second, ACW: 15 * time.Second,
			MaxWait: 10 * time.Minute, Announce: 30 * time.Second}, NameES: string(id), NameEN: string(id), Threshold: 3, WaitLimit: 3 * time.Minute, Target: 20 * time.Second, Goal: 80}
	}
	a := func(id tel.AgentID, n, ext tel.Number, qs ...tel.QueueID) Agent {
		return Agent{AgentSettings: acd.AgentSettings{ID: id, Queues: qs}, Name: string(id), Number: n, Home: ext, Ext: ext}
	}
	return Settings{
		Site: "test", Lang: tel.Spanish, Location: time.UTC,
		Lines:  []Line{{ID: "L1", Number: "910", Flow: "main", In: true, Out: true}, {ID: "L2", Number: "911", Flow: "main", In: true, Out: true}},
		Phones: []Phone{{Ext: "101", Name: "Ana", Port: "F1"}, {Ext: "102", Name: "Bea", Port: "F2"}, {Ext: "201", Name: "Cid"}, {Ext: "202", Name: "Dora"}},
		Trunks: []Trunk{{ID: "siptel", Number: "912", Flow: "main", Size: 4}},
		Queues: []Queue{q("ventas"), q("soporte")},
		Agents: []Agent{a("ana", "1", "101", "ventas"), a("bea", "2", "102", "ventas", "soporte"), a("cid", "3", "201", "soporte"), a("dora", "4", "202", "ventas", "soporte")},
		Pauses: []PauseReason{{Key: "1", ID: "descanso"}},
		Numbering: &numbering.Plan{Country: "ES", Extensions: []tel.Number{"101", "102", "201", "202"}, Queues: []numbering.QueueNumber{{Ext: "301", Queue: "ventas"}},
			Features: []numbering.FeatureCode{{Code: numbering.Login, Number: "*11", Args: []tel.Number{"1", "2", "3", "4"}}, {Code: numbering.Logout, Number: "*12"},
				{Code: numbering.Pause, Number: "*13", Args: []tel.Number{"1"}}, {Code: numbering.Unpause, Number: "*14"}},
			Prefix: "0", Emergency: []tel.Number{"112"}, Routes: []numbering.Route{{Name: "nacional", Via: []string{"L2", "siptel"}}}},
		Operator: "101", Flows: []*flow.Flow{f}, Limits: call.Limits{Longest: time.Hour, RingTime: 25 * time.Second}, Calls: 12,
	}
}

func (w *world) fail(why string) {
	w.t.Helper()
	var b strings.Builder
	if _, err := w.e.Trace().WriteTo(&b); err != nil {
		w.t.Log(err)
	}
	lines := strings.Split(b.String(), "\n")
	w.t.Fatalf("seed %d at %s: %s\n%s", w.seed, w.now, why, strings.Join(lines[max(0, len(lines)-60):], "\n"))
}

func (w *world) after(d time.Duration, do func()) {
	w.seq++
	heap.Push(&w.later, happening{w.now.Add(d), w.seq, do})
}

// some returns a random duration between a and b.
func (w *world) some(a, b time.Duration) time.Duration {
	return a + time.Duration(w.r.Int64N(int64(b-a)))
}

func (w *world) chance(percent int) bool { return w.r.IntN(100) < percent }

// run lets time pass until end.
func (w *world) run(end time.Time) {
	for {
		next := w.now.Add(w.e.sleep())
		if len(w.later) > 0 && w.later[0].at.Before(next) {
			next = w.later[0].at
		}
		if next.After(end) {
			w.now = end
			return
		}
		w.now = next
		for len(w.later) > 0 && !w.later[0].at.After(w.now) {
			heap.Pop(&w.later).(happening).do()
		}
		w.e.turn(w.now)
		w.check()
	}
}

// The shells.

func (w *world) Append(f call.Fact) { w.facts = append(w.facts, f) }

// note keeps what the loop did, for stories.
func (w *world) note(format string, args ...any) {
	if w.scripted {
		w.did = append(w.did, fmt.Sprintf(format, args...))
	}
}

func (w *world) Command(id tel.PortID, c port.Command) error {
	w.note("%s %s", id, c)
	switch c := c.(type) {
	case port.Seize:
		w.closed[id] = true
		if p := w.e.ports[id]; !w.ringing[id] && p.fxo != nil {
			w.after(w.some(200*time.Millisecond, 900*time.Millisecond), func() {
				if w.closed[id] && !w.silent[id] && w.chance(95) {
					w.e.Post(OnTone{Leg: p.audio, Tone: tel.ToneDial, Evidence: "dial tone"})
				}
			})
		}
		w.ringing[id] = false
	case port.Release:
		w.closed[id] = false
	case port.Ring:
		w.ringing[id], w.bells[id] = true, c.Cadence
		if !w.scripted {
			w.rings(id, c.Cadence)
		}
		if !w.scripted && w.chance(70) {
			w.after(w.some(time.Second, 15*time.Second), func() {
				if w.ringing[id] && !w.offHook[id] {
					w.pickUp(id)
				}
			})
		}
	case port.StopRing:
		w.ringing[id] = false
	case port.Disconnect, port.Tune, port.Neon, port.Reverse:
	default:
		w.fail(fmt.Sprintf("unexpected command %s to %s", c, id))
	}
	return nil
}

func (w *world) DialPhone(leg tel.LegID, ext, _ tel.Number, _ tel.Text) {
	w.note("ring %s by leg %d", ext, leg)
	w.sip[leg] = &sipLeg{ext: ext}
	w.peer(leg)
}

func (w *world) DialTrunk(leg tel.LegID, trunk tel.TrunkID, number, _ tel.Number) {
	w.note("dial %s over %s by leg %d", number, trunk, leg)
	w.sip[leg] = &sipLeg{trunk: trunk}
	w.peer(leg)
}

// peer decides what the other end of an outgoing SIP leg does.
func (w *world) peer(leg tel.LegID) {
	if w.scripted {
		return
	}
	gone := func(c tel.Cause, why string) {
		if w.sip[leg] != nil {
			delete(w.sip, leg)
			w.e.Post(OnGone{Leg: leg, Cause: c, Evidence: why})
		}
	}
	w.after(100*time.Millisecond, func() { w.e.Post(OnRinging{leg}) })
	switch n := w.r.IntN(100); {
	case n < 55:
		w.after(w.some(time.Second, 15*time.Second), func() {
			if l := w.sip[leg]; l != nil {
				l.answered = true
				w.e.Post(OnAnswered{leg})
				w.after(w.some(time.Second, 4*time.Minute), func() { gone(tel.CauseNormal, "BYE") })
			}
		})
	case n < 70:
		w.after(w.some(time.Second, 5*time.Second), func() { gone(tel.CauseRefused, "603") })
	case n < 80:
		w.after(50*time.Millisecond, func() { gone(tel.CauseBusy, "486") })
	}
}

func (w *world) Ring(leg tel.LegID) { w.note("180 to leg %d", leg) }

func (w *world) Answer(leg tel.LegID) {
	w.after(30*time.Millisecond, func() {
		if l := w.sip[leg]; l != nil {
			l.answered = true
			w.e.Post(OnAnswered{leg})
		}
	})
}

func (w *world) Reject(leg tel.LegID, c tel.Cause) {
	w.note("reject leg %d: %s", leg, c)
	delete(w.sip, leg)
}

func (w *world) HangUp(leg tel.LegID, c tel.Cause) {
	w.note("hang up leg %d: %s", leg, c)
	delete(w.sip, leg)
}

func (w *world) AttachPort(_ tel.CallID, leg tel.LegID, id tel.PortID, hear Hear) error {
	w.note("audio of %s is leg %d, to dial %t", id, leg, hear.Dials)
	if w.noAudio != nil {
		return w.noAudio
	}
	if w.attached[leg] {
		w.fail(fmt.Sprintf("leg %d is attached twice", leg))
	}
	w.attached[leg] = true
	return nil
}
func (w *world) AttachSIP(_ tel.CallID, leg tel.LegID) { w.attached[leg] = true }
func (w *world) Detach(leg tel.LegID)                  { delete(w.attached, leg) }

func (w *world) Say(leg tel.LegID, id tel.PlayID, lang tel.Lang, say []tel.Say, music string) error {
	w.note("say %s %v to leg %d, then %s", lang, say, leg, music)
	if id != 0 && len(say) > 0 {
		w.after(2*time.Second, func() { w.e.Post(OnPlayed{leg, id}) })
	}
	return nil
}

func (w *world) Tone(leg tel.LegID, t tel.Tone)      { w.note("tone %s to leg %d", t, leg) }
func (w *world) Stop(leg tel.LegID)                  { w.note("quiet leg %d", leg) }
func (w *world) Join(leg tel.LegID, room tel.CallID) { w.note("leg %d into %s", leg, room) }

func (w *world) SendDigits(leg tel.LegID, id tel.PlayID, digits string) {
	w.note("send %s to leg %d", digits, leg)
	w.after(time.Second, func() { w.e.Post(OnPlayed{leg, id}) })
}

func (w *world) SendID(id tel.PortID, play tel.PlayID, what line.ID) error {
	w.note("send id to %s: %s", id, line.SendID{ID: what})
	if !w.scripted {
		w.after(time.Second, func() { w.e.Post(OnSentID{id, play}) })
	}
	return nil
}

func (w *world) StopID(id tel.PortID) { w.note("stop id to %s", id) }

func (w *world) Measured(tel.LegID) (view.Leg, bool) { return view.Leg{}, false }
