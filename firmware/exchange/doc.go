// Package exchange is the control loop: it owns every machine, steps them one
// event at a time, and carries effects from one machine to the next or to a
// shell. It decides nothing; it translates, one file per pair of neighbours.
//
// Three words explain it: inbox (everything that happens, in one order), step
// (one machine takes one event), picture (what everyone else may read).
package exchange
