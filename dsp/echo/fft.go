package echo

import "math"

// Shape of the transform: real signals of two frames, their spectrum has a
// bin every 25 Hz from 0 to 4 kHz.
const (
	window = 2 * block
	half   = block // length of the complex transform inside
	bins   = block + 1
)

// spectrum is the transform of a real signal.
type spectrum struct{ re, im [bins]float32 }

// plane is a complex signal of the inner transform.
type plane struct{ re, im [half]float32 }

// transform is a real Fourier transform of 320 samples: the even and odd
// samples are taken as one complex signal of 160, transformed in three passes
// (8 · 4 · 5, each leaving its results in order) and taken apart. Its tables
// are counted once; explicit conversions forbid fused multiplication.
type transform struct {
	w8re, w8im [20][7]float32 // factors of the pass of eight
	w4re, w4im [5][3]float32  // factors of the pass of four
	cos, sin   [half/2 + 1]float32
	a, b       plane
}

func (t *transform) init() {
	for p := range t.w8re {
		for k := range t.w8re[p] {
			t.w8re[p][k], t.w8im[p][k] = unit(p*(k+1), half)
		}
	}
	for p := range t.w4re {
		for k := range t.w4re[p] {
			t.w4re[p][k], t.w4im[p][k] = unit(p*(k+1), 20)
		}
	}
	for k := range t.cos {
		t.cos[k], t.sin[k] = unit(k, window)
	}
}

// unit is e^(−2πi·k/n).
func unit(k, n int) (re, im float32) {
	a := 2 * math.Pi * float64(k) / float64(n)
	return float32(math.Cos(a)), float32(-math.Sin(a))
}

// forward transforms x, not scaled.
func (t *transform) forward(x *[window]float32, s *spectrum) {
	z := &t.a
	for i := range z.re {
		z.re[i], z.im[i] = x[2*i], x[2*i+1]
	}
	z = t.complex()
	z0, z1 := z.re[0], z.im[0]
	s.re[0], s.im[0] = z0+z1, 0
	s.re[half], s.im[half] = z0-z1, 0
	for k := 1; k <= half/2; k++ {
		ar, ai, br, bi := z.re[k], z.im[k], z.re[half-k], z.im[half-k]
		er, ei := float32(0.5*(ar+br)), float32(0.5*(ai-bi))
		or, oi := float32(0.5*(ai+bi)), float32(0.5*(br-ar))
		c, d := t.cos[k], t.sin[k]
		tr := float32(or*c) - float32(oi*d)
		ti := float32(or*d) + float32(oi*c)
		s.re[k], s.im[k] = er+tr, ei+ti
		s.re[half-k], s.im[half-k] = er-tr, ti-ei
	}
}

// inverse is the signal of s, scaled so that inverse of forward is the same.
func (t *transform) inverse(s *spectrum, x *[window]float32) {
	const scale = 1.0 / window
	z := &t.a
	// The complex transform runs forward over the swapped parts.
	z.im[0], z.re[0] = s.re[0]+s.re[half], s.re[0]-s.re[half]
	for k := 1; k <= half/2; k++ {
		ar, ai, br, bi := s.re[k], s.im[k], s.re[half-k], s.im[half-k]
		er, ei := ar+br, ai-bi
		dr, di := ar-br, ai+bi
		c, d := t.cos[k], -t.sin[k]
		or := float32(dr*c) - float32(di*d)
		oi := float32(dr*d) + float32(di*c)
		z.im[k], z.re[k] = er-oi, ei+or
		z.im[half-k], z.re[half-k] = er+oi, or-ei
	}
	z = t.complex()
	for i := range z.re {
		x[2*i], x[2*i+1] = float32(z.im[i]*scale), float32(z.re[i]*scale)
	}
}

// complex transforms t.a into what it returns.
func (t *transform) complex() *plane {
	t.eights(&t.a, &t.b)
	t.fours(&t.b, &t.a)
	fives(&t.a, &t.b)
	return &t.b
}

const root = 0.70710678118654752440

// eights is the first pass: twenty butterflies of eight.
func (t *transform) eights(x, y *plane) {
	for p := range 20 {
		ar, ai := x.re[p], x.im[p]
		br, bi := x.re[p+20], x.im[p+20]
		cr, ci := x.re[p+40], x.im[p+40]
		dr, di := x.re[p+60], x.im[p+60]
		er, ei := x.re[p+80], x.im[p+80]
		fr, fi := x.re[p+100], x.im[p+100]
		gr, gi := x.re[p+120], x.im[p+120]
		hr, hi := x.re[p+140], x.im[p+140]
		ar, ai, er, ei = ar+er, ai+ei, ar-er, ai-ei
		br, bi, fr, fi = br+fr, bi+fi, br-fr, bi-fi
		cr, ci, gr, gi = cr+gr, ci+gi, cr-gr, ci-gi
		dr, di, hr, hi = dr+hr, di+hi, dr-hr, di-hi
		// even results from the sums
		sr, si, ur, ui := ar+cr, ai+ci, ar-cr, ai-ci
		vr, vi, wr, wi := br+dr, bi+di, bi-di, dr-br // the last turned by −90°
		w, v := &t.w8re[p], &t.w8im[p]
		i := 8 * p
		yr, yi := y.re[i:i+8:i+8], y.im[i:i+8:i+8]
		yr[0], yi[0] = sr+vr, si+vi
		yr[2], yi[2] = times(ur+wr, ui+wi, w[1], v[1])
		yr[4], yi[4] = times(sr-vr, si-vi, w[3], v[3])
		yr[6], yi[6] = times(ur-wr, ui-wi, w[5], v[5])
		// odd results from the differences, turned by 45° steps
		fr, fi = float32(root*(fr+fi)), float32(root*(fi-fr))
		gr, gi = gi, -gr
		hr, hi = float32(root*(hi-hr)), float32(-root*(hr+hi))
		sr, si, ur, ui = er+gr, ei+gi, er-gr, ei-gi
		vr, vi, wr, wi = fr+hr, fi+hi, fi-hi, hr-fr
		yr[1], yi[1] = times(sr+vr, si+vi, w[0], v[0])
		yr[3], yi[3] = times(ur+wr, ui+wi, w[2], v[2])
		yr[5], yi[5] = times(sr-vr, si-vi, w[4], v[4])
		yr[7], yi[7] = times(ur-wr, ui-wi, w[6], v[6])
	}
}

// fours is the second pass: five groups of eight butterflies of four.
func (t *transform) fours(x, y *plane) {
	for p := range 5 {
		w, v := &t.w4re[p], &t.w4im[p]
		i, o := 8*p, 32*p
		x0r, x0i := (*[8]float32)(x.re[i:]), (*[8]float32)(x.im[i:])
		x1r, x1i := (*[8]float32)(x.re[i+40:]), (*[8]float32)(x.im[i+40:])
		x2r, x2i := (*[8]float32)(x.re[i+80:]), (*[8]float32)(x.im[i+80:])
		x3r, x3i := (*[8]float32)(x.re[i+120:]), (*[8]float32)(x.im[i+120:])
		yr, yi := (*[32]float32)(y.re[o:]), (*[32]float32)(y.im[o:])
		for q := range 8 {
			ar, ai, br, bi := x0r[q], x0i[q], x1r[q], x1i[q]
			cr, ci, dr, di := x2r[q], x2i[q], x3r[q], x3i[q]
			sr, si, ur, ui := ar+cr, ai+ci, ar-cr, ai-ci
			vr, vi, wr, wi := br+dr, bi+di, bi-di, dr-br
			yr[q], yi[q] = sr+vr, si+vi
			yr[q+8], yi[q+8] = times(ur+wr, ui+wi, w[0], v[0])
			yr[q+16], yi[q+16] = times(sr-vr, si-vi, w[1], v[1])
			yr[q+24], yi[q+24] = times(ur-wr, ui-wi, w[2], v[2])
		}
	}
}

// fives is the last pass: thirty-two butterflies of five.
func fives(x, y *plane) {
	const (
		c1, s1 = 0.30901699437494742410, 0.95105651629515357212  // 72°
		c2, s2 = -0.80901699437494742410, 0.58778525229247312917 // 144°
	)
	for q := range 32 {
		ar, ai := x.re[q], x.im[q]
		br, bi, cr, ci := x.re[q+32], x.im[q+32], x.re[q+64], x.im[q+64]
		dr, di, er, ei := x.re[q+96], x.im[q+96], x.re[q+128], x.im[q+128]
		br, bi, er, ei = br+er, bi+ei, br-er, bi-ei
		cr, ci, dr, di = cr+dr, ci+di, cr-dr, ci-di
		y.re[q], y.im[q] = ar+br+cr, ai+bi+ci
		pr, pi := ar+float32(c1*br)+float32(c2*cr), ai+float32(c1*bi)+float32(c2*ci)
		qr, qi := ar+float32(c2*br)+float32(c1*cr), ai+float32(c2*bi)+float32(c1*ci)
		ur, ui := float32(s1*er)+float32(s2*dr), float32(s1*ei)+float32(s2*di)
		vr, vi := float32(s2*er)-float32(s1*dr), float32(s2*ei)-float32(s1*di)
		y.re[q+32], y.im[q+32] = pr+ui, pi-ur
		y.re[q+128], y.im[q+128] = pr-ui, pi+ur
		y.re[q+64], y.im[q+64] = qr+vi, qi-vr
		y.re[q+96], y.im[q+96] = qr-vi, qi+vr
	}
}

func times(ar, ai, br, bi float32) (re, im float32) {
	return float32(ar*br) - float32(ai*bi), float32(ar*bi) + float32(ai*br)
}
