package ledtest_test

import (
	"testing"

	"github.com/centralita/centralita/hal/led"
	"github.com/centralita/centralita/hal/led/ledtest"
)

func TestFakeKeepsTheContract(t *testing.T) {
	ledtest.Run(t, func(*testing.T) (led.Strip, func() []led.Colour) {
		f := ledtest.NewFake(8)
		return f, func() []led.Colour { return f.Shown }
	})
}
