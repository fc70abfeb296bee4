package acd

// timerKind says what is due.
type timerKind uint8

const (
	dueOffer    timerKind = iota // the phone rang long enough, or the bridge took too long
	dueACW                       // after-call work is over
	dueMaxWait                   // the caller waited long enough
	dueAnnounce                  // the caller is told his place again
	dueBackoff                   // the pair may be tried again
)

// timer is one instant at which something is due. It lives inside what it
// belongs to; the zero value is not set.
type timer struct {
	at   int64
	seq  uint64 // order among equals: the order of setting
	slot int    // place in the heap plus one; 0 when not set
	kind timerKind

	caller *caller
	agent  *agent
	offer  *offer
	trial  *trial
}

// timers is a heap of the set timers, the earliest first.
type timers struct {
	heap []*timer
	seq  uint64
}

func (h *timers) before(a, b *timer) bool { return a.at < b.at || a.at == b.at && a.seq < b.seq }

// set arms t for at, whether it was set before or not.
func (h *timers) set(t *timer, at int64) {
	h.stop(t)
	h.seq++
	t.at, t.seq = at, h.seq
	h.heap = append(h.heap, t)
	t.slot = len(h.heap)
	h.up(t.slot - 1)
}

// stop disarms t; a timer that is not set is left alone.
func (h *timers) stop(t *timer) {
	if t.slot == 0 {
		return
	}
	i, last := t.slot-1, len(h.heap)-1
	h.swap(i, last)
	h.heap[last] = nil
	h.heap = h.heap[:last]
	t.slot = 0
	if i < last {
		h.down(i)
		h.up(i)
	}
}

// first returns the earliest timer or nil.
func (h *timers) first() *timer {
	if len(h.heap) == 0 {
		return nil
	}
	return h.heap[0]
}

func (h *timers) swap(i, j int) {
	h.heap[i], h.heap[j] = h.heap[j], h.heap[i]
	h.heap[i].slot, h.heap[j].slot = i+1, j+1
}

func (h *timers) up(i int) {
	for i > 0 {
		p := (i - 1) / 2
		if !h.before(h.heap[i], h.heap[p]) {
			return
		}
		h.swap(i, p)
		i = p
	}
}

func (h *timers) down(i int) {
	for {
		c := 2*i + 1
		if c >= len(h.heap) {
			return
		}
		if c+1 < len(h.heap) && h.before(h.heap[c+1], h.heap[c]) {
			c++
		}
		if !h.before(h.heap[c], h.heap[i]) {
			return
		}
		h.swap(i, c)
		i = c
	}
}
