package place

import (
	"fmt"
	"slices"
	"strings"
)

// Fields reads the keys of one table. Every key that is asked for is known;
// Done reports the others. All methods answer with the default after a report.
type Fields struct {
	sink  *Sink
	name  string // what the table is, for messages: "phone", "queue"
	node  *Node
	known []string
	gaps  []gap // needed and absent
	mute  bool  // already reported as no table: say nothing more
}

// gap is a needed key that is absent.
type gap struct{ key, example string }

// Fields begins to read n as a table called name. A nil or empty n is an empty
// table standing at where.
func (s *Sink) Fields(n *Node, where At, name string) *Fields {
	f := &Fields{sink: s, name: name, node: &Node{At: where, Kind: Table}}
	if n != nil && n.Kind != Nothing {
		s.Pairs(n, name)
		f.node, f.mute = n, n.Kind != Table
	}
	return f
}

// Pairs returns the keys and values of n in the order of the document, after
// reporting keys that stand twice; n that is no table is reported.
func (s *Sink) Pairs(n *Node, name string) []Pair {
	if n.Kind != Table {
		s.Report(n.At, fmt.Sprintf("%s must be a table of keys", name), "it is "+n.Kind.String(), "write key: value with a space after the colon")
		return nil
	}
	first := make(map[string]At, len(n.Pairs))
	out := make([]Pair, 0, len(n.Pairs))
	for _, p := range n.Pairs {
		if at, twice := first[p.Key.Text]; twice {
			s.Report(p.Key.At, fmt.Sprintf("key %s stands twice in %s", Quote(p.Key.Text), name),
				fmt.Sprintf("it stands in line %d already", at.Line), "remove one of them")
			continue
		}
		first[p.Key.Text] = p.Key.At
		out = append(out, p)
	}
	return out
}

// At returns where the value of key stands, or where the table does.
func (f *Fields) At(key string) At {
	if p := f.find(key); p != nil {
		return p.Value.At
	}
	return f.node.At
}

// Where returns where the table stands.
func (f *Fields) Where() At { return f.node.At }

func (f *Fields) find(key string) *Pair {
	for i := range f.node.Pairs {
		if f.node.Pairs[i].Key.Text == key {
			return &f.node.Pairs[i]
		}
	}
	return nil
}

// Has reports whether key is written in the table; it does not make it known.
func (f *Fields) Has(key string) bool { return f.find(key) != nil }

// Get returns the value of key, nil when it is absent. A key without a value is
// reported.
func (f *Fields) Get(key string) *Node {
	f.known = append(f.known, key)
	p := f.find(key)
	if p == nil {
		return nil
	}
	if p.Value.Kind == Nothing {
		f.sink.Report(p.Key.At, fmt.Sprintf("%s of %s has no value", key, f.name), "a key without a value says nothing",
			`write one or remove the key; # begins a comment, put it in quotes`)
		return nil
	}
	return p.Value
}

// Need is Get for a key that must be there; example is a value for the hint.
func (f *Fields) Need(key, example string) *Node {
	n := f.Get(key)
	if n == nil && f.find(key) == nil {
		f.gaps = append(f.gaps, gap{key, example})
	}
	return n
}

// Pairs returns keys and values of a table whose keys are free.
func (f *Fields) Pairs(key string) []Pair {
	n := f.Get(key)
	if n == nil {
		return nil
	}
	return f.sink.Pairs(n, key+" of "+f.name)
}

// Fields reads the table under key; an absent one is an empty table. With need
// set its absence is one problem, and no key in it is missed.
func (f *Fields) Fields(key string, need bool) *Fields {
	at := f.At(key)
	absent := !f.Has(key)
	n := f.Get(key)
	if need && absent {
		f.Need(key, "its keys, indented by two spaces")
	}
	out := f.sink.Fields(n, at, key)
	out.mute = out.mute || need && n == nil
	return out
}

// Done reports keys nobody asked for and needed keys that are absent. A needed
// key that is only misspelt is one problem, not two.
func (f *Fields) Done() {
	if f.mute {
		return
	}
	var meant []string
	for _, p := range f.node.Pairs {
		if slices.Contains(f.known, p.Key.Text) {
			continue
		}
		hint := mean(p.Key.Text, f.free())
		if hint != "" {
			meant = append(meant, Near(p.Key.Text, f.free()))
		} else {
			known := slices.Clone(f.known)
			slices.Sort(known)
			hint = "known are " + strings.Join(slices.Compact(known), ", ")
		}
		f.sink.Report(p.Key.At, fmt.Sprintf("unknown key %s", Quote(p.Key.Text)), f.name+" has no such key", hint)
	}
	for _, g := range f.gaps {
		if !slices.Contains(meant, g.key) {
			f.sink.Report(f.node.At, fmt.Sprintf("%s is missing in %s", g.key, f.name), "it has no default", fmt.Sprintf("add %s: %s", g.key, g.example))
		}
	}
}

// Meant reports whether key is absent but an unknown key is written like it.
// Ask it when every key was read.
func (f *Fields) Meant(key string) bool {
	for _, p := range f.node.Pairs {
		if !slices.Contains(f.known, p.Key.Text) && Near(p.Key.Text, f.free()) == key {
			return true
		}
	}
	return false
}

// free returns the known keys that are not written yet: what can be meant.
func (f *Fields) free() []string {
	var out []string
	for _, k := range f.known {
		if !f.Has(k) {
			out = append(out, k)
		}
	}
	return out
}
