package amend

import (
	"slices"

	"github.com/centralita/centralita/firmware/config/place"
)

// Tree reads a document; the error is its first problem.
func Tree(doc []byte) (*place.Node, error) {
	t, err := read(doc)
	if err != nil {
		return nil, err
	}
	return t.root, nil
}

// Hide returns doc with stars in place of the values of which hide is true.
func Hide(doc []byte, hide func(key string, v *place.Node) bool) ([]byte, error) {
	t, err := read(doc)
	if err != nil {
		return nil, err
	}
	type span struct{ from, to int }
	var spans []span
	var walk func(n *place.Node) error
	walk = func(n *place.Node) error {
		for _, it := range n.Items {
			if err := walk(it); err != nil {
				return err
			}
		}
		for _, p := range n.Pairs {
			if !hide(p.Key.Text, p.Value) {
				if err := walk(p.Value); err != nil {
					return err
				}
				continue
			}
			from, to, err := t.extent(p.Value)
			if err != nil {
				return err
			}
			spans = append(spans, span{from, to})
		}
		return nil
	}
	if err := walk(t.root); err != nil {
		return nil, err
	}
	slices.SortFunc(spans, func(a, b span) int { return b.from - a.from })
	for _, sp := range spans {
		t.s = t.s[:sp.from] + Stars + t.s[sp.to:]
	}
	return []byte(t.s), nil
}
