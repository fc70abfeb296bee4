package abi

import "fmt"

// Signallings of a channel. The family says which side we play; see the package's
// words on the trap.
const (
	famFXO = 1 << 12 // FXO signalling: a telephone is plugged in, we are its exchange
	famFXS = 1 << 13 // FXS signalling: a line is plugged in, we are its station

	SigBroken = 1 << 31 // the module of the card did not start
	SigNone   = 0
	SigFXSLS  = 1<<0 | famFXS // loopstart: no word of a hang-up
	SigFXSGS  = 1<<1 | famFXS // groundstart
	SigFXSKS  = 1<<2 | famFXS // kewlstart: battery drops at a hang-up
	SigFXOLS  = 1<<3 | famFXO
	SigFXOGS  = 1<<4 | famFXO
	SigFXOKS  = 1<<5 | famFXO
	SigEM     = 1 << 6
	SigClear  = 1 << 7
	SigSlave  = 1 << 11
	SigCAS    = 1 << 15
)

// IsLine reports that a line of the exchange is plugged in: a port.FXO.
func IsLine(sig uint32) bool { return sig&famFXS != 0 }

// IsStation reports that a telephone is plugged in: a port.FXS.
func IsStation(sig uint32) bool { return sig&famFXO != 0 }

// SigText names a signalling in the words of /etc/dahdi/system.conf.
func SigText(sig uint32) string {
	switch sig {
	case SigNone:
		return "none"
	case SigFXSLS:
		return "fxsls"
	case SigFXSGS:
		return "fxsgs"
	case SigFXSKS:
		return "fxsks"
	case SigFXOLS:
		return "fxols"
	case SigFXOGS:
		return "fxogs"
	case SigFXOKS:
		return "fxoks"
	case SigEM:
		return "e&m"
	case SigSlave:
		return "slave"
	case SigCAS:
		return "cas"
	}
	switch {
	case sig&SigBroken != 0:
		return "broken"
	case sig&SigClear != 0:
		return "clear channel"
	}
	return fmt.Sprintf("signalling 0x%x", sig)
}

// Event is what GetEvent gives.
type Event int32

// Events of a channel, as the header numbers them.
const (
	NoEvent       Event = 0
	EvOnHook      Event = 1
	EvRingOffHook Event = 2 // FXO port: a burst of ring ended; FXS port: off hook
	EvWinkFlash   Event = 3
	EvAlarm       Event = 4
	EvNoAlarm     Event = 5
	EvAbort       Event = 6
	EvOverrun     Event = 7
	EvBadFCS      Event = 8
	EvDialDone    Event = 9
	EvRingerOn    Event = 10
	EvRingerOff   Event = 11
	EvHookDone    Event = 12
	EvBits        Event = 13
	EvPulseStart  Event = 14
	EvTimer       Event = 15
	EvPing        Event = 16
	EvPolarity    Event = 17
	EvRingBegin   Event = 18
	EvEchoOff     Event = 19 // a modem's tone switched the canceller off
	EvRemoved     Event = 20
	EvNeonOn      Event = 21 // FXO port: the exchange lights the message lamp
	EvNeonOff     Event = 22
	EvTxCED       Event = 23
	EvRxCED       Event = 24
	EvTxCNG       Event = 25
	EvRxCNG       Event = 26
	EvNLPOff      Event = 27
	EvNLPOn       Event = 28
	EvReadOver    Event = 29
	EvWriteUnder  Event = 30

	EvPulseDigit Event = 1 << 16 // with the digit in the low octet
	EvDTMFDown   Event = 1 << 17
	EvDTMFUp     Event = 1 << 18
)

// Digit is the digit of EvPulseDigit, EvDTMFDown and EvDTMFUp.
func (e Event) Digit() byte { return byte(e) }

// Kind is the event without its digit.
func (e Event) Kind() Event {
	if k := e & (EvPulseDigit | EvDTMFDown | EvDTMFUp); k != 0 {
		return k
	}
	return e
}

// String returns the event in words.
func (e Event) String() string {
	switch e.Kind() {
	case EvPulseDigit:
		return fmt.Sprintf("pulse digit %c", e.Digit())
	case EvDTMFDown:
		return fmt.Sprintf("tone digit %c", e.Digit())
	case EvDTMFUp:
		return fmt.Sprintf("tone digit %c over", e.Digit())
	}
	if texts := [...]string{"no event", "on hook", "ring or off hook", "wink or flash", "alarm", "alarm over", "HDLC abort",
		"HDLC overrun", "bad FCS", "dialled", "ringer on", "ringer off", "hook done", "bits changed", "pulse begins", "timer", "ping",
		"polarity", "ring begins", "echo canceller off", "removed", "neon lamp on", "neon lamp off", "CED sent", "CED heard",
		"CNG sent", "CNG heard", "echo suppressor off", "echo suppressor on", "read overrun", "write underrun",
	}; e >= 0 && int(e) < len(texts) {
		return texts[e]
	}
	return fmt.Sprintf("event %d", int32(e))
}
