package web

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/firmware/view/viewtest"
)

// Another view token: what the old one opened is refused at once by address, cookie and
// header, and the new one opens it.
func TestAnotherTokenHolds(t *testing.T) {
	srv, _ := server(t, viewtest.Calm(), Config{Token: secret})
	h := srv.Handler()
	cookie := func(token string) func(*http.Request) {
		w := ask(h, "GET", "/wall?token="+token)
		if got := w.Result().Cookies(); w.Code == http.StatusSeeOther && len(got) == 1 {
			return func(r *http.Request) { r.AddCookie(got[0]) }
		}
		return nil
	}
	old := cookie(secret)
	if old == nil {
		t.Fatal("the first token opens nothing")
	}
	if err := srv.Renew("short"); err == nil || ask(h, "GET", "/wall", old).Code != http.StatusOK {
		t.Errorf("a short token: %v", err)
	}
	const next = "another-token-of-the-wall"
	if err := srv.Renew(next); err != nil {
		t.Fatal(err)
	}
	if ask(h, "GET", "/wall", old).Code != http.StatusUnauthorized || ask(h, "GET", "/metrics", header("Authorization", "Bearer "+secret)).Code != http.StatusUnauthorized || cookie(secret) != nil {
		t.Error("the old token still opens")
	}
	fresh := cookie(next)
	if fresh == nil || ask(h, "GET", "/wall", fresh).Code != http.StatusOK || ask(h, "GET", "/api/snapshot", header("Authorization", "Bearer "+next)).Code != http.StatusOK {
		t.Error("the new token opens nothing")
	}
	open, _ := server(t, viewtest.Calm(), Config{})
	if err := open.Renew(next); err == nil || ask(open.Handler(), "GET", "/wall").Code != http.StatusOK {
		t.Errorf("where there is none: %v", err)
	}
}

// A stream that the old token opened ends the moment another holds; one that a session
// opened goes on, and so does one of the new token.
func TestAStreamEndsWithItsToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sitter{gate: gate{claimed: true}, ended: make(chan struct{})}
		srv, _ := server(t, viewtest.Calm(), Config{Token: secret, Now: time.Now, Door: s, Sessions: s, People: s})
		stream := func(change func(*http.Request)) <-chan struct{} {
			r := httptest.NewRequest(http.MethodGet, "https://localhost/events", nil)
			change(r)
			ctx, stop := context.WithCancel(t.Context())
			done := make(chan struct{})
			go func() {
				defer close(done)
				srv.Handler().ServeHTTP(sink{httptest.NewRecorder()}, r.WithContext(ctx))
			}()
			t.Cleanup(func() { stop(); <-done })
			return done
		}
		ended := func(c <-chan struct{}) bool {
			select {
			case <-c:
				return true
			default:
				return false
			}
		}
		bearer := stream(header("Authorization", "Bearer "+secret))
		cookie := stream(func(r *http.Request) { r.AddCookie(&http.Cookie{Name: cookieName, Value: digest("cookie " + secret)}) })
		hers := stream(func(r *http.Request) { r.AddCookie(&http.Cookie{Name: sessionCookie, Value: "hers"}) })
		<-time.After(time.Hour)
		if ended(bearer) || ended(cookie) || ended(hers) {
			t.Fatal("a stream ended by itself")
		}
		if err := srv.Renew("another-token-of-the-wall"); err != nil {
			t.Fatal(err)
		}
		fresh := stream(header("Authorization", "Bearer another-token-of-the-wall"))
		synctest.Wait()
		if !ended(bearer) || !ended(cookie) {
			t.Error("a stream of the old token goes on")
		}
		<-time.After(time.Hour)
		if ended(hers) || ended(fresh) {
			t.Error("a stream of a session or of the new token ended")
		}
	})
}
