package cid

import "github.com/centralita/centralita/dsp/fsk"

const (
	maxOctets = 2 + maxBody + 1 // of a message: type, length, body, checksum
	// maxPause is how long the line may stay in mark within a message, in samples:
	// 60 bits. Exchanges add up to 10 (EN 300 659-1 § 5.4.3).
	maxPause = 400
	// sure is the least doubt, in fsk.Full, that two bits must bear together before
	// they could both be wrong and the checksum right.
	sure = fsk.Full * 3 / 4
)

// assembler finds messages in a row of octets.
type assembler struct {
	octets [maxOctets]fsk.Octet // the newest last
	n      int
}

// found is a message whose checksum holds.
type found struct {
	raw        [maxOctets - 1]byte
	len        int
	start, end int64 // samples
	fit        int64 // mean of its octets
}

// push takes an octet and reports whether a message ends with it. Every octet
// that is a message type may have begun one, so that a wrong beginning hides
// nothing.
func (a *assembler) push(o fsk.Octet, to *found) bool {
	if a.n > 0 && o.Start-a.octets[a.n-1].End > maxPause {
		a.n = 0
	}
	if a.n == maxOctets {
		copy(a.octets[:], a.octets[1:])
		a.n--
	}
	a.octets[a.n] = o
	a.n++
	for k := range a.n - 3 {
		if known(a.octets[k].Value) && int(a.octets[k+1].Value)+3 == a.n-k && a.take(a.octets[k:a.n], to) {
			a.n = 0
			return true
		}
	}
	return false
}

// take fills to from octets that may be a message and reports whether they are.
func (a *assembler) take(o []fsk.Octet, to *found) bool {
	var sum byte
	for k := range o {
		sum += o[k].Value
	}
	if sum != 0 || doubt(o) < sure || struck(o) > 1 {
		return false
	}
	to.len, to.fit = len(o)-1, 0
	for k := range to.len {
		to.raw[k] = o[k].Value
		to.fit += int64(o[k].Fit)
	}
	to.fit /= int64(to.len)
	to.start, to.end = o[0].Start, o[len(o)-1].End
	return true
}

// doubt returns how much would have to be different for another message to have
// the same checksum: the sum of the two weakest bits that, both wrong, leave the
// sum as it is. They stand at the same place of two octets and differ, or are any
// two at the highest place.
func doubt(o []fsk.Octet) int32 {
	least := int32(2 * fsk.Full)
	for b := range 8 {
		one, zero := int32(fsk.Full), int32(fsk.Full)
		second := int32(fsk.Full) // second weakest of all
		for k := range o {
			v := o[k].Soft[b]
			size := max(v, -v)
			second = min(second, max(size, min(one, zero)))
			if v > 0 {
				one = min(one, size)
			} else {
				zero = min(zero, size)
			}
		}
		least = min(least, one+zero)
		if b == 7 {
			least = min(least, min(one, zero)+second)
		}
	}
	return least
}

// struck returns how many octets a click fell on: at their strongest they have
// twice the energy that is usual. One that came out wrong breaks the checksum, two
// may mend it.
func struck(o []fsk.Octet) (n int) {
	var mean int64
	for k := range o {
		mean += int64(o[k].Peak)
	}
	for k := range o {
		if int64(o[k].Peak)*int64(len(o)) > 2*mean {
			n++
		}
	}
	return n
}
