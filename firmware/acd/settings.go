package acd

import (
	"time"

	"github.com/centralita/centralita/firmware/tel"
)

// Settings are all queues and agents of the house.
type Settings struct {
	Queues []QueueSettings
	Agents []AgentSettings // in the order of the configuration, which is the order of every listing

	// Misses is how many offers in a row an agent's phone may leave unanswered
	// before he is made not ready for it, so that no caller rings an empty
	// chair again and again. 0 means 2; negative means never.
	Misses int
	// Refusals is the same for offers refused by hand or by a busy phone. 0
	// means 5; negative means never.
	Refusals int
	// Connect is how long after Accepted the bridge may take; then the offer is
	// taken back and the caller goes on. 0 means 5 s.
	Connect time.Duration

	Seed uint64 // shapes the balance of the trees, never a decision
}

// QueueSettings are the rules of one queue. Zero means what is said here.
type QueueSettings struct {
	ID         tel.QueueID
	Ring       time.Duration // an offer rings this long; 0 means 20 s
	Backoff    time.Duration // the same pair is not rung again sooner; 0 means 10 s
	ACW        time.Duration // after-call work at most; 0 means none
	MaxWait    time.Duration // of one visit; 0 means no limit
	MaxCallers int           // waiting at once when nobody is free; 0 means no limit
	Announce   time.Duration // between position announcements; 0 means none
}

// AgentSettings are the rules of one agent.
type AgentSettings struct {
	ID     tel.AgentID
	Queues []tel.QueueID // the queues he serves; unknown ones are left out
}

// Defaults of the settings.
const (
	DefaultRing     = 20 * time.Second
	DefaultBackoff  = 10 * time.Second
	DefaultConnect  = 5 * time.Second
	DefaultMisses   = 2
	DefaultRefusals = 5
)

// filled returns s with the defaults in place of zero.
func (s QueueSettings) filled() QueueSettings {
	if s.Ring <= 0 {
		s.Ring = DefaultRing
	}
	if s.Backoff <= 0 {
		s.Backoff = DefaultBackoff
	}
	return s
}

// filled returns s with the defaults in place of zero. The lists are shared.
func (s Settings) filled() Settings {
	if s.Misses == 0 {
		s.Misses = DefaultMisses
	}
	if s.Refusals == 0 {
		s.Refusals = DefaultRefusals
	}
	if s.Connect <= 0 {
		s.Connect = DefaultConnect
	}
	return s
}
