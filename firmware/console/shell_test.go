package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
	"github.com/centralita/centralita/hal/serial"
	"github.com/centralita/centralita/hal/serial/serialtest"
	"github.com/centralita/centralita/testbench/expect"
)

// gate is an Access with one owner, or none yet.
type gate struct {
	owner, password string
	tries           []string
	standing        chan struct{} // of the owner; nil: made when asked for
}

func (g *gate) Standing(name string) <-chan struct{} {
	if name != g.owner {
		return nil
	}
	if g.standing == nil {
		g.standing = make(chan struct{})
	}
	return g.standing
}

// change does what another password of the owner's does elsewhere.
func (g *gate) change() { close(g.standing); g.standing = nil }

func (g *gate) Claimed() bool { return g.owner != "" }
func (g *gate) Code() (string, time.Time) {
	return "ABCD-EFGH-JKMN", time.Date(2000, 1, 1, 0, 10, 0, 0, time.UTC)
}
func (g *gate) Claim(_ context.Context, code, name, password string, via tel.Door) (tel.Who, error) {
	if len(password) < 8 {
		return tel.Who{}, errors.New("the password is too short")
	}
	g.owner, g.password = name, password
	return tel.Who{Name: name, Role: tel.Owner, Via: via}, nil
}
func (g *gate) Login(_ context.Context, name, password string, via tel.Door, from string) (tel.Who, error) {
	g.tries = append(g.tries, fmt.Sprintf("%s %s %s", name, via, from))
	if name != g.owner || password != g.password {
		return tel.Who{}, errors.New("the name or the password is wrong")
	}
	return tel.Who{Name: name, Role: tel.Owner, Via: via}, nil
}
func (g *gate) RoleOf(name string) tel.Role {
	if name == g.owner {
		return tel.Owner
	}
	return tel.Nobody
}

// sitting is a person at a serial line of a console.
type sitting struct {
	*expect.Driver
	cable *serialtest.Cable
	gate  *gate
	ended chan error
}

// sit begins a session inside of a bubble.
func sit(t *testing.T, d Deps, g *gate, limits serial.Limits) *sitting {
	t.Helper()
	c := &serialtest.Cable{Title: "ttyS1"}
	if err := c.Plug(); err != nil {
		t.Fatal(err)
	}
	line, err := c.Open(limits)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	if d.View == nil {
		d.View = func() *view.Snapshot { return house(now) }
	}
	d.Access, d.Location, d.Title = g, time.UTC, "Centralita 0.1.0 · Oficina Centro"
	if d.Lang == "" {
		d.Lang = tel.English
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &sitting{Driver: expect.New(t, c.Far()), cable: c, gate: g, ended: make(chan error, 1)}
	go func() { s.ended <- New(d).ServeLine(ctx, "ttyS1", line, Sit(line), 10*time.Minute) }()
	t.Cleanup(func() { // before the driver's own, which waits for the end of what it reads
		stop()
		if err := line.Close(); err != nil {
			t.Error(err)
		}
		<-s.ended
	})
	return s
}

// bubble runs a session in virtual time.
func bubble(t *testing.T, d Deps, g *gate, do func(*testing.T, *sitting)) {
	synctest.Test(t, func(t *testing.T) { do(t, sit(t, d, g, serial.Limits{Write: 5 * time.Second})) })
}

// The first session of a box: what is open to nobody, the claim, the log-out and the
// log-in, and that no password was ever on the screen.
func TestClaimAndLogin(t *testing.T) {
	bubble(t, Deps{}, &gate{}, func(t *testing.T, s *sitting) {
		s.Expect("Centralita 0.1.0 · Oficina Centro")
		s.Expect("ABCD-EFGH-JKMN")
		s.Do("status", "Line 3 is dead")
		s.Do("lines", "is for those who have logged in")
		s.Do("login maria", "hint: claim")
		s.Do("claim", "Name: ")
		s.Do("maria", "New password: ")
		s.Do("short", "Once more: ")
		s.Do("other", "they are not the same")
		s.Do("claim", "Name: ")
		s.Do("maria", "New password: ")
		s.Do("correct horse", "Once more: ")
		s.Do("correct horse", "maria@centralita> ")
		s.Do("agents", "Bruno")
		s.Do("claim", "it has an owner already")
		s.Do("exit", "Logged out.")
		s.Do("agents", "is for those who have logged in")
		s.Do("login", "Name: ")
		s.Do("maria", "Password: ")
		s.Do("hunter2", "the password is wrong")
		s.Do("login maria", "Password: ")
		s.Do("correct horse", "Welcome, maria (owner).")
		s.Send("\x04")
		s.Expect("Logged out.")
		if text := s.String(); strings.Contains(text, "horse") || strings.Contains(text, "hunter") {
			t.Errorf("a password is on the screen:\n%s", text)
		}
		if got, want := strings.Join(s.gate.tries, "; "), "maria serial ttyS1; maria serial ttyS1"; got != want {
			t.Errorf("tries %q, not %q", got, want)
		}
	})
}

// owner is an access where maria is the owner, and logs her in.
func owner(s *sitting) {
	s.Do("login maria", "Password: ")
	s.Do("secret123", "maria@centralita> ")
}

func maria() *gate { return &gate{owner: "maria", password: "secret123"} }

// An account that is taken away ends its sessions before their next command.
func TestAccountRemoved(t *testing.T) {
	g := maria()
	bubble(t, Deps{}, g, func(t *testing.T, s *sitting) {
		owner(s)
		s.Do("agents", "Bruno")
		s.Settle(expect.Quiet)
		g.owner = "bruno"
		s.Do("agents", "the account is no more")
		s.Do("agents", "is for those who have logged in")
	})
}

// Without a key the session warns and ends; a key after the warning keeps it; nobody's
// session does not end.
func TestIdle(t *testing.T) {
	bubble(t, Deps{}, maria(), func(t *testing.T, s *sitting) {
		s.Expect("login")
		<-time.After(time.Hour)
		owner(s)
		s.Send("sta")
		<-time.After(9*time.Minute + time.Second)
		s.Expect("No activity: the session ends in 1:00")
		s.Do("tus", "Line 3 is dead")
		<-time.After(9*time.Minute + 30*time.Second)
		s.Expect("No activity")
		<-time.After(time.Minute)
		s.Expect("closed for want of activity")
		s.Do("lines", "is for those who have logged in")
	})
}

// A password that nobody goes on typing ends with the session too.
func TestIdleInAQuestion(t *testing.T) {
	bubble(t, Deps{}, maria(), func(t *testing.T, s *sitting) {
		owner(s)
		s.Do("login", "Name: ")
		s.Send("an")
		<-time.After(11 * time.Minute)
		s.Expect("No activity")
		s.Expect("closed for want of activity")
	})
}

// Long answers stop after a page; space, Enter and q do what they say; page off ends it.
func TestPaging(t *testing.T) {
	bubble(t, Deps{}, maria(), func(t *testing.T, s *sitting) {
		owner(s)
		s.Do("rows 6", "> ")
		rows := func() int { return strings.Count(s.String(), "\n") }
		s.Send("help\r")
		s.Expect("--More--")
		at := rows()
		s.Send("\r")
		s.Expect("--More--")
		if n := rows(); n != at+1 {
			t.Errorf("Enter gave %d rows", n-at)
		}
		s.Send(" ")
		s.Expect("--More--")
		if n := rows(); n != at+6 {
			t.Errorf("a space gave %d rows", n-at-1)
		}
		s.Send("x") // the bell
		s.Send("q")
		s.Expect("maria@centralita> ")
		if strings.Contains(s.String(), "More") {
			t.Errorf("the mark stays:\n%s", s)
		}
		s.Do("page off", "> ")
		s.Do("help", "--lang es|en")
		s.Do("lang es", "> ")
		s.Do("page on", "> ")
		s.Send("help\r")
		s.Expect("--Más--")
		s.Send("\x03")
		s.Expect("> ")
	})
}

// Live pictures end with any key, and what was typed then is no command.
func TestLive(t *testing.T) {
	var n atomic.Int64
	d := Deps{Panel: func(*view.Snapshot, time.Time) ([4]string, string) {
		return [4]string{fmt.Sprint("picture ", n.Add(1))}, "L1."
	}}
	bubble(t, d, maria(), func(t *testing.T, s *sitting) {
		owner(s)
		s.Send("panel\r")
		s.Expect("picture 3")
		<-time.After(5 * time.Minute)
		s.Send("x")
		s.Expect("maria@centralita> ")
		s.Do("status", "Line 3 is dead")
		s.Send("panel\r")
		<-time.After(time.Hour) // it may be watched for as long, but not left open to whoever comes by
		at := n.Load()
		<-time.After(time.Minute)
		if n.Load() == at {
			t.Error("the picture stands still")
		}
		s.Send("x")
		s.Expect("closed for want of activity")
		s.Do("lines", "is for those who have logged in")
		owner(s)
		s.Send("lines watch\r")
		s.Expect("no battery")
		s.Send("\x03")
		s.Expect("maria@centralita> ")
		if err := s.Err(); err != nil {
			t.Error(err)
		}
	})
}

// slowLines is a line whose test takes a minute.
type slowLines struct{ Lines }

func (slowLines) Test(ctx context.Context, _ tel.PortID) (*view.Exam, error) {
	select {
	case <-time.After(time.Minute):
		return &view.Exam{}, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// A test can be left with any key, and what was typed then is no command.
func TestLeaveATest(t *testing.T) {
	bubble(t, Deps{Lines: slowLines{}}, maria(), func(t *testing.T, s *sitting) {
		owner(s)
		s.Send("line l2 test\r")
		s.Expect("less than a minute")
		s.Settle(expect.Quiet)
		s.Send("exit\r")
		s.Expect("the test goes on without you; its result will be at: line L2")
		s.Expect("maria@centralita> ")
		s.Do("agents", "Bruno")
	})
}

// Help and completion know the commands of the role and the names of the house.
func TestHelpAndTab(t *testing.T) {
	bubble(t, Deps{}, maria(), func(t *testing.T, s *sitting) {
		s.Send("lin?") // nobody may
		s.Expect("Nothing that is known.")
		s.Send("\x15")
		owner(s)
		for _, c := range [][2]string{
			{"lin?", "lines "}, {"line ?", "910000001"}, {"line L1 ca?", "record both directions"}, {"stat\t", "status "}, {"agent p\tan\t", "pause ana "},
			{"phone 20\t1 m\t", "1 messages "}, {"schedule x c\t", "closed "}, {"lang ?", "es "}, {"line L1 test ?", "that is all"}, {"zzz?", "Nothing"}, {"lines --j\t", "--json "},
			{"?", "schedule"}, {"book export ?", "csv"}, {"support bundle --li\t", "st "}, {"backup usb --e\t", "ncrypt "}, {"log --level w\t", "arn "}, {"log --since ?", "10m"},
		} {
			s.Send(c[0])
			s.Expect(c[1])
			s.Settle(expect.Quiet)
			s.Send("\x15")
			s.Settle(expect.Quiet)
			s.Skip()
		}
		s.Send("li\t")
		s.Send("\t") // two ways: they are shown
		s.Expect("limits")
	})
}

// A far end that takes nothing ends the session within the limit of the line, and the
// next key begins another, as nobody.
func TestStalled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := Deps{Book: shelf{calls: slicesOf(someBook.calls[0], 400)}}
		s := sit(t, d, maria(), serial.Limits{Write: 5 * time.Second})
		owner(s)
		s.Do("page off", "> ")
		s.Pause() // the far end reads nothing any more
		s.Send("calls --json\r")
		<-time.After(10 * time.Second)
		s.Resume()
		s.Send("x")
		s.Expect("Centralita 0.1.0")
		s.Expect("centralita> ")
		s.Do("calls", "is for those who have logged in")
	})
}

func slicesOf(s string, n int) (out []string) {
	for range n {
		out = append(out, s)
	}
	return out
}

// ^C ends a command, and what was typed ahead is not lost otherwise.
func TestTypeAhead(t *testing.T) {
	bubble(t, Deps{}, maria(), func(t *testing.T, s *sitting) {
		owner(s)
		s.Send("agents\rqueues\rlang es\rstatus\r")
		s.Expect("Carla")
		s.Expect("can help")
		s.Expect("Agentes libres")
	})
}

// What the house says does not command the terminal.
func TestHarmless(t *testing.T) {
	for in, want := range map[string]string{"a\x1b[31mb": "a[31mb", "a\tb": "a b", "a\xffb": "a?b", "año": "año", "a\u202eb": "ab", "a\r\x07": "a"} {
		if got := harmless(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}

func TestWords(t *testing.T) {
	for in, want := range map[string]string{
		"line L1 test": "line|L1|test", `  a  "b c" d`: "a|b c|d", `'a "b'`: `a "b`, `"a\"b"`: `a"b`, `""`: "", `a""b`: "ab",
	} {
		got, err := Words(in)
		if err != nil || strings.Join(got, "|") != want {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
	for _, in := range []string{`"a`, `a'`, `"a\`} {
		if got, err := Words(in); err == nil {
			t.Errorf("%q: %q", in, got)
		}
	}
	if got, _ := Words(`""`); len(got) != 1 {
		t.Errorf("an empty word is %q", got)
	}
}

// Every sentence of a session has two languages: the same script in each, and no word of
// the other.
func TestShellSpeaksBoth(t *testing.T) {
	english := regexp.MustCompile(`\b(the|is|of|and|not|with|hint)\b`)
	d := Deps{Lang: tel.Spanish}
	bubble(t, d, &gate{}, func(t *testing.T, s *sitting) {
		s.Expect("Oficina Centro")
		for _, line := range []string{"exit", "rows 1", "page x", "lang x", "login", "nada", "lines", `"x`, "\xff"} {
			s.Do(line, "centralita> ")
		}
		s.Send("zz?\x15")
		s.Expect("Nada")
		if m := english.FindString(s.String()); m != "" {
			t.Errorf("%q is English:\n%s", m, s)
		}
	})
}

var errStall = fmt.Errorf("stalled: %w", os.ErrDeadlineExceeded)

// The errors that end ServeLine are told apart from those that begin a new session.
func TestTimeoutIsADeadline(t *testing.T) {
	if !errors.Is(serial.ErrTimeout, os.ErrDeadlineExceeded) || !errors.Is(errStall, os.ErrDeadlineExceeded) {
		t.Error("a line's time-out is not what ServeLine looks for")
	}
}

// A session over the socket: the same as at a terminal, with its own size, ended by
// exit; nobody has to log in, and a new size counts at once.
func TestAttach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		c := New(Deps{View: func() *view.Snapshot { return house(now) }, Lang: tel.English, Access: maria()})
		near, far := net.Pipe()
		served := make(chan struct{})
		go func() {
			defer close(served)
			c.session(t.Context(), near)
		}()
		cable := &serialtest.Cable{}
		if err := cable.Plug(); err != nil {
			t.Fatal(err)
		}
		line, err := cable.Open(serial.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		sizes, left := make(chan Size, 1), make(chan error, 1)
		sizes <- Size{Rows: 8, Cols: 60}
		go func() { left <- attach(t.Context(), far, line, line, sizes) }()
		d := expect.New(t, cable.Far())
		d.Expect("centralita> ")
		d.Do("login", "you are in already")
		d.Send("help\r")
		d.Expect("--More--")
		d.Send("q")
		sizes <- Size{Rows: 200, Cols: 120}
		d.Do("help", "--lang es|en")
		d.Do(strings.Repeat("longish-", 10), "there is no command")
		if !strings.Contains(d.String(), "centralita> longish-longish-longish-longish-longish-longish-longish-longish") {
			t.Errorf("the line is not as wide as the terminal:\n%s", d)
		}
		d.Send("exit\r")
		if err := <-left; err != nil {
			t.Error(err)
		}
		<-served
		if err := line.Close(); err != nil {
			t.Error(err)
		}
	})
}

// A daemon that dies under a session is named.
func TestAttachBroken(t *testing.T) {
	near, far := net.Pipe()
	go func() {
		io.ReadFull(near, make([]byte, 10)) // some of the first line
		near.Close()
	}()
	sizes := make(chan Size, 1)
	sizes <- Size{}
	r, w := io.Pipe()
	defer w.Close()
	if err := attach(t.Context(), far, r, io.Discard, sizes); err == nil {
		t.Error("nothing was said")
	}
	if err := Attach(t.Context(), t.TempDir()+"/none.sock", r, io.Discard, sizes); !errors.Is(err, ErrUnreachable) {
		t.Errorf("nobody listens: %v", err)
	}
}
