package vad

// The floor looks back over so many windows of so many blocks: 3.2 s.
const (
	windows     = 20
	windowsLong = 16
)

// floor follows the noise of a band by its least power.
type floor struct {
	fast   float32    // power smoothed over two blocks
	four   [4]float32 // the newest powers, for their mean
	least  [windows]float32
	newest float32 // least power of the window that is being filled
	n      int
	at     int
	warm   bool
}

func newFloor() (f floor) {
	for i := range f.least {
		f.least[i] = loudest
	}
	f.newest = loudest
	return f
}

// bias is how far the least of the smoothed powers lies below their mean, for
// noise.
const bias = 1.5

// follow takes the power of a block and returns the noise, and the power to be
// held against it.
func (f *floor) follow(p float32) (noise, power float32) {
	if !f.warm {
		f.warm = true
		f.fast, f.four = p, [4]float32{p, p, p, p}
	}
	f.fast += float32(0.6 * (p - f.fast))
	f.four[f.n%4] = p
	slow := (f.four[0] + f.four[1] + f.four[2] + f.four[3]) / 4
	f.newest = min(f.newest, slow)
	m := f.newest
	for _, v := range f.least {
		m = min(m, v)
	}
	if f.n++; f.n == windowsLong {
		f.least[f.at] = f.newest
		f.at = (f.at + 1) % windows
		f.n, f.newest = 0, slow
	}
	return max(faintest, float32(bias*m)), f.fast
}

// splitter takes hum away and parts the rest at 1 kHz.
type splitter struct {
	hum  biquad
	low  biquad
	high biquad
}

// next returns the part of a sample below and over 1 kHz.
func (s *splitter) next(x float32) (low, high float32) {
	x = s.hum.next(&hum200, x)
	return s.low.next(&low1000, x), s.high.next(&high1000, x)
}

// Filters of two poles (Butterworth): b0, b1, b2, a1, a2.
var (
	hum200   = [5]float32{0.8948586, -1.7897172, 0.8948586, -1.7786318, 0.8008026}
	low1000  = [5]float32{0.0976311, 0.1952621, 0.0976311, -0.9428090, 0.3333333}
	high1000 = [5]float32{0.5690356, -1.1380712, 0.5690356, -0.9428090, 0.3333333}
)

// biquad is a filter of two poles; the conversions forbid fused multiplication.
type biquad struct{ s1, s2 float32 }

func (q *biquad) next(c *[5]float32, x float32) float32 {
	y := float32(c[0]*x) + q.s1
	q.s1 = float32(c[1]*x) - float32(c[3]*y) + q.s2
	q.s2 = float32(c[2]*x) - float32(c[4]*y)
	return y
}
