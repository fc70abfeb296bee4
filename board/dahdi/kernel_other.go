//go:build !linux

package dahdi

import (
	"fmt"
	"io/fs"
)

// none is a system without DAHDI.
type none struct{ root string }

// System returns devices that are not there: DAHDI is of Linux.
func System(root string) Kernel { return none{root} }

func (n none) Control() (Device, error) {
	return nil, fmt.Errorf("cannot open %s/ctl: %w", n.root, fs.ErrNotExist)
}

func (n none) Channel(int) (Channel, error) {
	return nil, fmt.Errorf("cannot open %s/channel: %w", n.root, fs.ErrNotExist)
}
