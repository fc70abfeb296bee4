package config

import (
	"slices"
	"strings"
	"testing"

	"github.com/centralita/centralita/firmware/tel"
)

func TestTimeServers(t *testing.T) {
	const office = `site: {id: x, name: X, country: ES, timezone: Europe/Madrid}
board: {model: pc}
phones: [{ext: "100", name: A, sip: true}]
`
	cfg, problems := Parse("x.yaml", []byte(office+"clock: {servers: [ntp.example.net, \"192.0.2.1:1123\", \"2001:db8::1\"]}\n"), func(tel.Lang, string) bool { return true })
	if len(problems) > 0 || !slices.Equal(cfg.Clock.Servers, []string{"ntp.example.net", "192.0.2.1:1123", "2001:db8::1"}) {
		t.Errorf("servers %v, problems %v", cfg.Clock.Servers, problems)
	}
	for doc, want := range map[string]string{
		"clock: {servers: [\"no name\"]}":                  "x.yaml:4:19: \"no name\" is no time server",
		"clock: {servers: [a.example, a.example]}":         "a.example",
		"clock: {servers: [a.x, b.x, c.x, d.x, e.x, f.x]}": "x.yaml:4:39: there are too many time servers",
		"clock: {server: a.x}":                             "server",
	} {
		_, problems := Parse("x.yaml", []byte(office+doc+"\n"), func(tel.Lang, string) bool { return true })
		if len(problems) != 1 || !strings.Contains(problems[0].String(), want) {
			t.Errorf("%s: %v; want one with %q", doc, problems, want)
		}
	}
}
