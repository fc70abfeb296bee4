package console

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/centralita/centralita/firmware/console/edit"
	"github.com/centralita/centralita/firmware/tel"
)

// command does one line while the person can stop it, page it and be asked by it.
func (s *shell) command(ctx context.Context, line string) {
	args, err := Words(line)
	if err != nil {
		s.say("%s", s.t(errQuote.es, errQuote.en))
		return
	}
	if len(args) == 0 {
		if s.who.Role == tel.Nobody {
			s.title()
			s.hint()
		}
		return
	}
	if tells(line) {
		s.ed.Forget()
	}
	if !s.still() {
		s.removed = true
		return
	}
	select {
	case <-s.ended:
		s.revoked = true
		return
	default:
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p := &pager{ctx: ctx, sh: s}
	if s.page {
		p.rows = s.rows
	}
	s.live.Store(false)
	s.held.Store(false)
	s.stays.Store(false)
	done := make(chan struct{})
	idle := s.clock()
	defer idle.stop()
	go func() {
		defer close(done)
		s.c.do(ctx, asked{who: s.who, args: args, out: p, frame: p.frame, sh: s})
		_ = p.flush() // broken keeps the error
	}()
	s.attend(ctx, cancel, done, idle)
}

// tells reports whether a line may hold something secret, so that no history keeps it.
func tells(line string) bool {
	line = strings.ToLower(line)
	return slices.ContainsFunc([]string{"password", "passwd", "login ", "claim ", "token", "secret", "pin "}, func(w string) bool { return strings.Contains(line, w) })
}

// still looks up what the person may do now: somebody may have changed it since.
func (s *shell) still() bool {
	if s.c.d.Access == nil || s.who.Role == tel.Nobody || s.who.Via == tel.DoorSocket {
		return true
	}
	s.who.Role = s.c.d.Access.RoleOf(s.who.Name)
	return s.who.Role > tel.Nobody
}

// attend listens to the person until the command is done. What the command's goroutine
// may look at is changed only while that one waits for an answer, or after it.
func (s *shell) attend(ctx context.Context, cancel context.CancelFunc, done <-chan struct{}, idle *idleClock) {
	waits, gone := false, false // the command waits for a key; the person is gone
	paging := -1
	var size Size
	for in, ended := s.d.In, s.ended; ; {
		select {
		case <-done:
			s.resize(size)
			if gone && s.broken == nil {
				s.broken = errGone
			}
			return
		case <-s.needs:
			waits = true
			if paging < 0 {
				paging = len(s.ahead) // what is typed from now on is for the pages first
			} else if len(s.ahead) > paging {
				b := s.ahead[paging]
				s.ahead = slices.Delete(s.ahead, paging, paging+1)
				waits = s.interrupt(b, true, cancel, done)
			}
		case q := <-s.asks:
			q.answer <- s.answer(ctx, q)
			idle.touch()
		case bs, ok := <-in:
			if !ok {
				in, gone = nil, true
				cancel()
				continue
			}
			idle.touch()
			for _, b := range bs {
				waits = s.interrupt(b, waits, cancel, done)
			}
		case <-ended:
			if ended = nil; !s.stays.Load() {
				s.revoked = true
				cancel()
			}
		case size = <-s.d.Resize: // from the next command on
		case <-idle.timer():
			switch {
			case s.live.Load(): // what moves may be watched on; whoever ends it enters anew
				s.expired = true
			case !waits:
				idle.touch()
			default:
				s.expired = true
				cancel()
			}
		}
	}
}

// answer lets the person answer a question of the running command.
func (s *shell) answer(ctx context.Context, q question) reply {
	text, err := s.read(ctx, q.prompt, q.mode)
	switch {
	case errors.Is(err, errEnded):
		err = errCancelled
	case errors.Is(err, errIdle):
		s.expired = true
	case errors.Is(err, errRevoked):
		s.revoked, err = true, errCancelled // why is said behind the command
	}
	return reply{text, err}
}

// interrupt takes a byte while a command runs, and returns whether the command waits
// for another.
func (s *shell) interrupt(b byte, waits bool, cancel context.CancelFunc, done <-chan struct{}) bool {
	switch {
	case waits:
		select {
		case s.keys <- b:
		case <-done:
		}
		return false
	case b == 0x03 || s.live.Load():
		s.ahead = nil
		cancel()
	case b == 0x13:
		s.held.Store(true)
	case b == 0x11:
		s.held.Store(false)
	case len(s.ahead) < maxAhead:
		s.ahead = append(s.ahead, b)
	}
	return waits
}

// key waits for a key, for the running command.
func (s *shell) key(ctx context.Context) (byte, error) {
	select {
	case s.needs <- struct{}{}:
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	select {
	case k := <-s.keys:
		return k, nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// up moves the cursor so many rows up, on a terminal that can.
func up(rows int) []byte { return fmt.Appendf(nil, "\x1b[%dA\r", rows) }

// A command that must ask came without a person: through the local socket, or over SSH.
var (
	errNobody    = usageError{"esto se pregunta en una sesión; pista: centralita console", "this is asked in a session; hint: centralita console"}
	errNobodySSH = usageError{"esto se pregunta en una sesión; pista: entre por ssh sin dar la orden", "this is asked in a session; hint: enter by ssh without the command"}
)

// asker asks somebody who sits elsewhere for one line. Hidden: it must not show.
// Again: it is the one before once more, which only a person need type.
type asker func(ctx context.Context, q query) (string, error)

type query struct {
	Prompt string `json:"prompt"`
	Hidden bool   `json:"hidden,omitempty"`
	Again  bool   `json:"again,omitempty"`
}

// canAsk reports whether there is somebody who could be asked.
func (s *session) canAsk() bool { return s.sh != nil || s.asker != nil }

// question asks the person something, for the running command. The error is a
// sentence: nobody can be asked, or he gave up.
func (s *session) question(ctx context.Context, es, en string) (string, error) {
	return s.pose(ctx, query{Prompt: s.t(es, en) + ": "})
}

// secret asks for what must not show.
func (s *session) secret(ctx context.Context, es, en string) (string, error) {
	return s.pose(ctx, query{Prompt: s.t(es, en) + ": ", Hidden: true})
}

// newSecret asks for a new password twice.
func (s *session) newSecret(ctx context.Context) (string, error) {
	return s.twice(ctx, "Contraseña nueva", "New password")
}

// twice asks twice for what must not show and is new.
func (s *session) twice(ctx context.Context, es, en string) (string, error) {
	first, err := s.secret(ctx, es, en)
	if err != nil {
		return "", err
	}
	again, err := s.pose(ctx, query{Prompt: s.t("Otra vez", "Once more") + ": ", Hidden: true, Again: true})
	if err == nil && again != first {
		err = usageError{"no son iguales; no se hizo nada", "they are not the same; nothing was done"}
	}
	return first, err
}

func (s *session) pose(ctx context.Context, q query) (string, error) {
	switch {
	case s.sh == nil && s.asker != nil:
		return s.asker(ctx, q)
	case s.sh == nil && s.who.Via == tel.DoorSSH:
		return "", errNobodySSH
	case s.sh == nil:
		return "", errNobody
	}
	mode := edit.Answer
	if q.Hidden {
		mode = edit.Secret
	}
	answer := make(chan reply, 1)
	select {
	case s.sh.asks <- question{q.Prompt, mode, answer}:
	case <-ctx.Done():
		return "", errCancelled
	}
	r := <-answer
	return r.text, r.err
}

// watching says that the command shows something live: at a terminal any key ends it.
func (s *session) watching() {
	if s.sh != nil {
		s.sh.live.Store(true)
	}
}
