package exchange

import "time"

// Rest: the house is to take no more calls for a while, because it ends on
// purpose. It is refused while there is any call or test of a line.
type Rest struct{ For time.Duration }

func (Rest) isChange() {}

// rest ends the taking of calls when there is none.
func (e *Exchange) rest(c Rest) error {
	busy := len(e.calls)
	for _, p := range e.order {
		if p.exam != nil || p.call != 0 {
			busy = max(busy, 1)
		}
	}
	if busy > 0 {
		return refuse("cannot rest: waiting for %d calls", "no se puede reposar: quedan %d llamadas", busy)
	}
	e.resting = e.now.Add(c.For)
	return nil
}

// atRest reports whether the house takes no calls because it ends.
func (e *Exchange) atRest() bool { return e.closing != nil || e.now.Before(e.resting) }
