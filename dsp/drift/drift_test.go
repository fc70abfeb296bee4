package drift

import (
	"math"
	"testing"

	"github.com/centralita/centralita/dsp/pcm"
)

// source is a tone on its own clock.
type source struct {
	hz     float64
	n      int
	period []int16
}

func (s *source) frame() (f pcm.Frame) {
	for i := range f {
		if s.period == nil { // a whole number of hertz repeats within a second
			s.period = make([]int16, pcm.Rate)
			for k := range s.period {
				s.period[k] = int16(8000 * math.Sin(2*math.Pi*s.hz*float64(k)/pcm.Rate))
			}
		}
		f[i] = s.period[s.n%pcm.Rate]
		s.n++
	}
	return f
}

// run pulls for so many ticks while frames are pushed at a clock off by ppm,
// and hands each pulled frame to see.
func run(b *Buffer, s *source, ticks int, ppm float64, see func(tick int, there bool, f *pcm.Frame)) {
	owed := 0.5
	for tick := range ticks {
		for owed += 1 + ppm/1e6; owed >= 1; owed-- {
			f := s.frame()
			b.Push(&f)
		}
		var f pcm.Frame
		see(tick, b.Pull(&f), &f)
	}
}

// A tone of 440 Hz at a peak of 8000 moves at most 2760 from sample to sample
// and bends at most 955; a click bends far more.
const bendMax = 1100

func TestTwoCrystalsNeitherClickNorGrow(t *testing.T) {
	for _, ppm := range []float64{-200, 200} {
		var b Buffer
		s := &source{hz: 440}
		var last [2]int
		deepest, least, off := 0, MaxDepth, 0
		// The control settles within a minute, and the phase of the two clocks
		// goes once round in 100 s at 200 ppm: four minutes show what a day does,
		// and testbench/benchdsp/daybench plays the day.
		const settle, fourMinutes = 500, 12_000
		run(&b, s, fourMinutes, ppm, func(tick int, there bool, f *pcm.Frame) {
			if tick > settle {
				if !there {
					t.Fatalf("%v ppm: nothing there at tick %d", ppm, tick)
				}
				deepest, least = max(deepest, b.depth()), min(least, b.depth())
				off = b.Stats().PPM
			}
			for _, v := range f {
				bend := int(v) - 2*last[0] + last[1]
				if tick > settle && (bend > bendMax || bend < -bendMax) {
					t.Fatalf("%v ppm: click of %d at tick %d", ppm, bend, tick)
				}
				last[1], last[0] = last[0], int(v)
			}
		})
		st := b.Stats()
		if st.Dry != 0 || st.Dropped != 0 {
			t.Errorf("%v ppm: %+v", ppm, st)
		}
		if deepest > Target+60 || least < 40 {
			t.Errorf("%v ppm: between %d and %d samples wait", ppm, least, deepest)
		}
		if math.Abs(float64(off)-ppm) > 420 {
			t.Errorf("%v ppm: plays at %d", ppm, off)
		}
	}
}

func TestTheToneStaysPure(t *testing.T) {
	for _, hz := range []float64{440, 1000, 2000, 3000} {
		var b Buffer
		s := &source{hz: hz}
		worst := 99.0
		run(&b, s, 5000, 150, func(tick int, _ bool, f *pcm.Frame) {
			if tick > 2000 && tick%50 == 0 {
				worst = min(worst, purity(f, hz*(1+float64(b.Stats().PPM)/1e6)))
			}
		})
		if worst < 35 {
			t.Errorf("%v Hz: only %.1f dB over what else is heard", hz, worst)
		}
	}
}

// purity returns how many dB the tone is over everything else in f.
func purity(f *pcm.Frame, hz float64) float64 {
	// Least squares on sine and cosine.
	var ss, cc, sc, xs, xc, all float64
	for i, v := range f {
		s, c := math.Sincos(2 * math.Pi * hz * float64(i) / pcm.Rate)
		x := float64(v)
		ss, cc, sc, xs, xc, all = ss+s*s, cc+c*c, sc+s*c, xs+x*s, xc+x*c, all+x*x
	}
	det := ss*cc - sc*sc
	a, d := (xs*cc-xc*sc)/det, (xc*ss-xs*sc)/det
	tone := a*xs + d*xc
	return 10 * math.Log10(tone/max(1, all-tone))
}

func TestAnAbsentPullerLosesOnlyTheOldest(t *testing.T) {
	var b Buffer
	s := &source{hz: 440}
	for range 50 {
		f := s.frame()
		b.Push(&f)
		if b.depth() > MaxDepth {
			t.Fatalf("%d samples wait", b.depth())
		}
	}
	var f pcm.Frame
	if !b.Pull(&f) || b.Stats().Dropped == 0 {
		t.Errorf("stats %+v", b.Stats())
	}
}

func TestAnAbsentPusherIsSilenceUntilTheTarget(t *testing.T) {
	var b Buffer
	s := &source{hz: 440}
	var f pcm.Frame
	for range 5 {
		g := s.frame()
		b.Push(&g)
	}
	pulled := 0
	for b.Pull(&f) {
		pulled++
	}
	if pulled != 4 || !f.Silent() || b.Stats().Dry != 1 {
		t.Errorf("%d frames, then %+v", pulled, b.Stats())
	}
	g := s.frame()
	b.Push(&g)
	if b.Pull(&f) {
		t.Error("it plays before the target is reached")
	}
	b.Push(&g)
	if !b.Pull(&f) {
		t.Error("it does not play when the target is reached")
	}
}

// bend is the sharpest bend of audio.
func bend(x []int16) (most int) {
	for i := 2; i < len(x); i++ {
		most = max(most, abs(int(x[i])-2*int(x[i-1])+int(x[i-2])))
	}
	return most
}

func abs(v int) int { return max(v, -v) }

// late pushes and pulls frame by frame but for a stall of n frames at tick 50, in
// which only one side goes on and after which nothing is made up for.
func late(b *Buffer, frame func() pcm.Frame, ticks, stall int, pusher bool) (x []int16) {
	for tick := range ticks {
		if pusher && tick == 40 {
			b.read += 110 // as after a stall before
		}
		stalls := tick >= 50 && tick < 50+stall
		if !stalls || !pusher {
			f := frame()
			b.Push(&f)
		}
		if !stalls || pusher {
			var f pcm.Frame
			b.Pull(&f)
			x = append(x, f[:]...)
		}
	}
	return x
}

// A puller that was late by 300 ms in the middle of a tone hears no click, and
// not more than 140 ms wait.
func TestALatePullerHearsNoClick(t *testing.T) {
	for _, stall := range []int{3, 8, 15, 40} {
		var b Buffer
		s := &source{hz: 440}
		x := late(&b, s.frame, 200, stall, false)
		if most := bend(x[3000:]); most > bendMax {
			t.Errorf("%d frames late: bends by %d", stall, most)
		}
		if b.depth() > MaxDepth || b.Stats().Dry != 0 {
			t.Errorf("%d frames late: %+v", stall, b.Stats())
		}
	}
}

// keyed is a tone of 100 ms each 300 ms: keys, and pauses between them.
func keyed() func() pcm.Frame {
	s, n := &source{hz: 800}, 0
	return func() (f pcm.Frame) {
		if n++; n%15 < 5 {
			return s.frame()
		}
		return f
	}
}

// What came too late is made up for in pauses: each key keeps its length, and the delay is back in two seconds.
func TestPausesGiveAndTake(t *testing.T) {
	for _, pusher := range []bool{false, true} {
		var b Buffer
		stall := 4
		if pusher {
			stall = 1
		}
		x := late(&b, keyed(), 400, stall, pusher)
		var keys []int
		on, off := 0, 0
		for _, v := range x {
			switch {
			case abs(int(v)) > 1500:
				on, off = on+off+1, 0
			case on > 0:
				if off++; off == 80 {
					keys, on, off = append(keys, on), 0, 0
				}
			}
		}
		odd := 0
		for i, n := range keys {
			if i < 5 {
				continue // the stall
			}
			if abs(n-800) > 40 {
				odd++
			}
		}
		st := b.Stats()
		if len(keys) < 25 || odd > 0 {
			t.Errorf("pusher %v: %d keys, %d of them of another length: %v", pusher, len(keys), odd, keys)
		}
		if st.Depth+pcm.FrameLen > much || st.Depth+pcm.FrameLen < few || st.Dry > 0 || !pusher && st.Dropped == 0 || pusher && st.Added == 0 {
			t.Errorf("pusher %v: %+v", pusher, st)
		}
	}
}

// After a second without a pull nobody listens: what waits is the newest.
func TestNobodyListens(t *testing.T) {
	var b Buffer
	n := int16(0)
	for range 400 {
		var f pcm.Frame
		for i := range f {
			f[i] = n
		}
		n++
		b.Push(&f)
	}
	if got := b.pcm[b.read%size]; got < n-9 {
		t.Errorf("the oldest frame that waits is %d of %d", got, n)
	}
}

func TestNothingIsAllocated(t *testing.T) {
	var b Buffer
	f := (&source{hz: 440}).frame()
	if n := testing.AllocsPerRun(1000, func() {
		b.Push(&f)
		b.Pull(&f)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkPushAndPull(b *testing.B) {
	var buf Buffer
	f := (&source{hz: 440}).frame()
	b.ReportAllocs()
	for b.Loop() {
		buf.Push(&f)
		buf.Pull(&f)
	}
}
