// Package player is what a leg hears when nobody talks to it: a list of parts
// (recorded prompts, pauses, tones, music) played one after the other without
// a gap.
package player

import (
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/tone"
)

// Part is one thing to be played. Exactly one of PCM, Tone and Pause is set.
type Part struct {
	// PCM is linear audio at 8 kHz, shared and never written to. It is played
	// once; with Radio it is endless and not played from its beginning but
	// from where everybody else is who hears it, so that music goes on after
	// an announcement where it would be without it.
	PCM   []int16
	Radio bool
	// Tone is a signal that ends by itself, or after Millis when that is not 0.
	Tone   *tone.Spec
	Millis int
	// Pause is silence of so many milliseconds.
	Pause int
}

// Player plays a list of parts. The zero value has nothing to play.
type Player struct {
	parts []Part
	at    int         // part that plays
	pos   int         // samples of it that were played
	tone  tone.Player // when it is a tone
	on    bool
}

// Start plays parts from the beginning, instead of whatever played. An empty
// list ends at once: the next Fill reports its end.
func (p *Player) Start(parts []Part) {
	p.parts, p.at, p.on = parts, 0, true
	p.enter()
}

// Stop ends what plays; there is no end to be reported.
func (p *Player) Stop() {
	p.parts, p.at, p.on = nil, 0, false
	p.tone.Stop()
}

// Playing reports whether something plays.
func (p *Player) Playing() bool { return p.on }

// Fill writes the next 20 ms into f, the rest of its last frame silent, and
// reports once, with that frame, that the list ended. clock is the number of
// samples that the radio has played.
func (p *Player) Fill(f *pcm.Frame, clock uint64) (ended bool) {
	rest := f[:]
	for p.on && len(rest) > 0 && p.at < len(p.parts) {
		n, over := p.fill(rest, clock+uint64(len(f)-len(rest)))
		rest = rest[n:]
		if over {
			p.at++
			p.enter()
		}
	}
	clear(rest)
	if p.on && p.at >= len(p.parts) {
		p.Stop()
		return true
	}
	return false
}

// enter prepares the part that comes now.
func (p *Player) enter() {
	p.pos = 0
	if p.at < len(p.parts) && p.parts[p.at].Tone != nil {
		p.tone.Start(*p.parts[p.at].Tone)
	}
}

// fill plays the present part into dst and returns how many samples it gave
// and whether it is over.
func (p *Player) fill(dst []int16, clock uint64) (n int, over bool) {
	part := &p.parts[p.at]
	switch {
	case part.Radio && len(part.PCM) > 0:
		return radio(dst, part.PCM, clock), false
	case part.Tone != nil:
		if part.Millis > 0 {
			dst = dst[:min(len(dst), tone.Ms(part.Millis)-p.pos)]
		}
		n = p.tone.FillSamples(dst)
		if part.Millis > 0 && n < len(dst) {
			n = len(dst) // the signal is over before its time: silence
		}
		p.pos += n
		return n, !p.tone.Playing() && part.Millis == 0 || part.Millis > 0 && p.pos >= tone.Ms(part.Millis)
	case part.Pause > 0:
		n = min(len(dst), tone.Ms(part.Pause)-p.pos)
		clear(dst[:n])
		p.pos += n
		return n, p.pos >= tone.Ms(part.Pause)
	}
	n = copy(dst, part.PCM[p.pos:])
	p.pos += n
	return n, p.pos >= len(part.PCM)
}

// radio fills dst with what everybody hears at the given time.
func radio(dst, music []int16, clock uint64) int {
	at := int(clock % uint64(len(music)))
	for n := 0; n < len(dst); {
		c := copy(dst[n:], music[at:])
		n += c
		at = 0
	}
	return len(dst)
}
