// Package media is the 20 ms engine: it moves the audio of every leg, plays,
// mixes and listens, and tells what it noticed, once per tick.
//
// The engine is made of shards, one goroutine each, which tick on an absolute
// schedule: tick n begins at start + n·20 ms, and a late tick is followed at
// once by the next, so that none is left out. All legs of one call (and of one
// room) live on the same shard, so that a tick never needs a lock. Orders from
// outside are commands in a lock-free list that is emptied at the start of a
// tick. A tick allocates nothing, logs nothing, and calls nobody but the
// endpoints and, once at its end, the sink.
//
// A shard without legs has no timer running.
package media
