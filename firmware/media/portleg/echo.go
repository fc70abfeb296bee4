package portleg

import (
	"sync"

	"github.com/centralita/centralita/dsp/echo"
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
