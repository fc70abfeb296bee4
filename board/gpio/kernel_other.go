//go:build !linux

package gpio

// Linux returns the kernel's chips: this system has none.
func Linux() Kernel { return none{} }

type none struct{}

func (none) Chips() []string           { return nil }
func (none) Open(string) (Chip, error) { return nil, ErrAbsent }
