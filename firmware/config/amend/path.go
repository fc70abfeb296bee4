// Package amend changes one value of a configuration's text and leaves the rest,
// comments and order included, as people wrote it. A path such as
// lines.L2.country names the value; an entry of a list is named by its id. What
// comes out is read again and must say what was asked for and nothing else, so
// that a text too clever for this package is refused, never spoilt.
package amend

import (
	"fmt"
	"slices"
	"strings"

	"github.com/centralita/centralita/firmware/config/place"
)

// nameKeys are the keys that name an entry of a list, the first that it has counts.
var nameKeys = []string{"id", "ext", "name", "key"}

// lists are the lists whose entries have names, and the key of the name.
var lists = map[string]string{
	"lines": "id", "phones": "ext", "trunks": "id", "queues": "id", "agents": "id", "pauses": "id", "uplinks": "id",
	"schedules": "id", "flows": "name", "routes": "name", "limits": "name", "modems": "name",
}

// Path is the way to a value: keys of tables and names of entries.
type Path []string

// mostSteps is how deep a path may be.
const mostSteps = 16

// ParsePath reads a path. A part that holds a point is written in quotes.
func ParsePath(text string) (Path, error) {
	var p Path
	rest := text
	for {
		var part string
		if strings.HasPrefix(rest, `"`) {
			end := strings.IndexByte(rest[1:], '"')
			if end < 0 {
				return nil, fmt.Errorf("cannot read the path %s: a quote is not closed", place.Quote(text))
			}
			part, rest = rest[1:1+end], rest[end+2:]
			if rest != "" && rest[0] != '.' {
				return nil, fmt.Errorf("cannot read the path %s: a point must follow a quote", place.Quote(text))
			}
		} else if i := strings.IndexByte(rest, '.'); i >= 0 {
			part, rest = rest[:i], rest[i:]
		} else {
			part, rest = rest, ""
		}
		if part == "" || strings.ContainsAny(part, "\n\r\t") {
			return nil, fmt.Errorf("cannot read the path %s: a part of it is empty; write one such as lines.L2.country", place.Quote(text))
		}
		if p = append(p, part); len(p) > mostSteps {
			return nil, fmt.Errorf("cannot read the path %s: it has more than %d parts", place.Quote(text), mostSteps)
		}
		if rest == "" {
			return p, nil
		}
		rest = rest[1:]
	}
}

// String returns the path as ParsePath reads it.
func (p Path) String() string {
	parts := slices.Clone(p)
	for i, s := range parts {
		if strings.ContainsAny(s, `.`) {
			parts[i] = `"` + s + `"`
		}
	}
	return strings.Join(parts, ".")
}

// Name returns the name of an entry of a list, "" when it has none.
func Name(n *place.Node) string {
	if n.Kind != place.Table {
		return ""
	}
	for _, key := range nameKeys {
		if v := Child(n, key); v != nil && v.Kind == place.Text {
			return v.Text
		}
	}
	return ""
}

// Named reports whether every entry of a list is known by a name of its own.
func Named(n *place.Node) bool {
	seen := map[string]bool{}
	for _, it := range n.Items {
		name := Name(it)
		if name == "" || seen[name] {
			return false
		}
		seen[name] = true
	}
	return true
}

// Child returns the value of a key of a table or the entry of a list that has the
// name, nil when there is none.
func Child(n *place.Node, step string) *place.Node {
	switch n.Kind {
	case place.Table:
		for _, p := range n.Pairs {
			if p.Key.Text == step {
				return p.Value
			}
		}
	case place.List:
		for _, it := range n.Items {
			if Name(it) == step {
				return it
			}
		}
	}
	return nil
}

// Find returns the value at a path, nil when there is none.
func Find(root *place.Node, p Path) *place.Node {
	n := root
	for _, step := range p {
		if n = Child(n, step); n == nil {
			return nil
		}
	}
	return n
}

// Text renders a value on one line. Values of which hide is true are shown as
// stars.
func Text(n *place.Node, hide func(key string, v *place.Node) bool) string {
	var b strings.Builder
	render(&b, n, hide)
	return b.String()
}

func render(b *strings.Builder, n *place.Node, hide func(string, *place.Node) bool) {
	switch n.Kind {
	case place.Nothing:
		b.WriteString("~")
	case place.Text:
		b.WriteString(scalar(n.Text, n.Quoted))
	case place.List:
		b.WriteByte('[')
		for i, it := range n.Items {
			if i > 0 {
				b.WriteString(", ")
			}
			render(b, it, hide)
		}
		b.WriteByte(']')
	case place.Table:
		b.WriteByte('{')
		for i, p := range n.Pairs {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(scalar(p.Key.Text, p.Key.Quoted || strings.Contains(p.Key.Text, ":")) + ": ")
			if hide != nil && hide(p.Key.Text, p.Value) {
				b.WriteString(Stars)
				continue
			}
			render(b, p.Value, hide)
		}
		b.WriteByte('}')
	}
}

// Stars stand for what is not shown.
const Stars = `"********"`

// scalar writes a text so that it is read as the same text wherever it stands.
func scalar(text string, quoted bool) string {
	if !quoted && plain(text) {
		return text
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}

// plain reports whether text needs no quotes, in brackets or outside.
func plain(text string) bool {
	if text == "" || text != strings.TrimSpace(text) || strings.ContainsAny(text, "\n\r") {
		return false
	}
	for _, form := range [][2]string{{"[", "]"}, {"a: ", ""}} {
		n := place.Parse(place.NewSink(""), []byte(form[0]+text+form[1]+"\n"))
		if n == nil {
			return false
		}
		switch {
		case len(n.Items) == 1:
			n = n.Items[0]
		case len(n.Pairs) == 1:
			n = n.Pairs[0].Value
		default:
			return false
		}
		if n.Kind != place.Text || n.Text != text || n.Quoted {
			return false
		}
	}
	return true
}

// Equal reports whether two values say the same: the order of keys, quotes, and
// whether nothing is written as nothing, as ~ or as an empty list do not matter.
func Equal(a, b *place.Node) bool {
	if empty(a) || empty(b) {
		return empty(a) && empty(b)
	}
	if a.Kind != b.Kind || a.Text != b.Text || len(a.Items) != len(b.Items) || len(a.Pairs) != len(b.Pairs) {
		return false
	}
	for i := range a.Items {
		if !Equal(a.Items[i], b.Items[i]) {
			return false
		}
	}
	for _, p := range a.Pairs {
		other := Child(b, p.Key.Text)
		if other == nil || !Equal(p.Value, other) {
			return false
		}
	}
	return true
}

func empty(n *place.Node) bool {
	return n == nil || n.Kind == place.Nothing || n.Kind != place.Text && len(n.Items)+len(n.Pairs) == 0
}
