package health

import (
	"testing"
	"time"
)

// One port that hangs is its own fault; all of them, or the loop, starve the watchdog.
func TestStarving(t *testing.T) {
	parts := []Part{{Name: "loop", Within: time.Second, WhenLate: LoopLate()}}
	for _, id := range []string{"L1", "L2", "F1"} {
		parts = append(parts, Part{Name: "port " + id, Within: time.Second, Among: "ports", WhenLate: Condition{ID: "driver." + id}})
	}
	for _, c := range []struct {
		in             []int // that check in
		late, starving int
	}{{[]int{0, 1, 2, 3}, 0, 0}, {[]int{0, 1, 2}, 1, 0}, {[]int{0, 1}, 2, 0}, {[]int{0}, 3, 3}, {[]int{1, 2, 3}, 1, 1}, {[]int{1}, 3, 1}, {nil, 4, 4}} {
		k := NewChecks(noon, parts...)
		now := noon.Add(time.Minute)
		for _, i := range c.in {
			k.In(i, now)
		}
		if late, starving := k.Late(now), k.Starving(now); len(late) != c.late || len(starving) != c.starving {
			t.Errorf("%v check in: %d late, %d starve", c.in, len(late), len(starving))
		}
		var r Register
		k.Apply(now, &r)
		if n := len(r.Alarms()); n != c.late {
			t.Errorf("%v check in: %d conditions", c.in, n)
		}
	}
}
