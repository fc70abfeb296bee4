package peers

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite", to damage a book with

	"github.com/centralita/centralita/testbench/phone"
)

// One line begins with "ready", and it is the last of the greeting.
func TestReadyLine(t *testing.T) {
	t.Parallel()
	d := NewDaemon(t, bin, document)
	lines := strings.Split(strings.TrimSpace(d.out.String()), "\n")
	n := 0
	for _, l := range lines {
		if strings.HasPrefix(l, "ready") {
			n++
		}
	}
	if n != 1 || !strings.HasPrefix(lines[len(lines)-1], "ready") {
		t.Errorf("it printed %q", lines)
	}
	for _, want := range []string{d.SIP, "http://" + d.Web + "/wall", "L1 L2"} {
		if !strings.Contains(d.out.String(), want) {
			t.Errorf("the greeting does not name %s: %s", want, d.out)
		}
	}
}

// SIGTERM while calls wait, talk and hear the menu: each gets a BYE, the records
// are closed, and the program has ended within five seconds with code 0.
func TestFarewell(t *testing.T) {
	t.Parallel()
	d := NewDaemon(t, bin, document)
	k := newTalk(t, d)
	carrier := d.Carrier(phone.Account{User: "600999888"})
	var more []*phone.Call
	for i := range 20 {
		c := carrier.Call("912000000")
		must(t, c.WaitUp(soon(t)))
		if i%2 == 0 {
			c.SendDigits("1", phone.RFC4733)
		}
		more = append(more, c)
	}
	began := time.Now()
	d.Stop() // fails the test after 5 s, or at another code than 0
	t.Logf("the farewell took %s", time.Since(began).Round(time.Millisecond))
	for _, c := range append(more, k.caller, k.agent) {
		must(t, c.WaitEnd(soon(t)))
		if code, reason := c.End(); code != 0 || reason != "BYE" {
			t.Errorf("a call was left without a BYE: %d %s", code, reason)
		}
	}
	for _, r := range d.Ended(21) { // read from the book alone
		if r.EndedBy != "system" || r.Cause != "shutdown" {
			t.Errorf("record %+v", r)
		}
	}
	d.Verify()
}

// problem is what check prints: FILE:LINE:COL: what, why, hint.
var problem = regexp.MustCompile(`^(.+\.yaml):([1-9][0-9]*):([1-9][0-9]*): (.+), (.+), (.+)$`)

// check tells every problem of ten kinds of broken documents in one form.
func TestCheck(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	good := filepath.Join(dir, "good.yaml")
	must(t, os.WriteFile(good, []byte(document), 0o600))
	if out, err := exec.Command(bin, "check", good).CombinedOutput(); err != nil || len(out) != 0 {
		t.Errorf("a good document: %v, %s", err, out)
	}
	for name, c := range map[string]struct{ old, new string }{
		"unknown key":         {"operator:", "operater:"},
		"wrong type":          {"fxo: 2", "fxo: two"},
		"unknown node":        {"next: operador", "next: operater"},
		"unknown queue":       {"{queue: ventas,", "{queue: nobody,"},
		"twice the same":      {`ext: "202"`, `ext: "201"`},
		"bad time":            {"ring: 20s", "ring: soon"},
		"bad address":         {"sip: 127.0.0.1:5060", "sip: here"},
		"no such prompt":      {"say: [goodbye]", "say: [adieu]"},
		"no such socket":      {"socket: fxs2", "socket: fxs9"},
		"syntax":              {"lines:", "lines: ["},
		"no such country":     {"country: ES", "country: XX"},
		"no such line":        {"via: [L2, L1]", "via: [L9]"},
		"tab":                 {"  - {id: L1", "\t- {id: L1"},
		"nobody to go on to":  {", next: operador}", "}"},
		"a loop without exit": {"fin: {hangup: true, say: [goodbye]}", "fin: {say: [goodbye], next: fin}"},
	} {
		bad := filepath.Join(dir, strings.ReplaceAll(name, " ", "-")+".yaml")
		text := strings.Replace(document, c.old, c.new, 1)
		if text == document {
			t.Fatalf("%s: nothing was broken", name)
		}
		must(t, os.WriteFile(bad, []byte(text), 0o600))
		cmd := exec.Command(bin, "check", bad)
		out, err := cmd.Output()
		if code := cmd.ProcessState.ExitCode(); code != 1 {
			t.Errorf("%s: exit %d, %v", name, code, err)
		}
		lines := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
		for _, l := range lines {
			if m := problem.FindStringSubmatch(l); m == nil || m[1] != bad {
				t.Errorf("%s: %q is not FILE:LINE:COL: what, why, hint", name, l)
			}
		}
	}
}

// Each command ends with the code that its documentation names.
func TestExitCodes(t *testing.T) {
	t.Parallel()
	d := NewDaemon(t, bin, document)
	for _, c := range []struct {
		args string
		want int
	}{
		{"status", 0}, {"status --json", 0}, {"lines", 0}, {"queues --json", 0}, {"agents", 0}, {"calls", 0}, {"calls --json", 0}, {"phones", 0},
		{"book verify", 0}, {"book tail", 0}, {"panel --once", 0}, {"agent logout ana", 0},
		{"agent login nobody", 2}, {"agent pause ana no-such-reason", 1}, {"schedule none open", 1},
		{"dance", 2}, {"calls many", 2}, {"status --loud", 2}, {"agent login", 2}, {"book", 2},
	} {
		if out, code := d.Run(strings.Fields(c.args)...); code != c.want {
			t.Errorf("%s: exit %d, want %d: %s", c.args, code, c.want, out)
		}
	}
	d.Stop()
	for _, c := range []struct {
		args string
		want int
	}{{"calls --json", 0}, {"book verify", 0}, {"book tail", 0}, {"status", 3}, {"agents", 3}, {"agent logout ana", 3}, {"dance", 2}} {
		if out, code := d.Run(strings.Fields(c.args)...); code != c.want {
			t.Errorf("%s while stopped: exit %d, want %d: %s", c.args, code, c.want, out)
		}
	}
	bad := filepath.Join(t.TempDir(), "bad.yaml")
	must(t, os.WriteFile(bad, []byte("site: {}"), 0o600))
	for _, c := range []struct {
		want int
		args []string
	}{
		{0, nil}, {0, []string{"--help"}}, {0, []string{"--version"}}, {0, []string{"run", "--help"}},
		{1, []string{"check", bad}}, {1, []string{"check", bad + "x"}}, {1, []string{"run", "--config", bad, "--data", t.TempDir()}},
		{2, []string{"run"}}, {2, []string{"check"}}, {2, []string{"check", bad, "--loud"}}, {2, []string{"run", "--config", bad + "x", "--data", t.TempDir()}},
	} {
		cmd := exec.Command(bin, c.args...)
		if out, _ := cmd.CombinedOutput(); cmd.ProcessState.ExitCode() != c.want { // the code tells
			t.Errorf("%v: exit %d, want %d: %s", c.args, cmd.ProcessState.ExitCode(), c.want, out)
		}
	}
	if out, err := exec.Command(bin, "book", "verify", "--data", t.TempDir()).CombinedOutput(); err == nil || err.(*exec.ExitError).ExitCode() != 3 {
		t.Errorf("no book at all: %v, %s", err, out)
	}
}

// The fields of a record, in their order, and nothing else; the same while the
// daemon runs and when it has stopped.
func TestRecordFields(t *testing.T) {
	t.Parallel()
	want := strings.Fields("id direction from to port flow_path queue agent began answered queued connected ended wait_s talk_s hold_s acw_s ended_by cause evidence")
	d := NewDaemon(t, bin, document)
	k := newTalk(t, d)
	up, _ := d.Run("calls", "--json")
	if got := fields(t, up); !slices.Equal(got, want) {
		t.Errorf("fields %v, want %v", got, want)
	}
	var open Record
	must(t, json.Unmarshal([]byte(up), &open))
	if open.Ended != nil || open.Connected == nil || open.EndedBy != "" {
		t.Errorf("of a call that is up: %s", up)
	}
	k.ends()
	running, _ := d.Run("calls", "--json")
	d.Stop()
	stopped, code := d.Run("calls", "--json")
	if code != 0 || !slices.Equal(fields(t, stopped), want) {
		t.Errorf("stopped: exit %d: %s", code, stopped)
	}
	var a, b Record
	must(t, json.Unmarshal([]byte(running), &a))
	must(t, json.Unmarshal([]byte(stopped), &b))
	a.ACW, b.ACW = 0, 0 // it ended with the program
	if x, y := fmt.Sprintf("%+v", story(a)), fmt.Sprintf("%+v", story(b)); x != y {
		t.Errorf("running %s, stopped %s", x, y)
	}
	for _, at := range []*string{b.Began, b.Answered, b.Queued, b.Connected, b.Ended} {
		if at == nil || !regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|[+-]\d\d:\d\d)$`).MatchString(*at) {
			t.Errorf("a time is not RFC 3339 with milliseconds: %s", stopped)
		}
	}
}

// story is a record with its times as text.
func story(r Record) []any {
	return []any{r.ID, r.Direction, r.From, r.To, r.Port, r.FlowPath, r.Queue, r.Agent, *r.Began, *r.Answered, *r.Queued, *r.Connected, *r.Ended,
		r.Wait, r.Talk, r.Hold, r.EndedBy, r.Cause, r.Evidence}
}

// fields are the names in the first line of JSON, in their order.
func fields(t *testing.T, line string) []string {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(line))
	var names []string
	depth, name := 0, true
	for {
		tok, err := dec.Token()
		must(t, err)
		switch tok {
		case json.Delim('{'), json.Delim('['):
			depth++
			continue
		case json.Delim('}'), json.Delim(']'):
			if depth--; depth == 0 {
				return names
			}
		default:
			if depth == 1 && name {
				names, name = append(names, fmt.Sprint(tok)), false
				continue
			}
		}
		name = name || depth == 1
	}
}

// damage changes one row in the book of a daemon that has stopped.
func (d *Daemon) damage(query string, args ...any) {
	d.t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(d.Dir, "book.db"))
	must(d.t, err)
	res, err := db.Exec(query, args...)
	must(d.t, err)
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		d.t.Fatalf("%d rows changed, %v", n, err)
	}
	must(d.t, db.Close())
}

// book verify names the first number that does not hold.
func TestVerifyNamesTheBrokenNumber(t *testing.T) {
	t.Parallel()
	for name, query := range map[string]string{
		"altered": "UPDATE event SET body = CAST(replace(CAST(body AS TEXT), '600123456', '600123457') AS BLOB) WHERE seq = ?",
		"deleted": "DELETE FROM event WHERE seq = ?",
	} {
		t.Run(name, func(t *testing.T) {
			d := NewDaemon(t, bin, document)
			c := d.Carrier(phone.Account{}).Call("912000000")
			must(t, c.WaitUp(soon(t)))
			Speaks(t, "the caller", c)
			c.HangUp()
			d.Ended(1)
			tail, _ := d.Run("book", "tail", "100", "--json")
			var seq uint64
			for line := range strings.Lines(tail) {
				var row struct {
					Seq  uint64 `json:"seq"`
					Kind string `json:"kind"`
				}
				must(t, json.Unmarshal([]byte(line), &row))
				if row.Kind == "call.began" {
					seq = row.Seq
				}
			}
			d.Stop()
			d.Verify()
			d.damage(query, seq)
			out, code := d.Run("book", "verify")
			if code != 1 || !regexp.MustCompile(fmt.Sprintf(`\b%d\b`, seq)).MatchString(out) {
				t.Errorf("exit %d, want 1 and number %d: %s", code, seq, out)
			}
			out, code = d.Run("book", "verify", "--json", "--lang", "en")
			t.Logf("exit %d: %s", code, out)
		})
	}
}
