package serialtest_test

import (
	"context"
	"io"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/hal/serial"
	"github.com/centralita/centralita/hal/serial/serialtest"
)

func TestFakeKeepsTheContract(t *testing.T) {
	serialtest.Run(t, func(*testing.T) serialtest.Rig {
		c := &serialtest.Cable{}
		_ = c.Plug() // it cannot fail
		return serialtest.Rig{Device: c, Plug: c.Plug, Unplug: c.Unplug, Far: func() io.ReadWriter { return c.Far() }}
	})
}

// keeping runs Keep on c for a user who reads until the line is lost.
func keeping(t *testing.T, c *serialtest.Cable) *kept {
	k := &kept{cable: c, ended: make(chan struct{})}
	ctx, stop := context.WithCancel(t.Context())
	k.stop = stop
	use := func(_ context.Context, l serial.Line) error {
		k.lines.Add(1)
		for {
			if _, err := l.Read(make([]byte, 1)); err != nil {
				return err
			}
		}
	}
	go func() {
		defer close(k.ended)
		serial.Keep(ctx, c, serial.Limits{}, use, func(err error) {
			if err == nil {
				k.told = append(k.told, "open")
			} else {
				k.told = append(k.told, err.Error())
			}
		})
	}()
	return k
}

// kept is a line that Keep keeps.
type kept struct {
	cable *serialtest.Cable
	lines atomic.Int32 // opened
	told  []string     // to be read after ended
	stop  func()
	ended chan struct{}
}

// after lets d pass and wants so many lines opened.
func (k *kept) after(t *testing.T, d time.Duration, want int32) {
	t.Helper()
	<-time.After(d)
	if synctest.Wait(); k.lines.Load() != want {
		t.Errorf("%d lines after another %s, want %d", k.lines.Load(), d, want)
	}
}

// replug takes the cable out and puts it in again at once.
func (k *kept) replug(t *testing.T) {
	t.Helper()
	for _, do := range []func() error{k.cable.Unplug, k.cable.Plug} {
		if err := do(); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
	}
}

// TestKeepReopens unplugs, waits and replugs: the waits double, what is told is told
// once, and the end of ctx closes the line under the one who uses it.
func TestKeepReopens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := keeping(t, &serialtest.Cable{})
		<-time.After(3500 * time.Millisecond) // openings at 0, 1, 3, 7, 12 s …
		if err := k.cable.Plug(); err != nil {
			t.Fatal(err)
		}
		k.after(t, 3*time.Second, 0)
		k.after(t, 500*time.Millisecond, 1)
		<-time.After(serial.Steady)
		k.replug(t)
		k.after(t, serial.FirstWait, 2)
		k.stop()
		<-k.ended
		want := []string{"cannot open fake: there is no such device", "open", serial.ErrGone.Error(), "open"}
		if !slices.Equal(k.told, want) {
			t.Errorf("told %q, not %q", k.told, want)
		}
	})
}

// TestKeepReplug: a device that was away for long is waited for LongWait at most, and a
// line that is lost right after it came is opened again after FirstWait all the same.
func TestKeepReplug(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := keeping(t, &serialtest.Cable{})
		<-time.After(time.Hour)
		if err := k.cable.Plug(); err != nil {
			t.Fatal(err)
		}
		k.after(t, serial.LongWait, 1)
		for i, wait := range []time.Duration{serial.FirstWait, 2 * serial.FirstWait, 4 * serial.FirstWait, serial.LongWait, serial.LongWait} {
			k.replug(t) // a loose contact: each line lasts no second
			k.after(t, wait-time.Millisecond, int32(i+1))
			k.after(t, time.Millisecond, int32(i+2))
		}
		<-time.After(serial.Steady)
		k.replug(t)
		k.after(t, serial.FirstWait, 7)
		k.stop()
		<-k.ended
	})
}
