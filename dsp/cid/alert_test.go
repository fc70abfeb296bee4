package cid

import (
	"testing"

	"github.com/centralita/centralita/dsp/tone"
)

// dual is a dual tone with 100 ms before and after.
func dual(ms int, off, low, high float64) []float64 {
	var p tone.Player
	p.Start(tone.Spec{Repeat: tone.Once, Segments: []tone.Segment{{
		Partials: []tone.Partial{{Hz: AlertLow * (1 + off), DBm0: low}, {Hz: AlertHigh * (1 + off), DBm0: high}}, Samples: tone.Ms(ms)}}})
	x := make([]int16, tone.Ms(ms))
	p.FillSamples(x)
	return padded(x)
}

func alerts(x []float64) []Alert {
	d := NewAlertDetector()
	return d.Feed(samples(x), nil)
}

// SIN 227 § 5.2 and EN 300 659-1 § 6.1.3: 88 to 110 ms on hook, 75 to 85 while
// talking, 1.1 % and 6 dB off.
func TestAlertIsHeard(t *testing.T) {
	r := rng(3)
	for _, c := range []struct {
		ms             int
		off, low, high float64
	}{{75, 0, -15, -15}, {80, 0, -15, -15}, {88, 0, -20, -20}, {100, 0, -15, -15}, {110, 0, -15, -15}, {100, 0.011, -15, -15}, {100, -0.011, -15, -15},
		{100, 0, -12, -18}, {100, 0, -18, -12}, {100, 0, -40, -40}, {100, 0, -3, -3}} {
		for _, spoilt := range []bool{false, true} {
			x := dual(c.ms, c.off, c.low, c.high)
			if spoilt {
				noise(x, min(c.low, c.high)-15, &r)
			}
			got := alerts(x)
			if len(got) != 1 || got[0].At < 90 || got[0].At > 110 || got[0].Ms < int64(c.ms)-12 || got[0].Ms > int64(c.ms)+12 {
				t.Errorf("%+v, noise %v: %+v", c, spoilt, got)
			}
		}
	}
}

func TestWhatIsNoAlert(t *testing.T) {
	r := rng(5)
	for name, x := range map[string][]float64{
		"40 ms":           dual(40, 0, -15, -15),
		"200 ms":          dual(200, 0, -15, -15),
		"for ever":        dual(2000, 0, -15, -15),
		"3 % off":         dual(100, 0.03, -15, -15),
		"3 % off, low":    dual(100, -0.03, -15, -15),
		"one tone":        dual(100, 0, -15, -50),
		"too quiet":       dual(100, 0, -50, -50),
		"with a third":    sine(dual(100, 0, -15, -15), 1000, -14),
		"noise":           noise(make([]float64, 24_000), -15, &r),
		"speech":          speech(20, &r),
		"silence":         make([]float64, 8000),
		"caller id (FSK)": must(sentBy(Info{Number: "600123456"}, Sending{Standard: V23})),
	} {
		if got := alerts(x); len(got) > 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func must(x []float64, err error) []float64 {
	if err != nil {
		panic(err)
	}
	return x
}

func TestAlertBeforeData(t *testing.T) {
	x := must(sentBy(Info{Number: "600123456"}, Sending{Standard: V23, Alert: AlertMs}))
	got := alerts(x)
	if len(got) != 1 || got[0].Ms < 88 || got[0].Ms > 110 {
		t.Errorf("%+v", got)
	}
}

func TestAlertInAnyPieces(t *testing.T) {
	x := samples(dual(100, 0, -15, -15))
	d := NewAlertDetector()
	var got []Alert
	for i := 0; i < len(x); i += 7 {
		got = d.Feed(x[i:min(len(x), i+7)], got)
	}
	if w := NewAlertDetector(); len(got) != 1 || got[0] != w.Feed(x, nil)[0] {
		t.Errorf("%+v", got)
	}
	if n := testing.AllocsPerRun(5, func() { d.Feed(x[:160], got[:0]) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
