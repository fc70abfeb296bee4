package dtmf

// loudestStill reports whether the digit that is on is what a fresh look at the
// block i before the newest finds. None is needed where next to nothing is beside
// its tones: of a neighbour's they would show but four fifths of the amplitude.
func (d *Detector) loudestStill(i int) bool {
	b := d.pair(i)
	all := b.band + d.loud(i+1).band
	if r, c := b.power(d.row), b.power(4+d.col); all-(r+c) < nothingElse*min(r, c) {
		return true
	}
	p := d.block(i).powers()
	row, col := loudest(p)
	return row == d.row && col == d.col && p[row]+p[4+col] > gatePure*all
}

// runsOn tells a dropout from a new key after a gap: it is one key when the same
// two tones come back in the very phase they would have had. What comes back is
// as long as a new key must be, so a new one is not told later for it; its own
// turns make the frequency surer.
func (d *Detector) runsOn() bool {
	if d.gap > maxBridge || !d.loudestStill(0) {
		return false
	}
	const mid = sureBack / 2 // of the blocks that came back
	n := d.gap + sureBack + 2 - mid
	row, col := d.sumR, d.sumC
	for _, from := range [...]int{mid - 1, mid + n - 1} {
		r0, c0 := d.alone(from)
		for i := from + 1; i <= from+2; i++ {
			r, c := d.alone(i)
			row += 4 * r0 * conj(r)
			col += 4 * c0 * conj(c)
			r0, c0 = r, c
		}
	}
	r0, c0 := d.alone(mid)
	r1, c1 := d.alone(mid + n)
	return inPhase(r1, r0, unit(row), n) && inPhase(c1, c0, unit(col), n)
}

// alone returns the amplitudes of the two tones in the block i before the newest
// without what each leaks into the other.
func (d *Detector) alone(i int) (row, col complex64) {
	b := d.pair(i)
	r, c := b.at(d.row), b.at(4+d.col)
	k := complex(leak[d.row][d.col], 0)
	return r - k*c, c - k*r
}

func conj(c complex64) complex64 { return complex(real(c), -imag(c)) }
