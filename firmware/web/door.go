package web

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
)

// formPolicy is policy for pages with forms that are sent to us.
const formPolicy = "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; " +
	"frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// pageDoor is what the templates of the doors show beside the visit.
type pageDoor struct {
	Site, Note, Done, Name, To string
	Here                       string        // the page that a form belongs to
	Fault                      string        // of what was just tried
	Wait                       bool          // no code is taken now
	Tries                      int           // a code stands
	Good                       time.Duration // the code is good for, or the wait lasts
	Proved                     bool          // the code was right: the owner is next
	Lines                      []doorLine
	People                     []view.Account
	Cert                       Certificate
}

// doorLine is one line or telephone with what is known of it.
type doorLine struct{ ID, Lamp, Text string }

// What the templates ask of a visit.
func (v *visit) Lang() tel.Lang         { return v.lang }
func (v *visit) Who() tel.Who           { return v.who }
func (v *visit) Owner() bool            { return v.who.Role == tel.Owner }
func (v *visit) Seal() string           { return seal(v.token) }
func (v *visit) T(es, en string) string { return v.say(es, en) }
func (v *visit) Least() int             { return leastPassword }
func (v *visit) Roles() []string {
	return []string{tel.AgentRole.String(), tel.Supervisor.String(), tel.Technician.String(), tel.Owner.String()}
}

// Theme is as the reader prefers.
func (v *visit) Theme() string { return "" }

// Role names a role.
func (v *visit) Role(r string) string {
	es := map[string]string{"agent": "agente", "supervisor": "supervisión", "technician": "técnica", "owner": "dueño"}[r]
	return v.say(es, r)
}

// Day says a date, or a dash.
func (v *visit) Day(t time.Time) string {
	if t.IsZero() {
		return "—"
	}
	return t.Format(time.DateOnly)
}

// Clock says a span as 8:12.
func (v *visit) Clock(d time.Duration) string {
	n := int(max(0, d) / time.Second)
	return fmt.Sprintf("%d:%02d", n/60, n%60)
}

// leastPassword is said on the pages; package access holds people to it.
const leastPassword = 10

func (v *visit) say(es, en string) string {
	if v.lang == tel.English {
		return en
	}
	return es
}

// door writes a page, whole or not at all.
func (s *Server) door(w http.ResponseWriter, status int, name string, v *visit) {
	v.Site = s.store.Get().Site
	if s.cfg.Cert != nil {
		v.Cert = s.cfg.Cert()
	}
	var b bytes.Buffer
	if err := s.assets.pages.ExecuteTemplate(&b, name, v); err != nil {
		s.log.Error("cannot write a page", "page", name, "err", err)
		http.Error(w, "the page could not be written; the log says why", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if _, err := w.Write(b.Bytes()); err != nil {
		s.log.Debug("cannot send a page", "client", v.from, "err", err)
	}
}

// deny says no on a page of its own.
func (s *Server) deny(w http.ResponseWriter, v *visit, status int, why string) {
	v.Note = why
	s.door(w, status, "deny.html", v)
}

// refused puts the words of a refusal on the page and returns the status for it; any
// other error is ours.
func (s *Server) refused(w http.ResponseWriter, v *visit, err error) int {
	r, ok := errors.AsType[refusal](err)
	if !ok {
		s.log.Error("a form could not be done", "err", err)
		v.Fault = v.say("No se pudo hacer; el registro dice por qué.", "It could not be done; the log says why.")
		return http.StatusInternalServerError
	}
	v.Fault = sentence(r.In(v.lang))
	switch wait := r.RetryAfter(); {
	case wait > 0:
		w.Header().Set("Retry-After", fmt.Sprint(int((wait+time.Second-1)/time.Second)))
		return http.StatusTooManyRequests
	case r.Malformed():
		return http.StatusUnprocessableEntity
	}
	return http.StatusForbidden
}

// sentence begins with a capital and ends with a full stop.
func sentence(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:] + "."
}

// Open counts the sessions of an account in words.
func (v *visit) Open(n int) string {
	if n == 1 {
		return v.say("1 sesión abierta", "1 open session")
	}
	return fmt.Sprintf(v.say("%d sesiones abiertas", "%d open sessions"), n)
}

// see sends the browser on after something was done, in its language.
func see(w http.ResponseWriter, r *http.Request, v *visit, path string, kv ...string) {
	q := url.Values{}
	if r.URL.Query().Get("lang") != "" {
		q.Set("lang", string(v.lang))
	}
	for i := 0; i+1 < len(kv); i += 2 {
		q.Set(kv[i], kv[i+1])
	}
	if len(q) > 0 {
		path += "?" + q.Encode()
	}
	http.Redirect(w, r, path, http.StatusSeeOther)
}

func setCookie(w http.ResponseWriter, name, value string, life time.Duration) {
	c := &http.Cookie{Name: name, Value: value, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteStrictMode, MaxAge: int(life / time.Second)}
	if value == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

// begin opens a session and gives the browser its token. It has no age: it goes with
// the browser, and earlier when the box ends it.
func (s *Server) begin(w http.ResponseWriter, v *visit, who tel.Who) {
	setCookie(w, sessionCookie, s.cfg.Sessions.Begin(who, v.from), 0)
}

// claimPage shows where the claim stands.
func (s *Server) claimPage(w http.ResponseWriter, r *http.Request, v *visit) {
	s.claim(w, r, v, http.StatusOK)
}

func (s *Server) claim(w http.ResponseWriter, r *http.Request, v *visit, status int) {
	v.Good, v.Tries, v.Wait = s.cfg.Door.Window()
	if c, err := r.Cookie(ticketCookie); err == nil {
		v.Proved = s.cfg.Door.Proved(c.Value)
	}
	snap := s.store.Get()
	for _, l := range snap.Lines {
		v.Lines = append(v.Lines, doorLine{string(l.ID), l.Lamp.String(), v.line(l)})
	}
	for _, p := range snap.Phones {
		if p.Port != "" {
			v.Lines = append(v.Lines, doorLine{string(p.Port), p.Lamp.String(), lower(p.Lamp.In(v.lang))})
		}
	}
	s.door(w, status, "claim.html", v)
}

// line says what is known of a line: its fault, the verdict of its test, or its lamp.
func (v *visit) line(l view.Line) string {
	switch {
	case l.Fault == "no battery":
		return v.say("sin tensión: ¿está conectada?", "no voltage: is it plugged in?")
	case l.Exam != nil:
		return l.Exam.Verdict(v.lang)
	case l.Lamp == view.Idle:
		return v.say("con tensión", "has voltage")
	}
	return lower(l.Lamp.In(v.lang))
}

// prove takes the code.
func (s *Server) prove(w http.ResponseWriter, r *http.Request, v *visit) {
	ticket, err := s.cfg.Door.Prove(r.Context(), r.PostForm.Get("code"), v.from)
	if err != nil {
		s.claim(w, r, v, s.refused(w, v, err))
		return
	}
	setCookie(w, ticketCookie, ticket, 15*time.Minute)
	see(w, r, v, "/claim")
}

// own makes the owner.
func (s *Server) own(w http.ResponseWriter, r *http.Request, v *visit) {
	ticket := ""
	if c, err := r.Cookie(ticketCookie); err == nil {
		ticket = c.Value
	}
	v.Name = r.PostForm.Get("name")
	password, again := r.PostForm.Get("password"), r.PostForm.Get("again")
	if password != again {
		v.Fault = v.twice()
		s.claim(w, r, v, http.StatusUnprocessableEntity)
		return
	}
	who, err := s.cfg.Door.Own(r.Context(), ticket, v.Name, password, tel.DoorWeb, v.from)
	if err != nil {
		s.claim(w, r, v, s.refused(w, v, err))
		return
	}
	setCookie(w, ticketCookie, "", 0)
	s.begin(w, v, who)
	see(w, r, v, "/account", "done", "claimed")
}

func (v *visit) twice() string {
	return v.say("Las dos contraseñas no son iguales.", "The two passwords differ.")
}

// loginPage asks who somebody is.
func (s *Server) loginPage(w http.ResponseWriter, r *http.Request, v *visit) {
	if v.who.Role > tel.Nobody {
		see(w, r, v, "/account")
		return
	}
	s.door(w, http.StatusOK, "login.html", v)
}

// login checks it. Where the person wanted to go is one of our pages or his own.
func (s *Server) login(w http.ResponseWriter, r *http.Request, v *visit) {
	v.Name, v.To = r.PostForm.Get("name"), r.PostForm.Get("to")
	who, err := s.cfg.Door.Login(r.Context(), v.Name, r.PostForm.Get("password"), tel.DoorWeb, v.from)
	if err != nil {
		status := s.refused(w, v, err)
		if status == http.StatusForbidden {
			status = http.StatusUnauthorized
			w.Header().Set("WWW-Authenticate", `Cookie realm="centralita"`)
		}
		s.door(w, status, "login.html", v)
		return
	}
	if v.token != "" {
		s.cfg.Sessions.End(v.token, v.from) // somebody else's, or an older one
	}
	s.begin(w, v, who)
	to := "/account"
	for _, rt := range routes() {
		if rt.method == http.MethodGet && rt.path == v.To && rt.least > tel.Nobody {
			to = v.To
		}
	}
	see(w, r, v, to)
}

// logout ends the session.
func (s *Server) logout(w http.ResponseWriter, r *http.Request, v *visit) {
	s.cfg.Sessions.End(v.token, v.from)
	setCookie(w, sessionCookie, "", 0)
	see(w, r, v, "/login")
}
