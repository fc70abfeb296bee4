package subscriber

import (
	"testing"

	"github.com/centralita/centralita/dsp/fax"
	"github.com/centralita/centralita/dsp/goertzel"
	"github.com/centralita/centralita/dsp/pcm"
)

// A calling fax sounds CNG until it hears the answer tone of another one; then they
// exchange frames and pages.
func TestTwoFaxes(t *testing.T) {
	for _, reversed := range []bool{false, true} {
		a, b := &Fax{Calling: true}, &Fax{Reversed: reversed}
		var calls, answers fax.Detector
		heard := map[fax.Kind]int{}
		pages := 0
		for n := range 50 * 40 {
			var x, y pcm.Frame
			a.Speak(&x)
			if n > 100 { // it is answered after two seconds
				b.Speak(&y)
				a.Hear(&y)
				b.Hear(&x)
			}
			for _, e := range append(calls.Process(x[:], nil), answers.Process(y[:], nil)...) {
				heard[e.Kind]++
			}
			if a.stage == page && x.Level() > -20 {
				pages++
			}
		}
		want := fax.ANS
		if reversed {
			want = fax.ANSReversed
		}
		if heard[fax.CNG] == 0 || heard[want] == 0 || pages < 500 {
			t.Errorf("reversed %t: heard %v, %d frames of pages", reversed, heard, pages)
		}
	}
}

// The preamble of V.21 is flags: both its tones, about as long.
func TestPreamble(t *testing.T) {
	var m modem
	b := goertzel.New(1650, 1850)
	for range 40 {
		var f pcm.Frame
		m.fsk(&f)
		b.Feed(f[:])
	}
	bins := b.Take()
	one, zero := float64(goertzel.Power(bins[0])), float64(goertzel.Power(bins[1]))
	if one < 1e3 || one/zero > 1000 || zero/one > 1000 {
		t.Errorf("1650 Hz has %g, 1850 Hz %g", one, zero)
	}
}

func TestMachine(t *testing.T) {
	greeting := make([]int16, 3*pcm.Rate+77)
	for i := range greeting {
		greeting[i] = int16(i % 500)
	}
	m := &Machine{Greeting: greeting}
	beeps := 0
	for range 50 * 6 {
		var f pcm.Frame
		m.Speak(&f)
		b := goertzel.New(1000)
		b.Feed(f[:])
		if float64(goertzel.Power(b.Take()[0])) > 1e6 {
			beeps++
		}
		loud := pcm.Frame{0: 20000, 80: -20000}
		m.Hear(&loud)
	}
	if beeps < 18 || beeps > 21 || m.Heard < 120 || m.Heard > 135 {
		t.Errorf("%d frames of beep, %d heard", beeps, m.Heard)
	}
}

func TestTalkerGoesOn(t *testing.T) {
	talker := &Talker{Sound: []int16{1, 2, 3}, At: 1}
	var f pcm.Frame
	talker.Speak(&f)
	talker.Speak(&f)
	if f[0] != int16(1+(1+160)%3) {
		t.Errorf("after 160 samples of three comes %d", f[0])
	}
	(&Talker{}).Speak(&f)
	if !f.Silent() {
		t.Error("a talker without words speaks")
	}
}
