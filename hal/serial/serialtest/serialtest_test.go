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

// TestKeepReopens unplugs, waits and replugs: the waits double, what is told is told
// once, and the end of ctx closes the line under the one who uses it.
func TestKeepReopens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &serialtest.Cable{}
		ctx, stop := context.WithCancel(t.Context())
		var told []string
		var lines atomic.Int32
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			serial.Keep(ctx, c, serial.Limits{}, func(_ context.Context, l serial.Line) error {
				lines.Add(1)
				for {
					if _, err := l.Read(make([]byte, 1)); err != nil {
						return err
					}
				}
			}, func(err error) {
				if err == nil {
					told = append(told, "open")
				} else {
					told = append(told, err.Error())
				}
			})
		}()
		<-time.After(20 * time.Second) // openings at 0, 1, 3, 7, 15 s
		if err := c.Plug(); err != nil {
			t.Fatal(err)
		}
		<-time.After(10 * time.Second)
		if synctest.Wait(); lines.Load() != 0 {
			t.Error("it was opened before 31 s")
		}
		<-time.After(time.Second)
		if synctest.Wait(); lines.Load() != 1 {
			t.Errorf("%d lines at 31 s", lines.Load())
		}
		<-time.After(serial.Steady)
		for _, do := range []func() error{c.Unplug, c.Plug} {
			if err := do(); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		<-time.After(serial.FirstWait)
		if synctest.Wait(); lines.Load() != 2 {
			t.Errorf("%d lines after the replug", lines.Load())
		}
		stop()
		<-ended
		want := []string{"cannot open fake: there is no such device", "open", serial.ErrGone.Error(), "open"}
		if !slices.Equal(told, want) {
			t.Errorf("told %q, not %q", told, want)
		}
	})
}
