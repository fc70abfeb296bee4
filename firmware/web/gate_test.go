package web

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
	"github.com/centralita/centralita/firmware/view/viewtest"
)

// no is a refusal.
type no struct {
	wait time.Duration
	bad  bool
}

func (n no) Error() string             { return "no <b>" }
func (n no) In(tel.Lang) string        { return n.Error() }
func (n no) RetryAfter() time.Duration { return n.wait }
func (n no) Malformed() bool           { return n.bad }

// gate is a door with one account for each role, whose name, password and token are
// the role's. It notes what was asked of it.
type gate struct {
	claimed bool
	waiting bool
	asked   []string
	err     error
}

const aCode, aTicket = "7K4M-P9XT-2QHD", "a-ticket"

func (g *gate) note(what string, args ...any) error {
	g.asked = append(g.asked, what+fmt.Sprint(args...))
	return g.err
}

func (g *gate) Claimed() bool { return g.claimed }
func (g *gate) Window() (time.Duration, int, bool) {
	return 8*time.Minute + 12*time.Second, 4, g.waiting
}
func (g *gate) Prove(_ context.Context, code, _ string) (string, error) {
	if err := g.note("prove"); err != nil {
		return "", err
	}
	if code != aCode {
		return "", no{}
	}
	return aTicket, nil
}
func (g *gate) Proved(t string) bool { return t == aTicket }
func (g *gate) Own(_ context.Context, ticket, name, _ string, via tel.Door, _ string) (tel.Who, error) {
	if ticket != aTicket {
		return tel.Who{}, no{}
	}
	g.claimed = true
	return tel.Who{Name: name, Role: tel.Owner, Via: via}, g.note("own ", name)
}
func (g *gate) Login(_ context.Context, name, password string, via tel.Door, _ string) (tel.Who, error) {
	role, ok := tel.ParseRole(name)
	if !ok || password != name {
		return tel.Who{}, no{}
	}
	return tel.Who{Name: name, Role: role, Via: via}, g.note("login ", name)
}
func (g *gate) Passwd(_ context.Context, by tel.Who, name, _, _, _ string) error {
	return g.note("passwd ", by.Name, " ", name)
}
func (g *gate) Begin(who tel.Who, _ string) string { return "session of " + who.Name }
func (g *gate) Session(token, _ string) (tel.Who, bool) {
	name, ok := strings.CutPrefix(token, "session of ")
	role, is := tel.ParseRole(name)
	return tel.Who{Name: name, Role: role, Via: tel.DoorWeb}, ok && is && g.claimed
}
func (g *gate) Watch(token string) (<-chan struct{}, bool) {
	_, ok := g.Session(token, "")
	return nil, ok
}
func (g *gate) End(token, _ string) { _ = g.note("end ", token) }
func (g *gate) People() []view.Account {
	return []view.Account{{Name: "owner", Role: "owner", Since: viewtest.At(), Password: viewtest.At(), Keys: []view.SSHKey{{Print: "SHA256:x", Note: "<script>"}}}, {Name: "eva", Role: "agent"}}
}
func (g *gate) Add(_ context.Context, by tel.Who, name string, role tel.Role, _, _ string) error {
	return g.note("add ", by.Name, " ", name, " ", role)
}
func (g *gate) Remove(_ context.Context, by tel.Who, name, _ string) error {
	return g.note("remove ", by.Name, " ", name)
}
func (g *gate) SetRole(_ context.Context, by tel.Who, name string, role tel.Role, _ string) error {
	return g.note("role ", by.Name, " ", name, " ", role)
}
func (g *gate) AddKey(_ context.Context, by tel.Who, name, _, _ string) error {
	return g.note("key ", by.Name, " ", name)
}
func (g *gate) RemoveKey(_ context.Context, by tel.Who, name, print, _ string) error {
	return g.note("unkey ", by.Name, " ", name, " ", print)
}

// doorServer is a server with doors.
func doorServer(t *testing.T, g *gate, cfg Config) http.Handler {
	t.Helper()
	cfg.Door, cfg.Sessions, cfg.People = g, g, g
	if cfg.TLSPort == nil {
		cfg.TLSPort = func() int { return 8443 }
	}
	cfg.Cert = func() Certificate { return Certificate{"AA:BB", "7K4M-P9XT"} }
	srv, _ := server(t, viewtest.Calm(), cfg)
	return srv.Handler()
}

func overTLS(r *http.Request) { r.TLS = &tls.ConnectionState{} }

// as is a browser where somebody of that role has logged in; none for Nobody.
func as(role tel.Role) func(*http.Request) {
	return func(r *http.Request) {
		overTLS(r)
		if role != tel.Nobody {
			r.AddCookie(&http.Cookie{Name: sessionCookie, Value: "session of " + role.String()})
		}
	}
}

// post sends a form as our own pages do.
func post(h http.Handler, target string, role tel.Role, form url.Values, change ...func(*http.Request)) *httptest.ResponseRecorder {
	if role != tel.Nobody && !form.Has("seal") {
		form.Set("seal", seal("session of "+role.String()))
	}
	r := httptest.NewRequest("POST", "https://localhost"+target, strings.NewReader(form.Encode()))
	r.Host = "localhost"
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", "https://localhost")
	as(role)(r)
	for _, c := range change {
		c(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}
