package line

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/hal/port"
)

// A profile from anywhere can neither keep a line ringing for a quarter of an hour
// nor write on somebody's terminal.
func TestProfileOfAStranger(t *testing.T) {
	whole := string(aProfile().Text())
	for name, c := range map[string]struct{ text, want string }{
		"a bell that never ends":    {strings.Replace(whole, `1500/3000`, `1500/999999`, 1), "ring_cadence"},
		"a bell that is none":       {strings.Replace(whole, `1500/3000`, `ding`, 1), "ring_cadence"},
		"an odd bell":               {strings.Replace(whole, `2000/4000`, `2000/400000`, 1), "ring_cadence"},
		"dial tone of no frequency": {strings.Replace(whole, `"425"`, `"\u001b[2J"`, 1), "dial_tone"},
		"a standard that draws":     {strings.Replace(whole, `v23`, `v23\u001b[31m`, 1), "caller_id_standard"},
		"news that draws":           {strings.Replace(whole, `dial tone is 350`, `\u001b]0;owned\u0007`, 1), "changes[0]"},
		"news without end":          {strings.Replace(whole, `dial tone is 350`, strings.Repeat("x", 1<<17), 1), "bytes are more than"},
		"a level beyond all":        {strings.Replace(whole, `-18.25`, `-1e300`, 1), "level_in_dbm0"},
		"a sum that overflows":      {strings.Replace(whole, `"seen": 3`, `"seen": 9223372036854775807`, 1), "evidence[0].seen"},
		"a count that overflows":    {strings.Replace(whole, `"dips": 1`, `"dips": 9223372036854775807`, 1), "dips"},
		"an impedance that draws":   {strings.Replace(whole, `600r`, `600\u0007`, 1), "tuning"},
		"a tone that draws":         {strings.Replace(whole, `450@-12 350/350`, `450@-12\u001b[2J 350/350`, 1), "tones[0]"},
		"the same sign twice":       {strings.Replace(whole, `"busy tone"`, `"loop drop"`, 1), "evidence[1]"},
	} {
		if c.text == whole {
			t.Fatalf("%s: the profile is as it was", name)
		}
		if _, err := ParseProfile([]byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

// What a line learns of nonsense can be read again at the next start.
func TestWhatIsLearnedCanBeRead(t *testing.T) {
	l := NewFXO(t0, Settings{Caps: full})
	inf, now := float32(math.Inf(-1)), t0
	l.Step(now, Measured{Levels{In: inf, Out: -inf, ERL: 1e30, Twist: float32(math.NaN())}}, nil)
	for range 3 { // bursts that stick
		l.Step(now, Wire{port.RingOn{}}, nil)
		l.Step(now.Add(100*time.Millisecond), TimedOut{}, nil)
		l.Step(now.Add(time.Minute), Wire{port.RingOff{}}, nil)
		now = now.Add(3 * time.Minute)
	}
	p := l.Profile()
	if got, err := ParseProfile(p.Text()); err != nil || got.LevelIn.Seen+got.LevelOut.Seen+got.ERL.Seen+got.Twist.Seen != 0 {
		t.Errorf("%v: %s", err, p.Text())
	}
}
