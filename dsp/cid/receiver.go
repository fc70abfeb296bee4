package cid

import (
	"bytes"

	"github.com/centralita/centralita/dsp/dtmf"
	"github.com/centralita/centralita/dsp/fsk"
	"github.com/centralita/centralita/dsp/pcm"
)

// hold is how long a message waits for the other modems to find it too, in
// samples: the tones that fit better name the standard.
const hold = 2 * pcm.FrameLen

// Receiver finds caller id in the audio of a line on hook. Create it with
// NewReceiver and feed it all audio from the hang-up on, ringing included. It
// holds no reference to what it was fed. Its three modems and the keys cost about
// 20 µs a frame on a quiet line and 80 µs on a hissing one, and 0.1 MB of memory.
type Receiver struct {
	// Deaf switches off the standards set in it.
	Deaf [3]bool
	// Category says that the first digit of a DTMF number is the caller's category
	// (Brazil).
	Category bool

	filter  fsk.HighPass
	modem   [3]fsk.Demodulator // by fsk.Mode
	octets  [3]assembler
	scratch [8]fsk.Octet
	heard   found
	waiting found // heard, but not told yet
	from    fsk.Mode
	due     int64 // when it is told; 0 when there is none
	spoilt  bool  // two modems found different messages
	told    int64 // end of the last message told

	keys   dtmf.Detector
	events [8]dtmf.Event
	text   [64]byte
	n      int   // keys in text
	first  int64 // when the first began, ms
	last   int64 // when the last ended, ms

	frame pcm.Frame // what was fed and is not a whole frame yet
	fill  int
	now   int64 // samples heard
}

// NewReceiver returns a receiver for all standards.
func NewReceiver() *Receiver {
	r := &Receiver{}
	r.Reset()
	return r
}

// Reset forgets everything heard, and counts from 0 again.
func (r *Receiver) Reset() {
	*r = Receiver{Deaf: r.Deaf, Category: r.Category}
	for m := range r.modem {
		r.modem[m] = fsk.New(fsk.Mode(m))
	}
}

// Feed listens to any number of samples and appends the messages found to out.
// The result is that of the same samples in whole frames.
func (r *Receiver) Feed(x []int16, out []Message) []Message {
	for len(x) > 0 {
		n := copy(r.frame[r.fill:], x)
		x = x[n:]
		if r.fill += n; r.fill == pcm.FrameLen {
			r.fill = 0
			out = r.listen(&r.frame, out)
		}
	}
	return out
}

// Process listens to the next frame and appends the messages found to out. An
// FSK message is told within 0.1 s of its end.
func (r *Receiver) Process(f *pcm.Frame, out []Message) []Message {
	if r.fill == 0 {
		return r.listen(f, out)
	}
	return r.Feed(f[:], out)
}

func (r *Receiver) listen(f *pcm.Frame, out []Message) []Message {
	r.now += pcm.FrameLen
	var y [pcm.FrameLen]int32
	r.filter.Run(y[:], f[:])
	for m := range r.modem {
		if r.deaf(fsk.Mode(m)) {
			continue
		}
		for _, o := range r.modem[m].ProcessFiltered(y[:], r.scratch[:0]) {
			if r.octets[m].push(o, &r.heard) {
				r.weigh(fsk.Mode(m))
			}
		}
	}
	if r.due > 0 && r.now >= r.due {
		out = r.tell(out)
	}
	if !r.Deaf[DTMF] {
		for _, e := range r.keys.Process(f, r.events[:0]) {
			out = r.key(e, out)
		}
	}
	return out
}

// deaf reports whether a modem is switched off.
func (r *Receiver) deaf(m fsk.Mode) bool {
	if m == fsk.Loose {
		return r.Deaf[Bell202] && r.Deaf[V23]
	}
	return r.Deaf[m]
}

// weigh takes the message a modem found. When both strict ones found it, the
// tones that fit better name its standard; when they disagree, neither is
// believed. The loose one is believed only where they found nothing.
func (r *Receiver) weigh(m fsk.Mode) {
	h := &r.heard
	switch {
	case h.start < r.told:
	case r.due == 0 || h.start >= r.waiting.end:
		r.waiting, r.from, r.due, r.spoilt = *h, m, r.now+hold, false
	case m == fsk.Loose:
	case r.from == fsk.Loose:
		r.waiting, r.from = *h, m
	case !bytes.Equal(h.raw[:h.len], r.waiting.raw[:r.waiting.len]):
		r.spoilt = true
	case h.fit > r.waiting.fit:
		r.waiting, r.from = *h, m
	}
}

// standard names the one of the message that waits.
func (r *Receiver) standard() Standard {
	switch {
	case r.from != fsk.Loose:
		return Standard(r.from)
	case r.Deaf[Bell202], !r.Deaf[V23] && r.modem[V23].Fit() > r.modem[Bell202].Fit():
		return V23
	}
	return Bell202
}

// tell appends the message that waited, if it says anything.
func (r *Receiver) tell(out []Message) []Message {
	w := &r.waiting
	r.due = 0
	info, err := Parse(w.raw[:w.len])
	if err != nil || r.spoilt { // nobody to tell: it is not a message
		return out
	}
	r.told = w.end
	const perMs = pcm.Rate / 1000
	return append(out, Message{
		Standard: r.standard(), At: w.start / perMs, End: w.end / perMs,
		Raw: append([]byte(nil), w.raw[:w.len]...), Info: info,
	})
}

// maxKeyPause is the longest pause within keys, in milliseconds: EN 300 659-1
// annex B has 70, dialling people take longer.
const maxKeyPause = 500

// key takes the beginning or the end of a key.
func (r *Receiver) key(e dtmf.Event, out []Message) []Message {
	if !e.Down {
		r.last = e.At
		return out
	}
	if r.n == len(r.text) || e.At-r.last > maxKeyPause {
		r.n = 0
	}
	if r.n == 0 {
		r.first = e.At
	}
	r.text[r.n] = e.Digit
	r.n++
	if e.Digit != 'C' && e.Digit != '#' {
		return out
	}
	keys := string(r.text[:r.n])
	r.n = 0
	info, err := ParseKeys(keys)
	if err != nil { // keys, but not caller id
		return out
	}
	if r.Category && len(info.Number) > 1 {
		info.Category, info.Number = info.Number[0], info.Number[1:]
	}
	return append(out, Message{Standard: DTMF, At: r.first, End: e.At, Raw: []byte(keys), Info: info})
}
