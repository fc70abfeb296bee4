package watchdogtest_test

import (
	"testing"
	"time"

	"github.com/centralita/centralita/hal/watchdog"
	"github.com/centralita/centralita/hal/watchdog/watchdogtest"
)

func TestFakeKeepsTheContract(t *testing.T) {
	watchdogtest.Run(t, func(*testing.T) (watchdog.Dog, func() bool) {
		f := watchdogtest.NewFake(30 * time.Second)
		return f, func() bool { _, bit := f.Bitten(); return bit }
	})
}
