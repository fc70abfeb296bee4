package media_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/firmware/media"
	"github.com/centralita/centralita/firmware/media/player"
	"github.com/centralita/centralita/firmware/media/rtpleg"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/testbench/memnet"
)

var (
	mu = rtpleg.Session{Codec: rtpleg.PCMU, PT: 0, EventPT: eventPT}
	a  = rtpleg.Session{Codec: rtpleg.PCMA, PT: 8, EventPT: eventPT}
)

func TestTwoBridgedPhonesHearEachOtherAndNotThemselves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, n := newBench(t, 2), memnet.New(1)
		one, two := b.call(t, n, 1, "1-1", mu), b.call(t, n, 2, "1-1", a)
		one.phone.speak(tone(440))
		two.phone.speak(tone(1000))
		b.Join(1, "1-1")
		b.Join(2, "1-1")
		pass(2 * time.Second)
		for _, c := range []struct {
			who       string
			heard     []int16
			want, own float64
		}{{"one", one.phone.sound(), 1000, 440}, {"two", two.phone.sound(), 440, 1000}} {
			h := last(c.heard, 500)
			if l := level(h, c.want); l < 5000 {
				t.Errorf("%s hears the other at %.0f", c.who, l)
			}
			if l := level(h, c.own); l > 60 {
				t.Errorf("%s hears itself at %.0f", c.who, l)
			}
		}
		if s, ok := b.Stats(1); !ok || s.Received < 95 || s.Lost != 0 || s.Concealed > 1 || s.Refused != 0 {
			t.Errorf("stats %+v %v", s, ok)
		}
		if len(one.phone.sound())/pcm.FrameLen < 97 {
			t.Errorf("phone one got %d frames in two seconds", len(one.phone.sound())/pcm.FrameLen)
		}
		b.end(t)
	})
}

func TestEachOfThreeHearsTheOtherTwo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 2)
		hz := []float64{400, 700, 1100}
		var eps []*loop
		for i, f := range hz {
			say := tone(f)
			ep := &loop{say: func(n int, f *pcm.Frame) { say(n, f) }}
			eps = append(eps, ep)
			if err := b.Attach(media.Leg{ID: tel.LegID(i + 1), Call: "1-1", Endpoint: ep}); err != nil {
				t.Fatal(err)
			}
			b.Join(tel.LegID(i+1), "1-1")
		}
		pass(time.Second)
		for i, ep := range eps {
			for k, f := range hz {
				l := level(last(ep.sound(), 500), f)
				if i == k && l > 20 || i != k && l < 5500 {
					t.Errorf("party %d hears party %d at %.0f", i, k, l)
				}
			}
		}
		b.Mute(2, true)
		pass(time.Second)
		h := last(eps[0].sound(), 500)
		if l := level(h, 700); l > 20 {
			t.Errorf("a muted party is heard at %.0f", l)
		}
		if l := level(h, 1100); l < 5500 {
			t.Errorf("muting one took another away: %.0f", l)
		}
		b.end(t)
	})
}

func TestAMutedPhoneIsComfortNoise(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 1)
		say := tone(500)
		one, two := &loop{}, &loop{say: func(n int, f *pcm.Frame) { say(n, f) }}
		for i, ep := range []*loop{one, two} {
			if err := b.Attach(media.Leg{ID: tel.LegID(i + 1), Call: "1-1", Endpoint: ep}); err != nil {
				t.Fatal(err)
			}
			b.Join(tel.LegID(i+1), "1-1")
		}
		b.Mute(2, true)
		pass(time.Second)
		if db := pcm.Level(last(one.sound(), 500)); db < -75 || db > -50 {
			t.Errorf("mute sounds at %.0f dBm0", db)
		}
		b.end(t)
	})
}

func TestPlayEndsWithOneEventAtTheRightTick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 1)
		ep := &loop{}
		if err := b.Attach(media.Leg{ID: 1, Call: "1-1", Endpoint: ep}); err != nil {
			t.Fatal(err)
		}
		b.Play(1, media.Play{ID: 7, Parts: []player.Part{{PCM: make([]int16, 8000)}}})
		pass(3 * time.Second)
		if len(b.told()) != 1 || b.told()[0].Kind != media.PlayDone || b.told()[0].Play != 7 || b.told()[0].Leg != 1 {
			t.Fatalf("events %v, want one end of play 7", b.told())
		}
		if b.after(0) != time.Second {
			t.Errorf("one second of audio ended after %v", b.after(0))
		}
		stays := &loop{}
		if err := b.Attach(media.Leg{ID: 2, Call: "1-1", Endpoint: stays}); err != nil {
			t.Fatal(err)
		}
		b.Detach(1)
		pass(40 * time.Millisecond)
		if !ep.closed || stays.closed {
			t.Errorf("closed: who left %t, who stays %t", ep.closed, stays.closed)
		}
		b.end(t)
	})
}

func TestBargeInStopsWithinATickAndTellsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 1)
		ep := &loop{}
		if err := b.Attach(media.Leg{ID: 1, Call: "1-1", Endpoint: ep}); err != nil {
			t.Fatal(err)
		}
		loud := make([]int16, 80000)
		for i := range loud {
			loud[i] = 1000
		}
		b.Play(1, media.Play{ID: 7, Parts: []player.Part{{PCM: loud}}})
		pass(time.Second)
		b.Stop(1)
		pass(time.Second)
		if n := sum(ep.sound()) / 1000; n < 7900 || n > 8200 {
			t.Errorf("%d samples were played in the second before the stop", n)
		}
		if len(b.told()) != 0 {
			t.Errorf("events %v", b.told())
		}
		b.end(t)
	})
}

func sum(s []int16) (n int) {
	for _, v := range s {
		n += int(v)
	}
	return n
}

func TestAPlayingLegIsHeardButDoesNotHearItsRoomUnlessMixed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 1)
		var eps []*loop
		for i, hz := range []float64{440, 1000} {
			say := tone(hz)
			ep := &loop{say: func(n int, f *pcm.Frame) { say(n, f) }}
			eps = append(eps, ep)
			if err := b.Attach(media.Leg{ID: tel.LegID(i + 1), Call: "1-1", Endpoint: ep}); err != nil {
				t.Fatal(err)
			}
			b.Join(tel.LegID(i+1), "1-1")
		}
		quiet := []player.Part{{PCM: make([]int16, 160000)}}
		b.Play(1, media.Play{ID: 1, Parts: quiet})
		pass(time.Second)
		if l := level(last(eps[0].sound(), 400), 1000); l > 20 {
			t.Errorf("behind an announcement the room is heard at %.0f", l)
		}
		if l := level(last(eps[1].sound(), 400), 440); l < 5500 {
			t.Errorf("who hears an announcement is heard at %.0f", l)
		}
		b.Play(1, media.Play{ID: 2, Parts: quiet, Mix: true})
		pass(time.Second)
		if l := level(last(eps[0].sound(), 400), 1000); l < 5500 {
			t.Errorf("a mixed announcement leaves the room at %.0f", l)
		}
		b.end(t)
	})
}

func TestALegThatJoinsAnotherCallChangesItsShard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 4)
		var eps []*loop
		hz := []float64{300, 500, 700, 900, 1100, 1300}
		for i, f := range hz {
			say := tone(f)
			ep := &loop{say: func(n int, f *pcm.Frame) { say(n, f) }}
			eps = append(eps, ep)
			call := tel.CallID("1-" + string(rune('a'+i)))
			if err := b.Attach(media.Leg{ID: tel.LegID(i + 1), Call: call, Endpoint: ep}); err != nil {
				t.Fatal(err)
			}
		}
		for round := range 20 { // back and forth, without waiting
			for i := range hz {
				b.Join(tel.LegID(i+1), tel.CallID("room"+string(rune('a'+(round+i)%5))))
			}
		}
		for i := range hz {
			b.Join(tel.LegID(i+1), "all")
		}
		pass(time.Second)
		for i, ep := range eps {
			for k, f := range hz {
				l := level(last(ep.sound(), 400), f)
				if i == k && l > 50 || i != k && l < 3000 {
					t.Errorf("leg %d hears leg %d at %.0f", i+1, k+1, l)
				}
			}
		}
		for i := range hz {
			b.Detach(tel.LegID(i + 1))
		}
		pass(100 * time.Millisecond)
		for i, ep := range eps {
			if !ep.closed {
				t.Errorf("leg %d is open", i+1)
			}
		}
		b.end(t)
	})
}

func TestWithoutLegsNothingTicks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 2)
		ep := &loop{}
		if err := b.Attach(media.Leg{ID: 1, Call: "1-1", Endpoint: ep}); err != nil {
			t.Fatal(err)
		}
		pass(time.Second)
		b.Detach(1)
		pass(time.Second)
		before := b.Lateness().Ticks
		pass(24 * time.Hour)
		if after := b.Lateness().Ticks; after != before || before < 50 || before > 52 {
			t.Errorf("%d ticks in one second with a leg, %d more in a day without", before, after-before)
		}
		if b.Legs() != 0 {
			t.Errorf("%d legs", b.Legs())
		}
		b.end(t)
	})
}

func TestALegIsAttachedOnceAndTheEndClosesAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 2)
		first, second, late := &loop{}, &loop{}, &loop{}
		if err := b.Attach(media.Leg{ID: 1, Call: "1-1", Endpoint: first}); err != nil {
			t.Fatal(err)
		}
		if err := b.Attach(media.Leg{ID: 1, Call: "1-1", Endpoint: second}); err == nil || !second.closed {
			t.Errorf("a second leg of the same id: %v, closed %t", err, second.closed)
		}
		if !b.Ping(t.Context(), func(int) {}) {
			t.Error("a shard gave no sign of life")
		}
		b.end(t)
		if !first.closed {
			t.Error("the end left an endpoint open")
		}
		if err := b.Attach(media.Leg{ID: 2, Call: "1-1", Endpoint: late}); err == nil || !late.closed {
			t.Errorf("after the end: %v, closed %t", err, late.closed)
		}
	})
}

func TestTicksCountHowLateTheyAre(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 1)
		slow := &loop{}
		slow.say = func(tick int, _ *pcm.Frame) {
			if tick == 100 {
				<-time.After(110 * time.Millisecond) // something holds the engine up
			}
		}
		if err := b.Attach(media.Leg{ID: 1, Call: "1-1", Endpoint: slow}); err != nil {
			t.Fatal(err)
		}
		pass(10 * time.Second)
		l := b.Lateness()
		if l.Ticks != 500 {
			t.Errorf("%d ticks in ten seconds: none may be left out", l.Ticks)
		}
		if l.Max != 90*time.Millisecond || l.P50 != 0 || l.Longest != 110*time.Millisecond || l.Skipped != 0 {
			t.Errorf("%+v", l)
		}
		if l.P99 > 12*time.Millisecond {
			t.Errorf("p99 %v: five of 500 ticks were late", l.P99)
		}
		b.end(t)
	})
}

func TestAfterAStandstillTheScheduleBeginsAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 1)
		ep := &loop{}
		ep.say = func(tick int, _ *pcm.Frame) {
			if tick == 100 {
				<-time.After(5 * time.Second) // the machine was suspended
			}
		}
		if err := b.Attach(media.Leg{ID: 1, Call: "1-1", Endpoint: ep}); err != nil {
			t.Fatal(err)
		}
		pass(12 * time.Second)
		if l := b.Lateness(); l.Ticks != 351 || l.Skipped < 245 || l.Max < 4*time.Second {
			t.Errorf("twelve seconds with a standstill of five: %+v", l)
		}
		b.end(t)
	})
}
