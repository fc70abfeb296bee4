package office

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/firmware/app"
	"github.com/centralita/centralita/firmware/book"
	"github.com/centralita/centralita/testbench/memnet"
)

// porch is the network before the doors of an office.
type porch struct{ net *memnet.Net }

func (p porch) fit(out *app.Outside) {
	web, err1 := p.net.Listen("127.0.0.1:8080")
	https, err2 := p.net.Listen("127.0.0.1:8443")
	if err1 != nil || err2 != nil {
		panic(fmt.Sprint("the porch is taken: ", err1, err2))
	}
	out.Web, out.HTTPS = web, https
}

// visitor is a browser without JavaScript, at an address of its own, that trusts the
// box's certificate.
type visitor struct {
	t    *testing.T
	http *http.Client
	page string // the last one
}

func (p porch) visitor(t *testing.T, o *Office, from string) *visitor {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(o.Dir, "tls", "cert.pem"))
	o.must(err)
	block, _ := pem.Decode(raw)
	c, err := x509.ParseCertificate(block.Bytes)
	o.must(err)
	roots := x509.NewCertPool()
	roots.AddCert(c)
	jar, err := cookiejar.New(nil)
	o.must(err)
	return &visitor{t: t, http: &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: roots, Time: func() time.Time { return c.NotBefore.Add(48 * time.Hour) }}, DialContext: func(ctx context.Context, _, addr string) (net.Conn, error) {
			_, port, err := net.SplitHostPort(addr)
			if err != nil {
				return nil, err
			}
			return p.net.Dial(ctx, from, "127.0.0.1:"+port)
		}}}}
}

// do sends a request and returns its status; the page is kept.
func (v *visitor) do(r *http.Request) int {
	v.t.Helper()
	res, err := v.http.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer res.Body.Close()
	if res.Header.Get("Content-Type") == "text/event-stream" {
		b := make([]byte, 64<<10) // the first pictures
		n, _ := io.ReadAtLeast(res.Body, b, 2<<10)
		v.page = string(b[:n])
		return res.StatusCode
	}
	b, err := io.ReadAll(res.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	v.page = string(b) + res.Header.Get("Location")
	return res.StatusCode
}

func (v *visitor) get(url string) int {
	r, err := http.NewRequest("GET", url, nil)
	if err != nil {
		v.t.Fatal(err)
	}
	return v.do(r)
}

var sealed = regexp.MustCompile(`name="seal" value="([0-9a-f]+)"`)

// send fills in the form of the page that was last seen.
func (v *visitor) send(path string, kv ...string) int {
	form := url.Values{}
	if m := sealed.FindStringSubmatch(v.page); m != nil {
		form.Set("seal", m[1])
	}
	for i := 0; i+1 < len(kv); i += 2 {
		form.Set(kv[i], kv[i+1])
	}
	r, err := http.NewRequest("POST", "https://localhost:8443"+path, strings.NewReader(form.Encode()))
	if err != nil {
		v.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", "https://localhost:8443")
	return v.do(r)
}

// want fails when a status is another.
func (v *visitor) want(what string, got, want int) {
	v.t.Helper()
	if got != want {
		v.t.Errorf("%s: status %d, want %d: %.300s", what, got, want, v.page)
	}
}

// doorsOf runs a test before the doors of an office in virtual time.
func doorsOf(t *testing.T, doc string, f func(*testing.T, *Office, porch)) {
	pack, err := Pack(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		p := porch{memnet.New(9)}
		o := OpenWith(t, 5, doc, pack, p.fit)
		defer o.Stop()
		f(t, o, p)
	})
}

// rooms are all addresses of the pages.
var rooms = []string{"/", "/claim", "/claim/owner", "/login", "/logout", "/account", "/account/password", "/people", "/people/add", "/people/remove", "/people/role", "/people/password",
	"/people/key", "/people/key/remove", "/wall", "/panel", "/events", "/events?panel=1", "/api/snapshot", "/metrics", "/healthz", "/ui/door.css", "/favicon.ico", "/admin", "/config"}

// Before the claim nothing that administers answers, on either port, and the code is
// nowhere but at the box; afterwards there is no code any more.
func TestNothingBeforeTheClaim(t *testing.T) {
	doorsOf(t, document, func(t *testing.T, o *Office, p porch) {
		o.Until("the code is in the picture", 5*time.Second, func() bool { return o.House().View().Unclaimed != nil })
		code := o.House().View().Unclaimed.Code
		if raw, err := json.Marshal(o.House().View()); err != nil || len(code) != 14 || strings.Contains(string(raw), code) {
			t.Fatalf("the code %q is in the picture's JSON, %v", code, err)
		}
		v := p.visitor(t, o, "10.0.0.66")
		for _, base := range []string{"http://localhost:8080", "https://localhost:8443"} {
			for _, room := range rooms {
				got := v.get(base + room)
				for part := range strings.SplitSeq(code, "-") {
					if strings.Contains(v.page, part) {
						t.Errorf("%s%s tells %s of the code", base, room, part)
					}
				}
				admin := strings.HasPrefix(room, "/people") || strings.HasPrefix(room, "/account") || room == "/login" || room == "/logout"
				if admin && got != 404 && got != 405 && got != 307 {
					t.Errorf("%s%s answers %d before the claim", base, room, got)
				}
			}
		}
		v.get("https://localhost:8443/claim")
		for _, room := range rooms {
			if strings.HasPrefix(room, "/claim") {
				continue
			}
			if got := v.send(room, "name", "eva", "password", "una frase bien larga", "again", "una frase bien larga", "role", "owner"); got < 400 && room != "/" {
				t.Errorf("a form to %s: %d", room, got)
			}
		}
		if _, err := os.Stat(filepath.Join(o.Dir, "access.json")); err == nil {
			t.Error("there are accounts before the claim")
		}
	})
}

// The whole way by forms: wrong code, right code, owner, people, roles, password,
// log-out, lock-out, restart; and each step is in the book without a secret.
func TestClaimLoginAndRoles(t *testing.T) {
	const mine, hers, third = "una frase bien larga", "otra frase distinta", "la tercera de todas"
	doorsOf(t, document, func(t *testing.T, o *Office, p porch) {
		ana, base := p.visitor(t, o, "10.0.0.7"), "https://localhost:8443"
		o.Until("there is a code", 5*time.Second, func() bool { return o.House().View().Unclaimed != nil })
		first := o.House().View().Unclaimed.Code
		<-time.After(10*time.Minute + time.Second)
		o.Until("there is another", 5*time.Second, func() bool { return o.House().View().Unclaimed.Code != first })
		code := o.House().View().Unclaimed.Code
		ana.want("the front page", ana.get(base+"/"), 302)
		ana.want("the claim page", ana.get(base+"/claim"), 200)
		ana.want("yesterday's code", ana.send("/claim", "code", first), 403)
		ana.want("the code", ana.send("/claim", "code", strings.ToLower(code)), 303)
		ana.want("the owner's page", ana.get(base+"/claim"), 200)
		ana.want("a short password", ana.send("/claim/owner", "name", "ana", "password", "corta", "again", "corta"), 422)
		ana.want("the owner", ana.send("/claim/owner", "name", "Ana", "password", mine, "again", mine), 303)
		o.Until("no code is shown", 5*time.Second, func() bool { return o.House().View().Unclaimed == nil })
		ana.want("her account", ana.get(base+"/account"), 200)
		ana.want("the claim again", ana.send("/claim", "code", code), 404)
		ana.want("people", ana.get(base+"/people"), 200)
		ana.want("a technician", ana.send("/people/add", "name", "eva", "role", "technician", "password", hers, "again", hers), 303)

		eva := p.visitor(t, o, "10.0.0.8")
		eva.want("people without a log-in", eva.get(base+"/people"), 401)
		eva.want("wrong", eva.send("/login", "name", "eva", "password", mine), 401)
		eva.want("right", eva.send("/login", "name", "eva", "password", hers), 303)
		eva.want("her account", eva.get(base+"/account"), 200)
		eva.want("people", eva.get(base+"/people"), 403)
		eva.get(base + "/account")
		eva.want("making herself owner", eva.send("/people/role", "name", "eva", "role", "owner"), 403)
		eva.get(base + "/account")
		eva.want("a new password", eva.send("/account/password", "old", hers, "password", third, "again", third), 303)
		eva.want("still in", eva.get(base+"/account"), 200)

		ana.get(base + "/people")
		ana.want("the last owner", ana.send("/people/remove", "name", "ana"), 403)
		ana.get(base + "/people")
		ana.want("removing her", ana.send("/people/remove", "name", "eva"), 303)
		eva.want("her session", eva.get(base+"/account"), 401)
		ana.get(base + "/account")
		ana.want("log-out", ana.send("/logout"), 303)
		ana.want("afterwards", ana.get(base+"/account"), 401)

		eve := p.visitor(t, o, "10.0.0.66")
		eve.get(base + "/login")
		for range 5 {
			eve.want("a guess", eve.send("/login", "name", "ana", "password", "falsa falsa falsa"), 401)
		}
		eve.want("a guess too many", eve.send("/login", "name", "ana", "password", mine), 429)
		ana.get(base + "/login")
		ana.want("ana, where she entered before", ana.send("/login", "name", "ana", "password", mine), 303)

		o.Stop()
		o.Start()
		ana.want("her session after a restart", ana.get(base+"/account"), 401)
		ana.want("her log-in after a restart", ana.send("/login", "name", "ana", "password", mine), 303)
		ana.want("no claim after a restart", ana.get(base+"/claim"), 303)
		<-time.After(time.Second)
		told := ""
		for _, r := range o.Facts() {
			f, err := r.Fact()
			o.must(err)
			if strings.HasPrefix(string(f.Kind), "access.") {
				told += fmt.Sprintf("%s %s %s %s %s %s\n", f.Kind, f.Name, f.Node, f.State, f.Reason, f.Evidence)
			}
		}
		for _, want := range []string{
			"access.refused   web claim code 10.0.0.7", "access.claimed ana  web  10.0.0.7", "access.account eva ana web added technician 10.0.0.7", "access.refused eva  web password 10.0.0.8",
			"access.login eva  web password 10.0.0.8", "access.password eva  web  10.0.0.8", "access.account eva ana web removed 10.0.0.7", "access.logout ana  web  10.0.0.7", "access.locked ana  web person 0:30 10.0.0.66",
		} {
			if !strings.Contains(told, want+"\n") {
				t.Errorf("the book lacks %q:\n%s", want, told)
			}
		}
		for _, secret := range []string{mine, hers, third, "falsa", code, first} {
			if strings.Contains(told, secret) {
				t.Errorf("the book tells %q", secret)
			}
		}
		r, err := book.Read(o.Dir)
		o.must(err)
		if _, err := r.Verify(t.Context()); err != nil {
			t.Error(err)
		}
		o.must(r.Close())
	})
}

// An expired certificate of the site, and one that is not there, are conditions with
// what to do; pages and calls go on. So is an own key that is broken.
func TestCertificatesThatWillNotDo(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "site.pem"), filepath.Join(dir, "site.key")
	expired(t, cert, key)
	doc := strings.Replace(document, "web: 127.0.0.1:8080,", fmt.Sprintf("web: 127.0.0.1:8080, cert: %s, key: %s,", cert, key), 1)
	doorsOf(t, doc, func(t *testing.T, o *Office, p porch) {
		alarm := func(want string) {
			o.Until("the alarm "+want, 10*time.Second, func() bool {
				for _, a := range o.House().View().Alarms {
					if a.ID == "certificate" && strings.Contains(a.EN+a.HintEN, want) && a.ES != "" && a.HintES != "" {
						return true
					}
				}
				return false
			})
		}
		alarm("ended on 1999-12-01")
		o.Stop()
		o.must(os.Remove(cert))
		o.Start()
		alarm("Meanwhile the box's own")
		v := p.visitor(t, o, "10.0.0.7")
		v.want("the page with our own", v.get("https://localhost:8443/claim"), 200)
		o.Stop()
		o.must(os.WriteFile(filepath.Join(o.Dir, "tls", "key.pem"), []byte("x"), 0o600))
		o.Start()
		alarm("no PEM")
		v.want("the wall", v.get("http://localhost:8080/wall"), 200)
		v.want("a door", v.get("http://localhost:8080/claim"), 403)
		o.Stop()
		o.must(os.RemoveAll(filepath.Join(o.Dir, "tls")))
		o.must(os.WriteFile(filepath.Join(o.Dir, "access.json"), []byte("{"), 0o600))
		o.Start()
		o.Until("the alarm of the accounts", 10*time.Second, func() bool {
			for _, a := range o.House().View().Alarms {
				if a.ID == "accounts" {
					return o.House().View().Unclaimed == nil
				}
			}
			return false
		})
	})
}

// expired writes a certificate of the site that ended long ago, with its key.
func expired(t *testing.T, cert, key string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	end := time.Date(1999, 12, 1, 0, 0, 0, 0, time.UTC)
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: end.AddDate(-1, 0, 0), NotAfter: end, DNSNames: []string{"localhost"}}
	raw, err := x509.CreateCertificate(rand.Reader, c, c, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: raw}, key: {Type: "PRIVATE KEY", Bytes: der}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(b), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
