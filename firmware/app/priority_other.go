//go:build !linux

package app

import "github.com/centralita/centralita/board"

// hurry changes nothing: only Linux gives threads a place of their own.
func hurry() board.Report {
	return board.Report{Driver: "kernel", Port: "priority", State: board.Loaded, What: "as every program"}
}
