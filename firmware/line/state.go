package line

// State is what a port is doing.
type State uint8

// States of both kinds of port, of a line (FXO), and of a telephone (FXS).
const (
	Idle    State = iota // on hook, silent
	Ringing              // FXO: the exchange rings us; FXS: we ring the telephone
	Talking              // through

	ReadingID   // FXO: caller id may come, before the first burst or after it
	Answering   // FXO: loop closed on a call, not yet settled
	Flashing    // FXO: loop opened for a moment in a call, to refuse one that is collect
	Clearing    // FXO: loop opened, not yet trusted to be idle
	Confirming  // FXO: must show steady battery before it is used again
	Seizing     // FXO: loop just closed to dial: nothing heard yet is believed
	AwaitDial   // FXO: waiting for dial tone
	Dialling    // FXO: sending the number
	AwaitAnswer // FXO: number sent, nobody has answered yet
	Blocked     // FXO: out of service for what it did, probed
	Testing     // FXO: lent to a technician's test
	Alarm       // FXO: no battery, or the hardware is gone

	DialTone   // FXS: picked up, nothing dialled
	Collecting // FXS: dialling
	Calling    // FXS: number dialled, not through yet
	Released   // FXS: the far side left, the telephone is still off hook
	Howling    // FXS: forgotten off hook, called back by the howler
	Parked     // FXS: off hook and given up, silent until it hangs up
	Dead       // FXS: the hardware is gone
)

var stateNames = [...]string{
	"idle", "ringing", "talking",
	"caller id", "answering", "flashing", "clearing", "confirming idle", "seizing", "waiting for dial tone", "dialling",
	"waiting for answer", "blocked", "testing", "alarm",
	"dial tone", "collecting", "calling", "released", "howling", "parked", "dead",
}

// String returns the state's name.
func (s State) String() string {
	if s >= firstFXS && int(s-firstFXS) < len(fxsNames) {
		return fxsNames[s-firstFXS]
	}
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return "state?"
}
