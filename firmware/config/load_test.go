package config

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/ivr/flow"
	"github.com/centralita/centralita/firmware/numbering"
	"github.com/centralita/centralita/firmware/tel"
)

const office = "../../board/sim/office.yaml"

// sound parses a document that must have no problem.
func sound(tb testing.TB, file string) *Config {
	tb.Helper()
	c, problems := Load(file, nil)
	for _, p := range problems {
		tb.Error(p)
	}
	if c == nil {
		tb.FailNow()
	}
	return c
}

func TestOfficeIsSound(t *testing.T) {
	c := sound(t, office)
	data, err := os.ReadFile(office)
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(data); c.Digest != hex.EncodeToString(sum[:]) || c.File != office {
		t.Errorf("file %s, digest %s", c.File, c.Digest)
	}
	if len(c.Lines) != 4 || len(c.Phones) != 8 || len(c.Queues) != 2 || len(c.Agents) != 6 || c.Flow("principal") == nil || c.Flow("x") != nil {
		t.Errorf("the office is not whole: %+v", c)
	}
	if want := []tel.Number{"101", "102", "103", "104", "201", "202", "203", "204"}; !slices.Equal(c.Extensions(), want) {
		t.Errorf("extensions %v", c.Extensions())
	}
}

// Collect calls are refused where that is the habit, unless a line takes them.
func TestCollectCallsByCountry(t *testing.T) {
	text, err := os.ReadFile("testdata/minimal.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text = bytes.Replace(text, []byte("country: ES"), []byte("country: BR"), 1)
	for _, want := range []bool{true, false} {
		c, problems := Parse("brazil.yaml", text, nil)
		if c == nil || c.Lines[0].BlockCollect != want {
			t.Fatalf("block_collect %t is wanted: %v", want, problems)
		}
		text = bytes.Replace(text, []byte("{id: L1,"), []byte("{id: L1, block_collect: false,"), 1)
	}
}

func TestDefaults(t *testing.T) {
	c := sound(t, "testdata/minimal.yaml")
	loop := netip.MustParseAddr("127.0.0.1")
	for _, x := range []struct{ name, got, want any }{
		{"listen", c.Listen, Listen{SIP: netip.AddrPortFrom(loop, 5060), Web: netip.AddrPortFrom(loop, 8080), RTP: PortRange{From: 20000, To: 20999}, HTTPS: netip.AddrPortFrom(loop, 8443)}},
		{"access", c.Access, Access{Idle: 30 * time.Minute, Longest: 12 * time.Hour, Console: 10 * time.Minute}},
		{"board", c.Board, Board{Kind: "sim", Socket: "sim.sock", FXO: 2, FXS: 2}},
		{"language", c.Site.Language, tel.Spanish},
		{"line", c.Lines[0], Line{ID: "L1", Socket: "fxo1", Number: "910000001", Flow: "principal", Use: "both", Country: "ES", Echo: 128}},
		{"phone", c.Phones[1], Phone{Ext: "201", Name: "Ana", SIP: true, Codecs: []string{"PCMA", "PCMU"}}},
		{"queue", c.Queues[0], Queue{ID: "ventas", NameES: "Ventas", NameEN: "Sales", Ext: "301", Ring: 20 * time.Second, Backoff: 10 * time.Second,
			ACW: 15 * time.Second, MaxWait: 10 * time.Minute, MaxCallers: 50, Announce: 30 * time.Second, Threshold: 3,
			WaitLimit: 3 * time.Minute, Target: 20 * time.Second, Goal: 80, Music: "music"}},
		{"agent", c.Agents[0], Agent{ID: "ana", Name: "ana", Number: "1", Queues: []tel.QueueID{"ventas"}, Ext: "201"}},
		{"features", c.Features, Features{"*11", "*12", "*13", "*14"}},
		{"emergency", c.Outside.Emergency, []tel.Number{"112"}},
		{"limits", c.Limits, Limits{100, 4 * time.Hour, 25 * time.Second}},
		{"override", c.Schedules[0].Override, flow.Auto},
		{"zone", c.Schedules[0].Location.String(), "Europe/Madrid"},
	} {
		if !reflect.DeepEqual(x.got, x.want) {
			t.Errorf("%s is %+v, want %+v", x.name, x.got, x.want)
		}
	}
	n := c.Flow("principal").Node("menu")
	if !n.BargeIn || n.Direct || n.Timeout != 5*time.Second || n.Between != 3*time.Second || n.Invalids != 3 || n.Timeouts != 2 {
		t.Errorf("menu %+v", n)
	}
}

func TestEveryKeyIsRead(t *testing.T) {
	c := sound(t, "testdata/full.yaml")
	zone := func(l *time.Location) string { return l.String() }
	for _, x := range []struct{ name, got, want any }{
		{"site", []any{c.Site.ID, c.Site.Name, c.Site.Country, c.Site.Language, zone(c.Site.Location)},
			[]any{"sede-2", "Sede Sur", "US", tel.English, "America/New_York"}},
		{"listen", c.Listen, Listen{SIP: netip.MustParseAddrPort("0.0.0.0:5070"), Web: netip.MustParseAddrPort("[::1]:8443"), RTP: PortRange{From: 30000, To: 30999},
			HTTPS: netip.MustParseAddrPort("0.0.0.0:443"), Cert: "/etc/centralita/site.pem", Key: "/etc/centralita/site.key"}},
		{"update", c.Update, Update{"https://updates.example.net/stable/{board}.ctl", "early", 23*time.Hour + 30*time.Minute, 4 * time.Hour, true}},
		{"access", c.Access, Access{10 * time.Minute, 8 * time.Hour, 5 * time.Minute, netip.MustParseAddrPort("0.0.0.0:2222")}},
		{"board", c.Board, Board{Kind: "sim", Socket: "wire.sock", FXO: 2, FXS: 1, DAHDI: &DAHDI{Channels: []int{1, 4}, Hardware: true},
			Modems: []Modem{{"usb", "/dev/serial/by-id/usb-1", 460800, "half"}, {"usb2", "/dev/ttyACM1", 0, "auto"}}}},
		{"lines", c.Lines, []Line{{ID: "L1", Socket: "fxo1", Number: "+12125550100", Flow: "main", Use: "in", BlockCollect: true, Longest: 2 * time.Hour, Country: "MX", Echo: 128},
			{ID: "L2", Socket: "fxo2", Use: "out", Country: "US", Echo: -1}}},
		{"phones", c.Phones, []Phone{
			{Ext: "100", Name: "Desk", Socket: "fxs1", Codecs: []string{"PCMU", "PCMA"}, Classes: []string{"national"}},
			{Ext: "200", Name: "Softphone", SIP: true, Password: "secret:desk", Codecs: []string{"PCMU"}}}},
		{"trunks", c.Trunks, []Trunk{
			{ID: "carrier", Server: "sip.example.net:5080", TCP: true, Register: true, User: "u1", Password: "secret:carrier",
				Number: "2125550101", Flow: "main", Calls: 4, Codecs: []string{"PCMA"}},
			{ID: "ata", Accepts: true, User: "ata1", Password: "hello", Flow: "main", Calls: 10, Codecs: []string{"PCMU", "PCMA"},
				From: []netip.Prefix{netip.MustParsePrefix("192.0.2.1/32"), netip.MustParsePrefix("2001:db8::/32")}},
			{ID: "pstn", Accepts: true, User: "pstn1", Password: "secret:pstn", Number: "2125550102", Flow: "main", Calls: 1,
				Codecs: []string{"PCMU", "PCMA"}, Preset: "ht813", Assumed: true},
			{ID: "spa", Server: "192.0.2.7:5061", From: []netip.Prefix{netip.MustParsePrefix("192.0.2.7/32")}, Flow: "main", Calls: 1,
				Codecs: []string{"PCMU", "PCMA"}, Preset: "spa3102"}}},
		{"queue", c.Queues[0], Queue{"sales", "Ventas", "Sales", "300", 15 * time.Second, time.Minute, 0, 5 * time.Minute, 7, 0, 2, 90 * time.Second, 10 * time.Second, 90, "piano"}},
		{"agent", c.Agents[0], Agent{"ann", "Ann", "11", "4711", []tel.QueueID{"sales"}, "200"}},
		{"pause", c.Pauses[0], PauseReason{'1', "break", "Break", "Break"}},
		{"features", c.Features, Features{"*21", "*22", "*23", "*24"}},
		{"operator", c.Operator, tel.Number("100")},
		{"fax", c.Fax, tel.Number("100")},
		{"outside", c.Outside, Outside{"9", []tel.Number{"911", "933"}, []Route{{"local", []string{"national", "free"}, "[2-9]XXXXXXXXX", []string{"L2", "carrier"}, 1, "1"}}, []numbering.Limit{
			{Name: "dear", Classes: []numbering.Class{numbering.Premium, numbering.International}, Pattern: "011.", Ways: []string{"carrier"}, Phones: []tel.Number{"200"},
				Each: numbering.EachPhone, Calls: 5, PerDay: 90 * time.Minute, PerCall: 10 * time.Minute, Minute: 3500, Setup: 1000, Budget: 250000},
			{Name: "short", PerCall: time.Hour}}, true}},
		{"limits", c.Limits, Limits{12, time.Hour, 40 * time.Second}},
		{"log", c.Log, Log{&Syslog{"logs.example.net:6514", "tls", "ca.pem"}}},
		{"watchdog", c.Watchdog, &Watchdog{"/dev/watchdog0", 20 * time.Second}},
		{"uplinks", c.Uplinks, []Uplink{{"hq", "https://collector.example.net/e", "secret:hq", "ca.pem", 50, time.Second}, {"here", "http://[::1]:9000/", "", "", 500, 5 * time.Second}}},
		{"override", c.Schedules[0].Override, flow.ForcedClosed},
		{"zone", zone(c.Schedules[0].Location), "America/Chicago"},
		{"week", c.Schedules[0].Week, [7][]flow.Span{nil, {{From: 480, To: 720}, {From: 780, To: 1440}}, {{From: 480, To: 720}, {From: 780, To: 1440}}, {{From: 480, To: 720}, {From: 780, To: 1440}}, {{From: 480, To: 720}, {From: 780, To: 1440}}, {{From: 480, To: 720}, {From: 780, To: 1440}}, nil}},
		{"holidays", c.Schedules[0].Holidays, []flow.Holiday{{Month: 2, Day: 29, Name: "Leap day"}, {Year: 2027, Month: 12, Day: 24, Open: []flow.Span{{From: 480, To: 720}}}}},
	} {
		if !reflect.DeepEqual(x.got, x.want) {
			t.Errorf("%s is\n%+v, want\n%+v", x.name, x.got, x.want)
		}
	}
	n := c.Flow("main").Node("menu")
	if n.BargeIn || !n.Direct || n.Timeout != 7*time.Second || n.Between != 2*time.Second || n.Invalids != 1 || n.Timeouts != 9 || len(n.Say) != 4 {
		t.Errorf("menu %+v", n)
	}
}

func TestLoadSaysWhyAFileCannotBeRead(t *testing.T) {
	folder := t.TempDir()
	huge := filepath.Join(folder, "huge.yaml")
	if err := os.WriteFile(huge, bytes.Repeat([]byte("# much\n"), 300000), 0o600); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{
		filepath.Join(folder, "absent.yaml"): "no such file",
		folder:                               "is a folder",
		huge:                                 "at most 1048576 are read",
	} {
		c, problems := Load(file, nil)
		if c != nil || len(problems) != 1 || !strings.Contains(problems[0].String(), want) {
			t.Errorf("%s: %v", file, problems)
		}
	}
}

func TestEveryProblemIsTold(t *testing.T) {
	tell := func(file string, lang tel.Lang, w io.Writer) (bool, error) {
		_, problems := Load(file, nil)
		return Tell(problems, lang, w)
	}
	var out bytes.Buffer
	if ok, err := tell(office, tel.English, &out); !ok || err != nil || out.Len() > 0 {
		t.Errorf("office: %v, %v, %s", ok, err, out.String())
	}
	ok, err := tell("testdata/broken/many_at_once.yaml", tel.English, &out)
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if ok || err != nil || len(lines) != 4 || !strings.HasPrefix(lines[0], "testdata/broken/many_at_once.yaml:1:44: the country") {
		t.Errorf("broken: %v, %v, %s", ok, err, out.String())
	}
	out.Reset()
	if _, err := tell("testdata/broken/many_at_once.yaml", tel.Spanish, &out); err != nil || !strings.HasPrefix(out.String(), "testdata/broken/many_at_once.yaml:1:44: el país") {
		t.Errorf("in Spanish: %v, %s", err, out.String())
	}
	if _, err := tell("testdata/broken/many_at_once.yaml", tel.English, full{}); err == nil {
		t.Error("a writer that fails is not told")
	}
}

// full is a disk without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, os.ErrClosed }

// Documents within all bounds that make careless checks take minutes.
func TestHostileDocumentsAreCheckedInTime(t *testing.T) {
	base, err := os.ReadFile("testdata/minimal.yaml")
	if err != nil {
		t.Fatal(err)
	}
	same := strings.Repeat("  - {ext: \"1\", sip: true}\n", 1900)
	var queues, nodes strings.Builder
	for i := range 1900 {
		fmt.Fprintf(&queues, "  - {id: queue-number-%d}\n", i)
		fmt.Fprintf(&nodes, "      node-%d: {say: [x], next: node-%d}\n", i, i+1)
	}
	refs := strings.Repeat("  - {id: a, number: \"1\", queues: ["+strings.Repeat("queue-numbr,", 1900)+"x]}\n", 6)
	for name, text := range map[string]string{
		"one extension 1,900 times": strings.Replace(string(base), "phones:\n", "phones:\n"+same, 1),
		"12,000 unknown names":      strings.Replace(strings.Replace(string(base), "queues:\n", "queues:\n"+queues.String(), 1), "agents:\n", "agents:\n"+breakLines(refs), 1),
		"a chain of 1,900 nodes":    strings.Replace(string(base), "      fin:", nodes.String()+"      fin:", 1),
	} {
		c, problems := Parse("hostile", []byte(text), nil)
		if c != nil || len(problems) == 0 || len(problems) > 1001 {
			t.Errorf("%s: %d problems", name, len(problems))
		}
		t.Logf("%s: %d problems, the last %v", name, len(problems), problems[len(problems)-1])
	}
}

// breakLines puts every name of a list on a line of its own.
func breakLines(s string) string { return strings.ReplaceAll(s, ",queue", ",\n    queue") }

func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"testdata/*.yaml", "testdata/broken/*.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, problems := Parse("f", data, spoken)
		if (c == nil) == (len(problems) == 0) {
			t.Fatalf("configuration %v with problems %v", c != nil, problems)
		}
		for i, p := range problems {
			if s := p.String(); strings.ContainsAny(s, "\n\r\x1b") || p.Line < 1 || p.Col < 1 {
				t.Fatalf("%q is no problem of one line", s)
			}
			if i > 0 && (problems[i-1].Line > p.Line || problems[i-1] == p) {
				t.Fatalf("%v follows %v", p, problems[i-1])
			}
		}
	})
}

func BenchmarkLoad(b *testing.B) {
	data, err := os.ReadFile(office)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if c, _ := Parse(office, data, nil); c == nil {
			b.Fatal("the office is sound")
		}
	}
}
