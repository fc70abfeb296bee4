package fsk

import (
	"math"
	"testing"

	"github.com/centralita/centralita/dsp/goertzel"
	"github.com/centralita/centralita/dsp/pcm"
)

func sent(data []byte, s Sending) []int16 {
	var m Modulator
	m.Start(data, s)
	x := make([]int16, m.Samples())
	if n := m.FillSamples(x); n != len(x) || m.Sending() {
		panic("the length told is not the length sent")
	}
	return x
}

// GR-30 § 2.2: mark 1200 and space 2200 Hz; EN 300 659-1 § 5.4.1: 1300 and 2100
// Hz; within 1 %, at the level asked for.
func TestTonesAndLevels(t *testing.T) {
	for _, m := range modes {
		mark, space := m.Tones()
		for k, hz := range []float64{mark, space} {
			s := Sending{Mode: m, Mark: 1200, Level: -20, Twist: 3}
			if k == 1 { // a long break is the only way to hear space alone
				s.Mark = 0
			}
			x := sent(nil, s)
			want := -20.
			if k == 1 {
				want = -17
				var mod Modulator
				mod.Start([]byte{0}, s)
				x = make([]int16, 59) // nine bits of space
				mod.FillSamples(x)
			}
			bank := goertzel.New(hz, hz*0.94, hz*1.06)
			bank.Feed(x)
			a := bank.Take()
			p := goertzel.Power(a[0])
			if got := pcm.DBm0(float64(p) / 2); math.Abs(got-want) > 0.15 {
				t.Errorf("%v: %v Hz has %.2f dBm0, not %v", m, hz, got, want)
			}
			if goertzel.Power(a[1]) > p || goertzel.Power(a[2]) > p {
				t.Errorf("%v: %v Hz is not the frequency sent", m, hz)
			}
		}
	}
}

// The phase runs on: no step is steeper than the higher tone's own.
func TestPhaseRunsOn(t *testing.T) {
	for _, m := range modes {
		s := with(m, nil)
		x := sent([]byte("\x80\x02AB\x55\xAA\x00\xFF"), s)
		_, space := m.Tones()
		most := 2*pcm.Peak(s.Level)*math.Sin(math.Pi*space/pcm.Rate) + 2
		for i := 1; i < len(x); i++ {
			if d := math.Abs(float64(x[i]) - float64(x[i-1])); d > most {
				t.Fatalf("%v: a step of %v at sample %d, at most %v is smooth", m, d, i, most)
			}
		}
	}
}

// 1200 bit/s without drift: a second more of bits is a second more of samples.
func TestBitRate(t *testing.T) {
	for _, c := range []struct {
		bits int
		fast float64
		want int
	}{{1200, 0, 8000}, {120_000, 0, 800_000}, {1200, 0.04, 7693}, {1200, -0.04, 8334}} {
		if n := len(sent(nil, Sending{Mark: c.bits, Fast: c.fast})); n < c.want-1 || n > c.want+1 {
			t.Errorf("%d bits at %+v take %d samples, not %d", c.bits, c.fast, n, c.want)
		}
	}
}

func TestUsualLevel(t *testing.T) {
	x := sent(nil, Sending{Mark: 1200})
	if got := pcm.Level(x); math.Abs(got-UsualLevel) > 0.05 {
		t.Errorf("%.2f dBm0", got)
	}
}

func TestFramesAndEnd(t *testing.T) {
	data := []byte("caller id")
	whole := sent(data, usual)
	var m Modulator
	m.Start(data, usual)
	var got []int16
	var f pcm.Frame
	for m.Fill(&f) {
		got = append(got, f[:]...)
	}
	for i, v := range got {
		if i < len(whole) && v != whole[i] || i >= len(whole) && v != 0 {
			t.Fatalf("sample %d is %d", i, v)
		}
	}
	if f != (pcm.Frame{}) {
		t.Error("after the end there is no silence")
	}
	var zero Modulator
	if zero.Fill(&f) || zero.Sending() {
		t.Error("the zero modulator sends")
	}
	m.Start(data, usual)
	m.Stop()
	if m.Fill(&f) {
		t.Error("a stopped modulator sends")
	}
}

func TestSendingDoesNotAllocate(t *testing.T) {
	var m Modulator
	m.Start(make([]byte, 200), usual)
	var f pcm.Frame
	if n := testing.AllocsPerRun(100, func() { m.Fill(&f) }); n != 0 {
		t.Errorf("%v allocations a frame", n)
	}
}
