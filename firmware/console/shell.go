package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/centralita/centralita/firmware/console/edit"
	"github.com/centralita/centralita/firmware/tel"
)

// Size of a terminal that says nothing of itself: a VT100's.
const (
	usualRows = 24
	usualCols = width
	mostRows  = 1000
)

// Times of a session.
const (
	IdleUsual = 10 * time.Minute // of a session without a key, unless the site says otherwise
	warning   = time.Minute      // before it ends by itself
	maxAhead  = 1 << 10          // bytes typed while a command runs
)

// Size is what a terminal says of itself.
type Size struct {
	Rows int `json:"rows"`
	Cols int `json:"cols"`
}

// Desk is where a person sits and what is known of him.
type Desk struct {
	Who  tel.Who // at a serial line Nobody, until he logs in
	From string  // where he comes from: an address, the name of a line
	// In is what he types; it is closed when he is gone. Pump makes one.
	In <-chan []byte
	// Out is his screen. Its Write gives up by itself when nothing is taken.
	Out    io.Writer
	Size   Size        // zero: 24 rows of 80 columns
	Resize <-chan Size // nil: never
	Idle   time.Duration
	Quiet  bool // no banner: he was here before
	// Seat keeps the session while one house ends with ErrAnew and another begins; nil:
	// it ends with the house.
	Seat *Seat
	// Ended is closed when the session must end though nothing else says so: the person's
	// password or role was changed elsewhere. nil: never.
	Ended <-chan struct{}
}

// Pump reads r into a channel until an error, which closes it. It ends with r, or when
// ctx is over and nobody takes what came.
func Pump(ctx context.Context, r io.Reader) <-chan []byte {
	in := make(chan []byte)
	go func() {
		defer close(in)
		for {
			buf := make([]byte, 256)
			n, err := r.Read(buf)
			if n > 0 {
				select {
				case in <- buf[:n]:
				case <-ctx.Done():
					return
				}
			}
			if err != nil {
				return
			}
		}
	}()
	return in
}

// What ends a line or a session.
var (
	errGone      = errors.New("the terminal is gone")
	errCancelled = usageError{"anulado", "cancelled"}
	errIdle      = usageError{"la sesión se cerró por falta de actividad", "the session was closed for want of activity"}
	errRemoved   = usageError{"la cuenta ya no existe; la sesión se cerró", "the account is no more; the session was closed"}
	errRevoked   = usageError{"esta cuenta cambió en otro sitio; la sesión se cerró", "this account was changed elsewhere; the session was closed"}
	errEnded     = errors.New("the person is done")
)

// shell is one person at a terminal. It belongs to the goroutine of Shell, but for
// what a running command does to it while that one waits.
type shell struct {
	c          *Console
	d          Desk
	who        tel.Who
	lang       tel.Lang
	rows, cols int
	page, ansi bool
	idle       time.Duration
	since      time.Time // of the last key, or of the prompt after it
	sat        bool      // since is of the house before; the first count goes on from there
	ed         *edit.Editor
	ahead      []byte          // typed before it was asked for
	leave      bool            // the session is over
	out        bool            // exit was typed
	expired    bool            // nobody was there for too long
	removed    bool            // the account is no more
	revoked    bool            // it was changed elsewhere
	ended      <-chan struct{} // closed when it is; nil: nobody has logged in
	broken     error           // of Out

	stays atomic.Bool // the command that runs changes one's own account: the session goes on
	held  atomic.Bool // ^S: output waits for a key
	live  atomic.Bool // any key ends the command
	needs chan struct{}
	keys  chan byte
	asks  chan question
}

// question is what a command asks the person.
type question struct {
	prompt string
	mode   edit.Mode
	answer chan<- reply
}

type reply struct {
	text string
	err  error
}

// Shell serves one person until he leaves (nil), is gone, or ctx ends. The errors are
// those of Desk.Out, or say that In was closed. It is one goroutine, the caller's, and
// one more while a command runs; whoever reads the keys is the door's.
func (c *Console) Shell(ctx context.Context, d Desk) error {
	s := &shell{c: c, d: d, who: d.Who, ended: d.Ended, lang: c.lang(""), rows: usualRows, cols: usualCols, page: true, idle: d.Idle,
		needs: make(chan struct{}), keys: make(chan byte), asks: make(chan question)}
	s.resize(d.Size)
	s.ed = edit.New(s.cols)
	if s.sit() || !d.Quiet {
		s.banner()
	}
	for !s.leave && s.broken == nil {
		line, err := s.read(ctx, s.prompt(), edit.Command)
		if err == nil && s.anew(ctx) { // it is for the next house
			s.ahead, err = append([]byte(line+"\r"), s.ahead...), ctx.Err()
		}
		if err == nil {
			s.command(ctx, line)
			err = s.after()
		}
		switch {
		case err == nil:
		case errors.Is(err, errCancelled):
		case errors.Is(err, errEnded):
			s.logout("")
		case errors.Is(err, errIdle):
			s.logout(s.t(errIdle.es, errIdle.en))
		case errors.Is(err, errRemoved):
			s.logout(s.t(errRemoved.es, errRemoved.en))
		case errors.Is(err, errRevoked):
			s.logout(s.revocation())
		default:
			s.rise(ctx)
			return err
		}
	}
	return s.broken
}

// after says what the command that ran means for the session.
func (s *shell) after() error {
	out, expired, removed, revoked := s.out, s.expired, s.removed, s.revoked
	s.out, s.expired, s.removed, s.revoked = false, false, false, false
	switch {
	case removed:
		return errRemoved
	case revoked:
		return errRevoked
	case expired:
		return errIdle
	case out:
		return errEnded
	}
	return nil
}

// revocation says why the session ended though the person did nothing.
func (s *shell) revocation() string {
	if a := s.c.d.Access; a != nil && a.RoleOf(s.who.Name) == tel.Nobody {
		return s.t(errRemoved.es, errRemoved.en)
	}
	return s.t(errRevoked.es, errRevoked.en)
}

func (s *shell) t(es, en string) string {
	if s.lang == tel.English {
		return en
	}
	return es
}

func (s *shell) resize(z Size) {
	if z.Rows > 0 {
		s.rows = min(max(z.Rows, 4), mostRows)
	}
	if z.Cols > 0 {
		s.cols = min(max(z.Cols, 20), mostRows)
	}
	if s.ed != nil {
		s.ed.Resize(s.cols)
	}
}

// write writes to the terminal; after an error it writes nothing more.
func (s *shell) write(b []byte) error {
	if s.broken == nil && len(b) > 0 {
		_, s.broken = s.d.Out.Write(b)
	}
	return s.broken
}

// say writes a line.
func (s *shell) say(format string, args ...any) {
	_ = s.write([]byte(harmless(fmt.Sprintf(format, args...)) + "\r\n")) // broken keeps the error
}

// prompt names the person, where the door has one.
func (s *shell) prompt() string {
	if s.who.Role == tel.Nobody || s.who.Via == tel.DoorSocket {
		return "centralita> "
	}
	return safe(s.who.Name) + "@centralita> "
}

// logout ends the person's session; a serial line stays and waits for the next one.
func (s *shell) logout(why string) {
	if why != "" {
		s.say("%s", why)
	}
	if s.d.Who.Role > tel.Nobody {
		s.leave = true
		return
	}
	if s.who.Role > tel.Nobody && why == "" {
		s.say("%s", s.t("Sesión cerrada.", "Logged out."))
	}
	s.who, s.ended, s.ed, s.ahead = s.d.Who, s.d.Ended, edit.New(s.cols), nil
}

// read lets the person type one line.
func (s *shell) read(ctx context.Context, prompt string, mode edit.Mode) (string, error) {
	s.ed.Begin(prompt, mode)
	idle := s.clock()
	defer idle.stop()
	for s.write(s.ed.Output()) == nil {
		for len(s.ahead) > 0 {
			b := s.ahead[0]
			s.ahead = s.ahead[1:]
			if b == 0x11 || b == 0x13 {
				continue // XON, XOFF: there is nothing to hold now
			}
			if done, err := s.typed(b); done {
				_ = s.write(s.ed.Output()) // broken keeps the error
				return s.ed.Text(), err
			}
		}
		if s.write(s.ed.Output()) != nil {
			break
		}
		select {
		case b, ok := <-s.d.In:
			if !ok {
				return "", errGone
			}
			s.ahead = append(s.ahead, b...)
			idle.touch()
		case z := <-s.d.Resize:
			s.ed.Wipe()
			s.resize(z)
			s.ed.Resume()
		case <-s.ended:
			s.ed.Leave()
			return "", errors.Join(s.write(s.ed.Output()), errRevoked)
		case <-idle.timer():
			if idle.warned {
				s.ed.Leave()
				return "", errors.Join(s.write(s.ed.Output()), errIdle)
			}
			s.ed.Wipe()
			_ = s.write(s.ed.Output()) // broken keeps the error
			s.say("%s", s.t("Sin actividad: la sesión se cierra en ", "No activity: the session ends in ")+span(idle.warn())+"\a")
			s.ed.Resume()
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
	return "", s.broken
}

// typed gives one byte to the editor.
func (s *shell) typed(b byte) (done bool, err error) {
	switch s.ed.Feed(b) {
	case edit.Entered:
		return true, nil
	case edit.Refused:
		return true, errors.Join(s.write(s.ed.Output()), s.refused())
	case edit.Cancelled:
		return true, errCancelled
	case edit.Ended:
		return true, errEnded
	case edit.Asked:
		s.help()
	case edit.Tabbed:
		s.complete()
	}
	return false, nil
}

// refused says that a line held what is no text.
func (s *shell) refused() error {
	s.say("%s", s.t("La línea llegó con caracteres que no son texto y no se hizo nada; ¿115200 8N1?",
		"The line came with characters that are no text and nothing was done; is it 115200 8N1?"))
	return errCancelled
}
