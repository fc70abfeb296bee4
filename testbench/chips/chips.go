// Package chips holds models of the chips of the front, written from their data
// sheets: what a driver sends them becomes what a person would read. They are I²C buses
// and lines for tests, and are played to the kernel in the board rig.
package chips

import "github.com/centralita/centralita/hal/display"

// Seen is what a person reads on a display.
type Seen struct {
	Rows  []string
	Light display.Light
}
