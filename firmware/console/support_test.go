package console

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/centralita/centralita/firmware/stick"
	"github.com/centralita/centralita/firmware/tel"
)

// packer is a Support that remembers.
type packer struct {
	name string
	err  error
}

func (p *packer) List() []SupportPart {
	return []SupportPart{{"log.txt", "las últimas líneas del registro", "the last lines of the log"}, {"config.json", "la configuración sin claves ni datos de personas ni otras cosas que a nadie importan", "the configuration"}}
}

func (p *packer) Save(_ context.Context, _ tel.Who, name string) (string, int64, error) {
	p.name = name
	return "/data/support/" + name, 12345, p.err
}

func (p *packer) Write(_ context.Context, _ tel.Who, w io.Writer) error {
	_, err := io.WriteString(w, strings.Repeat("bundle", 30))
	return err
}

func (p *packer) ToStick(_ context.Context, who tel.Who, name string, progress func(stick.Progress)) (stick.Moved, error) {
	p.name = name
	progress(stick.Progress{Step: stick.Writing, Of: 12345})
	return stick.Moved{Device: "sda1", File: "centralita-norte.tar.gz", Size: 12345}, p.err
}

func TestSupportGolden(t *testing.T) {
	for _, cmd := range []string{"support bundle", "support bundle case7.tar.gz --json", "support bundle --list", "support bundle --list --json", "support bundle usb"} {
		for _, lang := range []string{"es", "en"} {
			name := strings.NewReplacer(" ", "-", "--", "").Replace(cmd) + "." + lang
			t.Run(name, func(t *testing.T) {
				c := New(Deps{Support: &packer{}})
				var out strings.Builder
				code := c.Exec(t.Context(), append(strings.Fields(cmd), "--lang", lang), &out)
				golden(t, name, fmt.Sprintf("$ centralita %s --lang %s\n%s-> %d\n", cmd, lang, &out, code))
				seemly(t, out.String(), strings.Contains(cmd, "--json"))
			})
		}
	}
}

// Over a line that carries text alone it can be copied from the screen.
func TestSupportBase64(t *testing.T) {
	var out strings.Builder
	if code := New(Deps{Support: &packer{}}).Exec(t.Context(), []string{"support", "bundle", "base64"}, &out); code != Fine {
		t.Fatal(out.String())
	}
	raw, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(out.String(), "\n", ""))
	if err != nil || string(raw) != strings.Repeat("bundle", 30) {
		t.Errorf("%q %v", raw, err)
	}
	for line := range strings.Lines(out.String()) {
		if len(line) > 77 {
			t.Errorf("a line has %d bytes", len(line))
		}
	}
	out.Reset()
	c := New(Deps{Support: &packer{err: errors.New(`cannot write the bundle to "/tmp/x": it is a name in support, not a path`)}})
	for lang, want := range map[string]string{
		"es": "no se puede escribir el paquete en «/tmp/x»: es un nombre dentro de support, no una ruta\n",
		"en": "cannot write the bundle to \"/tmp/x\": it is a name in support, not a path\n",
	} {
		out.Reset()
		code := c.Exec(t.Context(), []string{"support", "bundle", "/tmp/x", "--lang", lang}, &out)
		if got := strings.Join(strings.Fields(out.String()), " ") + "\n"; code != NotFine || got != want {
			t.Errorf("%s: %d %q, want %q", lang, code, got, want)
		}
	}
	out.Reset()
	if code := New(Deps{Support: &packer{err: errors.New("cannot write the bundle: disk full")}}).Exec(t.Context(), []string{"support", "bundle"}, &out); code != NotFine {
		t.Errorf("%d %s", code, &out)
	}
}
