package media

import (
	"testing"

	"github.com/centralita/centralita/firmware/tel"
)

func TestAKeyIsToldOnceWhoeverOwnsIt(t *testing.T) {
	// A script is one character a step: a digit after e is an event, after t a
	// tone; . is one tick, _ is ten.
	for _, c := range []struct {
		name   string
		agreed bool
		script string
		want   string
	}{
		{"tones, no events agreed on", false, "t1.t2.t3", "123"},
		{"events", true, "e1.e1.e2", "112"},
		{"an event and its tone after it", true, "e1....t1__e2....t2__", "12"},
		{"a tone with a dropout, twice heard", true, "e1...t1..t1__e2__", "12"},
		{"a long tone with a dropout, twice heard apart", true, "e1...t1_t1__e2__", "12"},
		{"a tone before its event", true, "t1..e1__t2..e2__", "12"},
		{"tones although events were agreed on", true, "t1_t2_t3_", "123"},
		{"two quick tones are evidence at once", true, "t1..t2", "12"},
		{"tones own, then an event beside its tone", true, "t1_t2.e2__e3.", "123"},
		{"tones own, then a later event of the same key", true, "t1_____e1.", "11"},
		{"one voice-like tone among events", true, "e1__t9___e2__", "12"},
		{"two tones after events", true, "e1__t7__t8__t9", "189"},
		{"a voice-like tone before each of two keys", true, "e1__t7__e2__t8__e3", "123"},
		{"another key's event while a first tone waits", true, "t1.e2.", "12"},
	} {
		s := newShard(0, Config{})
		e := newEars(true, nil, false)
		e.agreed = c.agreed
		for i := 0; i < len(c.script); i++ {
			switch c.script[i] {
			case '.':
				e.pass(s, 1)
			case '_':
				for range 10 {
					e.pass(s, 1)
				}
			case 'e':
				i++
				e.event(s, 1, digitAt(c.script, i))
			case 't':
				i++
				e.tone(s, 1, digitAt(c.script, i))
			}
		}
		got := ""
		for _, ev := range s.events {
			got += ev.Digit.String()
		}
		if got != c.want {
			t.Errorf("%s: told %s, want %s", c.name, got, c.want)
		}
	}
}

func digitAt(s string, i int) tel.Digit { return tel.Digit(s[i]) }
