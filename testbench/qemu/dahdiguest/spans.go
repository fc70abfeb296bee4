//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/centralita/centralita/board/dahdi"
	"github.com/centralita/centralita/board/dahdi/abi"
)

// Channels of the guest: pairs that are the two ends of one wire, the telephone's end
// first. A span has one channel, for the driver of such spans mixes the bits of
// neighbours.
const (
	phoneChan  = 1 // fxoks: our port for a telephone
	lineChan   = 2 // fxsks: our port for a line
	emChan     = 3 // e&m: no port
	bareChan   = 4 // without signalling
	callerChan = 5 // the pair of the house's line: the caller's end
	houseChan  = 6 // and the line
	phoneOut   = 7 // the pair of the house's telephone: its port
	deskChan   = 8 // and the telephone on a desk
	lastChan   = deskChan
)

var signalling = map[int]uint32{phoneChan: abi.SigFXOKS, lineChan: abi.SigFXSKS, emChan: abi.SigEM, callerChan: abi.SigFXOKS,
	houseChan: abi.SigFXSKS, phoneOut: abi.SigFXOKS, deskChan: abi.SigFXSKS}

// canceller is the one that channels may switch on.
const canceller = "MG2"

// spans makes the wires and configures their ends, as dahdi_cfg would by
// /etc/dahdi/system.conf. No tone zone is loaded: the driver is to help itself.
func spans() error {
	ctl, err := dahdi.System(dahdi.Root).Control()
	if err != nil {
		return err
	}
	for n := 1; n <= lastChan; n++ {
		d := abi.Dynamic{Channels: 1}
		copy(d.Driver[:], "loc")
		copy(d.Address[:], fmt.Sprintf("%d:%d", (n+1)/2, (n+1)%2))
		if err := ctl.Ioctl(abi.DynamicCreate, abi.Encode(d)); err != nil {
			return errors.Join(fmt.Errorf("span %d: %w", n, err), ctl.Close())
		}
		if err := configure(ctl, n); err != nil {
			return errors.Join(fmt.Errorf("channel %d: %w", n, err), ctl.Close())
		}
	}
	return ctl.Close()
}

// configure gives channel n its signalling and its canceller.
func configure(ctl dahdi.Device, n int) error {
	sig, ok := signalling[n]
	if !ok {
		return nil
	}
	if err := ctl.Ioctl(abi.ChanConfig, abi.Encode(abi.ChannelConfig{Channel: int32(n), Sig: sig, Law: abi.LawMu})); err != nil {
		return err
	}
	e := abi.EchoCan{Channel: int32(n)}
	copy(e.Name[:], canceller)
	return ctl.Ioctl(abi.AttachEchoCan, abi.Encode(e))
}

// unplug takes the card of channel n away while it is open, as a hand on a card does;
// plug brings it back. A span of ours is the only one of its device.
func unplug(n int) error {
	return os.WriteFile(fmt.Sprintf("/sys/bus/dahdi_devices/devices/dynamic:loc:%d/unassign_span", n-1), []byte("1"), 0)
}

func plug(n int) error {
	word := fmt.Sprintf("1:%d:%d", n, n)
	if err := os.WriteFile(fmt.Sprintf("/sys/bus/dahdi_devices/devices/dynamic:loc:%d/assign_span", n-1), []byte(word), 0); err != nil {
		return err
	}
	ctl, err := dahdi.System(dahdi.Root).Control()
	if err != nil {
		return err
	}
	return errors.Join(configure(ctl, n), ctl.Close())
}
