package fsk

const (
	ringLen  = 512
	ringMask = ringLen - 1
	lag      = 200            // samples after which the best path is believed
	every    = 32             // samples from one look back to the next
	overlap  = 16             // samples a believed octet may have been taken for too long
	delay    = taps/2 + reach // from a boundary of bits to its place in the rings
)

// haste is what it costs that an octet's clock is 1/256 samples a bit off that of
// those before: between the fastest and the slowest nearly as much as a wrong bit.
const haste = 16 << 10

// Full is the greatest soft bit.
const Full = 1 << 10

// clocks are the lengths of a bit that are tried, in 1/256 samples: the nominal
// one, 2.7 % shorter and 3 % longer. What lies up to 2 % beside them is taken too:
// an octet is half of that off at its ends.
var clocks = [...]int64{1707, 1661, 1758}

// shape is that of an octet at one clock: the middles of its ten bits in samples,
// the samples to its end (one short, for what the clock may be off) and what its
// stop bit weighs.
type shape struct {
	middle [10]int64
	len    int64
	clock  int64
	stop   int64
}

var shapes = func() (s [len(clocks)]shape) {
	for h, t := range clocks {
		s[h] = shape{len: 10*t>>8 - 1, clock: t}
		s[h].stop = s[h].len<<8 - 9*t
		for k := range s[h].middle {
			s[h].middle[k] = ((2*int64(k)+1)*t/2 + 128) >> 8
		}
	}
	return s
}()

// Demodulator finds octets in samples. Create it with New. It holds no
// reference to what it was fed.
//
// Every instant has a score: how well the line up to there agrees with the best
// row of octets and stretches of mark that ends there. An octet is believed once
// the row that agrees best with all that came since goes through it. Soft bits
// are held within their mean size, so that none of them outvotes others.
type Demodulator struct {
	hp    HighPass
	f     front
	mean  int64 // of the size of the last soft bits, 16 fractional bits
	fits  int64 // mean of how strong the mode's tones are, over some 250 ms, 16 fractional bits
	soft  [ringLen]int32
	fit   [ringLen]int32
	power [ringLen]int32 // energy around each soft bit
	score [ringLen]int64
	back  [ringLen]uint8 // how the best row came there: 0 by mark, else by an octet of shape-1
	n     int64          // soft bits taken
	tempo int64          // length of a bit in the last sure octets, 1/4096 samples
	done  int64          // end of the last octet told
	idle  int64          // soft bits of nothing in a row
}

// New returns a demodulator.
func New(m Mode) Demodulator {
	return Demodulator{f: front{mix: mixers[m%3]}, tempo: clocks[0] << 4}
}

// Reset forgets everything heard.
func (d *Demodulator) Reset() {
	*d = Demodulator{f: front{mix: d.f.mix}, tempo: clocks[0] << 4}
}

// Process listens to samples, any number of them at a time, and appends the
// octets found to out. An octet is told some 35 ms after its end.
func (d *Demodulator) Process(x []int16, out []Octet) []Octet {
	for _, s := range x {
		out = d.push(d.hp.next(s), out)
	}
	return out
}

// ProcessFiltered is Process for samples that went through a HighPass. A
// demodulator is fed one way or the other.
func (d *Demodulator) ProcessFiltered(y []int32, out []Octet) []Octet {
	for _, s := range y {
		out = d.push(s, out)
	}
	return out
}

func (d *Demodulator) push(y int32, out []Octet) []Octet {
	d.take(d.f.push(y))
	d.step(d.n - 2)
	if d.n++; d.n%every == 0 && d.idle < ringLen {
		out = d.look(d.n-3, out)
	}
	return out
}

// Fit is how strong the tones of the mode were in the last 250 ms. Of two
// demodulators the one with the sender's own tones has the greater.
func (d *Demodulator) Fit() int64 { return d.fits >> 16 }

// take puts a soft bit in the ring, held within the mean of the last 16 ms and
// scaled to it.
func (d *Demodulator) take(diff, best int32) {
	d.mean += (int64(max(diff, -diff))<<16 - d.mean) >> 7
	d.fits += (int64(best)<<16 - d.fits) >> 11
	limit := d.mean >> 16
	i := d.n & ringMask
	d.fit[i], d.soft[i], d.power[i] = best, 0, d.f.energy()
	if diff == 0 || limit == 0 {
		d.idle++
		return
	}
	d.idle = 0
	d.soft[i] = int32(max(-limit, min(limit, int64(diff))) * Full / limit)
}

// at returns a soft bit.
func (d *Demodulator) at(i int64) int64 { return int64(d.soft[i&ringMask]) }

// step finds the best row that ends at m. What comes by mark is counted half a
// bit late, so that the slope towards a start bit is not taken for doubt.
func (d *Demodulator) step(m int64) {
	i := m & ringMask
	best, back := d.score[(m-1)&ringMask]+int64(d.soft[(m-3)&ringMask])<<8, uint8(0)
	if d.idle < ringLen {
		for h := range shapes {
			q := &shapes[h]
			s := m - q.len
			sum := -d.at(s + q.middle[0])
			for _, p := range q.middle[1:9] {
				v := d.at(s + p)
				sum += max(v, -v)
			}
			v := d.score[s&ringMask] + sum*q.clock + d.at(s+q.middle[9])*q.stop
			off := q.clock - d.tempo>>4
			v -= haste * max(off, -off)
			if v > best {
				best, back = v, uint8(h+1)
			}
		}
	}
	d.score[i], d.back[i] = best, back
}

// head returns where the best row of all stands at m: there, in mark, or at the
// beginning of an octet that is not over yet.
func (d *Demodulator) head(m int64) int64 {
	q := &shapes[0]
	best, at := d.score[m&ringMask], m
	for s := m - 1; s > m-q.len; s-- {
		v := d.score[s&ringMask]
		left := (m - s) << 8
		for k, p := range q.middle {
			if left <= 0 || s+p > m+1 {
				break
			}
			b := d.at(s + p)
			if k == 0 {
				b = -b
			}
			if k != 0 && k != 9 {
				b = max(b, -b)
			}
			v += min(left, q.clock) * b
			left -= q.clock
		}
		if v > best {
			best, at = v, s
		}
	}
	return at
}

// look follows the best row back from m and tells the octets that are old
// enough to be believed.
func (d *Demodulator) look(m int64, out []Octet) []Octet {
	const most = 4 // octets that can come of age between two looks
	var starts [most]int64
	var which [most]uint8
	n := 0
	oldest := max(d.done, m-ringLen+150)
	for e := d.head(m); e > oldest; {
		h := d.back[e&ringMask]
		if h == 0 {
			e--
			continue
		}
		s := e - shapes[h-1].len
		if e <= m-lag && s >= d.done-overlap && n < most {
			starts[n], which[n] = s, h-1
			n++
		}
		e = s
	}
	for n--; n >= 0; n-- {
		out = append(out, d.octet(starts[n], &shapes[which[n]]))
		d.done = starts[n] + shapes[which[n]].len
	}
	return out
}

// octet reads the bits of an octet. Its place and clock are known in steps; the
// finest that fit best are looked for around them.
func (d *Demodulator) octet(s int64, q *shape) Octet {
	best, at, clock := int64(-1<<62), s<<8, q.clock
	for _, t := range [...]int64{q.clock, q.clock - 22, q.clock + 22} {
		for shift := int64(-256); shift <= 256; shift += 128 {
			from := s<<8 + shift - 5*(t-q.clock) // about its middle
			sum := d.between(from+19*t/2) - d.between(from+t/2)
			for k := int64(1); k < 9; k++ {
				v := d.between(from + (2*k+1)*t/2)
				sum += max(v, -v)
			}
			if sum > best {
				best, at, clock = sum, from, t
			}
		}
	}
	sure := true
	start := at>>8 + 1 - delay
	o := Octet{Start: start, End: start + 10*clock>>8}
	for k := range o.Soft {
		middle := at + int64(2*k+3)*clock/2
		v := d.between(middle)
		o.Soft[k] = int32(v)
		if v > 0 {
			o.Value |= 1 << k
		}
		o.Fit += d.fit[middle>>8&ringMask] >> 3
		o.Peak = max(o.Peak, d.power[middle>>8&ringMask])
		sure = sure && (v > Full/2 || v < -Full/2)
	}
	if sure {
		d.tempo += (clock<<4 - d.tempo) >> 2
	}
	return o
}

// between returns a soft bit at a place of 1/256 samples.
func (d *Demodulator) between(at int64) int64 {
	a, b := d.at(at>>8), d.at(at>>8+1)
	return a + (b-a)*(at&255)>>8
}
