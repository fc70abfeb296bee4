package displaytest_test

import (
	"testing"

	"github.com/centralita/centralita/hal/display"
	"github.com/centralita/centralita/hal/display/displaytest"
)

func TestFakeKeepsTheContract(t *testing.T) {
	displaytest.Run(t, func(*testing.T) (display.Display, func() displaytest.Seen) {
		f := displaytest.NewFake(20, 4, "ñÑ")
		return f, func() displaytest.Seen { return displaytest.Seen{Rows: f.Shown, Light: f.Light} }
	})
}
