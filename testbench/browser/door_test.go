package browser_test

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/access"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
	"github.com/centralita/centralita/firmware/view/viewtest"
	"github.com/centralita/centralita/firmware/web"
	"github.com/centralita/centralita/firmware/web/cert"
	"github.com/centralita/centralita/testbench/browser"
)

// box is one with real accounts and a real certificate.
type box struct {
	access    *access.Access
	url, spki string
}

func openBox(t *testing.T, token string) *box {
	t.Helper()
	dir := t.TempDir()
	a := access.Open(dir, access.Options{Cost: access.Cost{Memory: 8, Passes: 1, Lanes: 1}})
	c, err := cert.Open(dir, cert.Options{})
	if err != nil {
		t.Fatal(err)
	}
	store := &view.Store{}
	s := viewtest.Calm()
	s.Lines[2].Fault, s.Lines[2].Lamp = "no battery", view.Dead
	store.Set(s)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	st := c.State()
	srv, err := web.New(web.Config{Token: token, Door: a, Sessions: a, People: a, Cert: func() web.Certificate { return web.Certificate{Fingerprint: st.Fingerprint, Groups: st.Groups} }}, store, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- srv.ServeTLS(ctx, l, cert.Config(c)) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	raw, err := os.ReadFile(filepath.Join(dir, cert.Folder, "cert.pem"))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(raw)
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(leaf.RawSubjectPublicKeyInfo)
	return &box{a, "https://" + l.Addr().String(), base64.StdEncoding.EncodeToString(sum[:])}
}

// fill types into the fields of the form that sends to action, and sends it.
func fill(p *browser.Page, action string, kv ...string) {
	set := ""
	for i := 0; i+1 < len(kv); i += 2 {
		set += fmt.Sprintf("f.elements[%q].value = %q;", kv[i], kv[i+1])
	}
	browser.Eval[bool](p, fmt.Sprintf(`(() => { document.body.dataset.old = 1; const f = document.querySelector('form[action^=%q]'); %s f.requestSubmit(); return true })()`, action+"?", set))
	p.Wait("document.readyState === 'complete' && document.body && !document.body.dataset.old")
}

// says fails when the page lacks a text.
func says(t *testing.T, p *browser.Page, texts ...string) {
	t.Helper()
	all := p.Text("body")
	for _, want := range texts {
		if !strings.Contains(all, want) {
			t.Errorf("the page lacks %q:\n%s", want, all)
		}
	}
}

// sound fails on what went wrong in the page, but for the statuses of refusals.
func sound(t *testing.T, p *browser.Page) {
	t.Helper()
	for _, s := range p.Problems() {
		if !strings.Contains(s, "the server responded with a status of 4") {
			t.Error(s)
		}
	}
}

// TestDoors goes the way of an owner in a real browser over TLS, with the box's key
// pinned and scripts switched off: claim, people, and what roles refuse.
func TestDoors(t *testing.T) {
	const mine, hers = "una frase bien larga", "otra frase distinta"
	x := openBox(t, "")
	b := browser.StartPinned(t, x.spki)
	desk := browser.Screen{Width: 1440, Height: 900, Still: true, NoScript: true}
	p := b.Open(t, x.url+"/", desk)
	says(t, p, "Demuestre que la tiene delante", "Sin reclamar", "sin tensión: ¿está conectada?", "Así se ve en la central")
	p.Picture("claim", true)
	code, until := x.access.Code()
	if text := p.Text("html"); strings.Contains(text, code[:4]) || time.Until(until) <= 0 {
		t.Errorf("the page tells the code")
	}
	for name, s := range map[string]browser.Screen{"claim-320": {Width: 320, Height: 640, Still: true, NoScript: true}, "claim-phone-dark": {Width: 390, Height: 844, Touch: true, Still: true, Dark: true, NoScript: true}} {
		small := b.Open(t, x.url+"/claim?lang=en", s)
		says(t, small, "Show that you have it in front of you", "no voltage: is it plugged in?")
		small.Picture(name, true)
		if n := small.SidewaysScroll(); n > 0 {
			t.Errorf("%s is %d pixels too wide", name, n)
		}
		sound(t, small)
	}
	fill(p, "/claim", "code", "0000-0000-0000")
	says(t, p, "Ese no es el código; quedan 4 intentos")
	p.Picture("claim-wrong", true)
	fill(p, "/claim", "code", strings.ToLower(code))
	says(t, p, "Elija su nombre y su contraseña")
	p.Picture("claim-owner", true)
	fill(p, "/claim/owner", "name", "Ana", "password", mine, "again", "otra cosa distinta")
	says(t, p, "no son iguales.")
	fill(p, "/claim/owner", "name", "Ana", "password", mine, "again", mine)
	says(t, p, "La central es suya", "ana", "dueño")
	p.Picture("account", true)
	browser.Eval[bool](p, "(document.querySelector('a[href^=\"/people\"]').click(), true)")
	p.Wait("location.pathname === '/people' && document.readyState === 'complete'")
	fill(p, "/people/add", "name", "eva", "role", "agent", "password", hers, "again", hers)
	says(t, p, "Cuenta creada", "eva", "agente")
	p.Picture("people", true)
	fill(p, "/people/role", "role", "technician") // of the first, who is the last owner
	says(t, p, "Es el último dueño")
	if n := p.SidewaysScroll(); n > 0 {
		t.Errorf("people is %d pixels too wide", n)
	}
	if got := browser.Eval[string](p, "document.cookie"); got != "" {
		t.Errorf("a script can read %q", got)
	}
	sound(t, p)
	// The same browser is ana's everywhere; eva has her own.
	q := browser.StartPinned(t, x.spki).Open(t, x.url+"/people?lang=en", browser.Screen{Width: 390, Height: 844, Touch: true, Still: true, NoScript: true})
	says(t, q, "Log in")
	q.Picture("login-phone", true)
	fill(q, "/login", "name", "eva", "password", "wrong wrong wrong")
	says(t, q, "Wrong name or password")
	fill(q, "/login", "name", "eva", "password", hers)
	says(t, q, "for another role")
	q.Picture("deny-phone", true)
	if n := q.SidewaysScroll(); n > 0 {
		t.Errorf("the refusal is %d pixels too wide", n)
	}
	sound(t, q)
}

// TestAWallAfterItsSession: a wall that a log-in opened says so when that has ended,
// instead of showing the room as it was.
func TestAWallAfterItsSession(t *testing.T) {
	const mine = "una frase bien larga"
	x := openBox(t, "the-view-token-of-a-test")
	code, _ := x.access.Code()
	ana, err := x.access.Claim(t.Context(), code, "ana", mine, tel.DoorSerial)
	if err != nil {
		t.Fatal(err)
	}
	b := browser.StartPinned(t, x.spki)
	p := b.Open(t, x.url+"/login", browser.Screen{Width: 1440, Height: 900, Still: true})
	fill(p, "/login", "name", "ana", "password", mine)
	browser.Eval[bool](p, "(location.href = '/wall', true)")
	p.Wait("location.pathname === '/wall' && !!document.getElementById('date')?.textContent")
	if err := x.access.Passwd(t.Context(), ana, "ana", mine, "otra frase distinta", ""); err != nil {
		t.Fatal(err)
	}
	p.Wait("document.body.innerText.includes('entrar con su cuenta: /login')")
}
