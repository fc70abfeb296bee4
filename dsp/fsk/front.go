package fsk

import (
	"math"

	"github.com/centralita/centralita/dsp/pcm"
)

// reach is how many samples on either side of its middle a bit is weighed with:
// the bit itself and a neighbour each way, and one sample for rounding.
const reach = 11

// taps is the length of the high-pass.
const taps = 65

// highPass takes hum away: 50 dB below 200 Hz, flat from 620 Hz on, with the
// same delay for all frequencies so that no bit smears into the next. It is
// symmetric; the first half and the middle are kept, with 15 fractional bits.
var highPass = func() (h [taps/2 + 1]int64) {
	const cut = 2 * 410.0 / pcm.Rate
	for i := range h {
		k := float64(taps/2 - i)
		ideal := 1 - cut
		if k != 0 {
			ideal = -math.Sin(math.Pi*cut*k) / (math.Pi * k)
		}
		w := 0.54 + 0.46*math.Cos(math.Pi*k/(taps/2))
		h[i] = int64(math.Round(ideal * w * (1 << 15)))
	}
	return h
}()

// HighPass takes away what is below the tones, hum above all, for demodulators
// that share it. The zero value is ready.
type HighPass struct {
	line [2 * taps]int32 // the last samples, twice, so that taps of them are in a row
	at   int             // where the next one goes
}

// Run filters x into y, which must be as long; y has three fractional bits.
func (h *HighPass) Run(y []int32, x []int16) {
	for i, s := range x {
		y[i] = h.next(s)
	}
}

func (h *HighPass) next(s int16) int32 {
	h.line[h.at], h.line[h.at+taps] = int32(s), int32(s)
	if h.at++; h.at == taps {
		h.at = 0
	}
	x := h.line[h.at : h.at+taps : h.at+taps]
	y := int64(x[taps/2]) * highPass[taps/2]
	for i, c := range highPass[:taps/2] {
		y += int64(x[i]+x[taps-1-i]) * c
	}
	return int32(y >> 12)
}

// period is a number of samples in which all tones repeat.
const period = 160

// mixer holds, for one mode, cosine and sine of both tones with 14 fractional
// bits, space first, and the turn from tone to tone at either end of a bit by
// the place of its middle.
type mixer struct {
	cos, sin [2][period]int64
	turn     [2][period]complex64
	loose    bool
}

func newMixer(m Mode) *mixer {
	x := &mixer{loose: m == Loose}
	mark, space := m.Tones()
	for i := range period {
		for k, hz := range [2]float64{space, mark} {
			phi := 2 * math.Pi * hz * float64(i) / pcm.Rate
			x.cos[k][i] = int64(math.Round((1 << 14) * math.Cos(phi)))
			x.sin[k][i] = int64(math.Round((1 << 14) * math.Sin(phi)))
		}
		for b, at := range [2]float64{-0.5, 0.5} {
			phi := -2 * math.Pi * (space - mark) * (float64(i) - 0.5 + at*samplesPerBit) / pcm.Rate
			x.turn[b][i] = complex(float32(math.Cos(phi)), float32(math.Sin(phi)))
		}
	}
	return x
}

var mixers = [3]*mixer{newMixer(Bell202), newMixer(V23), newMixer(Loose)}

// sum is a complex running sum of a tone's mixer. It never loses a bit.
type sum struct{ re, im int64 }

const sumLen = 64

// front turns samples into soft bits: one for every sample at which a bit may
// have its middle.
type front struct {
	mix  *mixer
	sums [2][sumLen]sum
	work [sumLen]int64 // running sum of squares
	n    int64         // samples taken
	loud int64         // mean square above the hum, over some 8 ms
}

// quiet is the mean square at −55 dBm0, below which nothing is listened for; a
// filtered sample has three fractional bits.
var quiet = int64(64 * pcm.ZeroLevel * math.Pow(10, -5.5))

// push takes a filtered sample and weighs the bit that had its middle reach
// samples before: diff is how much more it is mark than space, best how strong the
// likelier of the two is. Both are 0 when the line is quiet.
func (f *front) push(sample int32) (diff, best int32) {
	y := int64(sample)
	f.loud += (y*y - f.loud) >> 6
	i := int(f.n % period)
	now, next := f.n&(sumLen-1), (f.n+1)&(sumLen-1)
	for k := range 2 {
		p := f.sums[k][now]
		p.re += y * f.mix.cos[k][i]
		p.im -= y * f.mix.sin[k][i]
		f.sums[k][next] = p
	}
	f.work[next] = f.work[now] + y*y
	f.n++
	if f.loud < quiet {
		return 0, 0
	}
	return f.soft(f.n - reach)
}

// energy returns that of the three bits around the soft bit pushed last, in units
// of 64 steps squared.
func (f *front) energy() int32 {
	c := f.n - reach
	return int32((f.work[(c+10)&(sumLen-1)] - f.work[(c-10)&(sumLen-1)]) >> 12)
}

// third returns three times the sum at a boundary of b and so many thirds of a
// sample.
func (f *front) third(k int, b int64, thirds int64) sum {
	p, q := &f.sums[k][b&(sumLen-1)], &f.sums[k][(b+1)&(sumLen-1)]
	return sum{(3-thirds)*p.re + thirds*q.re, (3-thirds)*p.im + thirds*q.im}
}

// since returns what came since o, in units of 1/48 sample steps and samples.
func (s sum) since(o sum) complex64 {
	const scale = 1. / (1 << 13)
	return complex(float32(s.re-o.re)*scale, float32(s.im-o.im)*scale)
}

// soft weighs the bit with its middle at boundary c. For either tone it takes the
// neighbours that fit best, each turned into the phase it would have if the
// sender's phase ran on, and compares the amplitudes.
func (f *front) soft(c int64) (diff, best int32) {
	var before, mid, after [2]complex64
	for k := range 2 {
		b0 := f.third(k, c-10, 0)
		b1 := f.third(k, c-4, 2)
		b2 := f.third(k, c+3, 1)
		b3 := f.third(k, c+10, 0)
		before[k], mid[k], after[k] = b1.since(b0), b2.since(b1), b3.since(b2)
	}
	if f.mix.loose { // the bit alone, with the weight of three
		mark, space := 3*root(power(mid[1])), 3*root(power(mid[0]))
		return int32(mark) - int32(space), int32(max(mark, space))
	}
	i := int((c + period) % period)
	t, u := f.mix.turn[0][i], f.mix.turn[1][i]
	space := fit(mid[0], before[0], mul(before[1], t), after[0], mul(after[1], u))
	mark := fit(mid[1], mul(before[0], conj(t)), before[1], mul(after[0], conj(u)), after[1])
	return int32(mark - space), int32(max(mark, space))
}

// fit returns the greatest amplitude of mid with one neighbour on either side.
func fit(mid, l0, l1, r0, r1 complex64) float32 {
	x, y := mid+l0, mid+l1
	return root(max(power(x+r0), power(x+r1), power(y+r0), power(y+r1)))
}

func root(p float32) float32 { return float32(math.Sqrt(float64(p))) }

// The explicit conversions forbid fused multiplication, so every machine counts
// alike.

func power(a complex64) float32 { return float32(real(a)*real(a)) + float32(imag(a)*imag(a)) }

func mul(a, b complex64) complex64 {
	return complex(float32(real(a)*real(b))-float32(imag(a)*imag(b)), float32(real(a)*imag(b))+float32(imag(a)*real(b)))
}

func conj(a complex64) complex64 { return complex(real(a), -imag(a)) }
