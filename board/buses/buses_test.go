package buses_test

import (
	"errors"
	"os"
	"testing"

	"github.com/centralita/centralita/board/buses"
)

// Bus 99 is on no machine: absent is told apart from broken.
func TestWhatIsNotThere(t *testing.T) {
	if _, err := buses.I2C(99); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("I²C: %v", err)
	}
	if _, err := buses.SPI("99.0"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("SPI: %v", err)
	}
	if err := buses.There("/dev/rtc99"); err == nil || err.Error() != "there is no /dev/rtc99" {
		t.Error(err)
	}
	if err := buses.There(t.TempDir()); err != nil {
		t.Error(err)
	}
}
