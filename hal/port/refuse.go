package port

import "fmt"

// Refuse returns why a port so described cannot do c, nil when it can: c is for
// the other kind of port, or needs what Caps do not offer. Every driver asks it
// before it looks at the state of its line.
func (i Info) Refuse(c Command) error {
	kind, able := i.Kind, true
	switch c.(type) {
	case Seize, Release, Flash:
		kind = FXO
	case Ring, StopRing:
		kind = FXS
	case Disconnect:
		kind, able = FXS, i.Caps.Disconnect
	case Reverse:
		kind, able = FXS, i.Caps.Polarity
	case Neon:
		kind, able = FXS, i.Caps.Neon
	case Tune:
		able = i.Caps.Gain || i.Caps.Impedance
	case EchoCancel:
		able = i.Caps.EchoCancel
	}
	switch {
	case kind != i.Kind:
		return fmt.Errorf("cannot %s: %s is an %s port", c, i.Name, i.Kind)
	case !able:
		return fmt.Errorf("cannot %s: the hardware of %s does not offer it", c, i.Name)
	}
	return nil
}
