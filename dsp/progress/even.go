package progress

// Limits of a burst. An exchange switches one sine on and off; a voice or an
// instrument swells, fades and wavers.
const (
	steadiness = 2.5   // greatest by least power, 4 dB, of several frequencies together
	settleMs   = 110   // of a burst before it is judged: until then windows hold its beginning
	onsetMs    = 60    // of a burst when its beginning is kept
	wobbleHz   = 0.25  // standard deviation of the frequency, without noise
	ripple     = 0.025 // and of the power by its mean
	noisyHz    = 3     // what noise as strong as the tone adds to the square of wobbleHz
	noisyPower = 0.03  // and of ripple
	allowed    = 0.01  // of the tone may sound beside it and not in the pauses
	mostUneven = 2     // both squares by what they may be
	softEdges  = 2     // blocks of 10 ms between 6 and 70 per cent of the power, both ends together
	samePitch  = 0.005 // within a burst, and from burst to burst
	sameLevel  = 1.4   // 1.5 dB
	stretch    = 12    // windows that are judged together
	fewWindows = 3     // say nothing
	mostQuiet  = 0.4   // of a tone's power may be the noise in its pauses
	mostPause  = 1000  // ms of a pause that tell of its noise; what comes later is no part of a cadence
	quietRise  = 0.1   // of what a pause's power grew is believed each 10 ms
	longTone   = 8     // stretches after which half of a long tone is forgotten
)

// evenness is how evenly a burst sounds. It is judged in stretches of 120 ms, of
// which two thirds must be even: a concealed packet spoils one or two.
type evenness struct {
	ring  [16]float32 // powers of the last blocks, the newest last
	onset [16]float32 // ring at the beginning of the burst
	lag   [4]sight    // the last windows, so that the fading end is not judged
	hole  int         // windows to come that hold a gap, as of a lost packet

	n           float32 // windows of the present stretch
	base        float32 // Hz, from which the next two count
	hz, hz2     float32 // sum of the frequency and of its square
	pow, pow2   float32
	line        float32
	least, most float32 // powers

	judged, good float32 // stretches, and those that were even
	is           mean    // what the good ones were like
	before       mean    // the burst before
	quiet        float32 // power of the line in the pauses before, its lower side
}

// mean is what a burst was like; zero is none.
type mean struct{ hz, power float32 }

// like reports whether two bursts, or parts of one, sound alike.
func (m mean) like(o mean) bool {
	off := max(m.hz-o.hz, o.hz-m.hz)
	return off <= samePitch*o.hz && m.power <= sameLevel*o.power && o.power <= sameLevel*m.power
}

// begin starts a burst or a pause.
func (e *evenness) begin() { *e = evenness{ring: e.ring, before: e.before, quiet: e.quiet} }

// note takes in the power of a block.
func (e *evenness) note(power float32) {
	copy(e.ring[:], e.ring[1:])
	e.ring[len(e.ring)-1] = power
	e.hole--
	if power < 0.1*e.lag[len(e.lag)-1].power {
		e.hole = window
	}
}

// pause takes in a window of a pause that has lasted for ms, beside a tone of a
// power, 0 as long as none was heard. Silence before the noise of a line came on,
// as when a call is put through, is forgotten in a pause or two; what is nearly as
// strong as the tone is no noise of a line.
func (e *evenness) pause(s sight, tone float32, ms int) {
	if ms <= window*blockMs {
		e.quiet = s.line
	}
	if s.line <= mostQuiet*tone && ms <= mostPause {
		e.quiet += quietRise * max(0, s.line-e.quiet)
	}
	e.quiet = min(e.quiet, s.line)
}

// hear takes in a window of a burst of so many partials that has lasted for ms.
func (e *evenness) hear(s sight, partials, ms int) {
	if ms == onsetMs {
		e.onset = e.ring
	}
	if old := &e.lag[0]; old.on && ms >= settleMs {
		e.sum(old)
		if e.n == stretch {
			e.judge(partials)
		}
	}
	copy(e.lag[:], e.lag[1:])
	s.on = s.on && e.hole <= 0
	e.lag[len(e.lag)-1] = s
}

func (e *evenness) sum(s *sight) {
	if e.n == 0 {
		e.base, e.hz, e.hz2, e.pow, e.pow2, e.line = s.hz[0], 0, 0, 0, 0, 0
		e.least, e.most = s.power, 0
	}
	off := s.hz[0] - e.base
	e.n++
	e.hz += off
	e.hz2 += float32(off * off)
	e.pow += s.power
	e.pow2 += float32(s.power * s.power)
	e.line += s.line
	e.least, e.most = min(e.least, s.power), max(e.most, s.power)
}

// judge closes a stretch.
func (e *evenness) judge(partials int) {
	now := mean{e.base + e.hz/e.n, e.pow / e.n}
	if e.judged++; e.judged > longTone {
		e.judged, e.good = longTone/2, e.good/2
	}
	if e.even(partials) && (e.good == 0 || now.like(e.is)) {
		e.good++
		e.is.hz += (now.hz - e.is.hz) / e.good
		e.is.power += (now.power - e.is.power) / e.good
	}
	e.n = 0
}

// even reports whether a stretch was. Of several partials only the power is
// looked at, for they beat.
func (e *evenness) even(partials int) bool {
	if partials > 1 {
		return e.most <= steadiness*e.least
	}
	hz, power := e.hz/e.n, e.pow/e.n
	wobble := max(0, e.hz2/e.n-float32(hz*hz))
	rough := max(0, e.pow2/e.n-float32(power*power)) / float32(power*power)
	// What sounds beside the tone sounds in the pauses too, unless it is a voice's.
	noise := min(max(0, e.line/e.pow-1), allowed+2*e.quiet/power)
	return wobble/(wobbleHz*wobbleHz+float32(noisyHz*noise))+rough/(ripple*ripple+float32(noisyPower*noise)) <= mostUneven
}

// steady reports whether a tone that still sounds has been even so far.
func (e *evenness) steady() bool { return e.judged >= longTone/2 && 3*e.good >= 2*e.judged }

// ended reports whether a burst that is over was even and switched on and off
// sharply, and whether it was like the one before.
func (e *evenness) ended(partials int) (even, alike bool) {
	if e.n >= fewWindows {
		e.judge(partials)
	}
	if e.judged == 0 {
		return true, true // too short to be judged
	}
	if e.good == 0 {
		return false, false
	}
	alike = e.before.power == 0 || e.is.like(e.before)
	e.before = e.is
	even = 3*e.good >= 2*e.judged
	if partials > 1 || !even {
		return even, alike
	}
	end := e.ring
	for i := range end {
		end[i] = e.ring[len(end)-1-i]
	}
	return slope(&e.onset, e.is.power)+slope(&end, e.is.power) <= softEdges, alike
}

// slope counts the blocks in which a tone of a power comes up from nothing.
func slope(r *[16]float32, power float32) (n int) {
	i := 0
	for i < len(r) && r[i] < 0.06*power {
		i++
	}
	for i < len(r) && r[i] < 0.7*power {
		i++
		n++
	}
	return n
}
