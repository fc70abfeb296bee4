package metronome_test

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/board/metronome"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/hal/port"
)

// frames are those that wait, by their first sample.
type frames struct {
	mu   sync.Mutex
	wait []int16
}

func (s *frames) put(samples ...int16) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wait = append(s.wait, samples...)
}

func (s *frames) Take(f *pcm.Frame) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.wait) == 0 {
		return false
	}
	f[0], s.wait = s.wait[0], s.wait[1:]
	return true
}

func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s frames
		gone := make(chan struct{})
		r := metronome.New(&s, gone, 10)
		begin := time.Now()
		read := func(sample int16, after time.Duration) {
			t.Helper()
			f := pcm.Frame{-1}
			if err := r.Read(&f); err != nil || f[0] != sample || time.Since(begin) != after {
				t.Fatalf("%d after %v, %v; %d after %v is awaited", f[0], time.Since(begin), err, sample, after)
			}
		}
		read(0, 20*time.Millisecond) // silence by the clock
		read(0, 40*time.Millisecond)
		s.put(7, 8)
		read(7, 40*time.Millisecond) // at the pace of the hardware
		read(8, 40*time.Millisecond)
		time.AfterFunc(30*time.Millisecond, func() { s.put(9); r.Wake() })
		read(9, 70*time.Millisecond)  // late: it is waited for
		read(0, 110*time.Millisecond) // two frames long, then silence again
		read(0, 130*time.Millisecond)
		<-time.After(time.Second)
		read(0, 1150*time.Millisecond) // nothing is made up for
		s.put(1)
		read(1, 1150*time.Millisecond)
		r.Rest()
		read(0, 1170*time.Millisecond) // nothing is waited for
		time.AfterFunc(time.Millisecond, func() { close(gone) })
		if err := r.Read(&pcm.Frame{}); !errors.Is(err, port.ErrClosed) {
			t.Errorf("closed: %v", err)
		}
	})
}

func TestReadAllocatesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s frames
		r := metronome.New(&s, make(chan struct{}), 10)
		var f pcm.Frame
		if n := testing.AllocsPerRun(100, func() {
			if err := r.Read(&f); err != nil {
				t.Error(err)
			}
		}); n > 0 {
			t.Errorf("%v allocations a frame", n)
		}
	})
}
