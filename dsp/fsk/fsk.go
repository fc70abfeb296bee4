// Package fsk is a modem of one direction: octets sent as two tones at 1200
// bit/s, each with a start bit, eight data bits from the lowest on and stop bits
// of any length (Bell 202; ITU-T V.23 mode 2; asynchronous as in ITU-T V.14).
// Caller id travels that way.
//
// The Demodulator weighs every bit together with its neighbours, over which the
// phase of a sender runs on, and finds the octets by the best path through all
// possible start bits, so that noise must outweigh an octet and not one sample.
// It takes clocks 4 % fast or slow, pauses of any length between octets, levels of
// 0 to −48 dBm0, tones 12 dB unlike, tones 3 % off, hum as loud as the signal, and
// noise (0 to 4 kHz) 6 dB below it with nearly every message of 40 octets whole.
// Below −55 dBm0 nothing is listened for. Cost: about 20 µs a frame while there is
// something to hear, a quarter of it on a quiet line.
package fsk

import "github.com/centralita/centralita/dsp/pcm"

// Mode is a pair of tones.
type Mode uint8

// Modes.
const (
	// Bell202 has 1200 Hz for mark and 2200 Hz for space (Bell 202; Telcordia GR-30 § 2.2).
	Bell202 Mode = iota
	// V23 has 1300 Hz for mark and 2100 Hz for space (ITU-T V.23 mode 2; ETSI EN 300 659-1 § 5.4.1).
	V23
	// Loose has tones between those of the others and hears both, not as well: it
	// does not trust the phase of the sender, so that those are heard who switch
	// between two tones that never stop. It is not sent.
	Loose
)

// BitRate is bits a second in both modes.
const BitRate = 1200

// String returns the name people know.
func (m Mode) String() string {
	switch m {
	case V23:
		return "V.23"
	case Loose:
		return "loose"
	}
	return "Bell 202"
}

// Tones returns the frequencies of mark (1) and space (0) in Hz.
func (m Mode) Tones() (mark, space float64) {
	switch m {
	case V23:
		return 1300, 2100
	case Loose:
		return 1250, 2150
	}
	return 1200, 2200
}

// Octet is one character heard.
type Octet struct {
	Value byte
	// Start is the sample, counted from the first one fed, at which the start bit
	// began, End the one at which the stop bit was over.
	Start, End int64
	// Soft holds how surely each data bit, from the lowest on, is a one (positive)
	// or a zero (negative), at most Full.
	Soft [8]int32
	// Fit is how strong the tones of the mode are in it. Of two demodulators the
	// one with the sender's own tones has the greater.
	Fit int32
	// Peak is the greatest energy of three bits in a row of it. A click stands out.
	Peak int32
}

// samplesPerBit is 20/3.
const samplesPerBit = float64(pcm.Rate) / BitRate
