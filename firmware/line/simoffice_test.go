package line

import (
	"time"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/hal/port"
)

// office is the exchange at the other end of a random line, with its faults, and
// the driver and the ear that tell of it, some milliseconds late.
type office struct {
	s       *sim
	quiet   bool
	battery bool
	faulty  bool // it gives no dial tone
	odd     bool // its dial tone is in no plan
	lost    bool // our hardware

	ringing bool
	turn    int  // of whatever goes on: what was planned for another turn is void
	caller  bool // somebody rings or is through to us
	offered bool // and the house was told of him
	met     int  // callers whom a seizure met
	tone    tel.Tone
	fresh   bool // the tone began after this seizure
	bell    bool
	party   bool // a party we called is on the line
}

func (c *office) init(s *sim) { c.s, c.battery = s, true }

// tell hands a wire event to the machine, as late as a driver is.
func (c *office) tell(e port.Event) {
	s := c.s
	s.after(s.some(0, 30), func() {
		if c.lost {
			if _, found := e.(port.Found); !found {
				return
			}
		}
		s.step(Wire{e})
	})
}

// hear hands the machine what the ear told, while audio flows.
func (c *office) hear(e Event) {
	if c.s.audio {
		c.s.step(e)
	}
}

// live lets one random thing happen, and plans the next.
func (s *sim) live() {
	c := &s.co
	switch k := s.r.IntN(100); {
	case k < 34:
		c.call()
	case k < 64:
		if s.chance(15) { // both at once
			c.call()
			s.after(s.some(0, 60), s.dial)
			break
		}
		s.dial()
	case k < 70:
		c.dip(s.some(5, 45))
	case k < 73:
		c.dip(s.some(200, 60_000))
	case k < 74 && s.chance(50):
		c.dip(s.some(1_000_000, 3_000_000)) // a cut cable
	case k < 77:
		c.tell(port.Polarity{Reversed: s.chance(50)})
	case k < 80:
		if !c.ringing && !s.loop {
			c.tell(port.RingOn{}) // a spike
			s.after(s.some(31, 60), func() { s.step(Wire{port.RingOff{}}) })
		}
	case k < 82:
		c.unplug()
	case k < 84:
		c.faulty = !c.faulty
	case k < 86:
		c.odd = !c.odd
	case k < 88:
		s.hearAnything()
	case k < 90:
		c.tell(port.CallerID{Number: "600", Standard: "dtmf"})
	case k < 91:
		s.step(Freeze{s.chance(50)})
	case k < 92:
		s.step(Lend{true})
		s.after(s.some(1000, 200_000), func() { s.step(Lend{}) })
	case k < 93:
		s.step(Measured{Levels{In: float32(-30 + s.r.IntN(25)), ERL: float32(s.r.IntN(30)), Twist: 2, Out: -15}})
	default:
		s.hearAnything()
		s.hearAnything()
	}
	s.after(s.some(50, 40_000), s.live)
}

// hearAnything tells of sounds that mean nothing, or are false.
func (s *sim) hearAnything() {
	if !s.audio {
		return
	}
	tones := []tel.Tone{tel.ToneBusy, tel.ToneCongestion, tel.ToneRingback, tel.ToneInfo, tel.ToneDisconnect, tel.ToneHowler, tel.ToneUnobtainable}
	now, _ := s.l.State()
	t := tones[s.r.IntN(len(tones))]
	switch s.r.IntN(6) {
	case 0:
		if s.co.caller && !s.co.offered {
			return // he says hello, which is no tone
		}
		s.step(Heard{Tone: t, Sure: s.r.Float32(), Evidence: t.String() + " tone 425 Hz"})
		s.after(s.some(100, 5000), func() { s.co.hear(Heard{Tone: t, Ended: true}) })
	case 1:
		s.step(Voice{Far: s.chance(50), Near: s.chance(50)})
	case 2:
		s.step(Fax{s.chance(50)})
	case 3:
		s.step(Strange{Signal: "500@-12 300/300", Periods: 1 + s.r.IntN(30), Sure: 0.9})
	case 4:
		if now == Talking || now == AwaitAnswer { // elsewhere it would be a dial tone
			s.step(Strange{Signal: "350+440@-13", Periods: 1, Sure: 0.9})
			s.step(Voice{})
		}
	case 5:
		if now == Talking || now == AwaitAnswer {
			s.step(Heard{Tone: tel.ToneDial, Sure: 0.9, Evidence: "dial tone 425 Hz"})
			s.after(s.some(100, 4000), func() { s.co.hear(Heard{Tone: tel.ToneDial, Ended: true}) })
		}
	}
}

// call: somebody calls us.
func (c *office) call() {
	s := c.s
	if c.ringing || c.caller || s.loop || c.lost || !c.battery || c.quiet {
		return
	}
	c.turn++
	c.ringing, c.caller, c.bell = true, true, false
	c.offered = s.house.call != 0 && s.house.in // he comes into the call of another, who just gave up
	turn := c.turn
	id := port.CallerID{Number: "600123456", Standard: []string{"v23", "bell202", "dtmf"}[s.r.IntN(3)]}
	start := time.Duration(0)
	switch s.r.IntN(4) {
	case 0: // reversal and data first; who seizes now takes the call
		c.tell(port.Polarity{Reversed: true})
		start = s.some(900, 3000)
		s.after(start-s.some(100, 800), c.if_(turn, func() { c.tell(id) }))
	case 1:
		start = s.some(300, 1500)
		c.tell(id)
	case 2:
		s.after(s.some(2200, 3800), c.if_(turn, func() { c.tell(id) }))
	}
	s.after(start, c.if_(turn, func() { c.burst(turn, 2+s.r.IntN(8)) }))
	s.after(start+s.some(500, 40_000), func() { // he gives up
		if c.turn == turn && c.ringing {
			c.silence()
			c.ringing, c.caller = false, false
			c.turn++
		}
	})
}

// if_ guards what was planned for one turn of things.
func (c *office) if_(turn int, do func()) func() {
	return func() {
		if c.turn == turn && !c.lost {
			do()
		}
	}
}

func (c *office) burst(turn, left int) {
	c.bell = true
	c.tell(port.RingOn{})
	c.s.after(c.s.some(1200, 2000), c.if_(turn, func() {
		c.silence()
		if left > 0 {
			c.s.after(c.s.some(2000, 3500), c.if_(turn, func() { c.burst(turn, left-1) }))
			return
		}
		c.ringing, c.caller = false, false // he gives up
		c.turn++
	}))
}

func (c *office) silence() {
	if c.bell {
		c.bell = false
		c.tell(port.RingOff{})
	}
}

// seized: our machine closed the loop.
func (c *office) seized() {
	s := c.s
	c.turn++
	turn := c.turn
	if c.ringing { // whoever closes the loop now has the caller
		c.silence()
		c.ringing = false
		if !c.offered {
			c.met++
		}
		s.after(s.some(500, 600_000), c.if_(turn, c.farEnds))
		return
	}
	if c.caller { // the loop was opened for a moment, to refuse a collect call
		s.after(s.some(500, 600_000), c.if_(turn, c.farEnds))
		return
	}
	c.tone, c.fresh = tel.ToneNone, false
	if c.faulty || !c.battery {
		if s.chance(30) {
			s.after(s.some(500, 3000), c.if_(turn, func() { c.sound(turn, tel.ToneBusy) }))
		}
		return
	}
	s.after(s.some(150, 1500), c.if_(turn, func() {
		c.fresh = true
		c.sound(turn, tel.ToneDial)
	}))
}

// sound begins a tone; the ear tells of it a second later.
func (c *office) sound(turn int, t tel.Tone) {
	s := c.s
	c.tone = t
	odd := c.odd
	s.after(s.some(800, 2500), c.if_(turn, func() {
		if c.tone != t {
			return
		}
		if t == tel.ToneDial && odd {
			c.hear(Strange{Signal: "350+440@-13", Periods: 1, Sure: 0.9})
			return
		}
		c.hear(Heard{Tone: t, Sure: 0.5 + s.r.Float32()/2, Evidence: t.String() + " tone 425 Hz 200/200"})
	}))
}

// dialTone reports whether there is dial tone that this seizure brought.
func (c *office) dialTone() bool { return c.s.loop && c.tone == tel.ToneDial && c.fresh }

// digits: the number comes.
func (c *office) digits() {
	s, turn := c.s, c.turn
	c.tone = tel.ToneNone
	switch s.r.IntN(6) {
	case 0:
		s.after(s.some(3000, 6000), c.if_(turn, func() { c.sound(turn, tel.ToneBusy) }))
	case 1:
		s.after(s.some(3000, 6000), c.if_(turn, func() { c.sound(turn, tel.ToneCongestion) }))
	case 2:
		s.after(s.some(3000, 6000), c.if_(turn, func() { c.sound(turn, tel.ToneInfo) }))
	case 3: // silence, and nothing more
	default:
		s.after(s.some(3000, 6000), c.if_(turn, func() { c.sound(turn, tel.ToneRingback) }))
		s.after(s.some(9000, 60_000), c.if_(turn, func() {
			c.tone, c.party = tel.ToneNone, true
			if s.chance(40) {
				c.tell(port.Polarity{Reversed: true})
			}
			c.hear(Heard{Tone: tel.ToneRingback, Ended: true})
			s.after(s.some(100, 3000), c.if_(turn, func() { c.hear(Voice{Far: true}) }))
			s.after(s.some(5000, 600_000), c.if_(turn, c.farEnds))
		}))
	}
}

// farEnds: the far side hangs up, in one of the exchange's ways, or in none.
func (c *office) farEnds() {
	s, turn := c.s, c.turn
	c.caller, c.party = false, false
	switch s.r.IntN(5) {
	case 0:
		c.dip(s.some(60, 1000))
	case 1:
		c.tell(port.Polarity{Reversed: false})
	case 2:
		c.sound(turn, tel.ToneBusy)
	case 3:
		c.fresh = !c.offered // whoever was met unseen has left, and the line is as good as new
		c.sound(turn, tel.ToneDial)
	case 4:
		c.hear(Voice{})
	}
}

// released: our machine opened the loop.
func (c *office) released() {
	if c.caller && !c.offered && !c.s.house.urgent { // an emergency goes before a caller
		c.s.fail("a caller whom the seizure met was thrown out unseen")
	}
	now, _ := c.s.l.State()
	c.tone, c.fresh, c.party = tel.ToneNone, false, false
	if now == Flashing && c.s.chance(60) {
		return // an ordinary call stands it
	}
	c.turn++
	c.caller = false
}

// dip takes battery away for d.
func (c *office) dip(d time.Duration) {
	if !c.battery || d < 200*time.Millisecond && !c.s.caps.Battery { // a modem tells of no dips
		return
	}
	c.battery = false
	c.caller = c.caller && d < 200*time.Millisecond // so long a cut ends his call too
	c.tell(port.Battery{On: false})
	c.s.after(d+30*time.Millisecond, func() {
		c.battery = true
		c.tell(port.Battery{On: true})
	})
}

// unplug takes our hardware away, and the loop with it.
func (c *office) unplug() {
	if c.lost {
		return
	}
	s := c.s
	c.lost, c.turn = true, c.turn+1
	c.ringing, c.caller, c.bell, c.tone = false, false, false, tel.ToneNone
	s.loop = false
	s.step(Wire{port.Lost{Why: "unplugged"}})
	s.after(s.some(1000, 100_000), func() {
		c.lost = false
		s.step(Wire{port.Found{}})
	})
}
