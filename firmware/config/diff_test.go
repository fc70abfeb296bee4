package config

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

const before = `site: {id: centro, name: Oficina, country: ES, timezone: Europe/Madrid}
lines:
  - {id: L1, socket: fxo1, number: "1"}
  - {id: L2, socket: fxo2}
phones:
  - {ext: "101", socket: fxs1}
  - {ext: "201", sip: true, password: hola}
agents:
  - {id: ana, queues: [ventas, soporte], pin: "77"}
outside:
  routes:
    - {name: a, via: [L1]}
    - {name: b, via: [L2]}
trunks: []
uplinks:
  - {id: sede, url: https://x.example/, token: "secret:sede"}
`

func TestDiffAsPeopleReadIt(t *testing.T) {
	for _, c := range []struct{ old, new, want string }{
		{"name: Oficina", "name: Sur", "changed site.name: Oficina → Sur"},
		{"{id: L2, socket: fxo2}", "{socket: 'fxo2', id: \"L2\"}", ""}, // it says the same
		{"trunks: []\n", "", ""},
		{"{id: L2, socket: fxo2}", "{id: L2, socket: fxo2, country: FR}", "added lines.L2.country:  → FR"},
		{"{id: L2, socket: fxo2}", "{id: L2, socket: fxo3}", "changed lines.L2.socket: fxo2 → fxo3 restart"},
		{"  - {id: L2, socket: fxo2}\n", "", "removed lines.L2: {id: L2, socket: fxo2} →  restart"},
		{"  - {id: L1, socket: fxo1, number: \"1\"}\n  - {id: L2, socket: fxo2}\n", "  - {id: L2, socket: fxo2}\n  - {id: L1, socket: fxo1, number: \"1\"}\n", "order lines: L1, L2 → L2, L1"},
		{"password: hola", "password: adios", `changed phones.201.password: "********" → "********" secret`},
		{"password: hola", "name: Ana", `added phones.201.name:  → Ana | removed phones.201.password: "********" →  secret`},
		{`pin: "77"`, `pin: "78"`, `changed agents.ana.pin: "********" → "********" secret`},
		{`token: "secret:sede"`, `token: "secret:otra"`, `changed uplinks.sede.token: "secret:sede" → "secret:otra" secret`},
		{"[ventas, soporte]", "[soporte]", "changed agents.ana.queues: [ventas, soporte] → [soporte]"},
		{"  - {ext: \"101\", socket: fxs1}\n", "", `removed phones.101: {ext: "101", socket: fxs1} →  restart`},
		{"trunks: []", "trunks: [{id: ata, accepts: true, user: u, password: p}]", `added trunks.ata:  → {id: ata, accepts: true, user: u, password: "********"} secret`},
		{"    - {name: a, via: [L1]}\n    - {name: b, via: [L2]}\n", "    - {name: b, via: [L2]}\n    - {name: a, via: [L1]}\n", "order outside.routes: a, b → b, a"},
		{"country: ES", "country: PT", "changed site.country: ES → PT restart"},
		{"site:", "access: {ssh: true}\nsite:", "added access:  → {ssh: true} restart"}, // what nobody said is live
	} {
		after := strings.Replace(before, c.old, c.new, 1)
		if after == before && c.old != c.new {
			t.Fatalf("%q is not there", c.old)
		}
		list, err := Diff([]byte(before), []byte(after))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, ch := range list {
			s := fmt.Sprintf("%s %s: %s → %s", ch.Kind, ch.Path, ch.Old, ch.New)
			if ch.Secret {
				s += " secret"
			}
			if ch.Restart {
				s += " restart"
			}
			got = append(got, s)
		}
		if strings.Join(got, " | ") != c.want {
			t.Errorf("%q → %q:\n%s, want\n%s", c.old, c.new, strings.Join(got, " | "), c.want)
		}
		if strings.Contains(fmt.Sprint(list), "hola") || strings.Contains(fmt.Sprint(list), "adios") {
			t.Errorf("a secret is shown: %v", list)
		}
	}
}

func TestMaskedShowsNoSecret(t *testing.T) {
	got, err := Masked([]byte(before))
	if err != nil || strings.Contains(string(got), "hola") || strings.Contains(string(got), "77") || !strings.Contains(string(got), `"secret:sede"`) {
		t.Errorf("%v: %s", err, got)
	}
	full, err := os.ReadFile("testdata/full.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if got, err = Masked(full); err != nil || strings.Count(string(got), "\n") != strings.Count(string(full), "\n") {
		t.Errorf("%v: %s", err, got)
	}
}
