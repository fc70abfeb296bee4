package line

import (
	"fmt"
	"time"
)

// What the wire and the ear give the weighing.

// battery is told that loop current went or came back. early is before the answer.
func (r *release) battery(now time.Time, on, early bool) (ending, bool) {
	const dropped = "the exchange dropped the loop current"
	if !r.on {
		return ending{}, false
	}
	if on {
		width := now.Sub(r.away)
		if r.away.IsZero() {
			return ending{}, false
		}
		r.away = time.Time{}
		if r.withdraw(SignBattery) {
			r.dipped, r.dippedAt = width, now
		}
		return ending{}, false
	}
	r.away = now
	patience := dropWidth
	switch {
	case !r.caps.battery:
		patience = 0 // hardware that measures nothing tells its own verdict
	case early:
		patience = dropEarly
	case r.prof.Dips >= examples:
		patience = min(max(patience, time.Duration(r.prof.DipMS)*3/2*time.Millisecond), dropMost)
	}
	return r.weigh(now, SignBattery, dropped, patience)
}

// reversal is told that the exchange reversed the wires in a call that is through.
func (r *release) reversal(now time.Time) (ending, bool) {
	const reversed = "the exchange reversed the line"
	if !r.on {
		return ending{}, false
	}
	if r.withdraw(SignReversal) {
		return ending{}, false // back again at once: noise on the wires
	}
	patience := turnWidth
	if !r.caps.polarity {
		patience = 0
	}
	return r.weigh(now, SignReversal, reversed, patience)
}

// heard is told a tone, or its end.
func (r *release) heard(now time.Time, ev Heard) (ending, bool) {
	s := signOf(ev.Tone)
	if !r.on || s == "" {
		return ending{}, false
	}
	if ev.Ended {
		if r.tone == s {
			r.tone = ""
		}
		if r.withdraw(s) {
			r.stopped, r.after = now, ending{s, r.told}
			r.torn = r.near && !r.speech && !r.fax && r.refuted == 0
		}
		return ending{}, false
	}
	if r.doubted == s && now.Sub(r.doubtAt) < toneTwice { // its bursts sounded like a voice
		r.doubted, r.refuted = "", r.refuted-1
	}
	patience := r.patience(s, ev.Sure)
	if !r.stopped.IsZero() && r.after.sign == s && now.Sub(r.stopped) < toneAgain && !r.fax && r.refuted == 0 {
		patience = 0
	}
	r.tone, r.stopped, r.torn = s, time.Time{}, false
	evidence := ev.Evidence
	if evidence == "" {
		evidence = string(s)
	}
	if s == SignDisconnect {
		evidence += ", learned plan"
	}
	return r.weigh(now, s, evidence, patience)
}

// strangeTone is told a steady tone that no plan knows. The ear tells none that a
// voice or an instrument can be; it is believed after some periods of a cadence
// with short pauses, and one without a cadence after a long time without a voice.
func (r *release) strangeTone(now time.Time, ev Strange) (ending, bool) {
	s, ok := parseSignal(ev.Signal)
	if !r.on || !ok {
		return ending{}, false
	}
	if o, ok := parseSignal(r.strange); ok && s.otherNote(o) {
		r.melody = now
	}
	r.strange, r.strangeAt = ev.Signal, now
	if s.period() == 0 {
		r.steadyAt = now
		return ending{}, false
	}
	if r.fax || s.pause() > strangePause || !r.melody.IsZero() && now.Sub(r.melody) < melodyLasts {
		return ending{}, false
	}
	need, known := strangeBeats, r.prof.seen(ev.Signal)
	switch {
	case known > 0:
		need = strangeKnown
	case s.period() < strangeNever:
		return ending{}, false
	case s.period() < strangeQuick || s.hz[0] > strangeHigh: // notes are short and high, signals of exchanges are not
		need = strangeNotes
	}
	lasted := time.Duration(ev.Periods*s.period()) * time.Millisecond
	if ev.Periods < need || lasted < strangeWait && known == 0 {
		return ending{}, false
	}
	why := fmt.Sprintf("unknown tone %s for %s, %d periods", ev.Signal, secs(lasted), ev.Periods)
	if known > 0 {
		why += ", which a call on this line ended with before"
	}
	return r.weigh(now, SignStrange, why, 0)
}

// voice is told who speaks. A tone makes the ear say that the far side does, so
// that a voice counts only while none sounds.
func (r *release) voice(now time.Time, ev Voice) {
	if !r.on {
		return
	}
	began := ev.Far && !r.far
	if !r.hears {
		r.hears, r.spoke = true, now
	}
	if r.near || ev.Near || r.far && (r.fax || now.Sub(r.farAt) >= clickMost) { // of a fax each burst counts
		r.spoke = now
	}
	if !r.far {
		r.farAt = now
	}
	if r.far || ev.Far {
		r.sounded = now
	}
	r.far, r.near, r.speech = ev.Far, ev.Near, ev.Speech
	spoken := r.torn && ev.Speech
	r.torn = r.torn && !ev.Speech
	if !began && !spoken || r.tone != "" || r.torn {
		return
	}
	if !r.stopped.IsZero() && now.Sub(r.stopped) > voiceEnds {
		r.refute()
	}
	if !r.steadyAt.IsZero() && now.Sub(r.steadyAt) > voiceEnds {
		r.steadyAt = time.Time{}
	}
	if r.dipped > 0 && now.Sub(r.dippedAt) > time.Second {
		r.survived, r.dipped = r.dipped, 0
	}
}

// refute takes note that somebody spoke after the release tone that stopped.
func (r *release) refute() {
	r.doubted, r.doubtAt = r.after.sign, r.stopped
	r.stopped = time.Time{}
	r.refuted++
}

// sounding returns the strange tone that sounds at the instant now, or "".
func (r *release) sounding(now time.Time) string {
	s, ok := parseSignal(r.strange)
	if !ok || r.fax || s.pause() > strangePause || s.period() == 0 && r.steadyAt.IsZero() {
		return ""
	}
	if now.Sub(r.strangeAt) > strangeLive+time.Duration(2*s.period())*time.Millisecond {
		return ""
	}
	return r.strange
}
