package echo

// past is what the far end said: the spectra of the newest windows, one frame
// apart, and their powers; the newest at at.
type past struct {
	x     []spectrum
	power [][bins]float32
	at    int
}

// push makes room for the newest window and returns where it goes.
func (p *past) push() (*spectrum, *[bins]float32) {
	p.at--
	if p.at < 0 {
		p.at = len(p.x) - 1
	}
	return &p.x[p.at], &p.power[p.at]
}

// index is where the window m frames ago is.
func (p *past) index(m int) int {
	i := p.at + m
	if i >= len(p.x) {
		i -= len(p.x)
	}
	return i
}

// filter is an estimate of the echo path in partitions of one frame, and of
// how wrong it may be: miss is the expected power of the error of each
// coefficient. Together they are a Kalman filter in the frequency domain whose
// covariance is taken as diagonal.
type filter struct {
	w    []spectrum
	miss [][bins]float32
	near [bins]float32  // power of what is not echo, in the spectrum of the rest
	echo [block]float32 // the newest frame of echo
	rest [block]float32 // what it leaves of the near end

	power float32 // of the newest rest
	mean  float32 // of the newest rests
}

func newFilter(parts int) filter {
	f := filter{w: make([]spectrum, parts), miss: make([][bins]float32, parts)}
	f.forget()
	return f
}

// forget is a filter that knows nothing: the first 20 ms may be as strong as a
// bad hybrid makes them, what comes later is likely less.
func (f *filter) forget() {
	const first, later = 0.5, 0.05
	clear(f.w)
	for m := range f.miss {
		for k := range f.miss[m] {
			f.miss[m][k] = later
			if m == 0 {
				f.miss[m][k] = first
			}
		}
	}
	f.near, f.power, f.mean = [bins]float32{}, 0, 0
}

// arrays are real and imaginary parts of the past and of the coefficients, whose
// addresses are counted once before a loop and not in it.
type arrays struct{ xr, xi, wr, wi *[bins]float32 }

func (f *filter) arrays(p *past, m int) arrays {
	x, w := &p.x[p.index(m)], &f.w[m]
	return arrays{&x.re, &x.im, &w.re, &w.im}
}

// predict puts the spectrum of the echo into y.
func (f *filter) predict(p *past, y *spectrum) {
	yr, yi := &y.re, &y.im
	a := f.arrays(p, 0)
	xr, xi, wr, wi := a.xr, a.xi, a.wr, a.wi
	for k := range bins {
		yr[k], yi[k] = times(xr[k], xi[k], wr[k], wi[k])
	}
	m := 1
	for ; m+1 < len(f.w); m += 2 { // two at a time spare the sum a trip
		a, b := f.arrays(p, m), f.arrays(p, m+1)
		xr, xi, wr, wi := a.xr, a.xi, a.wr, a.wi
		vr, vi, ur, ui := b.xr, b.xi, b.wr, b.wi
		for k := range bins {
			re, im := times(xr[k], xi[k], wr[k], wi[k])
			rf, in := times(vr[k], vi[k], ur[k], ui[k])
			yr[k] += re + rf
			yi[k] += im + in
		}
	}
	for ; m < len(f.w); m++ {
		a := f.arrays(p, m)
		xr, xi, wr, wi := a.xr, a.xi, a.wr, a.wi
		for k := range bins {
			re, im := times(xr[k], xi[k], wr[k], wi[k])
			yr[k] += re
			yi[k] += im
		}
	}
}

// pace is how a filter learns.
type pace struct {
	drift float32 // what the path may change in a frame, of its power
	trust float32 // how much of the rest is taken for the near end
	hold  float32 // how much of the near end's power lasts a frame
	ease  float32 // steps are smaller by this
	least float32 // the miss never falls below: an echo may come where there was none
}

// most is the largest miss there can be: a line gives back no more than it got.
// Where the far end is silent nothing else would bound it.
const most = 1

// adapt learns from the spectrum of the rest. Of each coefficient it corrects
// what its miss makes of all that may be wrong: the misses of all partitions,
// and the near end, whose power is known at once because it is the rest's.
// Nothing is learned from a rest below the floor, the noise of the line.
func (f *filter) adapt(e *spectrum, p *past, c pace, floor float32) {
	var sum, gain [bins]float32
	m := 0
	for ; m+1 < len(f.w); m += 2 {
		s, miss, t, next := &p.power[p.index(m)], &f.miss[m], &p.power[p.index(m+1)], &f.miss[m+1]
		for k := range bins {
			sum[k] = sum[k] + float32(s[k]*miss[k]) + float32(t[k]*next[k])
		}
	}
	for ; m < len(f.w); m++ {
		s, miss := &p.power[p.index(m)], &f.miss[m]
		for k := range bins {
			sum[k] += float32(s[k] * miss[k])
		}
	}
	var pe [bins + 2]float32
	for k := range bins {
		pe[k+1] = float32(e.re[k]*e.re[k]) + float32(e.im[k]*e.im[k])
	}
	pe[0], pe[bins+1] = pe[1], pe[bins]
	var er, ei [bins]float32
	for k := range bins {
		now := float32(0.25*(pe[k]+pe[k+2])) + float32(0.5*pe[k+1])
		n := float32(c.trust * now)
		if held := float32(c.hold * f.near[k]); n < held {
			n = held
		}
		if n < floor {
			n = floor
		}
		f.near[k] = n
		g := 1 / (sum[k] + float32(c.ease*sum[k]) + 2*n)
		gain[k], er[k], ei[k] = float32(0.5*g), float32(e.re[k]*g), float32(e.im[k]*g)
	}
	for m := range f.w {
		a := f.arrays(p, m)
		xr, xi, wr, wi := a.xr, a.xi, a.wr, a.wi
		s, miss := &p.power[p.index(m)], &f.miss[m]
		for k := range bins {
			q := miss[k]
			tr, ti := float32(q*er[k]), float32(q*ei[k])
			re := wr[k] + float32(xr[k]*tr) + float32(xi[k]*ti)
			im := wi[k] + float32(xr[k]*ti) - float32(xi[k]*tr)
			wr[k], wi[k] = re, im
			wp := float32(re*re) + float32(im*im)
			// Half the window is new: a full step halves the miss.
			known := float32(float32(q*q) * float32(s[k]*gain[k]))
			q += float32(c.drift*wp) - known
			if q < c.least {
				q = c.least
			}
			if q > most {
				q = most
			}
			miss[k] = q
		}
	}
}

// take makes f the better filter g. How far they were apart is what f was
// wrong by, and so how far it may be wrong still.
func (f *filter) take(g *filter) {
	const still, before = 4, 0.5
	for m := range f.w {
		w, v, miss := &f.w[m], &g.w[m], &f.miss[m]
		for k := range bins {
			dr, di := v.re[k]-w.re[k], v.im[k]-w.im[k]
			miss[k] = max(before*miss[k], still*(float32(dr*dr)+float32(di*di)))
		}
	}
	copy(f.w, g.w)
	f.power, f.mean = g.power, g.mean
}
