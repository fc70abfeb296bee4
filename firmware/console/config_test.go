package console

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/config"
	"github.com/centralita/centralita/firmware/config/life"
	"github.com/centralita/centralita/firmware/tel"
)

// fakeConfig is a life of a configuration that answers as it is told.
type fakeConfig struct {
	x         life.Index
	returning bool
	calls     int
	asked     []string
	changes   []config.Change
	bad       []config.Problem
	v         life.Version
	err       error
	doc       string // that was sent
}

func (f *fakeConfig) Status() (life.Index, int, bool, int) { return f.x, 1, f.returning, f.calls }
func (f *fakeConfig) Show(n int) ([]byte, error) {
	if n > 2 {
		return nil, errors.New("there is none")
	}
	return []byte("site: {name: Ñandú}\n"), nil
}
func (f *fakeConfig) Draft() ([]byte, bool, error)      { return nil, false, nil }
func (f *fakeConfig) Diff(int) ([]config.Change, error) { return f.changes, f.err }
func (f *fakeConfig) Set(_ tel.Who, path, value string) ([]config.Change, []config.Problem, error) {
	f.asked = append(f.asked, "set "+path+"="+value)
	return f.changes, f.bad, f.err
}
func (f *fakeConfig) Unset(_ tel.Who, path string) ([]config.Change, []config.Problem, error) {
	f.asked = append(f.asked, "unset "+path)
	return f.changes, f.bad, f.err
}
func (f *fakeConfig) Discard(tel.Who) error { f.asked = append(f.asked, "discard"); return f.err }
func (f *fakeConfig) Check(name string, doc []byte) ([]config.Problem, error) {
	f.asked, f.doc = append(f.asked, "check "+name), string(doc)
	return f.bad, f.err
}
func (f *fakeConfig) Apply(_ context.Context, who tel.Who, doc []byte, name string, wait time.Duration) (life.Version, error) {
	f.asked, f.doc = append(f.asked, "apply "+name+" "+wait.String()+" by "+who.Name), string(doc)
	return f.v, f.err
}
func (f *fakeConfig) Confirm(tel.Who) (life.Version, error) {
	f.asked = append(f.asked, "confirm")
	return f.v, f.err
}
func (f *fakeConfig) RollBack(_ context.Context, _ tel.Who, n int, _ time.Duration) (life.Version, error) {
	f.asked = append(f.asked, "rollback "+string(rune('0'+n)))
	return f.v, f.err
}
func (f *fakeConfig) Restore(tel.Who) (int, error) {
	f.asked = append(f.asked, "restore")
	return f.calls, f.err
}

// typed runs one command and returns what it printed and its exit code.
func (f *fakeConfig) typed(role tel.Role, args ...string) (string, int) {
	var out strings.Builder
	code := New(Deps{Config: f}).ExecAs(context.Background(), tel.Who{Name: "ana", Role: role, Via: tel.DoorSSH}, append([]string{"--lang", "en"}, args...), &out) // the last --lang counts
	return out.String(), code
}

func TestConfigurationAtTheConsole(t *testing.T) {
	draft := life.Index{Draft: &life.Draft{}}
	tried := life.Index{Confirmed: 1, Trial: &life.Trial{N: 2, Until: time.Now().Add(time.Minute)}}
	waits := life.Index{Confirmed: 1, Trial: &life.Trial{N: 2, Idle: true}}
	bad := []config.Problem{{File: "a.yaml", Line: 3, Col: 7, What: "it is wrong", Why: "of a rule", Hint: "mend it"}}
	for _, c := range []struct {
		f     fakeConfig
		typed string
		asked string
		want  string
		code  int
	}{
		{fakeConfig{changes: []config.Change{{Path: "lines.L2.country", Kind: "changed", Old: "ES", New: "FR"}}}, "config set lines.L2.country FR", "set lines.L2.country=FR", "lines.L2.country: ES → FR\nIn the draft; config apply uses it.\n", Fine},
		{fakeConfig{bad: bad}, "config set a b", "set a=b", "a.yaml:3:7: it is wrong, of a rule, mend it\nThe draft cannot be applied yet.\n", Fine},
		{fakeConfig{changes: []config.Change{{Path: "phones.201.password", Kind: "changed", Old: `"********"`, New: `"********"`, Secret: true, Restart: true}}}, "config diff", "", "phones.201.password: changed (secret) (restarts when idle)\n", Fine},
		{fakeConfig{}, "config diff 7", "", "There is no difference.\n", Fine},
		{fakeConfig{}, "config diff x", "", "N is the number of a version; config versions lists them\n", NotFine},
		{fakeConfig{bad: bad}, "config check", "check ", "a.yaml:3:7: it is wrong, of a rule, mend it\n", NotFine},
		{fakeConfig{bad: []config.Problem{{File: "a.yaml", Line: 3, Col: 7, What: `unknown key "x"`, Why: "site has no such key", Hint: `did you mean "id"?`}}}, "config check --lang es", "check ", "a.yaml:3:7: clave desconocida \"x\", site no tiene esa clave, ¿quería decir \"id\"?\n", NotFine},
		{fakeConfig{}, "config check", "check ", "There is no problem.\n", Fine},
		{fakeConfig{v: life.Version{N: 2, State: life.Live}}, "config apply 10m", "check ; apply  10m0s by ana", "Version 2 is in use for 10m: config confirm keeps it.\n", Fine},
		{fakeConfig{calls: 2, v: life.Version{N: 2, State: life.Asked}}, "config apply", "check ; apply  5m0s by ana", "Version 2: waiting for 2 calls; it comes in when idle and is to be confirmed in\n  5m.\n", Fine},
		{fakeConfig{v: life.Version{N: 2, State: life.RolledBack, Why: "the port is taken"}}, "config apply", "check ; apply  5m0s by ana", "version 2 could not be used: the port is taken; hint: put that right, and config\n  rollback 2 tries it again\n", NotFine},
		{fakeConfig{bad: bad}, "config apply", "check ", "a.yaml:3:7: it is wrong, of a rule, mend it\n", NotFine},
		{fakeConfig{}, "config apply 1s", "", "the time is from 10s to 24h\n", NotFine},
		{fakeConfig{}, "config apply office.yaml", "", "a file is read where the command is typed: centralita config check FILE\n", NotFine},
		{fakeConfig{x: draft, v: life.Version{N: 2, State: life.Live}}, "config confirm 5m", "check ; apply  5m0s by ana", "Version 2 is in use for 5m: config confirm keeps it.\n", Fine},
		{fakeConfig{x: tried, v: life.Version{N: 2}}, "config confirm", "confirm", "Version 2 stays.\n", Fine},
		{fakeConfig{x: tried, v: life.Version{N: 1}}, "config rollback", "rollback 0", "Back to version 1.\n", Fine},
		{fakeConfig{v: life.Version{N: 4, State: life.Live}}, "config rollback 3", "rollback 3", "Version 4 is in use for 5m: config confirm keeps it.\n", Fine},
		{fakeConfig{x: waits, calls: 2}, "config versions", "", "Version 2: waiting for 2 calls\n", Fine},
		{fakeConfig{x: tried, returning: true, calls: 1}, "config versions", "", "Going back to version 1: waiting for 1 calls\n", Fine},
		{fakeConfig{}, "config discard", "discard", "The draft is gone.\n", Fine},
		{fakeConfig{}, "config show", "", "site: {name: Ñandú}\n", Fine},
		{fakeConfig{}, "config show draft", "", "there is no draft; config set begins one\n", NotFine},
	} {
		got, code := c.f.typed(tel.Technician, strings.Fields(c.typed)...)
		if got != c.want || code != c.code || strings.Join(c.f.asked, "; ") != c.asked {
			t.Errorf("%s: exit %d, asked %q\n%s, want exit %d, asked %q\n%s", c.typed, code, c.f.asked, got, c.code, c.asked, c.want)
		}
	}
}

func TestAFileComesWithItsName(t *testing.T) {
	f := &fakeConfig{}
	if got, code := f.typed(tel.Technician, "config", "check", "---\nsite: x\n", "office.yaml"); code != Fine || f.doc != "---\nsite: x\n" || f.asked[0] != "check office.yaml" {
		t.Errorf("exit %d: %s; %q", code, got, f.asked)
	}
	if got, code := f.typed(tel.Technician, "config", "apply", "a: b\n", "office.yaml", "30m"); code != Fine || f.asked[2] != "apply office.yaml 30m0s by ana" {
		t.Errorf("exit %d: %s; %q", code, got, f.asked)
	}
}

func TestWhoMayTouchTheConfiguration(t *testing.T) {
	f := &fakeConfig{}
	if _, code := f.typed(tel.Supervisor, "config", "show"); code != NotFine {
		t.Error("a supervisor reads the configuration")
	}
	if _, code := f.typed(tel.Technician, "restore", "begin"); code != NotFine || len(f.asked) > 0 {
		t.Error("a technician restores")
	}
	if got, code := f.typed(tel.Owner, "restore", "begin"); code != Fine || got != "It is put in when idle: waiting for 0 calls.\n" {
		t.Errorf("exit %d: %s", code, got)
	}
}
