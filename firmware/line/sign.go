package line

import (
	"strconv"
	"strings"

	"github.com/centralita/centralita/firmware/tel"
)

// Sign is a kind of evidence that the far side left. The texts are kept in line
// profiles and never change their meaning.
type Sign string

// Signs.
const (
	SignBattery      Sign = "loop drop"
	SignReversal     Sign = "reversal"
	SignBusy         Sign = "busy tone"
	SignCongestion   Sign = "congestion tone"
	SignDisconnect   Sign = "disconnect tone"
	SignUnobtainable Sign = "unobtainable tone"
	SignHowler       Sign = "howler"
	SignDial         Sign = "dial tone"
	SignStrange      Sign = "strange tone"
	SignSilence      Sign = "silence"
	SignLongest      Sign = "longest"
	SignHardware     Sign = "hardware"
)

// signs are all of them, in the order of a profile.
var signs = [...]Sign{SignBattery, SignReversal, SignBusy, SignCongestion, SignDisconnect, SignUnobtainable, SignHowler, SignDial,
	SignStrange, SignSilence, SignLongest, SignHardware}

// cause is what the book says of a release by the sign.
func (s Sign) cause() tel.Cause {
	switch s {
	case SignBattery:
		return tel.CauseBattery
	case SignReversal:
		return tel.CauseReversal
	case SignSilence, SignHardware:
		return tel.CauseLost
	case SignLongest:
		return tel.CauseTimeout
	}
	return tel.CauseTone
}

// signOf returns what a tone means on a line that is talking; "" is nothing.
func signOf(t tel.Tone) Sign {
	switch t {
	case tel.ToneBusy:
		return SignBusy
	case tel.ToneCongestion:
		return SignCongestion
	case tel.ToneDisconnect:
		return SignDisconnect
	case tel.ToneUnobtainable:
		return SignUnobtainable
	case tel.ToneHowler:
		return SignHowler
	case tel.ToneDial:
		return SignDial
	}
	return ""
}

// signal is a signal read from its text, as package plan writes it:
// "425@-10 200/200", "350+440@-13".
type signal struct {
	hz    []int
	onOff []int // milliseconds; none is continuous
}

// parseSignal reads the frequencies and the cadence; ok is false for another text.
func parseSignal(text string) (s signal, ok bool) {
	tones, rest, _ := strings.Cut(text, " ")
	tones, _, _ = strings.Cut(tones, "@")
	if s.hz, ok = numbers(tones, "+"); !ok {
		return s, false
	}
	if rest == "" {
		return s, true
	}
	cadence, _, _ := strings.Cut(rest, " ")
	s.onOff, ok = numbers(cadence, "/")
	return s, ok && len(s.onOff)%2 == 0
}

// numbers reads positive numbers, which a point may follow, parted by sep.
func numbers(text, sep string) (out []int, ok bool) {
	for f := range strings.SplitSeq(text, sep) {
		x, err := strconv.ParseFloat(f, 64)
		if err != nil || !(x >= 1 && x < 1e6) {
			return nil, false
		}
		out = append(out, int(x+0.5))
	}
	return out, len(out) <= 16
}

// period returns the length of the cadence in milliseconds, 0 of a continuous signal.
func (s signal) period() (ms int) {
	for _, x := range s.onOff {
		ms += x
	}
	return ms
}

// pause returns the longest pause of the cadence in milliseconds.
func (s signal) pause() (ms int) {
	for i := 1; i < len(s.onOff); i += 2 {
		ms = max(ms, s.onOff[i])
	}
	return ms
}

// same reports whether two signals are one, heard twice: frequencies within 4 %,
// lengths within 15 % and 25 ms.
func (s signal) same(o signal) bool {
	if len(s.hz) != len(o.hz) || len(s.onOff) != len(o.onOff) {
		return false
	}
	for i := range s.hz {
		if !within(s.hz[i], o.hz[i], 4, 0) {
			return false
		}
	}
	for i := range s.onOff {
		if !within(s.onOff[i], o.onOff[i], 15, 25) {
			return false
		}
	}
	return true
}

// otherNote reports whether two single tones differ in pitch.
func (s signal) otherNote(o signal) bool {
	return len(s.hz) == 1 && len(o.hz) == 1 && !within(s.hz[0], o.hz[0], 4, 0)
}

// within reports whether a and b are at most so many per cent and so much more apart.
func within(a, b, percent, more int) bool {
	return max(a-b, b-a) <= max(a, b)*percent/100+more
}

// hzOf returns the frequencies that a text such as "dial tone 350+440 Hz" names,
// rounded, or "".
func hzOf(evidence string) string {
	head, _, found := strings.Cut(evidence, " Hz")
	if !found {
		return ""
	}
	hz, ok := numbers(head[strings.LastIndexByte(head, ' ')+1:], "+")
	if !ok {
		return ""
	}
	return hertz(hz)
}

// hertz writes frequencies, rounded to 25 Hz.
func hertz(hz []int) string {
	out := ""
	for i, f := range hz {
		if i > 0 {
			out += "+"
		}
		out += strconv.Itoa((f + 12) / 25 * 25)
	}
	return out
}
