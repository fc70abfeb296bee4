package acd

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestOrder compares the tree with a sorted slice.
func TestOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var tree order[key]
		var list []key
		tree.seed = rapid.Uint64().Draw(t, "seed")
		for range rapid.IntRange(0, 200).Draw(t, "steps") {
			k := key{int64(rapid.IntRange(0, 20).Draw(t, "at")), uint64(rapid.IntRange(0, 5).Draw(t, "seq"))}
			at, found := slices.BinarySearchFunc(list, k, func(a, b key) int {
				switch {
				case a == b:
					return 0
				case a.less(b):
					return -1
				}
				return 1
			})
			if tree.has(k) != found || tree.rank(k) != at {
				t.Fatalf("%v: has %t rank %d, want %t %d", k, tree.has(k), tree.rank(k), found, at)
			}
			switch {
			case !found:
				tree.add(k, &k)
				list = slices.Insert(list, at, k)
			case rapid.Bool().Draw(t, "remove"):
				tree.remove(k)
				list = slices.Delete(list, at, at+1)
			}
			if tree.len() != len(list) || tree.at(-1) != nil || tree.at(len(list)) != nil {
				t.Fatalf("len %d, want %d", tree.len(), len(list))
			}
			for i, want := range list {
				if got := tree.at(i); got == nil || *got != want {
					t.Fatalf("at %d: %v, want %v", i, got, want)
				}
			}
		}
	})
}

// TestTimers compares the heap with the smallest of a list.
func TestTimers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var h timers
		all := make([]timer, 12)
		for range rapid.IntRange(0, 200).Draw(t, "steps") {
			x := &all[rapid.IntRange(0, len(all)-1).Draw(t, "timer")]
			if rapid.IntRange(0, 2).Draw(t, "what") == 0 {
				h.stop(x)
			} else {
				h.set(x, int64(rapid.IntRange(0, 9).Draw(t, "at")))
			}
			var first *timer
			for i := range all {
				if y := &all[i]; y.slot != 0 && (first == nil || h.before(y, first)) {
					first = y
				}
			}
			if h.first() != first {
				t.Fatalf("first is %+v, want %+v", h.first(), first)
			}
		}
	})
}
