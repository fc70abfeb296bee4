package expect

import "math/rand/v2"

// WrongSpeeds are those that a terminal may be set to, in baud, beside the right one, 115200.
var WrongSpeeds = []float64{300, 1200, 2400, 4800, 9600, 19200, 38400, 57600, 76800, 230400, 460800, 921600}

// Misread is what a receiver at 115200 makes of bytes sent at ratio times its speed:
// start bit, eight data bits and stop bit sampled in the middle of its own bits.
func Misread(sent []byte, ratio float64, rng *rand.Rand) (heard []byte) {
	var wire []byte // one element a bit
	for _, b := range sent {
		wire = append(wire, 0)
		for i := range 8 {
			wire = append(wire, b>>i&1)
		}
		wire = append(wire, 1)
		for range rng.IntN(4) {
			wire = append(wire, 1)
		}
	}
	level := func(t float64) byte {
		if i := int(t * ratio); i < len(wire) {
			return wire[i]
		}
		return 1
	}
	end := float64(len(wire)) / ratio
	for t := rng.Float64(); t < end; {
		if level(t) == 1 {
			t += 0.25
			continue
		}
		var b byte
		for i := range 8 {
			b |= level(t+1.5+float64(i)) << i
		}
		if level(t+9.5) == 1 {
			heard = append(heard, b)
			t += 9.5
			continue
		}
		heard = append(heard, 0) // a framing error: the kernel gives a NUL
		for t += 9.5; t < end && level(t) == 0; t += 0.25 {
		}
	}
	return heard
}
