package place

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// want reports that the value at n is not what key needs.
func (f *Fields) want(n *Node, key, what, why, hint string) {
	written := n.Kind.String()
	if n.Kind == Text {
		written = Quote(n.Text)
	}
	f.sink.Report(n.At, fmt.Sprintf("%s of %s must be %s", key, f.name, what), strings.TrimSuffix("it is "+written+", "+why, ", "), hint)
}

// single returns the text of n when it is a single value, reporting otherwise.
func (f *Fields) single(n *Node, key, what, hint string) (string, bool) {
	if n == nil {
		return "", false
	}
	if n.Kind != Text {
		f.want(n, key, what, "", hint)
		return "", false
	}
	return n.Text, true
}

// Text returns a text, def when absent.
func (f *Fields) Text(key, def string) string {
	if s, ok := f.single(f.Get(key), key, "a text", "write one value"); ok {
		return s
	}
	return def
}

// NeedText returns a text that must be there and not be empty.
func (f *Fields) NeedText(key, example string) string {
	n := f.Need(key, example)
	s, ok := f.single(n, key, "a text", "write one value")
	if ok && strings.TrimSpace(s) == "" {
		f.want(n, key, "a text", "an empty one says nothing", fmt.Sprintf("write %s: %s", key, example))
	}
	return s
}

// Bool returns true or false, def when absent.
func (f *Fields) Bool(key string, def bool) bool {
	n := f.Get(key)
	s, ok := f.single(n, key, "true or false", "write true or false")
	switch {
	case !ok:
		return def
	case s == "true" && !n.Quoted:
		return true
	case s == "false" && !n.Quoted:
		return false
	}
	f.want(n, key, "true or false", "", "write true or false without quotes")
	return def
}

// Int returns a whole number from least to most, def when absent.
func (f *Fields) Int(key string, def, least, most int) int {
	n := f.Get(key)
	what := fmt.Sprintf("a whole number from %d to %d", least, most)
	s, ok := f.single(n, key, what, "write one number")
	if !ok {
		return def
	}
	v, err := strconv.Atoi(s)
	if err != nil {
		f.want(n, key, what, "", "write it in digits")
		return def
	}
	if v < least || v > most {
		f.want(n, key, what, "", fmt.Sprintf("the nearest is %d", min(max(v, least), most)))
		return def
	}
	return v
}

// Duration returns a time such as 20s or 1m30s from least to most, def when absent.
func (f *Fields) Duration(key string, def, least, most time.Duration) time.Duration {
	n := f.Get(key)
	what := fmt.Sprintf("a time from %s to %s", Short(least), Short(most))
	s, ok := f.single(n, key, what, "write one time such as 20s")
	if !ok {
		return def
	}
	d, err := time.ParseDuration(s)
	if _, bare := strconv.Atoi(s); err != nil && bare == nil {
		f.want(n, key, what, "a number without a unit is no time", fmt.Sprintf("write %ss or %sm", s, s))
		return def
	}
	if err != nil {
		f.want(n, key, what, "", "write it as 20s, 1m30s or 4h")
		return def
	}
	if d < least || d > most {
		f.want(n, key, what, "", "the nearest is "+Short(min(max(d, least), most)))
		return def
	}
	return d
}

// Short prints a duration without zero units: 20s, 10m, 4h.
func Short(d time.Duration) string {
	s := d.String()
	s, _ = strings.CutSuffix(s, "0s")
	if s == "" || strings.ContainsAny(s[len(s)-1:], "0123456789") {
		return d.String()
	}
	if h, ok := strings.CutSuffix(s, "h0m"); ok {
		return h + "h"
	}
	return s
}

// Enum returns one of words, def when absent.
func (f *Fields) Enum(key, def string, words ...string) string {
	n := f.Get(key)
	what := "one of " + strings.Join(words, ", ")
	s, ok := f.single(n, key, what, "write one word")
	if !ok {
		return def
	}
	if slices.Contains(words, s) {
		return s
	}
	f.want(n, key, what, "", cmp.Or(mean(s, words), "write "+words[0]))
	return def
}

// List returns the items of a list, none when absent.
func (f *Fields) List(key string) []*Node {
	n := f.Get(key)
	if n == nil {
		return nil
	}
	if n.Kind != List {
		hint := "begin each entry with a dash"
		if n.Kind == Text {
			hint = fmt.Sprintf("write [%s]", n.Text)
		}
		f.want(n, key, "a list", "", hint)
		return nil
	}
	return n.Items
}

// Texts returns the single values of a list, reporting those that are none.
func (f *Fields) Texts(key string) []*Node {
	var out []*Node
	for _, n := range f.List(key) {
		if _, ok := f.single(n, "an entry of "+key, "a text", "write one value"); ok {
			out = append(out, n)
		}
	}
	return out
}
