// Package claim is the machine by which a box gets its first owner: a code that
// only somebody before the box can read, good for a short time and a few tries.
// It holds no clock, no randomness and no file; those come in as events. What is
// shown and what is admitted comes out as effects.
package claim

import "time"

// Bounds of a code.
const (
	Window = 10 * time.Minute // a code is good for so long
	Tries  = 5                // wrong ones that a code stands; then comes another after a wait
	Bytes  = 8                // of randomness a code is made of; 60 of the 64 bits are used
	// Hold is how long whoever proved a code may take to choose a name and a password.
	Hold = 15 * time.Minute

	firstWait = time.Minute // doubles each time
	maxWait   = time.Hour
)

// State is where the claim stands.
type State uint8

// The states.
const (
	Unclaimed State = iota // a code is shown, or is about to be
	Waiting                // too many wrong codes: none is good until the wait is over
	Claimed                // there is an owner
)

var stateNames = [...]string{Unclaimed: "unclaimed", Waiting: "waiting", Claimed: "claimed"}

// String names the state.
func (s State) String() string { return stateNames[min(int(s), len(stateNames)-1)] }
