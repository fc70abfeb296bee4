package dahdi

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/centralita/centralita/board"
	"github.com/centralita/centralita/board/dahdi/abi"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/hal/port"
)

// Buffers of a channel in the module: blocks of 20 ms, few, for what waits there
// cannot be taken back.
const numBufs = 4

// defaultTaps are 32 ms of echo.
const defaultTaps = 256

// finding is what a channel turned out to be.
type finding struct {
	kind  port.Kind
	caps  port.Caps
	sig   uint32
	law   int32
	card  string
	si    bool   // the card tells of its module, a Si321x or Si305x
	acim  byte   // its impedance at the start (FXO)
	off   bool   // a telephone is off hook already
	alarm string // of a telephone: it cannot be used now
}

// String describes it: "FXO (fxsks), Wildcard TDM410P".
func (f finding) String() string {
	s := fmt.Sprintf("%s (%s), %s", f.kind, abi.SigText(f.sig), f.card)
	if f.caps.EchoCancel {
		s += ", echo canceller"
	}
	return s
}

// prepare checks that a channel can be a port, sets blocks and timings, and asks what
// the card offers.
func prepare(ch Channel, cfg Config) (finding, error) {
	var f finding
	var p abi.Params
	if err := ask(ch, abi.GetParams, &p); err != nil {
		return f, err
	}
	switch {
	case p.Sig&abi.SigBroken != 0:
		return f, &refusal{board.Failed, "the card's module of this channel does not work", "replace the module, or look at its supply"}
	case p.Sig == abi.SigFXSGS, p.Sig == abi.SigFXOGS:
		return f, &refusal{board.Failed, "its signalling is " + abi.SigText(p.Sig) + ", groundstart",
			"write fxsks (for a line) or fxoks (for a telephone) in /etc/dahdi/system.conf and run dahdi_cfg"}
	case abi.IsLine(p.Sig):
		f.kind = port.FXO
	case abi.IsStation(p.Sig):
		f.kind = port.FXS
	default:
		return f, &refusal{board.Failed, fmt.Sprintf("its signalling is %s: neither a line nor a telephone", abi.SigText(p.Sig)),
			"write fxsks (for a line) or fxoks (for a telephone) in /etc/dahdi/system.conf and run dahdi_cfg"}
	}
	f.sig, f.law, f.off = p.Sig, p.Law, p.RxOffHook != 0 && f.kind == port.FXS
	var s abi.Span
	if err := ask(ch, abi.SpanStat, &s); err != nil {
		return f, err
	}
	f.card = cardOf(&s)
	if s.Alarms&abi.AlarmNotOpen != 0 {
		return f, &refusal{board.Failed, "the card is going away", "look at its plug"}
	}
	if f.kind == port.FXS { // of a line it is the battery
		f.alarm = abi.AlarmText((p.Alarms | uint32(s.Alarms)) &^ abi.AlarmRecover)
	}
	if err := frames(ch); err != nil {
		return f, err
	}
	if err := timings(ch, p, cfg); err != nil {
		return f, err
	}
	if f.kind == port.FXS {
		if err := bell(ch, cfg); err != nil {
			return f, err
		}
	}
	f.offers(ch, abi.Text(s.Type[:]))
	return f, echo(ch, cfg, &f)
}

// ask makes a request that fills v and may carry its zero value.
func ask(d Device, r abi.Request, v any) error {
	b := make([]byte, r.Size())
	if err := d.Ioctl(r, b); err != nil {
		return err
	}
	return abi.Decode(b, v)
}

// frames sets blocks of one frame and linear sound, and sees that it was done.
func frames(ch Channel) error {
	want := abi.BufInfo{TxPolicy: abi.Immediate, Number: numBufs, Size: pcm.FrameLen}
	if err := ch.Ioctl(abi.SetBufInfo, abi.Encode(want)); err != nil {
		return err
	}
	if err := ch.Ioctl(abi.SetBlockSize, abi.Int(pcm.FrameLen)); err != nil {
		return err
	}
	var got abi.BufInfo
	if err := ask(ch, abi.GetBufInfo, &got); err != nil {
		return err
	}
	if got.Size != pcm.FrameLen || got.Number < 2 {
		return &refusal{board.Failed, fmt.Sprintf("%d buffers of %d samples were asked for, the module has %d of %d", numBufs, pcm.FrameLen, got.Number, got.Size),
			"use the DAHDI modules of Debian"}
	}
	return ch.Ioctl(abi.SetLinear, abi.Int(1))
}

// timings sets how long a flash is. The wire is looked at every frame, so the module
// need not wait before it tells of a change.
func timings(ch Channel, p abi.Params, cfg Config) error {
	p.Debounce = 20
	if cfg.FlashMS > 0 {
		p.Flash = int32(cfg.FlashMS)
	}
	return ch.Ioctl(abi.SetParams, abi.Encode(p))
}

// ownZone is the number of a tone zone that nobody else has.
const ownZone = 127

// bell sees that the channel can ring: the module rings no bell without a tone zone,
// which dahdi_cfg loads for those who want tones of it. We want none, so an empty zone
// will do.
func bell(ch Channel, cfg Config) error {
	quiet := abi.Encode(abi.DialOp{Op: abi.DialCancel}) // needs a zone too, and does nothing
	err := ch.Ioctl(abi.Dial, quiet)
	if !errors.Is(err, syscall.ENODATA) {
		return err
	}
	ctl, err := cfg.Kernel.Control()
	if err != nil {
		return fmt.Errorf("cannot load a tone zone: %w", err)
	}
	z := abi.Zone{Number: ownZone, Cadence: usual}
	copy(z.Name[:], "without tones")
	// Another port may have loaded it just before.
	if err := ctl.Ioctl(abi.LoadZone, abi.Encode(z)); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.EBUSY) {
		return errors.Join(fmt.Errorf("cannot load a tone zone: %w", err), ctl.Close())
	}
	return errors.Join(ch.Ioctl(abi.SetToneZone, abi.Int(-1)), ctl.Close())
}

// offers asks the card what it can do. What it refuses it does not have.
func (f *finding) offers(ch Channel, spanType string) {
	// Channels of a card report alarms and reversals; those of a digital or dynamic
	// span carry bits, of which only kewlstart tells of battery.
	card := spanType == "FXO" || spanType == "FXS" || spanType == "ANALO" // the field has room for five letters
	can := func(r abi.Request, b []byte) bool { return ch.Ioctl(r, b) == nil }
	c := &f.caps
	c.FullDuplex, c.OwnClock, c.OnHookAudio = true, true, true
	var stats abi.Stats
	f.si = ask(ch, abi.CardStats, &stats) == nil
	c.Gain = can(abi.SetGains, gains(f.law, 0, 0))
	if f.kind == port.FXO {
		c.Battery = card || f.sig == abi.SigFXSKS
		c.Polarity = card
		var regs abi.Regs
		if f.si && ask(ch, abi.CardRegs, &regs) == nil {
			c.Impedance, f.acim = true, regs.Direct[30]&0x0F
		}
	} else {
		c.RingSignal, c.Bursts = true, true
		c.Disconnect = f.sig == abi.SigFXOKS
		c.Polarity = can(abi.SetPolarity, abi.Int(0))
		c.Neon = can(abi.LampConfig, abi.Int(abi.LampNeon))
	}
}

// echo finds whether the channel has a canceller (its switch succeeds without one,
// setting it up for a fax does not), and leaves it as the configuration says.
func echo(ch Channel, cfg Config, f *finding) error {
	if err := ch.Ioctl(abi.EchoCancel, abi.Int(taps(cfg))); err != nil {
		return nil // a channel that takes none
	}
	f.caps.EchoCancel = ch.Ioctl(abi.EchoFaxMode, abi.Int(0)) == nil
	if f.caps.EchoCancel && cfg.EchoCancel {
		return nil
	}
	return ch.Ioctl(abi.EchoCancel, abi.Int(0))
}

func taps(cfg Config) int {
	if cfg.EchoTaps > 0 {
		return cfg.EchoTaps
	}
	return defaultTaps
}
