package console

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/centralita/centralita/firmware/console/edit"
	"github.com/centralita/centralita/firmware/tel"
)

// ErrAnew is the cause of a context that ends because another house follows at once:
// who sits at a kept Seat stays.
var ErrAnew = errors.New("the house starts anew")

// Seat is the place at a line, which outlives a house: what is typed meanwhile waits,
// and who was in goes on in the next house. It has no part in judging who may enter;
// what the account may do is looked up anew there.
type Seat struct {
	in   <-chan []byte
	stop context.CancelFunc

	mu  sync.Mutex
	sat *carried // nil: nobody; a new session begins
}

// carried is what a session is without its house.
type carried struct {
	who        tel.Who
	ended      <-chan struct{} // of the house before: closed when the account changed after he rose
	since      time.Time       // of the last key
	lang       tel.Lang
	rows, cols int
	page, ansi bool
	ed         *edit.Editor
	ahead      []byte
}

// Sit makes the seat at an open line and reads it from now on. Close it before the line.
func Sit(line io.Reader) *Seat {
	ctx, stop := context.WithCancel(context.Background())
	return &Seat{in: Pump(ctx, line), stop: stop}
}

// Close ends the seat; the reading ends with the line.
func (t *Seat) Close() { t.stop() }

// Vacate makes whoever sits there enter anew.
func (t *Seat) Vacate() { t.put(nil) }

func (t *Seat) put(s *carried) { t.mu.Lock(); t.sat = s; t.mu.Unlock() }

func (t *Seat) take() *carried {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.sat
	t.sat = nil
	return s
}

// anew reports whether the house makes way for another one while somebody sits here.
func (s *shell) anew(ctx context.Context) bool {
	return s.d.Seat != nil && ctx.Err() != nil && errors.Is(context.Cause(ctx), ErrAnew)
}

// rise leaves what the session is in the seat, when another house follows.
func (s *shell) rise(ctx context.Context) {
	if !s.anew(ctx) || s.broken != nil || s.who.Role == tel.Nobody {
		return
	}
	select {
	case <-s.ended: // somebody else ended it
		return
	default:
	}
	s.ed.Leave()
	_ = s.write(s.ed.Output()) // broken keeps the error
	s.say("%s", s.t("La casa empieza de nuevo; lo que escriba espera.", "The house starts anew; what you type waits."))
	s.d.Seat.put(&carried{who: s.who, ended: s.ended, since: s.since, lang: s.lang, rows: s.rows, cols: s.cols, page: s.page, ansi: s.ansi, ed: s.ed, ahead: s.ahead})
}

// sit goes on with the session that was left in the seat. It reports whether there was one.
func (s *shell) sit() bool {
	if s.d.Seat == nil {
		return false
	}
	was, a := s.d.Seat.take(), s.c.d.Access
	if was == nil || a == nil {
		return false
	}
	s.lang, s.rows, s.cols, s.page, s.ansi, s.ed, s.ahead = was.lang, was.rows, was.cols, was.page, was.ansi, was.ed, was.ahead
	ended := a.Standing(was.who.Name) // before it is looked up: what changes meanwhile ends it
	why := errRemoved
	if role := a.RoleOf(was.who.Name); role > tel.Nobody {
		select {
		case <-was.ended: // while the house before came to its end
			why = errRevoked
		default:
			s.who, s.ended, s.since, s.sat = was.who, ended, was.since, true
			s.who.Role = role
			return true
		}
	}
	s.ed, s.ahead = edit.New(s.cols), nil
	s.say("%s", s.t(why.es, why.en))
	return true
}
