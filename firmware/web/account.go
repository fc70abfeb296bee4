package web

import (
	"context"
	"net/http"

	"github.com/centralita/centralita/firmware/tel"
)

// dones are what a page says was done, by the word in its address.
var dones = map[string][2]string{
	"claimed":  {"La central es suya. Guarde la contraseña: nadie más la sabe.", "The box is yours. Keep the password: nobody else knows it."},
	"password": {"Contraseña cambiada. Las demás sesiones se cerraron.", "Password changed. All other sessions were closed."},
	"added":    {"Cuenta creada.", "Account made."},
	"removed":  {"Cuenta borrada; sus sesiones se cerraron.", "Account removed; its sessions were closed."},
	"role":     {"Papel cambiado; sus sesiones se cerraron.", "Role changed; the person's sessions were closed."},
	"set":      {"Contraseña puesta; sus sesiones se cerraron.", "Password set; the person's sessions were closed."},
	"key":      {"Llave añadida.", "Key added."},
	"unkey":    {"Llave quitada; las sesiones de la cuenta se cerraron.", "Key removed; the account's sessions were closed."},
}

func (v *visit) done(r *http.Request) {
	if d, ok := dones[r.URL.Query().Get("done")]; ok {
		v.Done = v.say(d[0], d[1])
	}
}

// accountPage is one's own place.
func (s *Server) accountPage(w http.ResponseWriter, r *http.Request, v *visit) {
	v.done(r)
	s.door(w, http.StatusOK, "account.html", v)
}

// ownPassword changes one's own password and goes on in a new session.
func (s *Server) ownPassword(w http.ResponseWriter, r *http.Request, v *visit) {
	f := r.PostForm
	if f.Get("password") != f.Get("again") {
		v.Fault = v.twice()
		s.door(w, http.StatusUnprocessableEntity, "account.html", v)
		return
	}
	if err := s.cfg.Door.Passwd(r.Context(), v.who, v.who.Name, f.Get("old"), f.Get("password"), v.from); err != nil {
		s.door(w, s.refused(w, v, err), "account.html", v)
		return
	}
	s.begin(w, v, v.who)
	see(w, r, v, "/account", "done", "password")
}

// peoplePage is the accounts, for the owner.
func (s *Server) peoplePage(w http.ResponseWriter, r *http.Request, v *visit) {
	v.done(r)
	s.people(w, v, http.StatusOK)
}

func (s *Server) people(w http.ResponseWriter, v *visit, status int) {
	v.People = s.cfg.People.People()
	s.door(w, status, "people.html", v)
}

// change does something to the accounts and shows them again.
func (s *Server) change(w http.ResponseWriter, r *http.Request, v *visit, done string, do func(context.Context) error) {
	f := r.PostForm
	if f.Has("again") && f.Get("password") != f.Get("again") {
		v.Fault = v.twice()
		s.people(w, v, http.StatusUnprocessableEntity)
		return
	}
	if err := do(r.Context()); err != nil {
		s.people(w, v, s.refused(w, v, err))
		return
	}
	see(w, r, v, "/people", "done", done)
}

func (s *Server) addPerson(w http.ResponseWriter, r *http.Request, v *visit) {
	f := r.PostForm
	role, _ := tel.ParseRole(f.Get("role")) // what is no role is refused as nobody's
	v.Name = f.Get("name")
	s.change(w, r, v, "added", func(ctx context.Context) error {
		return s.cfg.People.Add(ctx, v.who, v.Name, role, f.Get("password"), v.from)
	})
}

func (s *Server) removePerson(w http.ResponseWriter, r *http.Request, v *visit) {
	s.change(w, r, v, "removed", func(ctx context.Context) error {
		return s.cfg.People.Remove(ctx, v.who, r.PostForm.Get("name"), v.from)
	})
}

func (s *Server) setRole(w http.ResponseWriter, r *http.Request, v *visit) {
	role, _ := tel.ParseRole(r.PostForm.Get("role")) // what is no role is refused as nobody's
	s.change(w, r, v, "role", func(ctx context.Context) error {
		return s.cfg.People.SetRole(ctx, v.who, r.PostForm.Get("name"), role, v.from)
	})
}

func (s *Server) setPassword(w http.ResponseWriter, r *http.Request, v *visit) {
	f := r.PostForm
	if f.Get("name") == v.who.Name { // one's own needs the old one, on its own page
		see(w, r, v, "/account")
		return
	}
	s.change(w, r, v, "set", func(ctx context.Context) error {
		return s.cfg.Door.Passwd(ctx, v.who, f.Get("name"), "", f.Get("password"), v.from)
	})
}

func (s *Server) addKey(w http.ResponseWriter, r *http.Request, v *visit) {
	s.change(w, r, v, "key", func(ctx context.Context) error {
		return s.cfg.People.AddKey(ctx, v.who, r.PostForm.Get("name"), r.PostForm.Get("key"), v.from)
	})
}

func (s *Server) removeKey(w http.ResponseWriter, r *http.Request, v *visit) {
	s.change(w, r, v, "unkey", func(ctx context.Context) error {
		return s.cfg.People.RemoveKey(ctx, v.who, r.PostForm.Get("name"), r.PostForm.Get("print"), v.from)
	})
}
