package console

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/firmware/tel"
)

// cabinet is a Box that remembers.
type cabinet struct {
	whole bool
	waits bool
	since time.Time
	err   error
	did   []string
}

func (c *cabinet) Whole() bool { return c.whole }

func (c *cabinet) note(who tel.Who, what string) error {
	c.did = append(c.did, what+" by "+who.Name)
	return c.err
}

func (c *cabinet) Restart(_ context.Context, who tel.Who) error { return c.note(who, "restart") }
func (c *cabinet) WhenIdle(who tel.Who) error {
	c.waits, c.since = true, time.Now()
	return c.note(who, "when idle")
}
func (c *cabinet) Cancel(tel.Who) bool {
	was := c.waits
	c.waits = false
	return was
}
func (c *cabinet) Waits() (tel.Who, time.Time, bool) {
	return tel.Who{Name: "ana"}, c.since, c.waits
}
func (c *cabinet) PowerOff(_ context.Context, who tel.Who) error { return c.note(who, "off") }
func (c *cabinet) Erase(_ context.Context, who tel.Who) error    { return c.note(who, "erase") }

func TestBoxGolden(t *testing.T) {
	for _, whole := range []bool{true, false} {
		for _, lang := range []string{"es", "en"} {
			name := fmt.Sprintf("box-%v.%s", whole, lang)
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					b := &cabinet{whole: whole}
					d := deps(&hand{}, house(time.Now()))
					d.Box = b
					c := New(d)
					var out strings.Builder
					for _, cmd := range []string{"reboot", "reboot when-idle", "reboot", "reboot --json", "reboot cancel", "reboot cancel", "reboot now", "reboot later",
						"poweroff", "poweroff now", "factory-reset", "factory-reset please", "factory-reset erase"} {
						var one strings.Builder
						code := c.Exec(t.Context(), append(strings.Fields(cmd), "--lang", lang), &one)
						fmt.Fprintf(&out, "$ centralita %s --lang %s\n%s-> %d\n", cmd, lang, &one, code)
						seemly(t, one.String(), strings.Contains(cmd, "--json"))
					}
					golden(t, name, out.String())
				})
			})
		}
	}
}

// Whoever stands at the serial line may erase without a log-in, and only that way;
// over the network it takes the owner.
func TestWhoMayErase(t *testing.T) {
	for _, c := range []struct {
		who  tel.Who
		want bool
	}{
		{tel.Who{Via: tel.DoorSerial}, true},
		{tel.Who{Name: "ana", Role: tel.AgentRole, Via: tel.DoorSerial}, true},
		{tel.Who{Name: "maria", Role: tel.Owner, Via: tel.DoorSSH}, true},
		{tel.Who{Name: "tec", Role: tel.Technician, Via: tel.DoorSSH}, false},
		{tel.Who{Via: tel.DoorWeb}, false},
		{tel.Who{Via: tel.DoorSSH}, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			b := &cabinet{}
			var out strings.Builder
			code := New(Deps{Box: b}).ExecAs(t.Context(), c.who, []string{"factory-reset", "borrar"}, &out)
			if (code == Fine) != c.want || (len(b.did) == 1) != c.want {
				t.Errorf("%+v: %d, %v, %s", c.who, code, b.did, &out)
			}
		})
	}
}

// deaf is a screen whose wire is cut after some lines.
type deaf struct{ lines int }

func (d *deaf) Write(b []byte) (int, error) {
	if d.lines -= strings.Count(string(b), "\n"); d.lines < 0 {
		return 0, errors.New("hung up")
	}
	return len(b), nil
}

// Nothing is erased when the order is taken back while it counts down, nor when the
// person is gone.
func TestEraseIsTakenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &cabinet{}
		ctx, cancel := context.WithTimeout(t.Context(), resetWait-time.Millisecond)
		defer cancel()
		var out strings.Builder
		if code := New(Deps{Box: b}).Exec(ctx, []string{"factory-reset", "erase", "--lang", "en"}, &out); code != NotFine || len(b.did) != 0 || !strings.Contains(out.String(), "nothing was done") {
			t.Errorf("%d, %v, %s", code, b.did, &out)
		}
		if code := New(Deps{Box: b}).Exec(t.Context(), []string{"factory-reset", "erase"}, &deaf{10}); code != NotFine || len(b.did) != 0 {
			t.Errorf("gone: %d, %v", code, b.did)
		}
	})
}

// At the serial line: asked for the word, stopped by ^C, done at last.
func TestEraseAtTheSerialLine(t *testing.T) {
	b := &cabinet{whole: true}
	bubble(t, Deps{Box: b}, maria(), func(t *testing.T, s *sitting) {
		s.Expect("centralita> ")
		s.Do("factory-reset", "Type ERASE to go on: ")
		s.Do("yes", "not the word")
		s.Do("factory-reset", "Type ERASE to go on: ")
		s.Do("ERASE", "Erasing in 10 s")
		s.Expect("6 s")
		s.Send("\x03")
		s.Expect("cancelled; nothing was done")
		if len(b.did) != 0 {
			t.Errorf("%v", b.did)
		}
		s.Do("factory-reset", "Type ERASE to go on: ")
		s.Do("erase", "has no owner: claim")
		if len(b.did) != 1 {
			t.Errorf("%v", b.did)
		}
	})
}
