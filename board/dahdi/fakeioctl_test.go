package dahdi

import (
	"sync"
	"syscall"
	"time"

	"github.com/centralita/centralita/board/dahdi/abi"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/hal/port"
)

// Ioctl implements Device for a channel.
func (c *channel) Ioctl(r abi.Request, b []byte) error {
	c.m.mu.Lock()
	defer c.m.mu.Unlock()
	c.asked = append(c.asked, r)
	switch err, refused := c.refuse[r]; {
	case refused:
		return err
	case len(b) < r.Size():
		return syscall.EFAULT
	case c.gone:
		if r == abi.GetEvent {
			copy(b, abi.Int(int(abi.EvRemoved)))
		}
		return syscall.ENODEV
	}
	switch r {
	case abi.GetParams:
		c.params.RxHook = c.rxHook
		c.params.RxOffHook = 0
		if c.rxHook != abi.RxOnHook && c.rxHook != abi.RxInitial {
			c.params.RxOffHook = 1
		}
		copy(b, abi.Encode(c.params))
	case abi.SetParams:
		return abi.Decode(b, &c.params)
	case abi.SpanStat:
		return c.m.span(b)
	case abi.SetBufInfo, abi.SetBlockSize:
	case abi.GetBufInfo:
		copy(b, abi.Encode(abi.BufInfo{Number: numBufs, Size: pcm.FrameLen}))
	case abi.SetLinear:
		c.linear = abi.IntOf(b) != 0
	case abi.GetEvent:
		e := abi.NoEvent
		if len(c.events) > 0 {
			e, c.events = c.events[0], c.events[1:]
		}
		copy(b, abi.Int(int(e)))
	case abi.Hook:
		return c.hook(abi.IntOf(b))
	case abi.SetCadence:
		return abi.Decode(b, &c.cadence)
	case abi.SetToneZone:
		c.hasZone = len(c.m.zones) > 0
	case abi.Dial:
		return c.dial(b)
	default:
		return c.offered(r, b)
	}
	return nil
}

// offered are requests that not every card knows.
func (c *channel) offered(r abi.Request, b []byte) error {
	line := abi.IsLine(c.params.Sig)
	switch r {
	case abi.SetGains:
		return c.setGains(b)
	case abi.EchoCancel:
		c.ecOn = abi.IntOf(b) != 0
		c.commands = append(c.commands, port.EchoCancel{On: c.ecOn})
	case abi.EchoFaxMode:
		if !c.echo || !c.ecOn {
			return syscall.EINVAL
		}
	case abi.SetPolarity:
		if line || !c.card {
			return syscall.ENOTTY
		}
		c.commands = append(c.commands, port.Reverse{On: abi.IntOf(b) != 0})
	case abi.LampConfig, abi.Lamp:
		if line || !c.card {
			return syscall.ENOTTY
		}
		if r == abi.Lamp {
			c.commands = append(c.commands, port.Neon{On: abi.IntOf(b) != 0})
		}
	case abi.OnHookTransfer:
		if line || !c.card {
			return syscall.EINVAL
		}
	case abi.CardStats:
		if !c.card {
			return syscall.ENOTTY
		}
		copy(b, abi.Encode(c.stats))
	case abi.CardRegs:
		if !c.card {
			return syscall.ENOTTY
		}
		copy(b, abi.Encode(c.regs))
	case abi.CardEchoTune:
		if !c.card || !line {
			return syscall.EINVAL
		}
		c.regs.Direct[30] = b[0]
	default:
		return syscall.ENOTTY
	}
	return nil
}

// tables are the gains in tenths of a decibel by their µ-law tables.
var tables = sync.OnceValue(func() map[[256]byte]int {
	t := map[[256]byte]int{}
	for tenths := -60; tenths <= 60; tenths++ {
		t[[256]byte(gains(abi.LawMu, tenths, 0)[4:260])] = tenths
	}
	return t
})

// setGains finds which gains the tables are of.
func (c *channel) setGains(b []byte) error {
	if err := abi.Decode(b, &c.gains); err != nil {
		return err
	}
	rx, ok := tables()[c.gains.Rx]
	tx, ok2 := tables()[c.gains.Tx]
	if !ok || !ok2 {
		return syscall.EINVAL
	}
	c.commands = append(c.commands, port.Tune{RxTenths: rx, TxTenths: tx})
	return nil
}

func (c *channel) dial(b []byte) error {
	var op abi.DialOp
	if err := abi.Decode(b, &op); err != nil {
		return err
	}
	if !c.hasZone {
		return syscall.ENODATA
	}
	if op.Op == abi.DialReplace {
		c.pulses += abi.Text(op.Text[:])
		c.dialling = 50 * (len(abi.Text(op.Text[:])) - 1)
	}
	return nil
}

// hook is what the module does on DAHDI_HOOK, by its states of the transmitter.
func (c *channel) hook(what int) error {
	now := time.Now()
	if abi.IsLine(c.params.Sig) {
		return c.hookLine(what, now)
	}
	switch what {
	case abi.OnHook:
		switch {
		case c.params.Sig == abi.SigFXOKS && c.tx == txOffHook && c.rxHook == abi.RxOffHook:
			c.tx, c.until = txKewl, now.Add(500*time.Millisecond)
			c.commands = append(c.commands, port.Disconnect{Millis: 500})
		case c.tx != txKewl && c.tx != txAfterKewl:
			c.tx, c.until = txOnHook, time.Time{}
		}
	case abi.OffHook:
		if c.tx == txKewl || c.tx == txAfterKewl {
			return syscall.EBUSY
		}
		c.tx, c.until = txOffHook, time.Time{}
	case abi.Ring:
		switch {
		case !c.hasZone:
			return syscall.ENODATA
		case c.tx != txOnHook:
			return syscall.EBUSY
		}
		c.tx, c.step, c.until = txRing, 0, now.Add(time.Duration(c.cadence[0])*time.Millisecond)
		c.commands = append(c.commands, port.Ring{})
		return syscall.EINPROGRESS
	case abi.RingOff:
		if c.tx == txRing {
			c.commands = append(c.commands, port.StopRing{})
		}
		c.tx, c.until = txOnHook, time.Time{}
	default:
		return syscall.EINVAL
	}
	return nil
}

func (c *channel) hookLine(what int, now time.Time) error {
	switch what {
	case abi.OnHook:
		c.tx, c.until = txOnHook, time.Time{}
		c.commands = append(c.commands, port.Release{})
	case abi.OffHook:
		c.tx, c.since = txOffHook, now
		c.commands = append(c.commands, port.Seize{})
	case abi.Flash:
		if c.tx != txOffHook || now.Sub(c.since) < time.Duration(c.params.Debounce)*time.Millisecond {
			return syscall.EBUSY
		}
		c.tx, c.until = txFlash, now.Add(time.Duration(c.params.PreFlash+c.params.Flash)*time.Millisecond)
		c.commands = append(c.commands, port.Flash{})
		return syscall.EINPROGRESS
	default:
		return syscall.EINVAL
	}
	return nil
}

// Do implements porttest.Wire.
func (c *channel) Do(e port.Event) {
	c.m.mu.Lock()
	defer c.m.mu.Unlock()
	if c.over == nil {
		return
	}
	switch e := e.(type) {
	case port.RingOn:
		c.rxHook = abi.RxRing
		c.queue(abi.EvRingBegin)
	case port.RingOff:
		c.rxHook = abi.RxOffHook
		c.queue(abi.EvRingOffHook)
	case port.Battery:
		if e.On {
			c.rxHook, c.params.Alarms = abi.RxOffHook, 0
			c.queue(abi.EvNoAlarm)
		} else {
			c.rxHook, c.params.Alarms = abi.RxOnHook, abi.AlarmRed
			c.queue(abi.EvAlarm)
		}
	case port.Polarity:
		c.queue(abi.EvPolarity)
	case port.OffHook:
		c.rxHook = abi.RxOffHook
		c.queue(abi.EvRingOffHook)
	case port.OnHook:
		c.rxHook = abi.RxOnHook
		c.queue(abi.EvOnHook)
	case port.HookFlash:
		c.queue(abi.EvWinkFlash)
	case port.PulseDigit:
		c.queue(abi.EvPulseDigit | abi.Event(e.Digit))
	}
}

// Commanded implements porttest.Wire. A flash waits until the seizure has settled.
func (c *channel) Commanded() []port.Command {
	if abi.IsLine(c.params.Sig) {
		<-time.After(100 * time.Millisecond)
	}
	c.m.mu.Lock()
	defer c.m.mu.Unlock()
	out := c.commands
	c.commands = nil
	return out
}

// Say implements porttest.Wire.
func (c *channel) Say(f *pcm.Frame) {
	c.m.mu.Lock()
	defer c.m.mu.Unlock()
	c.in = append(c.in, *f)
	c.in = c.in[max(0, len(c.in)-numBufs):]
}

// Heard implements porttest.Wire.
func (c *channel) Heard() []pcm.Frame {
	c.m.mu.Lock()
	defer c.m.mu.Unlock()
	c.play(time.Now())
	out := c.heard
	c.heard = nil
	return out
}

// count is how often a request was made.
func (c *channel) count(r abi.Request) int {
	c.m.mu.Lock()
	defer c.m.mu.Unlock()
	n := 0
	for _, a := range c.asked {
		if a == r {
			n++
		}
	}
	return n
}
