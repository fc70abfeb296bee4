package cid

import (
	"fmt"

	"github.com/centralita/centralita/dsp/dtmf"
	"github.com/centralita/centralita/dsp/fsk"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/tone"
)

// Lengths of what is sent, in bits and milliseconds (GR-30 § 2.2; EN 300 659-1
// § 5.4 and 6; the alert of the United Kingdom: SIN 227).
const (
	SeizureBits  = 300 // 0 and 1 in turn, on hook
	MarkBits     = 180 // on hook
	MarkBitsTalk = 80  // while a call is up, with no seizure before
	tailBits     = 4   // EN 300 659-1 § 5.4.4: 1 to 10 after the last octet
	AlertMs      = 100 // on hook: 88 to 110
	AlertTalkMs  = 80  // while a call is up: 75 to 85
	AlertPauseMs = 60  // from the alert to the seizure: 45 to 75
)

// Sending is how caller id is sent. The zero value sends Bell 202 on hook.
type Sending struct {
	Standard Standard
	Level    float64 // of mark, or of the high DTMF tone, dBm0; 0 stands for the usual one
	// Alert is how long the dual tone sounds before, in milliseconds; 0 sends none.
	Alert int
	// Talk leaves the seizure out and shortens the mark, as for call waiting.
	Talk bool
	// End is the key that ends DTMF, 'C' or '#'; 0 stands for 'C'.
	End byte
}

// ForCountry returns how an FXS port of a country sends caller id, and whether
// before the first ring (after a reversal of polarity or a short ring) instead of
// between the first and the second. Countries are named by two letters; what is
// not known is sent as in the United States.
func ForCountry(country string) (s Sending, before bool) {
	switch country {
	case "GB", "UK":
		return Sending{Standard: V23, Alert: AlertMs}, true
	case "BR":
		return Sending{Standard: DTMF, End: 'C'}, true
	case "DK", "NL", "SE", "FI":
		return Sending{Standard: DTMF, End: 'C'}, true
	case "ES", "DE", "FR", "IT", "PT", "AT", "BE", "CH", "NO", "PL":
		return Sending{Standard: V23}, false
	}
	return Sending{Standard: Bell202}, false
}

// Sender sends a message as audio, frame after frame. The zero value has nothing
// to send.
type Sender struct {
	alert tone.Player
	wire  fsk.Modulator
	keys  tone.Player
	data  [maxOctets]byte
}

// Start begins to send what i says, in place of what was being sent. After an
// error nothing is sent.
func (s *Sender) Start(i Info, how Sending) error {
	s.Stop()
	if how.Standard == DTMF {
		if how.End == 0 {
			how.End = 'C'
		}
		keys, err := Keys(i, how.End)
		if err != nil {
			return err
		}
		return s.startKeys(keys, how)
	}
	raw, err := Encode(i)
	if err != nil {
		return err
	}
	return s.StartRaw(raw, how)
}

// StartRaw begins to send a message of type, length and body by FSK; its
// checksum is added. Nothing in it is checked but its length.
func (s *Sender) StartRaw(raw []byte, how Sending) error {
	s.Stop()
	if how.Standard > V23 {
		return fmt.Errorf("cannot send octets by %v", how.Standard)
	}
	if len(raw) == 0 || len(raw) >= maxOctets {
		return fmt.Errorf("cannot send message: it has %d octets, %d are possible", len(raw), maxOctets-1)
	}
	n := copy(s.data[:], raw)
	s.data[n] = Checksum(raw)
	wire := fsk.Sending{Mode: fsk.Mode(how.Standard), Seizure: SeizureBits, Mark: MarkBits, Tail: tailBits, Level: how.Level}
	if how.Talk {
		wire.Seizure, wire.Mark = 0, MarkBitsTalk
	}
	s.wire.Start(s.data[:n+1], wire)
	s.startAlert(how)
	return nil
}

func (s *Sender) startKeys(keys string, how Sending) error {
	d := dtmf.Sending{OnMs: 70, OffMs: 70, Low: -11, High: -9} // EN 300 659-1 annex B
	if how.Level != 0 {
		d.High, d.Low = how.Level, how.Level-2
	}
	spec, err := dtmf.Spec(keys, d)
	if err != nil {
		return err
	}
	s.keys.Start(spec)
	s.startAlert(how)
	return nil
}

func (s *Sender) startAlert(how Sending) {
	if how.Alert > 0 {
		s.alert.Start(AlertSpec(how.Alert, how.Level))
	}
}

// Stop ends the signal.
func (s *Sender) Stop() { *s = Sender{} }

// Sending reports whether anything is left to send.
func (s *Sender) Sending() bool {
	return s.alert.Playing() || s.wire.Sending() || s.keys.Playing()
}

// FillSamples fills dst and returns how many samples of the signal are in it;
// the rest is silence.
func (s *Sender) FillSamples(dst []int16) int {
	n := s.alert.FillSamples(dst)
	n += s.wire.FillSamples(dst[n:])
	n += s.keys.FillSamples(dst[n:])
	clear(dst[n:])
	return n
}

// Fill fills f with the next 20 ms and reports whether any of it was sent.
func (s *Sender) Fill(f *pcm.Frame) bool { return s.FillSamples(f[:]) > 0 }
