package amend

import (
	"fmt"
	"slices"
	"strings"

	"github.com/centralita/centralita/firmware/config/place"
)

// Remove returns doc without the value at path.
func Remove(doc []byte, path string) ([]byte, error) {
	p, err := ParsePath(path)
	if err != nil {
		return nil, err
	}
	t, err := read(doc)
	if err != nil {
		return nil, err
	}
	parent, old := Find(t.root, p[:len(p)-1]), Find(t.root, p)
	if parent == nil || old == nil {
		return nil, fmt.Errorf("cannot remove %s: it is not there", p)
	}
	var out string
	if parent.Kind == place.Table {
		out, err = t.cutPair(parent, p[len(p)-1])
	} else {
		out, err = t.cutItem(parent, old)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot remove %s: %w", p, err)
	}
	got, err := read([]byte(out))
	if err != nil || !Equal(got.root, without(t.root, p)) {
		return nil, fmt.Errorf("cannot remove %s: %w", p, errPlace)
	}
	return []byte(out), nil
}

// cutPair takes a key and its value out of a table.
func (t *text) cutPair(n *place.Node, key string) (string, error) {
	i := slices.IndexFunc(n.Pairs, func(p place.Pair) bool { return p.Key.Text == key })
	from := t.offset(n.Pairs[i].Key.At)
	to, err := t.pairEnd(n.Pairs[i])
	if err != nil || from < 0 {
		return "", errPlace
	}
	switch {
	case t.flow(n) && i > 0:
		if from, err = t.pairEnd(n.Pairs[i-1]); err != nil {
			return "", err
		}
		return t.s[:from] + t.s[to:], nil
	case t.flow(n) && len(n.Pairs) == 1:
		return t.s[:from] + t.s[to:], nil
	case i == 0 && len(n.Pairs) > 1 && (t.flow(n) || strings.Contains(t.s[t.lineStart(from):from], "-")):
		next := t.offset(n.Pairs[1].Key.At)
		if next < 0 {
			return "", errPlace
		}
		return t.s[:from] + t.s[next:], nil
	}
	return t.cutLines(from, to), nil
}

// cutItem takes an entry out of a list.
func (t *text) cutItem(n, it *place.Node) (string, error) {
	i := slices.Index(n.Items, it)
	from, to, err := t.extent(it)
	switch {
	case err != nil:
		return "", err
	case t.flow(n) && i > 0:
		if _, from, err = t.extent(n.Items[i-1]); err != nil {
			return "", err
		}
		return t.s[:from] + t.s[to:], nil
	case t.flow(n) && len(n.Items) > 1:
		next, _, err := t.extent(n.Items[1])
		return t.s[:from] + t.s[next:], err
	case t.flow(n):
		return t.s[:from] + t.s[to:], nil
	}
	return t.cutLines(from, to), nil
}

// cutLines takes out the lines that hold the bytes from to to.
func (t *text) cutLines(from, to int) string {
	return t.s[:t.lineStart(from)] + t.s[min(t.lineEnd(to)+1, len(t.s)):]
}

// with returns a copy of n in which the value at p is v; under is the list that n
// is, if it is one.
func with(n *place.Node, p Path, v *place.Node, under string) *place.Node {
	if len(p) == 0 {
		return v
	}
	out := *n
	switch n.Kind {
	case place.Nothing:
		return nest(append(Path{under}, p...), v)
	case place.Table:
		out.Pairs = slices.Clone(n.Pairs)
		for i := range out.Pairs {
			if out.Pairs[i].Key.Text == p[0] {
				out.Pairs[i].Value = with(out.Pairs[i].Value, p[1:], v, p[0])
				return &out
			}
		}
		out.Pairs = append(out.Pairs, place.Pair{Key: word(p[0]), Value: nest(p, v)})
		return &out
	case place.List:
		out.Items = slices.Clone(n.Items)
		for i := range out.Items {
			if Name(out.Items[i]) == p[0] {
				out.Items[i] = with(out.Items[i], p[1:], v, "")
				return &out
			}
		}
		out.Items = append(out.Items, entry(Path{under}, p[0], v))
		return &out
	}
	return nil
}

// without returns a copy of n that lacks the value at p.
func without(n *place.Node, p Path) *place.Node {
	out := *n
	out.Pairs, out.Items = slices.Clone(n.Pairs), slices.Clone(n.Items)
	for i := range out.Pairs {
		if out.Pairs[i].Key.Text == p[0] {
			if len(p) == 1 {
				out.Pairs = slices.Delete(out.Pairs, i, i+1)
			} else {
				out.Pairs[i].Value = without(out.Pairs[i].Value, p[1:])
			}
			return &out
		}
	}
	for i := range out.Items {
		if Name(out.Items[i]) == p[0] {
			if len(p) == 1 {
				out.Items = slices.Delete(out.Items, i, i+1)
			} else {
				out.Items[i] = without(out.Items[i], p[1:])
			}
			return &out
		}
	}
	return &out
}
