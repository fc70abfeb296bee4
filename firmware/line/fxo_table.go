package line

// transition is one way from a state of a line (FXO) to the next.
type transition struct {
	From, To State
	When     string
}

// transitions are all that a line does. The random simulation holds it to them,
// both ways: it takes no other, and every one of them.
var transitions = []transition{
	{Idle, Ringing, "ring voltage"},
	{Idle, ReadingID, "caller id or a reversal before the bell"},
	{Idle, Seizing, "dial, and nothing stirred for 300 ms"},
	{Idle, Alarm, "no battery for 1.5 s, hardware gone"},
	{ReadingID, Ringing, "ring voltage, caller id, or none in time"},
	{ReadingID, Confirming, "no bell follows"},
	{ReadingID, Alarm, "hardware gone"},
	{Ringing, ReadingID, "the first burst ends"},
	{Ringing, Answering, "answer: the loop is closed"},
	{Ringing, Confirming, "a burst too short for a bell"},
	{Ringing, Clearing, "no ring for longer than the cadence pauses"},
	{Ringing, Alarm, "hardware gone"},
	{Answering, Talking, "the line has settled"},
	{Answering, Flashing, "collect calls are refused: the loop is opened"},
	{Answering, Clearing, "the caller left, our side hangs up, or nobody takes a caller met in glare"},
	{Answering, Alarm, "hardware gone"},
	{Flashing, Answering, "the loop is closed again"},
	{Flashing, Clearing, "our side hangs up"},
	{Flashing, Alarm, "hardware gone"},
	{Talking, Clearing, "release: one decision of all signs; our side hangs up"},
	{Talking, Alarm, "hardware gone"},
	{Seizing, AwaitDial, "100 ms"},
	{Seizing, Answering, "glare: it rings, the caller wins"},
	{Seizing, Clearing, "our side hangs up, no current"},
	{Seizing, Alarm, "hardware gone"},
	{AwaitDial, Dialling, "fresh dial tone; an emergency after 3 s without"},
	{AwaitDial, Answering, "glare: it rings, the caller wins"},
	{AwaitDial, Clearing, "no dial tone, another tone, no current, our side hangs up; a probe has its answer"},
	{AwaitDial, Seizing, "an emergency takes a probe over"},
	{AwaitDial, Alarm, "hardware gone"},
	{Dialling, AwaitAnswer, "the number is sent"},
	{Dialling, Clearing, "it cannot be sent, no current, our side hangs up"},
	{Dialling, Alarm, "hardware gone"},
	{AwaitAnswer, Talking, "answered: reversal, voice behind ringback, fax, or time"},
	{AwaitAnswer, Clearing, "busy, no way, no such number, no answer; our side hangs up"},
	{AwaitAnswer, Alarm, "hardware gone"},
	{Clearing, Confirming, "the guard time has passed"},
	{Clearing, Ringing, "ring voltage"},
	{Clearing, Alarm, "hardware gone"},
	{Confirming, Idle, "battery was steady"},
	{Confirming, Blocked, "battery was steady, but the line is out of service"},
	{Confirming, ReadingID, "caller id or a reversal before the bell"},
	{Confirming, Ringing, "ring voltage"},
	{Confirming, Alarm, "no battery or none that stays, hardware gone"},
	{Blocked, Seizing, "a probe is due; an emergency"},
	{Blocked, Ringing, "ring voltage"},
	{Blocked, ReadingID, "caller id or a reversal before the bell"},
	{Blocked, Alarm, "hardware gone"},
	{Idle, Testing, "a technician's test wants the wire"},
	{Blocked, Testing, "a technician's test wants the wire"},
	{Alarm, Testing, "a technician's test wants the wire"},
	{Testing, Clearing, "it is given back"},
	{Testing, Ringing, "ring voltage"},
	{Testing, Alarm, "hardware gone"},
	{Alarm, Confirming, "battery or the hardware is back"},
	{Alarm, Ringing, "ring voltage"},
	{Alarm, Seizing, "a probe is due"},
}

// declared reports whether the table has a way from one state to another.
func declared(from, to State) bool {
	for _, t := range transitions {
		if t.From == from && t.To == to {
			return true
		}
	}
	return false
}

// FXOMoves returns the table of a line.
func FXOMoves() (moves []Move) {
	for _, t := range transitions {
		moves = append(moves, Move{t.From, t.When, t.To})
	}
	return moves
}
