package media

import (
	"sync/atomic"

	"github.com/centralita/centralita/firmware/media/player"
	"github.com/centralita/centralita/firmware/tel"
)

// Play is a request to play parts to a leg.
type Play struct {
	ID    tel.PlayID
	Parts []player.Part
	// Mix lets the leg hear its room behind what is played.
	Mix bool
}

// act is what a command asks for.
type act uint8

const (
	doAttach act = iota
	doDetach
	doPlay
	doStop
	doJoin
	doLeave
	doMute
	doKeys
	doListen
	doMove   // give the leg to command.to
	doExpect // a leg will come from another shard: keep its commands
	doArrive // here it is
	doPing
)

// command is an order from outside to one shard, one node of its list.
type command struct {
	next  *command
	act   act
	leg   tel.LegID
	room  tel.CallID
	what  *leg   // doAttach, doArrive
	to    *shard // doMove
	play  Play
	keys  keys
	on    bool // doMute; doListen: DTMF
	tones bool // doListen: progress
	done  chan<- struct{}
}

// inbox is a list of commands that many may push to and one empties, without a lock.
type inbox struct{ head atomic.Pointer[command] }

// push adds c.
func (q *inbox) push(c *command) {
	for {
		c.next = q.head.Load()
		if q.head.CompareAndSwap(c.next, c) {
			return
		}
	}
}

// empty reports whether nothing waits.
func (q *inbox) empty() bool { return q.head.Load() == nil }

// take returns all commands, the oldest first, linked by next.
func (q *inbox) take() *command {
	newest := q.head.Swap(nil)
	var oldest *command
	for newest != nil {
		newest.next, oldest, newest = oldest, newest, newest.next
	}
	return oldest
}
