package tel

import "strconv"

// CallID names one interaction for ever: boot number, dash, running number.
type CallID string

// LegID names one party's connection to us. It is unique within one boot; 0 is none.
type LegID uint64

// String returns the decimal form, as logs and traces show it.
func (l LegID) String() string { return strconv.FormatUint(uint64(l), 10) }

// PortID names an analog port, as the configuration and the lamps do: "L1", "F3".
type PortID string

// AgentID names a person who answers calls.
type AgentID string

// QueueID names a queue.
type QueueID string

// TrunkID names a SIP trunk or gateway.
type TrunkID string

// OfferID names one attempt to give one call to one agent. 0 is none.
type OfferID uint64

// PlayID names one request to play something to a leg. 0 is none.
type PlayID uint64

// Lang is a language of prompts and pages: "es" or "en".
type Lang string

// The languages that every prompt, page and display has.
const (
	Spanish Lang = "es"
	English Lang = "en"
)

// Direction of an interaction as the office sees it.
type Direction string

// Directions.
const (
	Inbound  Direction = "in"
	Outbound Direction = "out"
	Internal Direction = "internal"
)

// Digit is one telephone key: '0'-'9', '*', '#', 'A'-'D'.
type Digit byte

// Valid reports whether d is one of the sixteen keys of ITU-T Q.23.
func (d Digit) Valid() bool {
	return d >= '0' && d <= '9' || d == '*' || d == '#' || d >= 'A' && d <= 'D'
}

// String returns the key.
func (d Digit) String() string { return string(rune(d)) }
