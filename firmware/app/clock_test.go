package app

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/clock"
	"github.com/centralita/centralita/firmware/config"
	"github.com/centralita/centralita/firmware/keeper"
	"github.com/centralita/centralita/firmware/keeper/chores"
)

// locked are clocks that we may not set; the system's shows 1970.
type locked struct{ began time.Time }

func (l locked) Reading() clock.Reading {
	return clock.Reading{Wall: time.Unix(0, 0).Add(time.Since(l.began))}
}
func (locked) Boot() (string, time.Duration) { return "a", time.Minute }
func (locked) RTC() (time.Time, bool, error) { return written.AddDate(0, 1, 0), true, nil }
func (locked) SetSystem(time.Time) error     { return errors.New("operation not permitted") }
func (locked) SetRTC(time.Time) error        { return errors.New("operation not permitted") }

// What we may not set ourselves the keeper sets, with the time of the house; without a
// keeper the reason stands beside the clock.
func TestKeeperSetsTheClock(t *testing.T) {
	for _, there := range []bool{true, false} {
		log := slog.New(slog.DiscardHandler)
		dir := t.TempDir()
		clockOf, err := OpenTime(dir, locked{time.Now()}, time.UTC, log)
		if err != nil {
			t.Fatal(err)
		}
		if clockOf.State() != clock.RTC {
			t.Fatalf("the state is %s", clockOf.State())
		}
		h := &House{clock: clockOf, log: log, cfg: &config.Config{Board: config.Board{Front: &config.Front{RTC: "/dev/rtc1"}}}}
		asked := make(chan chores.TimeAsked, 1)
		if there {
			path := filepath.Join(dir, "keeper.sock")
			l, err := keeper.Listen(path, os.Getuid())
			if err != nil {
				t.Fatal(err)
			}
			ctx, stop := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() {
				done <- keeper.Serve(ctx, l, map[string]keeper.Handler{chores.SetTime: func(_ context.Context, p json.RawMessage, _ func(any)) (any, error) {
					var a chores.TimeAsked
					err := json.Unmarshal(p, &a)
					asked <- a
					return chores.TimeSet{}, err
				}})
			}()
			defer func() {
				stop()
				if err := <-done; err != nil {
					t.Error(err)
				}
			}()
			h.keeper = keeper.Dial(path)
		}
		h.hearTime(time.Now(), clock.Look{})
		h.setBelow(t.Context())
		if beside := clockOf.set; (beside == "") != there {
			t.Errorf("a keeper %t: %q", there, beside)
		}
		if there {
			if a := <-asked; a.At.Sub(clockOf.Now()).Abs() > 10*time.Second || a.RTC != "/dev/rtc1" {
				t.Errorf("%s was set to %s, it is %s", a.RTC, a.At, clockOf.Now())
			}
		}
		if err := clockOf.Close(); err != nil {
			t.Error(err)
		}
	}
}
