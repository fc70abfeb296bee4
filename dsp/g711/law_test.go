package g711

import (
	"math"
	"testing"

	"github.com/centralita/centralita/dsp/pcm"
)

// The numbers of tables 3 and 4: of each value from the faintest on, that in the
// other law, both counted from 1.
var (
	three = [128]int{
		1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8,
		9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24,
		25, 27, 29, 31, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44,
		46, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62,
		64, 65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79,
		80, 82, 83, 84, 85, 86, 87, 88, 89, 90, 91, 92, 93, 94, 95, 96,
		97, 98, 99, 100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112,
		113, 114, 115, 116, 117, 118, 119, 120, 121, 122, 123, 124, 125, 126, 127, 128,
	}
	four = [128]int{
		2, 4, 6, 8, 10, 12, 14, 16, 17, 18, 19, 20, 21, 22, 23, 24,
		25, 26, 27, 28, 29, 30, 31, 32, 33, 33, 34, 34, 35, 35, 36, 36,
		37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 49, 50, 50,
		51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64, 65, 65,
		66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79, 80, 81,
		81, 82, 83, 84, 85, 86, 87, 88, 89, 90, 91, 92, 93, 94, 95, 96,
		97, 98, 99, 100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112,
		113, 114, 115, 116, 117, 118, 119, 120, 121, 122, 123, 124, 125, 126, 127, 128,
	}
)

func TestG711Tables3And4Exhaustive(t *testing.T) {
	for n := range 128 {
		for _, sign := range []byte{0x80, 0} {
			u, a := (byte(n)|sign)^0x7F, (byte(n)|sign)^0x55
			out := []byte{u}
			if ULawToALaw(out, out); out[0] != (byte(three[n]-1)|sign)^0x55 {
				t.Errorf("µ-law %#x becomes A-law %#x", u, out[0])
			}
			out[0] = a
			if ALawToULaw(out, out); out[0] != (byte(four[n]-1)|sign)^0x7F {
				t.Errorf("A-law %#x becomes µ-law %#x", a, out[0])
			}
		}
	}
}

// What went from one law to the other and back comes to the same octet when it
// is converted once more: nothing adds up over several networks.
func TestG711ConversionsDoNotAddUp(t *testing.T) {
	for c := range 256 {
		if uToA[aToU[uToA[c]]] != uToA[c] || aToU[uToA[aToU[c]]] != aToU[c] {
			t.Errorf("%#x wanders", c)
		}
	}
}

// The value stays within one step of the coarser law.
func TestG711ConversionsStayNear(t *testing.T) {
	for i := range 256 {
		c := byte(i)
		for _, p := range [][2]int16{{uDecode[c], aDecode[uToA[c]]}, {aDecode[c], uDecode[aToU[c]]}} {
			was, is := float64(p[0]), float64(p[1])
			if step := max(16, math.Abs(was)/16); math.Abs(was-is) > step {
				t.Errorf("%#x: %v becomes %v", c, was, is)
			}
			if was*is < 0 && math.Abs(was) > 8 {
				t.Errorf("%#x: %v changes its sign to %v", c, was, is)
			}
		}
	}
}

func TestLawToLawAllocatesNothing(t *testing.T) {
	b := make([]byte, pcm.FrameLen)
	if n := testing.AllocsPerRun(100, func() { ULawToALaw(b, b); ALawToULaw(b, b) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if n := ULawToALaw(b[:3], b); n != 3 {
		t.Errorf("%d octets into three", n)
	}
}

func BenchmarkLawToLaw(b *testing.B) {
	octets := make([]byte, pcm.FrameLen)
	for b.Loop() {
		ULawToALaw(octets, octets)
	}
}
