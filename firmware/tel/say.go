package tel

import "strconv"

// SayKind tells how a Say is spoken.
type SayKind uint8

// Kinds of things that can be said.
const (
	SayPrompt  SayKind = iota // a recorded prompt, by its id
	SayNumber                 // N as a cardinal number, 0..999999
	SayDigits                 // the keys in ID one by one
	SayTime                   // N minutes after midnight as a time of day
	SayDate                   // N as yyyymmdd: weekday is not said
	SayWeekday                // N as weekday, 0 Sunday .. 6 Saturday
	SayPause                  // N milliseconds of silence
)

// Say is one thing to be said to a caller. What is said in which words and
// which language is the business of the prompts.
type Say struct {
	Kind SayKind
	ID   string
	N    int64
}

// String returns a short form for traces, such as "prompt:welcome" or "number:3".
func (s Say) String() string {
	n := strconv.FormatInt(s.N, 10)
	switch s.Kind {
	case SayPrompt:
		return "prompt:" + s.ID
	case SayNumber:
		return "number:" + n
	case SayDigits:
		return "digits:" + s.ID
	case SayTime:
		return "time:" + n
	case SayDate:
		return "date:" + n
	case SayWeekday:
		return "weekday:" + n
	case SayPause:
		return "pause:" + n
	}
	return "say?" + n
}

// Tone is a signal a phone or a caller hears, in the plan of the country.
type Tone uint8

// Tones.
const (
	ToneNone         Tone = iota
	ToneDial              // dial tone
	ToneRingback          // it rings at the other end
	ToneBusy              // the other end is busy
	ToneCongestion        // no way through, or refused
	ToneHowler            // the phone is left off hook
	ToneConfirm           // short: a feature code was accepted
	ToneInfo              // special information: what was reached is no party
	ToneUnobtainable      // there is no such number
	ToneDisconnect        // the other end has hung up, where a line has a tone of its own for it
	ToneStutter           // dial tone that says messages wait
	ToneRecall            // dial tone for a second number, a party is on hold
)

// String returns the tone's name.
func (t Tone) String() string {
	switch t {
	case ToneNone:
		return "none"
	case ToneDial:
		return "dial"
	case ToneRingback:
		return "ringback"
	case ToneBusy:
		return "busy"
	case ToneCongestion:
		return "congestion"
	case ToneHowler:
		return "howler"
	case ToneConfirm:
		return "confirm"
	case ToneInfo:
		return "info"
	case ToneUnobtainable:
		return "unobtainable"
	case ToneDisconnect:
		return "disconnect"
	case ToneStutter:
		return "stutter dial"
	case ToneRecall:
		return "recall dial"
	}
	return "tone?"
}
