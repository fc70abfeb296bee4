//go:build linux

package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/centralita/centralita/dsp/cid"
	"github.com/centralita/centralita/dsp/dtmf"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/hal/port"
)

// between are the milliseconds from each time to the next.
func between(at []time.Time) (out []int) {
	for i := 1; i < len(at); i++ {
		out = append(out, int(at[i].Sub(at[i-1]).Milliseconds()))
	}
	return out
}

// near reports that every value is what it should be, give or take tolerance.
func near(got, want []int, tolerance int) bool {
	for i, w := range want {
		if i >= len(got) || got[i] < w-tolerance || got[i] > w+tolerance {
			return false
		}
	}
	return true
}

// ring rings two rounds of a double ring and counts every burst at both ends.
func ring(b *bench) (string, error) {
	cadence := []int{400, 200, 400, 1600}
	if err := b.phone.Command(port.Ring{Cadence: port.CadenceOf(cadence)}); err != nil {
		return "", err
	}
	on, off := port.RingOn{}, port.RingOff{}
	want := []port.Event{on, off, on, off, on, off, on, off}
	heard, err := b.line.awaitAll(3*time.Second, want...)
	if err != nil {
		return "", err
	}
	rung, err := b.phone.awaitAll(time.Second, want...)
	if err != nil {
		return "", err
	}
	if err := b.phone.Command(port.StopRing{}); err != nil {
		return "", err
	}
	times := append(append([]int{}, cadence...), cadence[:3]...)
	// The module holds the end of a burst back for 50 ms.
	if !near(between(heard), times, 100) || !near(between(rung), times, 60) {
		return "", fmt.Errorf("rung %v, heard %v, not %v ms", between(rung), between(heard), times)
	}
	return fmt.Sprintf("rung %v, heard %v ms", between(rung), between(heard)), errors.Join(b.line.silent(2*time.Second), b.phone.silent(time.Millisecond))
}

// callerID sends who calls between the first burst and the second, on hook.
func callerID(standard cid.Standard) func(*bench) (string, error) {
	return func(b *bench) (string, error) {
		if err := b.phone.Command(port.Ring{Cadence: port.CadenceOf([]int{1000, 4000})}); err != nil {
			return "", err
		}
		if _, err := b.phone.awaitAll(2*time.Second, port.RingOn{}, port.RingOff{}); err != nil {
			return "", err
		}
		if _, err := b.line.awaitAll(2*time.Second, port.RingOn{}, port.RingOff{}); err != nil {
			return "", err
		}
		time.Sleep(500 * time.Millisecond)
		info := cid.Info{Type: cid.Call, Number: "600123456", Name: "Juan Perez", Date: cid.Date{Month: 7, Day: 3, Hour: 12, Minute: 30}}
		got := make(chan cid.Message, 4)
		r := cid.NewReceiver()
		b.line.listens(func(f *pcm.Frame) {
			for _, m := range r.Process(f, nil) {
				got <- m
			}
		})
		var s cid.Sender
		if err := s.Start(info, cid.Sending{Standard: standard}); err != nil {
			return "", err
		}
		b.phone.says(func(f *pcm.Frame) { s.Fill(f) })
		var m cid.Message
		var err error
		select {
		case m = <-got:
		case <-time.After(3 * time.Second):
			err = errors.New("nothing was heard")
		}
		b.phone.says(nil)
		b.line.listens(nil)
		if err := b.phone.Command(port.StopRing{}); err != nil {
			return "", err
		}
		if err == nil && (m.Info.Number != info.Number || standard != cid.DTMF && m.Info.Name != info.Name) {
			err = fmt.Errorf("%+v was heard", m.Info)
		}
		return fmt.Sprintf("%s %s", m.Info.Number, m.Info.Name), errors.Join(err, b.line.silent(2*time.Second), b.phone.silent(time.Millisecond))
	}
}

// answer: the line lifts while the bell is on; the telephone's end sees it and stops.
func answer(b *bench) (string, error) {
	if err := b.phone.Command(port.Ring{}); err != nil {
		return "", err
	}
	if _, err := b.line.await(port.RingOn{}, time.Second); err != nil {
		return "", err
	}
	begin := time.Now()
	if err := b.line.Command(port.Seize{}); err != nil {
		return "", err
	}
	at, err := b.phone.awaitAll(time.Second, port.RingOn{}, port.RingOff{}, port.OffHook{})
	if err != nil {
		return "", err
	}
	if _, err := b.line.await(port.RingOff{}, time.Second); err != nil {
		return "", err
	}
	took := at[2].Sub(begin)
	if took > 100*time.Millisecond {
		return "", fmt.Errorf("off hook is told %s after it", took)
	}
	return fmt.Sprintf("off hook told after %d ms", took.Milliseconds()), errors.Join(b.line.silent(6*time.Second), b.phone.silent(time.Millisecond))
}

// talk says another tone each way at once.
func talk(b *bench) (string, error) {
	const up, down, level = 1004.0, 700.0, -10.0
	b.phone.says(sine(up, level))
	b.line.says(sine(down, level))
	time.Sleep(500 * time.Millisecond)
	heard := make(chan []int16)
	go func() { heard <- b.line.record(3) }()
	x, y := b.phone.record(3), <-heard
	b.phone.says(nil)
	b.line.says(nil)
	pd, pu := purity(x, down), purity(y, up)
	detail := fmt.Sprintf("3 s: purity %.5f at %.1f dBm0 from the line, %.5f at %.1f dBm0 from the telephone", pd, pcm.Level(x), pu, pcm.Level(y))
	if pd < 0.99 || pu < 0.99 || pcm.Level(x) < level-0.5 || pcm.Level(x) > level+0.5 || pcm.Level(y) < level-0.5 || pcm.Level(y) > level+0.5 {
		return "", errors.New(detail)
	}
	return detail, nil
}

// keys sends digits by tone from one end to the other and returns what arrived.
func keys(from, to *end, digits string) (string, error) {
	var g dtmf.Generator
	if err := g.Start(digits, dtmf.Usual()); err != nil {
		return "", err
	}
	var d dtmf.Detector
	var got strings.Builder
	to.listens(func(f *pcm.Frame) {
		for _, e := range d.Process(f, nil) {
			if e.Down {
				got.WriteByte(e.Digit)
			}
		}
	})
	from.says(func(f *pcm.Frame) { g.Fill(f) })
	time.Sleep(time.Duration(len(digits))*170*time.Millisecond + 500*time.Millisecond)
	from.says(nil)
	to.listens(nil)
	if got.String() != digits {
		return "", fmt.Errorf("%s was dialled at %s, %s heard", digits, from.Info().Name, got.String())
	}
	return got.String(), nil
}

func toneDigits(b *bench) (string, error) {
	out, err := keys(b.line, b.phone, "1234567890*#ABCD")
	if err != nil {
		return "", err
	}
	in, err := keys(b.phone, b.line, "9876543210#*DCBA")
	return out + " to the exchange, " + in + " to the line", err
}

// pulseDigits dials as a rotary dial; while one end dials, its own sound waits.
func pulseDigits(b *bench) (string, error) {
	pulser, ok := b.line.Port.(interface{ Pulse(string) error })
	if !ok {
		return "", errors.New("the line's port cannot dial by pulses")
	}
	const digits = "1290"
	if err := pulser.Pulse(digits); err != nil {
		return "", err
	}
	for _, d := range []byte(digits) {
		if _, err := b.phone.await(port.PulseDigit{Digit: d}, 4*time.Second); err != nil {
			return "", err
		}
	}
	return digits, errors.Join(b.phone.silent(2*time.Second), b.line.silent(time.Millisecond))
}

func flash(b *bench) (string, error) {
	begin := time.Now()
	if err := b.line.Command(port.Flash{}); err != nil {
		return "", err
	}
	at, err := b.phone.await(port.HookFlash{}, 2*time.Second)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("told after %d ms", at.Sub(begin).Milliseconds()), errors.Join(b.phone.silent(2*time.Second), b.line.silent(time.Millisecond))
}
