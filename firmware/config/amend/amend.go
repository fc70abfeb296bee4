package amend

import (
	"fmt"
	"slices"
	"strings"

	"github.com/centralita/centralita/firmware/config/place"
)

// Set returns doc with the value at path changed, or added where it was not. value
// is what a person writes: a word, or a table or list in brackets.
func Set(doc []byte, path, value string) ([]byte, error) {
	p, err := ParsePath(path)
	if err != nil {
		return nil, err
	}
	t, err := read(doc)
	if err != nil {
		return nil, err
	}
	v, err := parseValue(value)
	if err != nil {
		return nil, err
	}
	if t.root.Kind == place.Nothing {
		t.root = &place.Node{At: place.At{Line: 1, Col: 1}, Kind: place.Table}
	}
	at, depth := t.root, 0
	for depth < len(p) {
		next := Child(at, p[depth])
		if next == nil {
			break
		}
		at, depth = next, depth+1
		if next.Kind == place.Nothing {
			break
		}
	}
	var out string
	if at.Kind == place.Nothing && depth < len(p) {
		out, err = t.replace(p[:depth], nest(p[depth-1:], v))
	} else if depth == len(p) {
		if old := at; v.Kind == place.Text && old.Kind == place.Text && old.Quoted {
			v.Quoted = true // as it was
		}
		out, err = t.replace(p, v)
	} else {
		out, err = t.add(at, p[:depth], p[depth:], v)
	}
	if err != nil {
		return nil, err
	}
	return checked(t.root, p, v, out)
}

// checked returns the text if it says what the tree says with v at p.
func checked(root *place.Node, p Path, v *place.Node, out string) ([]byte, error) {
	got, err := read([]byte(out))
	if err != nil {
		return nil, fmt.Errorf("cannot change %s: %w", p, errPlace)
	}
	want := with(root, p, v, "")
	if want == nil || !Equal(got.root, want) {
		return nil, fmt.Errorf("cannot change %s: %w", p, errPlace)
	}
	return []byte(out), nil
}

// parseValue reads what a person wrote for a value.
func parseValue(value string) (*place.Node, error) {
	if strings.ContainsAny(value, "\n\r") {
		return nil, fmt.Errorf("cannot use the value %s: a value stands on one line", place.Quote(value))
	}
	s := strings.TrimSpace(value)
	if s != "" && strings.ContainsRune(`[{"'`, rune(s[0])) {
		sink := place.NewSink("the value")
		root := place.Parse(sink, []byte("v: "+s+"\n"))
		if root == nil || !sink.Empty() {
			return nil, fmt.Errorf("cannot read the value: %s", sink.Problems()[0])
		}
		if len(root.Pairs) != 1 {
			return nil, fmt.Errorf("cannot use the value %s: it is no value", place.Quote(value))
		}
		return root.Pairs[0].Value, nil
	}
	n := &place.Node{Kind: place.Text, Text: s, Quoted: s == ""}
	sink := place.NewSink("the value")
	if place.Parse(sink, []byte("v: "+scalar(s, true)+"\n")) == nil || !sink.Empty() {
		return nil, fmt.Errorf("cannot use the value %s: it holds characters that cannot be seen", place.Quote(value))
	}
	return n, nil
}

// replace writes v over the value at p.
func (t *text) replace(p Path, v *place.Node) (string, error) {
	parent, old := Find(t.root, p[:len(p)-1]), Find(t.root, p)
	if parent.Kind == place.Table && (old.Kind == place.Nothing || old.Kind != place.Text && !t.flow(old)) {
		for _, pair := range parent.Pairs {
			if pair.Value != old {
				continue
			}
			from, err := t.colon(pair.Key)
			if err != nil {
				return "", err
			}
			to, err := t.pairEnd(pair)
			return t.s[:from] + " " + Text(v, nil) + t.s[max(from, to):], err
		}
	}
	from, to, err := t.extent(old)
	if err != nil {
		return "", fmt.Errorf("cannot change %s: %w", p, err)
	}
	return t.s[:from] + Text(v, nil) + t.s[to:], nil
}

// add writes what is not there yet: at is the value that p leads to, rest the steps
// that it lacks.
func (t *text) add(at *place.Node, p, rest Path, v *place.Node) (string, error) {
	if at.Kind == place.List {
		if len(rest) > 1 || v.Kind != place.Table {
			return "", fmt.Errorf("cannot change %s: %s has no %s; add it with: config set %s '{…}'", append(slices.Clone(p), rest...), p, rest[0], append(slices.Clone(p), rest[0]))
		}
		return t.addItem(at, entry(p, rest[0], v))
	}
	if at.Kind == place.Text {
		return "", fmt.Errorf("cannot change %s: %s is a single value", append(slices.Clone(p), rest...), p)
	}
	key, value := rest[0], nest(rest, v)
	line := scalar(key, strings.Contains(key, ":")) + ": " + Text(value, nil)
	switch {
	case at == t.root && !t.flow(at):
		end := ""
		if t.s != "" && !strings.HasSuffix(t.s, "\n") {
			end = "\n"
		}
		if value.Kind == place.List && len(value.Items) == 1 {
			line = scalar(key, strings.Contains(key, ":")) + ":\n  - " + Text(value.Items[0], nil)
		}
		return t.s + end + line + "\n", nil
	case t.flow(at):
		from := t.offset(at.At) + 1
		if len(at.Pairs) == 0 {
			return t.s[:from] + line + t.s[from:], nil
		}
		end, err := t.pairEnd(at.Pairs[len(at.Pairs)-1])
		if err != nil {
			return "", err
		}
		return t.s[:end] + ", " + line + t.s[end:], nil
	case at.Kind == place.Table && len(at.Pairs) > 0:
		first := at.Pairs[0]
		indent := strings.Repeat(" ", max(first.Key.At.Col-1, 0))
		if first.Value.Kind == place.Text {
			end, err := t.pairEnd(first)
			if err != nil {
				return "", err
			}
			end = t.lineEnd(end)
			return t.s[:end] + "\n" + indent + line + t.s[end:], nil
		}
		from := t.offset(first.Key.At)
		if from < 0 {
			return "", errPlace
		}
		return t.s[:from] + line + "\n" + indent + t.s[from:], nil
	}
	return "", fmt.Errorf("cannot change %s: %w", p, errPlace)
}

// nest puts v where the steps behind the first lead.
func nest(rest Path, v *place.Node) *place.Node {
	if len(rest) == 1 {
		return v
	}
	if _, isList := lists[rest[0]]; isList {
		return &place.Node{Kind: place.List, Items: []*place.Node{entry(Path{rest[0]}, rest[1], nest(rest[1:], v))}}
	}
	return &place.Node{Kind: place.Table, Pairs: []place.Pair{{Key: word(rest[1]), Value: nest(rest[1:], v)}}}
}

func word(s string) *place.Node { return &place.Node{Kind: place.Text, Text: s} }

// entry is v as an entry called name of the list at p.
func entry(p Path, name string, v *place.Node) *place.Node {
	if v.Kind != place.Table || Name(v) == name {
		return v
	}
	key := lists[p[len(p)-1]]
	if key == "" {
		key = "id"
	}
	out := &place.Node{Kind: place.Table, Pairs: []place.Pair{{Key: word(key), Value: &place.Node{Kind: place.Text, Text: name, Quoted: digits(name)}}}}
	for _, pair := range v.Pairs {
		if pair.Key.Text != key {
			out.Pairs = append(out.Pairs, pair)
		}
	}
	return out
}

// digits reports whether s is a number, which our documents write in quotes.
func digits(s string) bool { return strings.Trim(s, "0123456789*#") == "" }

// addItem writes an entry behind the last of a list.
func (t *text) addItem(list, it *place.Node) (string, error) {
	if t.flow(list) {
		from := t.offset(list.At) + 1
		if len(list.Items) == 0 {
			return t.s[:from] + Text(it, nil) + t.s[from:], nil
		}
		_, end, err := t.extent(list.Items[len(list.Items)-1])
		if err != nil {
			return "", err
		}
		return t.s[:end] + ", " + Text(it, nil) + t.s[end:], nil
	}
	if len(list.Items) == 0 {
		return "", errPlace
	}
	last := list.Items[len(list.Items)-1]
	from, end, err := t.extent(last)
	if err != nil {
		return "", err
	}
	dash := strings.LastIndexByte(t.s[t.lineStart(from):from], '-')
	if dash < 0 {
		return "", errPlace
	}
	end = t.lineEnd(end)
	return t.s[:end] + "\n" + strings.Repeat(" ", dash) + "- " + Text(it, nil) + t.s[end:], nil
}
