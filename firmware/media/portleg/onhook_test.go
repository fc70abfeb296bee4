package portleg_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/dsp/cid"
	"github.com/centralita/centralita/dsp/noise"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/hal/port"
)

var onHook = port.Caps{OnHookAudio: true}

// signal is a message as samples, after half a second of a quiet line.
func signal(t *testing.T, i cid.Info, how cid.Sending) []int16 {
	t.Helper()
	var s cid.Sender
	if err := s.Start(i, how); err != nil {
		t.Fatal(err)
	}
	out := make([]int16, 4000)
	for s.Sending() {
		var f pcm.Frame
		s.Fill(&f)
		out = append(out, f[:]...)
	}
	out = append(out, make([]int16, 4000)...)
	hiss := noise.New(-60, 5)
	for i := 0; i+pcm.FrameLen <= len(out); i += pcm.FrameLen {
		hiss.Add((*pcm.Frame)(out[i:]))
	}
	return out
}

func TestCallerIDIsHeardOnHookInEveryStandard(t *testing.T) {
	date := cid.Date{Month: 11, Day: 28, Hour: 21, Minute: 5}
	for _, c := range []struct {
		name string
		info cid.Info
		how  cid.Sending
		want port.CallerID
	}{
		{"Bell 202", cid.Info{Number: "5551234", Name: "ANA", Date: date}, cid.Sending{},
			port.CallerID{Number: "5551234", Name: "ANA", Date: port.Date{Month: 11, Day: 28, Hour: 21, Minute: 5}, Standard: "bell202"}},
		{"V.23 after the alert of the United Kingdom", cid.Info{Number: "02079460000", Date: date}, cid.Sending{Standard: cid.V23, Alert: cid.AlertMs},
			port.CallerID{Number: "02079460000", Date: port.Date{Month: 11, Day: 28, Hour: 21, Minute: 5}, Standard: "v23"}},
		{"DTMF", cid.Info{Number: "934567890"}, cid.Sending{Standard: cid.DTMF}, port.CallerID{Number: "934567890", Standard: "dtmf"}},
		{"private", cid.Info{NoNumber: cid.Private}, cid.Sending{}, port.CallerID{Absence: "P", Standard: "bell202"}},
		{"messages wait", cid.Info{Type: cid.Waiting, Lamp: cid.LampOn}, cid.Sending{}, port.CallerID{Messages: 1, Standard: "bell202"}},
		{"no messages", cid.Info{Type: cid.Waiting, Lamp: cid.LampOff}, cid.Sending{Standard: cid.V23}, port.CallerID{Messages: -1, Standard: "v23"}},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := wire(t, port.FXO, onHook)
			w.play(signal(t, c.info, c.how))
			got := w.ids()
			if len(got) != 1 {
				t.Fatalf("%s: heard %v", c.name, got)
			}
			if l := got[0].Level; l < -25 || l > -3 {
				t.Errorf("%s: level %.1f dBm0", c.name, l)
			}
			got[0].Level = 0
			if got[0] != c.want {
				t.Errorf("%s: heard %+v, want %+v", c.name, got[0], c.want)
			}
		})
	}
}

func TestKeysOfACallAreNoCallerID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := wire(t, port.FXO, onHook)
		keys := signal(t, cid.Info{Number: "934567890"}, cid.Sending{Standard: cid.DTMF})
		w.order(t, port.Seize{})
		w.play(keys)
		if got := w.ids(); len(got) != 0 {
			t.Errorf("off hook: %v", got)
		}
		// The first half comes before, the second after the line was in use.
		w.order(t, port.Release{})
		w.play(keys[:len(keys)/2])
		w.order(t, port.Seize{})
		<-time.After(frame)
		w.order(t, port.Release{})
		w.play(keys[len(keys)/2:])
		if got := w.ids(); len(got) == 1 && got[0].Number == "934567890" {
			t.Errorf("one message from both sides of a call: %v", got)
		}
		w.play(keys)
		if got := w.ids(); len(got) != 1 {
			t.Errorf("on hook again: %v", got)
		}
		w.Leg() // a leg alone says that the line is in use
		w.play(keys)
		if got := w.ids(); len(got) != 0 {
			t.Errorf("with a leg: %v", got)
		}
	})
}

func TestADriverThatDecodesIsBelieved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := wire(t, port.FXO, port.Caps{OnHookAudio: true, CallerID: true})
		w.play(signal(t, cid.Info{Number: "5551234"}, cid.Sending{}))
		if got := w.ids(); len(got) != 0 {
			t.Errorf("told twice: %v", got)
		}
	})
}

func TestWrongDataIsNoCallerID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := wire(t, port.FXO, onHook)
		good := signal(t, cid.Info{Number: "5551234", Name: "ANA"}, cid.Sending{})
		seed := uint32(9)
		for range 20 {
			bad := slices.Clone(good)
			for range 6 { // six clicks of 5 ms in the message
				seed = seed*1664525 + 1013904223
				at := 7000 + int(seed>>8)%(len(bad)-11500)
				for k := range 40 {
					bad[at+k] = int16(seed>>uint(k%16)) / 2
				}
			}
			w.play(bad)
			for _, id := range w.ids() {
				if id.Number != "5551234" || id.Name != "ANA" {
					t.Errorf("told %+v", id)
				}
			}
		}
		loud := noise.New(-6, 3)
		for range 500 {
			var f pcm.Frame
			loud.Fill(&f)
			w.play(f[:])
		}
		if got := w.ids(); len(got) != 0 {
			t.Errorf("noise is %v", got)
		}
		w.play(good)
		if got := w.ids(); len(got) != 1 {
			t.Errorf("after all that: %v", got)
		}
	})
}

func TestCallerIDIsSentToATelephoneOnHook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := wire(t, port.FXS, onHook)
		if err := w.SendID(7, cid.Info{Number: "5551234", Name: "ANA"}, cid.Sending{}); err != nil {
			t.Fatal(err)
		}
		rx := cid.NewReceiver()
		var got []cid.Message
		for range 100 {
			<-time.After(frame)
			synctest.Wait()
			for _, f := range w.Fake.Heard() {
				got = rx.Process(&f, got)
			}
			var sent []uint64
			w.with(func() { sent = w.sent })
			if len(sent) > 0 && len(got) == 0 {
				t.Fatal("told as sent before it was heard")
			}
		}
		if len(got) != 1 || got[0].Number != "5551234" || got[0].Name != "ANA" {
			t.Fatalf("the telephone heard %v", got)
		}
		w.with(func() {
			if !slices.Equal(w.sent, []uint64{7}) {
				t.Errorf("sent %v", w.sent)
			}
		})
		if h := w.Fake.Heard(); len(h) != 0 {
			t.Errorf("%d frames are written to a telephone on hook that is told nothing", len(h))
		}
	})
}

func TestOffHookAndStopEndWhatIsSent(t *testing.T) {
	for name, end := range map[string]func(w *wired){
		"off hook": func(w *wired) { w.do(port.OffHook{}) },
		"stop":     func(w *wired) { w.StopID() },
		"a leg":    func(w *wired) { _ = w.Leg().Close() },
		"lost":     func(w *wired) { w.do(port.Lost{Why: "unplugged"}) },
	} {
		synctest.Test(t, func(t *testing.T) {
			w := wire(t, port.FXS, onHook)
			if err := w.SendID(1, cid.Info{Number: "5551234"}, cid.Sending{}); err != nil {
				t.Fatal(err)
			}
			<-time.After(10 * frame)
			end(w)
			<-time.After(2 * frame)
			w.Fake.Heard()
			<-time.After(3 * time.Second)
			for _, f := range w.Fake.Heard() {
				if !f.Silent() {
					t.Errorf("%s: it is still sent", name)
					break
				}
			}
			w.with(func() {
				if len(w.sent) != 0 {
					t.Errorf("%s: told as sent", name)
				}
			})
		})
	}
}

func TestSendIDSaysWhyItCannot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		id := cid.Info{Number: "5551234"}
		off := wire(t, port.FXS, onHook)
		off.do(port.OffHook{})
		for want, err := range map[string]error{
			"FXO port":           wire(t, port.FXO, onHook).SendID(1, id, cid.Sending{}),
			"does not flow":      wire(t, port.FXS, port.Caps{}).SendID(1, id, cid.Sending{}),
			"off hook":           off.SendID(1, id, cid.Sending{}),
			"cannot send caller": wire(t, port.FXS, onHook).SendID(1, cid.Info{Number: strings.Repeat("5", 300)}, cid.Sending{}),
		} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", want, err)
			}
		}
	})
}
