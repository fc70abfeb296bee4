package console

import (
	"context"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/testbench/expect"
)

// Another password, role or key, set elsewhere, ends a session at once: at the prompt
// with half a line, in a question, and while something is shown live.
func TestAccountChangedElsewhere(t *testing.T) {
	const why = "was changed elsewhere"
	g := maria()
	bubble(t, Deps{Accounts: changing{&register{}, g}}, g, func(t *testing.T, s *sitting) {
		for _, busy := range []func(){
			func() { s.Send("line L1 rel") },
			func() { s.Do("people add eva agent", "New password: "); s.Send("abc") },
			func() { s.Do("lines watch", "no battery") },
		} {
			owner(s)
			busy()
			s.Settle(expect.Quiet)
			g.change()
			s.Expect(why)
			s.Do("agents", "is for those who have logged in")
		}
	})
}

// Whoever changes his own password goes on in the session in which he did it, and only
// there; when it fails he goes on as well, unless somebody else has changed it meanwhile.
func TestOwnPasswordKeepsTheSession(t *testing.T) {
	g := maria()
	r := &register{}
	bubble(t, Deps{Accounts: changing{r, g}}, g, func(t *testing.T, s *sitting) {
		owner(s)
		passwd := func(want string) {
			t.Helper()
			s.Do("passwd", "Present password: ")
			s.Do("secret123", "New password: ")
			s.Do("correct horse", "Once more: ")
			s.Do("correct horse", want)
		}
		passwd("all other sessions of it were closed")
		s.Do("agents", "Bruno")
		passwd("all other sessions of it were closed")
		r.err = usageError{"no", "that will not do"}
		passwd("that will not do")
		s.Do("agents", "Bruno")
		s.Settle(expect.Quiet)
		g.change()
		s.Expect("was changed elsewhere")
	})
}

// changing are accounts that end sessions as the real ones do.
type changing struct {
	*register
	g *gate
}

func (c changing) Passwd(ctx context.Context, by tel.Who, name, old, password, from string) error {
	err := c.register.Passwd(ctx, by, name, old, password, from)
	if err == nil {
		c.g.change()
		<-time.After(time.Second) // the session has noticed by now
	}
	return err
}

func (c changing) RoleOf(name string) tel.Role { return c.g.RoleOf(name) }
