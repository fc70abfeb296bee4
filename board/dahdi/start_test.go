package dahdi

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/centralita/centralita/board"
	"github.com/centralita/centralita/board/dahdi/abi"
	"github.com/centralita/centralita/hal/port"
)

// openAll opens what cfg says and closes it again.
func openAll(t *testing.T, cfg Config) ([]port.Info, []string) {
	t.Helper()
	d := Driver(cfg)
	ports, reports := d.Open(context.Background())
	var infos []port.Info
	for _, p := range ports {
		infos = append(infos, p.Info())
		if err := p.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
	var texts []string
	loaded := 0
	for _, r := range reports {
		texts = append(texts, r.String())
		if r.Driver != Name || r.State != board.Loaded && (r.Why == "" || r.Hint == "") {
			t.Errorf("%+v is not whole", r)
		}
		if r.State == board.Loaded {
			loaded++
		}
	}
	if loaded != len(ports) {
		t.Errorf("%d are loaded, %d ports are there: %v", loaded, len(ports), texts)
	}
	return infos, texts
}

func TestEveryChannelAnswersForItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newModules(abi.SigFXSKS, abi.SigFXOKS, abi.SigEM, abi.SigNone, abi.SigFXSGS, abi.SigFXOKS|abi.SigBroken, abi.SigFXSKS, abi.SigFXOKS)
		m.channels[7].openErr = syscall.EBUSY
		m.channels[8].refuse[abi.SetBufInfo] = fmt.Errorf("%s: %w", abi.SetBufInfo, syscall.ENOMEM)
		infos, got := openAll(t, Config{Kernel: m})
		want := []string{
			"dahdi/1: loaded: FXO (fxsks), Wildcard TDM410P",
			"dahdi/2: loaded: FXS (fxoks), Wildcard TDM410P",
			"dahdi/3: failed because its signalling is e&m: neither a line nor a telephone; write fxsks (for a line) or fxoks (for a telephone) in /etc/dahdi/system.conf and run dahdi_cfg",
			"dahdi/4: failed because channel 4 has no signalling; write fxsks (for a line) or fxoks (for a telephone) in /etc/dahdi/system.conf and run dahdi_cfg",
			"dahdi/5: failed because its signalling is fxsgs, groundstart; write fxsks (for a line) or fxoks (for a telephone) in /etc/dahdi/system.conf and run dahdi_cfg",
			"dahdi/6: failed because the card's module of this channel does not work; replace the module, or look at its supply",
			"dahdi/7: failed because another program has channel 7 open; end that program (asterisk, dahdi_monitor …)",
			"dahdi/8: failed because DAHDI_SET_BUFINFO: cannot allocate memory; see what the kernel's log says of the card",
		}
		for i, w := range want {
			if i >= len(got) || got[i] != w {
				t.Errorf("channel %d: %v\nnot %q", i+1, got, w)
			}
		}
		if len(infos) != 2 || infos[0].Name != "dahdi/1" || infos[0].Kind != port.FXO || infos[1].Name != "dahdi/2" || infos[1].Kind != port.FXS {
			t.Errorf("ports %+v", infos)
		}
		if m.open != 0 {
			t.Errorf("%d devices are left open", m.open)
		}
	})
}

func TestChannelsThatAreChosen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newModules(abi.SigFXSKS, abi.SigFXOKS, abi.SigFXSLS)
		infos, got := openAll(t, Config{Kernel: m, Channels: []int{3, 9}})
		if len(infos) != 1 || infos[0].Name != "dahdi/3" || got[1] != "dahdi/9: skipped because there is no channel 9: the cards have 3; correct the number, or look whether the card is found" {
			t.Errorf("%+v, %v", infos, got)
		}
	})
}

// Numbers may be left out between two spans.
func TestNumbersLeftOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newModules(abi.SigFXSKS, abi.SigFXOKS)
		m.channels[25], m.channels[2].n = m.channels[2], 25
		delete(m.channels, 2)
		infos, got := openAll(t, Config{Kernel: m})
		if len(infos) != 2 || infos[1].Name != "dahdi/25" || len(got) != 2 {
			t.Errorf("%+v, %v", infos, got)
		}
	})
}

func TestNoModules(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"not loaded": {fs.ErrNotExist, "dahdi: skipped because there is no /dev/dahdi: the DAHDI modules are not loaded; load them: modprobe dahdi and the module of the card, then dahdi_cfg"},
		"a stale node": {syscall.ENXIO,
			"dahdi: skipped because /dev/dahdi is there but nothing answers: the DAHDI modules are not loaded; load them: modprobe dahdi and the module of the card, then dahdi_cfg"},
		"not allowed": {fs.ErrPermission, "dahdi: failed because /dev/dahdi/ctl may not be opened; run as root, or as a user of the group dahdi"},
	} {
		t.Run(name, func(t *testing.T) {
			m := newModules(abi.SigFXSKS)
			m.absent = fmt.Errorf("cannot open /dev/dahdi/ctl: %w", c.err)
			if infos, got := openAll(t, Config{Kernel: m}); infos != nil || len(got) != 1 || got[0] != c.want {
				t.Errorf("%+v, %v", infos, got)
			}
		})
	}
}

func TestModulesWithoutChannels(t *testing.T) {
	_, got := openAll(t, Config{Kernel: newModules()})
	if len(got) != 1 || !strings.HasPrefix(got[0], "dahdi: skipped because the modules have no channels;") {
		t.Errorf("%v", got)
	}
}

// The real system, on a machine without DAHDI and with something else in its place.
func TestSystemWithoutDAHDI(t *testing.T) {
	dir := t.TempDir()
	_, got := openAll(t, Config{Kernel: System(dir)})
	if len(got) != 1 || !strings.HasPrefix(got[0], "dahdi: skipped because there is no /dev/dahdi") {
		t.Errorf("%v", got)
	}
	if err := os.WriteFile(filepath.Join(dir, "ctl"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	ports, reports := Open(context.Background(), Config{Kernel: System(dir)})
	if len(ports) != 0 || len(reports) != 1 || reports[0].State != board.Failed || !strings.Contains(reports[0].Why, "DAHDI_SPANSTAT") {
		t.Errorf("a file in the device's place: %v", reports)
	}
	d, err := System(dir).Control()
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Ioctl(abi.SpanStat, make([]byte, 3)); err == nil || !strings.Contains(err.Error(), "3 bytes for 314") {
		t.Errorf("a request with too little: %v", err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}

func TestStartGivenUp(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	stop()
	ports, reports := Open(ctx, Config{Kernel: newModules(abi.SigFXSKS)})
	if len(ports) != 0 || len(reports) != 1 || !strings.Contains(reports[0].Why, "given up") {
		t.Errorf("%v", reports)
	}
}

// Caps tell what was found, and only that.
func TestCapsAreOfTheCard(t *testing.T) {
	base := port.Caps{FullDuplex: true, OwnClock: true, OnHookAudio: true, Gain: true}
	with := func(f func(*port.Caps)) port.Caps {
		c := base
		f(&c)
		return c
	}
	for name, c := range map[string]struct {
		sig    uint32
		card   bool
		echo   bool
		refuse abi.Request
		want   port.Caps
	}{
		"line of a card":   {abi.SigFXSKS, true, false, 0, with(func(c *port.Caps) { c.Battery, c.Polarity, c.Impedance = true, true, true })},
		"no kewl":          {abi.SigFXSLS, true, false, 0, with(func(c *port.Caps) { c.Battery, c.Polarity, c.Impedance = true, true, true })},
		"line of bits":     {abi.SigFXSKS, false, false, 0, with(func(c *port.Caps) { c.Battery = true })},
		"of bits, no kewl": {abi.SigFXSLS, false, false, 0, base},
		"canceller":        {abi.SigFXSLS, false, true, 0, with(func(c *port.Caps) { c.EchoCancel = true })},
		"no registers":     {abi.SigFXSKS, true, false, abi.CardRegs, with(func(c *port.Caps) { c.Battery, c.Polarity = true, true })},
		"no gains":         {abi.SigFXSLS, false, false, abi.SetGains, with(func(c *port.Caps) { c.Gain = false })},
		"telephone": {abi.SigFXOKS, true, false, 0, with(func(c *port.Caps) {
			c.RingSignal, c.Bursts, c.Disconnect, c.Polarity, c.Neon = true, true, true, true, true
		})},
		"without neon": {abi.SigFXOKS, true, false, abi.LampConfig, with(func(c *port.Caps) {
			c.RingSignal, c.Bursts, c.Disconnect, c.Polarity = true, true, true, true
		})},
		"of bits": {abi.SigFXOLS, false, false, 0, with(func(c *port.Caps) { c.RingSignal, c.Bursts = true, true })},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newModules(c.sig)
				m.channels[1].card, m.channels[1].echo = c.card, c.echo
				if !c.card {
					m.spanType = "DYNAM"
				}
				if c.refuse != 0 {
					m.channels[1].refuse[c.refuse] = syscall.ENOTTY
				}
				p, _ := plugIn(t, m, Config{})
				if got := p.Info().Caps; got != c.want {
					t.Errorf("%+v\nnot %+v", got, c.want)
				}
				if _, ok := p.(port.Meter); ok != c.card {
					t.Errorf("measures: %t", ok)
				}
			})
		})
	}
}

// A module without a tone zone rings no bell: the driver loads an empty one.
func TestToneZoneIsLoadedWhenThereIsNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newModules(abi.SigFXOKS, abi.SigFXOKS)
		m.zones = nil
		p, c := plugIn(t, m, Config{})
		if len(m.zones) != 1 || m.zones[0].Number != ownZone {
			t.Fatalf("zones %+v", m.zones)
		}
		if err := p.Command(port.Ring{}); err != nil {
			t.Error(err)
		}
		if got := c.Commanded(); len(got) != 1 {
			t.Errorf("%v came over the wire", got)
		}
	})
}

func TestEchoCancellerAsConfigured(t *testing.T) {
	for _, on := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			m := newModules(abi.SigFXSKS)
			m.channels[1].echo = true
			_, c := plugIn(t, m, Config{EchoCancel: on})
			if c.ecOn != on {
				t.Errorf("wanted %t, it is %t", on, c.ecOn)
			}
		})
	}
}
