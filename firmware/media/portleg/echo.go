package portleg

import (
	"sync"

	"github.com/centralita/centralita/dsp/echo"
	"github.com/centralita/centralita/dsp/pcm"
)

// Tail is the usual echo tail in ms. The hybrid and the line make 10 ms at most,
// the rest is what waits in a driver's buffers: up to four blocks of 20 ms each way
// with DAHDI. A longer tail costs a fifth more.
const Tail = 128

// reportEvery is after how many frames the echo is measured anew.
const reportEvery = 50

// report is what was measured of the echo, for anybody to read.
type report struct {
	mu   sync.Mutex
	last echo.Report
}

func (r *report) store(e echo.Report) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last = e
}

// Echo returns what is known of the line's echo: of this call, or of the last.
func (p *Pump) Echo() echo.Report {
	p.report.mu.Lock()
	defer p.report.mu.Unlock()
	return p.report.last
}

// measure keeps what is known of the echo, unless nothing is.
func (p *Pump) measure() {
	if r := p.echo.Report(); r.Known {
		p.report.store(r)
	}
}

// doubt watches over a canceller. What it takes away must not be found, the other
// way round, in what it leaves: that is an echo which the line does not have, because
// the line became another one while both ends sounded, too steadily to learn from.
type doubt struct {
	cross, taken, left float64
	frames             int
	bad                int  // seconds with harm, less those without
	on                 bool // what the canceller leaves is not used
}

const (
	doubtFrames = 50
	doubtShare  = 0.5  // of what is taken away is found again
	doubtLeast  = 0.01 // of what is left must have been taken away: 20 dB below it nobody hears
	doubtTimes  = 3    // seconds
)

// hear takes in a frame before and after the canceller, and reports whether to do
// without it: after three seconds of harm more than without, until there were as many
// without, for it may swing between both. Meanwhile it goes on learning. Silence is no harm.
func (d *doubt) hear(in, out *pcm.Frame) bool {
	for i, v := range out {
		y := float64(in[i]) - float64(v)
		d.cross += y * float64(v)
		d.taken += y * y
		d.left += float64(v) * float64(v)
	}
	if d.frames++; d.frames < doubtFrames {
		return d.on
	}
	bad := max(d.bad-1, 0)
	if d.taken > doubtLeast*d.left && d.cross <= -doubtShare*d.taken {
		bad = min(d.bad+1, doubtTimes)
	}
	*d = doubt{bad: bad, on: bad == doubtTimes || d.on && bad > 0}
	return d.on
}
