package linesim

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/centralita/centralita/dsp/dtmf"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/tone"
	"github.com/centralita/centralita/dsp/tone/plan"
	"github.com/centralita/centralita/testbench/linesim/central"
)

// Voice is the mouth and the ear at one end of a closed loop. What is said is a
// key, else a tone, else queued sound, else silence.
type Voice struct {
	s    *Sim
	call *Call // nil at a telephone

	keys  dtmf.Generator
	tone  tone.Player
	queue []int16
	as    central.Subscriber // speaks in place of silence

	record   []int16 // everything heard since the loop was closed
	detector dtmf.Detector
	heard    []byte // keys heard
	events   []dtmf.Event
	ear      ear
}

// Speak implements central.Subscriber.
func (v *Voice) Speak(f *pcm.Frame) { v.next(f) }

// Hear implements central.Subscriber.
func (v *Voice) Hear(f *pcm.Frame) { v.hear(f) }

// Be lets somebody speak and hear here while nothing else is said: a machine of
// package subscriber; nil for nobody.
func (v *Voice) Be(who central.Subscriber) {
	v.s.mu.Lock()
	defer v.s.mu.Unlock()
	v.as = who
}

// next fills f with what is said in the next 20 ms.
func (v *Voice) next(f *pcm.Frame) {
	switch {
	case v.keys.Sending():
		v.keys.Fill(f)
	case v.tone.Playing():
		v.tone.Fill(f)
	default:
		n := copy(f[:], v.queue)
		v.queue = v.queue[n:]
		clear(f[n:])
		if n == 0 && v.as != nil {
			v.as.Speak(f)
		}
	}
}

// hear takes 20 ms from the wire.
func (v *Voice) hear(f *pcm.Frame) {
	v.record = append(v.record, f[:]...)
	if v.as != nil {
		v.as.Hear(f)
	}
	v.events = v.detector.Process(f, v.events[:0])
	for _, e := range v.events {
		if e.Down {
			v.heard = append(v.heard, e.Digit)
		}
	}
	v.ear.hear(f)
}

// wait is the Sim's wait that also ends when the call is over.
func (v *Voice) wait(ctx context.Context, what string, ok func() bool) error {
	over := false
	err := v.s.wait(ctx, what, func() bool {
		over = v.call != nil && v.call.over
		return over || ok()
	})
	if over {
		return fmt.Errorf("cannot wait for %s: %w", what, ErrOver)
	}
	return err
}

// reset forgets what was said and heard: a new loop.
func (v *Voice) reset() {
	v.keys, v.queue, v.record, v.heard = dtmf.Generator{}, nil, nil, nil
	v.tone.Stop()
	v.detector.Reset()
	v.ear = ear{}
}

// stop ends everything that is being said; what was heard stays.
func (v *Voice) stop() {
	v.keys, v.queue, v.as = dtmf.Generator{}, nil, nil
	v.tone.Stop()
}

// Say queues linear samples of 8 kHz.
func (v *Voice) Say(samples []int16) {
	v.s.mu.Lock()
	defer v.s.mu.Unlock()
	v.queue = append(v.queue, samples...)
}

// Hum sounds one frequency in Hz at a level in dBm0 until Quiet.
func (v *Voice) Hum(hz, dbm0 float64) {
	v.s.mu.Lock()
	defer v.s.mu.Unlock()
	v.tone.Start(tone.Continuous(tone.Partial{Hz: hz, DBm0: dbm0}))
}

// Quiet ends every sound.
func (v *Voice) Quiet() {
	v.s.mu.Lock()
	defer v.s.mu.Unlock()
	v.tone.Stop()
	v.queue = nil
}

// Press sends keys as DTMF (80 ms on, 80 ms off) and returns when the last is
// out. A ',' waits two seconds.
func (v *Voice) Press(ctx context.Context, keys string) error {
	v.s.mu.Lock()
	err := v.keys.Start(keys, dtmf.Usual())
	v.s.mu.Unlock()
	if err != nil {
		return fmt.Errorf("cannot press %q: %w", keys, err)
	}
	return v.wait(ctx, "the keys to be sent", func() bool { return !v.keys.Sending() })
}

// Keys returns the DTMF keys heard since the loop was closed.
func (v *Voice) Keys() string {
	v.s.mu.Lock()
	defer v.s.mu.Unlock()
	return string(v.heard)
}

// Heard returns a copy of everything heard since the loop was closed, 8 kHz.
func (v *Voice) Heard() []int16 {
	v.s.mu.Lock()
	defer v.s.mu.Unlock()
	return append([]int16(nil), v.record...)
}

// Level returns how loud a frequency was in the last d of what was heard, in
// dBm0; −120 is nothing. It is the mean of blocks of 20 ms: two crystals that
// are being made to agree shift a tone by some hertz, and that is no loss.
func (v *Voice) Level(hz float64, d time.Duration) float64 {
	v.s.mu.Lock()
	defer v.s.mu.Unlock()
	const block = pcm.FrameLen
	n := min(len(v.record), int(d.Seconds()*pcm.Rate)) / block
	sum := 0.0
	for i := range n {
		at := len(v.record) - (i+1)*block
		sum += math.Pow(10, level(v.record[at:at+block], hz)/10)
	}
	return 10 * math.Log10(sum/float64(max(n, 1))+1e-12)
}

// Loudness returns the level of everything in the last d, in dBm0.
func (v *Voice) Loudness(d time.Duration) float64 {
	v.s.mu.Lock()
	defer v.s.mu.Unlock()
	return v.loudness(d)
}

func (v *Voice) loudness(d time.Duration) float64 {
	n := min(len(v.record), int(d.Seconds()*pcm.Rate))
	return pcm.Level(v.record[len(v.record)-n:])
}

// speech is the least level that counts as somebody speaking, in dBm0.
const speech = -45

// spoken reports whether a frame is a voice or music: loud, and not one of the
// country's call-progress tones.
func (v *Voice) spoken(f *pcm.Frame) bool {
	if f.Level() < speech {
		return false
	}
	for k := range plan.NumKinds {
		if sig := v.s.Plan.Signal(k); sig.Known() && on(f, sig.Hz) {
			return false
		}
	}
	return true
}

// WaitSpeech returns when a voice or music was heard for about d, words and
// their pauses together.
func (v *Voice) WaitSpeech(ctx context.Context, d time.Duration) error {
	v.s.mu.Lock()
	at := len(v.record)
	v.s.mu.Unlock()
	var window []bool
	loud := 0
	n := max(int(d/tick), 1)
	return v.wait(ctx, "a voice", func() bool {
		for ; at+pcm.FrameLen <= len(v.record); at += pcm.FrameLen {
			x := v.spoken((*pcm.Frame)(v.record[at:]))
			if window = append(window, x); x {
				loud++
			}
			if len(window) > n*3/2 {
				if window[0] {
					loud--
				}
				window = window[1:]
			}
		}
		return loud > n*2/3
	})
}

// WaitSpeechEnd returns when no voice was heard for d, tones or silence instead.
func (v *Voice) WaitSpeechEnd(ctx context.Context, d time.Duration) error {
	return v.wait(ctx, "the end of what is said", func() bool {
		n, loud := max(int(d/tick), 1), 0
		if len(v.record) < n*pcm.FrameLen {
			return false
		}
		for at := len(v.record) - n*pcm.FrameLen; at+pcm.FrameLen <= len(v.record); at += pcm.FrameLen {
			if v.spoken((*pcm.Frame)(v.record[at:])) {
				loud++
			}
		}
		return loud <= n/4
	})
}

// WaitTone returns when a call-progress tone of the country is heard: dial tone
// when it is longer than a burst of ringback, ringback by one burst and its pause's beginning, busy and
// congestion by two periods.
func (v *Voice) WaitTone(ctx context.Context, k plan.Kind) error {
	return v.wait(ctx, k.String()+" tone", func() bool { return v.ear.hears(v.s.Plan, k) })
}
