// Package web serves the pages: the wall that a room looks at, the front of
// the box, and the picture behind them as JSON and as a stream of events.
//
// These only read. Whatever they send is masked for a room full of people: numbers
// by their last three digits, agents by their first name, callers by no name.
//
// The doors are the pages that ask who somebody is: the claim of a box without an
// owner, the log-in, one's account and the owner's people. They are served over TLS
// alone, work without JavaScript, and are one table of method, path and role.
package web

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
)

// Config says who may look. The zero Config serves the machine itself.
type Config struct {
	// Token opens the pages: once as ?token=…, then by a cookie, or as
	// "Authorization: Bearer …". It is required to listen beyond loopback, and
	// has at least MinToken characters. Renew changes it.
	Token string
	// Hosts are the names (without port) by which browsers may call us, beside
	// localhost and the address they reached. Others are refused, so that a
	// foreign name that resolves to us opens nothing (DNS rebinding).
	Hosts []string
	// Clients is how many event streams are open at most; 0 is 32.
	Clients int
	// Front returns the front of the box; nil where there is none.
	Front func() Front
	// Fresh returns when the exchange last said that the picture is right; nil
	// where it is right as long as we answer.
	Fresh func() time.Time
	// Metrics answers /metrics, behind the same guards; nil where there are none.
	Metrics http.Handler
	// Door, Sessions and People are those of the accounts; with a nil Door there are no
	// pages that ask who somebody is.
	Door     Door
	Sessions Sessions
	People   People
	// Cert returns what the pages say of their certificate; nil: nothing.
	Cert func() Certificate
	// TLSPort returns the port of the pages over TLS, to which the doors are sent; nil or
	// 0 where there is none.
	TLSPort func() int
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// MinToken is the least length of a view token.
const MinToken = 16

// Front is what a person before the box sees. Changes grows with each change.
type Front struct {
	Changes uint64
	Rows    []string // of the character display
	Light   string   // "off", "dim", "full"
	Lamps   []FrontLamp
}

// FrontLamp is one LED: State is the name of a lamp state. The health LED has
// the ID "health" and the name of a view.Health as its state.
type FrontLamp struct{ ID, State string }

// Server answers requests. Make it with New.
type Server struct {
	cfg     Config
	store   *view.Store
	log     *slog.Logger
	assets  assets
	clients atomic.Int64
	zones   zones
	forms   meter

	renewing sync.Mutex
	viewed   atomic.Pointer[viewing] // nil: everybody who reaches the pages may look
}

// New returns a server of the pictures in store.
func New(cfg Config, store *view.Store, log *slog.Logger) (*Server, error) {
	if cfg.Clients == 0 {
		cfg.Clients = 32
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	hosts := make([]string, 0, len(cfg.Hosts))
	for _, h := range cfg.Hosts {
		hosts = append(hosts, strings.ToLower(h))
	}
	cfg.Hosts = hosts
	a, err := loadAssets()
	if err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, store: store, log: log, assets: a}
	if cfg.Token != "" {
		v, err := newViewing(cfg.Token)
		if err != nil {
			return nil, err
		}
		s.viewed.Store(v)
	}
	return s, nil
}

// Handler returns the pages behind their guards.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", toWall)
	mux.HandleFunc("/wall", s.page("wall.html"))
	mux.HandleFunc("/panel", s.page("panel.html"))
	mux.HandleFunc("/events", s.events)
	mux.HandleFunc("/api/snapshot", s.snapshot)
	mux.HandleFunc("/ui/{path...}", s.assets.serve)
	mux.HandleFunc("/favicon.ico", s.assets.icon)
	if s.cfg.Metrics != nil {
		mux.Handle("/metrics", s.cfg.Metrics)
	}
	open := http.NewServeMux() // what a watchdog may ask without the token
	open.HandleFunc("/healthz", s.healthz)
	open.Handle("/", s.needToken(mux))
	rooms := readOnly(open)
	if s.cfg.Door != nil {
		rooms = s.withDoors(rooms)
	}
	return s.headers(s.knownHost(rooms))
}

func toWall(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/wall", http.StatusFound) }

// withDoors puts the doors before the rooms that only read. Their looks need no
// token; whoever comes to the front page without one is sent to the right door.
func (s *Server) withDoors(rooms http.Handler) http.Handler {
	doors := s.doors()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, asset := strings.CutPrefix(r.URL.Path, "/ui/")
		switch {
		case isDoor(r.URL.Path):
			doors.ServeHTTP(w, r)
		case asset && doorAsset(name) && (r.Method == http.MethodGet || r.Method == http.MethodHead):
			r.SetPathValue("path", name)
			s.assets.serve(w, r)
		case r.URL.Path == "/" && !s.cfg.Door.Claimed():
			http.Redirect(w, r, "/claim", http.StatusFound)
		case r.URL.Path == "/" && s.viewed.Load() != nil && !s.mayLook(r):
			http.Redirect(w, r, "/login", http.StatusFound)
		default:
			rooms.ServeHTTP(w, r)
		}
	})
}

// Serve answers on l until ctx ends, then closes every connection. It refuses
// to listen beyond loopback without a token.
func (s *Server) Serve(ctx context.Context, l net.Listener) error { return s.serve(ctx, l, nil) }

// ServeTLS is Serve over TLS.
func (s *Server) ServeTLS(ctx context.Context, l net.Listener, c *tls.Config) error {
	return s.serve(ctx, l, c)
}

func (s *Server) serve(ctx context.Context, l net.Listener, c *tls.Config) error {
	if s.viewed.Load() == nil && !loopback(l.Addr()) {
		return errors.Join(fmt.Errorf("cannot serve pages on %s: other machines could look; set a view token or listen on 127.0.0.1", l.Addr()), l.Close())
	}
	srv := &http.Server{
		Handler:           s.Handler(),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      10 * time.Second, // event streams move it on
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	stop := context.AfterFunc(ctx, func() { _ = srv.Close() }) // the streams end with ctx; nothing is left to save
	defer stop()
	at := l.Addr()
	l = newCrowd(l)
	if c != nil {
		l = tls.NewListener(l, c)
	}
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("cannot serve pages on %s: %w", at, err)
	}
	return nil
}

func loopback(a net.Addr) bool {
	t, ok := a.(*net.TCPAddr)
	return !ok || t.IP.IsLoopback() // what is not TCP does not leave the machine
}

// healthz says "ok", or which picture is too old, with status 503.
func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	now := s.cfg.Now()
	if old := now.Sub(s.fresh(now)); old > staleAfter {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = fmt.Fprintf(w, "stale: the picture is %s old\n", old.Round(time.Second))
		return
	}
	_, _ = fmt.Fprintln(w, "ok")
}

// staleAfter is the age at which pages say that they are not fresh.
const staleAfter = 5 * time.Second

// fresh returns when the exchange last said that the picture is right, at
// most now.
func (s *Server) fresh(now time.Time) time.Time {
	if s.cfg.Fresh == nil {
		return now
	}
	if at := s.cfg.Fresh(); at.Before(now) {
		return at
	}
	return now
}

// lang returns the language a request asks for, or the office's.
func lang(r *http.Request, snap *view.Snapshot) tel.Lang {
	switch l := tel.Lang(r.URL.Query().Get("lang")); l {
	case tel.Spanish, tel.English:
		return l
	}
	if snap.Lang == tel.English {
		return tel.English
	}
	return tel.Spanish
}
