package portleg_test

import (
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/dsp/dtmf"
	"github.com/centralita/centralita/dsp/noise"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/firmware/media"
	"github.com/centralita/centralita/firmware/media/portleg"
	"github.com/centralita/centralita/hal/port"
)

// hybrid is a line that throws back what is written to it, 6 dB down and so many
// samples later, and says nothing itself.
type hybrid struct {
	near  []int16 // what the far end of the line says
	mu    sync.Mutex
	next  time.Time
	delay int
	dead  bool                    // nothing is thrown back
	line  [8 * pcm.FrameLen]int16 // what was written, the newest last
}

func (h *hybrid) Read(f *pcm.Frame) error {
	h.mu.Lock()
	h.next = h.next.Add(20 * time.Millisecond)
	wait := time.Until(h.next)
	for i := range f {
		f[i] = h.line[len(h.line)-pcm.FrameLen+i-h.delay] / 2
		if h.dead {
			f[i] = 0
		}
		if i < len(h.near) {
			f[i] = pcm.Clip(int32(f[i]) + int32(h.near[i]))
		}
	}
	h.near = h.near[min(len(h.near), pcm.FrameLen):]
	h.mu.Unlock()
	<-time.After(wait)
	return nil
}

func (h *hybrid) Write(f *pcm.Frame) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	copy(h.line[:], h.line[pcm.FrameLen:])
	copy(h.line[len(h.line)-pcm.FrameLen:], f[:])
	return nil
}

// comesBack returns how loud is heard what a leg says to a hybrid.
func comesBack(t *testing.T, kind port.Kind, tail, delay int, before func(*portleg.Pump)) (dBm0 float64, s media.Stats) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := &hybrid{next: time.Now(), delay: delay}
		p := run(t, portleg.Config{Tail: tail, Port: &socket{audio: h, info: port.Info{Name: "p1", Kind: kind}}})
		if before != nil {
			before(p)
		}
		leg := p.Leg()
		said := noise.New(-15, 7)
		var f pcm.Frame
		var heard []int16
		for tick := range 200 {
			leg.Read(&f)
			if tick >= 150 {
				heard = append(heard, f[:]...)
			}
			said.Fill(&f)
			leg.Write(&f)
			<-time.After(20 * time.Millisecond)
		}
		dBm0, s = pcm.Level(heard), leg.Stats()
	})
	return dBm0, s
}

func TestTheEchoOfALineIsTakenOutAndMeasured(t *testing.T) {
	plain, none := comesBack(t, port.FXO, -1, 24, nil)
	if plain < -22 || none.ERL != 0 {
		t.Fatalf("without canceller %.1f dBm0, ERL %.1f", plain, none.ERL)
	}
	// The usual tail takes in four blocks of 20 ms that wait in a driver, and 8 ms of line.
	for _, delay := range []int{24, 160 + 24, 4*160 + 64} {
		with, s := comesBack(t, port.FXO, 0, delay, nil)
		if with > plain-30 {
			t.Errorf("echo after %d samples: %.1f dBm0 come back, without canceller %.1f", delay, with, plain)
		}
		if s.ERL < 5 || s.ERL > 7 || s.ERLE < 12 {
			t.Errorf("echo after %d samples: ERL %.1f dB, want 6; ERLE %.1f", delay, s.ERL, s.ERLE)
		}
		if want := time.Duration(delay) * time.Second / pcm.Rate; s.Echo < want-time.Millisecond || s.Echo > want+time.Millisecond {
			t.Errorf("echo after %v is measured as %v", want, s.Echo)
		}
	}
}

// Keys that a caller presses into a prompt are all heard, from the first half second
// on, when the canceller does not know the line yet; and no key is heard that only
// the prompt's echo could be.
func TestKeysPressedIntoAPromptPassTheCanceller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &hybrid{next: time.Now(), delay: 24, near: append(make([]int16, 4000), keyed(t, "1234567890*#")...)}
		p := run(t, portleg.Config{Port: &socket{audio: h, info: port.Info{Name: "p1", Kind: port.FXO}}})
		leg := p.Leg()
		var ear dtmf.Detector
		var heard []dtmf.Event
		var f pcm.Frame
		for tick := range 200 {
			leg.Read(&f)
			heard = ear.Process(&f, heard)
			for i := range f { // a voice at −14 dBm0
				at := float64(tick*pcm.FrameLen+i) / pcm.Rate
				v := 0.0
				for k := 2; k < 12; k++ {
					v += math.Sin(2*math.Pi*130*(1+0.02*math.Sin(9*at))*float64(k)*at+float64(k*k)) / float64(k)
				}
				f[i] = int16(9000 * v * math.Pow(math.Sin(3.5*math.Pi*at), 2))
			}
			leg.Write(&f)
			<-time.After(20 * time.Millisecond)
		}
		got := ""
		for _, e := range heard {
			if e.Down {
				got += string(e.Digit)
			}
		}
		if got != "1234567890*#" {
			t.Errorf("heard %s", got)
		}
	})
}

// A line whose echo is another one from one moment to the next, while both ends sound
// steadily, gets no echo from the canceller that it has not by itself.
func TestACancellerThatDoesHarmIsNotUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sine := func(hz float64, from, n int) []int16 {
			out := make([]int16, n)
			for i := range out {
				out[i] = int16(6000 * math.Sin(2*math.Pi*hz*float64(from+i)/pcm.Rate))
			}
			return out
		}
		const learned = 150 // frames
		h := &hybrid{next: time.Now(), delay: 24}
		p := run(t, portleg.Config{Port: &socket{audio: h, info: port.Info{Name: "p1", Kind: port.FXO}}})
		leg := p.Leg()
		said := noise.New(-15, 7)
		var f pcm.Frame
		var heard []int16
		for tick := range 800 {
			leg.Read(&f)
			if tick > 700 { // it may swing before it is found out
				heard = append(heard, f[:]...)
			}
			if tick == learned {
				h.mu.Lock()
				h.near, h.dead = sine(600, 0, 800*pcm.FrameLen), true
				h.mu.Unlock()
			}
			if said.Fill(&f); tick >= learned {
				copy(f[:], sine(1000, tick*pcm.FrameLen, pcm.FrameLen))
			}
			leg.Write(&f)
			<-time.After(20 * time.Millisecond)
		}
		var s, c float64
		for i, v := range heard {
			sin, cos := math.Sincos(2 * math.Pi * 1000 * float64(i) / pcm.Rate)
			s, c = s+sin*float64(v), c+cos*float64(v)
		}
		if own := 2 * math.Hypot(s, c) / float64(len(heard)); own > 300 || pcm.Level(heard) < -15 {
			t.Errorf("of 6000 that are said %.0f come back, on a line without echo; all is %.0f dBm0", own, pcm.Level(heard))
		}
	})
}

func TestNoCancellerWhereTheHardwareHasOneOrThereIsNoHybrid(t *testing.T) {
	plain, _ := comesBack(t, port.FXO, -1, 24, nil)
	hard, _ := comesBack(t, port.FXO, 0, 24, func(p *portleg.Pump) { p.Commanded(port.EchoCancel{On: true}) })
	phone, _ := comesBack(t, port.FXS, 0, 24, nil)
	if hard < plain-1 || phone < plain-1 {
		t.Errorf("without canceller %.1f dBm0 come back, beside the hardware's %.1f, of a telephone %.1f", plain, hard, phone)
	}
	off, _ := comesBack(t, port.FXO, 0, 24, func(p *portleg.Pump) {
		p.Commanded(port.EchoCancel{On: true})
		p.Commanded(port.EchoCancel{})
	})
	if off > plain-30 {
		t.Errorf("the hardware's is off and %.1f dBm0 come back", off)
	}
	back, _ := comesBack(t, port.FXO, 0, 24, func(p *portleg.Pump) { // and does not cancel any more
		p.Commanded(port.EchoCancel{On: true})
		p.Happened(port.Lost{})
		p.Happened(port.Found{})
	})
	if back > plain-30 {
		t.Errorf("the hardware was plugged in again and %.1f dBm0 come back", back)
	}
}

func TestATailThatThereIsNotIsAnError(t *testing.T) {
	if _, err := portleg.New(portleg.Config{Tail: 40, Port: &socket{info: port.Info{Kind: port.FXO}}}); err == nil {
		t.Error("a tail of 40 ms is taken")
	}
}
