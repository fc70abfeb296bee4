package console

import (
	"slices"
	"strings"
	"testing"

	"github.com/centralita/centralita/firmware/tel"
)

// offered are the words that Tab offers after before.
func offered(before string) (words []string) {
	choices, _ := next(before, tel.Owner, nil)
	for _, c := range choices {
		if c.real {
			words = append(words, c.word)
		}
	}
	return words
}

func TestTabOffersTheOptionsOfTheCommand(t *testing.T) {
	for before, want := range map[string]string{
		"status -":                      "--json --check --lang",
		"lines --":                      "--json --lang",
		"lines watch --":                "--json --once --lang",
		"log -":                         "--json -f --follow --level --since --lang",
		"log --json 5 -":                "-f --follow --level --since --lang", // what stands there is not offered again
		"log --level ":                  "debug info warn error",
		"log --level w":                 "warn",
		"log --level warn --s":          "--since",
		"log --since 10m --level=info ": "",
		"support bundle --":             "--json --list --lang",
		"support bundle usb norte --":   "--json --list --lang",
		"backup -":                      "--encrypt --book --lang", // it gives a file
		"backup usb --":                 "--json --encrypt --book --lang",
		"backup usb --encrypt --":       "--json --book --lang",
		"restore --":                    "--json --encrypt --lang",
		"book export csv --":            "--lang", // what it prints is its argument's affair
		"people add ana agent --":       "--lang",
		"factory-reset --":              "--lang",
		"update slots --":               "--json --lang",
		"line L1 test --j":              "--json",
		"status --lang e":               "es en",
		"config check - --":             "--json --lang",
		"nothing --":                    "",
	} {
		if got := strings.Join(offered(before), " "); got != want {
			t.Errorf("after %q come %q, want %q", before, got, want)
		}
	}
}

// The table of options and what understands them know the same ones, and each row of the
// commands names such as there are.
func TestOptionsThatAreOfferedAreUnderstood(t *testing.T) {
	var known []string
	for _, o := range options {
		known = append(known, o.word)
		args := []string{"status", o.word}
		if o.values != "" {
			value, _, _ := strings.Cut(o.values, "|")
			args = append(args, value)
		}
		if _, err := parse(args); err != nil {
			t.Errorf("%q: %v", args, err)
		}
	}
	for _, c := range commands {
		for _, o := range strings.Fields(c.options) {
			if !slices.Contains(known, o) {
				t.Errorf("%s has an option %s", c.name, o)
			}
		}
	}
}
