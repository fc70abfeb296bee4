package echo

import (
	"math"
	"testing"

	"github.com/centralita/centralita/dsp/pcm"
	es "github.com/centralita/centralita/testbench/corpus/echosignals"
)

// answer is the tone of a modem: its phase turned by degrees each apart ms.
func answer(n int, hz, dbm0, degrees, apart float64) []float64 {
	x := make([]float64, n)
	for i := range x {
		turns := math.Floor(float64(i)/pcm.Rate*1000/apart + 0.37)
		x[i] = pcm.Peak(dbm0) * math.Sin(2*math.Pi*hz*float64(i)/pcm.Rate+turns*degrees*math.Pi/180)
	}
	return x
}

// disabledAt is after how many ms far or near switch a canceller off; 0 for never.
func disabledAt(c *Canceller, far, near []int16) int {
	var out pcm.Frame
	for i := 0; i+block <= len(far); i += block {
		c.Process((*pcm.Frame)(far[i:]), (*pcm.Frame)(near[i:]), &out)
		if c.Report().Off {
			return (i + block) * 1000 / pcm.Rate
		}
	}
	return 0
}

// G.168 § 7.2: 2100 ± 21 Hz, −6 to −31 dBm0, phase reversals of 180 ± 25° each
// 450 ± 25 ms, either way; § 7.5: within a second of the second reversal's
// chance, here 1.25 s of the tone.
func TestG168_7_Disables(t *testing.T) {
	const n = 2 * second
	quiet := es.Round(es.White(3, n, -60))
	for _, hz := range []float64{2079, 2100, 2113, 2121} {
		for _, level := range []float64{-6, -20, -31} {
			for _, degrees := range []float64{155, 180, 205} {
				for _, apart := range []float64{425, 450, 475} {
					tone := answer(n, hz, level, degrees, apart)
					es.Add(tone, es.White(9, n, -60), 0)
					x := es.Round(tone)
					if at := disabledAt(canceller(t, Options{Tail: 16}), x, quiet); at == 0 || at > 1250 {
						t.Errorf("%v Hz, %v dBm0, %v° each %v ms: off after %d ms", hz, level, degrees, apart, at)
					}
				}
			}
		}
	}
	x := es.Round(answer(n, 2100, -12, 180, 450))
	if at := disabledAt(canceller(t, Options{}), quiet, x); at == 0 {
		t.Error("the near end's tone does not switch off")
	}
	if at := disabledAt(canceller(t, Options{NoDisabler: true}), x, quiet); at != 0 {
		t.Error("switched off although it must not be")
	}
}

// What must not switch off: no reversals, smaller turns (up to 110°), other
// frequencies and distances, less than −37 dBm0, speech (§ 7.6).
func TestG168_7_DoesNotDisable(t *testing.T) {
	const n = 4 * second
	quiet := es.Round(es.White(3, n, -60))
	for _, c := range []struct {
		name string
		x    []float64
	}{
		{"no reversals", answer(n, 2100, -12, 0, 450)},
		{"turns of 90°", answer(n, 2100, -12, 90, 450)},
		{"turns of 110°", answer(n, 2100, -12, 110, 450)},
		{"1900 Hz", answer(n, 1900, -12, 180, 450)},
		{"2300 Hz", answer(n, 2300, -12, 180, 450)},
		{"each 300 ms", answer(n, 2100, -12, 180, 300)},
		{"each 600 ms", answer(n, 2100, -12, 180, 600)},
		{"−38 dBm0", answer(n, 2100, -38, 180, 450)},
		{"noise", es.White(4, n, -12)},
		{"composite source signal", es.CSS(4, n, -12)},
	} {
		if at := disabledAt(canceller(t, Options{Tail: 16}), es.Round(c.x), quiet); at != 0 {
			t.Errorf("%s: off after %d ms", c.name, at)
		}
	}
	for _, talker := range es.Talkers {
		if at := disabledAt(canceller(t, Options{Tail: 16}), es.Round(speech(t, talker, 20*second, -10)), es.Round(es.White(3, 20*second, -60))); at != 0 {
			t.Errorf("%s: off after %d ms", talker, at)
		}
	}
}

// G.168 § 7.4 and § 7.8: off it stays while a modem sends and over gaps of
// 100 ms, on again it is 250 ± 150 ms after both ways fell silent; and what it
// had learned still holds.
func TestG168_7_HoldAndRelease(t *testing.T) {
	const n = 12 * second
	far := make([]float64, n)
	es.Add(far, es.CSS(1, 3*second, -12), 0)
	es.Add(far, answer(2*second, 2100, -12, 180, 450), 3*second)
	es.Add(far, es.White(2, 3*second, -20), 5*second)
	clear(far[6*second : 6*second+second/10]) // a gap
	es.Add(far, es.CSS(1, 3*second, -12), 9*second)
	l := loop(far, es.Lines[1].Path(256, 6), -65)
	c := canceller(t, bare)
	out := make([]int16, n)
	for i := 0; i < n; i += block {
		c.Process((*pcm.Frame)(l.far[i:]), (*pcm.Frame)(l.near[i:]), (*pcm.Frame)(out[i:]))
		now, off := float64(i+block)/second, c.Report().Off
		if now > 4.3 && now <= 8 && !off {
			t.Fatalf("on again after %.2f s, in the middle of the modems", now)
		}
		if off && *(*pcm.Frame)(out[i:]) != *(*pcm.Frame)(l.near[i:]) {
			t.Fatalf("changes the signal while off, after %.2f s", now)
		}
		if off && now > 8.42 {
			t.Fatalf("still off after %.2f s", now)
		}
		if !off && now > 8.02 && now < 8.1 {
			t.Fatalf("on again after %.2f s, too soon", now)
		}
	}
	atLeast(t, "after the modems", l.erle(out, 9, 9.3), 30)
}

// A tone without reversals is a fax: the canceller stays on, the suppressor
// stays open for what answers.
func TestFaxToneOpensTheSuppressor(t *testing.T) {
	l := loop(answer(3*second, 2100, -12, 0, 450), es.Lines[1].Path(256, 6), -65)
	if w, wo := l.through(canceller(t, Options{})), l.through(canceller(t, bare)); difference(w, wo, second/2, len(w)) != pcm.Floor {
		t.Error("the suppressor works on a fax tone")
	}
}
