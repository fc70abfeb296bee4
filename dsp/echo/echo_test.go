package echo

import "testing"

func TestTails(t *testing.T) {
	for _, tail := range []int{16, 32, 64, 128} {
		if c, err := New(Options{Tail: tail}); err != nil || c.Tail() != tail {
			t.Errorf("tail of %d ms: %v", tail, err)
		}
	}
	for _, tail := range []int{0, -16, 20, 256} {
		if _, err := New(Options{Tail: tail}); err == nil {
			t.Errorf("a tail of %d ms is taken", tail)
		}
	}
}
