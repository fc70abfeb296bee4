// Package chores is what the keeper does for the program: restart or switch off
// the machine, set its clock, give it its addresses, mark it for erasing. Each is a keeper.Handler
// that trusts nothing it is told. The words on the wire are in this file.
package chores

import (
	"time"

	"github.com/centralita/centralita/firmware/lan"
)

// What can be asked for.
const (
	Reboot      = "reboot"       // with nothing
	PowerOff    = "poweroff"     // with nothing
	SetTime     = "set-time"     // with TimeAsked, answers TimeSet
	NetGet      = "net-get"      // answers lan.State
	NetSet      = "net-set"      // with NetAsked, answers lan.State
	NetConfirm  = "net-confirm"  // answers lan.State
	NetRollback = "net-rollback" // answers lan.State
	Wipe        = "wipe"         // with WipeAsked: marks the data for erasing and restarts
)

// DefaultRTC is the clock with the battery where the board names no other.
const DefaultRTC = "/dev/rtc0"

// TimeAsked is a new time of the system's clock.
type TimeAsked struct {
	At  time.Time `json:"at"`
	RTC string    `json:"rtc,omitempty"` // the clock with the battery that the board names; empty: DefaultRTC
}

// TimeSet tells what came of it.
type TimeSet struct {
	Step time.Duration `json:"step"`          // by how much the clock went, in ns
	RTC  string        `json:"rtc,omitempty"` // why the clock with the battery was not set; empty: it was, or there is none
}

// NetAsked is a new address, on trial for Within.
type NetAsked struct {
	Face   lan.Face      `json:"face"`
	Within time.Duration `json:"within,omitempty"` // in ns; 0: lan.UsualTrial
}

// WipeAsked asks for a factory reset; Word must be WipeWord, so that no empty
// request erases a box.
type WipeAsked struct {
	Word string `json:"word"`
}

// WipeWord is the word of WipeAsked.
const WipeWord = "erase"
