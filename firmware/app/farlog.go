package app

import (
	"cmp"
	"context"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"github.com/centralita/centralita/firmware/config"
	"github.com/centralita/centralita/firmware/sipua/screen"
	"github.com/centralita/centralita/firmware/syslog"
)

// farLog is the server to which the log goes as well. It may change while the house
// runs.
type farLog struct {
	now  atomic.Pointer[farServer] // nil: none
	work context.Context           // of the house; nil until it runs
	part func(string, func(context.Context) error)
}

// farServer is one server.
type farServer struct {
	conf config.Syslog
	log  *syslog.Log
	site string
	at   func(time.Time) time.Time // the time of day
	stop context.CancelFunc
}

// buildSyslog sends the log to a server as well, where the configuration names one.
func (h *House) buildSyslog() error {
	s, err := h.farServer(h.cfg)
	if err != nil {
		return err
	}
	h.syslog.now.Store(s)
	h.log = slog.New(slog.NewMultiHandler(h.log.Handler(), farHandler{f: &h.syslog}))
	return nil
}

// farServer makes ready what cfg wants; nil is none.
func (h *House) farServer(cfg *config.Config) (*farServer, error) {
	c := cfg.Log.Syslog
	if c == nil {
		return nil, nil
	}
	host, _ := os.Hostname() // without one the site stands for it
	l, err := syslog.New(syslog.Config{
		Server: c.Server, Transport: c.Transport, CA: c.CA, Host: cmp.Or(host, cfg.Site.ID), App: "centralita", Version: Version, Dial: h.out.DialLog,
	})
	return &farServer{conf: *c, log: l, site: cfg.Site.ID, at: h.clock.At}, err
}

// run begins to send.
func (f *farLog) run(work context.Context, part func(string, func(context.Context) error)) {
	f.work, f.part = work, part
	f.begin(f.now.Load())
}

func (f *farLog) begin(s *farServer) {
	if s == nil {
		return
	}
	ctx, stop := context.WithCancel(f.work)
	s.stop = stop
	f.part("the log", func(context.Context) error {
		defer stop()
		if err := s.log.Run(ctx); err != nil && ctx.Err() == nil {
			return err
		}
		return nil
	})
}

// swap sends to next from now on.
func (f *farLog) swap(next *farServer) {
	old := f.now.Load()
	if old != nil && next != nil && old.conf == next.conf {
		return
	}
	f.begin(next)
	f.now.Store(next)
	if old != nil {
		old.stop()
	}
}

// alone is the log that goes to the server alone, under the name of the site; nil
// when there is none.
func (f *farLog) alone() *slog.Logger {
	s := f.now.Load()
	if s == nil {
		return nil
	}
	return slog.New(s.handler())
}

func (s *farServer) handler() slog.Handler {
	return dated{s.log.Handler(slog.LevelInfo), s.at}.WithAttrs([]slog.Attr{slog.String("site", s.site)})
}

// farHandler hands records to the server of the moment.
type farHandler struct {
	f    *farLog
	with []func(slog.Handler) slog.Handler
}

// Enabled implements slog.Handler.
func (h farHandler) Enabled(_ context.Context, l slog.Level) bool {
	return l >= slog.LevelInfo && h.f.now.Load() != nil
}

// Handle implements slog.Handler.
func (h farHandler) Handle(ctx context.Context, r slog.Record) error {
	s := h.f.now.Load()
	if s == nil {
		return nil
	}
	to := screen.QuietLog(s.handler())
	for _, w := range h.with {
		to = w(to)
	}
	return to.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h farHandler) WithAttrs(a []slog.Attr) slog.Handler {
	return h.and(func(to slog.Handler) slog.Handler { return to.WithAttrs(a) })
}

// WithGroup implements slog.Handler.
func (h farHandler) WithGroup(name string) slog.Handler {
	return h.and(func(to slog.Handler) slog.Handler { return to.WithGroup(name) })
}

func (h farHandler) and(w func(slog.Handler) slog.Handler) slog.Handler {
	h.with = append(h.with[:len(h.with):len(h.with)], w)
	return h
}
