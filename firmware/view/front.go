package view

import "time"

// Starting is how far the start has come, for the pictures before the first one of a
// boot, whose Seq is 0.
type Starting struct {
	Row     uint64 // the last one of the book, that was there already
	Missing uint64 // rows that the book has not, of its last ones
	Lines   int    // that have their hardware
	Of      int    // lines of the configuration; 0: they are still looked for
}

// Deed is what a button does that must be held.
type Deed string

// Deeds.
const (
	DeedRestart Deed = "restart" // starts anew when there is no call
	DeedKeep    Deed = "keep"    // takes the order to restart back
	DeedErase   Deed = "erase"   // factory reset
)

// Phase is how far a held button has come.
type Phase string

// Phases.
const (
	PhaseHeld Phase = "held" // it is down, and works at Until
	PhaseTold Phase = "told" // it was let go early, or came at the wrong time: what it would do is told
	PhaseDone Phase = "done" // it was held long enough
)

// Held is a button that does something only when it is held.
type Held struct {
	Does  Deed      `json:"does"`
	Phase Phase     `json:"phase"`
	Since time.Time `json:"since"`          // it was pressed, or the phase began
	Until time.Time `json:"until,omitzero"` // it works, or this is told no longer; zero: as long as it takes
	OK    bool      `json:"ok,omitempty"`   // it is the key OK
}

// Update is an update that is being written.
type Update struct {
	Version string `json:"version,omitempty"` // empty: not known yet
	Step    string `json:"step,omitempty"`    // "fetching", "checking", "writing", "verifying"
	Percent int    `json:"percent"`           // of the step; -1: not known
}

// Trial is a configuration that is in use and waits for somebody to confirm it.
type Trial struct {
	N     int       `json:"n"`     // its number
	Back  int       `json:"back"`  // the one that comes back unless somebody does
	Until time.Time `json:"until"` // and when
}

// Testing is a test of a line that goes on.
type Testing struct {
	Since   time.Time `json:"since"`
	Longest int       `json:"longest_s"` // it ends by then, whatever hangs
	NowES   string    `json:"now_es"`    // what is being done
	NowEN   string    `json:"now_en"`
	Found   *Exam     `json:"found"` // so far
}
