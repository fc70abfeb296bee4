package claim

import (
	"fmt"
	"time"
)

// Event is what happens to the machine.
type Event interface{ event() }

// Events.
type (
	// Random answers NeedRandom.
	Random struct{ Bytes [Bytes]byte }
	// Try is a code that somebody typed.
	Try struct{ Code string }
	// Owned says that the first owner is on the disk.
	Owned struct{}
	// TimedOut says that Deadline has come.
	TimedOut struct{}
)

func (Random) event()   {}
func (Try) event()      {}
func (Owned) event()    {}
func (TimedOut) event() {}

// Effect is what must be done.
type Effect interface {
	effect()
	String() string
}

// Effects.
type (
	// NeedRandom asks for the randomness of a new code.
	NeedRandom struct{}
	// Show shows a code until then; an empty one: there is none until then.
	Show struct {
		Code  string
		Until time.Time
	}
	// Hide shows no code any more: the box has its owner.
	Hide struct{}
	// Admitted answers a Try that was right; the code is spent.
	Admitted struct{}
	// Refused answers a Try that was wrong or came in a wait. Left is how many tries
	// the code still stands; Wait is until when none is taken.
	Refused struct {
		Left int
		Wait time.Time
	}
	// Locked is for the book: a code stood too many wrong tries.
	Locked struct{ Wait time.Duration }
)

func (NeedRandom) effect() {}
func (Show) effect()       {}
func (Hide) effect()       {}
func (Admitted) effect()   {}
func (Refused) effect()    {}
func (Locked) effect()     {}

func (NeedRandom) String() string { return "need random" }

// String says no code: effects may be traced.
func (e Show) String() string {
	if e.Code == "" {
		return "show the wait until " + e.Until.Format(time.TimeOnly)
	}
	return "show a code until " + e.Until.Format(time.TimeOnly)
}

func (Hide) String() string     { return "hide" }
func (Admitted) String() string { return "admitted" }

func (e Refused) String() string {
	if !e.Wait.IsZero() {
		return "refused until " + e.Wait.Format(time.TimeOnly)
	}
	return fmt.Sprintf("refused, %d tries left", e.Left)
}

func (e Locked) String() string { return "locked for " + e.Wait.String() }
