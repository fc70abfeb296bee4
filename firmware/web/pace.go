package web

import (
	"sync"
	"time"
)

// Bounds of what is sent to us.
const (
	maxForm    = 16 << 10 // bytes
	perMinute  = 30       // forms from one address
	maxSources = 1024
)

// meter counts the forms of each address in the present minute. When there are too
// many addresses, all share one count: a flood slows itself down.
type meter struct {
	mu     sync.Mutex
	minute int64
	count  map[string]int
}

// take reports whether one more may pass.
func (p *meter) take(from string, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if m := now.Unix() / 60; m != p.minute || p.count == nil {
		p.minute, p.count = m, map[string]int{}
	}
	if _, known := p.count[from]; !known && len(p.count) >= maxSources {
		from = ""
	}
	p.count[from]++
	return p.count[from] <= perMinute
}
