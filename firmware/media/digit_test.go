package media_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/dsp/dtmf"
	"github.com/centralita/centralita/dsp/pcm"
	dsptone "github.com/centralita/centralita/dsp/tone"
	"github.com/centralita/centralita/dsp/tone/plan"
	"github.com/centralita/centralita/firmware/media"
	"github.com/centralita/centralita/firmware/media/rtpleg"
	"github.com/centralita/centralita/testbench/memnet"
)

const dialled = "5551234#09*"

func TestRFC4733_EachKeyIsToldOnceUnderLoss(t *testing.T) {
	for seed := range uint64(5) {
		synctest.Test(t, func(t *testing.T) {
			b, n := newBench(t, 1), memnet.New(seed)
			n.SetAll(memnet.Link{Loss: 0.05, Jitter: 30 * time.Millisecond, Duplicate: 0.02})
			c := b.call(t, n, 1, "1-1", mu)
			c.phone.speak(keys(t, "", -1)) // faint noise
			pass(500 * time.Millisecond)
			for _, k := range []byte(dialled) {
				c.phone.press(k, 5)
				pass(100 * time.Millisecond)
			}
			pass(time.Second)
			if got := b.digits(1); got != dialled {
				t.Errorf("seed %d: heard %s, pressed %s", seed, got, dialled)
			}
			b.end(t)
		})
	}
}

func TestKeysInBandAreToldOnceUnderLoss(t *testing.T) {
	for _, s := range []rtpleg.Session{{Codec: rtpleg.PCMU}, {Codec: rtpleg.PCMA, PT: 8, EventPT: eventPT}} {
		for seed := range uint64(5) {
			synctest.Test(t, func(t *testing.T) {
				b, n := newBench(t, 1), memnet.New(seed)
				n.SetAll(memnet.Link{Loss: 0.05, Jitter: 20 * time.Millisecond})
				c := b.call(t, n, 1, "1-1", s)
				say := keys(t, dialled, 50)
				c.phone.speak(say)
				pass(5 * time.Second)
				if got := b.digits(1); got != dialled {
					t.Errorf("%v, events agreed on: %t, seed %d: heard %s, pressed %s", s.Codec, s.EventPT != 0, seed, got, dialled)
				}
				for _, e := range b.told() {
					if e.Kind == media.Digit && !e.InBand {
						t.Errorf("%v is said to be an event", e)
					}
				}
				b.end(t)
			})
		}
	}
}

func TestAPhoneThatSendsEventAndToneIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, n := newBench(t, 1), memnet.New(3)
		c := b.call(t, n, 1, "1-1", mu)
		// The tone goes on in the audio while the event is sent beside it.
		var g dtmf.Generator
		c.phone.speak(func(_ int, f *pcm.Frame) bool { g.Fill(f); return true })
		pass(500 * time.Millisecond)
		for _, k := range dialled {
			c.phone.with(func() {
				if err := g.Start(string(k), dtmf.Sending{OnMs: 160, OffMs: 100, Low: -9, High: -7}); err != nil {
					t.Error(err)
				}
			})
			c.phone.press(byte(k), 5)
			pass(300 * time.Millisecond)
		}
		pass(time.Second)
		if got := b.digits(1); got != dialled {
			t.Errorf("heard %s, pressed %s", got, dialled)
		}
		b.end(t)
	})
}

func TestTonesBecomeTheOwnerOnlyTheSecondTimeAfterEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, n := newBench(t, 1), memnet.New(3)
		c := b.call(t, n, 1, "1-1", mu)
		var g dtmf.Generator
		c.phone.speak(func(_ int, f *pcm.Frame) bool { g.Fill(f); return true })
		pass(500 * time.Millisecond)
		c.phone.press('1', 5)
		pass(time.Second)
		for _, k := range "7890" {
			c.phone.with(func() {
				if err := g.Start(string(k), dtmf.Sending{OnMs: 100, OffMs: 100, Low: -9, High: -7}); err != nil {
					t.Error(err)
				}
			})
			pass(time.Second)
		}
		if got := b.digits(1); got != "1890" {
			t.Errorf("heard %s, want 1, then from the second tone on 890", got)
		}
		c.phone.press('5', 5)
		pass(time.Second)
		if got := b.digits(1); got != "18905" {
			t.Errorf("events came back: heard %s", got)
		}
		b.end(t)
	})
}

func TestAStormOfKeysIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, n := newBench(t, 1), memnet.New(3)
		c := b.call(t, n, 1, "1-1", mu)
		b.Join(1, "1-1")      // where they are passed on, too
		for i := range 1000 { // 200 a second for five seconds
			c.phone.with(func() { c.phone.send(eventPT, uint32(i)*40, true, []byte{byte(i % 12), 0x8A, 0, 40}) })
			<-time.After(5 * time.Millisecond)
		}
		pass(time.Second)
		if got := len(b.digits(1)); got > 100 || got < 80 {
			t.Errorf("%d keys in five seconds, at most 20 a second are taken", got)
		}
		if r := c.leg.Refused(); r[rtpleg.BadEvent] < 800 {
			t.Errorf("refused %v", r)
		}
		b.end(t)
	})
}

func TestNobodyListensNobodyIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, n := newBench(t, 1), memnet.New(3)
		c := b.call(t, n, 1, "1-1", mu)
		b.Listen(1, false, false)
		pass(100 * time.Millisecond)
		c.phone.press('1', 5)
		pass(time.Second)
		b.Listen(1, true, false)
		c.phone.press('2', 5)
		pass(time.Second)
		if got := b.digits(1); got != "2" {
			t.Errorf("heard %s", got)
		}
		b.end(t)
	})
}

func TestRFC4733_KeysAreSentAsEventsAndAsTonesToWhoTakesNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, n := newBench(t, 1), memnet.New(3)
		takes, not := b.call(t, n, 1, "1-1", mu), b.call(t, n, 2, "1-2", rtpleg.Session{})
		b.SendDigits(1, 11, "19,#")
		b.SendDigits(2, 12, "19,#")
		pass(4 * time.Second)

		var got strings.Builder
		var starts, ends int
		seen := map[uint32]bool{}
		for _, e := range takes.phone.keys() {
			if !seen[e.Timestamp] {
				seen[e.Timestamp] = true
				got.WriteByte("0123456789*#ABCD"[e.Payload[0]])
				if !e.Marker {
					t.Error("§ 2.5.1.1: the first packet of a key has no marker")
				}
				starts++
			} else if e.Marker {
				t.Error("a later packet of a key has the marker")
			}
			if e.Payload[1]&0x80 != 0 {
				ends++
				if d := int(e.Payload[2])<<8 | int(e.Payload[3]); d != 800 {
					t.Errorf("a key of 100 ms lasts %d", d)
				}
			}
		}
		if got.String() != "19#" || ends != 3*starts {
			t.Errorf("sent %q with %d ends (§ 2.5.1.4: three each)", got.String(), ends)
		}
		if s := heardDigits(not.phone.sound()); s != "19#" {
			t.Errorf("sent %q as tones", s)
		}
		done := map[uint64]bool{}
		for _, e := range b.told() {
			if e.Kind == media.PlayDone {
				done[uint64(e.Play)] = true
			}
		}
		if !done[11] || !done[12] {
			t.Errorf("events %v", b.told())
		}
		b.end(t)
	})
}

// heardDigits detects what stands in samples.
func heardDigits(heard []int16) (out string) {
	var d dtmf.Detector
	for len(heard) >= pcm.FrameLen {
		f := pcm.Frame(heard[:pcm.FrameLen])
		for _, e := range d.Process(&f, nil) {
			if e.Down {
				out += string(rune(e.Digit))
			}
		}
		heard = heard[pcm.FrameLen:]
	}
	return out
}

func TestKeysPassToTheRoomAsEachPartyTakesThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, n := newBench(t, 1), memnet.New(3)
		from, to := b.call(t, n, 1, "1-1", mu), b.call(t, n, 2, "1-1", mu)
		line := &loop{}
		if err := b.Attach(media.Leg{ID: 3, Call: "1-1", Endpoint: line}); err != nil {
			t.Fatal(err)
		}
		from.phone.speak(keys(t, "", -1))
		to.phone.speak(keys(t, "", -1))
		b.Join(1, "1-1")
		b.Join(2, "1-1")
		b.Join(3, "1-1")
		pass(500 * time.Millisecond)
		for _, k := range "470" {
			from.phone.press(byte(k), 6)
			pass(200 * time.Millisecond)
		}
		pass(time.Second)
		if got := heardDigits(line.sound()); got != "470" {
			t.Errorf("a line heard %q", got)
		}
		var got string
		for _, e := range to.phone.keys() {
			if e.Marker {
				got += string("0123456789*#ABCD"[e.Payload[0]])
			}
		}
		if got != "470" {
			t.Errorf("a phone got the events %q", got)
		}
		if got := b.digits(1); got != "470" {
			t.Errorf("told %q", got)
		}
		if got := b.digits(2) + b.digits(3); got != "" {
			t.Errorf("told %q of legs that only heard it", got)
		}
		b.end(t)
	})
}

func TestE180_BusyToneOnALineIsToldOnceWithItsEvidence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 1)
		spain, ok := plan.For("ES")
		if !ok {
			t.Fatal("no plan of Spain")
		}
		var play dsptone.Player
		play.Start(spain.Signal(plan.Busy).Spec())
		line := &loop{say: func(tick int, f *pcm.Frame) {
			if tick > 50 && tick < 300 {
				play.Fill(f)
			}
		}}
		if err := b.Attach(media.Leg{ID: 1, Call: "1-1", Endpoint: line, Progress: &spain}); err != nil {
			t.Fatal(err)
		}
		pass(10 * time.Second)
		told := b.told()
		told = slices.DeleteFunc(told, func(e media.Event) bool { return e.Kind == media.Voice })
		if len(told) != 2 || told[0].Kind != media.Tone || told[0].Tone != plan.Busy || told[0].Ended || !told[1].Ended {
			t.Fatalf("events %v, want busy and its end", told)
		}
		if at := told[0].At; at < 1500 || at > 3500 {
			t.Errorf("told after %d ms, the tone began after 1 s", at)
		}
		if at := told[1].At; at < 5800 || at > 6700 {
			t.Errorf("over after %d ms, want 6 s", at)
		}
		if !strings.Contains(told[0].Evidence, "425") || told[0].Sure < 0.5 {
			t.Errorf("evidence %q, %.2f sure", told[0].Evidence, told[0].Sure)
		}
		b.forget()
		b.Listen(1, false, false)
		line.mu.Lock()
		play.Start(spain.Signal(plan.Busy).Spec())
		line.ticks = 0
		line.mu.Unlock()
		pass(10 * time.Second)
		if len(b.told()) != 0 {
			t.Errorf("nobody listens, and is told %v", b.told())
		}
		b.end(t)
	})
}
