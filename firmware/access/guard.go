package access

import "time"

// rule says how failures turn into a wait: the first free ones cost nothing, the
// next ones first, and twice as much each time up to most.
type rule struct {
	free        int
	first, most time.Duration
}

// The rules. A person is spared at the serial line, and where he has entered from
// before: nobody can lock him out from elsewhere. The serial line itself only slows
// down: whoever stands there is never locked out.
var (
	personRule = rule{5, 30 * time.Second, 15 * time.Minute}
	sourceRule = rule{10, time.Minute, time.Hour}
	serialRule = rule{3, 5 * time.Second, 30 * time.Second}
)

// Bounds of the memory of failures.
const (
	forget   = 24 * time.Hour // after the last failure
	maxTries = 4096           // entries
)

// tries are the failures of one person or one source.
type tries struct {
	count int
	last  time.Time
	until time.Time // nothing is judged before
}

// guard remembers failures by key. It is a plain value without clock or lock.
type guard map[string]*tries

// wait returns how long the key has to wait.
func (g guard) wait(now time.Time, key string) time.Duration {
	t := g[key]
	if t == nil || now.Sub(t.last) > forget {
		return 0
	}
	return max(0, t.until.Sub(now))
}

// fail counts a failure and returns the wait that begins with it.
func (g guard) fail(now time.Time, key string, r rule) time.Duration {
	t := g[key]
	if t == nil || now.Sub(t.last) > forget {
		g.room(now)
		t = &tries{}
		g[key] = t
	}
	t.count++
	t.last = now
	if t.count < r.free {
		return 0
	}
	wait := r.first
	for n := r.free; n < t.count && wait < r.most; n++ {
		wait *= 2
	}
	wait = min(wait, r.most)
	t.until = now.Add(wait)
	return wait
}

// undo takes one failure back that was counted before it was known.
func (g guard) undo(key string) {
	if t := g[key]; t != nil {
		if t.count--; t.count <= 0 {
			delete(g, key)
			return
		}
		t.until = time.Time{}
	}
}

// forgive takes back of a source what is counted under share, which is forgotten. Who
// knows one password and guesses at another must not wipe out his guesses with the one
// he knows.
func (g guard) forgive(source, share string) {
	all, mine := g[source], g[share]
	if all == nil || mine == nil {
		return
	}
	delete(g, share)
	if all.count -= mine.count; all.count <= 0 {
		delete(g, source)
	}
}

// clear forgets a key.
func (g guard) clear(key string) { delete(g, key) }

// room makes place for one more: the old go first, then the one with the fewest
// failures, so that a flood of sources does not wash away a real lock.
func (g guard) room(now time.Time) {
	if len(g) < maxTries {
		return
	}
	least := ""
	for key, t := range g {
		if now.Sub(t.last) > forget {
			delete(g, key)
			continue
		}
		if l := g[least]; l == nil || t.count < l.count || t.count == l.count && t.last.Before(l.last) {
			least = key
		}
	}
	if len(g) >= maxTries {
		delete(g, least)
	}
}
