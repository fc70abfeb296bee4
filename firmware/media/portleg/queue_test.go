package portleg_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/dsp/dtmf"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/tone"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/hal/port"
)

// keyed is dialled keys as samples, 60 ms on and off.
func keyed(t *testing.T, digits string) []int16 {
	t.Helper()
	spec, err := dtmf.Spec(digits, dtmf.Sending{OnMs: 60, OffMs: 60, Low: -9, High: -7})
	if err != nil {
		t.Fatal(err)
	}
	var p tone.Player
	p.Start(spec)
	out := make([]int16, 8*120*len(digits)+4000)
	p.FillSamples(out)
	return out
}

// A tick that stalls for 800 ms, and makes up for it, loses no key that was dialled
// meanwhile; nor does the line lose one that was sent.
func TestAStalledEngineLosesNoKey(t *testing.T) {
	const dialled = "*21*5551234#"
	synctest.Test(t, func(t *testing.T) {
		w := wire(t, port.FXS, port.Caps{})
		w.do(port.OffHook{})
		leg := w.Leg()
		samples := keyed(t, dialled)
		outward := append(make([]int16, 1600), samples...)
		var ears, line dtmf.Detector
		var heard, sent []dtmf.Event
		tick := func() {
			var f pcm.Frame
			leg.Read(&f)
			heard = ears.Process(&f, heard)
			f = pcm.Frame{}
			outward = outward[copy(f[:], outward):]
			leg.Write(&f)
		}
		for n := range 300 {
			var f pcm.Frame
			if n >= 20 && len(samples) > 0 {
				samples = samples[copy(f[:], samples):]
			}
			w.Say(&f)
			<-time.After(frame)
			synctest.Wait()
			for _, g := range w.Fake.Heard() {
				sent = line.Process(&g, sent)
			}
			switch {
			case n >= 40 && n < 80: // the stall
			case n == 80:
				for range 41 {
					tick()
				}
			default:
				tick()
			}
		}
		for who, events := range map[string][]dtmf.Event{"we": heard, "the line": sent} {
			got := ""
			for _, e := range events {
				if e.Down {
					got += string(e.Digit)
				}
			}
			if got != dialled {
				t.Errorf("%s heard %s of %s", who, got, dialled)
			}
		}
		if d := leg.Stats().Depth; d > 200*time.Millisecond {
			t.Errorf("%v wait after all was made up for", d)
		}
	})
}

// A stall that is not made up for makes the way longer only until there is silence.
func TestWhatNobodyMakesUpForIsLeftOutInSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrystal(0, 0) // silence
		leg := pump(t, c, port.Info{Name: "p1"}).Leg()
		var f pcm.Frame
		<-time.After(time.Second)
		for range 200 {
			leg.Read(&f)
			<-time.After(frame)
		}
		if s := leg.Stats(); s.Depth > 150*time.Millisecond || s.Late < 20 {
			t.Errorf("%+v", s)
		}
	})
}

// A number is dialled whole through an engine that stalls in the middle of each
// key, and whose ticks come in bursts.
func TestAStallBreaksNoKeyThatIsDialled(t *testing.T) {
	const number = "0112233445566#"
	synctest.Test(t, func(t *testing.T) {
		w := wire(t, port.FXO, port.Caps{})
		w.order(t, port.Seize{})
		leg := w.Leg()
		ticks, sent := 0, 0
		tick := func() { // as the engine sends a number
			var f pcm.Frame
			leg.Read(&f)
			if ticks%10 == 0 && sent < len(number) {
				leg.Dial(tel.Digit(number[sent]), 5, 5)
				sent++
			}
			ticks++
			leg.Write(&pcm.Frame{})
		}
		var line dtmf.Detector
		var heard []dtmf.Event
		seed, owed := uint32(5), 0
		for range 400 {
			<-time.After(frame)
			synctest.Wait()
			for _, f := range w.Fake.Heard() {
				heard = line.Process(&f, heard)
			}
			seed = seed*1664525 + 1013904223
			if owed++; seed>>24 < 40 { // a stall of seven frames in the mean
				for ; owed > 0; owed-- {
					tick()
				}
			}
		}
		got := ""
		down := int64(0)
		for _, e := range heard {
			if e.Down {
				got, down = got+string(e.Digit), e.At
			} else if ms := e.At - down; ms < 80 || ms > 130 {
				t.Errorf("%c lasts %d ms", e.Digit, ms)
			}
		}
		if got != number {
			t.Errorf("the exchange heard %s of %s", got, number)
		}
	})
}
