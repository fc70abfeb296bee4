package web

import (
	"context"
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view/viewtest"
)

// sitter is one session of eva, which is told its end or only found over.
type sitter struct {
	gate
	ended chan struct{}
	over  atomic.Bool
	lives int // signs of life
}

func (s *sitter) Session(token, _ string) (tel.Who, bool) {
	s.lives++
	return tel.Who{Name: "eva", Role: tel.AgentRole, Via: tel.DoorWeb}, token == "hers" && !s.over.Load()
}

func (s *sitter) Watch(token string) (<-chan struct{}, bool) {
	return s.ended, token == "hers" && !s.over.Load()
}

// sink is a browser that takes a stream.
type sink struct {
	*httptest.ResponseRecorder
}

func (sink) SetWriteDeadline(time.Time) error { return nil }

// stare opens a stream over TLS and returns what is closed when it has ended.
func stare(t *testing.T, s *sitter, page sink, change func(*http.Request)) <-chan struct{} {
	t.Helper()
	srv, _ := server(t, viewtest.Calm(), Config{Token: "a token of the wall", Now: time.Now, Door: s, Sessions: s, People: s})
	r := httptest.NewRequest(http.MethodGet, "https://localhost/events", nil)
	r.TLS = &tls.ConnectionState{}
	change(r)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		srv.Handler().ServeHTTP(page, r.WithContext(ctx))
	}()
	t.Cleanup(func() { stop(); <-done })
	return done
}

// A stream ends at once when its session is told its end, within a beat when it has run
// out, and is no sign of life for it; one that was opened by the token goes on.
func TestAStreamEndsWithItsSession(t *testing.T) {
	hers := func(r *http.Request) { r.AddCookie(&http.Cookie{Name: sessionCookie, Value: "hers"}) }
	for name, c := range map[string]struct {
		open   func(*http.Request)
		end    func(*sitter)
		within time.Duration // 0: it goes on
	}{
		"told":       {hers, func(s *sitter) { s.over.Store(true); close(s.ended) }, time.Nanosecond},
		"found over": {hers, func(s *sitter) { s.over.Store(true) }, beatEvery + pace},
		"lives":      {hers, func(*sitter) {}, 0},
		"by token": {func(r *http.Request) {
			hers(r)
			r.Header.Set("Authorization", "Bearer a token of the wall")
		}, func(s *sitter) { s.over.Store(true); close(s.ended) }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &sitter{gate: gate{claimed: true}, ended: make(chan struct{})}
				page := sink{httptest.NewRecorder()}
				done := stare(t, s, page, c.open)
				<-time.After(time.Hour)
				select {
				case <-done:
					t.Fatalf("it ended by itself: %d %.80s", page.Code, page.Body)
				default:
				}
				if s.lives > 1 {
					t.Errorf("%d signs of life", s.lives)
				}
				c.end(s)
				limit := c.within
				if limit == 0 {
					limit = time.Hour
				}
				select {
				case <-done:
					if c.within == 0 {
						t.Error("it ended")
					}
					if n := strings.Count(page.Body.String(), "event: beat"); n < 1700 {
						t.Errorf("%d beats in an hour", n)
					}
				case <-time.After(limit):
					if c.within > 0 {
						t.Error("it goes on")
					}
				}
			})
		})
	}
}
