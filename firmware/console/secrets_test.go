package console

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/firmware/tel"
)

// keyring is a house's secrets; it notes what was asked.
type keyring struct {
	asked []string
	left  []tel.Number
	none  bool
	err   error
}

func (v *keyring) note(who tel.Who, args ...any) error {
	v.asked = append(v.asked, strings.TrimSpace(fmt.Sprintln(append([]any{who.Name, "at", who.Via}, args...)...)))
	return v.err
}

func (v *keyring) RenewPhones(who tel.Who, ext tel.Number) ([]Account, []tel.Number, error) {
	return []Account{{"201", "Ana", "127.0.0.1:5060", "201", "another-word"}}, v.left, v.note(who, "renew", ext)
}

func (v *keyring) Named() ([]NamedSecret, error) {
	if v.none {
		return nil, v.err
	}
	return []NamedSecret{
		{Name: "linea1", Uses: []SecretUse{{"trunk", "linea1", true}}},
		{Name: "sede", Kept: true, Uses: []SecretUse{{"trunk", "siptel", false}, {"phone", "203", false}, {"uplink", "sede", false}}},
		{Name: "vieja", Kept: true, Uses: []SecretUse{}},
	}, v.err
}

func (v *keyring) MayBeNamed(name string) error {
	if name == "a b" {
		return usageError{"así no se llama", "it cannot be called that"}
	}
	return nil
}

func (v *keyring) Set(who tel.Who, name, value string) error { return v.note(who, "set", name, value) }
func (v *keyring) Remove(who tel.Who, name string) error     { return v.note(who, "remove", name) }

func (v *keyring) Wall() ([]string, error) {
	return []string{"https://192.168.1.40:443/wall?token=k3tr9wq7k3tr9wq7k3tr9wq7k3", "http://192.168.1.40:80/wall?token=k3tr9wq7k3tr9wq7k3tr9wq7k3"}, v.err
}

func (v *keyring) RenewWall(who tel.Who) ([]string, error) {
	return []string{"https://192.168.1.40:443/wall?token=mm2bz5p0xmm2bz5p0xmm2bz5p0"}, v.note(who, "wall")
}

// What people see of secrets, word by word, in both languages.
func TestSecretsGolden(t *testing.T) {
	for _, cmd := range []string{"phones renew all", "secret", "wall", "wall renew", "phones renew 201 --json", "secret --json", "wall --json"} {
		for _, lang := range []string{"es", "en"} {
			if strings.Contains(cmd, "--json") && lang == "en" {
				continue
			}
			name := strings.NewReplacer(" ", "-", "--", "").Replace(cmd) + "." + lang
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					d := deps(&hand{}, house(time.Now()))
					d.Secrets = &keyring{left: []tel.Number{"203", "204"}}
					var out strings.Builder
					code := New(d).Exec(t.Context(), append(strings.Fields(cmd), "--lang", lang), &out)
					golden(t, name, fmt.Sprintf("$ centralita %s --lang %s\n%s-> %d\n", cmd, lang, &out, code))
					seemly(t, out.String(), strings.Contains(cmd, "--json"))
				})
			})
		}
	}
}

// A value is asked twice, shows nowhere, and is not asked for nothing.
func TestSecretSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			args    []string
			answers []string
			asked   string
			said    string
			code    int
		}{
			{[]string{"secret", "set", "sede"}, []string{"t0k3n", "t0k3n"}, "socket at socket set sede t0k3n", "sede: kept", Fine},
			{[]string{"secret", "set", "sede"}, []string{"t0k3n", "t0k3m"}, "", "they are not the same", NotFine},
			{[]string{"secret", "set", "sede"}, []string{"t0k3n"}, "", "nothing more was typed", NotFine},
			{[]string{"secret", "set", "sede"}, nil, "", "asked in a session", NotFine},
			{[]string{"secret", "set", "a b"}, []string{}, "", "cannot be called that", NotFine},
			{[]string{"secret", "set", "sede", "t0k3n"}, nil, "", "write: secret set NAME", Usage},
			{[]string{"secret", "remove", "sede"}, nil, "socket at socket remove sede", "sede: forgotten", Fine},
			{[]string{"secret", "sede"}, nil, "", "write: secret", Usage},
		} {
			v := &keyring{}
			out, code := overSocket(t, Deps{Lang: tel.English, Secrets: v}, c.answers, c.args...)
			if got := strings.Join(v.asked, "; "); code != c.code && c.said != "nothing more was typed" || got != c.asked || !strings.Contains(out, c.said) || strings.Contains(out, "t0k3") {
				t.Errorf("%q: code %d, asked %q, said %q", c.args, code, got, out)
			}
		}
		var ssh bytes.Buffer // an order of one line, with nobody at a keyboard
		v, who := &keyring{}, tel.Who{Name: "ana", Role: tel.Owner, Via: tel.DoorSSH}
		code := New(Deps{Lang: tel.English, Secrets: v}).do(t.Context(), asked{who: who, args: []string{"secret", "set", "sede"}, out: &ssh})
		if said := ssh.String(); code != NotFine || len(v.asked) > 0 || !strings.Contains(said, "enter by ssh without the command") {
			t.Errorf("over SSH: code %d, asked %q, said %q", code, v.asked, said)
		}
		out, _ := overSocket(t, Deps{Lang: tel.Spanish, Secrets: &keyring{}}, []string{"x", "x"}, "secret", "set", "sede")
		if want := "<Valor del secreto: true false><Otra vez: true true>sede: guardado; vale desde ahora\n"; out != want {
			t.Errorf("%q, want %q", out, want)
		}
	})
}

// Where no house runs, or it refuses, or the role is not the owner's, nothing is shown
// and nothing done.
func TestSecretsAreTheOwners(t *testing.T) {
	for _, c := range secretCommands {
		args := append(strings.Fields(c.name), strings.Fields(strings.Repeat("all ", c.least))...)
		run := func(d Deps, who tel.Who) (string, int) {
			var out bytes.Buffer
			d.Lang = tel.English
			code := New(d).do(t.Context(), asked{who: who, args: args, out: &out, ask: func(context.Context, query) (string, error) { return "t0k3n", nil }})
			return out.String(), code
		}
		for role := tel.Nobody; role < tel.Owner; role++ {
			v := &keyring{}
			if out, code := run(Deps{Secrets: v}, tel.Who{Name: "eva", Role: role, Via: tel.DoorSSH}); code != NotFine || len(v.asked) > 0 || strings.Contains(out, "token=") || strings.Contains(out, "word") {
				t.Errorf("%q as %s: %d %q, asked %q", args, role, code, out, v.asked)
			}
		}
		ana := tel.Who{Name: "ana", Role: tel.Owner, Via: tel.DoorSerial}
		if out, code := run(Deps{}, ana); code != Unreachable {
			t.Errorf("%q without a house: %d %q", args, code, out)
		}
		v := &keyring{err: usageError{"no", "that will not do"}}
		if out, code := run(Deps{Secrets: v}, ana); code != NotFine || out != "that will not do\n" {
			t.Errorf("%q refused: %d %q", args, code, out)
		}
	}
	var out bytes.Buffer
	if code := New(Deps{Lang: tel.English, Secrets: &keyring{none: true}}).Exec(t.Context(), []string{"secret"}, &out); code != Fine || !strings.Contains(out.String(), "None.") {
		t.Errorf("none: %d %q", code, &out)
	}
}

func TestTabOffersPhonesToRenew(t *testing.T) {
	choices, _ := next("phones renew ", tel.Owner, house(time.Now()))
	var words []string
	for _, c := range choices {
		words = append(words, c.word)
	}
	if got := strings.Join(words, " "); got != "201 202 all" { // 101 is wired
		t.Errorf("offered %q", got)
	}
}
