package rtpleg

import "github.com/centralita/centralita/firmware/tel"

// keyOf are the keys of the events 0 to 15 (RFC 4733 § 3.2).
const keyOf = "0123456789*#ABCD"

// Bounds of what the far end may press, in ticks.
const (
	perSecond = 20  // keys
	second    = 50  // ticks
	longest   = 400 // a key that is never released ends after 8 s
	unheard   = 10  // or when nothing more comes of it for 200 ms
)

// eventIn follows the events of the far end (RFC 4733 § 2.5). Each key is
// told once, when its first packet arrives, whichever of them that is.
type eventIn struct {
	seen     bool
	ts       uint32
	event    byte
	duration uint16
	down     bool
	since    int // ticks down
	silent   int // ticks without a packet of it

	keys [16]tel.Digit // not yet fetched
	n    int
	told [perSecond]uint64 // ticks at which the last keys were told
	at   int
	tick uint64
}

// next counts a tick.
func (e *eventIn) next() {
	e.tick++
	if e.down {
		e.since++
		e.silent++
		e.down = e.since < longest && e.silent < unheard
	}
}

// take takes an event packet; false means that it was ignored.
func (e *eventIn) take(ts uint32, p []byte) bool {
	if len(p) < 4 || p[0] >= byte(len(keyOf)) {
		return false
	}
	event, end, duration := p[0], p[1]&0x80 != 0, uint16(p[2])<<8|uint16(p[3])
	if e.seen {
		ahead := int32(ts - e.ts)
		if ahead < 0 && ahead > -80_000 {
			return true // an older key's last words
		}
		if ahead == 0 || e.goesOn(ts, event) {
			if e.down {
				e.down = !end
			}
			e.ts, e.duration, e.silent = ts, duration, 0
			return true
		}
	}
	e.seen, e.ts, e.event, e.duration = true, ts, event, duration
	e.down, e.since, e.silent = !end, 0, 0
	return e.press(tel.Digit(keyOf[event]))
}

// goesOn reports whether ts begins the next segment of a long key (§ 2.5.1.3).
func (e *eventIn) goesOn(ts uint32, event byte) bool {
	return e.down && event == e.event && ts == e.ts+uint32(e.duration)
}

// press queues a key, unless there were too many in this second.
func (e *eventIn) press(d tel.Digit) bool {
	oldest := e.told[e.at]
	if e.n == len(e.keys) || oldest > 0 && e.tick-oldest < second {
		return false
	}
	e.told[e.at] = e.tick
	e.at = (e.at + 1) % perSecond
	e.keys[e.n] = d
	e.n++
	return true
}

// pop returns the oldest key that was not fetched.
func (e *eventIn) pop() (tel.Digit, bool) {
	if e.n == 0 {
		return 0, false
	}
	d := e.keys[0]
	copy(e.keys[:], e.keys[1:e.n])
	e.n--
	return d, true
}

// ends is how often the end of a key is sent (RFC 4733 § 2.5.1.4).
const ends = 3

// eventOut sends a key: one packet per tick while it is down, then its end
// three times.
type eventOut struct {
	event    byte
	left     int // ticks until it is released
	ends     int // ends still to be sent
	start    uint32
	duration uint16
	first    bool
}

// busy reports whether a key is being sent.
func (e *eventOut) busy() bool { return e.left > 0 || e.ends > 0 }

// begin starts a key; false means that another is being sent, or d is none.
func (e *eventOut) begin(d tel.Digit, ticks int) bool {
	for i := range len(keyOf) {
		if tel.Digit(keyOf[i]) == d && !e.busy() {
			*e = eventOut{event: byte(i), left: max(1, min(ticks, longest)), ends: ends, first: true}
			return true
		}
	}
	return false
}

// packet writes the payload of the next packet, whose timestamp is returned
// with the marker; now is the timestamp of this tick's audio.
func (e *eventOut) packet(p []byte, now uint32) (ts uint32, marker bool) {
	if e.first {
		e.start = now
	}
	marker, e.first = e.first, false
	var end byte
	if e.left > 0 {
		e.left--
		e.duration += 160
	} else {
		e.ends--
		end = 0x80
	}
	const volume = 10 // −10 dBm0
	p[0], p[1], p[2], p[3] = e.event, end|volume, byte(e.duration>>8), byte(e.duration)
	return e.start, marker
}
