package progress

import "github.com/centralita/centralita/dsp/tone/plan"

// signal is one cadence a tune can have; empty is continuous.
type signal struct {
	kind  plan.Kind
	onOff []int
}

// Limits of a cadence.
const (
	tolerance   = 0.12 // of a length
	graceMs     = 15
	dialMs      = 900  // a continuous tone is believed
	ringPauseMs = 1200 // the pause after a burst of ringback is believed
	loudMs      = 80   // something else must sound in a pause to spoil it
	bridgeMs    = 40   // a shorter burst is a whistle
	gapMs       = 70   // a shorter pause is a click, or a packet lost
	seenMs      = 15   // a window sees a burst so much shorter and a pause longer,
	chordMs     = 10   // and of more than two frequencies so much more
	historyLen  = 16
)

// tune is one combination of frequencies and the bursts and pauses heard of it.
type tune struct {
	f        [maxPartials]int // frequencies, among all
	n        int              // how many sound together
	overtone int              // of a single frequency, its double: voices have it, exchanges do not; −1 is none
	bank     int              // that holds them
	signals  []signal

	on    bool
	ms    int             // length of the present burst or pause
	torn  bool            // the present piece began before we listened, or was no clean tone
	loud  int             // ms of a pause in which something else sounds
	glim  int             // ms that say otherwise
	past  [historyLen]int // complete pieces, the newest at count−1
	count int             // complete pieces in past, alternating, ending with the one before the present
	even  evenness

	heard int // blocks of tone summed in hz and power
	hz    [maxPartials]float32
	power float32
	line  float32
}

// maxPartials is how many frequencies can sound together.
const maxPartials = 4

// follow counts bursts and pauses. first tells that listening has just begun.
func (t *tune) follow(s sight, first bool) {
	if first && s.on {
		t.on, t.torn = true, true
	}
	t.ms += blockMs
	t.even.note(s.block)
	if s.on == t.on {
		t.glim = 0
	} else if t.glim += blockMs; t.glim >= bridgeMs && !t.on || t.glim >= gapMs {
		t.turn()
	}
	if s.on {
		t.hear(s)
	}
	if t.on {
		return
	}
	tone := float32(0)
	if t.heard > 0 {
		tone = t.power / float32(t.heard)
	}
	t.even.pause(s, tone, t.ms)
	if !s.on && t.heard > 0 && s.line*2 > tone {
		t.loud += blockMs
	}
}

// spoiled reports whether something else sounds in the present pause.
func (t *tune) spoiled() bool { return !t.on && t.loud >= loudMs }

// turn ends a burst or pause that lasted until the last bridgeMs.
func (t *tune) turn() {
	short := seenMs
	if t.n > 2 {
		short += chordMs
	}
	length := t.ms - t.glim - short
	if t.on {
		length += 2 * short
		even, alike := t.even.ended(t.n)
		t.torn = t.torn || !even
		if !alike {
			t.count = 0
		}
	}
	switch {
	case t.torn || t.spoiled():
		t.count = 0
	case t.count == historyLen:
		copy(t.past[:], t.past[1:])
		t.past[historyLen-1] = length
	default:
		t.past[t.count] = length
		t.count++
	}
	t.on, t.ms, t.glim, t.torn, t.loud = !t.on, t.glim, 0, false, 0
	t.even.begin()
	if t.on && t.count <= 1 { // a new train: what was measured before is another's
		t.heard, t.hz, t.power, t.line = 0, [maxPartials]float32{}, 0, 0
	}
}

// hear adds a block to what was measured of the tone.
func (t *tune) hear(s sight) {
	t.heard++
	for i, hz := range s.hz {
		t.hz[i] += hz
	}
	t.power += s.power
	t.line += s.line
	if t.on {
		t.even.hear(s, t.n, t.ms)
	}
}

// recent returns the length of the newest complete burst or pause, or of the
// present one if none is complete.
func (t *tune) recent(on bool) int {
	i := t.count - 1
	if t.on == on { // the newest complete piece is of the other kind
		i--
	}
	if i >= 0 && i < t.count {
		return t.past[i]
	}
	if t.on == on {
		return t.ms
	}
	return 0
}

func (t *tune) cadence(k plan.Kind) []int {
	for _, s := range t.signals {
		if s.kind == k {
			return s.onOff
		}
	}
	return nil
}

// near reports whether a complete piece can be one of length want.
func near(ms, want int) bool {
	d := ms - want
	if d < 0 {
		d = -d
	}
	return d*100 <= want*int(tolerance*100)+graceMs*100
}

// matches reports whether the last pieces complete pieces and the present one
// can be the cadence, begun anywhere, and where in the cadence we are.
func (t *tune) matches(onOff []int, pieces int) (at int, ok bool) {
	for rot := range onOff {
		if (rot%2 == 0) != t.on { // bursts stand at even places
			continue
		}
		if t.matchesAt(onOff, rot, pieces) {
			return rot, true
		}
	}
	return 0, false
}

// matchesAt is matches with the present piece at place rot of the cadence.
func (t *tune) matchesAt(onOff []int, rot, pieces int) bool {
	limit := onOff[rot] + onOff[rot]*int(tolerance*100)/100 + graceMs
	if !t.on {
		limit += seenMs + chordMs
	}
	if t.ms-t.glim > limit {
		return false
	}
	n := len(onOff)
	for i := 1; i <= pieces; i++ {
		want := onOff[((rot-i)%n+n)%n]
		if !near(t.past[t.count-i], want) {
			return false
		}
	}
	return true
}

// decide tells which signal the tune is, when only one is left.
func (t *tune) decide(awaitDial bool) (k plan.Kind, pieces int, ok bool) {
	found := false
	for _, s := range t.signals {
		n, done := t.done(s)
		if !done {
			continue
		}
		if t.contested(s, awaitDial) {
			continue
		}
		if !found || s.kind < k {
			k, pieces, found = s.kind, n, true
		}
	}
	return k, pieces, found
}

// done reports whether enough of a signal was heard, and how many pieces.
func (t *tune) done(s signal) (pieces int, ok bool) {
	if len(s.onOff) == 0 {
		return 1, t.on && t.even.steady() && t.ms-t.glim >= dialMs
	}
	if s.kind == plan.Ringback {
		// All bursts and the pauses between them, and a good part of the long pause.
		n := len(s.onOff) - 1
		last := s.onOff[n]
		if t.on || t.spoiled() || t.count < n || t.ms < min(ringPauseMs, last*3/4) {
			return 0, false
		}
		return n, t.matchesAt(s.onOff, n, n)
	}
	n := max(4, len(s.onOff))
	if !t.on || t.count < n || t.glim > 0 {
		return 0, false
	}
	_, ok = t.matches(s.onOff, n)
	return n, ok
}

// contested reports whether another signal of the tune fits as well what was
// heard of s.
func (t *tune) contested(s signal, awaitDial bool) bool {
	m := 0 // pieces that s explains
	for m < t.count && len(s.onOff) > 0 {
		if _, ok := t.matches(s.onOff, m+1); !ok {
			break
		}
		m++
	}
	for _, o := range t.signals {
		if o.kind == s.kind || len(o.onOff) == 0 || equal(o.onOff, s.onOff) {
			continue
		}
		if len(s.onOff) == 0 && awaitDial {
			continue
		}
		if _, ok := t.matches(o.onOff, m); ok {
			return true
		}
	}
	return false
}

// fits reports whether the present piece still belongs to a signal that was told.
func (t *tune) fits(k plan.Kind) bool {
	if t.spoiled() {
		return false
	}
	for _, s := range t.signals {
		if s.kind != k {
			continue
		}
		if len(s.onOff) == 0 {
			if t.on {
				return true
			}
			continue
		}
		if _, ok := t.matches(s.onOff, min(t.count, 1)); ok || t.shifted(s.onOff) {
			return true
		}
	}
	return false
}

// shifted reports whether the last burst and pause are right together: a packet
// lost at an edge takes from one what it gives to the other.
func (t *tune) shifted(onOff []int) bool {
	for rot := range onOff {
		if t.count < 2 || (rot%2 == 0) != t.on || !t.matchesAt(onOff, rot, 0) {
			continue
		}
		n := len(onOff)
		if near(t.past[t.count-1]+t.past[t.count-2], onOff[(rot+n-1)%n]+onOff[(rot+n-2)%n]) {
			return true
		}
	}
	return false
}

func equal(a, b []int) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
