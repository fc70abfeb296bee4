package abi

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// Lengths of the layouts as the kernel counts them.
const (
	sizeParams     = 136
	sizeSpan       = 314 // packed: no padding at its end
	sizeGains      = 516
	sizeChanConfig = 76
	sizeZone       = 112
	sizeBufInfo    = 24
	sizeDial       = 260
	sizeCadence    = 64
	sizeEchoCan    = 20
	sizeDynamic    = 72
	sizeHWGain     = 8
	sizeCardStats  = 12
	sizeCardRegs   = 320
	sizeEchoTune   = 9
)

// Where two fields of Params lie, for those who look at them every frame.
const (
	offRxHook = 36
	offAlarms = 132
)

// Params is what the module knows of a channel.
type Params struct {
	Channel, Span, Position int32
	Sig, SigCap             uint32
	RxOffHook               int32 // FXS port: the telephone is off hook
	RxBits, TxBits          int32
	TxHook, RxHook          int32
	Law, IdleBits           int32
	Name                    [40]byte
	PreWink, PreFlash       int32 // milliseconds, all that follow
	Wink, Flash, Start      int32
	RxWink, RxFlash         int32
	Debounce                int32
	PulseBreak, PulseMake   int32
	PulseAfter              int32
	Alarms                  uint32
}

// RxHook of Params: what the wire does.
const (
	RxOnHook  = 0 // FXO port with kewlstart: no battery; FXS port: open
	RxOffHook = 1 // FXO port: battery, no ring; FXS port: closed
	RxStart   = 2
	RxRing    = 3 // FXO port: ring voltage
	RxInitial = 4 // nothing was seen yet
)

// WireOf returns RxHook and Alarms of the bytes of Params without decoding the rest.
func WireOf(params []byte) (rxHook int32, alarms uint32) {
	return int32(binary.NativeEndian.Uint32(params[offRxHook:])), binary.NativeEndian.Uint32(params[offAlarms:])
}

// Laws of G.711 in Params and ChannelConfig.
const (
	LawDefault = 0
	LawMu      = 1
	LawA       = 2
)

// Span is the state of a span: a card, or a part of one.
type Span struct {
	Number                           int32
	Name                             [20]byte
	Desc                             [40]byte
	Alarms, TxLevel, RxLevel         int32
	BPV, CRC4, EBit, FAS             int32
	FE, CV, BE, PRBS, ErrSec         uint32
	IRQMisses, Sync                  int32
	Channels, AllChannels, AllSpans  int32 // configured channels; all of them; spans in the system
	LBO, LineConfig                  int32
	LBOName, Location, Maker, Device [40]byte
	IRQ, LineCompat                  int32
	Type                             [6]byte
}

// Alarms of a span or a channel.
const (
	AlarmRecover  = 1 << 0
	AlarmLoopback = 1 << 1
	AlarmYellow   = 1 << 2
	AlarmRed      = 1 << 3 // FXO port: no battery
	AlarmBlue     = 1 << 4
	AlarmNotOpen  = 1 << 5 // the card is going away
)

// AlarmText names the alarms that are set, "" when none is.
func AlarmText(a uint32) string {
	text := ""
	for i, n := range [...]string{"recovering", "loopback", "yellow", "red", "blue", "not open"} {
		if a>>i&1 != 0 {
			text += ", " + n + " alarm"
		}
	}
	if text == "" {
		return ""
	}
	return text[2:]
}

// Gains are the tables that every octet goes through, towards us and to the line.
type Gains struct {
	Channel int32 // 0: the one that is open
	Rx, Tx  [256]byte
}

// ChannelConfig gives a channel its signalling.
type ChannelConfig struct {
	Channel     int32
	Name        [40]byte
	Sig         uint32
	Law, Master int32
	IdleBits    int32
	NetDev      [16]byte
}

// MaxCadence is how many times a cadence of the module has: milliseconds on, off, on,
// off …, ended by the first zero.
const MaxCadence = 16

// Cadence is how a channel rings.
type Cadence [MaxCadence]int32

// Zone is a tone zone without tones: the module rings no bell until it has one.
type Zone struct {
	Tones, Number int32
	Cadence       Cadence
	Name          [40]byte
}

// Policies of BufInfo: when the module begins to send what was written.
const (
	Immediate = 0
	WhenFull  = 1
	HalfFull  = 2
)

// BufInfo are the buffers of a channel.
type BufInfo struct {
	TxPolicy, RxPolicy int32
	Number, Size       int32
	RxFilled, TxFilled int32 // not told by the module
}

// Operations of DialOp.
const (
	DialAppend  = 1
	DialReplace = 2
	DialCancel  = 3
)

// DialOp makes the module dial: T… by tone, P… by pulses.
type DialOp struct {
	Op   int32
	Text [256]byte
}

// EchoCan puts the canceller of that name on a channel.
type EchoCan struct {
	Channel int32
	Name    [16]byte
}

// Dynamic is a span without a card. The loc driver pairs those with one key:
// "1:0" and "1:1" are the two ends of one wire.
type Dynamic struct {
	Driver   [20]byte
	Address  [40]byte
	Channels int32
	Timing   int32
	Number   int32
}

// HWGain sets a gain of the card in tenths of a decibel.
type HWGain struct {
	Tenths int32
	Tx     uint32 // 1 towards the line
}

// Stats are volts of a line in thousandths.
type Stats struct{ Tip, Ring, Battery int32 }

// Regs are the registers of a module of a card.
type Regs struct {
	Direct   [109]byte
	_        byte
	Indirect [105]uint16
}

// EchoTune sets the AC impedance of a Si305x (its register 30) and the taps of its
// hybrid (45 to 52).
type EchoTune struct {
	Impedance byte
	Taps      [8]byte
}

// Encode returns v as the kernel reads it.
func Encode(v any) []byte {
	b, err := binary.Append(nil, binary.NativeEndian, v)
	if err != nil {
		panic(fmt.Sprintf("abi: %T has no fixed layout", v))
	}
	return b
}

// Int returns a number as the kernel reads it.
func Int(v int) []byte { return Encode(int32(v)) }

// Decode fills v, a pointer to a layout, with what the kernel gave.
func Decode(b []byte, v any) error {
	if _, err := binary.Decode(b, binary.NativeEndian, v); err != nil {
		return fmt.Errorf("cannot read %d bytes as %T: %w", len(b), v, err)
	}
	return nil
}

// IntOf is the number that the kernel gave.
func IntOf(b []byte) int { return int(int32(binary.NativeEndian.Uint32(b))) }

// Text is the string in a field that ends at its first zero.
func Text(b []byte) string {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	return string(b)
}
