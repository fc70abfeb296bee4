package browser_test

import (
	"log/slog"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/view"
	"github.com/centralita/centralita/firmware/view/viewtest"
	"github.com/centralita/centralita/firmware/web"
	"github.com/centralita/centralita/testbench/browser"
)

// serve shows one picture. The office's clock starts at the picture's moment.
func serve(t *testing.T, s *view.Snapshot, cfg web.Config) (url string, store *view.Store) {
	t.Helper()
	store = &view.Store{}
	store.Set(s)
	start := time.Now()
	if cfg.Now == nil {
		cfg.Now = func() time.Time { return viewtest.At().Add(time.Since(start)) }
	}
	srv, err := web.New(cfg, store, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(srv.Handler())
	t.Cleanup(func() { h.CloseClientConnections(); h.Close() })
	return h.URL, store
}

var (
	television = browser.Screen{Width: 1920, Height: 1080, Still: true}
	telephone  = browser.Screen{Width: 390, Height: 844, Touch: true, Still: true}
	enlarged   = browser.Screen{Width: 320, Height: 640, Still: true}
)

func TestWall(t *testing.T) {
	b := browser.Start(t)
	calm, _ := serve(t, viewtest.Calm(), web.Config{})
	alarmed, _ := serve(t, viewtest.Alarmed(), web.Config{})
	for _, c := range []struct {
		name, url string
		screen    browser.Screen
	}{
		{"wall-calm", calm + "/wall?theme=light", television},
		{"wall-alarm", alarmed + "/wall?theme=light", television},
		{"wall-alarm-dark", alarmed + "/wall?theme=dark", television},
		{"wall-calm-en-dark", calm + "/wall?lang=en&theme=dark", television},
		{"wall-phone", alarmed + "/wall?theme=light", telephone},
		{"wall-phone-320", alarmed + "/wall?theme=dark", enlarged},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := b.Open(t, c.url, c.screen)
			p.Wait("document.querySelectorAll('.row').length === 4")
			p.Picture(c.name, c.screen.Width < 900)
			if n := p.SidewaysScroll(); n > 0 {
				t.Errorf("the page is %d px wider than the screen", n)
			}
			for _, s := range p.Problems() {
				t.Error(s)
			}
		})
	}
}
