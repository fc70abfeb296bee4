package console

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
)

// register is a house's accounts; it notes what was asked.
type register struct {
	asked []string
	err   error
}

func (r *register) note(args ...any) error {
	r.asked = append(r.asked, strings.TrimSpace(fmt.Sprintln(args...)))
	return r.err
}
func (r *register) People() []view.Account {
	at := time.Date(2026, 11, 28, 10, 0, 0, 0, time.UTC)
	return []view.Account{{Name: "ana", Role: "owner", Since: at, Password: at, Entered: at, Sessions: 1, Keys: []view.SSHKey{{Print: "SHA256:x", Note: "port\x1b[2Játil"}}},
		{Name: "eva", Role: "agent", Since: at, Password: at}}
}
func (r *register) RoleOf(name string) tel.Role {
	return map[string]tel.Role{"eva": tel.AgentRole, "leo": tel.Technician, "ana": tel.Owner}[name]
}
func (r *register) Passwd(_ context.Context, by tel.Who, name, old, password, from string) error {
	return r.note("passwd", by.Name, name, old, password, from)
}
func (r *register) Add(_ context.Context, by tel.Who, name string, role tel.Role, password, from string) error {
	return r.note("add", by.Name, name, role, password, from)
}
func (r *register) Remove(_ context.Context, by tel.Who, name, from string) error {
	return r.note("remove", by.Name, name, from)
}
func (r *register) SetRole(_ context.Context, by tel.Who, name string, role tel.Role, from string) error {
	return r.note("role", by.Name, name, role, from)
}
func (r *register) AddKey(_ context.Context, by tel.Who, name, line, from string) error {
	return r.note("key", by.Name, name, line, from)
}
func (r *register) RemoveKey(_ context.Context, by tel.Who, name, print, from string) error {
	return r.note("unkey", by.Name, name, print, from)
}

// overSocket does one command as the program does, by a socket in memory.
func overSocket(t *testing.T, d Deps, answers []string, args ...string) (string, int) {
	t.Helper()
	near, far := net.Pipe()
	done := make(chan struct{})
	go func() {
		New(d).session(t.Context(), far)
		close(done)
	}()
	var out bytes.Buffer
	var answer Answerer
	if answers != nil {
		answer = func(prompt string, hidden, again bool) (string, error) {
			fmt.Fprintf(&out, "<%s%t %t>", prompt, hidden, again)
			if len(answers) == 0 {
				return "", errors.New("nothing more was typed")
			}
			a := answers[0]
			answers = answers[1:]
			return a, nil
		}
	}
	code, err := talk(t.Context(), near, args, &out, answer)
	<-done
	if err != nil {
		return out.String() + err.Error(), code
	}
	return out.String(), code
}

// What the local socket asks is asked at the terminal there; nothing that was typed
// hidden comes back.
func TestAskingOverTheSocket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gate{}
		d := Deps{Lang: tel.Spanish, Access: g, Accounts: &register{}}
		out, code := overSocket(t, d, nil, "claim")
		if code != NotFine || !strings.Contains(out, "centralita console") || g.owner != "" {
			t.Errorf("nobody can be asked: %d %q", code, out)
		}
		out, code = overSocket(t, d, []string{"maria", "correct horse", "correct house"}, "claim")
		if code != NotFine || !strings.Contains(out, "no son iguales") || g.owner != "" {
			t.Errorf("two passwords: %d %q", code, out)
		}
		out, code = overSocket(t, d, []string{"maria"}, "claim")
		if code == Fine || g.owner != "" {
			t.Errorf("the person went away: %d %q", code, out)
		}
		out, code = overSocket(t, d, []string{"correct horse", "correct horse"}, "claim", "maria")
		if code != Fine || g.owner != "maria" || g.password != "correct horse" || strings.Contains(out, "horse") ||
			!strings.Contains(out, "<Contraseña nueva: true false><Otra vez: true true>") || !strings.Contains(out, "maria es el dueño") {
			t.Errorf("%d %q, owner %q", code, out, g.owner)
		}
		if out, code = overSocket(t, d, []string{}, "claim"); code != NotFine || !strings.Contains(out, "ya tiene dueño") {
			t.Errorf("again: %d %q", code, out)
		}
	})
}

func TestPeopleOverTheSocket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			args    string
			answers []string
			asked   string
			said    string
			code    int
		}{
			{"passwd Eva", []string{"p", "p"}, "passwd socket eva  p socket", "eva: password changed", Fine},
			{"passwd", []string{"p", "p"}, "", "passwd NAME", Usage},
			{"people add eva agent", []string{"p", "p"}, "add socket eva agent p socket", "account made", Fine},
			{"people add eva king", nil, "", `there is no role "king": owner, technician, supervisor, agent`, NotFine},
			{"people add eva", nil, "", "write: people add NAME ROLE", Usage},
			{"people remove eva", nil, "remove socket eva socket", "account removed", Fine},
			{"people role eva owner", nil, "role socket eva owner socket", "role changed", Fine},
			{"people key eva ssh-ed25519 AAAA eva de casa", nil, "key socket eva ssh-ed25519 AAAA eva de casa socket", "key added", Fine},
			{"people unkey eva SHA256:x", nil, "unkey socket eva SHA256:x socket", "key removed", Fine},
			{"people", nil, "", "SHA256:x", Fine},
			{"people list --json", nil, "", `"role":"owner"`, Fine},
		} {
			r := &register{}
			out, code := overSocket(t, Deps{Lang: tel.English, Access: &gate{}, Accounts: r, Location: time.UTC}, c.answers, strings.Fields(c.args)...)
			if got := strings.Join(r.asked, "; "); code != c.code || got != c.asked || !strings.Contains(out, c.said) || strings.Contains(out, "\x1b") {
				t.Errorf("%s: code %d, asked %q, said %q", c.args, code, got, out)
			}
		}
		r := &register{err: usageError{"no", "that will not do"}}
		if out, code := overSocket(t, Deps{Lang: tel.English, Access: &gate{}, Accounts: r}, nil, "people", "remove", "eva"); code != NotFine || !strings.Contains(out, "that will not do") {
			t.Errorf("refused: %d %q", code, out)
		}
		for _, c := range peopleCommands[1:] {
			args := append(strings.Fields(c.name), strings.Fields(strings.Repeat("x ", c.least))...)
			if c.name == "passwd" {
				args = append(args, "x")
			}
			if _, code := overSocket(t, Deps{Lang: tel.English}, []string{"p", "p"}, args...); code != Unreachable {
				t.Errorf("%s without accounts: %d", c.name, code)
			}
		}
	})
}

// One's own password needs the old one; another's is the owner's affair.
func TestPasswdInASession(t *testing.T) {
	r := &register{}
	c := New(Deps{Lang: tel.English, Access: &gate{}, Accounts: r})
	typed := []string{"old", "new", "new"}
	do := func(name string, role tel.Role, args ...string) (string, int) {
		left := typed
		var out bytes.Buffer
		code := c.do(t.Context(), asked{who: tel.Who{Name: name, Role: role, Via: tel.DoorSSH}, args: args, out: &out, ask: func(context.Context, query) (string, error) {
			a := left[0]
			left = left[1:]
			return a, nil
		}})
		return out.String(), code
	}
	if out, code := do("eva", tel.AgentRole, "passwd"); code != Fine || r.asked[0] != "passwd eva eva old new ssh" {
		t.Errorf("%d %q, asked %q", code, out, r.asked)
	}
	if out, code := do("leo", tel.Technician, "passwd", "ana"); code != NotFine || len(r.asked) != 1 || !strings.Contains(out, "role owner") {
		t.Errorf("another's: %d %q", code, out)
	}
	if out, code := do("eva", tel.Owner, "people"); code != NotFine || !strings.Contains(out, "you are agent") {
		t.Errorf("with a role of before: %d %q", code, out)
	}
	if out, code := do("nadie", tel.Owner, "people"); code != NotFine || !strings.Contains(out, "logged in") {
		t.Errorf("an account that is gone: %d %q", code, out)
	}
	typed = []string{"new", "new"}
	if out, code := do("ana", tel.Owner, "passwd", "eva"); code != Fine || r.asked[1] != "passwd ana eva  new ssh" {
		t.Errorf("by the owner: %d %q", code, out)
	}
}

// How the box is known, and that it is nobody's, stands in the status; the code does not.
func TestStatusOfTheDoors(t *testing.T) {
	now := time.Now()
	v := house(now)
	v.TLSKey, v.Unclaimed = "SE22-89XK-AGNS-83KY-1KBW-PEHH", &view.Claim{Code: "7K4M-P9XT-2QHD", Until: now}
	c := New(Deps{Lang: tel.English, View: func() *view.Snapshot { return v }})
	for _, args := range [][]string{{"status"}, {"status", "--json"}} {
		var out bytes.Buffer
		c.ExecAs(t.Context(), tel.Who{Via: tel.DoorSSH}, args, &out)
		if s := out.String(); !strings.Contains(s, v.TLSKey) || strings.Contains(s, "7K4M") || len(args) == 1 && !strings.Contains(s, "No owner yet") {
			t.Errorf("%q:\n%s", args, s)
		}
	}
}

// TestCommandsByRole is the table of who may what on the console (S-19).
func TestCommandsByRole(t *testing.T) {
	var rows []string
	for _, c := range commands {
		rows = append(rows, fmt.Sprintf("%-18s %s\n", c.name, c.role))
	}
	slices.Sort(rows)
	got := strings.Join(rows, "")
	const golden = "testdata/roles.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("who may what has changed; look, then go test ./firmware/console -run CommandsByRole -update\n%s", got)
	}
}

// Whoever looks at the box learns that its card can be read by who takes it, while it can.
func TestStatusOfTheCard(t *testing.T) {
	v := house(time.Now())
	for _, c := range []struct {
		lang    tel.Lang
		machine *view.Machine
		want    string
	}{
		{tel.Spanish, &view.Machine{Storage: &view.Storage{Device: "mmcblk0"}}, "Datos sin cifrar en mmcblk0: quien se lo lleve los lee"},
		{tel.English, &view.Machine{Storage: &view.Storage{Device: "mmcblk0"}}, "Data not encrypted on mmcblk0: whoever takes it can read them"},
		{tel.English, &view.Machine{Storage: &view.Storage{Device: "dm-0", Sealed: true}}, ""},
		{tel.English, &view.Machine{}, ""},
		{tel.English, nil, ""},
	} {
		v.Machine = c.machine
		var out bytes.Buffer
		New(Deps{Lang: c.lang, View: func() *view.Snapshot { return v }}).ExecAs(t.Context(), tel.Who{Via: tel.DoorSSH}, []string{"status"}, &out)
		if got := out.String(); !strings.Contains(got, c.want) || c.want == "" && strings.Contains(got, "encrypted") {
			t.Errorf("%+v: %s", c.machine, got)
		}
	}
}
