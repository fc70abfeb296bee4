package abi

import (
	"encoding/binary"
	"testing"
)

// The numbers as a C compiler gives them for the header of DAHDI 2.11.1 on x86-64.
func TestRequestsAreTheHeaders(t *testing.T) {
	for r, want := range map[Request]uint32{
		SetBlockSize: 0x4004DA01, GetParams: 0xC088DA05, SetParams: 0x4088DA05, Hook: 0x4004DA07, GetEvent: 0x8004DA08,
		SpanStat: 0xC13ADA0A, SetGains: 0x4204DA10, ChanConfig: 0x404CDA13, SetToneZone: 0x4004DA16, LoadZone: 0x4070DA19, GetBufInfo: 0x8018DA1B,
		SetBufInfo: 0x4018DA1B, Dial: 0x4104DA1F, EchoCancel: 0x4004DA21,
		Specify: 0x4004DA26, SetLinear: 0x4004DA28, SetCadence: 0x4040DA2A, OnHookTransfer: 0x4004DA33,
		Loopback: 0x4004DA3A, AttachEchoCan: 0x4014DA3B, DynamicCreate: 0xC048DA50,
		SetHWGain: 0x4008DA56, SetPolarity: 0x4004DA5C, Lamp: 0xC004DA5E, LampConfig: 0x4004DA5F,
		EchoFaxMode: 0x4004DA66, CardStats: 0x800CDA3C, CardRegs: 0x8140DA3D, CardEchoTune: 0x4009DA3F,
	} {
		if uint32(r) != want {
			t.Errorf("%s is 0x%08X, the header says 0x%08X", r, uint32(r), want)
		}
		if r.String() == "ioctl?" {
			t.Errorf("0x%08X has no name", uint32(r))
		}
	}
	if n := len(names); n != 29 {
		t.Errorf("%d requests are named, 29 are tested", n)
	}
}

func TestLayoutsFillTheirRequests(t *testing.T) {
	for r, v := range map[Request]any{
		GetParams: Params{}, SpanStat: Span{}, SetGains: Gains{}, ChanConfig: ChannelConfig{}, LoadZone: Zone{}, SetBufInfo: BufInfo{},
		Dial: DialOp{}, SetCadence: Cadence{}, AttachEchoCan: EchoCan{},
		DynamicCreate: Dynamic{}, SetHWGain: HWGain{}, CardStats: Stats{}, CardRegs: Regs{}, CardEchoTune: EchoTune{},
	} {
		if n := binary.Size(v); n != r.Size() {
			t.Errorf("%s carries %d bytes, %T is %d", r, r.Size(), v, n)
		}
	}
}

func TestWireOf(t *testing.T) {
	b := Encode(Params{RxHook: RxRing, Alarms: AlarmRed, TxHook: 9, PulseAfter: 9, Law: 9})
	if hook, alarms := WireOf(b); hook != RxRing || alarms != AlarmRed {
		t.Errorf("hook %d, alarms %d", hook, alarms)
	}
	var p Params
	if err := Decode(b, &p); err != nil || p.RxHook != RxRing || p.Alarms != AlarmRed {
		t.Errorf("%+v, %v", p, err)
	}
	if err := Decode(b[:100], &p); err == nil {
		t.Error("half of it was decoded")
	}
}

func TestSignallingIsNamedByTheOtherSide(t *testing.T) {
	for _, sig := range []uint32{SigFXSLS, SigFXSGS, SigFXSKS} {
		if !IsLine(sig) || IsStation(sig) || SigText(sig)[:3] != "fxs" {
			t.Errorf("%s: line %t, station %t", SigText(sig), IsLine(sig), IsStation(sig))
		}
	}
	for _, sig := range []uint32{SigFXOLS, SigFXOGS, SigFXOKS} {
		if IsLine(sig) || !IsStation(sig) || SigText(sig)[:3] != "fxo" {
			t.Errorf("%s: line %t, station %t", SigText(sig), IsLine(sig), IsStation(sig))
		}
	}
	for sig, want := range map[uint32]string{SigNone: "none", SigEM: "e&m", SigClear: "clear channel", SigBroken: "broken",
		SigBroken | SigFXOKS: "broken", SigSlave: "slave", SigCAS: "cas", 1 << 20: "signalling 0x100000"} {
		if got := SigText(sig); got != want {
			t.Errorf("0x%x is %q, not %q", sig, got, want)
		}
	}
}

func TestEventsInWords(t *testing.T) {
	for e, want := range map[Event]string{
		NoEvent: "no event", EvRingBegin: "ring begins", EvRemoved: "removed", EvWriteUnder: "write underrun",
		EvPulseDigit | '7': "pulse digit 7", EvDTMFDown | '#': "tone digit #", EvDTMFUp | '#': "tone digit # over", 99: "event 99", -1: "event -1",
	} {
		if got := e.String(); got != want {
			t.Errorf("%d is %q, not %q", e, got, want)
		}
	}
	if k := (EvPulseDigit | '7').Kind(); k != EvPulseDigit {
		t.Errorf("kind %d", k)
	}
}

func TestAlarmText(t *testing.T) {
	for a, want := range map[uint32]string{0: "", AlarmRed: "red alarm", AlarmRed | AlarmNotOpen: "red alarm, not open alarm"} {
		if got := AlarmText(a); got != want {
			t.Errorf("%d is %q, not %q", a, got, want)
		}
	}
}

func TestText(t *testing.T) {
	if s := Text([]byte{'F', 'X', 'S', 0, 'x'}); s != "FXS" {
		t.Error(s)
	}
	if s := Text([]byte("no end")); s != "no end" {
		t.Error(s)
	}
	if n := IntOf(Int(-3)); n != -3 {
		t.Error(n)
	}
}
