// Package watchdogtest is the conformance suite of watchdogs, and a watchdog
// without hardware to test against.
package watchdogtest

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/hal/watchdog"
)

// Fake is a watchdog in memory. Its time is that of the clock, so a bubble of
// testing/synctest makes hours pass at once. It bites once and then only tells.
// Make it with NewFake.
type Fake struct {
	info watchdog.Info

	mu     sync.Mutex
	fail   error
	timer  *time.Timer
	bitten time.Time
	fed    int
	closed bool
}

var _ watchdog.Dog = (*Fake)(nil)

// NewFake returns an open watchdog whose time runs.
func NewFake(timeout time.Duration) *Fake {
	f := &Fake{info: watchdog.Info{Identity: "fake", Timeout: timeout}}
	f.timer = time.AfterFunc(timeout, f.bite)
	return f
}

func (f *Fake) bite() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.closed && f.bitten.IsZero() {
		f.bitten = time.Now()
	}
}

// Bitten returns when it would have restarted the machine; ok is false while it
// has not.
func (f *Fake) Bitten() (at time.Time, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.bitten, !f.bitten.IsZero()
}

// Fed returns how often it was fed.
func (f *Fake) Fed() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.fed
}

// Asleep reports whether it was closed.
func (f *Fake) Asleep() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.closed
}

// Fail makes Feed return err from now on; nil ends it.
func (f *Fake) Fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail = err
}

// Info implements watchdog.Dog.
func (f *Fake) Info() watchdog.Info { return f.info }

// Feed implements watchdog.Dog.
func (f *Fake) Feed() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.closed:
		return errors.New("cannot feed the watchdog: it is closed")
	case f.fail != nil:
		return f.fail
	}
	f.fed++
	f.timer.Reset(f.info.Timeout)
	return nil
}

// Close implements watchdog.Dog.
func (f *Fake) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	f.timer.Stop()
	return nil
}

// Run checks a driver against the contract, in virtual time. open returns a
// fresh watchdog and a function that tells whether the machine was restarted.
func Run(t *testing.T, open func(t *testing.T) (d watchdog.Dog, bitten func() bool)) {
	t.Helper()
	part := func(name string, check func(t *testing.T, d watchdog.Dog, after func(time.Duration) bool)) {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d, bitten := open(t)
				check(t, d, func(wait time.Duration) bool {
					<-time.After(wait)
					synctest.Wait()
					return bitten()
				})
				if err := d.Close(); err != nil {
					t.Errorf("Close: %v", err)
				}
			})
		})
	}
	part("says who it is and how long it waits", func(t *testing.T, d watchdog.Dog, _ func(time.Duration) bool) {
		if i := d.Info(); i.Identity == "" || i.Timeout <= 0 || i.Bit {
			t.Errorf("Info() = %+v", i)
		}
	})
	part("its time runs from the opening on", func(t *testing.T, d watchdog.Dog, after func(time.Duration) bool) {
		if after(d.Info().Timeout - time.Second) {
			t.Fatal("it restarted the machine too early")
		}
		if !after(2 * time.Second) {
			t.Error("nobody fed it and the machine runs")
		}
	})
	part("fed it holds still, then not", func(t *testing.T, d watchdog.Dog, after func(time.Duration) bool) {
		for range 20 {
			if err := d.Feed(); err != nil {
				t.Fatalf("Feed: %v", err)
			}
			if after(d.Info().Timeout - time.Second) {
				t.Fatal("it restarted the machine although it was fed")
			}
		}
		if !after(2 * time.Second) {
			t.Error("the feeding ended and the machine runs")
		}
	})
	part("closed it sleeps", func(t *testing.T, d watchdog.Dog, after func(time.Duration) bool) {
		if err := d.Close(); err != nil {
			t.Fatalf("Close: %v", err)
		}
		if after(10 * d.Info().Timeout) {
			t.Error("it restarted the machine although it was closed")
		}
		if d.Feed() == nil {
			t.Error("Feed after Close was accepted")
		}
	})
}
