package sources

import (
	"testing"
	"testing/fstest"
	"time"
)

// The word of a daemon's script counts while it is fresh and says that there is time.
func TestTold(t *testing.T) {
	now := time.Now()
	for _, c := range []struct {
		text string
		age  time.Duration
		want bool
	}{
		{"periodic 2 0.000312\n", time.Minute, true},
		{"stratum 3 -0.1", 24 * time.Minute, true},
		{"step 4", 0, true},
		{"periodic 2 0.0", 26 * time.Minute, false},
		{"periodic 2 0.0", -2 * time.Minute, false},
		{"unsync 2 0.0", 0, false},
		{"periodic 16 0.0", 0, false},
		{"periodic 0 0.0", 0, false},
		{"periodic x", 0, false},
		{"periodic", 0, false},
		{"", 0, false},
	} {
		m := machine(&fake{}, nil)
		m.root = fstest.MapFS{Told: {Data: []byte(c.text), ModTime: now.Add(-c.age)}}
		if got := m.Reading().Synced; got != c.want {
			t.Errorf("%q, %s ago: %t", c.text, c.age, got)
		}
	}
	if machine(&fake{}, nil).Reading().Synced {
		t.Error("nobody said anything")
	}
}
