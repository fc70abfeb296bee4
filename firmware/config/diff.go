package config

import (
	"slices"
	"strings"

	"github.com/centralita/centralita/firmware/config/amend"
	"github.com/centralita/centralita/firmware/config/place"
)

// Change is one difference between two documents.
type Change struct {
	Path    string `json:"path"`
	Kind    string `json:"kind"`          // "changed", "added", "removed", "order"
	Old     string `json:"old,omitempty"` // secrets are stars
	New     string `json:"new,omitempty"`
	Secret  bool   `json:"secret,omitempty"`  // it is one, or holds one
	Restart bool   `json:"restart,omitempty"` // it takes a restart when idle
}

// Diff returns the differences between two documents that were checked, in the
// order of the new one. Entries of lists are known by their names, not their places.
func Diff(before, after []byte) ([]Change, error) {
	a, err := amend.Tree(before)
	if err != nil {
		return nil, err
	}
	b, err := amend.Tree(after)
	if err != nil {
		return nil, err
	}
	var d differ
	d.value(nil, a, b)
	return d.out, nil
}

// NeedsRestart reports whether any of the changes takes a restart.
func NeedsRestart(changes []Change) bool {
	return slices.ContainsFunc(changes, func(c Change) bool { return c.Restart })
}

// TouchesSecret reports whether any of the changes is of a secret.
func TouchesSecret(changes []Change) bool {
	return slices.ContainsFunc(changes, func(c Change) bool { return c.Secret })
}

// secretKeys are the keys of values that are shown to nobody. One that refers to a
// secret kept elsewhere (secret:NAME) is none.
var secretKeys = []string{"password", "token", "pin", "secret", "passphrase"}

// Secret reports whether the value of a key is a secret.
func Secret(key string, v *place.Node) bool {
	return slices.Contains(secretKeys, key) && v.Kind == place.Text && !strings.HasPrefix(v.Text, "secret:")
}

// Masked returns doc with stars in place of its secrets.
func Masked(doc []byte) ([]byte, error) { return amend.Hide(doc, Secret) }

// differ collects differences.
type differ struct{ out []Change }

func (d *differ) value(p amend.Path, a, b *place.Node) {
	switch {
	case amend.Equal(a, b):
	case a != nil && b != nil && a.Kind == place.Table && b.Kind == place.Table:
		for _, pair := range b.Pairs {
			d.value(append(slices.Clone(p), pair.Key.Text), amend.Child(a, pair.Key.Text), pair.Value)
		}
		for _, pair := range a.Pairs {
			if amend.Child(b, pair.Key.Text) == nil {
				d.value(append(slices.Clone(p), pair.Key.Text), pair.Value, nil)
			}
		}
	case entries(a) && entries(b) && (list(a) || list(b)):
		d.list(p, a, b)
	default:
		d.leaf(p, a, b)
	}
}

// list compares lists whose entries have names.
func (d *differ) list(p amend.Path, a, b *place.Node) {
	var was, is []string
	for _, it := range items(b) {
		name := amend.Name(it)
		var old *place.Node
		if a != nil {
			old = amend.Child(a, name)
		}
		if old != nil {
			is = append(is, name)
		}
		d.value(append(slices.Clone(p), name), old, it)
	}
	for _, it := range items(a) {
		name := amend.Name(it)
		if b == nil || amend.Child(b, name) == nil {
			d.value(append(slices.Clone(p), name), it, nil)
		} else {
			was = append(was, name)
		}
	}
	if !slices.Equal(was, is) {
		d.add(Change{Path: p.String(), Kind: "order", Old: strings.Join(was, ", "), New: strings.Join(is, ", ")}, p, a, b)
	}
}

// leaf notes a value that differs as a whole.
func (d *differ) leaf(p amend.Path, a, b *place.Node) {
	c := Change{Path: p.String(), Kind: "changed"}
	key := ""
	if len(p) > 0 {
		key = p[len(p)-1]
	}
	show := func(n *place.Node) string {
		if n == nil || n.Kind == place.Nothing {
			return ""
		}
		if Secret(key, n) {
			return amend.Stars
		}
		return amend.Text(n, Secret)
	}
	c.Old, c.New = show(a), show(b)
	c.Secret = holdsSecret(key, a) || holdsSecret(key, b)
	switch {
	case c.Old == "":
		c.Kind = "added"
	case c.New == "":
		c.Kind = "removed"
	}
	d.add(c, p, a, b)
}

func (d *differ) add(c Change, p amend.Path, a, b *place.Node) {
	c.Restart = !live(p, c.Kind, a, b)
	d.out = append(d.out, c)
}

// holdsSecret reports whether a value is a secret or has one in it; a reference to
// one counts, because it decides which is used.
func holdsSecret(key string, n *place.Node) bool {
	if n == nil {
		return false
	}
	if slices.Contains(secretKeys, key) {
		return true
	}
	return slices.ContainsFunc(n.Items, func(it *place.Node) bool { return holdsSecret("", it) }) ||
		slices.ContainsFunc(n.Pairs, func(p place.Pair) bool { return holdsSecret(p.Key.Text, p.Value) })
}

func list(n *place.Node) bool { return n != nil && n.Kind == place.List && len(n.Items) > 0 }

func items(n *place.Node) []*place.Node {
	if n == nil {
		return nil
	}
	return n.Items
}

// entries reports whether n is a list of entries with names, or nothing at all.
func entries(n *place.Node) bool {
	return n == nil || n.Kind == place.Nothing || n.Kind == place.List && amend.Named(n)
}

// livePaths are the values that a running house takes over while calls go on; a
// star is any one step, two stars all below. What is not here takes a restart.
var livePaths = []string{
	"site.name",
	"lines.*.number", "lines.*.flow", "lines.*.use", "lines.*.block_collect", "lines.*.longest", "lines.*.echo", "lines.*.country", "lines",
	"phones.*.name", "phones.*.password", "phones.*.codecs", "phones.*.classes", "phones.*", "phones",
	"trunks.**", "queues.**", "agents.**", "pauses.**", "outside.**", "features.**", "operator", "fax", "schedules.**", "flows.**",
	"limits.**", "uplinks.**", "log.**",
}

// live reports whether a difference is taken over while calls go on.
func live(p amend.Path, kind string, a, b *place.Node) bool {
	if len(p) == 2 && p[0] == "phones" && (plugged(a) || plugged(b)) {
		return false // a telephone has a socket of the board
	}
	if len(p) == 1 && p[0] == "phones" && kind != "order" {
		return false
	}
	return slices.ContainsFunc(livePaths, func(pattern string) bool {
		return match(strings.Split(pattern, "."), p) && (pattern != "lines" || kind == "order")
	})
}

func plugged(n *place.Node) bool {
	return n != nil && n.Kind == place.Table && amend.Child(n, "socket") != nil
}

// match reports whether a path is of a pattern.
func match(pattern []string, p amend.Path) bool {
	for i, s := range pattern {
		if s == "**" {
			return true
		}
		if i >= len(p) || s != "*" && s != p[i] {
			return false
		}
	}
	return len(pattern) == len(p)
}
