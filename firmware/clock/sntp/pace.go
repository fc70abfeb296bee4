package sntp

import "time"

// Times between asking (RFC 4330, section 10: never more often than every 15 s, and
// ever less often while nobody answers).
const (
	first = 15 * time.Second
	usual = 1024 * time.Second
)

// Pace says when to ask next.
type Pace struct{ wait time.Duration }

// Next returns how long to wait after an answer, or after none.
func (p *Pace) Next(answered bool) time.Duration {
	switch {
	case answered:
		p.wait = 0
		return usual
	case p.wait == 0:
		p.wait = first
	default:
		p.wait = min(2*p.wait, usual)
	}
	return p.wait
}
