package echo

import (
	"hash/fnv"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/centralita/centralita/dsp/pcm"
	es "github.com/centralita/centralita/testbench/corpus/echosignals"
)

// However the pieces are cut, a frame later comes out what whole frames give.
func TestAnyPiecesGiveTheSame(t *testing.T) {
	l := loop(es.CSS(1, second, -12), es.Lines[1].Path(256, 6), -60)
	l.talk(es.White(3, second/4, -20), second/2)
	want := l.through(canceller(t, Options{}))
	rapid.Check(t, func(r *rapid.T) {
		s := NewStream(canceller(t, Options{}))
		out := make([]int16, second)
		for at := 0; at < second; {
			n := min(second-at, rapid.IntRange(1, 700).Draw(r, "piece"))
			if got := s.Feed(l.far[at:at+n], l.near[at:at+n], out[at:]); got != n {
				r.Fatalf("%d samples of %d taken", got, n)
			}
			at += n
		}
		for i, v := range out {
			if w := int16(0); i >= block {
				if w = want[i-block]; v != w {
					r.Fatalf("sample %d is %d, whole frames give %d", i, v, w)
				}
			}
		}
	})
}

func TestOutMayBeNear(t *testing.T) {
	l := loop(es.CSS(1, second, -12), es.Lines[1].Path(256, 6), -60)
	want := l.through(canceller(t, Options{}))
	c := canceller(t, Options{})
	for i := 0; i < second; i += block {
		f := (*pcm.Frame)(l.near[i:])
		c.Process((*pcm.Frame)(l.far[i:]), f, f)
	}
	if d := difference(l.near, want, 0, second); d != pcm.Floor {
		t.Errorf("in place it is another signal, by %.1f dBm0", d)
	}
}

func TestResetForgets(t *testing.T) {
	l := loop(es.CSS(1, second, -12), es.Lines[1].Path(256, 6), -60)
	c := canceller(t, Options{})
	want := l.through(c)
	c.Reset()
	if r := c.Report(); r.Known {
		t.Errorf("after Reset: %v", r)
	}
	if d := difference(l.through(c), want, 0, second); d != pcm.Floor {
		t.Errorf("a second run after Reset is another, by %.1f dBm0", d)
	}
}

// The same samples on every machine: transform and filters leave a compiler
// nothing to fuse. The signals are made of integers only.
func TestGolden(t *testing.T) {
	l := &line{far: make([]int16, 2*second), near: make([]int16, 2*second)}
	state := uint64(88172645463325252)
	draw := func() int16 {
		state ^= state << 13
		state ^= state >> 7
		state ^= state << 17
		return int16(state >> 40)
	}
	for i := range l.far {
		l.far[i] = draw() >> 3
		near := int32(draw() >> 12)
		if i > second && i < second*3/2 {
			near += int32(draw() >> 3)
		}
		for k, h := range [5]int32{900, -3100, 6500, 1700, -800} {
			if at := i - 30 - 7*k; at >= 0 {
				near += int32(l.far[at]) * h >> 14
			}
		}
		l.near[i] = pcm.Clip(near)
	}
	h := fnv.New32a()
	for _, v := range l.through(canceller(t, Options{})) {
		h.Write([]byte{byte(v), byte(v >> 8)})
	}
	if got := h.Sum32(); got != golden {
		t.Errorf("the result has the sum %#x, not %#x: if that was meant, look at the bench before changing the number", got, uint32(golden))
	}
}

const golden = 0xd1db34e7

func TestNoAllocations(t *testing.T) {
	l := loop(es.CSS(1, second, -12), es.Lines[1].Path(256, 6), -60)
	for _, tail := range []int{16, 128} {
		c := canceller(t, Options{Tail: tail})
		s := NewStream(canceller(t, Options{Tail: tail}))
		out := make([]int16, block)
		i := 0
		if n := testing.AllocsPerRun(40, func() {
			c.Process((*pcm.Frame)(l.far[i:]), (*pcm.Frame)(l.near[i:]), (*pcm.Frame)(out))
			s.Feed(l.far[i:i+block], l.near[i:i+block], out)
			_ = c.Report()
			i += block
		}); n != 0 {
			t.Errorf("tail %d ms: %v allocations a frame", tail, n)
		}
	}
}

// Whatever comes, full scale and all, nothing breaks for good: after it a line
// is learned as by a new canceller.
func TestNothingBreaksIt(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		c := canceller(t, Options{Tail: 32, NoSuppressor: true, NoDisabler: true})
		rnd := es.NewRand(rapid.Uint64().Draw(r, "seed"))
		shapes := []func(i int) int16{
			func(int) int16 { return 0 },
			func(int) int16 { return math.MaxInt16 },
			func(i int) int16 { return int16(math.MinInt16 + 65535*(i%2)) },
			func(int) int16 { return int16(rnd.Float() * 65535) },
			func(i int) int16 { return int16(20000 * math.Sin(float64(i))) },
			func(i int) int16 { return int16(i % 3) },
		}
		var far, near, out pcm.Frame
		for range 12 {
			a := shapes[rapid.IntRange(0, len(shapes)-1).Draw(r, "far")]
			b := shapes[rapid.IntRange(0, len(shapes)-1).Draw(r, "near")]
			for range rapid.IntRange(1, 12).Draw(r, "frames") {
				for i := range far {
					far[i], near[i] = a(i), b(i)
				}
				c.Process(&far, &near, &out)
			}
		}
		c.Response(func(i int, v float32) {
			if v != v || v > 1e6 || v < -1e6 {
				r.Fatalf("coefficient %d is %v", i, v)
			}
		})
		out2 := afterwards.through(c)
		if got := afterwards.erle(out2, 1.5, 2); got < 20 {
			r.Fatalf("after that a line is cancelled by %.1f dB only", got)
		}
	})
}

var afterwards = loop(es.White(8, 2*second, -12), es.Lines[1].Path(256, 6), -65)
