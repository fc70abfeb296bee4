package line

import (
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/hal/port"
)

// plain is a telephone of a port that can do the least.
func plain() *FXS { return NewFXS(t0, Telephone{}) }

// spanish is one on a port that can do everything, in Spain.
func spanish() *FXS {
	return NewFXS(t0, Telephone{
		Caps:  port.Caps{OnHookAudio: true, RingSignal: true, Bursts: true, Polarity: true, Neon: true, Disconnect: true},
		Bells: Bells([]int{1500, 3000}),
	})
}

// british is the same in the United Kingdom: caller id goes before the bell.
func british() *FXS {
	p := spanish()
	p.tel.Bells, p.tel.IDBefore = Bells([]int{400, 200, 400, 2000}), true
	return p
}

var juan = Ring{Number: "600", Name: tel.CleanText("Juan"), At: time.Date(2026, 11, 28, 21, 5, 0, 0, time.UTC)}

func TestFXS(t *testing.T) {
	for name, steps := range map[string][]step{
		"rung and answered, hangs up": {
			{"0s", Ring{Number: "600", Name: tel.CleanText("Juan")}, `state ringing  | do ring "600" "Juan"`},
			{"3s", wire(port.OffHook{}), "state talking  | do stop ring | audio true | up: the telephone was picked up"},
			{"9s", wire(port.OnHook{}), "gone: normal, the telephone was hung up | audio false | state idle "},
		},
		"dials an extension, by tone and by pulses": {
			{"0s", wire(port.OffHook{}), "audio true | state dial tone  | tone dial"},
			{"1s", Key{'1'}, "state collecting  | tone none | digits 1"},
			{"1s", Verdict{More}, ""},
			{"2s", wire(port.PulseDigit{Digit: '0'}), "digits 10"},
			{"2s", Verdict{More}, ""},
			{"3s", Key{'1'}, "digits 101"},
			{"3s", Verdict{Complete}, "state calling  | dialled 101"},
			{"4s", Key{'9'}, ""},
			{"5s", Through{}, "state talking "},
			{"9s", HangUp{tel.ToneBusy}, "state released  | tone busy"},
			{"29s", nil, "state howling  | tone howler"},
			{"89s", nil, "state parked  | tone none"},
			{"99s", wire(port.OnHook{}), "audio false | state idle "},
		},
		"stops dialling: the time-out ends the number": {
			{"0s", wire(port.OffHook{}), "audio true | state dial tone  | tone dial"},
			{"1s", Key{'0'}, "state collecting  | tone none | digits 0"},
			{"5s", nil, "state calling  | dialled 0"},
			{"5s", HangUp{tel.ToneCongestion}, "state released  | tone congestion"},
		},
		"# ends the number, but does not begin one": {
			{"0s", wire(port.OffHook{}), "audio true | state dial tone  | tone dial"},
			{"1s", Key{'0'}, "state collecting  | tone none | digits 0"},
			{"2s", Key{'#'}, "state calling  | dialled 0"},
			{"3s", wire(port.OnHook{}), "gone: normal, the telephone was hung up | audio false | state idle "},
			{"4s", wire(port.OffHook{}), "audio true | state dial tone  | tone dial"},
			{"5s", Key{'#'}, "state collecting  | tone none | digits #"},
		},
		"an impossible number": {
			{"0s", wire(port.OffHook{}), "audio true | state dial tone  | tone dial"},
			{"1s", Key{'9'}, "state collecting  | tone none | digits 9"},
			{"1s", Verdict{Never}, "state released  | tone congestion"},
			{"3s", wire(port.HookFlash{}), "state dial tone  | tone dial"},
		},
		"forgets to dial": {
			{"0s", wire(port.OffHook{}), "audio true | state dial tone  | tone dial"},
			{"15s", nil, "state released  | tone congestion"},
		},
		"busy when off hook": {
			{"0s", wire(port.OffHook{}), "audio true | state dial tone  | tone dial"},
			{"1s", Ring{Number: "600"}, "gone: busy, the telephone is dial tone"},
		},
		"ringing taken back": {
			{"0s", Ring{Number: "600"}, `state ringing  | do ring "600" ""`},
			{"3s", HangUp{}, "do stop ring | state idle "},
		},
		"unplugged while ringing": {
			{"0s", Ring{Number: "600"}, `state ringing  | do ring "600" ""`},
			{"3s", wire(port.Lost{Why: "gone"}), "do stop ring | gone: lost, the port's hardware is gone: gone | state dead "},
			{"4s", Ring{Number: "600"}, "gone: unreachable, the telephone is dead"},
			{"5s", wire(port.Found{}), "state idle "},
		},
		"a hook that bounces after the hang-up does not answer": {
			{"0s", wire(port.OffHook{}), "audio true | state dial tone  | tone dial"},
			{"1s", wire(port.OnHook{}), "audio false | state idle "},
			{"1.1s", Ring{Number: "600"}, "state ringing "},
			{"1.5s", nil, `do ring "600" ""`},
			{"2s", HangUp{}, "do stop ring | state idle "},
		},
		"an answering machine that drops and lifts the loop": {
			{"0s", Ring{Number: "600"}, `state ringing  | do ring "600" ""`},
			{"3s", wire(port.OffHook{}), "state talking  | do stop ring | audio true | up: the telephone was picked up"},
			{"3.1s", wire(port.OffHook{}), ""},
			{"9s", wire(port.OnHook{}), "gone: normal, the telephone was hung up | audio false | state idle "},
			{"9s", wire(port.OnHook{}), ""},
			{"9.2s", wire(port.OffHook{}), "audio true | state dial tone  | tone dial"},
			{"9.4s", wire(port.OnHook{}), "audio false | state idle "},
			{"9.5s", wire(port.PulseDigit{Digit: '1'}), ""},
			{"9.6s", wire(port.HookFlash{}), ""},
		},
	} {
		t.Run(name, func(t *testing.T) { walk(t, plain(), steps) })
	}
}

// up brings a telephone into a conversation at second 3.
func up(rest ...step) []step {
	return append([]step{
		{"0s", Ring{Number: "600"}, `state ringing  | do ring "600" ""`},
		{"3s", wire(port.OffHook{}), "state talking  | do stop ring | audio true | up: the telephone was picked up"},
	}, rest...)
}

// second brings it into a second conversation at second 8.
func second(rest ...step) []step {
	return up(append([]step{
		{"5s", wire(port.HookFlash{}), "asks hold"},
		{"5s", Held{}, "state recall tone  | tone recall dial"},
		{"6s", Key{'2'}, "state collecting second  | tone none | digits 2"},
		{"6s", Verdict{Complete}, "state calling second  | dialled 2"},
		{"8s", Through{}, "state second call  | tone none"},
	}, rest...)...)
}

func TestFlash(t *testing.T) {
	const hungUp = "audio false | state idle "
	for name, steps := range map[string][]step{
		"a flash when nobody can be held": up(
			step{"5s", wire(port.HookFlash{}), "asks hold"},
			step{"9s", wire(port.OnHook{}), "gone: normal, the telephone was hung up | " + hungUp},
		),
		"hold and back": up(
			step{"5s", wire(port.HookFlash{}), "asks hold"},
			step{"5s", Held{}, "state recall tone  | tone recall dial"},
			step{"5.2s", wire(port.HookFlash{}), ""}, // reported twice
			step{"7s", wire(port.HookFlash{}), "state talking  | tone none | asks retrieve"},
			step{"9s", wire(port.OnHook{}), "gone: normal, the telephone was hung up | " + hungUp},
		),
		"hold for long: silence, and a reminder": up(
			step{"5s", wire(port.HookFlash{}), "asks hold"},
			step{"5s", Held{}, "state recall tone  | tone recall dial"},
			step{"20s", nil, "state holding  | tone none"},
			step{"140s", nil, "tone confirm"},
			step{"141s", Key{'2'}, "state collecting second  | tone none | digits 2"},
			step{"142s", wire(port.HookFlash{}), "state talking  | tone none | asks retrieve"},
		),
		"the party on hold leaves": up(
			step{"5s", wire(port.HookFlash{}), "asks hold"},
			step{"5s", Held{}, "state recall tone  | tone recall dial"},
			step{"6s", HangUp{}, "state released  | tone busy"},
		),
		"the party on hold is handed over to somebody else": up(
			step{"5s", wire(port.HookFlash{}), "asks hold"},
			step{"5s", Held{}, "state recall tone  | tone recall dial"},
			step{"6s", Freed{}, "state talking  | tone none"},
			step{"7s", Freed{}, ""},
		),
		"hangs up on a party on hold": up(
			step{"5s", wire(port.HookFlash{}), "asks hold"},
			step{"5s", Held{}, "state recall tone  | tone recall dial"},
			step{"6s", wire(port.OnHook{}), "asks walk off | " + hungUp},
		),
		"an impossible second number: the tone, then back": up(
			step{"5s", wire(port.HookFlash{}), "asks hold"},
			step{"5s", Held{}, "state recall tone  | tone recall dial"},
			step{"6s", Key{'9'}, "state collecting second  | tone none | digits 9"},
			step{"6s", Verdict{Never}, "state second refused  | tone congestion"},
			step{"11s", nil, "state talking  | tone none | asks retrieve"},
		),
		"the second is busy: flash goes back": up(
			step{"5s", wire(port.HookFlash{}), "asks hold"},
			step{"5s", Held{}, "state recall tone  | tone recall dial"},
			step{"6s", Key{'2'}, "state collecting second  | tone none | digits 2"},
			step{"10s", nil, "state calling second  | dialled 2"},
			step{"11s", PartyGone{true, tel.ToneBusy}, "state second refused  | tone busy"},
			step{"12s", wire(port.HookFlash{}), "state talking  | tone none | asks retrieve"},
		),
		"blind transfer": up(
			step{"5s", wire(port.HookFlash{}), "asks hold"},
			step{"5s", Held{}, "state recall tone  | tone recall dial"},
			step{"6s", Key{'2'}, "state collecting second  | tone none | digits 2"},
			step{"6s", Key{'#'}, "state calling second  | dialled 2"},
			step{"7s", wire(port.OnHook{}), "asks hand over | " + hungUp},
		),
		"attended transfer": second(step{"9s", wire(port.OnHook{}), "asks hand over | " + hungUp}),
		"swap, and 3 joins all; flash parts them": second(
			step{"9s", Key{'3'}, ""},
			step{"10s", wire(port.HookFlash{}), "state swapped  | asks swap"},
			step{"14s", Key{'3'}, ""}, // too late
			step{"15s", wire(port.HookFlash{}), "state second call  | asks swap"},
			step{"16s", Key{'3'}, "state conference  | asks confer"},
			step{"20s", wire(port.HookFlash{}), "state swapped  | asks part"},
			step{"21s", wire(port.PulseDigit{Digit: '3'}), "state conference  | asks confer"},
			step{"25s", wire(port.OnHook{}), "asks hand over | " + hungUp},
		),
		"the second leaves": second(
			step{"9s", PartyGone{true, tel.ToneNone}, "state second refused  | tone busy"},
			step{"14s", nil, "state talking  | tone none | asks retrieve"},
		),
		"the first leaves while the second talks": second(step{"9s", PartyGone{false, tel.ToneBusy}, "state talking  | tone confirm"}),
		"the second leaves while it is on hold": second(
			step{"10s", wire(port.HookFlash{}), "state swapped  | asks swap"},
			step{"11s", PartyGone{true, tel.ToneBusy}, "state talking  | tone confirm"},
		),
		"the call ends as a whole": second(step{"9s", HangUp{tel.ToneCongestion}, "state released  | tone congestion"}),
		"the port is lost":         second(step{"9s", wire(port.Lost{Why: "x"}), "asks hand over | audio false | state dead "}),
	} {
		t.Run(name, func(t *testing.T) { walk(t, plain(), steps) })
	}
}

func TestCallerIDOut(t *testing.T) {
	for name, c := range map[string]struct {
		p     *FXS
		steps []step
	}{
		"after the first burst": {spanish(), []step{
			{"0s", juan, `state ringing  | do ring "600" "Juan"`},
			{"0s", wire(port.RingOn{}), ""},
			{"1.5s", wire(port.RingOff{}), ""},
			{"2s", nil, `send id 600 "Juan"  11-28 21:05`},
			{"3s", IDSent{}, ""},
			{"4.5s", wire(port.RingOn{}), ""},
			{"6s", wire(port.RingOff{}), ""},
			{"7s", wire(port.OffHook{}), "state talking  | do stop ring | audio true | up: the telephone was picked up"},
		}},
		"a colleague's bell has two bursts": {spanish(), []step{
			{"0s", Ring{Number: "102", Bell: BellInside, At: juan.At}, `state ringing  | do ring "102" ""`},
			{"0.4s", wire(port.RingOff{}), ""},
			{"1s", wire(port.RingOff{}), ""},
			{"1.5s", nil, `send id 102 ""  11-28 21:05`},
			{"1.7s", wire(port.OffHook{}), "state talking  | stop id | do stop ring | audio true | up: the telephone was picked up"},
			{"1.8s", IDSent{}, ""},
		}},
		"before the bell, behind a reversal": {british(), []step{
			{"0s", juan, "state sending caller id  | do reverse true"},
			{"0.2s", nil, `send id 600 "Juan"  11-28 21:05`},
			{"1.2s", IDSent{}, ""},
			{"1.5s", nil, `state ringing  | do ring "600" "Juan"`},
			{"5s", wire(port.OffHook{}), "state talking  | do stop ring | do reverse false | audio true | up: the telephone was picked up"},
		}},
		"picked up during the sending": {british(), []step{
			{"0s", juan, "state sending caller id  | do reverse true"},
			{"0.2s", nil, `send id 600 "Juan"  11-28 21:05`},
			{"0.7s", wire(port.OffHook{}), "state talking  | stop id | do reverse false | audio true | up: the telephone was picked up"},
		}},
		"the caller gives up during the sending": {british(), []step{
			{"0s", juan, "state sending caller id  | do reverse true"},
			{"0.2s", nil, `send id 600 "Juan"  11-28 21:05`},
			{"0.7s", HangUp{}, "stop id | do reverse false | state idle "},
		}},
		"nobody says that it was sent: the bell rings all the same": {british(), []step{
			{"0s", Ring{Absence: "P", At: juan.At}, "state sending caller id  | do reverse true"},
			{"0.2s", nil, `send id  "" P 11-28 21:05`},
			{"6.2s", nil, `stop id | state ringing  | do ring "" ""`},
		}},
		"unknown number": {british(), []step{
			{"0s", Ring{At: juan.At}, "state sending caller id  | do reverse true"},
			{"0.2s", nil, `send id  "" O 11-28 21:05`},
		}},
		"the driver sends it": {NewFXS(t0, Telephone{Caps: port.Caps{OnHookAudio: true, CallerID: true, Polarity: true}, IDBefore: true}), []step{
			{"0s", juan, `state ringing  | do ring "600" "Juan"`},
			{"2s", wire(port.RingOff{}), ""},
		}},
		"a port that does not report its bursts": {NewFXS(t0, Telephone{Caps: port.Caps{OnHookAudio: true, RingSignal: true}, Bells: Bells([]int{1000, 4000})}), []step{
			{"0s", juan, `state ringing  | do ring "600" "Juan"`},
			{"1.5s", nil, `send id 600 "Juan"  11-28 21:05`},
		}},
	} {
		t.Run(name, func(t *testing.T) { walk(t, c.p, c.steps) })
	}
}

func TestMessagesWait(t *testing.T) {
	for name, c := range map[string]struct {
		p     *FXS
		steps []step
	}{
		"lamp, display and stutter tone": {spanish(), []step{
			{"0s", Messages{2}, "do neon true"},
			{"2s", nil, "state sending messages  | send id: 2 messages"},
			{"3s", IDSent{}, "state idle "},
			{"4s", wire(port.OffHook{}), "audio true | state dial tone  | tone stutter dial"},
			{"5s", Messages{0}, "do neon false"},
			{"6s", wire(port.OnHook{}), "audio false | state idle "},
			{"8s", nil, "state sending messages  | send id: 0 messages"},
			{"14s", nil, "stop id | state idle "},
			{"20s", wire(port.OffHook{}), "audio true | state dial tone  | tone dial"},
		}},
		"a caller goes first, and it is told later": {spanish(), []step{
			{"0s", Messages{1}, "do neon true"},
			{"2s", nil, "state sending messages  | send id: 1 messages"},
			{"2.5s", juan, `stop id | state ringing  | do ring "600" "Juan"`},
			{"9s", HangUp{}, "do stop ring | state idle "},
			{"11s", nil, "state sending messages  | send id: 1 messages"},
			{"12s", wire(port.OffHook{}), "stop id | audio true | state dial tone  | tone stutter dial"},
			{"13s", wire(port.OnHook{}), "audio false | state idle "},
			{"15s", nil, "state sending messages  | send id: 1 messages"},
		}},
		"a port that can do nothing stutters": {plain(), []step{
			{"0s", Messages{1}, ""},
			{"9s", wire(port.OffHook{}), "audio true | state dial tone  | tone stutter dial"},
		}},
		"a card that comes back lights its lamp again": {spanish(), []step{
			{"0s", wire(port.Lost{Why: "x"}), "state dead "},
			{"1s", Messages{1}, ""},
			{"2s", wire(port.Found{}), "do neon true | state idle "},
			{"4s", nil, "state sending messages  | send id: 1 messages"},
		}},
	} {
		t.Run(name, func(t *testing.T) { walk(t, c.p, c.steps) })
	}
}

// A device learns from the pulse that the far side left; a telephone that is hung
// up during it is on hook behind it.
func TestDisconnectPulse(t *testing.T) {
	for name, rest := range map[string][]step{
		"still off hook": {{"9.5s", nil, "state released  | tone busy"}},
		"a loop that looks open during the pulse": {{"9.1s", wire(port.OnHook{}), ""}, {"9.4s", wire(port.OffHook{}), ""},
			{"9.5s", nil, "state released  | tone busy"}},
		"hung up": {{"9.3s", wire(port.OnHook{}), ""}, {"9.5s", nil, "audio false | state idle "}},
	} {
		t.Run(name, func(t *testing.T) {
			walk(t, NewFXS(t0, Telephone{Caps: port.Caps{Disconnect: true}}), up(append([]step{
				{"9s", HangUp{}, "state disconnect pulse  | do disconnect 500 ms"}}, rest...)...))
		})
	}
}

// The cadences differ, and each leaves a pause in which caller id can go.
func TestBells(t *testing.T) {
	for _, outside := range [][]int{{1500, 3000}, {2000, 4000}, {400, 200, 400, 2000}} {
		seen := map[port.Cadence]bool{}
		for i, c := range Bells(outside) {
			n, lasts := bursts(c)
			whole := 0
			for _, ms := range c {
				whole += int(ms)
			}
			if pause := whole - int(lasts.Milliseconds()); pause < 2000 || n < 1 || seen[c] {
				t.Errorf("bell %d beside %v: %v has %d bursts and a pause of %d ms", i, outside, c, n, pause)
			}
			seen[c] = true
		}
	}
	if n, lasts := bursts(port.Cadence{}); n != 1 || lasts != 2*time.Second {
		t.Errorf("the driver's own cadence: %d bursts, %s", n, lasts)
	}
	if n, lasts := bursts(port.CadenceOf([]int{300, 200, 300, 200, 300, 3000})); n != 3 || lasts != 1300*time.Millisecond {
		t.Errorf("three bursts: %d in %s", n, lasts)
	}
}

func BenchmarkFXSStep(b *testing.B) {
	m, out := plain(), make([]Effect, 0, 8)
	b.ReportAllocs()
	for b.Loop() {
		out = m.Step(t0, wire(port.RingOff{}), out[:0])
	}
}
