package atmodem

import (
	"io"
	"sync"

	"github.com/centralita/centralita/board/atmodem/at"
)

// writer is what waits to be written: commands, and behind them sound.
type writer struct {
	wake chan struct{}

	mu     sync.Mutex
	device io.Writer
	text   []byte
	brk    bool // a break goes before the text
}

// use begins a new device.
func (w *writer) use(d io.Writer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.device, w.text, w.brk = d, w.text[:0], false
}

// clear drops what waits.
func (w *writer) clear() { w.use(nil) }

// command queues a command.
func (w *writer) command(s string) {
	w.mu.Lock()
	w.text = append(w.text, s...)
	w.mu.Unlock()
	w.nudge()
}

// hold queues a break.
func (w *writer) hold() {
	w.mu.Lock()
	w.brk = true
	w.mu.Unlock()
	w.nudge()
}

// nudge wakes the writer.
func (w *writer) nudge() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// next takes what is to be written now: a break, then commands, then one frame.
func (w *writer) next(a *audio, buf []byte) (d io.Writer, brk bool, out []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.device == nil {
		return nil, false, buf
	}
	d, brk, w.brk = w.device, w.brk, false
	if len(w.text) == 0 {
		return d, brk, a.next(buf)
	}
	out = append(buf, w.text...)
	w.text = w.text[:0]
	return d, brk, out
}

// write is the writer's goroutine.
func (p *Port) write() {
	var buf []byte
	for {
		select {
		case <-p.over:
			return
		case <-p.out.wake:
		}
		for {
			d, brk, out := p.out.next(&p.audio, buf[:0])
			buf = out
			if brk {
				if b, ok := d.(Breaker); ok {
					if err := b.Break(breakTime); err != nil {
						p.log.Debug("the line takes no break", "why", err) // a pty, and most USB modems
					}
				}
			}
			if d == nil || len(out) == 0 {
				break
			}
			if _, err := d.Write(out); err != nil {
				p.broken(d, err)
				break
			}
		}
	}
}

// broken tells the machine that writing to d failed, unless d was shut.
func (p *Port) broken(d io.Writer, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.device != nil && io.Writer(p.device) == d {
		p.stepLocked(at.Broken{Why: p.plain(err)})
	}
}
