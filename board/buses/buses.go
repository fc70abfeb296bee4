// Package buses opens the kernel's I²C and SPI buses for the drivers that take one.
package buses

import (
	"errors"
	"fmt"
	"os"

	"periph.io/x/conn/v3/i2c"
	"periph.io/x/conn/v3/spi"
	"periph.io/x/host/v3/sysfs"
)

// Absent is a device that does not exist; it is os.ErrNotExist: absent is not broken.
type Absent string

// Error says which.
func (a Absent) Error() string { return "there is no " + string(a) }

// Is reports os.ErrNotExist.
func (a Absent) Is(target error) bool { return target == os.ErrNotExist }

// There reports whether a device exists: nil, an Absent, or why it cannot be said.
func There(device string) error {
	switch _, err := os.Stat(device); {
	case err == nil:
		return nil
	case errors.Is(err, os.ErrNotExist):
		return Absent(device)
	default:
		return fmt.Errorf("cannot look for %s: %w", device, err)
	}
}

// I2C opens /dev/i2c-N.
func I2C(bus int) (i2c.BusCloser, error) {
	if err := There(fmt.Sprintf("/dev/i2c-%d", bus)); err != nil {
		return nil, err
	}
	b, err := sysfs.NewI2C(bus)
	if err != nil {
		return nil, fmt.Errorf("cannot open the I²C bus %d: %w", bus, err)
	}
	return b, nil
}

// SPI opens /dev/spidevB.C, bus and chip select.
func SPI(name string) (spi.PortCloser, error) {
	if err := There("/dev/spidev" + name); err != nil {
		return nil, err
	}
	var bus, cs int
	if _, err := fmt.Sscanf(name, "%d.%d", &bus, &cs); err != nil {
		return nil, fmt.Errorf("cannot open the SPI device %q: it is bus and chip select, such as 0.0: %w", name, err)
	}
	p, err := sysfs.NewSPI(bus, cs)
	if err != nil {
		return nil, fmt.Errorf("cannot open the SPI device %s: %w", name, err)
	}
	return p, nil
}
