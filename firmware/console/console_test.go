package console

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
)

var update = flag.Bool("update", false, "write the golden files anew; read the diff before you keep them")

// house is a busy house at t; its names try to do harm.
func house(t time.Time) *view.Snapshot {
	ago := func(s int) time.Time { return t.Add(-time.Duration(s) * time.Second) }
	return &view.Snapshot{
		Seq: 7, At: t, Site: "Oficina Centro", Version: "0.1.0", Lang: tel.Spanish, Started: ago(3*3600 + 63), Clock: "ntp",
		Lines: []view.Line{
			{ID: "L1", Number: "910000001", Lamp: view.Talk, Since: ago(222), Call: "1-17"},
			{ID: "L2", Number: "910000002", Lamp: view.Queued, Since: ago(38), Call: "1-18", Detail: "in use"},
			{ID: "L3", Number: "910000003", Lamp: view.Dead, Since: ago(660), Detail: "no battery\x1b[31m"},
			{ID: "L4", Number: "910000004", Lamp: view.Idle, Since: ago(7200)},
		},
		Trunks: []view.Trunk{{ID: "siptel", Lamp: view.Warn, Since: ago(60), Used: 2, Size: 10, Why: "503 Service Unavailable"}},
		Phones: []view.Phone{{Ext: "101", Name: "Recepción", Port: "F1", Lamp: view.Idle, Messages: 2, Detail: "off hook, parked", Since: ago(7300)}, {Ext: "201", Name: "Ana", Lamp: view.Talk}, {Ext: "202", Name: "Bruno", Lamp: view.Off}},
		Queues: []view.Queue{
			{ID: "ventas", NameES: "Ventas", NameEN: "Sales", MaxWait: 180, Threshold: 3, Target: 20, Goal: 80, Answered: 31, InTarget: 28,
				Late: 2, Abandoned: 3, Free: 0, Logged: 3, Lamp: view.Warn, CanHelp: "Carla",
				Waiting: []view.Waiting{{Call: "1-18", Since: ago(38), Position: 1, Offered: "elena"}, {Call: "1-19", Since: ago(61), VIP: true, Position: 2}}},
			{ID: "soporte", NameES: "Soporte", NameEN: "Support", MaxWait: 180, Threshold: 3, Target: 20, Goal: 80, Free: 1, Logged: 2, Lamp: view.Idle},
		},
		Agents: []view.Agent{
			{ID: "ana", Name: "Ana", Ext: "201", State: "talking", Lamp: view.Talk, Since: ago(222), Call: "1-17", Today: 12},
			{ID: "bruno", Name: "Bruno", Ext: "202", State: "not ready", Reason: "almuerzo", Lamp: view.Pause, Since: ago(900), Today: 9},
			{ID: "carla", Name: "Carla", Ext: "203", State: "ready", Lamp: view.Idle, Since: ago(44), Today: 4},
			{ID: "elena", Name: "Elena", Ext: "102", State: "reserved", Lamp: view.Ring, Since: ago(3), Call: "1-18"},
			{ID: "diego", Name: "Diego", State: "logged out", Lamp: view.Off},
			{ID: "fabio", Name: "Fabio", Ext: "103", State: "unreachable", Reason: "phone not reachable", Lamp: view.Dead, Since: ago(5)},
		},
		Calls: []view.Call{{ID: "1-17"}, {ID: "1-18"}, {ID: "1-19"}},
		Alarms: []view.Alarm{{ID: "line.L3", Rank: view.Urgent, Since: ago(660), ES: "La línea 3 está muerta.", EN: "Line 3 is dead.",
			HintES: "Sin tensión; las salidas van por L4. Mire el cable y llame a la compañía.", HintEN: "No voltage; outgoing calls use L4. Check the cable and call the company."}},
		Uplinks: []view.Uplink{{ID: "sede", Lamp: view.Warn, State: "waiting", Since: ago(2500), Pending: 214, Acked: 48011, Error: "cannot reach the server: no route to host", WhyES: "no hay camino hasta él", WhyEN: "there is no way to it"}},
		Board: []view.Hardware{
			{Driver: "sim", State: "loaded", What: "4 lines and 4 telephones, simulated"},
			{Driver: "dahdi", State: "skipped", Why: "there is no /dev/dahdi: the DAHDI modules are not loaded", Hint: "load them: modprobe dahdi and the module of the card, then dahdi_cfg"},
			{Driver: "modem", Port: "modem1", State: "failed", Why: "it is no voice modem: of AT+FCLASS=8 it knows only 0,1,2.0\x1b[31m (/dev/ttyACM0)", Hint: "it is taken as soon as it answers"},
		},
		Spent: []view.Spent{
			{Limit: "abroad", Calls: 3, MaxCalls: 20, Talk: 754, MaxTalk: 3600, Cost: "4.55", Budget: "25.00"},
			{Limit: "line", Of: "L1", Calls: 12, Talk: 4000, MaxTalk: 7200},
		},
		Media: view.Media{Shards: 2, Legs: 5, LateMS: 0.4, MaxMS: 2.1},
		Book:  view.Book{Last: 48225}, Loop: view.LoopLateness{MaxMS: 1.2},
	}
}

// shelf is a Book.
type shelf struct {
	calls, events []string
	err           error
}

func lines(all []string, n int) iter.Seq2[[]byte, error] {
	if n > 0 && n < len(all) {
		all = all[len(all)-n:]
	}
	return func(yield func([]byte, error) bool) {
		for _, l := range all {
			if !yield([]byte(l), nil) {
				return
			}
		}
	}
}
func (b shelf) CallLines(_ context.Context, _ time.Time, n int) iter.Seq2[[]byte, error] {
	return lines(b.calls, n)
}
func (b shelf) TailLines(_ context.Context, n int) iter.Seq2[[]byte, error] {
	return lines(b.events, n)
}
func (b shelf) Verify(context.Context) (uint64, error) { return 48225, b.err }

// brokenAt is the error of a broken chain.
type brokenAt uint64

func (b brokenAt) Error() string {
	return fmt.Sprintf("the book is broken at number %d: it was altered", uint64(b))
}
func (b brokenAt) Number() uint64 { return uint64(b) }

var someBook = shelf{
	calls: []string{
		`{"id":"1-15","direction":"in","from":"600111222","to":"910000001","port":"L1","flow_path":["saludo","menu"],"queue":"ventas","agent":"ana","began":"2000-01-01T00:00:01.000Z","answered":"2000-01-01T00:00:02.000Z","queued":"2000-01-01T00:00:09.000Z","connected":"2000-01-01T00:00:16.500Z","ended":"2000-01-01T00:03:58.500Z","wait_s":7.5,"talk_s":222,"hold_s":0,"acw_s":12.1,"ended_by":"caller","cause":"normal","evidence":"busy tone"}`,
		`{"id":"1-16","direction":"in","from":"600\u001b[2J333","to":"910000002","port":"L2","flow_path":[],"queue":"soporte","agent":"","began":"2000-01-01T00:10:00.000Z","answered":null,"queued":null,"connected":null,"ended":"2000-01-01T00:11:00.000Z","wait_s":41,"talk_s":0,"hold_s":0,"acw_s":0,"ended_by":"caller","cause":"abandoned","evidence":""}`,
		`{"id":"1-17","direction":"out","from":"201","to":"912223344","port":"L4","flow_path":[],"queue":"","agent":"","began":"2000-01-01T00:12:00.000Z","answered":null,"queued":null,"connected":null,"ended":null,"wait_s":0,"talk_s":0,"hold_s":0,"acw_s":0,"ended_by":"","cause":"","evidence":""}`,
	},
	events: []string{
		`{"seq":48223,"boot":3,"at":"2000-01-01T00:00:01.000Z","clock":"ntp","kind":"call.began","hash":"ab","body":null}`,
		`{"seq":48224,"boot":3,"at":"2000-01-01T00:00:09.000Z","clock":"ntp","kind":"queue.joined","hash":"cd","body":{"kind":"queue.joined","at":"2000-01-01T00:00:09Z","call":"1-15","queue":"ventas"}}`,
		`{"seq":48225,"boot":3,"at":"2000-01-01T00:03:58.500Z","clock":"ntp","kind":"call.ended","hash":"ef","body":{"kind":"call.ended","at":"2000-01-01T00:03:58.5Z","call":"1-15","by":"caller","cause":"normal","evidence":"busy tone\u001b[31m 425 Hz"}}`,
	},
}

// hand is a Control that remembers.
type hand struct {
	did []string
	err error
}

func (h *hand) do(format string, args ...any) error {
	h.did = append(h.did, fmt.Sprintf(format, args...))
	return h.err
}
func (h *hand) Login(_ context.Context, a tel.AgentID, e tel.Number) error {
	return h.do("login %s %s", a, e)
}
func (h *hand) Logout(_ context.Context, a tel.AgentID) error { return h.do("logout %s", a) }
func (h *hand) Pause(_ context.Context, a tel.AgentID, r string) error {
	return h.do("pause %s %s", a, r)
}
func (h *hand) Unpause(_ context.Context, a tel.AgentID) error { return h.do("unpause %s", a) }
func (h *hand) Schedule(_ context.Context, id, m string) error { return h.do("schedule %s %s", id, m) }
func (h *hand) Messages(_ context.Context, e tel.Number, n int) error {
	return h.do("messages %s %d", e, n)
}

func deps(h *hand, v *view.Snapshot) Deps {
	return Deps{
		View: func() *view.Snapshot { return v }, Book: someBook, Control: h, Location: time.UTC,
		Phones: func() []Account {
			return []Account{{"201", "Ana", "127.0.0.1:5060", "201", "k3-tR9-wq7"}, {"202", "Bruno", "127.0.0.1:5060", "202", "mm2-Bz5-p0x"}}
		},
		Panel: func(s *view.Snapshot, now time.Time) ([4]string, string) {
			return [4]string{"Oficina Centro " + now.Format("15:04"), "1234       SIP 2/10", "O:X.", "Esperan 2  max 1:01"}, "1234 O:X."
		},
	}
}

// TestGolden holds what people see, word by word, in both languages.
func TestGolden(t *testing.T) {
	for _, cmd := range []string{"help", "status", "lines", "board", "board --json", "board --check", "limits", "limits --json", "queues", "agents", "calls", "calls 1", "phones", "book verify", "book tail",
		"panel --once", "panel --once --json", "agent pause Bruno almuerzo", "agent logout nadie", "phone 101", "phone 102", "phone 201 messages 3", "phone 201 mensajes 3", "phone 999", "phone 101 --json", "schedule oficina open", "schedule oficina ajar", "stauts", "agent",
		"calls --json", "queues --json", "book verify --json", "phones --json", "agent pause ana --json"} {
		for _, lang := range []string{"es", "en"} {
			if strings.Contains(cmd, "--json") && lang == "en" {
				continue
			}
			name := strings.NewReplacer(" ", "-", "--", "").Replace(cmd) + "." + lang
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					c := New(deps(&hand{}, house(time.Now())))
					var out strings.Builder
					code := c.Exec(t.Context(), append(strings.Fields(cmd), "--lang", lang), &out)
					golden(t, name, fmt.Sprintf("$ centralita %s --lang %s\n%s-> %d\n", cmd, lang, &out, code))
					seemly(t, out.String(), strings.Contains(cmd, "--json"))
				})
			})
		}
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is now\n%s\nwas\n%s", file, got, want)
	}
}

// seemly checks what any answer must be: clean text of 80 columns.
func seemly(t *testing.T, out string, json bool) {
	t.Helper()
	for line := range strings.Lines(out) {
		line = strings.TrimSuffix(line, "\n")
		if n := utf8.RuneCountInString(line); n > width && !json {
			t.Errorf("%d columns: %s", n, line)
		}
		if strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r == 0x7F }) || !utf8.ValidString(line) {
			t.Errorf("raw text: %q", line)
		}
		if !json && strings.TrimRight(line, " ") != line && !strings.HasPrefix(line, "|") {
			t.Errorf("spaces at the end: %q", line)
		}
	}
}

func TestExitCodes(t *testing.T) {
	now := time.Now()
	calm := house(now)
	calm.Alarms = nil
	bad := deps(&hand{err: errors.New("cannot pause ana: she is logged out")}, house(now))
	bad.Book = shelf{err: brokenAt(17)}
	unreadable := deps(&hand{}, calm)
	unreadable.Book = shelf{err: errors.New("disk I/O error")}
	offline := Deps{Book: someBook}
	for _, c := range []struct {
		d    Deps
		args string
		want int
		says string
	}{
		{deps(&hand{}, calm), "status --check", Fine, "Todo en orden"},
		{deps(&hand{}, house(now)), "status --check", NotFine, "muerta"},
		{deps(&hand{}, house(now)), "status", Fine, "muerta"},
		{deps(&hand{}, calm), "calls 0", Usage, "N es"},
		{deps(&hand{}, calm), "calls x", Usage, "N es"},
		{deps(&hand{}, calm), "status now", Usage, "se escribe: status"},
		{deps(&hand{}, calm), "status --loud", Usage, "no hay opción"},
		{deps(&hand{}, calm), "status --lang fr", Usage, "--lang"},
		{deps(&hand{}, calm), "agent login ana 2x1", Usage, "EXT"},
		{bad, "agent pause ana", NotFine, "she is logged out"},
		{bad, "schedule oficina open", NotFine, "she is"},
		{bad, "book verify", NotFine, "número 17"},
		{bad, "book verify --json", NotFine, `"broken":17`},
		{unreadable, "book verify", NotFine, "disk I/O error"},
		{offline, "calls", Fine, "600111222"},
		{offline, "book verify", Fine, "48225"},
		{offline, "book tail 1", Fine, "48225"},
		{offline, "status", Unreachable, "no está en marcha"},
		{offline, "phones", Unreachable, "no está en marcha"},
		{offline, "panel", Unreachable, "no está en marcha"},
		{offline, "agent pause ana", Unreachable, "no está en marcha"},
		{offline, "schedule oficina open", Unreachable, "no está en marcha"},
		{Deps{}, "calls", Unreachable, "no está en marcha"},
	} {
		var out strings.Builder
		if got := New(c.d).Exec(t.Context(), strings.Fields(c.args), &out); got != c.want || !strings.Contains(out.String(), c.says) {
			t.Errorf("%s: %d %q, want %d %q", c.args, got, &out, c.want, c.says)
		}
	}
	for args, want := range map[string]bool{"calls --json": true, "book verify": true, "book tail 5": true, "help": true, "status": false, "nonsense": false} {
		if Offline(strings.Fields(args)) != want {
			t.Errorf("Offline(%s) is %v", args, !want)
		}
	}
}

func TestControlIsAsked(t *testing.T) {
	h := &hand{}
	c := New(deps(h, house(time.Now())))
	for _, args := range []string{"agent login carla", "agent login Carla 204", "agent logout ANA", "agent pause bruno", "agent pause bruno almuerzo",
		"agent unpause elena", "schedule oficina auto"} {
		var out strings.Builder
		if code := c.Exec(t.Context(), strings.Fields(args), &out); code != Fine {
			t.Errorf("%s: %d %s", args, code, &out)
		}
	}
	want := "login carla |login carla 204|logout ana|pause bruno |pause bruno almuerzo|unpause elena|schedule oficina auto"
	if got := strings.Join(h.did, "|"); got != want {
		t.Errorf("asked %s\nwant  %s", got, want)
	}
}

func TestSecretsAreShownByPhonesOnly(t *testing.T) {
	c := New(deps(&hand{}, house(time.Now())))
	for _, cmd := range commands {
		if cmd.least > 0 {
			continue
		}
		for _, flag := range []string{"--json", "--once"} {
			var out strings.Builder
			c.Exec(t.Context(), append(strings.Fields(cmd.name), flag, "--once"), &out)
			if strings.Contains(out.String(), "k3-tR9-wq7") != (cmd.name == "phones") {
				t.Errorf("%s %s: %s", cmd.name, flag, &out)
			}
		}
	}
}

// Every state of the clock that the appliance can be in has its own words.
func TestClockStatesHaveWords(t *testing.T) {
	seen := map[string]string{}
	for _, clock := range []string{"ntp", "set", "rtc", "restored", "callerid", "system", "unset"} {
		for _, lang := range []tel.Lang{tel.Spanish, tel.English} {
			w := clockWord(&session{lang: lang}, clock)
			if seen[w] != "" {
				t.Errorf("%s and %s are both %q", seen[w], clock, w)
			}
			seen[w] = clock
		}
	}
}
