package app_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/board"
	"github.com/centralita/centralita/board/linuxdog"
	"github.com/centralita/centralita/firmware/app"
	"github.com/centralita/centralita/firmware/view"
	"github.com/centralita/centralita/hal/watchdog"
	"github.com/centralita/centralita/hal/watchdog/watchdogtest"
	"github.com/centralita/centralita/testbench/office"
)

// guarded runs the small office with a watchdog, in virtual time.
func guarded(t *testing.T, open func(linuxdog.Config) (watchdog.Dog, board.Report), check func(o *office.Office)) {
	t.Helper()
	small(t, "watchdog: {timeout: 30s}\n", func(out *app.Outside) { out.Watchdog = open }, check)
}

// small runs the small office with more in its document, in virtual time.
func small(t *testing.T, more string, fit func(*app.Outside), check func(o *office.Office)) {
	t.Helper()
	doc, err := os.ReadFile(filepath.FromSlash("../../board/sim/office.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	pack, err := office.Pack(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		o := office.OpenWith(t, 1, string(doc)+more, pack, fit)
		defer o.Stop()
		check(o)
	})
}

func alarms(o *office.Office) string {
	var ids []string
	for _, a := range o.House().View().Alarms {
		ids = append(ids, a.ID)
	}
	return strings.Join(ids, " ")
}

// A watchdog that the card's first file system has woken is fed though no document asks
// for one.
func TestAWokenWatchdogIsFed(t *testing.T) {
	var dog *watchdogtest.Fake
	small(t, "", func(out *app.Outside) {
		out.Awake = true
		out.Watchdog = func(c linuxdog.Config) (watchdog.Dog, board.Report) {
			if c.Path != "/dev/watchdog" || c.Timeout != 15*time.Second {
				t.Errorf("%+v", c)
			}
			dog = watchdogtest.NewFake(c.Timeout)
			return dog, board.Report{Driver: linuxdog.Name, State: board.Loaded}
		}
	}, func(o *office.Office) {
		<-time.After(time.Hour)
		if dog == nil {
			t.Fatal("nobody opened it")
		}
		if at, bit := dog.Bitten(); bit || dog.Fed() < 200 {
			t.Errorf("it bit at %v, fed %d times", at, dog.Fed())
		}
	})
}

// A healthy hour does not let the watchdog bite; a control loop that hangs does,
// and no farewell is needed for it.
func TestHungLoopIsBitten(t *testing.T) {
	var dog *watchdogtest.Fake
	guarded(t, func(c linuxdog.Config) (watchdog.Dog, board.Report) {
		dog = watchdogtest.NewFake(c.Timeout)
		return dog, board.Report{Driver: linuxdog.Name, State: board.Loaded, What: "fake at " + c.Path}
	}, func(o *office.Office) {
		<-time.After(time.Hour)
		if at, bit := dog.Bitten(); bit || dog.Fed() < 3600/8 {
			t.Fatalf("a healthy house was restarted at %s, fed %d times", at, dog.Fed())
		}
		if !slices.ContainsFunc(o.House().View().Board, func(h view.Hardware) bool { return h.Driver == linuxdog.Name && h.What == "fake at /dev/watchdog" }) {
			t.Errorf("the picture does not show it: %v", o.House().View().Board)
		}
		free := make(chan struct{})
		hung := time.Now()
		o.House().HangLoop(free)
		<-time.After(time.Minute)
		at, bit := dog.Bitten()
		close(free)
		if took := at.Sub(hung); !bit || took < 30*time.Second || took > 40*time.Second {
			t.Errorf("a hung loop was restarted: %t, after %s", bit, took)
		}
		fed := dog.Fed()
		<-time.After(10 * time.Second)
		if dog.Fed() == fed {
			t.Error("the loop is back and nobody feeds")
		}
	})
	if !dog.Asleep() {
		t.Error("a house that ended well left the watchdog awake")
	}
}

// A watchdog that is wanted and is not there, or takes no food, is told, and
// calls go on.
func TestWatchdogTrouble(t *testing.T) {
	guarded(t, func(linuxdog.Config) (watchdog.Dog, board.Report) {
		return nil, board.Report{Driver: linuxdog.Name, State: board.Failed, Why: "another program feeds it"}
	}, func(o *office.Office) {
		<-time.After(5 * time.Second)
		if got := alarms(o); got != "watchdog" {
			t.Errorf("alarms %q", got)
		}
	})
	dog := (*watchdogtest.Fake)(nil)
	guarded(t, func(c linuxdog.Config) (watchdog.Dog, board.Report) {
		dog = watchdogtest.NewFake(c.Timeout)
		return dog, board.Report{Driver: linuxdog.Name, State: board.Loaded}
	}, func(o *office.Office) {
		for _, want := range []string{"watchdog.unfed", ""} {
			if dog.Fail(nil); want != "" {
				dog.Fail(errors.Join(errors.New("cannot feed it"), syscall.EIO))
			}
			<-time.After(10 * time.Second)
			if got := alarms(o); got != want {
				t.Errorf("alarms %q, want %q", got, want)
			}
		}
	})
}
