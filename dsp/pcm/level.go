package pcm

import "math"

// ZeroLevel is the mean square of a signal at 0 dBm0: a sine 3.14 dB below
// full scale, peak 22827 (ITU-T G.711 § 2, table 1a, the theoretical load
// capacity of +3.14 dBm0).
const ZeroLevel = 22827.0 * 22827.0 / 2

// Floor is the level told of digital silence, in dBm0.
const Floor = -96.0

// DBm0 returns the level of a signal with mean square ms.
func DBm0(ms float64) float64 {
	if ms <= 0 {
		return Floor
	}
	return max(Floor, 10*math.Log10(ms/ZeroLevel))
}

// Peak returns the peak value of a sine at a level in dBm0; 0 dBm0 is 22827.
// A level above +3.14 dBm0 does not fit in 16 bits.
func Peak(dbm0 float64) float64 { return 22827 * math.Pow(10, dbm0/20) }

// RMS returns the root mean square of a signal at a level in dBm0.
func RMS(dbm0 float64) float64 { return Peak(dbm0) / math.Sqrt2 }

// Energy returns the sum of the squares of samples. It cannot overflow below
// 2^33 samples.
func Energy(samples []int16) int64 {
	var e int64
	for _, s := range samples {
		e += int64(s) * int64(s)
	}
	return e
}

// Level returns the level of samples in dBm0, Floor when they are empty or silent.
func Level(samples []int16) float64 {
	if len(samples) == 0 {
		return Floor
	}
	return DBm0(float64(Energy(samples)) / float64(len(samples)))
}

// Level returns the level of the frame in dBm0, Floor for digital silence.
func (f *Frame) Level() float64 { return Level(f[:]) }
