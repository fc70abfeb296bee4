package line

import (
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/hal/port"
)

// full are the capabilities of a card that measures its line.
var full = port.Caps{FullDuplex: true, Battery: true, Polarity: true}

func dialTone(hz string) Event {
	return Heard{Tone: tel.ToneDial, Sure: 0.9, Evidence: "dial tone " + hz + " Hz continuous"}
}

// rung is a caller who is told and answered at 4.2 s.
var rung = []step{
	{"0s", wire(port.RingOn{}), "state ringing "},
	{"100ms", nil, ""},
	{"1.5s", wire(port.RingOff{}), "state caller id "},
	{"4s", wire(port.CallerID{Number: "600123456", Standard: "v23"}), `state ringing  | incoming 600123456 "" `},
	{"4s", Answer{}, "do seize | audio true | state answering "},
	{"4.2s", nil, "state talking  | up: we closed the loop"},
}

// dialled is a call of ours whose number is out at 3 s.
var dialled = []step{
	{"0s", Dial{Number: "910000001"}, "do seize | state seizing  | audio true"},
	{"100ms", nil, "state waiting for dial tone "},
	{"1.1s", dialTone("425"), "state dialling  | send digits 910000001"},
	{"3s", DigitsSent{}, "state waiting for answer  | proceeding: number outpulsed: dial tone 425 Hz continuous"},
}

func after(first []step, rest ...step) []step { return append(append([]step(nil), first...), rest...) }

func TestIncoming(t *testing.T) {
	for name, steps := range map[string][]step{
		"caller id after the first burst, answered": rung,
		"number and name are made harmless": {
			{"0s", wire(port.RingOn{}), "state ringing "},
			{"100ms", nil, ""},
			{"1.5s", wire(port.RingOff{}), "state caller id "},
			{"2s", wire(port.CallerID{Number: "600 123-456", Name: "Juan\r\nPérez"}), `state ringing  | incoming 600123456 "Juan Pérez" `},
		},
		"no caller id: told at the second burst": {
			{"0s", wire(port.RingOn{}), "state ringing "},
			{"100ms", nil, ""},
			{"1s", wire(port.RingOff{}), "state caller id "},
			{"4s", wire(port.RingOn{}), `state ringing  | incoming  "" `},
			{"5s", wire(port.RingOff{}), ""},
			{"11.5s", nil, "gone: abandoned, no ring for 6.5 s | state clearing "},
			{"12.5s", nil, "state confirming idle "},
			{"13s", nil, "learned from 0 calls | state idle "},
		},
		"no caller id and a long pause: told after the wait": {
			{"0s", wire(port.RingOn{}), "state ringing "},
			{"100ms", nil, ""},
			{"1s", wire(port.RingOff{}), "state caller id "},
			{"5s", nil, `state ringing  | incoming  "" `},
			{"7.5s", nil, "gone: abandoned, no ring for 6.5 s | state clearing "},
		},
		"a pause within the cadence is no second ring": { // the United Kingdom
			{"0s", wire(port.RingOn{}), "state ringing "},
			{"100ms", nil, ""},
			{"400ms", wire(port.RingOff{}), "state caller id "},
			{"600ms", wire(port.RingOn{}), "state ringing "},
			{"1s", wire(port.RingOff{}), "state caller id "},
			{"2s", wire(port.CallerID{Number: "600"}), `state ringing  | incoming 600 "" `},
		},
		"caller id before the bell": {
			{"0s", wire(port.CallerID{Number: "600"}), "state caller id before the bell"},
			{"200ms", Dial{Number: "1"}, "gone: congestion, the line is caller id: before the bell"},
			{"1s", wire(port.RingOn{}), "state ringing "},
			{"1.1s", nil, `incoming 600 "" `},
		},
		"reversal, caller id, bell": {
			{"0s", wire(port.Polarity{Reversed: true}), "state caller id before the bell"},
			{"1s", wire(port.CallerID{Number: "600", Standard: "dtmf"}), ""},
			{"2s", wire(port.RingOn{}), "state ringing "},
			{"2.1s", nil, `incoming 600 "" `},
		},
		"a reversal and no bell": {
			{"0s", wire(port.Polarity{Reversed: true}), "state caller id before the bell"},
			{"5s", nil, "state confirming idle "},
			{"5.5s", nil, "state idle "},
			{"6s", wire(port.Polarity{}), ""},
			{"7s", Dial{Number: "1"}, "do seize | state seizing  | audio true"},
		},
		"stale caller id does not name the next caller": {
			{"0s", wire(port.CallerID{Number: "600"}), "state caller id before the bell"},
			{"5s", nil, "state confirming idle "},
			{"5.5s", nil, "learned from 0 calls | state idle "},
			{"60s", wire(port.RingOn{}), "state ringing "},
			{"60.1s", nil, ""},
			{"61s", wire(port.RingOff{}), "state caller id "},
			{"65s", nil, `state ringing  | incoming  "" `},
		},
		"that messages wait is no call": {
			{"0s", wire(port.CallerID{Messages: 1}), ""},
			{"1s", Dial{Number: "1"}, "do seize | state seizing  | audio true"},
		},
		"a burst of 40 ms is no bell": {
			{"0s", wire(port.RingOn{}), "state ringing "},
			{"40ms", wire(port.RingOff{}), "state confirming idle a burst of 40 ms is no bell"},
			{"540ms", nil, "state idle "},
		},
		"a bell that is never heard to end": {
			{"0s", wire(port.RingOn{}), "state ringing "},
			{"100ms", nil, ""},
			{"6.5s", nil, `incoming  "" `},
		},
		"battery is not judged while the bell rings": {
			{"0s", wire(port.RingOn{}), "state ringing "},
			{"100ms", nil, ""},
			{"200ms", wire(port.Battery{}), ""},
			{"2s", wire(port.RingOff{}), "state caller id "},
			{"2.1s", wire(port.Battery{On: true}), ""},
			{"3s", wire(port.CallerID{Number: "1"}), `state ringing  | incoming 1 "" `},
		},
		"our side hangs up a bell: it rings on, and the next is a new call": {
			{"0s", wire(port.RingOn{}), "state ringing "},
			{"100ms", nil, ""},
			{"1s", wire(port.RingOff{}), "state caller id "},
			{"2s", wire(port.CallerID{Number: "1"}), `state ringing  | incoming 1 "" `},
			{"3s", HangUp{}, ""},
			{"4s", wire(port.RingOn{}), ""},
			{"5s", wire(port.RingOff{}), ""},
			{"11.5s", nil, "state clearing "},
		},
		"answered too late": {
			{"0s", Answer{}, "gone: abandoned, the caller stopped ringing before the answer"},
		},
		"hardware unplugged in mid call": after(rung,
			step{"5s", wire(port.Lost{Why: "unplugged"}), "gone: lost, the port's hardware gone: unplugged | audio false | state alarm hardware gone: unplugged"},
			step{"6s", wire(port.RingOn{}), ""},
			step{"9s", wire(port.Found{}), "state confirming idle the hardware is back"},
			step{"9.5s", nil, "learned from 0 calls | state idle "}),
	} {
		t.Run(name, func(t *testing.T) { walk(t, NewFXO(t0, Settings{Caps: full}), steps) })
	}
}

// Brazil: a loop opened for a moment ends a call that we were to pay for.
func TestCollectCallsAreRefused(t *testing.T) {
	first := []step{
		{"0s", wire(port.CallerID{Number: "600", Standard: "dtmf"}), "state caller id before the bell"},
		{"1s", wire(port.RingOn{}), "state ringing "},
		{"1.1s", nil, `incoming 600 "" `},
		{"2s", Answer{}, "do seize | state answering "},
		{"3s", nil, "do release | state flashing refusing a collect call"},
	}
	for name, steps := range map[string][]step{
		"an ordinary call goes on": after(first,
			step{"4.5s", nil, "do seize | audio true | state answering "},
			step{"4.7s", nil, "state talking  | up: we closed the loop twice, which ends a collect call"}),
		"the exchange takes battery away from a collect call": after(first,
			step{"4s", wire(port.Battery{}), ""},
			step{"4.5s", nil, "do seize | audio true | state answering "},
			step{"4.55s", nil, "do release | gone: loop drop, the exchange dropped the loop current | audio false | state clearing "}),
		"the bell again: close at once": after(first,
			step{"4s", wire(port.RingOn{}), "do seize | audio true | state answering "}),
		"our side gives up meanwhile": after(first,
			step{"4s", HangUp{}, "state clearing "}),
	} {
		t.Run(name, func(t *testing.T) { walk(t, NewFXO(t0, Settings{Caps: full, BlockCollect: true}), steps) })
	}
}

func TestOutgoing(t *testing.T) {
	for name, steps := range map[string][]step{
		"answered by reversal, cleared by reversal": after(dialled,
			step{"8s", wire(port.Polarity{Reversed: true}), "state talking  | up: the exchange reversed the line"},
			step{"8.3s", wire(port.Polarity{}), ""}, // it takes note
			step{"20s", wire(port.Polarity{Reversed: true}), ""},
			step{"20.06s", nil, "do release | gone: reversal, the exchange reversed the line | audio false | state clearing "}),
		"a voice after ringback stopped": after(dialled,
			step{"5s", Heard{Tone: tel.ToneRingback, Sure: 0.9, Evidence: "ringback 425 Hz 1500/3000"}, ""},
			step{"9s", Voice{Far: true}, ""}, // ringback itself sounds like a voice to the ear
			step{"9.8s", Voice{}, ""},
			step{"12s", Heard{Tone: tel.ToneRingback, Ended: true}, ""},
			step{"13s", Voice{Far: true}, ""},
			step{"15.5s", nil, "state talking  | up: a voice after ringback stopped"}),
		"a voice that tears the ringback": after(dialled,
			step{"5s", Heard{Tone: tel.ToneRingback, Sure: 0.9}, ""},
			step{"11.9s", Voice{Far: true}, ""},
			step{"12s", Heard{Tone: tel.ToneRingback, Ended: true}, ""},
			step{"14.5s", nil, "state talking  | up: a voice after ringback stopped"}),
		"a voice that is no tone": after(dialled,
			step{"4s", Voice{Far: true}, ""},
			step{"4.6s", Voice{Far: true, Speech: true}, "state talking  | up: a voice, no ringback before it"}),
		"a voice behind ringback that is no tone": after(dialled,
			step{"5s", Heard{Tone: tel.ToneRingback, Sure: 0.9}, ""},
			step{"9s", Voice{Far: true, Speech: true}, "state talking  | up: a voice after ringback"}),
		"busy tone behind ringback": after(dialled,
			step{"5s", Heard{Tone: tel.ToneRingback, Sure: 0.9}, ""},
			step{"12s", Heard{Tone: tel.ToneRingback, Ended: true}, ""},
			step{"13s", Voice{Far: true}, ""},
			step{"14.3s", Heard{Tone: tel.ToneBusy, Sure: 0.9, Evidence: "busy tone 425 Hz 200/200"}, "do release | gone: busy, busy tone 425 Hz 200/200 | audio false | state clearing "}),
		"ringback stops and nobody speaks": after(dialled,
			step{"5s", Heard{Tone: tel.ToneRingback, Sure: 0.9}, ""},
			step{"12s", Heard{Tone: tel.ToneRingback, Ended: true}, ""},
			step{"18s", nil, "state talking  | up: ringback stopped 6.0 s ago"}),
		"nothing is heard: the number is all we know": after(dialled,
			step{"18s", nil, "state talking  | up: number outpulsed 15.0 s ago, no sign of an answer is known of this line"}),
		"a fax answers": after(dialled,
			step{"7s", Fax{}, "state talking  | up: a fax or modem answered"}),
		"it rings for ever": after(dialled,
			step{"5s", Heard{Tone: tel.ToneRingback, Sure: 0.9}, ""},
			step{"185s", nil, "do release | gone: no answer, it rang for 180.0 s | audio false | state clearing "}),
		"an emergency rings until the caller gives it up": {
			{"0s", Dial{Number: "112", Emergency: true}, "do seize | state seizing  | audio true"},
			{"100ms", nil, "state waiting for dial tone "},
			{"1.1s", dialTone("425"), "state dialling  | send digits 112"},
			{"3s", DigitsSent{}, "state waiting for answer  | proceeding: number outpulsed: dial tone 425 Hz continuous"},
			{"5s", Heard{Tone: tel.ToneRingback, Sure: 0.9}, ""},
			{"185s", nil, ""},
			{"365s", nil, ""},
			{"400s", HangUp{}, "do release | audio false | state clearing "},
		},
		"busy": after(dialled,
			step{"4s", Heard{Tone: tel.ToneBusy, Sure: 0.9, Evidence: "busy tone 425 Hz 200/200"}, "do release | gone: busy, busy tone 425 Hz 200/200 | audio false | state clearing "}),
		"no way": after(dialled,
			step{"4s", Heard{Tone: tel.ToneCongestion, Sure: 0.9, Evidence: "congestion tone"}, "do release | gone: congestion, congestion tone | audio false | state clearing "}),
		"no such number: the announcement is heard out": after(dialled,
			step{"4s", Heard{Tone: tel.ToneInfo, Sure: 0.9, Evidence: "info tone 950>1400>1800 Hz in turn"}, ""},
			step{"24s", nil, "do release | gone: invalid, info tone 950>1400>1800 Hz in turn, then an announcement | audio false | state clearing "}),
		"unobtainable": after(dialled,
			step{"4s", Heard{Tone: tel.ToneUnobtainable, Sure: 0.9, Evidence: "unobtainable tone 400 Hz"}, "do release | gone: invalid, unobtainable tone 400 Hz | audio false | state clearing "}),
		"dial tone that lingers behind the first digit": after(dialled,
			step{"4s", dialTone("425"), ""}),
		"dial tone again: the exchange took no digit": after(dialled,
			step{"6s", dialTone("425"), "do release | gone: congestion, dial tone 425 Hz continuous again: the exchange took no digit | audio false | state clearing "}),
		"the exchange drops the loop before the answer; it may switch for 350 ms": after(dialled,
			step{"6s", wire(port.Battery{}), ""},
			step{"6.3s", wire(port.Battery{On: true}), ""},
			step{"7s", wire(port.Battery{}), ""},
			step{"7.35s", nil, "do release | gone: loop drop, the exchange dropped the loop current for 0.3 s | audio false | state clearing "}),
		"another steady tone where dial tone belongs is dial tone": {
			{"0s", Dial{Number: "910000001"}, "do seize | state seizing  | audio true"},
			{"100ms", nil, "state waiting for dial tone "},
			{"3.4s", Strange{Signal: "350+440@-13", Periods: 1, Sure: 1}, "state dialling  | send digits 910000001"},
		},
		"a strange cadence is no dial tone": {
			{"0s", Dial{Number: "910000001"}, "do seize | state seizing  | audio true"},
			{"100ms", nil, "state waiting for dial tone "},
			{"3.4s", Strange{Signal: "425@-10 300/300", Periods: 4, Sure: 1}, ""},
		},
		"an old dial tone is not believed": {
			{"0s", Dial{Number: "910000001"}, "do seize | state seizing  | audio true"},
			{"50ms", dialTone("425"), ""},
		},
		"the sender never ends": {
			{"0s", Dial{Number: "11"}, "do seize | state seizing  | audio true"},
			{"100ms", nil, "state waiting for dial tone "},
			{"1s", dialTone("425"), "state dialling  | send digits 11"},
			{"11.6s", nil, "do release | gone: error, the number was not sent in 10.6 s | audio false | state clearing "},
		},
		"current goes away while we wait": {
			{"0s", Dial{Number: "11"}, "do seize | state seizing  | audio true"},
			{"20ms", wire(port.Battery{}), ""},
			{"80ms", wire(port.Battery{On: true}), ""}, // the exchange switches
			{"100ms", nil, "state waiting for dial tone "},
			{"1s", wire(port.Battery{}), ""},
			{"1.5s", nil, "do release | gone: congestion, the loop current went away before the number was sent | audio false | state clearing "},
		},
		"no number": {
			{"0s", Dial{}, "gone: invalid, there is no number to dial"},
		},
	} {
		t.Run(name, func(t *testing.T) { walk(t, NewFXO(t0, Settings{Caps: full}), steps) })
	}
}

// Glare: whoever calls wins, and is not lost.
func TestGlare(t *testing.T) {
	seized := []step{
		{"0s", Dial{Number: "910000001"}, "do seize | state seizing  | audio true"},
		{"80ms", wire(port.RingOn{}), `gone: congestion, glare: the line rang while it was being seized | audio false | state answering glare | incoming  "" `},
	}
	for name, steps := range map[string][]step{
		"our seizure answered him": after(seized,
			step{"80ms", Answer{}, "audio true | state answering "},
			step{"280ms", nil, "state talking  | up: glare: our seizure answered the caller"}),
		"nobody takes him": after(seized,
			step{"3.08s", nil, "do release | gone: no answer, glare: nobody took the caller | state clearing "}),
		"looked before seizing: the bell stopped just now": {
			{"0s", wire(port.RingOn{}), "state ringing "},
			{"50ms", wire(port.RingOff{}), "state confirming idle a burst of 50 ms is no bell"},
			{"100ms", Dial{Number: "1"}, "gone: congestion, the line is confirming idle: a burst of 50 ms is no bell"},
		},
		"caller id that ends as we seize": {
			{"0s", Dial{Number: "910000001"}, "do seize | state seizing  | audio true"},
			{"40ms", wire(port.CallerID{Number: "600"}), `gone: congestion, glare: the line rang while it was being seized | audio false | state answering glare | incoming 600 "" `},
		},
		"the wires turned as we seized, and no dial tone": {
			{"0s", Dial{Number: "910000001"}, "do seize | state seizing  | audio true"},
			{"20ms", wire(port.Polarity{Reversed: true}), ""},
			{"100ms", nil, "state waiting for dial tone "},
			{"5s", nil, `gone: congestion, glare: the line rang while it was being seized | audio false | state answering glare | incoming  "" `},
		},
		"the wires turned as we seized, and our side gives up": {
			{"0s", Dial{Number: "910000001"}, "do seize | state seizing  | audio true"},
			{"20ms", wire(port.Polarity{Reversed: true}), ""},
			{"100ms", nil, "state waiting for dial tone "},
			{"2s", HangUp{}, `audio false | state answering glare | incoming  "" `},
		},
		"our side gives up at once, and the bell is told of late": {
			{"0s", Dial{Number: "910000001"}, "do seize | state seizing  | audio true"},
			{"10ms", HangUp{}, ""},
			{"30ms", wire(port.RingOn{}), `audio false | state answering glare | incoming  "" `},
		},
		"our side gives up at once": {
			{"0s", Dial{Number: "910000001"}, "do seize | state seizing  | audio true"},
			{"10ms", HangUp{}, ""},
			{"100ms", nil, "do release | audio false | state clearing "},
		},
		"a bell in a call is noise": after(rung, step{"9s", wire(port.RingOn{}), ""}),
	} {
		t.Run(name, func(t *testing.T) { walk(t, NewFXO(t0, Settings{Caps: full}), steps) })
	}
}

// A line out of service is probed, takes calls all the same, and comes back.
func TestOutOfService(t *testing.T) {
	noTone := []step{
		{"0s", Dial{Number: "910000001"}, "do seize | state seizing  | audio true"},
		{"100ms", nil, "state waiting for dial tone "},
		{"5s", nil, "anomaly: no dial tone in 5.0 s | do release | gone: congestion, no dial tone in 5.0 s | audio false | state clearing "},
		{"6s", nil, "state confirming idle "},
		{"6.5s", nil, "state blocked no dial tone"},
	}
	probing := after(noTone,
		step{"7s", Dial{Number: "1"}, "gone: congestion, the line is blocked: no dial tone"},
		step{"16.5s", nil, "do seize | state seizing probing: no dial tone | audio true"},
		step{"16.6s", nil, "state waiting for dial tone probing: no dial tone"})
	for name, steps := range map[string][]step{
		"no dial tone, and back": after(probing,
			step{"17.5s", dialTone("425"), "do release | audio false | state clearing "},
			step{"18.5s", nil, "state confirming idle "},
			step{"19s", nil, "learned from 0 calls | state idle "}),
		"no dial tone for longer: probed less often": after(probing,
			step{"21.5s", nil, "do release | audio false | state clearing "},
			step{"22.5s", nil, "state confirming idle "},
			step{"23s", nil, "state blocked no dial tone"},
			step{"53s", nil, "do seize | state seizing probing: no dial tone | audio true"}),
		"a bell while it is probed": after(probing,
			step{"17s", wire(port.RingOn{}), `audio false | state answering glare | incoming  "" `}),
		"a bell while it is blocked": after(noTone,
			step{"8s", wire(port.RingOn{}), "state ringing "},
			step{"8.1s", nil, ""},
			step{"9s", wire(port.RingOff{}), "state caller id "},
			step{"13s", nil, `state ringing  | incoming  "" `}),
		"an emergency is dialled on it, and without dial tone": after(noTone,
			step{"8s", Dial{Number: "112", Emergency: true}, "do seize | state seizing  | audio true"},
			step{"8.1s", nil, "state waiting for dial tone "},
			step{"11s", nil, "state dialling  | send digits 112"},
			step{"12s", DigitsSent{}, "state waiting for answer  | proceeding: number outpulsed: no dial tone in 3.0 s, dialled all the same: an emergency"}),
		"an emergency takes a probe over": after(probing,
			step{"17s", Dial{Number: "112", Emergency: true}, "audio false | state seizing  | audio true"},
			step{"17.1s", nil, "state waiting for dial tone "},
			step{"18s", dialTone("425"), "state dialling  | send digits 112"}),
		"fails twice": {
			{"0s", Dial{Number: "910000001"}, "do seize | state seizing  | audio true"},
			{"100ms", nil, "state waiting for dial tone "},
			{"2s", Heard{Tone: tel.ToneBusy, Evidence: "busy tone"}, "do release | gone: congestion, busy tone instead of dial tone | audio false | state clearing "},
			{"3s", nil, "state confirming idle "},
			{"3.5s", nil, "state idle "},
			{"10s", Dial{Number: "910000001"}, "do seize | state seizing  | audio true"},
			{"10.1s", nil, "state waiting for dial tone "},
			{"12s", Heard{Tone: tel.ToneBusy, Evidence: "busy tone"}, "anomaly: busy tone instead of dial tone, for the second time | do release | gone: congestion, busy tone instead of dial tone, for the second time | audio false | state clearing "},
			{"13s", nil, "state confirming idle "},
			{"13.5s", nil, "state blocked failed twice"},
		},
		"battery gone while idle: alarm, and back": {
			{"0s", wire(port.Battery{}), ""},
			{"1.5s", nil, "anomaly: no battery | state alarm no battery"},
			{"2s", Dial{Number: "1"}, "gone: congestion, the line is alarm: no battery"},
			{"2.5s", Dial{Number: "112", Emergency: true}, "gone: congestion, the line is alarm: no battery"},
			{"60s", wire(port.Battery{On: true}), "state confirming idle battery is back"},
			{"60.5s", wire(port.Battery{}), ""},
			{"61s", wire(port.Battery{On: true}), ""},
			{"61.5s", nil, "state idle "},
		},
		"a driver that forgot to tell that battery is back": {
			{"0s", wire(port.Battery{}), ""},
			{"1.5s", nil, "anomaly: no battery | state alarm no battery"},
			{"901.5s", nil, "do seize | state seizing probing: no battery | audio true"},
			{"901.6s", nil, "state waiting for dial tone probing: no battery"},
			{"903s", dialTone("425"), "do release | audio false | state clearing "},
			{"904s", nil, "state confirming idle "},
			{"904.5s", nil, "learned from 0 calls | state idle "},
		},
		"a short battery dip while idle is nothing": {
			{"0s", wire(port.Battery{}), ""},
			{"400ms", wire(port.Battery{On: true}), ""},
			{"60s", Dial{Number: "1"}, "do seize | state seizing  | audio true"},
		},
	} {
		t.Run(name, func(t *testing.T) { walk(t, NewFXO(t0, Settings{Caps: full}), steps) })
	}
}

func TestTimingOfCountries(t *testing.T) {
	for _, c := range []struct {
		country string
		ring    []int
		gap     time.Duration
		id      time.Duration
	}{
		{"", nil, 6500 * time.Millisecond, 4 * time.Second},
		{"ES", []int{1500, 3000}, 5 * time.Second, 4 * time.Second},
		{"AR", []int{1000, 4500}, 6500 * time.Millisecond, 4 * time.Second},
		{"GB", []int{400, 200, 400, 2000}, 4 * time.Second, 500 * time.Millisecond},
	} {
		if got := TimingFor(c.country, c.ring); got.RingGap != c.gap || got.IDWait != c.id {
			t.Errorf("%s: gap %s, caller id %s", c.country, got.RingGap, got.IDWait)
		}
	}
}
