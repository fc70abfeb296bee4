package sshd

import (
	"sync"
	"time"
)

// How many connections one source may begin, and how many sources are remembered.
const (
	burst     = 20
	perMinute = 20
	maxKnown  = 1024
)

// pace counts the connections that each source begins.
type pace struct {
	mu    sync.Mutex
	known map[string]bucket
}

// bucket holds what a source may still begin, as of an instant.
type bucket struct {
	left float64
	at   time.Time
}

// admit reports whether a source may begin a connection at now. When too many sources
// are known those that have been quiet are forgotten, and if none has, nobody new
// comes in.
func (p *pace) admit(now time.Time, from string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known == nil {
		p.known = map[string]bucket{}
	}
	b, ok := p.known[from]
	if !ok {
		if len(p.known) >= maxKnown {
			p.forget(now)
		}
		if len(p.known) >= maxKnown {
			return false
		}
		b = bucket{burst, now}
	}
	b.left = min(burst, b.left+now.Sub(b.at).Minutes()*perMinute)
	b.at = now
	admitted := b.left >= 1
	if admitted {
		b.left--
	}
	p.known[from] = b
	return admitted
}

// forget drops the sources whose bucket is full again.
func (p *pace) forget(now time.Time) {
	for from, b := range p.known {
		if b.left+now.Sub(b.at).Minutes()*perMinute >= burst {
			delete(p.known, from)
		}
	}
}
