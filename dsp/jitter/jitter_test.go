package jitter

import (
	"math"
	"testing"

	"github.com/centralita/centralita/dsp/pcm"
	"pgregory.net/rapid"
)

// voice is the audio of a sender: every sample tells its timestamp.
func voice(ts uint32, n int) []int16 {
	out := make([]int16, n)
	for i := range out {
		out[i] = int16((ts + uint32(i)) % 32768)
	}
	return out
}

// sender gives packets of one stream.
type sender struct {
	seq uint16
	ts  uint32
	n   int
}

func (s *sender) next() (uint16, uint32, []int16) {
	seq, ts := s.seq, s.ts
	s.seq++
	s.ts += uint32(s.n)
	return seq, ts, voice(ts, s.n)
}

func (s *sender) skip() { s.next() }

// give puts the next packet of s into b.
func give(t *testing.T, b *Buffer, s *sender, want Verdict) {
	t.Helper()
	seq := s.seq
	if got := b.Put(s.next()); got != want {
		t.Fatalf("packet %d: %v, want %v", seq, got, want)
	}
}

// contiguous fails when f is not the voice at ts.
func contiguous(t *testing.T, f *pcm.Frame, ts uint32) {
	t.Helper()
	for i, v := range f {
		if want := int16((ts + uint32(i)) % 32768); v != want {
			t.Fatalf("sample %d is %d, want %d (timestamp %d)", i, v, want, ts)
		}
	}
}

func TestEveryPacketTimeBecomesSlotsOf20Milliseconds(t *testing.T) {
	for _, n := range []int{80, 160, 240, 320, 480} {
		var b Buffer
		s := &sender{seq: 65530, ts: math.MaxUint32 - 1000, n: n} // both wrap soon
		first, owed, at, slots := s.ts, 0, uint32(0), 0
		for tick := range 500 {
			for owed += pcm.FrameLen; owed >= n; owed -= n {
				give(t, &b, s, Taken)
			}
			var f pcm.Frame
			switch got := b.Pop(&f); {
			case got == Idle && slots == 0:
			case got == Whole:
				contiguous(t, &f, first+at)
				at += pcm.FrameLen
				slots++
			default:
				t.Fatalf("packets of %d samples: tick %d is %v", n, tick, got)
			}
		}
		if slots < 490 {
			t.Errorf("packets of %d samples: %d slots of 500 ticks", n, slots)
		}
	}
}

func TestReorderedAndDoubledPacketsAreHeardOnceInOrder(t *testing.T) {
	var b Buffer
	s := &sender{n: 160}
	type pkt struct {
		seq uint16
		ts  uint32
		pcm []int16
	}
	var all []pkt
	for range 40 {
		seq, ts, v := s.next()
		all = append(all, pkt{seq, ts, v})
	}
	for i := 2; i+1 < len(all); i += 4 {
		all[i], all[i+1] = all[i+1], all[i]
	}
	at := uint32(0)
	for i := 0; i+1 < len(all); i += 2 {
		for _, p := range []pkt{all[i], all[i+1], all[i]} {
			b.Put(p.seq, p.ts, p.pcm)
		}
		for range 2 {
			var f pcm.Frame
			if b.Pop(&f) != Whole {
				continue
			}
			contiguous(t, &f, at)
			at += pcm.FrameLen
		}
	}
	st := b.Stats()
	if at < 38*pcm.FrameLen || st.Duplicate != 20 || st.Late != 0 || st.Lost > 0 {
		t.Errorf("heard %d samples, stats %+v", at, st)
	}
}

func TestALostPacketIsGoneForItsTimeOnly(t *testing.T) {
	var b Buffer
	s := &sender{n: 160}
	var states []State
	for tick := range 20 {
		if tick == 10 {
			s.skip()
		} else {
			give(t, &b, s, Taken)
		}
		var f pcm.Frame
		states = append(states, b.Pop(&f))
	}
	gone := 0
	for _, st := range states {
		if st == Gone {
			gone++
		}
	}
	if st := b.Stats(); gone != 1 || st.Lost != 1 || st.Missing != 2 {
		t.Errorf("%d slots gone, stats %+v, states %v", gone, st, states)
	}
}

func TestHalfASlotOfALostTenMillisecondPacketStays(t *testing.T) {
	var b Buffer
	s := &sender{n: 80}
	halves := 0
	for tick := range 20 {
		give(t, &b, s, Taken)
		if tick == 10 {
			s.skip()
		} else {
			give(t, &b, s, Taken)
		}
		var f pcm.Frame
		if st := b.Pop(&f); st == First || st == Second {
			halves++
		}
	}
	if halves != 1 {
		t.Errorf("%d half slots, want 1", halves)
	}
}

func TestAJumpOfTheTimestampIsBelievedTheSecondTime(t *testing.T) {
	var b Buffer
	s := &sender{n: 160}
	var f pcm.Frame
	for range 10 {
		give(t, &b, s, Taken)
		b.Pop(&f)
	}
	stray := sender{seq: s.seq, ts: s.ts + 1_000_000, n: 160}
	give(t, &b, &stray, Jumped)
	stray.seq += 5 // one that follows in time but not in number is no proof
	give(t, &b, &stray, Jumped)
	for range 10 {
		give(t, &b, s, Taken)
		if b.Pop(&f) != Whole {
			t.Fatal("one stray timestamp stopped the stream")
		}
	}
	s.ts += 1_000_000
	give(t, &b, s, Jumped)
	for range 5 {
		give(t, &b, s, Taken)
		b.Pop(&f)
	}
	if b.Pop(&f) != Whole {
		t.Error("a stream that goes on with other timestamps is not heard")
	}
}

func TestRandomTimestampsAreNeverHeard(t *testing.T) {
	var b Buffer
	ts := uint32(1)
	taken := 0
	for seq := range uint16(1000) {
		ts = ts*1664525 + 1013904223
		if b.Put(seq, ts, voice(ts, 160)) == Taken {
			taken++
		}
		var f pcm.Frame
		b.Pop(&f)
	}
	if taken > 120 { // each time the stream ran dry one may begin a new one
		t.Errorf("%d of 1000 random packets were taken", taken)
	}
}

func TestFrozenTimestampsAreDuplicates(t *testing.T) {
	var b Buffer
	for seq := range uint16(100) {
		b.Put(seq, 5000, voice(5000, 160))
	}
	if st := b.Stats(); st.Duplicate != 99 || st.DepthMilli != 20 {
		t.Errorf("stats %+v", st)
	}
}

// lag runs a stream whose packets come late by delay(i) milliseconds and
// returns the state of each tick.
func lag(b *Buffer, ticks int, delay func(i int) float64) (states []State, worst int) {
	type pkt struct {
		at  float64
		seq int
	}
	var way []pkt
	for tick := range ticks {
		way = append(way, pkt{float64(tick*20) + delay(tick), tick})
		for i := 0; i < len(way); {
			if way[i].at <= float64(tick*20) {
				b.Put(uint16(way[i].seq), uint32(way[i].seq*160), voice(uint32(way[i].seq*160), 160))
				way = append(way[:i], way[i+1:]...)
			} else {
				i++
			}
		}
		var f pcm.Frame
		states = append(states, b.Pop(&f))
		worst = max(worst, b.Stats().DepthMilli)
	}
	return states, worst
}

func TestTheDepthFollowsTheJitterUpAndDown(t *testing.T) {
	var b Buffer
	seed := uint32(7)
	states, worst := lag(&b, 3000, func(i int) float64 {
		if i >= 1000 {
			return 0
		}
		seed = seed*1664525 + 1013904223
		return float64(seed>>16) / 65536 * 80 // up to 80 ms
	})
	bad := 0
	for _, st := range states[300:1000] {
		if st != Whole {
			bad++
		}
	}
	if bad > 7 { // 1 %
		t.Errorf("%d of 700 slots are missing after six seconds of 80 ms jitter", bad)
	}
	if worst > 200 || worst < 80 {
		t.Errorf("deepest %d ms", worst)
	}
	if d := b.Stats().DepthMilli; d > 60 {
		t.Errorf("40 s after the jitter ended still %d ms wait: %+v", d, b.Stats())
	}
}

func TestABurstAfterAStandstillDoesNotGrowTheDelay(t *testing.T) {
	var b Buffer
	_, worst := lag(&b, 500, func(i int) float64 {
		if i >= 100 && i < 150 {
			return float64(150-i) * 20 // all come at once, a second late
		}
		return 0
	})
	if worst > 200 {
		t.Errorf("%d ms waited", worst)
	}
}

func TestADayOfAnotherCrystalNeitherGrowsNorStarves(t *testing.T) {
	for _, ppm := range []float64{-200, 200} {
		var b Buffer
		s := &sender{n: 160}
		const minutes = 20 // a frame too many or too few each 100 s: this shows what a day does
		owed, idle, worst := 0.0, 0, 0
		for tick := range minutes * 3000 {
			for owed += 1 + ppm/1e6; owed >= 1; owed-- {
				b.Put(s.next())
			}
			var f pcm.Frame
			if st := b.Pop(&f); st != Whole && tick > 10 {
				idle++
			}
			worst = max(worst, b.Stats().DepthMilli)
		}
		st := b.Stats()
		// 200 ppm of twenty minutes are 12 frames.
		if worst > 100 || idle > 20 || st.Dropped != 0 {
			t.Errorf("%v ppm: deepest %d ms, %d slots missing, %+v", ppm, worst, idle, st)
		}
	}
}

func TestAnotherSourceBeginsAnew(t *testing.T) {
	var b Buffer
	s := &sender{n: 160}
	var f pcm.Frame
	for range 10 {
		give(t, &b, s, Taken)
		b.Pop(&f)
	}
	b.Reset()
	other := &sender{seq: 999, ts: 77, n: 160}
	give(t, &b, other, Taken)
	give(t, &b, other, Taken)
	if st := b.Pop(&f); st != Whole {
		t.Fatalf("after a reset: %v", st)
	}
	contiguous(t, &f, 77)
	if b.Stats().Packets != 12 || b.Stats().Lost != 0 {
		t.Errorf("stats %+v", b.Stats())
	}
}

func TestSequenceNumbersOfKeysAreNotLost(t *testing.T) {
	var b Buffer
	s := &sender{n: 160}
	give(t, &b, s, Taken)
	for range 5 {
		b.Skip(s.seq)
		s.seq++
	}
	give(t, &b, s, Taken)
	if l := b.Stats().Lost; l != 0 {
		t.Errorf("%d lost", l)
	}
}

func TestWhateverComesTheBoundHoldsAndAudioIsInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b Buffer
		n := rapid.SampledFrom([]int{80, 160, 240}).Draw(t, "samples")
		s := &sender{seq: rapid.Uint16().Draw(t, "seq"), ts: rapid.Uint32().Draw(t, "ts"), n: n}
		var last uint32
		started := false
		for range rapid.IntRange(1, 400).Draw(t, "ticks") {
			for range rapid.IntRange(0, 3).Draw(t, "packets") {
				if rapid.IntRange(0, 9).Draw(t, "loss") == 0 {
					s.skip()
					continue
				}
				b.Put(s.next())
			}
			var f pcm.Frame
			st := b.Pop(&f)
			if d := b.depth(); d > MaxDepth {
				t.Fatalf("%d samples wait", d)
			}
			if st == Whole && b.stats.Squeezed == 0 {
				for i := range f[:pcm.FrameLen-1] {
					if d := (int(f[i+1]) - int(f[i]) + 32768) % 32768; d != 1 {
						t.Fatalf("samples %d and %d of a slot do not follow: %d %d", i, i+1, f[i], f[i+1])
					}
				}
				if started && int32(b.next-last) <= 0 {
					t.Fatal("time went back over audio that was played")
				}
				started, last = true, b.next
			}
		}
	})
}

func FuzzBuffer(f *testing.F) {
	f.Add([]byte{0, 1, 0, 0, 160, 255, 0, 2, 0, 1, 64, 255})
	f.Add([]byte{1, 255, 255, 255, 240, 255, 255})
	f.Fuzz(func(t *testing.T, data []byte) {
		var b Buffer
		var frame pcm.Frame
		var audio [512]int16
		for len(data) >= 6 {
			if data[0] == 255 {
				b.Pop(&frame)
				data = data[1:]
				continue
			}
			ts := uint32(data[2])<<24 | uint32(data[3])<<10 | uint32(data[4])<<3
			b.Put(uint16(data[0])<<8|uint16(data[1]), ts, audio[:2*int(data[5])])
			data = data[6:]
			if d := b.depth(); d > MaxDepth {
				t.Fatalf("%d samples wait", d)
			}
		}
	})
}

func TestNothingIsAllocated(t *testing.T) {
	var b Buffer
	var f pcm.Frame
	audio := voice(0, 160)
	var seq uint16
	if n := testing.AllocsPerRun(1000, func() {
		b.Put(seq, uint32(seq)*160, audio)
		b.Pop(&f)
		seq++
	}); n != 0 {
		t.Errorf("%v allocations for a packet", n)
	}
}

func BenchmarkPutAndPop(b *testing.B) {
	var buf Buffer
	var f pcm.Frame
	audio := voice(0, 160)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		buf.Put(uint16(i), uint32(i)*160, audio)
		buf.Pop(&f)
	}
}
