package central

import (
	"time"

	"github.com/centralita/centralita/dsp/cid"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/tone/plan"
)

// slice is the step of the office's clock in ms; a frame has four.
const slice = 5

// Frame passes 20 ms: in is what the port says on its closed loop, out what the
// office says, and what happened is appended to evs.
func (l *Line) Frame(in, out *pcm.Frame, evs []Event) []Event {
	evs = l.Take(evs)
	if l.loop && l.Fed() {
		l.listen(in)
	}
	for at := 0; at < pcm.FrameTime; at += slice {
		l.pass()
		part := out[at*8 : (at+slice)*8]
		l.speak(part)
		for i := range l.pending {
			l.pending[i].At = at
		}
		evs = l.Take(evs)
		l.ms += slice
	}
	if l.state == talking && l.far != nil && l.Fed() && l.trip == 0 && !l.player.Playing() {
		l.far.Speak(out)
	}
	return evs
}

// listen gives what the port says to the subscriber or takes its digits.
func (l *Line) listen(in *pcm.Frame) {
	if l.far != nil {
		l.far.Hear(in)
	}
	if l.state != dialling {
		return
	}
	l.found = l.keys.Process(in, l.found[:0])
	for _, e := range l.found {
		if e.Down {
			l.number = append(l.number, e.Digit)
			l.clock = l.ms
			l.player.Stop()
		}
	}
}

// pass lets the clock go on by a slice.
func (l *Line) pass() {
	switch l.state {
	case ringing:
		l.ring()
	case dialling:
		l.collect()
	case ringback:
		if l.next.Result == Answers && l.ms-l.clock >= l.next.After.Milliseconds() {
			l.player.Stop()
			l.state, l.clock = talking, l.ms
			l.reverse(l.next.Reverse)
			l.tell(Answered, true)
		}
	}
	if l.feedAt > 0 && l.ms >= l.feedAt {
		l.feedAt = 0
		l.tell(Battery, true)
	}
	if l.toneAt > 0 && l.ms >= l.toneAt && l.Fed() {
		l.toneAt = 0
		if l.loop {
			l.play(l.tone)
			l.told()
		}
	}
	if l.howlAt > 0 && l.ms >= l.howlAt {
		l.howlAt = 0
		l.play(l.Plan.Signal(plan.Howler))
	}
}

// told notes the first sign of the far end's hang-up.
func (l *Line) told() {
	if l.evidence == 0 {
		l.evidence = max(l.ms, 1)
	}
}

// ring goes on in the cadence of the country; a closed loop trips it.
func (l *Line) ring() {
	if l.trip > 0 && l.ms >= l.trip {
		if l.bell {
			l.bell = false
			l.tell(RingOff, false)
		}
		l.state, l.clock, l.trip = talking, l.ms, 0
		l.reverse(false)
		l.tell(Answered, true)
		return
	}
	if l.idAt > 0 && l.ms >= l.idAt && !l.bell {
		l.idAt = 0
		l.sendID()
		if l.step < 0 || l.Pulse {
			l.ringAt = 1 // once it is out
		}
	}
	if l.sending && !l.sender.Sending() {
		l.sending = false
		l.tell(IDSent, true)
		if l.ringAt == 1 {
			l.ringAt = l.ms + ringAfterID
		}
	}
	if l.ringAt > 1 && l.ms >= l.ringAt {
		l.ringAt, l.step = 0, -1
		l.burst(true)
		return
	}
	if l.step < 0 || l.ringAt > 0 || l.trip > 0 {
		return
	}
	if l.announcing() {
		if l.bell && l.ms-l.clock >= shortRing {
			l.burst(false)
		}
		return
	}
	cadence := l.Plan.Ring
	if len(cadence) == 0 {
		cadence = []int{1000, 3000}
	}
	if l.ms-l.clock >= int64(cadence[l.step%len(cadence)]) {
		l.burst(!l.bell)
	}
}

// announcing reports whether the short ring before caller id is not over.
func (l *Line) announcing() bool { return l.Pulse && l.idAt > 0 }

// sendID begins to send who calls. A name that cannot be sent so is left out.
func (l *Line) sendID() {
	i := cid.Info{Number: l.who.Number, Name: l.who.Name, Date: l.Date}
	if l.who.Absence != "" {
		i.Number, i.NoNumber = "", l.who.Absence[0]
	}
	if l.who.Name == "" && l.who.Absence != "" {
		i.NoName = l.who.Absence[0]
	}
	if l.sender.Start(i, l.ID) != nil { // DTMF knows digits only
		l.sender.Stop()
	}
	l.sending = true
	l.spoil = 0
	if l.Spoilt {
		l.spoil = 450 * 8 // seizure and mark take 400 ms
		if l.ID.Alert > 0 {
			l.spoil += (l.ID.Alert + cid.AlertPauseMs) * 8
		}
	}
}

// collect gives dial tone and takes digits until they end.
func (l *Line) collect() {
	since := l.ms - l.clock
	_, pressed := l.keys.On()
	switch {
	case len(l.number) == 0 && !pressed:
		if since >= dialToneAfter && !l.player.Playing() {
			l.play(l.Plan.Signal(plan.Dial))
		}
	case pressed:
		l.player.Stop()
		l.clock = l.ms
	case since >= numberEnds && len(l.number) >= shortest, since >= numberWaits:
		l.connect()
	}
}

// connect does what comes of the number.
func (l *Line) connect() {
	l.next = Outcome{After: 2 * time.Second}
	if l.Number != nil {
		l.next = l.Number(string(l.number))
	}
	l.clock = l.ms
	l.tell(Dialled, true)
	l.state = refused
	switch l.next.Result {
	case IsBusy:
		l.play(l.Plan.Signal(plan.Busy))
	case NoWay:
		l.play(l.Plan.Signal(plan.Congestion))
	case NoNumber:
		if s := l.Plan.Signal(plan.Unobtainable); s.Known() {
			l.play(s)
			return
		}
		l.play(l.Plan.Signal(plan.Info))
	default:
		l.state = ringback
		l.play(l.Plan.Signal(plan.Ringback))
	}
}

// Connect puts a subscriber at the far end of a number that was dialled.
func (l *Line) Connect(far Subscriber) { l.far = far }

// play lets the port hear a signal.
func (l *Line) play(s plan.Signal) {
	s.DBm0 += l.Gain
	l.player.Start(s.Spec())
}

// speak fills a slice with what the office itself says.
func (l *Line) speak(part []int16) {
	clear(part)
	switch {
	case !l.Fed():
	case l.sender.Sending():
		l.sender.FillSamples(part)
		if l.spoil > 0 {
			if l.spoil -= len(part); l.spoil <= 0 {
				for i := range part {
					part[i] = int16(8000 - 16000*(i/4%2))
				}
			}
		}
	default:
		l.player.FillSamples(part)
	}
}
