package office

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/firmware/app"
	"github.com/centralita/centralita/testbench/phone"
)

// planted are what must never leave the house (security S-33, S-36): secrets, people's
// names, callers' numbers and keyed digits, planted in configuration, secrets, log,
// book, trace and picture.
var planted = []string{
	"secret-of-201", "secret-of-202", "canary-trunk-word", "canary-token-9x", // secrets
	"Recepción", "Bruno", "Prueba", "Zenobia", "Hortensia", // people, and who they work for
	"600123456", "912000000", "910000001", "123456", "910 000 001", // numbers
	"4111111111111111", "1111111", // a card
}

// A bundle of a house in which everything has happened holds none of what was planted
// and all of what helps.
func TestSupportBundleTellsNothingOfAnybody(t *testing.T) {
	pack, err := Pack(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	doc := strings.Replace(document, "calls: 30}", "calls: 30, user: canary-trunk-user, password: canary-trunk-word}", 1)
	doc += "uplinks:\n  - {id: sede, url: \"https://collector.example.net/in?key=canary-token-9x\", token: canary-token-9x}\n"
	synctest.Test(t, func(t *testing.T) {
		o := OpenWith(t, 7, doc, pack, func(out *app.Outside) {
			out.DialUplink = func(context.Context, string, string) (net.Conn, error) {
				return nil, errors.New("no route to canary-token-9x of Zenobia at 910 000 001")
			}
		})
		defer o.Stop()
		bad := o.Phone("10.0.0.66", phone.Account{User: "201", Password: "not Hortensia"})
		defer bad.Close()
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := bad.Register(ctx); err == nil {
			t.Error("a wrong password was taken")
		}
		ana := o.agent("201", "10.0.0.21", func(c *phone.Call) { c.Ring(); c.Answer() })
		defer ana.Close()
		carrier := o.Phone(Far, phone.Account{User: "600123456", Name: "Zenobia"})
		defer carrier.Close()
		c := carrier.Call("912000000")
		o.must(c.WaitUp(ctx))
		<-time.After(time.Second)
		c.SendDigits("1", phone.RFC4733)
		o.Until("they talk", 20*time.Second, func() bool { s := o.House().View(); return len(s.Calls) == 1 && s.Calls[0].Connected })
		c.SendDigits("4111111111111111", phone.RFC4733) // while an agent listens
		<-time.After(5 * time.Second)
		parts := o.bundle()
		c.HangUp()
		<-time.After(5 * time.Second)
		after := o.bundle()
		for name, text := range after {
			parts["after/"+name] = text
		}
		for name, text := range parts {
			for _, word := range planted {
				if i := strings.Index(strings.ToLower(text), strings.ToLower(word)); i >= 0 {
					t.Errorf("%s holds %q: …%s…", name, word, text[max(0, i-40):min(len(text), i+len(word)+40)])
				}
			}
		}
		for name, words := range map[string][]string{
			"config.json": {"fxo1", "10.9.0.1:5060", "collector.example.net", "Europe/Madrid", "\"***\""},
			"house.json":  {"L1", "carrier", "\"calls\": 1"},
			"book.json":   {"\"valid\": true", "call.began"},
			"metrics.txt": {"centralita_build_info"}, "version.json": {"\"go\""}, "time.json": {"\"state\": \"ntp\""},
			"log.txt": {"wrong user or password"}, "network.json": {"interfaces"},
			"versions.json": {"kept"}, "front.txt": {"health: ", "L1: "}, "updates.json.error": {"slot"},
		} {
			for _, w := range words {
				if !strings.Contains(parts[name], w) {
					t.Errorf("%s does not hold %q:\n%.600s", name, w, parts[name])
				}
			}
		}
	})
}

// bundle makes a support bundle and unpacks it.
func (o *Office) bundle() map[string]string {
	o.T.Helper()
	var file bytes.Buffer
	o.must(o.House().Support(o.T.Context(), &file))
	z, err := gzip.NewReader(&file)
	o.must(err)
	parts := map[string]string{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			return parts
		}
		o.must(err)
		b, err := io.ReadAll(r)
		o.must(err)
		if h.Mode != 0o600 {
			o.T.Errorf("%s may be read by others", h.Name)
		}
		parts[strings.TrimPrefix(h.Name, "centralita-support/")] = string(b)
	}
}
