package flow

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/config/place"
	"github.com/centralita/centralita/firmware/tel"
)

// refs is the office around the flows of the tests.
var refs = Refs{
	Queues: []tel.QueueID{"ventas"}, Extensions: []tel.Number{"101", "102", "5"}, Operator: true,
	Schedules: []Schedule{{ID: "oficina", Location: time.UTC}},
}

// check parses nodes as a flow that starts at node a.
func check(nodes string, refs Refs) []string {
	sink := place.NewSink("t")
	f := Parse(sink, place.Parse(sink, []byte("name: prueba\nstart: a\nnodes:\n"+nodes)))
	Check(sink, f, refs)
	var out []string
	for _, p := range sink.Problems() {
		out = append(out, p.String())
	}
	return out
}

const ends = "  q: {queue: ventas, next: fin}\n  fin: {hangup: true}\n"

func TestSoundFlows(t *testing.T) {
	for name, nodes := range map[string]string{
		"queue alone":                        "  a: {queue: ventas, next: fin}\n  fin: {hangup: true}\n",
		"announcement":                       "  a: {say: [x], next: fin}\n  fin: {hangup: true}\n",
		"J2: a circle with a menu":           "  a: {say: [x], next: m}\n  m: {menu: {\"1\": a, \"2\": q}, say: [x], on_invalid: a, on_timeout: a}\n" + ends,
		"J2: a circle with a queue":          "  a: {queue: ventas, next: b}\n  b: {say: [x], next: a}\n",
		"J3: three menus to a person":        "  a: {menu: {\"1\": b}, say: [x], on_invalid: b, on_timeout: b}\n  b: {menu: {\"1\": c}, say: [x], on_invalid: c, on_timeout: c}\n  c: {menu: {\"1\": q}, say: [x], on_invalid: q, on_timeout: q}\n" + ends,
		"J3: extensions are persons":         "  a: {menu: {\"1\": fin}, say: [x], direct: true, on_invalid: fin, on_timeout: fin}\n  fin: {hangup: true}\n",
		"J3: a menu of the night":            "  a: {schedule: oficina, open: q, closed: m}\n  m: {menu: {\"1\": h}, say: [x], on_invalid: fin, on_timeout: fin}\n  h: {hours: oficina, next: fin}\n" + ends,
		"J4: a key that begins an extension": "  a: {menu: {\"1\": q}, say: [x], direct: true, on_invalid: q, on_timeout: q}\n" + ends,
		"J4: nothing dialled directly":       "  a: {menu: {\"5\": q}, say: [x], on_invalid: q, on_timeout: q}\n" + ends,
		"language":                           "  a: {language: {\"1\": es, \"2\": en}, say: [x], on_invalid: q, on_timeout: q, next: q}\n" + ends,
		"a self-answering holiday":           "  a: {schedule: oficina, open: q, closed: fin, holiday: b}\n  b: {say: [x], next: fin}\n" + ends,
	} {
		if got := check(nodes, refs); len(got) > 0 {
			t.Errorf("%s:\n%s", name, strings.Join(got, "\n"))
		}
	}
}

func TestUnsoundFlows(t *testing.T) {
	deaf := refs
	deaf.HasPrompt = func(lang tel.Lang, id string) bool { return id == "x" && lang == tel.Spanish }
	for _, c := range []struct {
		name, nodes string
		refs        Refs
		want        string
	}{
		{"dead end", "  a: {say: [x]}\n", refs, `t:4:3: node "a" is a dead end`},
		{"itself", "  a: {say: [x], next: a}\n", refs, `t:4:3: nodes a → a go round in a circle`},
		{"J2: a circle of schedules", "  a: {schedule: oficina, open: b, closed: q}\n  b: {say: [x], next: a}\n" + ends, refs, `t:4:3: nodes a → b → a go round`},
		{"unknown", "  a: {say: [x], next: q}\n", refs, `t:4:23: next of node a leads to "q"`},
		{"unreachable circle", "  a: {queue: ventas, next: fin}\n  b: {dial: \"101\", next: c}\n  c: {dial: \"102\", next: b}\n  fin: {hangup: true}\n", refs, `t:5:3: node "b" is never reached`},
		{"J3: nobody", "  a: {menu: {\"1\": fin}, say: [x], on_invalid: fin, on_timeout: fin}\n  fin: {hangup: true}\n", refs, `t:4:3: from node "a" no person can be reached`},
		{"J3: nobody on the way from the night", "  a: {schedule: oficina, open: m, closed: q}\n  m: {menu: {\"1\": fin}, say: [x], on_invalid: fin, on_timeout: fin}\n" + ends, refs, `t:5:3: from node "m" no person`},
		{"J4: same length", "  a: {menu: {\"5\": q}, say: [x], direct: true, on_invalid: q, on_timeout: q}\n" + ends, refs, `t:4:19: key 5 of node a is an extension too`},
		{"a prompt in one language", "  a: {say: [x], next: fin}\n  fin: {hangup: true}\n", deaf, `t:4:13: node a says "x", there is no such prompt in language en`},
		{"no operator", "  a: {dial: operator, next: fin}\n  fin: {hangup: true}\n", Refs{}, `t:4:13: node a dials the operator, nobody is the operator`},
		{"unknown extension", "  a: {dial: \"999\", next: fin}\n  fin: {hangup: true}\n", refs, `t:4:13: node a dials "999"`},
		{"no nodes", "  {}\n", refs, `flow "prueba" has no nodes`},
		{"twenty-one says", "  a: {say: [" + strings.Repeat("x, ", 20) + "x], next: fin}\n  fin: {hangup: true}\n", refs, "t:4:73: say of node a has 21 entries"},
		{"text", "  a: hello\n", refs, `t:4:3: node "a" must be a table of keys`},
		{"name", "  a b: {hangup: true}\n", refs, `t:4:3: the name of a node cannot be "a b"`},
	} {
		got := check(c.nodes, c.refs)
		if !strings.Contains(strings.Join(got, "\n"), c.want) {
			t.Errorf("%s: want %s, got\n%s", c.name, c.want, strings.Join(got, "\n"))
		}
	}
}

// reachable follows every way from the start and reports what is not sound.
func reachable(t *testing.T, f *Flow) {
	todo, seen := []string{f.Start}, map[string]bool{}
	for len(todo) > 0 {
		id := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[id] {
			continue
		}
		seen[id] = true
		n := f.Node(id)
		if n == nil {
			t.Fatalf("node %q is not there", id)
		}
		if n.Kind != KindHangUp && len(n.Edges()) == 0 {
			t.Fatalf("node %q is a dead end", id)
		}
		if n.Input() && (n.Timeout <= 0 || n.Timeout > LongestWait || n.Invalids < 1 || n.Timeouts > MaxRetries || len(n.Say) == 0) {
			t.Fatalf("node %q is not bounded: %+v", id, n)
		}
		for _, e := range n.Edges() {
			todo = append(todo, e.Target)
		}
	}
	if len(seen) != len(f.Nodes) {
		t.Fatalf("%d of %d nodes are reached", len(seen), len(f.Nodes))
	}
}

func FuzzParse(f *testing.F) {
	for _, nodes := range []string{
		"  a: {say: [x], next: m}\n  m: {menu: {\"1\": a, \"2\": q}, say: [x], direct: true, on_invalid: a, on_timeout: a}\n" + ends,
		"  a: {greet: {\"06:00\": x, \"13:00\": [x, \"pause:10\"]}, next: q}\n" + ends,
		"  a: {schedule: oficina, open: q, closed: h, holiday: fin}\n  h: {hours: oficina, barge_in: true, next: fin}\n" + ends,
		"  a: {language: {\"1\": es, \"2\": en}, say: [x], timeout: 4s, on_invalid: q, on_timeout: q, next: q}\n" + ends,
		"  a: {say: [x], next: b}\n  b: {say: [x], next: a}\n",
		"  a: {dial: operator, next: a}\n", "  a: {}\n", "  a:\n", "  - a\n", "  a: {menu: {}, say: []}\n",
	} {
		f.Add("name: prueba\nstart: a\nnodes:\n" + nodes)
	}
	f.Add("- id: a\n")
	f.Fuzz(func(t *testing.T, text string) {
		sink := place.NewSink("f")
		n := place.Parse(sink, []byte(text))
		if n == nil {
			return
		}
		ParseSchedule(place.NewSink("f"), n, time.UTC)
		fl := Parse(sink, n)
		Check(sink, fl, refs)
		if sink.Empty() {
			reachable(t, fl)
		}
	})
}

func BenchmarkCheck(b *testing.B) {
	var nodes strings.Builder
	nodes.WriteString("name: prueba\nstart: a\nnodes:\n  a: {menu: {\"1\": n00, \"2\": q}, say: [x], on_invalid: q, on_timeout: q}\n" + ends)
	for i := range 99 {
		fmt.Fprintf(&nodes, "  n%02d: {say: [x], next: n%02d}\n", i, i+1)
	}
	nodes.WriteString("  n99: {say: [x], next: fin}\n")
	sink := place.NewSink("b")
	f := Parse(sink, place.Parse(sink, []byte(nodes.String())))
	b.ReportAllocs()
	for b.Loop() {
		Check(sink, f, refs)
	}
	if !sink.Empty() {
		b.Fatal(sink.Problems()[0])
	}
}
