// Package abi is the language of the DAHDI kernel module as facts: numbers of its
// ioctls, layouts of what they carry, events. Nothing here opens a device.
//
// The source of all of it is the header include/dahdi/user.h (and wctdm_user.h for
// what cards with Silicon Laboratories' modules tell of themselves) of DAHDI 2.6 to
// 3.x, where it has not changed. One trap is of the field, not of the header: DAHDI
// names a channel by the signalling it speaks, and an FXO port speaks FXS signalling
// (it looks to the exchange like a station), so "FXS kewlstart" is a port for a line.
package abi

// Request is the number of an ioctl: direction, size of what it carries, 0xDA, and
// the header's own number (asm-generic/ioctl.h; the same on x86, arm and arm64).
type Request uint32

// Parts of a request.
const (
	code  Request = 0xDA << 8
	give  Request = 1<<30 | code // we give the kernel something
	take  Request = 2<<30 | code // the kernel gives us something
	both  Request = 3<<30 | code
	word  Request = 4 << 16
	shift         = 16
)

// Size is the length of what the request carries, in bytes.
func (r Request) Size() int { return int(r >> shift & 0x3FFF) }

// Requests. What carries a number alone has no layout of its own.
const (
	SetBlockSize   = give | word | 1
	GetParams      = both | sizeParams<<shift | 5
	SetParams      = give | sizeParams<<shift | 5
	Hook           = give | word | 7
	GetEvent       = take | word | 8
	SpanStat       = both | sizeSpan<<shift | 10
	SetGains       = give | sizeGains<<shift | 16
	ChanConfig     = give | sizeChanConfig<<shift | 19
	SetToneZone    = give | word | 22
	LoadZone       = give | sizeZone<<shift | 25
	GetBufInfo     = take | sizeBufInfo<<shift | 27
	SetBufInfo     = give | sizeBufInfo<<shift | 27
	Dial           = give | sizeDial<<shift | 31
	EchoCancel     = give | word | 33
	Specify        = give | word | 38
	SetLinear      = give | word | 40
	SetCadence     = give | sizeCadence<<shift | 42
	OnHookTransfer = give | word | 51
	Loopback       = give | word | 58 // what is heard is said again, octet by octet
	AttachEchoCan  = give | sizeEchoCan<<shift | 59
	DynamicCreate  = both | sizeDynamic<<shift | 80
	SetHWGain      = give | sizeHWGain<<shift | 86
	SetPolarity    = give | word | 92
	Lamp           = both | word | 94 // VMWI: number of messages, 0 puts the lamp out
	LampConfig     = give | word | 95 // VMWI: LampNeon or another way
	EchoFaxMode    = give | word | 102

	// Of cards with Si321x and Si305x modules.
	CardStats    = take | sizeCardStats<<shift | 60
	CardRegs     = take | sizeCardRegs<<shift | 61
	CardEchoTune = give | sizeEchoTune<<shift | 63
)

// What Hook carries.
const (
	OnHook  = 0
	OffHook = 1
	Flash   = 3
	Ring    = 5
	RingOff = 6
)

// LampNeon is a lamp lit by high alternating voltage, for LampConfig.
const LampNeon = 1 << 2

// Names of requests, for errors.
var names = map[Request]string{
	SetBlockSize: "DAHDI_SET_BLOCKSIZE", GetParams: "DAHDI_GET_PARAMS", SetParams: "DAHDI_SET_PARAMS", Hook: "DAHDI_HOOK",
	GetEvent: "DAHDI_GETEVENT", SpanStat: "DAHDI_SPANSTAT", SetGains: "DAHDI_SETGAINS", ChanConfig: "DAHDI_CHANCONFIG",
	SetToneZone: "DAHDI_SETTONEZONE", LoadZone: "DAHDI_LOADZONE", GetBufInfo: "DAHDI_GET_BUFINFO", SetBufInfo: "DAHDI_SET_BUFINFO", Dial: "DAHDI_DIAL",
	EchoCancel: "DAHDI_ECHOCANCEL", Specify: "DAHDI_SPECIFY", SetLinear: "DAHDI_SETLINEAR", SetCadence: "DAHDI_SETCADENCE",
	OnHookTransfer: "DAHDI_ONHOOKTRANSFER", Loopback: "DAHDI_LOOPBACK", AttachEchoCan: "DAHDI_ATTACH_ECHOCAN",
	DynamicCreate: "DAHDI_DYNAMIC_CREATE", SetHWGain: "DAHDI_SET_HWGAIN", SetPolarity: "DAHDI_SETPOLARITY", Lamp: "DAHDI_VMWI",
	LampConfig: "DAHDI_VMWI_CONFIG", EchoFaxMode: "DAHDI_ECHOCANCEL_FAX_MODE",
	CardStats: "WCTDM_GET_STATS", CardRegs: "WCTDM_GET_REGS", CardEchoTune: "WCTDM_SET_ECHOTUNE",
}

// String returns the header's name of the request.
func (r Request) String() string {
	if n, ok := names[r]; ok {
		return n
	}
	return "ioctl?"
}
