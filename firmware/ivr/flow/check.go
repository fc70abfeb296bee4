package flow

import (
	"fmt"
	"slices"

	"github.com/centralita/centralita/firmware/config/place"
	"github.com/centralita/centralita/firmware/tel"
)

// Refs is what a flow may name outside of itself.
type Refs struct {
	Queues     []tel.QueueID
	Extensions []tel.Number // phones of the house
	Operator   bool         // somebody is the operator
	Schedules  []Schedule
	HasPrompt  func(tel.Lang, string) bool // nil: not checked
}

// Edge is a way from a node to another.
type Edge struct {
	Name   string // "next", "open", "on_timeout", or "key 1"
	Target string
	At     Place
	Key    bool // the caller must do something: press a key or stay silent
}

// Edges returns the ways out of a node in a fixed order, empty targets left out.
func (n *Node) Edges() []Edge {
	var out []Edge
	add := func(name, target string, key bool) {
		if target != "" {
			out = append(out, Edge{name, target, n.Where(name), key})
		}
	}
	add("open", n.Open, false)
	add("closed", n.Closed, false)
	add("holiday", n.Holiday, false)
	for _, c := range n.Choices {
		out = append(out, Edge{"key " + c.Key.String(), c.Target, c.At, true})
	}
	add("on_invalid", n.OnInvalid, true)
	add("on_timeout", n.OnTimeout, true)
	add("next", n.Next, n.Kind == KindLanguage)
	return out
}

// Input reports whether a caller is asked for a key in the node.
func (n *Node) Input() bool { return n.Kind == KindMenu || n.Kind == KindLanguage }

// Person reports whether the node leads to a person.
func (n *Node) Person() bool { return n.Kind == KindQueue || n.Kind == KindDial }

// checker holds one flow while it is checked.
type checker struct {
	sink  *place.Sink
	f     *Flow
	refs  Refs
	index map[string]int
	next  [][]int // targets by node; unknown ones left out
	round []bool  // nodes in a circle that was reported
}

// Check reports everything that would leave a caller of f stranded. Flows built
// by Parse have places; in others problems stand at 1:1.
func Check(sink *place.Sink, f *Flow, refs Refs) {
	c := &checker{sink: sink, f: f, refs: refs, index: make(map[string]int, len(f.Nodes))}
	for i, n := range f.Nodes {
		if _, twice := c.index[n.ID]; !twice {
			c.index[n.ID] = i
		}
	}
	if len(f.Nodes) == 0 {
		sink.Report(f.At, fmt.Sprintf("flow %s has no nodes", place.Quote(f.Name)), "a caller would hear nothing", "add a node that hangs up at least")
		return
	}
	start := -1
	if f.Start != "" {
		start = c.target("start", f.Start, f.starts)
	}
	for _, n := range f.Nodes {
		c.node(n)
		var targets []int
		for _, e := range n.Edges() {
			if i := c.target(fmt.Sprintf("%s of node %s", e.Name, n.ID), e.Target, e.At); i >= 0 {
				targets = append(targets, i)
			}
		}
		c.next = append(c.next, targets)
	}
	c.loops()
	c.ends()
	if start >= 0 {
		c.unreachable(start)
		c.persons(start)
	}
}

// target returns the index of the node id, reporting an unknown one.
func (c *checker) target(what, id string, at Place) int {
	if i, ok := c.index[id]; ok {
		return i
	}
	if c.sink.Full() {
		return -1
	}
	ids := make([]string, len(c.f.Nodes))
	for i, n := range c.f.Nodes {
		ids[i] = n.ID
	}
	c.sink.Report(at, fmt.Sprintf("%s leads to %s", what, place.Quote(id)), fmt.Sprintf("flow %s has no such node", place.Quote(c.f.Name)), place.Suggest(id, ids))
	return -1
}

// node checks what can be checked of one node alone.
func (c *checker) node(n *Node) {
	switch n.Kind {
	case KindPlay, KindGreet, KindHours, KindQueue, KindDial:
		if n.Next == "" && n.where["next"] == (Place{}) {
			c.sink.Report(n.At, fmt.Sprintf("node %s is a dead end", place.Quote(n.ID)), "next is missing", "add next: the node that follows")
		}
	case KindMenu, KindLanguage:
		if n.Next == "" && n.Kind == KindLanguage && n.where["next"] == (Place{}) {
			c.sink.Report(n.At, fmt.Sprintf("node %s is a dead end", place.Quote(n.ID)), "next is missing", "add next: the node that follows")
		}
		c.choices(n)
	}
	c.prompts(n)
	schedules := make([]string, len(c.refs.Schedules))
	for i, s := range c.refs.Schedules {
		schedules[i] = s.ID
	}
	if n.Schedule != "" && !slices.Contains(schedules, n.Schedule) {
		c.sink.Report(n.Where(string(n.Kind)), fmt.Sprintf("node %s asks the schedule %s", n.ID, place.Quote(n.Schedule)), "there is no such schedule", place.Suggest(n.Schedule, schedules))
	}
	if n.Queue != "" && !slices.Contains(c.refs.Queues, n.Queue) {
		words := make([]string, len(c.refs.Queues))
		for i, q := range c.refs.Queues {
			words[i] = string(q)
		}
		c.sink.Report(n.Where("queue"), fmt.Sprintf("node %s hands over to the queue %s", n.ID, place.Quote(string(n.Queue))), "there is no such queue", place.Suggest(string(n.Queue), words))
	}
	switch {
	case n.Extension == "":
	case n.Extension == Operator && !c.refs.Operator:
		c.sink.Report(n.Where("dial"), fmt.Sprintf("node %s dials the operator", n.ID), "nobody is the operator", "add operator: an extension to the document")
	case n.Extension != Operator && !slices.Contains(c.refs.Extensions, n.Extension):
		c.sink.Report(n.Where("dial"), fmt.Sprintf("node %s dials %s", n.ID, place.Quote(string(n.Extension))), "there is no such phone", place.Suggest(string(n.Extension), phones(c.refs.Extensions)))
	}
}

// phones is extensions as words.
func phones(extensions []tel.Number) []string {
	var out []string
	for _, e := range extensions {
		out = append(out, string(e))
	}
	return out
}

// choices checks the keys of a menu against each other and against extensions
// of one digit, which no rule can tell apart from a key (J4). A key that begins
// a longer extension is decided by the time between keys.
func (c *checker) choices(n *Node) {
	for i, ch := range append(slices.Clone(n.Choices), n.Languages...) {
		for _, other := range append(slices.Clone(n.Choices), n.Languages...)[:i] {
			if other.Key == ch.Key {
				c.sink.Report(ch.At, fmt.Sprintf("key %s of node %s stands twice", ch.Key, n.ID), "a key leads to one place", "remove one of them")
			}
		}
		if n.Direct && slices.Contains(c.refs.Extensions, tel.Number(ch.Key.String())) {
			c.sink.Report(ch.At, fmt.Sprintf("key %s of node %s is an extension too", ch.Key, n.ID), "extensions can be dialled here and both have one digit",
				"choose another key, or direct: false")
		}
	}
	for _, l := range n.Languages {
		if l.Target != string(tel.Spanish) && l.Target != string(tel.English) {
			c.sink.Report(l.At, fmt.Sprintf("key %s of node %s chooses the language %s", l.Key, n.ID, place.Quote(l.Target)), "languages are es and en", "write es or en")
		}
	}
}

// prompts checks that everything a node says exists in both languages.
func (c *checker) prompts(n *Node) {
	if c.refs.HasPrompt == nil {
		return
	}
	check := func(key string, says []tel.Say) {
		for i, s := range says {
			if s.Kind != tel.SayPrompt {
				continue
			}
			for _, lang := range []tel.Lang{tel.Spanish, tel.English} {
				if !c.refs.HasPrompt(lang, s.ID) {
					c.sink.Report(n.entry(key, i), fmt.Sprintf("node %s says %s", n.ID, place.Quote(s.ID)), fmt.Sprintf("there is no such prompt in language %s", lang), "record it, or name another")
					break
				}
			}
		}
	}
	check("say", n.Say)
	check("say_invalid", n.SayInvalid)
	check("say_timeout", n.SayTimeout)
	for _, g := range n.Greets {
		check("greet", g.Say)
	}
	if n.Kind == KindHours {
		for _, id := range hoursPrompts {
			check("hours", []tel.Say{{Kind: tel.SayPrompt, ID: id}})
		}
	}
}
