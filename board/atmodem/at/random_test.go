package at

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/centralita/centralita/hal/port"
)

// noise is what a modem, a line at the wrong speed or a chaotic one may say.
var noise = []string{
	"\r\nOK\r\n", "\r\nOK\r\n", "\r\nOK\r\n", "\r\nERROR\r\n", "\r\nVCON\r\n", "\r\nCONNECT\r\n", "\r\nRING\r\n", "\r\nBUSY\r\n", "\r\nNO CARRIER\r\n",
	"NMBR = 1\r\n", "NAME = P\r\n", "MESG = 8002\r\n", "\x10\x03", "\x10R", "\x10b", "\x10l", "\x10L", "\x10/", "\x105", "\x10~", "\x10X", "\xff\xfe\x00", "sound",
	"0,8\r\nOK\r\n", `1,"UNSIGNED PCM",8,0,8000` + "\r\nOK\r\n",
}

// judge watches a machine for what must never happen.
type judge struct {
	s      *stage
	lost   bool
	ring   bool
	flow   bool
	known  bool
	closed bool // the device
}

func (j *judge) judge(from int) error {
	for _, e := range j.s.out[from:] {
		switch e := e.(type) {
		case Send:
			if j.closed {
				return fmt.Errorf("%s with the device shut", e)
			}
		case Open:
			j.closed = false
		case Shut:
			j.closed = true
		case Ready:
			j.known = true
		case Stream:
			if !e.In && !e.Out && !j.flow {
				return fmt.Errorf("a stream ended that had not begun")
			}
			j.flow = e.In || e.Out
		case Report:
			if err := j.report(e.Event); err != nil {
				return err
			}
		}
	}
	if j.lost && j.flow {
		return fmt.Errorf("sound flows from a lost modem")
	}
	return nil
}

func (j *judge) report(e port.Event) error {
	switch e.(type) {
	case port.Found:
		if !j.lost {
			return fmt.Errorf("found and never lost")
		}
		j.lost = false
		return nil
	case port.Lost:
		if j.lost || !j.known {
			return fmt.Errorf("lost twice, or before it was there")
		}
		j.lost = true
		return nil
	case port.RingOn, port.RingOff:
		_, on := e.(port.RingOn)
		if on == j.ring {
			return fmt.Errorf("%s twice", e)
		}
		j.ring = on
	}
	if j.lost || !j.known {
		return fmt.Errorf("%s of a lost modem", e)
	}
	return nil
}

// run lets a machine meet chance for so many events and then a modem that answers
// well, with which it must come to rest as it was last told.
func run(t *testing.T, seed uint64, events int) {
	r := rand.New(rand.NewPCG(seed, 0))
	s := &stage{t: t, now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	s.m = NewMachine(s.now, Options{Duplex: Duplex(r.IntN(3)), Wide: r.IntN(2) == 0})
	j := &judge{s: s}
	kind := r.IntN(2) == 0 // it answers most of what it is asked
	if kind {
		s.half = r.IntN(2) == 0
		s.ready()
		j.known = true
	}
	check := func(what string) {
		if err := j.judge(0); err != nil {
			t.Fatalf("seed %d, %s: %v", seed, what, err)
		}
		s.out = s.out[:0]
		when, ok := s.m.Deadline()
		if busy := s.m.phase != shut && (s.m.act != idle || s.m.phase != up) || s.m.phase == shut; busy && !ok && s.m.phase != opening {
			t.Fatalf("seed %d, %s: no deadline while %s", seed, what, s.m.Describe())
		}
		if ok && when.Before(s.now) {
			t.Fatalf("seed %d, %s: the deadline has passed by %s", seed, what, s.now.Sub(when))
		}
	}
	for range events {
		what := ""
		switch k := r.IntN(20); {
		case kind && r.IntN(3) > 0 && s.m.phase == up && s.m.act != idle:
			what = map[act]string{stream: "\r\nCONNECT\r\nsound", leave: "\x10\x03\r\nOK\r\n"}[s.m.act]
			if what == "" {
				what = "\r\nOK\r\n"
			}
			s.says(what)
		case k < 9:
			what = noise[r.IntN(len(noise))]
			s.says(what)
		case k < 13:
			s.pass(time.Duration(r.IntN(1500)) * time.Millisecond)
		case k == 13:
			s.step(Seize{})
		case k == 14:
			s.step(Release{})
		case k == 15:
			s.step(Flash{})
		case k == 16:
			s.step(Talk{r.IntN(2) == 0})
		case k == 17 && r.IntN(10) == 0:
			what = "broken"
			s.step(Broken{"chance"})
		case s.m.phase == opening:
			what = "opened"
			s.step(Opened{})
		case s.m.phase == waking, s.m.phase == probing: // or it would hardly ever live
			what = "answers"
			for _, l := range answers[s.m.sent] {
				s.says(l + "\r\n")
			}
			s.says("OK\r\n")
		}
		check(what)
	}
	want := r.IntN(2) == 0
	for range 3 { // what a wrong answer left behind may lose it once more
		s.settle(want)
	}
	check("rest")
	if s.m.hook != want || s.m.flow == still == want {
		t.Fatalf("seed %d: wanted %t, but %s (%s)", seed, want, s.m.Describe(), s.m.sent)
	}
}

// settle is a good modem for a while, told want at the end.
func (s *stage) settle(want bool) {
	for range 400 {
		if s.m.phase == up && s.m.act == idle && s.m.Wanted() == want && s.m.hook == want {
			return
		}
		switch {
		case s.m.phase == opening:
			s.step(Opened{})
		case s.m.phase == up && s.m.act == idle:
			if want {
				s.step(Seize{})
			} else {
				s.step(Release{})
			}
		case s.m.phase == waking:
			s.says("\r\nOK\r\n")
		case s.m.act == ask:
			for _, l := range answers[s.m.sent] {
				s.says("\r\n" + l + "\r\n")
			}
			if s.m.sent == "AT+VTR=?" && s.m.known && !s.m.first.Duplex {
				s.says("\r\nERROR\r\n")
			} else {
				s.says("\r\nOK\r\n")
			}
		case s.m.act == stream:
			s.says("\r\nCONNECT\r\nsound")
		case s.m.act == leave:
			s.says("\x10\x03\r\nOK\r\n")
		case s.m.act == flashHold:
			s.pass(FlashOff)
		case s.m.act != idle:
			s.says("\r\nOK\r\n")
		default:
			s.pass(time.Second)
		}
		if s.m.phase == settled {
			s.pass(SettleWait)
		}
	}
}

// TestRandom meets 300 chaotic modems; the seed of a failure is printed.
func TestRandom(t *testing.T) {
	for seed := range uint64(300) {
		run(t, seed, 600)
	}
}

func FuzzMachine(f *testing.F) {
	for seed := range uint64(8) {
		f.Add(seed, uint16(500))
	}
	f.Fuzz(func(t *testing.T, seed uint64, events uint16) { run(t, seed, int(events%2000)) })
}
