package line

import (
	"fmt"
	"time"
)

// ending is that a call is over, and how we know.
type ending struct {
	sign     Sign
	evidence string
}

// release weighs everything that may tell that the far side has left, while the
// loop is closed. A sign is believed once it has stood for its patience, which the
// line's profile shortens or lengthens; two signs of different kinds at once are
// believed at once. The zero release is asleep.
type release struct {
	on    bool
	caps  caps
	prof  *Profile
	began time.Time
	ends  time.Time // the longest a call may last

	away  time.Time // battery went
	due   time.Time // the sign that is weighed now is believed then; zero: none
	sign  Sign      // that is weighed, with
	told  string    // its evidence
	since time.Time // and when it came

	tone    Sign      // sounds now
	stopped time.Time // a release tone that was weighed ended by itself
	after   ending    // which
	torn    bool      // it ended under our own voice, which may have torn it
	refuted int       // tones that somebody spoke after
	doubted Sign      // the last of them
	doubtAt time.Time

	strange   string // signal heard last
	strangeAt time.Time
	melody    time.Time // a strange tone came in another pitch then: music
	steadyAt  time.Time // a strange tone without a cadence was told

	fax       bool
	hears     bool // the ear tells who speaks
	far, near bool
	speech    bool      // what the far side says is no tone of the exchange
	sounded   time.Time // the far side was last told to sound
	farAt     time.Time // the far voice that is told now began
	spoke     time.Time // last sound of ours, or far voice longer than a click
	quiet     time.Duration
	dipped    time.Duration // a dip in battery that may turn out to be harmless
	dippedAt  time.Time
	survived  time.Duration // a dip after which somebody spoke
}

// caps are what of the hardware matters to the weighing.
type caps struct{ battery, polarity bool }

// Patience and limits of the weighing.
const (
	dropWidth    = 50 * time.Millisecond  // a shorter loss of current is no release (CPC is 50 ms and more)
	dropEarly    = 350 * time.Millisecond // before the answer exchanges switch
	dropMost     = 250 * time.Millisecond // however long this line's dips are
	turnWidth    = 60 * time.Millisecond  // a reversal that goes back sooner is noise
	toneWait     = 400 * time.Millisecond
	dialWait     = 1500 * time.Millisecond
	unsureWait   = 400 * time.Millisecond
	longestWait  = 1900 * time.Millisecond // unless there is a fax, or a tone was refuted
	faxWait      = 3 * time.Second
	refutedWait  = 2 * time.Second
	toneStops    = 8 * time.Second         // of nothing after a release tone that stopped
	tornWait     = 1200 * time.Millisecond // after a tone that our own voice tore: speech is told in half of it
	tornPause    = 500 * time.Millisecond  // between two bursts of it, beside the hangover of what sounds
	toneTwice    = 10 * time.Second        // the same tone again so soon was no voice, though one was told
	toneAgain    = 4 * time.Second         // a tone that was torn by our own voice and is back is believed
	strangeBeats = 4                       // periods of an unknown cadence
	strangeNotes = 8                       // of one that may be notes
	strangeQuick = 450                     // ms: a shorter period may be of notes
	strangeNever = 380                     // ms: a shorter one is, unless a call has ended with it before
	strangeHigh  = 1100                    // Hz: a higher tone may be a note
	melodyLasts  = time.Minute
	strangeKnown = 2 // when a call has ended with it before
	strangeWait  = 1200 * time.Millisecond
	strangeLive  = 3 * time.Second // heard so lately it still sounds
	strangePause = 1800            // ms: a longer pause is no release tone (ringback, the United Kingdom's too; a recorder's beep)
	steadyWait   = 30 * time.Second
)

// start begins to weigh at the instant now.
func (r *release) start(now time.Time, c caps, p *Profile, longest, silence time.Duration) {
	if longest <= 0 {
		longest = LongestCall
	}
	if silence <= 0 {
		silence = LongSilence
	}
	*r = release{on: true, caps: c, prof: p, began: now, ends: now.Add(longest), spoke: now, quiet: silence}
}

// stop ends the weighing.
func (r *release) stop() { r.on, r.due = false, time.Time{} }

// deadline is when something ripens.
func (r *release) deadline() time.Time {
	if !r.on {
		return time.Time{}
	}
	at := r.ends
	at = earlier(at, r.due)
	if r.hears && !r.far && !r.near {
		at = earlier(at, r.spoke.Add(r.quiet))
	}
	if !r.stopped.IsZero() {
		at = earlier(at, r.stopped.Add(r.stops()))
	}
	if !r.steadyAt.IsZero() {
		at = earlier(at, r.steadyAt.Add(steadyWait))
	}
	return at
}

// stops is how long after a release tone that ended by itself it is looked at again.
func (r *release) stops() time.Duration {
	if r.torn {
		return tornWait
	}
	return toneStops
}

// earlier returns the earlier of two instants; the zero instant is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// ripe returns the verdict of what is due.
func (r *release) ripe(now time.Time) (ending, bool) {
	passed := func(at time.Time) bool { return !at.IsZero() && !now.Before(at) }
	switch {
	case !r.on:
	case passed(r.due):
		return r.decide(now, ""), true
	case r.torn && passed(r.stopped.Add(tornWait)):
		r.torn = false
		if !r.fax && (r.far || now.Sub(r.sounded) < tornPause) {
			return ending{r.after.sign, fmt.Sprintf("%s, then no speech for %s under our own voice", r.after.evidence, secs(tornWait))}, true
		}
		if r.sounded.Sub(r.stopped) > voiceEnds { // a short word
			r.refute()
		}
	case !r.stopped.IsZero() && passed(r.stopped.Add(toneStops)):
		after := r.stopped
		r.stopped = time.Time{}
		if !r.far && !r.spoke.After(after.Add(voiceEnds)) {
			return ending{r.after.sign, fmt.Sprintf("%s, then nothing for %s", r.after.evidence, secs(toneStops))}, true
		}
	case !r.steadyAt.IsZero() && passed(r.steadyAt.Add(steadyWait)):
		at := r.steadyAt
		r.steadyAt = time.Time{}
		if !r.far && !r.fax && !r.spoke.After(at.Add(voiceEnds)) {
			return ending{SignStrange, fmt.Sprintf("unknown steady tone %s, then no voice for %s", r.strange, secs(steadyWait))}, true
		}
	case passed(r.ends):
		return ending{SignLongest, "the longest a call on this line may last is " + r.ends.Sub(r.began).String()}, true
	case r.hears && !r.far && !r.near && passed(r.spoke.Add(r.quiet)):
		return ending{SignSilence, fmt.Sprintf("silence both ways for %s", secs(now.Sub(r.spoke)))}, true
	}
	return ending{}, false
}

// clickMost: a far voice shorter than this, its hangover included, is a click on the
// line, or a few that came so close that the hangovers made them one: at 20 clicks a
// minute, each told for 0.3 s, one minute in thirty has a second of it. What we send
// has none: music that comes and goes is sound all the time.
const clickMost = 1500 * time.Millisecond

// voiceEnds is how long after its last sound a voice is still told.
const voiceEnds = 500 * time.Millisecond

// weigh takes a sign. It is believed now, or after its patience unless it is taken
// back before.
func (r *release) weigh(now time.Time, s Sign, evidence string, patience time.Duration) (ending, bool) {
	if !r.on {
		return ending{}, false
	}
	if !r.due.IsZero() && r.sign != s && independent(r.sign, s) {
		return r.decide(now, evidence), true
	}
	if !r.due.IsZero() && !now.Add(patience).Before(r.due) {
		return ending{}, false // the one that is weighed ripens first
	}
	r.sign, r.told, r.since, r.due = s, evidence, now, now.Add(patience)
	if patience > 0 {
		return ending{}, false
	}
	return r.decide(now, ""), true
}

// independent reports whether two signs come from different sources: the wire's
// current, its polarity, its sound.
func independent(a, b Sign) bool {
	source := func(s Sign) int {
		switch s {
		case SignBattery:
			return 1
		case SignReversal:
			return 2
		}
		return 3
	}
	return source(a) != source(b)
}

// decide makes the verdict of the sign that is weighed, with what else was seen.
func (r *release) decide(now time.Time, and string) ending {
	v := ending{r.sign, r.told}
	if d := now.Sub(r.since); d >= 100*time.Millisecond {
		v.evidence += " for " + secs(d)
	}
	if and != "" {
		v.evidence += ", and " + and
	}
	if n, all := r.prof.Released(r.sign); n >= examples {
		v.evidence += fmt.Sprintf(", as in %d of %d calls of this line", n, all)
	}
	r.stop()
	return v
}

// withdraw takes back the sign that is weighed when it is one of these.
func (r *release) withdraw(list ...Sign) bool {
	for _, s := range list {
		if !r.due.IsZero() && r.sign == s {
			r.due = time.Time{}
			return true
		}
	}
	return false
}

// patience returns how long a tone must stand until it is believed.
func (r *release) patience(s Sign, sure float32) time.Duration {
	d := toneWait
	if s == SignDial {
		d = dialWait
	}
	switch n, all := r.prof.Released(s); {
	case s == SignDisconnect: // it was learned on this line
		d = 0
	case n >= examples && n*4 >= all:
		d /= 4
	case n == 0 && all >= 2*settled: // this line tells it otherwise
		d *= 2
	}
	switch {
	case sure == 0: // hardware that names a tone does not take it back
		return 0
	case sure < 0.4:
		d += unsureWait
	}
	d = min(d, longestWait)
	if r.fax {
		d += faxWait
	}
	return d + time.Duration(r.refuted)*refutedWait
}

// secs writes a duration in seconds.
func secs(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
