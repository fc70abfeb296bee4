package office

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/firmware/app"
	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/config/life"
	"github.com/centralita/centralita/firmware/config/secret"
	"github.com/centralita/centralita/firmware/view"
	"github.com/centralita/centralita/hal/serial"
	"github.com/centralita/centralita/hal/serial/serialtest"
	"github.com/centralita/centralita/testbench/expect"
	"github.com/centralita/centralita/testbench/phone"
)

// heard is what somebody outside was shown, in its order.
type heard struct {
	mu  sync.Mutex
	all []string
}

func (h *heard) add(s string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all = append(h.all, s)
}

func (h *heard) last() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.all) == 0 {
		return ""
	}
	return h.all[len(h.all)-1]
}

// asking answers a REGISTER with a challenge (RFC 2617 without qop), and whoever meets it
// with any of words, by yes; it hears which one.
func asking(o *Office, at string, words ...string) *heard {
	s, err := o.Net.ListenPacket(at)
	o.must(err)
	o.T.Cleanup(func() { s.Close() })
	h := &heard{}
	field := func(name, line string) string {
		if m := regexp.MustCompile(name + `="([^"]*)"`).FindStringSubmatch(line); m != nil {
			return m[1]
		}
		return ""
	}
	sum := func(parts ...string) string {
		m := md5.Sum([]byte(strings.Join(parts, ":")))
		return hex.EncodeToString(m[:])
	}
	go func() {
		buf := make([]byte, 65536)
		for {
			n, from, err := s.ReadFrom(buf)
			if err != nil {
				return
			}
			var back []string
			answer := "401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"op\", nonce=\"n1\", algorithm=MD5"
			for line := range strings.SplitSeq(string(buf[:n]), "\r\n") {
				switch name, value, _ := strings.Cut(line, ": "); name {
				case "Via", "From", "To", "Call-ID", "CSeq":
					back = append(back, line)
				case "Authorization":
					i := slices.IndexFunc(words, func(w string) bool {
						return field("response", value) == sum(sum("office", "op", w), "n1", sum("REGISTER", field("uri", value)))
					})
					if i >= 0 {
						h.add(words[i])
						answer = "200 OK\r\nExpires: 600"
					}
				}
			}
			_, _ = s.WriteTo([]byte("SIP/2.0 "+answer+"\r\n"+strings.Join(back, "\r\n")+"\r\nContent-Length: 0\r\n\r\n"), from) // else it is asked again
		}
	}()
	return h
}

// collector hears the tokens that an uplink shows, and has no time for it.
func collector(o *Office, at string) *heard {
	l, err := o.Net.Listen(at)
	o.must(err)
	h := &heard{}
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.add(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
		http.Error(w, "later", http.StatusServiceUnavailable)
	})}
	go func() { _ = srv.Serve(l) }() // until it is closed
	o.T.Cleanup(func() { srv.Close() })
	return h
}

// registers reports whether a phone gets in by a password.
func (o *Office) registers(ext, host, password string) (*phone.Phone, bool) {
	o.T.Helper()
	p := o.Phone(host, phone.Account{User: ext, Password: password})
	o.T.Cleanup(func() { p.Close() })
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return p, p.Register(ctx) == nil
}

// kept is the SIP password of a phone, as it is on the disk.
func (o *Office) kept(ext string) string {
	o.T.Helper()
	s, err := secret.Open(o.Dir)
	o.must(err)
	p, err := s.Phone(ext)
	o.must(err)
	return p
}

// atTheLine starts an office that keeps versions, with its owner at the serial line.
func atTheLine(t *testing.T, seed uint64, doc string, f func(*Office, *expect.Driver)) {
	pack, err := Pack(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	doc = strings.Replace(doc, "fxs: 2}", "fxs: 2, console: [/dev/ttyS1]}", 1)
	synctest.Test(t, func(t *testing.T) {
		cable := &serialtest.Cable{Title: "/dev/ttyS1"}
		_ = cable.Plug() // it cannot fail
		d := expect.New(t, cable.Far())
		var o *Office
		o = OpenKept(t, seed, doc, pack, func(out *app.Outside) {
			out.Console = func(string) serial.Device { return cable }
			out.DialUplink = func(ctx context.Context, _, _ string) (net.Conn, error) {
				return o.Net.Dial(ctx, SIP.Addr().String(), "10.9.0.3:80")
			}
		})
		defer o.Stop()
		claim(d)
		f(o, d)
	})
}

// orders are the orders of the book, and no word of words may stand in it.
func (o *Office) orders(words ...string) (told []string) {
	o.T.Helper()
	for _, r := range o.Facts() {
		for _, w := range words {
			if strings.Contains(string(r.Body), w) {
				o.T.Errorf("the book tells %q: %s", w, r.Body)
			}
		}
		if r.Kind == call.Ordered {
			var f call.Fact
			o.must(json.Unmarshal(r.Body, &f))
			told = append(told, f.State+" by "+f.Reason+": "+f.Evidence)
		}
	}
	return told
}

// A telephone was stolen: the owner, who has a serial line and no shell, makes another
// password for it while somebody talks on it. The call goes on; from then on the old
// password gets nobody in, and the new one does.
func TestAStolenTelephone(t *testing.T) {
	doc := strings.Replace(document, "trunks:", "  - {ext: \"203\", name: Carla, sip: true}\ntrunks:", 1)
	atTheLine(t, 31, doc, func(o *Office, d *expect.Driver) {
		old := o.kept("203")
		carla, in := o.registers("203", "10.0.0.23", old)
		if !in {
			t.Fatal("the first password does not get in")
		}
		far := o.Phone(Far, phone.Account{User: "carrier"})
		defer far.Close()
		far.OnCall = func(c *phone.Call) { c.Ring(); c.Answer(); c.Tone(700) }
		o.Until("the carrier is there", 5*time.Minute, func() bool { return o.House().View().Trunks[0].Lamp != view.Dead })
		c := o.through(carla, "0600111222")
		<-time.After(time.Second)

		d.Do("phones renew 203", "maria@centralita> ")
		next := o.kept("203")
		if next == old || !strings.Contains(d.Answer(), next) || strings.Contains(d.Answer(), old) {
			t.Errorf("after %q comes %q, and the owner is told\n%s", old, next, d.Answer())
		}
		phoneIs := func() view.Lamp {
			s := o.House().View()
			return s.Phones[slices.IndexFunc(s.Phones, func(p view.Phone) bool { return p.Ext == "203" })].Lamp
		}
		<-time.After(time.Second)
		if _, in := o.registers("203", "10.0.0.66", old); in {
			t.Error("the thief gets in")
		}
		c.Forget()
		<-time.After(2 * time.Second)
		if calls := o.House().View().Calls; len(calls) != 1 || !calls[0].Connected || phone.Power(c.Heard(), 700) < 0.9 {
			t.Errorf("the call does not go on: %+v", calls)
		}
		c.HangUp()
		o.Until("the call is over", 5*time.Second, func() bool { return len(o.House().View().Calls) == 0 })
		<-time.After(time.Second)
		if l := phoneIs(); l == view.Idle {
			t.Errorf("the phone counts as reached: %s", l)
		}
		if _, in := o.registers("203", "10.0.0.24", next); !in {
			t.Error("the new password does not get in")
		}
		o.Until("the phone is there", 5*time.Second, func() bool { return phoneIs() == view.Idle })

		d.Do("phones renew 201", "maria@centralita> ")
		if !strings.Contains(d.Answer(), "la clave de 201 está en la configuración") || strings.Contains(d.Answer(), "secret-of") {
			t.Errorf("one of the document: %s", d.Answer())
		}
		d.Do("phones renew 101", "no hay teléfono SIP \"101\"; pista: 201, 202, 203, all")
		d.Do("phones renew all", "Siguen igual, su clave está en la configuración: 201, 202")
		third := o.kept("203")
		if third == next {
			t.Error("all but this one")
		}
		<-time.After(2 * time.Second) // the book writes in groups
		want := []string{"phone password by maria at serial: 203", "phone password by maria at serial: 203"}
		if got := o.orders(old, next, third); !slices.Equal(got, want) {
			t.Errorf("the book tells %q", got)
		}
	})
}

// A trunk's password and an uplink's token are given, changed and forgotten at the serial
// line; they hold at once, and no screen and no book has them.
func TestSecretsAreGivenAtTheLine(t *testing.T) {
	const first, second, token, later = "canary-one", "canary two ñ", "canary-token-1", "canary-token-2"
	atTheLine(t, 32, document, func(o *Office, d *expect.Driver) {
		op := asking(o, "10.9.0.2:5060", first, second)
		sink := collector(o, "10.9.0.3:80")
		give := func(name, value, said string) {
			t.Helper()
			d.Do("secret set "+name, "Valor del secreto: ")
			d.Do(value, "Otra vez: ")
			d.Do(value, said)
			d.Expect("maria@centralita> ")
		}
		d.Do("secret", "Ninguno.")
		doc, err := o.life.Document(1)
		o.must(err)
		more := strings.Replace(string(doc), "operator:", "  - {id: op, server: \"10.9.0.2:5060\", register: true, user: office, password: \"secret:op\", number: \"912000001\", flow: main}\noperator:", 1) +
			"uplinks:\n  - {id: sede, url: \"http://127.0.0.1:9000/in\", token: \"secret:sede\"}\n"
		by := life.Person{Name: "maria", Via: "serial"}
		try := func() life.Version {
			v, err := o.life.Try(t.Context(), []byte(more), life.Version{By: by, From: "draft"}, 5*time.Minute, false)
			o.must(err)
			return v
		}
		if v := try(); v.State == life.Live || !strings.Contains(v.Why, "secret set op") {
			t.Errorf("without its secrets: %+v", v)
		}
		o.must(o.life.Edit([]byte(more), by))
		d.Do("secret", "Para darlo: secret set op")
		if a := d.Answer(); !strings.Contains(a, "FALTA    troncal op (borrador)") || !strings.Contains(a, "FALTA    enlace sede (borrador)") {
			t.Errorf("the list: %s", a)
		}
		give("op", first, "op: guardado")
		give("sede", token, "sede: guardado")
		if v := try(); v.State != life.Live {
			t.Fatalf("with its secrets: %+v", v)
		}
		o.Until("the trunk shows its password", 10*time.Second, func() bool { return op.last() == first })
		o.Until("the uplink shows its token", 10*time.Second, func() bool { return sink.last() == token })
		d.Do("secret remove op", "no se puede olvidar op: lo usan troncal op")
		o.must(o.life.Confirm(by))

		give("op", second, "op: guardado")
		o.Until("the trunk shows the other password", 10*time.Second, func() bool { return op.last() == second })
		o.Until("the trunk is up", 10*time.Second, func() bool { s := o.House().View(); return len(s.Trunks) == 2 && s.Trunks[1].Lamp == view.Idle })
		give("sede", "una clave con ñ", "no se puede usar el secreto sede")
		give("sede", later, "sede: guardado")
		o.Until("the uplink shows the other token", 10*time.Second, func() bool { return sink.last() == later })
		give("vieja", "canary-unused", "vieja: guardado")
		d.Do("secret", "sí       enlace sede")
		d.Do("secret remove vieja", "vieja: olvidado")
		d.Do("secret remove vieja", "no hay secreto \"vieja\"")
		d.Do("secret set ../x", "no puede llamarse")

		// On trial a version without the trunk: the one before comes back if nobody confirms
		// it, and needs its secret then.
		v, err := o.life.Try(t.Context(), doc, life.Version{By: by, From: "draft"}, 5*time.Minute, false)
		if err != nil || v.State != life.Live {
			t.Fatalf("%+v, %v", v, err)
		}
		d.Do("secret remove op", "no se puede olvidar op: lo usan troncal op")
		give("sede", "una clave con ñ", "no se puede usar el secreto sede")
		<-time.After(6 * time.Minute)
		o.Until("the trunk is up again", 10*time.Second, func() bool { s := o.House().View(); return len(s.Trunks) == 2 && s.Trunks[1].Lamp == view.Idle })

		want := []string{"secret set by maria at serial: op", "secret set by maria at serial: sede", "secret set by maria at serial: op", "secret set by maria at serial: sede",
			"secret set by maria at serial: vieja", "secret removed by maria at serial: vieja"}
		if got := o.orders("canary", "una clave con"); !slices.Equal(got, want) {
			t.Errorf("the book tells %q", got)
		}
		if s := string(d.Raw()); strings.Contains(s, "canary") || strings.Contains(s, "una clave con") {
			t.Error("a screen showed a secret")
		}
		raw, err := os.ReadFile(filepath.Join(o.Dir, secret.FileName))
		o.must(err)
		if !strings.Contains(string(raw), later) || strings.Contains(string(raw), "canary-unused") || strings.Contains(string(raw), fmt.Sprintf("%q", first)) {
			t.Errorf("kept: %s", raw)
		}
	})
}
