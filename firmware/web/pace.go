package web

import (
	"sync"
	"time"

	"github.com/centralita/centralita/firmware/gatehouse"
)

// Bounds of what is sent to us.
const (
	maxForm    = 16 << 10 // bytes
	perMinute  = 30       // forms from one source
	maxSources = 1024
)

// meter counts the forms of each source in the present minute. When there are too
// many sources, all share one count: a flood slows itself down.
type meter struct {
	mu     sync.Mutex
	minute int64
	count  map[string]int
}

// take reports whether one more may pass from an address.
func (p *meter) take(from string, now time.Time) bool {
	from = gatehouse.Source(from)
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
