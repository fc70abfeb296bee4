// Package digits makes the sounds that detectors of telephone keys are measured
// with: keys in every condition of ITU-T Q.24 and of the project's figures, and
// the voices that must not be taken for keys. The same seed gives the same
// sound; a detector is tuned on some seeds and judged on others.
package digits

import (
	"math"
	"strings"

	"github.com/centralita/centralita/dsp/pcm"
)

// Trial is one stretch of sound and the keys in it.
type Trial struct {
	Want    string
	Samples []int16
}

// Condition is one way to spoil digits and what is asked of a detector in it.
type Condition struct {
	Name     string
	Goal     string  // in words
	Min, Max float64 // per cent of the keys that must, and may, be heard
	Extra    int     // keys that may be invented
	shape    Shape
	rounds   int // of sixteen keys
	spoil    spoiler
	law      bool // 8 bits of µ-law
	keys     func(round int) string
}

// Trials returns the sounds of a condition. Voice is prompt speech at 8 kHz, used
// where the condition is one of speech; without it speech of our own stands in.
func (c *Condition) Trials(seed uint64, voice Line) []Trial {
	r := NewRng(seed)
	var out []Trial
	for i := range c.rounds {
		keys := Keys
		if c.keys != nil {
			keys = c.keys(i)
		}
		var s Line
		if c.shape.On == 0 {
			s = field(keys, r, voice)
		} else {
			s = Line(nil).Send(keys, c.shape, r)
		}
		if c.spoil != nil {
			s = c.spoil(s, r, voice)
		}
		x := s.Samples()
		if c.law {
			x = Mulaw(x)
		}
		out = append(out, Trial{keys, x})
	}
	return out
}

func shape(f func(h *Shape)) Shape { h := Plain; f(&h); return h }

var long = Shape{On: 100, Off: 100, Low: -13, High: -13}

// spoiler is what a line does to keys; voice is somebody who speaks.
type spoiler func(s Line, r *Rng, voice Line) Line

// noise is white noise, snr dB below the keys.
func noise(snr float64) spoiler {
	return func(s Line, r *Rng, _ Line) Line { return s.Noise(-13+3.01-snr, r) }
}

// hum is tones, each db dB above one tone of a key.
func hum(db float64, hz ...float64) spoiler {
	return func(s Line, r *Rng, _ Line) Line { return s.Tone(-13+db, r, hz...) }
}

// over is the voice, db dB below the keys.
func over(db float64) spoiler {
	return func(s Line, r *Rng, voice Line) Line {
		v := cut(voice, len(s), r)
		return s.Add(v, math.Pow(10, (-13+3.01-db-v.Level())/20))
	}
}

// drop is a gap of ms milliseconds in each tone.
func drop(ms int) spoiler {
	return func(s Line, r *Rng, _ Line) Line { return dropout(s, ms, r) }
}

// Conditions returns the rows of the figures.
func Conditions() []Condition {
	lost := func(s Line, r *Rng, _ Line) Line { return s.Lose(0.05, r) }
	gap := func(ms float64) Shape { return shape(func(h *Shape) { h.Off = ms }) }
	same := func(i int) string { return strings.Repeat(Keys[i%16:i%16+1], 8) }
	all := func(name, goal string, h Shape, f spoiler) Condition {
		return Condition{Name: name, Goal: goal, Min: 99, Max: 100, shape: h, rounds: 20, spoil: f}
	}
	none := func(name string, h Shape) Condition {
		return Condition{Name: name, Goal: "0 %", shape: h, rounds: 20}
	}
	out := []Condition{
		all("40 ms", "≥ 99 %", shape(func(h *Shape) { h.On = 40 }), nil),
		none("23 ms", shape(func(h *Shape) { h.On = 23 })),
		{Name: "same key, gap 20 ms", Goal: "≥ 99 %", Min: 99, Max: 100, shape: gap(20), rounds: 48, keys: same},
		all("both +1.8 %", "≥ 99 %", shape(func(h *Shape) { h.OffLow, h.OffHi = .018, .018 }), nil),
		all("both −1.8 %", "≥ 99 %", shape(func(h *Shape) { h.OffLow, h.OffHi = -.018, -.018 }), nil),
		none("low +3.5 %", shape(func(h *Shape) { h.OffLow = .035 })),
		none("low −3.5 %", shape(func(h *Shape) { h.OffLow = -.035 })),
		none("high +3.5 %", shape(func(h *Shape) { h.OffHi = .035 })),
		none("high −3.5 %", shape(func(h *Shape) { h.OffHi = -.035 })),
		all("twist 8 dB reverse", "≥ 99 %", shape(func(h *Shape) { h.High -= 8 }), nil),
		all("twist 8 dB normal", "≥ 99 %", shape(func(h *Shape) { h.High += 8 }), nil),
		all("0 dBm0", "≥ 99 %", shape(func(h *Shape) { h.Low, h.High = 0, 0 }), nil),
		all("−45 dBm0", "≥ 99 %", shape(func(h *Shape) { h.Low, h.High = -45, -45 }), nil),
		all("SNR 10 dB", "≥ 99 %", Plain, noise(10)),
		all("SNR 6 dB", "≥ 99 %", Plain, noise(6)),
		all("SNR 4 dB", "≥ 99 %", Plain, noise(4)),
		all("dial tone 350+440 0 dB", "≥ 99 %", Plain, hum(0, 350, 440)),
		all("dial tone 425 0 dB", "≥ 99 %", Plain, hum(0, 425)),
		all("hum 50/150 0 dB", "≥ 99 %", Plain, hum(0, 50, 150)),
		all("hum 60/180 0 dB", "≥ 99 %", Plain, hum(0, 60, 180)),
		all("echo 5 ms −10 dB", "100 %", Plain, func(s Line, _ *Rng, _ Line) Line { return s.Echo(5, -10) }),
		all("impulses +6 dB", "99.5 %", Plain, func(s Line, r *Rng, _ Line) Line { return s.Impulses(6, r) }),
		all("over speech +8 dB", "99 %", long, over(8)),
		all("over speech 0 dB", "90 %", long, over(0)),
		all("dropout 10 ms", "0 extra", long, drop(10)),
		all("dropout 20 ms", "0 extra", long, drop(20)),
		all("5 % packet loss", "0 extra", long, lost),
		{Name: "field mix, µ-law", Goal: "99 %, 0 extra", Min: 99, Max: 100, rounds: 200, law: true},
	}
	for i := range out {
		switch out[i].Name {
		case "echo 5 ms −10 dB":
			out[i].Min = 100
		case "impulses +6 dB":
			out[i].Min, out[i].rounds = 99.5, 40
		case "over speech 0 dB":
			out[i].Min, out[i].rounds = 90, 60
		case "over speech +8 dB", "SNR 4 dB":
			out[i].rounds = 60
		case "5 % packet loss":
			out[i].Min, out[i].rounds = 0, 40 // only what is too many counts
		case "dropout 10 ms", "dropout 20 ms":
			out[i].rounds = 40
		}
	}
	return out
}

// dropout silences ms milliseconds inside each tone of 100 ms.
func dropout(s Line, ms int, r *Rng) Line {
	for i := 0; i+1 < len(s); i++ {
		if s[i] == 0 && s[i+1] == 0 {
			continue
		}
		at := i + 160 + int(r.Next()*320)
		clear(s[at : at+8*ms])
		i += 1200
	}
	return s
}

// cut returns a stretch of n samples of voice, from anywhere.
func cut(voice Line, n int, r *Rng) Line {
	if len(voice) < 2*n {
		voice = Speech(2*float64(n)/pcm.Rate+1, r)
	}
	for {
		at := int(r.Next() * float64(len(voice)-n))
		if v := voice[at : at+n]; v.Level() > -45 {
			return v
		}
	}
}

// field sends keys as a line of the field does: each stretch with its own level,
// twist, lengths and troubles.
func field(keys string, r *Rng, voice Line) Line {
	level, twist := r.Between(-28, -6), r.Between(-6, 6)
	h := Shape{On: r.Between(45, 120), Off: r.Between(40, 120), Low: level - twist/2, High: level + twist/2}
	h.OffLow, h.OffHi = r.Between(-.012, .012), r.Between(-.012, .012)
	s := Line(nil).Send(keys, h, r)
	loud := level + 3.01
	switch int(r.Next() * 8) {
	case 0:
		s.Tone(level-r.Between(9, 20), r, 350, 440)
	case 1:
		s.Tone(level-r.Between(6, 20), r, 425)
	case 2:
		s.Tone(level-r.Between(6, 20), r, 50, 150)
	case 3:
		s.Echo(4+int(r.Next()*20), -r.Between(12, 20))
	case 4:
		v := cut(voice, len(s), r)
		s.Add(v, math.Pow(10, (loud-r.Between(12, 20)-v.Level())/20))
	case 5:
		s.Impulses(level+13, r)
	case 6:
		s.Lose(0.002, r)
	}
	return s.Noise(loud-r.Between(12, 40), r)
}

// Score counts the keys of want that were heard in order, and those that are
// too many.
func Score(want, got string) (hit, extra int) {
	row := make([]int, len(got)+1) // longest common subsequence
	for i := range len(want) {
		prev := 0
		for j := range len(got) {
			cur := row[j+1]
			if want[i] == got[j] {
				row[j+1] = prev + 1
			} else {
				row[j+1] = max(row[j+1], row[j])
			}
			prev = cur
		}
	}
	hit = row[len(got)]
	return hit, len(got) - hit
}
