// Package greetings is what one hears after a call was answered: persons with a
// short word, offices with a sentence, and answering machines with a text and a
// beep, in Spanish and English, by many voices of espeak-ng, through a line with
// noise and companding. The same seed gives the same corpus.
package greetings

import (
	"fmt"
	"math"
	"strings"

	"github.com/centralita/centralita/dsp/g711"
	"github.com/centralita/centralita/dsp/noise"
	"github.com/centralita/centralita/dsp/pcm"
)

// Who answers.
type Who uint8

// Kinds of answers.
const (
	Person  Who = iota // a short word, then silence
	Office             // a person with a whole sentence
	Machine            // a text and a beep
)

// String returns the kind's name.
func (w Who) String() string { return [...]string{"person", "office", "machine"}[min(w, Machine)] }

// Case is one answered call from the moment of the answer. Times are in
// milliseconds from there.
type Case struct {
	Who   Who
	Lang  string // es or en
	Text  string
	Voice string
	Noise float64 // of the line, dBm0
	Level float64 // of the voice while it speaks, dBm0
	Audio []int16 // 8 kHz, 10 s at least

	From, To int64   // of the first words
	BeepAt   int64   // of machines; 0 when there is none
	BeepMs   int64   // its length
	BeepHz   float64 // its frequency
}

// Make returns n cases of each kind in each language, on lines with noise from
// −68 to −48 dBm0, at least 20 dB below the voice. It needs espeak-ng and sox.
func Make(seed uint64, n int) ([]Case, error) { return MakeNoisy(seed, n, 0) }

// MakeNoisy is Make with noise so many dB louder.
func MakeNoisy(seed uint64, n int, louder float64) ([]Case, error) {
	r := rng(seed*2 + 1)
	var out []Case
	for _, lang := range []string{"es", "en"} {
		for who := Person; who <= Machine; who++ {
			said := texts[lang][who]
			for i := range n {
				c := Case{Who: who, Lang: lang, Text: said[i%len(said)]}
				if err := c.make(&r, louder); err != nil {
					return nil, err
				}
				out = append(out, c)
			}
		}
	}
	return out, nil
}

// make speaks the text and sends it through a line.
func (c *Case) make(r *rng, louder float64) error {
	v := voices[c.Lang]
	c.Voice = v[r.upTo(len(v))] + variants[r.upTo(len(variants))]
	voice, err := c.say(140+r.upTo(60), 25+r.upTo(55), r)
	if err != nil {
		return err
	}
	c.Level, c.Noise = -30+18*r.next(), -68+20*r.next()
	c.Noise = min(c.Noise, c.Level-20) + louder
	Loudness(voice, c.Level)
	silence := func(ms int) { c.Audio = append(c.Audio, make([]int16, ms*8)...) }
	silence(150 + r.upTo(1000))
	c.From = int64(len(c.Audio) / 8)
	c.Audio = append(c.Audio, voice...)
	c.To = int64(len(c.Audio) / 8)
	if c.Who == Machine {
		silence(100 + r.upTo(1200))
		c.BeepAt, c.BeepMs = int64(len(c.Audio)/8), int64(220+r.upTo(800))
		c.BeepHz = 420 + 1500*r.next()
		c.beep(c.Level + 6*r.next())
		silence(2000)
	} else {
		silence(2500)
	}
	silence(max(0, 10000-len(c.Audio)/8))
	c.line(r)
	return nil
}

// say speaks the text. Every third machine, and every third person who says two
// things, takes a longer breath after the first: up to 1.1 s and 0.5 s.
func (c *Case) say(speed, pitch int, r *rng) ([]int16, error) {
	first, rest, two := strings.Cut(c.Text, ". ")
	longest := 1100
	if c.Who != Machine {
		first, rest, two = strings.Cut(c.Text, ", ")
		longest = 500
	}
	if breath := r.upTo(longest); two && r.next() < 0.33 {
		a, err := Say(c.Voice, speed, pitch, first)
		if err != nil {
			return nil, err
		}
		b, err := Say(c.Voice, speed, pitch, rest)
		return append(append(a, make([]int16, breath*8)...), b...), err
	}
	return Say(c.Voice, speed, pitch, c.Text)
}

// beep appends the beep at a level.
func (c *Case) beep(dbm0 float64) {
	for i := range c.BeepMs * 8 {
		ramp := min(1, float64(i)/40, float64(c.BeepMs*8-i)/40)
		c.Audio = append(c.Audio, int16(pcm.Peak(min(dbm0, 0))*ramp*math.Sin(2*math.Pi*c.BeepHz*float64(i)/pcm.Rate)))
	}
}

// line adds noise and a little hum and compands by one of the laws.
func (c *Case) line(r *rng) {
	for len(c.Audio)%pcm.FrameLen != 0 {
		c.Audio = append(c.Audio, 0)
	}
	n := noise.New(c.Noise, uint64(*r))
	hum, law, phase := pcm.Peak(c.Noise-6), r.upTo(2), 0.0
	octets := make([]byte, pcm.FrameLen)
	for at := 0; at < len(c.Audio); at += pcm.FrameLen {
		f := (*pcm.Frame)(c.Audio[at:])
		n.Add(f)
		for i := range f {
			f[i] = pcm.Clip(int32(f[i]) + int32(hum*math.Sin(phase)))
			phase += 2 * math.Pi * 50 / pcm.Rate
		}
		if law == 0 {
			g711.EncodeULaw(octets, f)
			g711.DecodeULaw(f, octets)
		} else {
			g711.EncodeALaw(octets, f)
			g711.DecodeALaw(f, octets)
		}
	}
}

// Loudness brings what is loud in x to a level in dBm0: the blocks of 20 ms
// within 25 dB of the loudest one count (in the manner of ITU-T P.56).
func Loudness(x []int16, dbm0 float64) {
	loudest := pcm.Floor
	for at := 0; at+pcm.FrameLen <= len(x); at += pcm.FrameLen {
		loudest = max(loudest, pcm.Level(x[at:at+pcm.FrameLen]))
	}
	var sum, count float64
	for at := 0; at+pcm.FrameLen <= len(x); at += pcm.FrameLen {
		if f := x[at : at+pcm.FrameLen]; pcm.Level(f) > loudest-25 {
			sum, count = sum+float64(pcm.Energy(f)), count+pcm.FrameLen
		}
	}
	if count == 0 {
		return
	}
	gain := math.Pow(10, (dbm0-pcm.DBm0(sum/count))/20)
	for i, v := range x {
		x[i] = pcm.Clip(int32(math.Round(gain * float64(v))))
	}
}

// rng is a generator of numbers that look random (xorshift64).
type rng uint64

func (r *rng) next() float64 {
	x := uint64(*r)
	x ^= x << 13
	x ^= x >> 7
	x ^= x << 17
	*r = rng(x)
	return float64(x>>11) / (1 << 53)
}

func (r *rng) upTo(n int) int { return int(r.next() * float64(n)) }

// String names the case.
func (c Case) String() string {
	return fmt.Sprintf("%s %v %q by %s, %.0f dBm0, noise %.0f", c.Lang, c.Who, c.Text, c.Voice, c.Level, c.Noise)
}
