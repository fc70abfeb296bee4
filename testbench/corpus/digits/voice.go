package digits

import (
	"encoding/binary"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/centralita/centralita/dsp/dtmf"
	"github.com/centralita/centralita/dsp/pcm"
)

// PromptDir is where Debian's packages of recorded prompts put them.
const PromptDir = "/usr/share/asterisk/sounds"

// Prompts returns the recorded prompts below dir, 8 kHz mono WAV of 16 bits, in
// the order of their names and each once, with a pause of 0.2 s after each.
// Prompts that are themselves signals (beeps, tones, keys) are left out.
func Prompts(dir string) (Line, error) {
	var files []string
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.Type().IsRegular() && strings.HasSuffix(path, ".wav") && !signal(filepath.Base(path)) {
			files = append(files, path)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("cannot find prompts below %s: apt-get install asterisk-core-sounds-{en,es,fr,it,ru}-wav", dir)
	}
	sort.Strings(files)
	var out Line
	for _, f := range files {
		x, err := readWAV(f)
		if err != nil {
			return nil, err
		}
		out = append(append(out, x...), make(Line, 1600)...)
	}
	return out, nil
}

func signal(name string) bool {
	for _, s := range []string{"beep", "tone", "dtmf", "silence", "ascending", "descending", "confbridge-join", "confbridge-leave"} {
		if strings.Contains(name, s) {
			return true
		}
	}
	return false
}

func readWAV(path string) (Line, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	for at := 12; at+8 <= len(b); {
		size := int(binary.LittleEndian.Uint32(b[at+4:]))
		body := b[at+8 : min(len(b), at+8+size)]
		if string(b[at:at+4]) == "data" {
			x := make(Line, len(body)/2)
			for i := range x {
				x[i] = float64(int16(binary.LittleEndian.Uint16(body[2*i:])))
			}
			return x, nil
		}
		at += 8 + size + size&1
	}
	return nil, fmt.Errorf("cannot read %s: no samples in it", path)
}

// Faster returns s played at a speed, pitch and all, by cubic interpolation.
func (s Line) Faster(speed float64) Line {
	out := make(Line, 0, int(float64(len(s))/speed))
	for at := 1.0; int(at)+2 < len(s); at += speed {
		i := int(at)
		f := at - float64(i)
		a, b, c, d := s[i-1], s[i], s[i+1], s[i+2]
		out = append(out, b+f*(c-a+f*(2*a-5*b+4*c-d+f*(3*(b-c)+d-a))/1)/2)
	}
	return out
}

// Speech is voiced sound of a glottal buzz through three moving formants, with
// gliding pitch, syllables and pauses: harder than any voice.
func Speech(seconds float64, r *Rng) Line {
	n := int(seconds * pcm.Rate)
	s := make(Line, 0, n)
	for len(s) < n {
		s = append(s, syllable(r)...)
		if r.Next() < 0.2 {
			s = append(s, make(Line, int(800*r.Next()))...)
		}
	}
	return s
}

func syllable(r *Rng) Line {
	x := make(Line, int(r.Between(60, 350)*8))
	f0, f1 := r.Between(90, 280), r.Between(90, 280)
	if r.Next() < 0.4 {
		f1 = f0
	}
	var f, y1, y2 [3]float64
	f[0], f[1], f[2] = r.Between(250, 900), r.Between(800, 2300), r.Between(2000, 3300)
	phase := 0.0
	level := r.Between(-28, -8)
	for i := range x {
		t := float64(i) / float64(len(x))
		phase += (f0 + (f1-f0)*t) / pcm.Rate
		in := 0.01 * r.Gauss()
		if phase >= 1 {
			phase--
			in++
		}
		for k := range f {
			rad := math.Exp(-math.Pi * (50 + 40*float64(k)) / pcm.Rate)
			y := in + 2*rad*math.Cos(2*math.Pi*f[k]/pcm.Rate)*y1[k] - rad*rad*y2[k]
			y2[k], y1[k] = y1[k], y
			x[i] += y * (1 - 0.3*float64(k))
		}
		x[i] *= math.Sin(math.Pi * t)
	}
	gain := math.Pow(10, (level-x.Level())/20)
	for i := range x {
		x[i] *= gain
	}
	return x
}

// Sung is vowels held on a pitch with a little vibrato, of which two harmonics
// stand out: one in the low and one in the high group.
func Sung(seconds float64, r *Rng) Line {
	n := int(seconds * pcm.Rate)
	s := make(Line, 0, n)
	for len(s) < n {
		s = append(s, vowel(r)...)
		s = append(s, make(Line, int(r.Between(0, 2400)))...)
	}
	return s
}

func vowel(r *Rng) Line {
	f0 := r.Between(80, 420)
	low, high := int(math.Round(r.Between(680, 960)/f0)), int(math.Round(r.Between(1190, 1650)/f0))
	lift := math.Pow(10, r.Between(6, 14)/20)
	rate, depth := r.Between(4, 7), r.Between(0, 0.012)
	x := make(Line, int(r.Between(300, 1500)*8))
	top := int(3600 / f0)
	amp := make([]float64, top+1)
	for h := 1; h <= top; h++ {
		amp[h] = 1 / math.Pow(float64(h), 0.6)
		if h == low || h == high {
			amp[h] *= lift
		}
	}
	phase := 0.0
	for i := range x {
		t := float64(i) / pcm.Rate
		phase += 2 * math.Pi * f0 * (1 + depth*math.Sin(2*math.Pi*rate*t)) / pcm.Rate
		for h := 1; h <= top; h++ {
			x[i] += amp[h] * math.Sin(float64(h)*phase)
		}
		x[i] *= min(1, float64(i)/400, float64(len(x)-i)/400)
	}
	gain := math.Pow(10, (r.Between(-24, -8)-x.Level())/20)
	for i := range x {
		x[i] *= gain
	}
	return x
}

// Third is keys that always sound with a third tone as loud as each of theirs,
// between the tones of the groups or beside them: nothing a keypad sends.
func Third(seconds float64, r *Rng) Line {
	n := int(seconds * pcm.Rate)
	s := make(Line, 0, n)
	for len(s) < n {
		key := Keys[int(r.Next()*16)]
		h := Shape{On: r.Between(60, 500), Low: -13, High: -13}
		burst := Line(nil).Key(key, h, r)
		low, high, _ := dtmf.Frequencies(key)
		hz := low
		for math.Abs(hz-low) < 60 || math.Abs(hz-high) < 60 {
			hz = r.Between(600, 2800)
		}
		s = append(s, burst.Tone(-13, r, hz)...)
		s = append(s, make(Line, int(r.Between(300, 1200)))...)
	}
	return s
}

// Staccato is the enemy of call-progress detectors: a voice that sings phrases of
// equal notes near hz, in a rhythm that keeps within 8 per cent, with vibrato,
// attack and a little of the higher harmonics.
func Staccato(seconds, hz float64, r *Rng) Line {
	n := int(seconds * pcm.Rate)
	s := make(Line, 0, n)
	for len(s) < n {
		on, off := r.Between(150, 800), r.Between(150, 600)
		f0 := hz * r.Between(0.97, 1.03)
		rate, depth, second := r.Between(4.5, 7), r.Between(0.003, 0.012), r.Between(0.1, 0.5)
		amp := pcm.Peak(r.Between(-25, -10))
		for range 4 + int(r.Next()*8) {
			x := make(Line, int(on*8*r.Between(0.92, 1.08)))
			phase, third := 0.0, r.Between(0.02, 0.3)
			for i := range x {
				t := float64(i) / pcm.Rate
				phase += 2 * math.Pi * f0 * (1 + depth*math.Sin(2*math.Pi*rate*t)) / pcm.Rate
				env := min(1, float64(i)/320, float64(len(x)-i)/480) * (1 + 0.15*math.Sin(2*math.Pi*rate*t+1))
				x[i] = amp * env * (math.Sin(phase) + second*math.Sin(2*phase) + third*math.Sin(3*phase) + 0.03*r.Gauss())
			}
			s = append(append(s, x...), make(Line, int(off*8*r.Between(0.92, 1.08)))...)
		}
		s = append(s, make(Line, int(r.Between(2000, 12000)))...)
	}
	return s
}
