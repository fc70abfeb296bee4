package linecheck

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/centralita/centralita/dsp/pcm"
)

// line makes seconds of noise at a level.
func line(seconds, noise float64) []float64 {
	r := rand.New(rand.NewPCG(7, 7))
	v := make([]float64, int(seconds*pcm.Rate))
	for i := range v {
		v[i] = r.NormFloat64() * pcm.RMS(noise)
	}
	return v
}

func addTone(v []float64, hz, dbm0 float64) []float64 {
	for i := range v {
		v[i] += pcm.Peak(dbm0) * math.Sin(2*math.Pi*hz*float64(i)/pcm.Rate)
	}
	return v
}

func samples(v []float64) []int16 {
	x := make([]int16, len(v))
	for i := range v {
		x[i] = pcm.Clip(int32(math.Round(v[i])))
	}
	return x
}

func near(t *testing.T, what string, got, want, by float64) {
	t.Helper()
	if math.Abs(got-want) > by {
		t.Errorf("%s is %.2f, not %.2f ± %.2f", what, got, want, by)
	}
}

func TestQuietLine(t *testing.T) {
	q, ok := ListenQuiet(samples(line(3, -62)))
	if !ok || q.HumHz != 0 || q.Hum != pcm.Floor || q.Clicks != 0 {
		t.Fatalf("a quiet line is %+v, %t", q, ok)
	}
	near(t, "noise", q.Noise, -62, 0.7)
	near(t, "level", q.Level, -62, 0.5)
}

func TestHum(t *testing.T) {
	for _, mains := range []float64{50, 49.9, 60, 60.05} {
		v := line(3, -65)
		addTone(v, mains, -44)
		addTone(v, 3*mains, -38)
		addTone(v, 5*mains, -50)
		q, _ := ListenQuiet(samples(v))
		if want := int(math.Round(mains)); q.HumHz != want {
			t.Errorf("%.2f Hz is taken for %d Hz", mains, q.HumHz)
		}
		near(t, "hum", q.Hum, -36.8, 1)
		near(t, "noise beside the hum", q.Noise, -65, 4)
	}
}

// 300 Hz alone is a harmonic of both mains and the hum of neither.
func TestThreeHundredIsNoHum(t *testing.T) {
	if q, _ := ListenQuiet(samples(addTone(line(2, -60), 300, -30))); q.HumHz != 0 {
		t.Errorf("a tone of 300 Hz is taken for hum of %d Hz", q.HumHz)
	}
}

func TestOffsetIsNoNoise(t *testing.T) {
	v := line(2, -65)
	for i := range v {
		v[i] += 300
	}
	q, _ := ListenQuiet(samples(v))
	near(t, "noise above an offset", q.Noise, -65, 0.7)
	near(t, "offset", q.Constant, 300, 2)
}

func TestClicks(t *testing.T) {
	v := line(4, -60)
	for _, at := range []int{2000, 9000, 17000, 25000} {
		for i := range 6 {
			v[at+i] += 6000 * float64(1-2*(i%2))
		}
	}
	q, _ := ListenQuiet(samples(v))
	if q.Clicks != 4 {
		t.Errorf("%d clicks, not 4", q.Clicks)
	}
	near(t, "noise between clicks", q.Noise, -60, 0.7)
}

func TestShortRecordings(t *testing.T) {
	if _, ok := ListenQuiet(make([]int16, segment-1)); ok {
		t.Error("less than half a second is measured")
	}
	if _, ok := ListenTone(make([]int16, segment-1), []float64{425}); ok {
		t.Error("a tone of less than half a second is measured")
	}
	if _, ok := ListenTone(make([]int16, segment), nil); ok {
		t.Error("a tone without a frequency is measured")
	}
}

func TestTone(t *testing.T) {
	v := line(2, -60)
	addTone(addTone(v, 352.5, -13), 437, -14)
	tone, _ := ListenTone(samples(v), []float64{350, 440})
	near(t, "level", tone.Level, -10.5, 0.2)
	near(t, "low frequency", tone.Hz[0], 352.5, 0.15)
	near(t, "high frequency", tone.Hz[1], 437, 0.15)
	near(t, "purity", tone.Pure, 1, 0.001)
	near(t, "sway", tone.Sway, 0, 0.6)

	addTone(v, 150, -12)
	tone, _ = ListenTone(samples(v), []float64{350, 440})
	near(t, "level beside hum", tone.Level, -10.5, 0.2)
	near(t, "what is beside it", tone.Others, -12, 0.3)
	near(t, "purity beside hum", tone.Pure, 0.585, 0.02)
}

func TestSilenceIsNoTone(t *testing.T) {
	tone, _ := ListenTone(make([]int16, pcm.Rate), []float64{425})
	if tone.Pure != 0 || tone.Level != pcm.Floor {
		t.Errorf("silence is a tone: %+v", tone)
	}
}

func TestEcho(t *testing.T) {
	const erl, delay = 14.0, 37 // samples
	var out, in []int16
	for _, f := range Probe(75, -13) {
		out = append(out, f[:]...)
	}
	noise := line(float64(len(out))/pcm.Rate, -62)
	in = make([]int16, len(out))
	for i := range out {
		if i >= delay {
			noise[i] += float64(out[i-delay]) * math.Pow(10, -erl/20)
		}
		in[i] = pcm.Clip(int32(math.Round(noise[i])))
	}
	near(t, "probe", pcm.Level(out), -13, 0.2)
	e, ok, err := ListenEcho(out, in, 32)
	if err != nil || !ok {
		t.Fatalf("no echo is found: %v", err)
	}
	near(t, "ERL", e.ERL, erl, 1)
	near(t, "delay", e.Delay, delay/8.0, 0.3)

	if _, ok, _ := ListenEcho(out, samples(line(1.5, -60)), 32); ok {
		t.Error("an echo is found in noise alone")
	}
	if _, _, err := ListenEcho(out, in, 33); err == nil {
		t.Error("a tail of 33 ms is accepted")
	}
}
