// Package slotwire is what the program and the keeper say to each other about the
// slots: the names of the requests and the shapes of what goes with them, as JSON.
package slotwire

import (
	"time"

	"github.com/centralita/centralita/firmware/update/ctl"
)

// Requests.
const (
	Slots    = "slots"          // nothing → State
	Stage    = "slots-stage"    // StageAsk → Result, with Progress
	Try      = "slots-try"      // TryAsk → Result, with Progress
	Commit   = "slots-commit"   // CommitAsk → State
	Rollback = "slots-rollback" // RollbackAsk → Result, with Progress
	Well     = "slots-well"     // nothing → nothing
	USB      = "slots-usb"      // nothing → []Found
)

// Slot is what a slot holds.
type Slot struct {
	Number  uint64 `json:"number,omitempty"` // 0: empty, or being written
	Version string `json:"version,omitempty"`
	Floor   uint64 `json:"floor,omitempty"`
	Size    int64  `json:"size,omitempty"` // bytes; 0: what it holds is not known
}

// State is the boot record and what runs.
type State struct {
	Board     string `json:"board"`
	Boot      uint64 `json:"boot"`            // number of the boot script
	Running   string `json:"running"`         // "a", "b"; empty: the recovery system
	Trial     bool   `json:"trial"`           // it falls back unless it is committed
	Good      string `json:"good"`            // starts by itself
	Try       string `json:"try,omitempty"`   // starts next, on trial
	Tries     int    `json:"tries,omitempty"` // starts it has left
	Floor     uint64 `json:"floor"`
	Gen       uint64 `json:"gen"` // of the record
	A         Slot   `json:"a"`
	B         Slot   `json:"b"`
	Why       string `json:"why,omitempty"`   // of the last trial that was given up: "b/ended"
	Fails     int    `json:"fails,omitempty"` // starts in a row that nobody called well, with this one
	Capacity  int64  `json:"capacity"`        // of a slot, bytes
	Keys      int    `json:"keys"`
	Threshold int    `json:"threshold"`
	Record    string `json:"record,omitempty"` // what is wrong with the boot record
}

// Of returns a slot by its name.
func (s State) Of(id string) Slot {
	switch id {
	case "a":
		return s.A
	case "b":
		return s.B
	}
	return Slot{}
}

// Other returns the slot that does not run.
func (s State) Other() string {
	switch s.Running {
	case "a":
		return "b"
	case "b":
		return "a"
	}
	return ""
}

// StageAsk asks to write a bundle into the slot that does not run.
type StageAsk struct {
	File    string `json:"file"`              // name in the inbox, or on a stick
	USB     bool   `json:"usb,omitempty"`     // on a stick
	Present bool   `json:"present,omitempty"` // somebody stands at the box and permits an older number
	Trusted bool   `json:"trusted,omitempty"` // the clock is right
	Rate    int64  `json:"rate,omitempty"`    // bytes a second at most; 0: as fast as it goes
}

// TryAsk asks to start the slot that does not run, on trial, the next time.
type TryAsk struct {
	Present bool  `json:"present,omitempty"` // somebody stands at the box and permits one below the floor
	Rate    int64 `json:"rate,omitempty"`
}

// CommitAsk asks to declare the running slot good.
type CommitAsk struct {
	Floor bool `json:"floor,omitempty"` // shut out what it names as too old, too
}

// RollbackAsk asks to go back to the other slot at the next start.
type RollbackAsk struct {
	Why     string `json:"why,omitempty"` // checks that failed, "web+book"; empty: somebody asked
	Present bool   `json:"present,omitempty"`
	Rate    int64  `json:"rate,omitempty"`
}

// Result is what came of a request.
type Result struct {
	Slot    string        `json:"slot,omitempty"` // written, or started next
	Held    Slot          `json:"held,omitzero"`  // by it
	Refused *ctl.Refusal  `json:"refused,omitempty"`
	News    *ctl.Manifest `json:"news,omitempty"`
}

// Steps of Progress.
const (
	Checking  = "checking"  // the bundle's sum
	Writing   = "writing"   // into the slot
	Verifying = "verifying" // the slot's sum, read back
)

// Progress is how far a request is.
type Progress struct {
	Step string `json:"step"`
	Done int64  `json:"done"` // bytes
	Of   int64  `json:"of"`
}

// Found is a bundle on a stick.
type Found struct {
	Device  string        `json:"device"`
	File    string        `json:"file"`
	Size    int64         `json:"size"`
	Refused *ctl.Refusal  `json:"refused,omitempty"`
	News    *ctl.Manifest `json:"news,omitempty"` // what it says, with signatures that fit
}

// Fetching is a step of Progress on the program's side.
const Fetching = "fetching"

// Doing is what the program does about updates right now.
type Doing struct {
	What     string   `json:"what,omitempty"` // stage, start, commit, rollback; empty: nothing
	Progress Progress `json:"progress,omitzero"`
}

// Notice is what a person should know.
type Notice struct {
	ID     string `json:"id"` // "update.fell", "update.staged", …
	Urgent bool   `json:"urgent,omitempty"`
	ES     string `json:"es"`
	EN     string `json:"en"`
	HintES string `json:"hint_es"`
	HintEN string `json:"hint_en"`
}

// Status is how updates stand.
type Status struct {
	Slots     State         `json:"slots"`
	Doing     Doing         `json:"doing,omitzero"`
	Armed     bool          `json:"armed"`           // restarts into the other slot as soon as nobody talks
	Trial     string        `json:"trial,omitempty"` // how the trial stands
	Auto      bool          `json:"auto"`
	URL       string        `json:"url,omitempty"`
	Ring      string        `json:"ring,omitempty"`
	Checked   time.Time     `json:"checked,omitzero"`
	Offered   *ctl.Manifest `json:"offered,omitempty"`
	Postponed time.Time     `json:"postponed,omitzero"`
	Why       string        `json:"why,omitempty"` // it does not do more by itself
	Failed    []uint64      `json:"failed,omitempty"`
	Notices   []Notice      `json:"notices,omitempty"`
}
