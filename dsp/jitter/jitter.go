// Package jitter is the buffer between packets that arrive when the network
// likes and a tick that wants 20 ms of audio every 20 ms: it puts RTP in the
// order of its timestamps, waits as long as the arrival times ask for, and
// never longer than 200 ms.
//
// Its clock is the tick: time is counted in Pop calls. Audio of any packet
// length is cut and joined into slots of 160 samples.
//
// Accepted: packets of 1 to 480 samples (60 ms) in any order, timestamps and
// sequence numbers that wrap (RFC 3550 § 5.1). Refused and counted: what comes
// after its time, what is there already, and one packet whose timestamp is out of
// reach; a second in a row begins a new stream (RFC 3550 appendix A.1).
//
// Cost: about 0.7 µs for a packet put and popped; nothing is allocated.
package jitter

import "github.com/centralita/centralita/dsp/pcm"

// Bounds in samples at 8 kHz.
const (
	Half       = pcm.FrameLen / 2     // 10 ms, the unit that can be missing
	StartDepth = 2 * pcm.FrameLen     // waited for before a talk spurt is played
	MaxDepth   = 10 * pcm.FrameLen    // 200 ms: audio never waits longer
	MaxPayload = 3 * pcm.FrameLen     // samples of one packet
	ring       = 4096                 // power of two over MaxDepth + MaxPayload
	starved    = 10 * pcm.FrameLen    // nothing for so long: begin anew
	spareAim   = 2 * pcm.FrameLen     // when even the latest packet is so early …
	spareTicks = 5000 / pcm.FrameTime // … for so long, some waiting is given up
)

// Verdict says what became of a packet.
type Verdict uint8

// Verdicts.
const (
	Taken     Verdict = iota
	Late              // its time to be played is over
	Duplicate         // all of it was there already
	Jumped            // timestamp out of reach; a second one in a row is believed
	Malformed         // empty, or over MaxPayload samples
)

// String returns the verdict's name.
func (v Verdict) String() string {
	return [...]string{"taken", "late", "duplicate", "jumped", "malformed"}[min(v, Malformed)]
}

// State says what a Pop found.
type State uint8

// States of the slot that was popped.
const (
	Whole  State = iota // both halves are there
	First               // only the first 10 ms are there
	Second              // only the last 10 ms are there
	Gone                // nothing is there: conceal
	Idle                // no stream, or it is gathering its first audio: silence
)

// Stats counts the life of a stream. Frames are slots of 20 ms.
type Stats struct {
	Packets    uint64 // given to Put
	Late       uint64 // came after their time
	Duplicate  uint64 // came twice
	Jumped     uint64 // timestamp out of reach
	Lost       int64  // sequence numbers that never came; duplicates can make it fall
	Missing    uint64 // half frames popped without audio inside a talk spurt
	Dropped    uint64 // samples thrown away to keep the bound
	Squeezed   uint64 // times that waiting was given up, smoothly
	Stretched  uint64 // times that waiting was prolonged
	Resyncs    uint64 // times the stream began anew
	DepthMilli int    // present waiting time in milliseconds
}

// Buffer holds one stream. The zero value is ready. It is not for concurrent use.
type Buffer struct {
	pcm   [ring]int16
	have  [ring]bool
	next  uint32 // timestamp that is popped next
	high  uint32 // timestamp after the newest sample
	on    bool   // a stream is there: next and high mean something
	play  bool   // its first audio has been gathered
	waits int    // pops since on, while not play
	dry   int    // samples popped without audio in a row

	spare int // least samples any packet came before its time in this window
	ticks int // pops of this window

	probeOn  bool
	probeSeq uint16
	probeTS  uint32

	seqOn  bool
	seqMax uint16
	stats  Stats
}

// Reset forgets the stream (its SSRC changed) and keeps the counts.
func (b *Buffer) Reset() {
	stats := b.stats
	*b = Buffer{stats: stats}
}

// Stats returns the counts.
func (b *Buffer) Stats() Stats {
	s := b.stats
	s.DepthMilli = b.depth() / 8
	return s
}

// depth is how many samples wait.
func (b *Buffer) depth() int {
	if !b.on {
		return 0
	}
	return max(0, int(int32(b.high-b.next)))
}

// Skip takes note of a sequence number that carries no audio (a telephone
// event), so that it does not count as lost.
func (b *Buffer) Skip(seq uint16) { b.count(seq) }

// Put gives the decoded audio of one packet: its sequence number, the
// timestamp of its first sample, and its samples.
func (b *Buffer) Put(seq uint16, ts uint32, samples []int16) Verdict {
	b.stats.Packets++
	if len(samples) == 0 || len(samples) > MaxPayload {
		return Malformed
	}
	b.count(seq)
	if !b.on {
		b.begin(ts)
	}
	ahead := int(int32(ts - b.next))
	switch {
	case ahead < -ring || ahead+len(samples) > ring:
		if !b.believed(seq, ts) {
			b.stats.Jumped++
			return Jumped
		}
		b.begin(ts)
		ahead = 0
	case ahead < 0 && b.play:
		if !b.rewind(ts, -ahead) {
			return b.late(ts, ahead, samples)
		}
		ahead = 0
	case ahead < 0 && int(int32(b.high-ts)) > MaxDepth: // too old to begin with
		return b.late(ts, ahead, samples)
	case ahead < 0: // older audio while still gathering: begin with it
		b.next = ts
		ahead = 0
	}
	b.probeOn = false
	b.spare = min(b.spare, ahead)
	if b.store(ts, samples) == 0 {
		b.stats.Duplicate++
		return Duplicate
	}
	b.bound()
	return Taken
}

// count follows the sequence numbers for the count of lost packets.
func (b *Buffer) count(seq uint16) {
	d := int16(seq - b.seqMax)
	switch {
	case !b.seqOn || d > 3000 || d < -100:
		b.seqOn = true
		b.seqMax = seq
	case d > 0:
		b.stats.Lost += int64(d) - 1
		b.seqMax = seq
	case d < 0:
		b.stats.Lost--
	}
}

// begin starts a stream at ts.
func (b *Buffer) begin(ts uint32) {
	if b.stats.Packets > 1 {
		b.stats.Resyncs++
	}
	clear(b.have[:])
	b.next, b.high = ts, ts
	b.on, b.play = true, false
	b.waits, b.dry, b.ticks = 0, 0, 0
	b.spare = MaxDepth
	b.probeOn = false
}

// believed reports whether a jump to ts was announced by the packet before.
func (b *Buffer) believed(seq uint16, ts uint32) bool {
	step := int32(ts - b.probeTS)
	ok := b.probeOn && seq == b.probeSeq+1 && step > 0 && step <= 2*MaxPayload
	b.probeOn, b.probeSeq, b.probeTS = true, seq, ts
	return ok
}

// rewind goes back to ts when everything since then was missing anyway: the
// packet is late because we did not wait long enough, so from now on we wait
// longer. It reports whether it did.
func (b *Buffer) rewind(ts uint32, by int) bool {
	if by > b.dry || int(int32(b.high-ts)) > MaxDepth {
		return false
	}
	b.next = ts
	b.dry -= by
	b.stats.Stretched++
	return true
}

// late takes what is still in time of a packet that begins too late.
func (b *Buffer) late(ts uint32, ahead int, samples []int16) Verdict {
	b.spare = min(b.spare, ahead)
	if len(samples)+ahead > 0 && b.store(b.next, samples[-ahead:]) > 0 {
		return Taken
	}
	b.stats.Late++
	return Late
}

// store writes samples into the ring and returns how many were not there yet.
func (b *Buffer) store(ts uint32, samples []int16) (fresh int) {
	for i, v := range samples {
		at := (ts + uint32(i)) % ring
		if !b.have[at] {
			b.have[at] = true
			b.pcm[at] = v
			fresh++
		}
	}
	if end := ts + uint32(len(samples)); int32(end-b.high) > 0 {
		b.high = end
	}
	return fresh
}

// bound throws the oldest audio away when more than MaxDepth waits.
func (b *Buffer) bound() {
	for b.depth() > MaxDepth {
		if b.have[b.next%ring] {
			b.have[b.next%ring] = false
			b.stats.Dropped++
		}
		b.next++
		b.dry = 0
	}
}
