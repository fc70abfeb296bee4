package config

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

// The doors: their defaults, what a document says, and what it cannot say.
func TestConsoleDoors(t *testing.T) {
	for doc, want := range map[string]Access{
		"":                                 {Console: 10 * time.Minute},
		"access: {console: 2h}":            {Console: 2 * time.Hour},
		"access: {ssh: \"0.0.0.0:2222\"}":  {Console: 10 * time.Minute, SSH: netip.MustParseAddrPort("0.0.0.0:2222")},
		"access: {ssh: \"127.0.0.1:0\"}\n": {Console: 10 * time.Minute, SSH: netip.MustParseAddrPort("127.0.0.1:0")},
	} {
		want.Idle, want.Longest = 30*time.Minute, 12*time.Hour
		c, problems := Parse("site.yaml", []byte(withBoard("fxo: 1")+doc), nil)
		if len(problems) > 0 || c.Access != want {
			t.Errorf("%q: %+v, %v", doc, c, problems)
		}
	}
	for doc, want := range map[string]string{
		"access: {ssh: yes}": "no address to listen at", "access: {ssh: \"127.0.0.1:8080\"}": "ssh listens at 127.0.0.1:8080 as web does", "access: {console: 5s}": "console", "access: {shh: x}": "shh",
		"access: {ssh: \"0.0.0.0:5060\"}": "as sip does",
	} {
		_, problems := Parse("site.yaml", []byte(withBoard("fxo: 1")+doc), nil)
		if len(problems) != 1 || !strings.Contains(problems[0].String(), want) {
			t.Errorf("%q: %v", doc, problems)
		}
	}
}

// Consoles: none, one, several; the site's word stands above the board's.
func TestConsoles(t *testing.T) {
	for doc, want := range map[string][]string{
		"model: pc": {"/dev/ttyS0"}, "model: rpi4": {"/dev/ttyS1", "/dev/ttyGS0"}, "model: rpi4\nconsole: none": nil, "model: pc\nconsole: /dev/ttyUSB0": {"/dev/ttyUSB0"},
		"fxo: 1\nconsole: [/dev/ttyS0, /dev/ttyGS0]": {"/dev/ttyS0", "/dev/ttyGS0"}, "model: pc\nconsole: []": nil,
	} {
		c, problems := Parse("site.yaml", []byte(withBoard(doc)), nil)
		if len(problems) > 0 || !slices.Equal(c.Board.Front.Consoles, want) {
			t.Errorf("%q: %+v, %v", doc, c, problems)
		}
	}
	for doc, want := range map[string]string{
		"fxo: 1\nconsole: ttyS0": "no path of a device", "fxo: 1\nconsole: [/dev/a, /dev/a]": "each once", "fxo: 1\nconsole: {a: b}": "console",
		"fxo: 1\nconsole: [/dev/a, /dev/b, /dev/c, /dev/d, /dev/e]": "at most 4",
	} {
		_, problems := Parse("site.yaml", []byte(withBoard(doc)), nil)
		if len(problems) == 0 || !strings.Contains(problems[0].String(), want) {
			t.Errorf("%q: %v", doc, problems)
		}
	}
}
