package ivr_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/centralita/centralita/firmware/config/place"
	"github.com/centralita/centralita/firmware/ivr"
	"github.com/centralita/centralita/firmware/ivr/flow"
	"github.com/centralita/centralita/firmware/tel"
)

// randomFlow draws a flow that passes Check; most drawings do not, so a few
// ways out are added to what is drawn.
func randomFlow(t *rapid.T, menus bool) *flow.Flow {
	n := rapid.IntRange(2, 7).Draw(t, "nodes")
	name := func(label string) string {
		return fmt.Sprintf("n%d", rapid.IntRange(0, n+1).Draw(t, label))
	}
	says := []tel.Say{{ID: "welcome"}}
	f := &flow.Flow{Name: "random", Start: "n0"}
	for i := range n {
		node := &flow.Node{ID: fmt.Sprintf("n%d", i), Say: says, BargeIn: rapid.Bool().Draw(t, "barge")}
		kinds := []flow.Kind{flow.KindMenu, flow.KindPlay, flow.KindLanguage, flow.KindGreet, flow.KindSchedule}
		if menus {
			kinds = kinds[:2]
		}
		node.Kind = rapid.SampledFrom(kinds).Draw(t, "kind")
		switch node.Kind {
		case flow.KindMenu, flow.KindLanguage:
			for _, k := range "0123" {
				c := flow.Choice{Key: tel.Digit(k), Target: name("target")}
				if node.Kind == flow.KindLanguage {
					c.Target = rapid.SampledFrom([]string{"es", "en"}).Draw(t, "lang")
					node.Languages = append(node.Languages, c)
					continue
				}
				node.Choices = append(node.Choices, c)
			}
			if node.Kind == flow.KindLanguage {
				node.Next = name("next")
			}
			node.Direct = node.Kind == flow.KindMenu && rapid.Bool().Draw(t, "direct")
			node.Timeout, node.Between = 5*time.Second, 2*time.Second
			node.Invalids = rapid.IntRange(1, 3).Draw(t, "invalids")
			node.Timeouts = rapid.IntRange(1, 3).Draw(t, "timeouts")
			node.OnInvalid, node.OnTimeout = name("invalid"), name("timeout")
			node.SayInvalid = says
		case flow.KindGreet:
			node.Greets = []flow.Greet{{From: 480, Say: says}}
			node.Next = name("next")
		case flow.KindSchedule:
			node.Schedule, node.Open, node.Closed = "oficina", name("open"), name("closed")
		default:
			node.Next = name("next")
		}
		f.Nodes = append(f.Nodes, node)
	}
	f.Nodes = append(f.Nodes,
		&flow.Node{ID: fmt.Sprintf("n%d", n), Kind: flow.KindQueue, Queue: "ventas", Next: name("back")},
		&flow.Node{ID: fmt.Sprintf("n%d", n+1), Kind: flow.KindHangUp, Say: says})
	return f
}

// sound reports whether f passes Check, unreachable nodes and distant persons aside.
func sound(f *flow.Flow, schedules []flow.Schedule) bool {
	sink := place.NewSink("random")
	flow.Check(sink, f, flow.Refs{Queues: []tel.QueueID{"ventas"}, Extensions: extensions, Operator: true, Schedules: schedules})
	for _, p := range sink.Problems() {
		if !strings.Contains(p.What, "never reached") && !strings.Contains(p.What, "person") {
			return false
		}
	}
	return true
}

// event is something that happens after a while.
type event struct {
	after time.Duration
	ev    ivr.Event
}

func randomEvent(t *rapid.T) event {
	e := event{after: time.Duration(rapid.IntRange(0, 7000).Draw(t, "ms")) * time.Millisecond}
	switch rapid.IntRange(0, 9).Draw(t, "event") {
	case 0, 1, 2, 3, 4:
		e.ev = ivr.Digit{Digit: rapid.SampledFrom([]tel.Digit{'0', '1', '2', '3', '5', '5', '9', '#', '*', 'x'}).Draw(t, "key")}
	case 5, 6:
		e.ev = ivr.Played{ID: tel.PlayID(rapid.IntRange(0, 30).Draw(t, "play"))}
	case 7:
		e.ev = ivr.TimedOut{}
	case 8:
		e.ev = ivr.Returned{Cause: tel.CauseNoAnswer}
	default:
		e.ev = ivr.Start{}
	}
	return e
}

func TestRandomCallsWaitOrEnd(t *testing.T) {
	_, schedules := document(t)
	env := environment(t, schedules)
	begin := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		f := randomFlow(t, false)
		if !sound(f, schedules) {
			t.Skip("the flow drawn does not pass Check")
		}
		events := append([]event{{0, ivr.Start{}}}, rapid.SliceOfN(rapid.Custom(randomEvent), 1, 60).Draw(t, "events")...)
		run := func(check bool) string {
			var log strings.Builder
			m, now, last, over := ivr.New(f, env), begin, tel.PlayID(0), false
			for _, e := range events {
				now = now.Add(e.after)
				ev := e.ev
				if p, is := ev.(ivr.Played); is && p.ID > 15 {
					ev = ivr.Played{ID: last} // else half of the plays never end
				}
				out := m.Step(now, ev, nil)
				if check && over && len(out) > 0 {
					t.Fatalf("after the end came %v", out)
				}
				if most := 40 * 3 * len(f.Nodes); len(out) > most {
					t.Fatalf("one step had %d effects", len(out))
				}
				for _, x := range out {
					switch x := x.(type) {
					case ivr.Play:
						if x.ID <= last || len(x.Say) == 0 {
							t.Fatalf("%v follows play %d", x, last)
						}
						last = x.ID
					case ivr.HangUp:
						over = true
						if x.Cause == tel.CauseError {
							t.Fatalf("a sound flow ended in error: %s", m.Describe())
						}
					}
				}
				_, timed := m.Deadline()
				if away := strings.Contains(m.Describe(), "handed"); check && !timed && !over && !away {
					t.Fatalf("the call waits for nothing: %s", m.Describe())
				}
				if over != m.Done() || over && timed {
					t.Fatalf("over %v, done %v, deadline %v", over, m.Done(), timed)
				}
				fmt.Fprintln(&log, now, out, m.Describe(), m.Path())
			}
			return log.String()
		}
		if a, b := run(true), run(false); a != b { // J6
			t.Fatalf("the same events walked two ways:\n%s\n%s", a, b)
		}
	})
}

// J1: keys typed ahead lead where the same keys lead when each is pressed at its
// question, numbers of extensions included.
func TestTypedAheadIsUsedOnceAndInOrder(t *testing.T) {
	_, schedules := document(t)
	env := environment(t, schedules)
	rapid.Check(t, func(t *rapid.T) {
		f := randomFlow(t, true)
		f.Nodes = append(f.Nodes, &flow.Node{ID: "before", Kind: flow.KindPlay, Say: []tel.Say{{ID: "welcome"}}, Next: "n0"})
		f.Start = "before"
		if !sound(f, schedules) {
			t.Skip("the flow drawn does not pass Check")
		}
		keys := rapid.SliceOfN(rapid.SampledFrom([]tel.Digit{'0', '1', '2', '3', '5', '7', '#'}), 0, ivr.MaxTyped).Draw(t, "keys")
		walk := func(ahead bool) (path []string, asked int) {
			now := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
			m, left := ivr.New(f, env), slices.Clone(keys)
			out := m.Step(now, ivr.Start{}, nil)
			if ahead {
				for _, k := range left {
					out = m.Step(now, ivr.Digit{Digit: k}, out)
				}
				left = nil
			}
			for range 500 {
				now = now.Add(time.Millisecond)
				if strings.Contains(m.Describe(), "handed") || m.Done() {
					return append(m.Path(), out[len(out)-1].String()), asked
				}
				if strings.Contains(m.Describe(), "waits for") {
					if len(left) == 0 {
						return m.Path(), asked
					}
					asked++
					out = m.Step(now, ivr.Digit{Digit: left[0]}, nil)
					left = left[1:]
					continue
				}
				// only the play that is current counts
				for id := tel.PlayID(1); id < 100; id++ {
					if x := m.Step(now, ivr.Played{ID: id}, nil); len(x) > 0 {
						out = x
						break
					}
					if strings.Contains(m.Describe(), "waits") {
						break
					}
				}
			}
			return m.Path(), asked
		}
		apart, asked := walk(false)
		ahead, _ := walk(true)
		if !slices.Equal(apart, ahead) {
			t.Fatalf("keys %v\none by one %v (%d used)\ntyped ahead %v", keys, apart, asked, ahead)
		}
	})
}

// A caller who never does anything is not kept for ever.
func TestSilentCallerIsLetGo(t *testing.T) {
	_, schedules := document(t)
	env := environment(t, schedules)
	nodes := []*flow.Node{
		{ID: "a", Kind: flow.KindMenu, Say: []tel.Say{{ID: "main-menu"}}, Choices: []flow.Choice{{Key: '1', Target: "q"}}, Timeouts: 2, Invalids: 2, OnTimeout: "a", OnInvalid: "a"},
		{ID: "q", Kind: flow.KindQueue, Queue: "ventas", Next: "a"},
	}
	f := &flow.Flow{Name: "round", Start: "a", Nodes: nodes}
	if !sound(f, schedules) {
		t.Fatal("the flow must pass Check: the circle asks for a key")
	}
	now := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	m := ivr.New(f, env)
	out := m.Step(now, ivr.Start{}, nil)
	for range 10 * ivr.MaxSilence {
		at, ok := m.Deadline()
		if !ok {
			break
		}
		now = at
		out = m.Step(now, ivr.TimedOut{}, out[:0])
	}
	if len(out) != 1 || out[0] != (ivr.HangUp{Cause: tel.CauseTimeout}) {
		t.Fatalf("after %s of silence: %v, %s", now, out, m.Describe())
	}
}

// Flows nobody checked must not hold a call or turn for ever.
func TestUncheckedFlowsEndInError(t *testing.T) {
	say := []tel.Say{{ID: "welcome"}}
	for name, f := range map[string]*flow.Flow{
		"no nodes":  {Start: "a"},
		"no start":  {Nodes: []*flow.Node{{ID: "a", Kind: flow.KindHangUp}}},
		"dead end":  {Start: "a", Nodes: []*flow.Node{{ID: "a", Kind: flow.KindPlay, Say: say}}},
		"circle":    {Start: "a", Nodes: []*flow.Node{{ID: "a", Kind: flow.KindSchedule, Open: "a", Closed: "a"}}},
		"no kind":   {Start: "a", Nodes: []*flow.Node{{ID: "a"}}},
		"no return": {Start: "a", Nodes: []*flow.Node{{ID: "a", Kind: flow.KindQueue, Queue: "q"}}},
		"empty":     {Start: "a", Nodes: []*flow.Node{{ID: "a", Kind: flow.KindMenu}}},
	} {
		m := ivr.New(f, ivr.Env{})
		now := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
		out := m.Step(now, ivr.Start{}, nil)
		out = m.Step(now, ivr.Played{ID: 1}, out)
		out = m.Step(now, ivr.Returned{}, out)
		if at, ok := m.Deadline(); ok {
			out = m.Step(at, ivr.TimedOut{}, out)
		}
		if len(out) == 0 || out[len(out)-1] != (ivr.HangUp{Cause: tel.CauseError}) {
			t.Errorf("%s: %v", name, out)
		}
	}
}

// The clock of greetings is that of the environment, else that of the first
// schedule, else that of the instant itself.
func TestGreetingClock(t *testing.T) {
	flows, schedules := document(t)
	tokyo, err := time.LoadLocation("Asia/Tokyo")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 23, 11, 30, 0, 0, time.UTC) // 12:30 in Madrid, 20:30 in Tokyo
	f := *flows["principal"]
	f.Start = "saludo"
	for want, env := range map[string]ivr.Env{
		"good-morning":   {Schedules: schedules},
		"good-afternoon": {Schedules: schedules, Location: tokyo},
		"good-evening":   {Location: time.FixedZone("", 10*3600)}, // 21:30
	} {
		m := ivr.New(&f, env)
		out := m.Step(now, ivr.Start{}, nil)
		if p, ok := out[len(out)-1].(ivr.Play); !ok || p.Say[0].ID != want || p.Lang != tel.Spanish || m.Lang() != tel.Spanish || m.Node() != "saludo" {
			t.Errorf("%v, want %s", out, want)
		}
	}
	if out := ivr.New(&f, ivr.Env{}).Step(now, ivr.Start{}, nil); out[1].(ivr.Play).Say[0].ID != "good-morning" {
		t.Errorf("at 11:30 of no zone: %v", out)
	}
}

func BenchmarkStep(b *testing.B) {
	flows, schedules := document(b)
	env := environment(b, schedules)
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	events := []ivr.Event{ivr.Start{}, ivr.Played{ID: 1}, ivr.Digit{Digit: '2'}, ivr.Digit{Digit: '7'}, ivr.Played{ID: 4}, ivr.Digit{Digit: '2'}, ivr.Digit{Digit: '0'}, ivr.Digit{Digit: '1'}}
	var out []ivr.Effect
	b.ReportAllocs()
	for b.Loop() { // one whole call of eight events
		m := ivr.New(flows["principal"], env)
		for _, ev := range events {
			out = m.Step(now, ev, out[:0])
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(events)), "ns/step")
	if len(out) != 1 {
		b.Fatalf("the call ended with %v", out)
	}
}
