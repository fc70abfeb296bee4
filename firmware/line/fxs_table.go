package line

// FXSMoves is the table of the telephone's machine: every move that changes its
// state. A test holds it against what the machine does.
func FXSMoves() []Move {
	return append([]Move{
		// On hook.
		{Idle, "off hook", DialTone},
		{Idle, "ring", Ringing}, // the driver sends caller id, or it follows the first burst
		{Idle, "ring", SendingID},
		{Idle, "deadline", SendingMessages},
		{SendingID, "deadline", Ringing}, // it is sent, or takes too long
		{SendingID, "off hook", Talking},
		{SendingID, "hang up", Idle},
		{Ringing, "off hook", Talking},
		{Ringing, "hang up", Idle},
		{SendingMessages, "id sent", Idle},
		{SendingMessages, "deadline", Idle},
		{SendingMessages, "off hook", DialTone},
		{SendingMessages, "ring", Ringing},
		{SendingMessages, "ring", SendingID},
		// Dialling.
		{DialTone, "key", Collecting},
		{DialTone, "pulse digit", Collecting},
		{DialTone, "deadline", Released},
		{Collecting, "number is whole", Calling},
		{Collecting, "number is impossible", Released},
		{Collecting, "key", Calling}, // #
		{Collecting, "deadline", Calling},
		{Collecting, "hook flash", DialTone},
		{Calling, "through", Talking},
		// Two parties.
		{Talking, "held", RecallTone}, // a flash asks for it
		{RecallTone, "hook flash", Talking},
		{RecallTone, "freed", Talking},
		{Holding, "freed", Talking},
		{SecondCollecting, "freed", Talking},
		{SecondRefused, "freed", Talking},
		{RecallTone, "key", SecondCollecting},
		{RecallTone, "pulse digit", SecondCollecting},
		{RecallTone, "deadline", Holding},
		{Holding, "hook flash", Talking},
		{Holding, "key", SecondCollecting},
		{Holding, "pulse digit", SecondCollecting},
		{SecondCollecting, "hook flash", Talking},
		{SecondCollecting, "number is whole", SecondCalling},
		{SecondCollecting, "number is impossible", SecondRefused},
		{SecondCollecting, "key", SecondCalling}, // #
		{SecondCollecting, "deadline", SecondCalling},
		{SecondCalling, "through", Second},
		{SecondCalling, "hook flash", Talking},
		{SecondCalling, "second party gone", SecondRefused},
		{SecondCalling, "first party gone", Calling},
		{SecondRefused, "hook flash", Talking},
		{SecondRefused, "deadline", Talking},
		{Second, "hook flash", Swapped},
		{Second, "key", Conference}, // 3 behind a flash
		{Second, "pulse digit", Conference},
		{Second, "second party gone", SecondRefused},
		{Second, "first party gone", Talking},
		{Swapped, "hook flash", Second},
		{Swapped, "key", Conference},
		{Swapped, "pulse digit", Conference},
		{Swapped, "second party gone", Talking},
		{Swapped, "first party gone", Talking},
		{Conference, "hook flash", Swapped},
		{Conference, "second party gone", Talking},
		{Conference, "first party gone", Talking},
		// Nobody is left.
		{Dropping, "deadline", Released},
		{Dropping, "deadline", Idle}, // it was hung up meanwhile
		{Released, "deadline", Howling},
		{Released, "hook flash", DialTone},
		{Howling, "deadline", Parked},
		{Howling, "hook flash", DialTone},
		{Parked, "hook flash", DialTone},
		{Dead, "found", Idle},
	}, fxsRest()...)
}

// fxsRest are the moves that are alike in many states.
func fxsRest() []Move {
	var out []Move
	call := []State{Calling, Talking, RecallTone, Holding, SecondCollecting, SecondCalling, SecondRefused, Second, Swapped, Conference}
	for _, s := range call {
		out = append(out, Move{s, "hang up", Released}, Move{s, "hang up", Dropping})
	}
	for _, s := range append(call, DialTone, Collecting, Released, Howling, Parked) {
		out = append(out, Move{s, "on hook", Idle})
	}
	for _, s := range append(call, DialTone, Collecting, Released, Howling, Parked, Dropping, Idle, Ringing, SendingID, SendingMessages) {
		out = append(out, Move{s, "lost", Dead})
	}
	return out
}
