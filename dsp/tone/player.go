package tone

import "github.com/centralita/centralita/dsp/pcm"

// Player plays a Spec frame after frame. The phases of a frequency run on while
// the frequency stays the same from one segment to the next. The zero Player
// has ended.
type Player struct {
	spec    Spec
	seg     int
	left    int // samples left in the segment, if it ends
	endless bool
	playing bool

	osc   [MaxPartials]Osc
	n     int   // oscillators that sound
	gain  int32 // 0..rampLen, the swell
	fade  bool  // the segment after this one is silent
	clock int64 // samples played
}

// Start begins spec from its first sample. Partials over MaxPartials are not heard.
func (p *Player) Start(spec Spec) {
	*p = Player{spec: spec, playing: len(spec.Segments) > 0}
	if p.playing {
		p.enter(0)
	}
}

// Stop ends the signal.
func (p *Player) Stop() { *p = Player{} }

// Playing reports whether anything is left to play.
func (p *Player) Playing() bool { return p.playing }

// Played returns how many samples have been played since Start.
func (p *Player) Played() int64 { return p.clock }

// Fill fills f with the next 160 samples: silence once the signal has ended. It
// reports whether any sample of the signal was in it.
func (p *Player) Fill(f *pcm.Frame) bool { return p.FillSamples(f[:]) > 0 }

// FillSamples fills dst and returns how many samples of the signal are in it;
// the rest is silence.
func (p *Player) FillSamples(dst []int16) int {
	n := 0
	for n < len(dst) && p.playing {
		run := len(dst) - n
		if !p.endless {
			run = min(run, p.left)
		}
		p.sound(dst[n : n+run])
		n += run
		if p.left -= run; !p.endless && p.left == 0 {
			p.next()
		}
	}
	clear(dst[n:])
	p.clock += int64(n)
	return n
}

// sound writes samples of the present segment.
func (p *Player) sound(dst []int16) {
	if p.n == 0 {
		clear(dst)
		return
	}
	for i := range dst {
		var v int32
		for k := range p.n {
			v += p.osc[k].Next()
		}
		if p.fade && p.left-i <= rampLen {
			p.gain = min(p.gain, int32(p.left-i-1))
		} else if p.gain < rampLen {
			p.gain++
		}
		if p.gain < rampLen {
			v = int32(int64(v) * int64(p.gain) / rampLen)
		}
		dst[i] = pcm.Clip((v + 128) >> 8)
	}
}

// next goes on to the following segment, or ends.
func (p *Player) next() {
	seg := p.seg + 1
	if seg == len(p.spec.Segments) {
		if p.spec.Repeat < 0 || p.spec.Repeat >= seg { // once, or beyond the end

			p.playing = false
			return
		}
		seg = p.spec.Repeat
	}
	p.enter(seg)
}

// enter sets up a segment.
func (p *Player) enter(i int) {
	seg := &p.spec.Segments[i]
	was := p.n
	p.seg, p.left, p.endless = i, seg.Samples, seg.Samples <= 0
	p.n = min(len(seg.Partials), MaxPartials)
	for k := range p.n {
		next := NewOsc(seg.Partials[k].Hz, seg.Partials[k].DBm0)
		if k < was && p.osc[k].step == next.step {
			next.phase = p.osc[k].phase
		}
		p.osc[k] = next
	}
	if was == 0 {
		p.gain = 0
	}
	p.fade = !p.endless && p.silentAfter(i)
}

// silentAfter reports whether nothing sounds after segment i.
func (p *Player) silentAfter(i int) bool {
	j := i + 1
	if j == len(p.spec.Segments) {
		if j = p.spec.Repeat; j < 0 || j > i {
			return true
		}
	}
	return len(p.spec.Segments[j].Partials) == 0
}
