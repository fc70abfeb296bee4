package web

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// policy lets a page load nothing but our own files, and run nothing inline.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// headers sets what every answer carries, refusals included.
func (s *Server) headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// readOnly lets GET and HEAD pass: nothing here changes anything.
func readOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "only GET and HEAD", http.StatusMethodNotAllowed)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// knownHost refuses requests that call us by a name that is not ours.
func (s *Server) knownHost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.ours(r) {
			s.log.Debug("refused a foreign host", "host", r.Host, "from", r.RemoteAddr)
			http.Error(w, "this box is not called that", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// ours reports whether the Host header is localhost, a configured name, or the
// very address the connection was made to.
func (s *Server) ours(r *http.Request) bool {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return host == "localhost" || slices.Contains(s.cfg.Hosts, host)
	}
	if ip = ip.Unmap(); ip.IsLoopback() {
		return true
	}
	local, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	return ok && ip == local.AddrPort().Addr().Unmap() || slices.Contains(s.cfg.Hosts, host)
}

// cookieName is the cookie that stands for the token.
const cookieName = "centralita_view"

// needToken lets pass who shows the token, by query, cookie or header. One who
// brings it in the query gets the cookie and is sent to the address without it.
func (s *Server) needToken(next http.Handler) http.Handler {
	if s.viewed.Load() == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.mayLook(r) {
			next.ServeHTTP(w, r)
			return
		}
		q, v := r.URL.Query(), s.viewed.Load()
		if !same(q.Get("token"), v.token) {
			text := "Falta la clave de vista: /wall?token=…\nThe view token is missing: /wall?token=…"
			if s.cfg.Sessions != nil {
				text = "Falta la clave de vista, /wall?token=…, o entrar con su cuenta: /login\nThe view token is missing, /wall?token=…, or a log-in by your account: /login"
			}
			http.Error(w, text, http.StatusUnauthorized)
			return
		}
		http.SetCookie(w, &http.Cookie{Name: cookieName, Value: v.cookie, Path: "/", HttpOnly: true,
			Secure: r.TLS != nil, SameSite: http.SameSiteStrictMode, MaxAge: 365 * 24 * 3600})
		q.Del("token")
		to := *r.URL
		to.Scheme, to.Host, to.User = "", "", nil
		to.Path, to.RawPath = "/"+strings.TrimLeft(to.Path, "/"), "" // "//elsewhere" would leave us
		to.RawQuery = q.Encode()
		http.Redirect(w, r, to.String(), http.StatusSeeOther)
	})
}

// viewing is the view token as long as it holds.
type viewing struct {
	token, cookie string
	over          chan struct{} // closed when another one holds
}

func newViewing(token string) (*viewing, error) {
	if len(token) < MinToken {
		return nil, fmt.Errorf("cannot serve pages: the view token has %d characters, at least %d are needed", len(token), MinToken)
	}
	return &viewing{token: token, cookie: digest("cookie " + token), over: make(chan struct{})}, nil
}

// Renew lets another view token hold from now on: who shows the one before is refused,
// and the streams it opened end. The page of somebody who is logged in opens its own again.
func (s *Server) Renew(token string) error {
	next, err := newViewing(token)
	if err != nil {
		return err
	}
	s.renewing.Lock()
	defer s.renewing.Unlock()
	was := s.viewed.Load()
	if was == nil {
		return errors.New("cannot change the view token: the pages are served without one")
	}
	s.viewed.Store(next)
	close(was.over)
	return nil
}

// mayLook reports whether the request shows the token, or comes from somebody who is
// logged in.
func (s *Server) mayLook(r *http.Request) bool { return s.viewed.Load().shown(r) || s.logged(r) }

// shown reports whether the request shows the token by cookie or header.
func (v *viewing) shown(r *http.Request) bool {
	if c, err := r.Cookie(cookieName); err == nil && same(c.Value, v.cookie) {
		return true
	}
	t, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return ok && same(t, v.token)
}

// stay returns what is closed when who sent the request may look no more, and whether he
// may now. It is nil where everybody may.
func (s *Server) stay(r *http.Request) (over <-chan struct{}, on bool) {
	v := s.viewed.Load()
	if v == nil {
		return nil, true
	}
	if v.shown(r) {
		return v.over, true
	}
	c, err := r.Cookie(sessionCookie)
	if err != nil || s.cfg.Sessions == nil {
		return nil, false
	}
	return s.cfg.Sessions.Watch(c.Value)
}

// same compares in constant time, whatever the lengths.
func same(got, want string) bool {
	a, b := sha256.Sum256([]byte(got)), sha256.Sum256([]byte(want))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}
