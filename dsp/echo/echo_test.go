package echo

import (
	"math"
	"os/exec"
	"testing"

	"github.com/centralita/centralita/dsp/pcm"
	es "github.com/centralita/centralita/testbench/corpus/echosignals"
)

const second = pcm.Rate

// line is a telephone line under test: what is sent, what of it comes back and
// what comes at all.
type line struct {
	far, near []int16
	echo      []float64
}

// loop puts a line together. Path and talk may change it further.
func loop(far []float64, path []float64, noise float64) *line {
	l := &line{far: es.Round(far)}
	l.echo = es.Convolve(l.far, path)
	sum := es.White(17, len(far), noise)
	es.Add(sum, l.echo, 0)
	l.near = es.Round(sum)
	return l
}

// talk adds near speech from sample at on.
func (l *line) talk(x []float64, at int) {
	for i, v := range es.Round(x) {
		if at+i < len(l.near) {
			l.near[at+i] = pcm.Clip(int32(l.near[at+i]) + int32(v))
		}
	}
}

func canceller(t testing.TB, o Options) *Canceller {
	t.Helper()
	if o.Tail == 0 {
		o.Tail = 32
	}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// through cancels a whole line.
func (l *line) through(c *Canceller) []int16 {
	out := make([]int16, len(l.near))
	for i := 0; i+block <= len(out); i += block {
		c.Process((*pcm.Frame)(l.far[i:]), (*pcm.Frame)(l.near[i:]), (*pcm.Frame)(out[i:]))
	}
	return out
}

// erle is echo over what of it is left, from and to in seconds.
func (l *line) erle(out []int16, from, to float64) float64 {
	var e, r float64
	for i := int(from * second); i < int(to*second); i++ {
		e += l.echo[i] * l.echo[i]
		d := float64(out[i]) - float64(l.near[i]) + l.echo[i]
		r += d * d
	}
	return 10 * math.Log10((e+1)/(r+1))
}

var bare = Options{NoSuppressor: true}

// voices are kept: a talker is made once.
var voices = map[string][]float64{}

// speech returns n samples of a talker, or skips where there is none to speak.
func speech(t *testing.T, talker string, n int, level float64) []float64 {
	t.Helper()
	for _, program := range []string{"espeak-ng", "sox"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("no speech without %s: apt-get install espeak-ng sox", program)
		}
	}
	const most = 20 * second
	if voices[talker] == nil {
		x, err := es.Speech(t.TempDir(), talker, most, -20)
		if err != nil {
			t.Fatal(err)
		}
		voices[talker] = x
	}
	x := append([]float64(nil), voices[talker][:n]...)
	es.Level(x, level)
	return x
}

func atLeast(t *testing.T, what string, got, want float64) {
	t.Helper()
	if !(got >= want) {
		t.Errorf("%s: %.1f dB, want %.0f at least", what, got, want)
	}
}

func TestTails(t *testing.T) {
	for _, tail := range []int{16, 32, 64, 128} {
		if c, err := New(Options{Tail: tail}); err != nil || c.Tail() != tail {
			t.Errorf("tail of %d ms: %v", tail, err)
		}
	}
	for _, tail := range []int{0, -16, 20, 256} {
		if _, err := New(Options{Tail: tail}); err == nil {
			t.Errorf("a tail of %d ms is taken", tail)
		}
	}
}

// G.168 test No. 2: convergence with the NLP disabled, on the composite source
// signal and on noise, at all tails.
func TestG168_2_Convergence(t *testing.T) {
	const n = 3 * second
	for _, c := range []struct {
		name         string
		far          []float64
		soon, finish float64
	}{
		{"noise", es.White(1, n, -12), 25, 48},
		{"composite source signal", es.CSS(1, n, -12), 22, 45},
		{"composite source signal at −30 dBm0", es.CSS(2, n, -30), 20, 38},
	} {
		for _, tail := range []int{16, 32, 64, 128} {
			path := es.Lines[1]
			l := loop(c.far, path.Path(128, 6), -65)
			out := l.through(canceller(t, Options{Tail: tail, NoSuppressor: true}))
			atLeast(t, c.name+", 0.5 to 1 s", l.erle(out, 0.5, 1), c.soon)
			atLeast(t, c.name+", end", l.erle(out, 2, 3), c.finish)
		}
	}
}

func TestConvergenceOnSpeech(t *testing.T) {
	for i, talker := range []string{"es+m3", "en+f2"} {
		l := loop(speech(t, talker, 8*second, -12), es.Lines[i+2].Path(256, 6), -65)
		out := l.through(canceller(t, bare))
		atLeast(t, talker+", second second", l.erle(out, 1, 2), 15)
		atLeast(t, talker+", end", l.erle(out, 5, 8), 30)
	}
}

// G.168 test No. 3: double talk must not make it worse, and what comes after
// must be as good as before.
func TestG168_3_DoubleTalk(t *testing.T) {
	l := loop(speech(t, "es+m3", 10*second, -12), es.Lines[1].Path(256, 6), -65)
	l.talk(speech(t, "en+f2", 3*second, -15), 5*second)
	out := l.through(canceller(t, bare))
	atLeast(t, "during", l.erle(out, 5, 8), 30)
	atLeast(t, "0.5 s after", l.erle(out, 8.25, 8.75), 33)
	atLeast(t, "end", l.erle(out, 9, 10), 38)
}

// G.168 test No. 2C: another line after the first one.
func TestG168_2C_PathChange(t *testing.T) {
	for _, c := range []struct {
		name string
		far  []float64
		soon float64
	}{
		{"noise", es.White(1, 5*second, -12), 25},
		{"composite source signal", es.CSS(1, 5*second, -12), 20},
	} {
		l := loop(c.far, es.Lines[1].Path(256, 6), -65)
		next := es.Convolve(l.far, es.Lines[2].Path(256, 8))
		for i := 2 * second; i < len(l.near); i++ {
			l.near[i] += int16(math.Round(next[i] - l.echo[i]))
			l.echo[i] = next[i]
		}
		k := canceller(t, bare)
		out := l.through(k)
		atLeast(t, c.name+", 0.5 s after", l.erle(out, 2.4, 2.6), c.soon)
		atLeast(t, c.name+", end", l.erle(out, 4, 5), 45)
		if r := k.Report(); r.Changes < 1 || r.Changes > 3 {
			t.Errorf("%s: %d changes reported, there was one", c.name, r.Changes)
		}
	}
}

// G.168 test No. 5: the line is opened, there is no echo any more: the
// canceller must not make one.
func TestG168_5_InfiniteReturnLoss(t *testing.T) {
	l := loop(es.CSS(1, 4*second, -12), es.Lines[1].Path(256, 6), -65)
	quiet := es.Round(es.White(3, len(l.near), -65))
	copy(l.near[2*second:], quiet[2*second:])
	out := l.through(canceller(t, Options{}))
	if got := pcm.Level(out[2*second+second/2:]); got > -55 {
		t.Errorf("0.5 s after: %.1f dBm0 of echo that is not there", got)
	}
	out = l.through(canceller(t, bare))
	if got := pcm.Level(out[2*second+second/2:]); got > -50 {
		t.Errorf("0.5 s after, no suppressor: %.1f dBm0 of echo that is not there", got)
	}
}

// The far end is heard before the line is there, as under ringback: that there
// was no echo must not keep the canceller from learning the one that comes.
func TestEchoComesLater(t *testing.T) {
	for _, tail := range []int{32, 128} {
		l := loop(es.CSS(1, 8*second, -12), es.Lines[3].Path(256, 6), -65)
		for i := range 5 * second {
			l.near[i] -= int16(math.Round(l.echo[i]))
			l.echo[i] = 0
		}
		out := l.through(canceller(t, Options{Tail: tail, NoSuppressor: true}))
		atLeast(t, "half a second later", l.erle(out, 5.5, 6), 20)
		atLeast(t, "end", l.erle(out, 7, 8), 40)
	}
}

// G.168 tests No. 6 and 7: tones must not spoil what was learned.
func TestG168_6_NarrowBand(t *testing.T) {
	for _, hz := range [][2]float64{{1004, 1004}, {425, 425}, {697, 1209}, {350, 440}, {2100, 2100}, {941, 1633}} {
		far := es.CSS(1, 5*second, -12)
		for i := 2 * second; i < 4*second; i++ {
			t := 2 * math.Pi * float64(i) / pcm.Rate
			far[i] = pcm.Peak(-12) / 2 * (math.Sin(hz[0]*t) + math.Sin(hz[1]*t))
		}
		l := loop(far, es.Lines[1].Path(256, 6), -65)
		out := l.through(canceller(t, bare))
		atLeast(t, "on the tone", l.erle(out, 2.2, 4), 35)
		atLeast(t, "just after it", l.erle(out, 4, 4.4), 30)
	}
}

// A near end that saturates teaches nothing.
func TestClippingIsNotLearned(t *testing.T) {
	l := loop(es.CSS(1, 4*second, -12), es.Lines[1].Path(256, 6), -65)
	for i := 2 * second; i < 3*second; i++ {
		l.near[i] = 32124
		if i/7%2 == 0 {
			l.near[i] = -32124
		}
	}
	out := l.through(canceller(t, bare))
	atLeast(t, "just after it", l.erle(out, 3, 3.3), 35)
}

func TestReportReadsTheLine(t *testing.T) {
	for _, erl := range []float64{6, 14} {
		for _, q := range es.Lines[1:4] {
			h := q.Path(256, erl)
			l := loop(es.White(4, 5*second, -12), h, -60)
			c := canceller(t, bare)
			if r := c.Report(); r.Known || r.ERL != 0 {
				t.Errorf("%s: %v before anything was heard", q.Name, r)
			}
			l.through(c)
			r := c.Report()
			var most float64
			peak := 0
			for i, v := range h {
				if math.Abs(v) > most {
					most, peak = math.Abs(v), i
				}
			}
			// ERL is told over 300–3400 Hz, the path is scaled over 0–4 kHz.
			if !r.Known || math.Abs(r.ERL-erl) > 2.5 || math.Abs(r.Delay-ms(peak)) > 0.13 {
				t.Errorf("%s with ERL %.0f dB, peak after %.2f ms: %v", q.Name, erl, ms(peak), r)
			}
			if want := -12 - erl + 60; math.Abs(r.ERLE-want) > 4 {
				t.Errorf("%s: ERLE %.1f dB, the noise allows %.1f", q.Name, r.ERLE, want)
			}
			if math.Abs(r.Noise+60) > 2.5 {
				t.Errorf("%s: noise is told as %.1f dBm0, is −60", q.Name, r.Noise)
			}
			if r.End < r.Delay || r.End > 32 || r.DoubleTalk || r.Off || r.Changes != 0 {
				t.Errorf("%s: %+v", q.Name, r)
			}
		}
	}
}
