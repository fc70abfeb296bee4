package web

import (
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"

	"github.com/centralita/centralita/firmware/tel"
)

// when says whether a page exists before the claim, after it, or always.
type when uint8

const (
	before when = iota + 1
	after
)

// route is one row of the table of pages that ask who somebody is. What is not in
// it does not exist; a role below least is refused.
type route struct {
	method, path string
	when         when
	least        tel.Role
	do           func(*Server, http.ResponseWriter, *http.Request, *visit)
}

// routes is the table. Nothing in it that changes anything is a GET.
func routes() []route {
	return []route{
		{"GET", "/claim", before, tel.Nobody, (*Server).claimPage},
		{"POST", "/claim", before, tel.Nobody, (*Server).prove},
		{"POST", "/claim/owner", before, tel.Nobody, (*Server).own},
		{"GET", "/login", after, tel.Nobody, (*Server).loginPage},
		{"POST", "/login", after, tel.Nobody, (*Server).login},
		{"POST", "/logout", after, tel.AgentRole, (*Server).logout},
		{"GET", "/account", after, tel.AgentRole, (*Server).accountPage},
		{"POST", "/account/password", after, tel.AgentRole, (*Server).ownPassword},
		{"GET", "/people", after, tel.Owner, (*Server).peoplePage},
		{"POST", "/people/add", after, tel.Owner, (*Server).addPerson},
		{"POST", "/people/remove", after, tel.Owner, (*Server).removePerson},
		{"POST", "/people/role", after, tel.Owner, (*Server).setRole},
		{"POST", "/people/password", after, tel.Owner, (*Server).setPassword},
		{"POST", "/people/key", after, tel.Owner, (*Server).addKey},
		{"POST", "/people/key/remove", after, tel.Owner, (*Server).removeKey},
	}
}

// Names of the cookies. The prefix binds them to this host, TLS and all paths (RFC
// 6265bis, section 4.1.3.2).
const (
	sessionCookie = "__Host-centralita"
	ticketCookie  = "__Host-claim"
)

// visit is a request at one of the routes.
type visit struct {
	who   tel.Who
	token string // of the session
	lang  tel.Lang
	from  string
	pageDoor
}

// doors returns the handler of the routes.
func (s *Server) doors() http.Handler {
	mux := http.NewServeMux()
	for _, rt := range routes() {
		mux.HandleFunc(rt.method+" "+rt.path, func(w http.ResponseWriter, r *http.Request) { s.enter(w, r, rt) })
	}
	return mux
}

// isDoor reports whether a path belongs to the routes.
func isDoor(path string) bool {
	for _, rt := range routes() {
		if path == rt.path {
			return true
		}
	}
	return false
}

// enter checks everything that is checked before a route is done: the protocol, the
// claim, the origin, the pace, the session and the role.
func (s *Server) enter(w http.ResponseWriter, r *http.Request, rt route) {
	h := w.Header()
	h.Set("Content-Security-Policy", formPolicy)
	h.Set("Referrer-Policy", "same-origin") // without it browsers send no Origin with forms
	v := &visit{lang: lang(r, s.store.Get()), from: from(r)}
	first, _, _ := strings.Cut(rt.path[1:], "/")
	v.Here = "/" + first
	if r.TLS == nil {
		s.toTLS(w, r)
		return
	}
	claimed := s.cfg.Door.Claimed()
	switch {
	case rt.when == before && claimed && rt.method == http.MethodGet:
		http.Redirect(w, r, "/login", http.StatusSeeOther)
		return
	case (rt.when == before) == claimed:
		http.NotFound(w, r)
		return
	}
	s.session(r, v)
	if r.Method == http.MethodPost && !s.mayPost(w, r, v) {
		return
	}
	switch {
	case v.who.Role >= rt.least:
		rt.do(s, w, r, v)
	case v.who.Role == tel.Nobody:
		h.Set("WWW-Authenticate", `Cookie realm="centralita"`)
		v.To = r.URL.Path
		s.door(w, http.StatusUnauthorized, "login.html", v)
	default:
		s.deny(w, v, http.StatusForbidden, v.say("Esta página es para otro papel.", "This page is for another role."))
	}
}

// session finds who sends the request.
func (s *Server) session(r *http.Request, v *visit) {
	c, err := r.Cookie(sessionCookie)
	if err != nil || s.cfg.Sessions == nil {
		return
	}
	if who, ok := s.cfg.Sessions.Session(c.Value, v.from); ok {
		v.who, v.token = who, c.Value
	}
}

// logged reports whether the request comes from somebody who is logged in.
func (s *Server) logged(r *http.Request) bool {
	v := &visit{from: from(r)}
	if s.cfg.Door != nil && r.TLS != nil {
		s.session(r, v)
	}
	return v.who.Role >= tel.AgentRole
}

// mayPost holds what changes something to our own pages, to a size and to a pace.
func (s *Server) mayPost(w http.ResponseWriter, r *http.Request, v *visit) bool {
	if !ourOrigin(r) {
		s.deny(w, v, http.StatusForbidden, v.say("Eso no viene de una página de esta central.", "That does not come from a page of this box."))
		return false
	}
	if !s.forms.take(v.from, s.cfg.Now()) {
		w.Header().Set("Retry-After", "60")
		s.deny(w, v, http.StatusTooManyRequests, v.say("Demasiado deprisa; espere un minuto.", "Too fast; wait a minute."))
		return false
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); strings.TrimSpace(kind) != "application/x-www-form-urlencoded" {
		s.deny(w, v, http.StatusUnsupportedMediaType, v.say("Eso no es un formulario.", "That is no form."))
		return false
	}
	if err := r.ParseForm(); err != nil {
		s.deny(w, v, http.StatusBadRequest, v.say("El formulario no se entiende.", "The form cannot be read."))
		return false
	}
	if v.token != "" && !same(r.PostForm.Get("seal"), seal(v.token)) {
		s.deny(w, v, http.StatusForbidden, v.say("El formulario es de otra sesión; cargue la página otra vez.", "The form is of another session; load the page again."))
		return false
	}
	return true
}

// ourOrigin reports whether the browser says that a page of ours sent the form. One
// that says nothing is refused: every browser does since 2020.
func ourOrigin(r *http.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" {
		return false
	}
	return r.Header.Get("Origin") == "https://"+r.Host
}

// seal is what a form of a session carries, so that no other session's is taken.
func seal(token string) string { return digest("form " + token)[:32] }

// toTLS sends who reads to the same page over TLS; what is written in the clear is
// refused, for it is read already by whoever listens.
func (s *Server) toTLS(w http.ResponseWriter, r *http.Request) {
	port := 0
	if s.cfg.TLSPort != nil {
		port = s.cfg.TLSPort()
	}
	if port == 0 || r.Method != http.MethodGet && r.Method != http.MethodHead {
		http.Error(w, "Esta página solo se sirve por https.\nThis page is served over https only.", http.StatusForbidden)
		return
	}
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	to := *r.URL
	to.Scheme, to.User, to.Host = "https", nil, host
	if a, err := netip.ParseAddr(host); err == nil && a.Is6() {
		to.Host = "[" + host + "]"
	}
	if port != 443 {
		to.Host = net.JoinHostPort(host, strconv.Itoa(port))
	}
	http.Redirect(w, r, to.String(), http.StatusTemporaryRedirect)
}

// from is the address a request comes from.
func from(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
