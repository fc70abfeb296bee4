package amend

import (
	"os"
	"strings"
	"testing"

	"github.com/centralita/centralita/firmware/config/place"
)

const office = `# An office.
site: {id: centro, name: Oficina, country: ES} # where
limits:
  calls: 10 # at once
lines:
  - {id: L1, socket: fxo1, number: "910000001", flow: principal} # the first
  - id: L2
    socket: fxo2 # beside the door
    flow: principal

  # the last one
  - id: L3
    socket: fxo3
phones:
  - {ext: "101", name: Recepción}
  - {ext: "102", name: 'It''s Ana', codecs: [pcma, pcmu]}
agents:
  - {id: ana, queues: [ventas, soporte]}
  - id: bruno
    queues:
      - ventas
      - soporte # both
trunks: []
uplinks:
operator: "101"
`

func TestSet(t *testing.T) {
	for _, c := range []struct{ path, value, old, new string }{
		{"site.name", "Sur", "name: Oficina,", "name: Sur,"},
		{"site.name", "Sur: the other, place", "name: Oficina,", `name: "Sur: the other, place",`},
		{"site.language", "en", "country: ES}", "country: ES, language: en}"},
		{"limits.calls", "20", "calls: 10 #", "calls: 20 #"},
		{"limits.longest", "2h", "calls: 10 # at once\n", "calls: 10 # at once\n  longest: 2h\n"},
		{"lines.L1.number", "910000009", `number: "910000001"`, `number: "910000009"`},
		{"lines.L1.country", "PT", "flow: principal} # the", "flow: principal, country: PT} # the"},
		{"lines.L2.country", "FR", "- id: L2\n", "- id: L2\n    country: FR\n"},
		{"lines.L2.socket", "fxo9", "fxo2 # beside", "fxo9 # beside"},
		{"phones.102.name", "Eva", "'It''s Ana'", `"Eva"`},
		{"phones.102.codecs", "[pcmu]", "[pcma, pcmu]", "[pcmu]"},
		{"phones.103", "{name: Luis, sip: true}", "codecs: [pcma, pcmu]}\n", "codecs: [pcma, pcmu]}\n  - {ext: \"103\", name: Luis, sip: true}\n"},
		{"lines.L4", "{socket: fxo4}", "    socket: fxo3\n", "    socket: fxo3\n  - {id: L4, socket: fxo4}\n"},
		{"agents.bruno.queues", "[ventas]", "queues:\n      - ventas\n      - soporte # both", "queues: [ventas] # both"},
		{"agents.ana.queues", "[soporte]", "[ventas, soporte]}", "[soporte]}"},
		{"trunks.ata", "{accepts: true}", "trunks: []", "trunks: [{id: ata, accepts: true}]"},
		{"uplinks.sede", "{url: 'https://x.example/'}", "uplinks:\n", "uplinks: [{id: sede, url: \"https://x.example/\"}]\n"},
		{"log.syslog.server", "logs.example.net:514", "operator: \"101\"\n", "operator: \"101\"\nlog: {syslog: {server: logs.example.net:514}}\n"},
		{"queues.ventas", "{ext: \"301\"}", "operator: \"101\"\n", "operator: \"101\"\nqueues:\n  - {id: ventas, ext: \"301\"}\n"},
		{"operator", "102", `operator: "101"`, `operator: "102"`},
	} {
		got, err := Set([]byte(office), c.path, c.value)
		if err != nil {
			t.Errorf("%s: %v", c.path, err)
			continue
		}
		if strings.Count(office, c.old) != 1 {
			t.Fatalf("%q stands %d times", c.old, strings.Count(office, c.old))
		}
		if want := strings.Replace(office, c.old, c.new, 1); string(got) != want {
			t.Errorf("%s = %s:\n%s\nwant\n%s", c.path, c.value, got, want)
		}
	}
}

func TestSetIsRefused(t *testing.T) {
	for _, c := range []struct{ path, value, want string }{
		{"lines.L9.country", "ES", "lines has no L9"},
		{"lines.L9", "ES", "lines has no L9"},
		{"site.name.es", "x", "site.name is a single value"},
		{"site.name", "a\nb", "one line"},
		{"site.name", "a\x07b", "cannot be seen"},
		{"site.name", "[a", "cannot read the value"},
		{"site.name", "{a: b}: c", "cannot read the value"},
		{"site..name", "x", "a part of it is empty"},
		{"site.", "x", "a part of it is empty"},
		{`site."name`, "x", "quote is not closed"},
		{strings.Repeat("a.", 20) + "b", "x", "more than 16 parts"},
	} {
		if got, err := Set([]byte(office), c.path, c.value); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s = %q: %v\n%s", c.path, c.value, err, got)
		}
	}
	if _, err := Set([]byte("a: [b\n"), "a", "c"); err == nil || !strings.Contains(err.Error(), "cannot be read") {
		t.Errorf("a broken document: %v", err)
	}
}

func TestRemove(t *testing.T) {
	for _, c := range []struct{ path, old, new string }{
		{"site.name", "id: centro, name: Oficina,", "id: centro,"},
		{"site.id", "{id: centro, name", "{name"},
		{"limits.calls", "  calls: 10 # at once\n", ""},
		{"lines.L1", "  - {id: L1, socket: fxo1, number: \"910000001\", flow: principal} # the first\n", ""},
		{"lines.L2", "  - id: L2\n    socket: fxo2 # beside the door\n    flow: principal\n", ""},
		{"lines.L2.flow", "    flow: principal\n\n", "\n"},
		{"agents.bruno.queues", "    queues:\n      - ventas\n      - soporte # both\n", ""},
		{"operator", "operator: \"101\"\n", ""},
	} {
		got, err := Remove([]byte(office), c.path)
		if err != nil {
			t.Errorf("%s: %v", c.path, err)
			continue
		}
		if want := strings.Replace(office, c.old, c.new, 1); string(got) != want || want == office {
			t.Errorf("%s:\n%s\nwant\n%s", c.path, got, want)
		}
	}
	if _, err := Remove([]byte(office), "lines.L9"); err == nil {
		t.Error("what is not there was removed")
	}
}

func TestHide(t *testing.T) {
	got, err := Hide([]byte("a: {password: x, b: 'y'} # c\npassword: \"z # w\"\n"), func(key string, _ *place.Node) bool { return key == "password" })
	if want := "a: {password: " + Stars + ", b: 'y'} # c\npassword: " + Stars + "\n"; err != nil || string(got) != want {
		t.Errorf("%s, %v", got, err)
	}
}

// Whatever is asked for: the text that comes out says it and nothing else, or there
// is an error.
func FuzzSet(f *testing.F) {
	for _, file := range []string{"../testdata/full.yaml", "../testdata/minimal.yaml", "../../../board/sim/office.yaml"} {
		raw, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, pv := range [][2]string{{"lines.L1.country", "ES"}, {"site.name", "Ñandú #1"}, {"queues.ventas.ring", "10s"}, {"phones.999", "{sip: true}"}, {"flows.principal.start", "fin"}, {"schedules", "[]"}} {
			f.Add(raw, pv[0], pv[1])
		}
	}
	f.Add([]byte(office), "agents.bruno.queues", "[a]")
	f.Add([]byte("a:\n- - b\n  - c: d\n"), "a", "x")
	f.Fuzz(func(t *testing.T, doc []byte, path, value string) {
		if len(doc) > 4096 {
			return
		}
		for _, set := range []bool{true, false} {
			var out []byte
			var err error
			if set {
				out, err = Set(doc, path, value)
			} else {
				out, err = Remove(doc, path)
			}
			if err != nil {
				continue
			}
			before, err1 := Tree(doc)
			after, err2 := Tree(out)
			if err1 != nil || err2 != nil {
				t.Fatalf("%v, %v: %s", err1, err2, out)
			}
			p, err := ParsePath(path)
			if err != nil {
				t.Fatal(err)
			}
			if now := Find(after, p); set && (now == nil || now.Kind == place.Text && value != "" && !strings.ContainsAny(value, `"'`) && now.Text != strings.TrimSpace(value)) {
				t.Fatalf("%s is %+v after it was set to %q: %s", p, now, value, out)
			} else if !set && Find(before, p) != nil && Equal(before, after) && !empty(Find(before, p)) {
				t.Fatalf("%s is there still: %s", p, out)
			}
		}
	})
}
