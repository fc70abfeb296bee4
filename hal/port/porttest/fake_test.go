package porttest

import (
	"testing"

	"github.com/centralita/centralita/hal/port"
)

func TestFake(t *testing.T) {
	for _, kind := range []port.Kind{port.FXO, port.FXS} {
		t.Run(kind.String(), func(t *testing.T) {
			TestPort(t, func(*testing.T) (port.Port, Wire) {
				f := NewFake(port.Info{Name: "fake1", Kind: kind, Caps: port.Caps{
					FullDuplex: true, Battery: true, Polarity: true, CallerID: true, RingSignal: true,
					Disconnect: true, Neon: true, Gain: true, Impedance: true, EchoCancel: true, OnHookAudio: true,
				}})
				return f, f
			})
		})
	}
}

func TestFakeThatTakesTurns(t *testing.T) {
	TestPort(t, func(*testing.T) (port.Port, Wire) {
		f := NewFake(port.Info{Name: "fake1", Kind: port.FXO})
		return f, f
	})
}
