package media

import (
	"slices"

	"github.com/centralita/centralita/dsp/mix"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/firmware/tel"
)

// room is legs that hear each other.
type room struct {
	id      tel.CallID
	members []*leg
	sum     mix.Sum
}

// join puts a leg into a room, which begins with its first leg.
func (s *shard) join(l *leg, id tel.CallID) {
	r := s.rooms[id]
	if r == nil {
		r = &room{id: id}
		s.rooms[id] = r
	}
	r.members = append(r.members, l)
	l.room = r
}

// leave takes a leg out of its room, which ends with its last leg.
func (s *shard) leave(l *leg) {
	r := l.room
	if r == nil {
		return
	}
	l.room = nil
	l.limiter = mix.Limiter{}
	r.members = slices.DeleteFunc(r.members, func(m *leg) bool { return m == l })
	if len(r.members) == 0 {
		delete(s.rooms, r.id)
	}
}

// add adds what a leg says to a room's sum; two parties need none.
func (r *room) add(l *leg) {
	if len(r.members) > 2 {
		r.sum.Add(&l.said)
	}
}

// hear fills f with what a leg hears of the others, and reports whether there
// is anybody.
func (r *room) hear(l *leg, f *pcm.Frame) bool {
	switch len(r.members) {
	case 0, 1:
		*f = pcm.Frame{}
		return false
	case 2:
		other := r.members[0]
		if other == l {
			other = r.members[1]
		}
		*f = other.said
		return true
	}
	r.sum.Without(&l.said, &l.limiter, f)
	return true
}
