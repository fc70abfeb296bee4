package line

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/hal/port"
)

// talk is one thing that is heard or seen in a call that is through.
type talk struct {
	at time.Duration
	ev Event // nil: the deadline of that time
}

const ms = time.Millisecond

// conversation steps a fresh line through an incoming call that is up at zero, and
// returns when and why it ended; it never did when the evidence is empty.
func conversation(t *testing.T, p Profile, steps []talk, until time.Duration) (at time.Duration, evidence string) {
	t.Helper()
	l := NewFXO(t0, Settings{Caps: full, Profile: p})
	now := t0
	do := func(d time.Duration, ev Event) bool {
		now = t0.Add(5*time.Second + d)
		for {
			due, ok := l.Deadline()
			if !ok || due.After(now) {
				break
			}
			if found(l.Step(due, TimedOut{}, nil), &evidence) {
				at = due.Sub(t0.Add(5 * time.Second))
				return true
			}
		}
		if ev == nil {
			return false
		}
		if found(l.Step(now, ev, nil), &evidence) {
			at = d
			return true
		}
		return false
	}
	do(-5*time.Second, wire(port.RingOn{}))
	do(-4*time.Second, wire(port.RingOff{}))
	do(-3*time.Second, wire(port.CallerID{Number: "1"}))
	do(-200*ms, Answer{})
	do(0, nil)
	if s, _ := l.State(); s != Talking {
		t.Fatalf("the call is not up: %s", l.Describe())
	}
	for _, s := range steps {
		if do(s.at, s.ev) {
			return at, evidence
		}
	}
	do(until, nil)
	return at, evidence
}

func found(out []Effect, evidence *string) bool {
	for _, e := range out {
		if g, ok := e.(Gone); ok {
			*evidence = string(g.Cause) + ", " + g.Evidence
			return true
		}
	}
	return false
}

func tone(t tel.Tone, sure float32, evidence string) Event {
	return Heard{Tone: t, Sure: sure, Evidence: evidence}
}

var (
	busy    = tone(tel.ToneBusy, 0.9, "busy tone 425 Hz 200/200")
	busyEnd = Heard{Tone: tel.ToneBusy, Ended: true}
	off, on = wire(port.Battery{}), wire(port.Battery{On: true})
	turn    = wire(port.Polarity{Reversed: true})
	learnt  = Profile{Calls: 10, Evidence: []Count{{SignBusy, 9}, {SignBattery, 1}}}
	byDrop  = Profile{Calls: 20, Evidence: []Count{{SignBattery, 20}}}
	other   = Profile{Calls: 1, Tones: []LearnedSignal{{Signal: "450@-12 350/350", Seen: 1}}}
)

// last is when the last thing of a talk happens.
func last(say []talk) time.Duration {
	if len(say) == 0 {
		return 0
	}
	return say[len(say)-1].at
}

// clicks are what the ear takes for a voice on a noisy line.
func clicks(from, to time.Duration) (out []talk) {
	for at := from; at < to; at += 3 * time.Second {
		out = append(out, talk{at, Voice{Far: true}}, talk{at + 1300*ms, Voice{}})
	}
	return out
}

// torn is a tone that is told under our own voice and ends by itself, then what is
// heard in turns, each for 200 ms, and a caller who listens on and speaks at last.
func torn(heard ...Event) []talk {
	out := []talk{{9 * time.Second, Voice{Near: true}}, {9500 * ms, Voice{Far: true, Near: true}}, {10 * time.Second, busy}, {10300 * ms, busyEnd}}
	for i := range 8 {
		out = append(out, talk{10400*ms + time.Duration(i)*200*ms, heard[i%len(heard)]})
	}
	return append(out, talk{15 * time.Second, Voice{Far: true, Near: true, Speech: true}}, talk{17 * time.Second, Voice{Near: true}})
}

// pluck is music of ours whose notes are short.
func pluck(from, to time.Duration) (out []talk) {
	for at := from; at < to; at += 2 * time.Second {
		out = append(out, talk{at, Voice{Near: true}}, talk{at + 500*ms, Voice{}})
	}
	return out
}

func beeps(from, every time.Duration, n int, signal string) (out []talk) {
	for i := 2; i <= n; i++ {
		out = append(out, talk{from + time.Duration(i)*every, Strange{Signal: signal, Periods: i, Sure: 0.9}})
	}
	return out
}

// What releases a call, when, and what the book says of it.
func TestReleases(t *testing.T) {
	for name, c := range map[string]struct {
		p    Profile
		say  []talk
		at   time.Duration
		want string
	}{
		"busy tone": {Profile{}, []talk{{10 * time.Second, busy}}, 10400 * ms,
			"release tone, busy tone 425 Hz 200/200 for 0.4 s"},
		"busy tone, as always on this line": {learnt, []talk{{10 * time.Second, busy}}, 10100 * ms,
			"release tone, busy tone 425 Hz 200/200 for 0.1 s, as in 9 of 10 calls of this line"},
		"busy tone on a line that always dropped the loop": {byDrop, []talk{{10 * time.Second, busy}}, 10800 * ms,
			"release tone, busy tone 425 Hz 200/200 for 0.8 s"},
		"a tone that is not sure": {Profile{}, []talk{{10 * time.Second, tone(tel.ToneCongestion, 0.3, "congestion tone")}}, 10800 * ms,
			"release tone, congestion tone for 0.8 s"},
		"a tone this line taught": {Profile{}, []talk{{10 * time.Second, tone(tel.ToneDisconnect, 0.9, "disconnect tone 450 Hz 350/350")}}, 10 * time.Second,
			"release tone, disconnect tone 450 Hz 350/350, learned plan"},
		"a tone the hardware named": {Profile{}, []talk{{10 * time.Second, tone(tel.ToneBusy, 0, "busy tone")}}, 10 * time.Second, "release tone, busy tone"},
		"dial tone": {Profile{}, []talk{{10 * time.Second, dialTone("425")}}, 11500 * ms,
			"release tone, dial tone 425 Hz continuous for 1.5 s"},
		"busy tone while our side talks over it": {Profile{}, []talk{{9 * time.Second, Voice{Near: true}}, {10 * time.Second, busy}, {10100 * ms, Voice{Far: true, Near: true}}},
			10400 * ms, "release tone, busy tone 425 Hz 200/200 for 0.4 s"},
		"busy tone that stops, then nothing": {Profile{}, []talk{{10 * time.Second, Voice{Far: true}}, {10 * time.Second, busy}, {10200 * ms, Voice{}}, {10300 * ms, busyEnd}}, 18300 * ms,
			"release tone, busy tone 425 Hz 200/200, then nothing for 8.0 s"},
		"busy tone that our own voice tore": {Profile{}, []talk{{10 * time.Second, busy}, {10300 * ms, busyEnd}, {11600 * ms, busy}}, 11600 * ms,
			"release tone, busy tone 425 Hz 200/200"},
		"busy tone that our own voice tears from its second period on": {Profile{}, torn(Voice{Far: true, Near: true}, Voice{Near: true}), 11500 * ms,
			"release tone, busy tone 425 Hz 200/200, then no speech for 1.2 s under our own voice"},
		"busy tone whose bursts sounded like a voice": {Profile{}, []talk{{10 * time.Second, busy}, {10300 * ms, busyEnd}, {13 * time.Second, Voice{Far: true}}, {15 * time.Second, busy}}, 15400 * ms,
			"release tone, busy tone 425 Hz 200/200 for 0.4 s"},
		"a loop drop of 50 ms": {Profile{}, []talk{{10 * time.Second, off}, {10050 * ms, on}}, 10050 * ms,
			"loop drop, the exchange dropped the loop current"},
		"a loop drop of 1 s": {Profile{}, []talk{{10 * time.Second, off}, {11 * time.Second, on}}, 10050 * ms,
			"loop drop, the exchange dropped the loop current"},
		"a reversal": {Profile{}, []talk{{10 * time.Second, turn}}, 10060 * ms, "reversal, the exchange reversed the line"},
		"two signs at once": {Profile{}, []talk{{10 * time.Second, busy}, {10200 * ms, turn}}, 10200 * ms,
			"release tone, busy tone 425 Hz 200/200 for 0.2 s, and the exchange reversed the line"},
		"an unknown cadence": {Profile{}, beeps(10*time.Second, 700*ms, 8, "450@-12 350/350"), 12800 * ms,
			"release tone, unknown tone 450@-12 350/350 for 2.8 s, 4 periods"},
		"an unknown cadence that a call ended with before": {other, beeps(10*time.Second, 700*ms, 8, "452@-12 350/360"), 11400 * ms,
			"release tone, unknown tone 452@-12 350/360 for 1.4 s, 2 periods, which a call on this line ended with before"},
		"an unknown steady tone and no voice behind it": {Profile{}, []talk{{10 * time.Second, Strange{Signal: "620@-10", Periods: 1, Sure: 1}}}, 40 * time.Second,
			"release tone, unknown steady tone 620@-10, then no voice for 30.0 s"},
		"silence but for clicks": {Profile{}, append([]talk{{10 * time.Second, Voice{Near: true}}, {20 * time.Second, Voice{}}}, clicks(25*time.Second, 320*time.Second)...), 320 * time.Second,
			"lost, silence both ways for 300.0 s"},
		"silence both ways": {Profile{}, []talk{{10 * time.Second, Voice{Near: true}}, {20 * time.Second, Voice{}}}, 320 * time.Second,
			"lost, silence both ways for 300.0 s"},
	} {
		t.Run(name, func(t *testing.T) {
			at, got := conversation(t, c.p, c.say, 400*time.Second)
			if got != c.want || at != c.at {
				t.Errorf("ended at %s: %s\nwant %s: %s", at, got, c.at, c.want)
			}
		})
	}
}

// What must never cut a person, music or a fax.
func TestNoReleases(t *testing.T) {
	dipped := Profile{Dips: 3, DipMS: 90}
	for name, c := range map[string]struct {
		p   Profile
		say []talk
	}{
		"a dip in battery shorter than any release": {Profile{}, []talk{{10 * time.Second, off}, {10045 * ms, on}}},
		"a dip such as this line has":               {dipped, []talk{{10 * time.Second, off}, {10110 * ms, on}}},
		"a reversal that goes back at once":         {Profile{}, []talk{{10 * time.Second, turn}, {10050 * ms, wire(port.Polarity{})}}},
		"a reversal that takes note of the answer":  {Profile{}, []talk{{100 * ms, turn}}},
		"something like busy, and somebody speaks":  {Profile{}, []talk{{10 * time.Second, busy}, {10300 * ms, busyEnd}, {12 * time.Second, Voice{Far: true}}, {14 * time.Second, Voice{}}}},
		"the same again: it must stand for longer": {Profile{}, []talk{{10 * time.Second, busy}, {10300 * ms, busyEnd}, {12 * time.Second, Voice{Far: true}},
			{20 * time.Second, Voice{}}, {30 * time.Second, busy}, {32 * time.Second, busyEnd}, {33 * time.Second, Voice{Far: true}}}},
		"something like busy under our voice, and somebody speaks": {Profile{}, torn(Voice{Far: true, Near: true, Speech: true}, Voice{Far: true, Near: true, Speech: true})},
		"something like busy under our voice, and a short word":    {Profile{}, torn(Voice{Near: true}, Voice{Near: true})},
		"something like busy under our voice, a short word, and nobody speaks for a while": {Profile{}, []talk{{9 * time.Second, Voice{Near: true}}, {10 * time.Second, busy},
			{10300 * ms, busyEnd}, {10400 * ms, Voice{}}, {10900 * ms, Voice{Far: true}}, {11000 * ms, Voice{}}}},
		"something like busy in a fax under our voice": {Profile{}, torn(Fax{Calling: true}, Voice{Far: true, Near: true})},
		"a fax whose signals resemble a tone":          {Profile{}, []talk{{9 * time.Second, Fax{Calling: true}}, {10 * time.Second, busy}, {13 * time.Second, busyEnd}, {14 * time.Second, Voice{Far: true}}}},
		"a fax whose carrier is steady":                {Profile{}, []talk{{9 * time.Second, Fax{}}, {10 * time.Second, Strange{Signal: "1800@-10", Periods: 1, Sure: 1}}}},
		"a fax that beats":                             {Profile{}, append([]talk{{9 * time.Second, Fax{}}}, beeps(10*time.Second, 500*ms, 60, "1650@-10 250/250")...)},
		"a recorder's beep every 15 s":                 {Profile{}, beeps(10*time.Second, 15*time.Second, 20, "1400@-20 500/14500")},
		"ringback of a transfer":                       {Profile{}, []talk{{10 * time.Second, tone(tel.ToneRingback, 0.9, "ringback")}}},
		"ringback of a transfer to Britain":            {Profile{}, beeps(10*time.Second, 3*time.Second, 12, "400+450@-13 400/200/400/2000")},
		"ringback of a transfer in no plan":            {Profile{}, beeps(10*time.Second, 5*time.Second, 12, "440@-15 1000/4000")},
		"a few beeps":                                  {Profile{}, beeps(10*time.Second, 600*ms, 3, "450@-12 300/300")},
		"a tune of pure notes": {Profile{}, append(beeps(10*time.Second, 600*ms, 3, "740@-12 300/300"),
			beeps(13*time.Second, 600*ms, 8, "880@-12 300/300")...)},
		"one note again and again":             {Profile{}, beeps(10*time.Second, 330*ms, 8, "740@-12 160/170")},
		"a quick trill":                        {Profile{}, beeps(10*time.Second, 100*ms, 8, "1800@-12 50/50")},
		"the special information tone":         {Profile{}, []talk{{10 * time.Second, tone(tel.ToneInfo, 0.9, "info")}}},
		"a long note of music, and more music": {Profile{}, []talk{{10 * time.Second, Strange{Signal: "440@-10", Periods: 1, Sure: 1}}, {12 * time.Second, Voice{Far: true}}, {20 * time.Second, Voice{}}}},
		"our plucked music to a silent caller": {Profile{}, pluck(10*time.Second, 400*time.Second)},
		"our music to a silent caller":         {Profile{}, []talk{{10 * time.Second, Voice{Near: true}}}},
		"a caller who listens to a silent us":  {Profile{}, []talk{{10 * time.Second, Voice{Far: true}}}},
		"an ear that tells no voices":          {Profile{}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if at, got := conversation(t, c.p, c.say, max(280*time.Second, last(c.say))); got != "" {
				t.Errorf("cut at %s: %s", at, got)
			}
		})
	}
}

// The longest a call may last is a sign too.
func TestLongestCall(t *testing.T) {
	l := NewFXO(t0, Settings{Longest: time.Hour})
	l.Step(t0, wire(port.RingOn{}), nil)
	l.Step(t0.Add(ringDebounce), TimedOut{}, nil)
	l.Step(t0.Add(time.Second), wire(port.RingOff{}), nil)
	l.Step(t0.Add(2*time.Second), wire(port.CallerID{Number: "1"}), nil)
	l.Step(t0.Add(2*time.Second), Answer{}, nil)
	l.Step(t0.Add(2200*ms), TimedOut{}, nil)
	due, _ := l.Deadline()
	out := fmt.Sprint(l.Step(due, TimedOut{}, nil))
	if due != t0.Add(2*time.Second+time.Hour) || !strings.Contains(out, "gone: timeout, the longest a call on this line may last is 1h0m0s") {
		t.Errorf("at %s: %s", due.Sub(t0), out)
	}
}

// A dip that somebody spoke after is learned, and forgiven from the second on.
func TestDipsAreLearned(t *testing.T) {
	l := NewFXO(t0, Settings{Caps: full, Profile: Profile{Dips: 1, DipMS: 30}})
	walk(t, l, after(rung,
		step{"10s", wire(port.Battery{}), ""},
		step{"10.04s", wire(port.Battery{On: true}), ""},
		step{"12s", Voice{Far: true}, ""},
		step{"20s", wire(port.Battery{}), ""},
		step{"20.055s", wire(port.Battery{On: true}), ""},
		step{"30s", wire(port.Battery{}), ""},
		step{"30.06s", nil, "do release | gone: loop drop, the exchange dropped the loop current | audio false | state clearing "}))
	if p := l.Profile(); p.Dips != 2 || p.DipMS != 40 {
		t.Errorf("%d dips of up to %d ms", p.Dips, p.DipMS)
	}
}

// Every tone the detectors tell is decided within two seconds, whatever the profile.
func TestDecidedWithinTwoSeconds(t *testing.T) {
	for _, p := range []Profile{{}, learnt, byDrop, {Calls: 50, Evidence: []Count{{SignReversal, 50}}}} {
		for _, tn := range []tel.Tone{tel.ToneBusy, tel.ToneCongestion, tel.ToneDial, tel.ToneDisconnect, tel.ToneUnobtainable, tel.ToneHowler} {
			for _, sure := range []float32{0, 0.1, 0.5, 1} {
				at, got := conversation(t, p, []talk{{10 * time.Second, tone(tn, sure, "x")}}, 60*time.Second)
				if got == "" || at > 12*time.Second {
					t.Errorf("%s, sure %.1f, after %v: %s %q", tn, sure, p.Evidence, at, got)
				}
			}
		}
	}
}
