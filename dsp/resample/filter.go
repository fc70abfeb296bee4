package resample

import "math"

// The coefficients have so many fractional bits.
const (
	fracBits = 22
	round    = 1 << (fracBits - 1)
	// maxSpan is the longest window: 349 taps going down by six, filled up to a
	// multiple of four.
	maxSpan = 352
)

// filter is one low pass in the two forms that are needed. Windows are stored
// oldest sample first and filled up with zeros to a multiple of four.
type filter struct {
	half     int     // delay in samples of the higher rate
	upSpan   int     // samples of the lower rate in a window going up
	up       []int32 // one window for each phase
	downSpan int     // samples of the higher rate in a window going down
	down     []int32
}

// The three filters. Their delays are whole samples of the lower rate.
var (
	by2 = makeFilter(2, 29, 3700.0/16000)
	by3 = makeFilter(3, 35, 7500.0/48000)
	by6 = makeFilter(6, 29, 3700.0/48000)
)

// kaiserBeta shapes the window for a stop band of 70 dB.
const kaiserBeta = 6.76

// makeFilter makes the low pass for a factor, with a delay in samples of the
// lower rate and the middle of its transition as a fraction of the higher rate.
func makeFilter(factor, delay int, cutoff float64) filter {
	half := factor * delay
	f := filter{half: half}
	h := make([]float64, 2*half+1)
	for i := range h {
		x := float64(i - half)
		w := bessel0(kaiserBeta*math.Sqrt(1-x*x/float64((half+1)*(half+1)))) / bessel0(kaiserBeta)
		h[i] = 2 * cutoff * w
		if x != 0 {
			h[i] = w * math.Sin(2*math.Pi*cutoff*x) / (math.Pi * x)
		}
	}
	f.downSpan = fill4(len(h))
	f.down = make([]int32, f.downSpan)
	fixed(f.down[f.downSpan-len(h):], h) // the filter is symmetric: no turning round
	perPhase := 2*delay + 1
	f.upSpan = fill4(perPhase)
	f.up = make([]int32, factor*f.upSpan)
	for p := range factor {
		row := make([]float64, perPhase)
		for k := range perPhase { // k samples back
			if i := k*factor + p; i < len(h) {
				row[perPhase-1-k] = h[i]
			}
		}
		fixed(f.up[(p+1)*f.upSpan-perPhase:(p+1)*f.upSpan], row)
	}
	return f
}

func fill4(n int) int { return (n + 3) / 4 * 4 }

// fixed rounds h to integers that sum to one: a constant stays what it is.
func fixed(dst []int32, h []float64) {
	var sum float64
	for _, v := range h {
		sum += v
	}
	rest, largest := int32(1<<fracBits), 0
	for i, v := range h {
		dst[i] = int32(math.Round(v / sum * (1 << fracBits)))
		rest -= dst[i]
		if dst[i] > dst[largest] {
			largest = i
		}
	}
	dst[largest] += rest
}

// bessel0 is the modified Bessel function of the first kind, order zero.
func bessel0(x float64) float64 {
	sum, term := 1.0, 1.0
	for k := 1.0; term > sum*1e-12; k++ {
		term *= x * x / (4 * k * k)
		sum += term
	}
	return sum
}
