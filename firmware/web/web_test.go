package web

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
	"github.com/centralita/centralita/firmware/view/viewtest"
)

const secret = "veintidos-caracteres-x"

// server is a server of one picture, whose clock stands at its moment.
func server(t *testing.T, s *view.Snapshot, cfg Config) (*Server, *view.Store) {
	t.Helper()
	store := &view.Store{}
	store.Set(s)
	if cfg.Now == nil {
		cfg.Now = viewtest.At
	}
	srv, err := New(cfg, store, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return srv, store
}

// ask sends one request and returns the answer.
func ask(h http.Handler, method, target string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://localhost"+target, nil)
	r.RequestURI, r.Host = target, "localhost"
	for _, c := range change {
		c(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func host(h string) func(*http.Request) { return func(r *http.Request) { r.Host = h } }

func header(k, v string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(k, v) }
}

func TestEveryAnswerCarriesTheGuards(t *testing.T) {
	srv, _ := server(t, viewtest.Calm(), Config{})
	h := srv.Handler()
	for _, w := range []*httptest.ResponseRecorder{
		ask(h, "GET", "/wall"), ask(h, "GET", "/panel"), ask(h, "GET", "/"), ask(h, "GET", "/api/snapshot"), ask(h, "GET", "/healthz"),
		ask(h, "GET", "/ui/wall.js"), ask(h, "GET", "/nowhere"), ask(h, "POST", "/wall"), ask(h, "GET", "/wall", host("evil.example")),
	} {
		for k, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY",
			"Cross-Origin-Resource-Policy": "same-origin", "Content-Security-Policy": policy} {
			if got := w.Header().Get(k); got != want {
				t.Errorf("status %d: %s is %q, want %q", w.Code, k, got, want)
			}
		}
	}
	if strings.Contains(policy, "unsafe") || !strings.Contains(policy, "default-src 'none'") {
		t.Errorf("the policy is not strict: %s", policy)
	}
}

func TestPagesHaveNothingInline(t *testing.T) {
	srv, _ := server(t, viewtest.Alarmed(), Config{Front: aFront})
	for _, page := range []string{"/wall", "/panel"} {
		body := ask(srv.Handler(), "GET", page).Body.String()
		for _, bad := range []string{`<style`, ` style=`, ` onload=`, ` onclick=`, `javascript:`, `http://`, `https://`} {
			if strings.Contains(body, bad) {
				t.Errorf("%s has %q", page, bad)
			}
		}
		for _, m := range regexp.MustCompile(`<script[^>]*>`).FindAllString(body, -1) {
			if !strings.Contains(m, `src="/ui/`) && !strings.Contains(m, `type="application/json"`) {
				t.Errorf("%s has an inline script: %s", page, m)
			}
		}
	}
}

func TestOnlyReading(t *testing.T) {
	srv, _ := server(t, viewtest.Calm(), Config{})
	for _, m := range []string{"POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "BREW"} {
		if w := ask(srv.Handler(), m, "/api/snapshot"); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: status %d, Allow %q", m, w.Code, w.Header().Get("Allow"))
		}
	}
	if w := ask(srv.Handler(), "HEAD", "/wall"); w.Code != http.StatusOK {
		t.Errorf("HEAD: status %d", w.Code)
	}
}

func TestForeignNamesOpenNothing(t *testing.T) {
	srv, _ := server(t, viewtest.Calm(), Config{Hosts: []string{"Centralita.local"}})
	reached := func(r *http.Request) {
		addr := &net.TCPAddr{IP: net.IPv4(192, 168, 1, 40), Port: 8080}
		*r = *r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, net.Addr(addr)))
	}
	for _, c := range []struct {
		host string
		ok   bool
	}{
		{"localhost", true}, {"LOCALHOST:8080", true}, {"localhost.", true}, {"127.0.0.1:8080", true}, {"127.9.9.9", true}, {"[::1]:8080", true},
		{"[::ffff:127.0.0.1]", true}, {"centralita.local:8080", true}, {"192.168.1.40:8080", true},
		{"192.168.1.41", false}, {"evil.example", false}, {"localhost.evil.example", false}, {"127.0.0.1.evil.example", false}, {"", false}, {"0.0.0.0", false}, {"8.8.8.8", false},
	} {
		for _, path := range []string{"/wall", "/healthz", "/api/snapshot"} {
			w := ask(srv.Handler(), "GET", path, host(c.host), reached)
			if (w.Code == http.StatusOK) != c.ok {
				t.Errorf("Host %q, %s: status %d, want let in: %t", c.host, path, w.Code, c.ok)
			}
		}
	}
}

// The figures stand behind the token, and there are none where nobody has any.
func TestMetricsAreGuarded(t *testing.T) {
	figures := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "figures") })
	srv, _ := server(t, viewtest.Calm(), Config{Token: secret, Metrics: figures})
	if w := ask(srv.Handler(), "GET", "/metrics"); w.Code != http.StatusUnauthorized {
		t.Errorf("without the token: %d %s", w.Code, w.Body)
	}
	if w := ask(srv.Handler(), "GET", "/metrics", header("Authorization", "Bearer "+secret)); w.Code != http.StatusOK || w.Body.String() != "figures" {
		t.Errorf("with the token: %d %s", w.Code, w.Body)
	}
	srv, _ = server(t, viewtest.Calm(), Config{})
	if w := ask(srv.Handler(), "GET", "/metrics"); w.Code != http.StatusNotFound {
		t.Errorf("none: %d", w.Code)
	}
}

func TestToken(t *testing.T) {
	srv, _ := server(t, viewtest.Calm(), Config{Token: secret})
	h := srv.Handler()
	for _, target := range []string{"/wall", "/api/snapshot", "/events", "/panel", "/ui/wall.js", "/", "/wall?token=", "/wall?token=" + secret[1:], "/wall?token=" + secret + "x"} {
		if w := ask(h, "GET", target); w.Code != http.StatusUnauthorized || strings.Contains(w.Body.String(), "Centro") {
			t.Errorf("%s without the token: status %d", target, w.Code)
		}
	}
	if w := ask(h, "GET", "/healthz"); w.Code != http.StatusOK {
		t.Errorf("a watchdog gets %d", w.Code)
	}
	if w := ask(h, "GET", "/api/snapshot", header("Authorization", "Bearer "+secret)); w.Code != http.StatusOK {
		t.Errorf("with the header: status %d", w.Code)
	}
	first := ask(h, "GET", "/wall?lang=en&token="+secret)
	if first.Code != http.StatusSeeOther || first.Header().Get("Location") != "/wall?lang=en" {
		t.Fatalf("first visit: status %d to %q", first.Code, first.Header().Get("Location"))
	}
	c := first.Result().Cookies()[0]
	if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || strings.Contains(c.Value, secret) {
		t.Errorf("cookie %+v", c)
	}
	if w := ask(h, "GET", "/wall", func(r *http.Request) { r.AddCookie(c) }); w.Code != http.StatusOK {
		t.Errorf("second visit: status %d", w.Code)
	}
	c.Value = strings.Repeat("0", len(c.Value))
	if w := ask(h, "GET", "/wall", func(r *http.Request) { r.AddCookie(c) }); w.Code != http.StatusUnauthorized {
		t.Errorf("a forged cookie: status %d", w.Code)
	}
	away := ask(h, "GET", "/wall?token="+secret, func(r *http.Request) { r.URL.Path = "//evil.example/wall" })
	if to := away.Header().Get("Location"); strings.HasPrefix(to, "//") || strings.Contains(to, "://") {
		t.Errorf("the first visit leads away to %q", to)
	}
	if _, err := New(Config{Token: "corto"}, &view.Store{}, slog.New(slog.DiscardHandler)); err == nil {
		t.Error("a token of five characters was accepted")
	}
}

// anywhere is a listener on every address of the machine, without a socket.
type anywhere struct{ net.Listener }

func (anywhere) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4zero, Port: 8080} }
func (anywhere) Close() error   { return nil }

func TestBeyondLoopbackNeedsAToken(t *testing.T) {
	srv, _ := server(t, viewtest.Calm(), Config{})
	if err := srv.Serve(t.Context(), anywhere{}); err == nil || !strings.Contains(err.Error(), "view token") {
		t.Errorf("served everybody without a token: %v", err)
	}
}

// TestPrivacy: numbers to their last three digits, agents' first names,
// callers' names not at all.
func TestPrivacy(t *testing.T) {
	private := regexp.MustCompile(`Ruiz|José|Pérez|Gómez|Rosa|Díaz|91555|60055|dial tcp`)
	for _, s := range []*view.Snapshot{viewtest.Calm(), viewtest.Alarmed()} {
		srv, _ := server(t, s, Config{})
		for _, target := range []string{"/wall", "/wall?lang=en", "/api/snapshot", "/api/snapshot?lang=en"} {
			if m := private.FindString(ask(srv.Handler(), "GET", target).Body.String()); m != "" {
				t.Errorf("%s shows %q", target, m)
			}
		}
	}
}

func TestSnapshotSaysWhatTheWallShows(t *testing.T) {
	srv, _ := server(t, viewtest.Alarmed(), Config{})
	var w Wall
	get := func(target string) {
		w = Wall{}
		a := ask(srv.Handler(), "GET", target)
		if a.Header().Get("Content-Type") != "application/json; charset=utf-8" {
			t.Errorf("%s is %s", target, a.Header().Get("Content-Type"))
		}
		if err := json.Unmarshal(a.Body.Bytes(), &w); err != nil {
			t.Fatalf("%s: %v", target, err)
		}
	}
	get("/api/snapshot")
	if w.Lang != tel.Spanish || w.Calm != nil || len(w.Alarms) != 3 || w.Alarms[0].Title != "Soporte: 5 esperan" || w.Alarms[0].Count == 0 ||
		w.Alarms[1].Text != "Desde 10:31. Sin tensión. Sale por L4." || w.Alarms[2].Lamp != "warn" {
		t.Errorf("alarms %+v", w.Alarms)
	}
	q := w.Queues[1]
	if q.Name != "Soporte" || q.Note != "umbral 3 · nadie libre" || q.Lamp != "dead" || q.Max != "máx. 3:00" || q.PctText != "61\u202f%" || !q.Short || !q.Waiting[0].VIP {
		t.Errorf("queue %+v", q)
	}
	if a := w.Agents[5]; a.Text != "Sin teléfono" || a.Lamp != "dead" {
		t.Errorf("agent %+v", a)
	}
	if w.SIP.Text != "6 de 10 en uso" || strings.Join(w.SIP.Pips[:7], " ") != "queue queue queue queue queue queue idle" {
		t.Errorf("trunks %+v", w.SIP)
	}
	if c := w.Last; len(c) != 4 || c[0].Who != "··· 214" || c[0].Text != "Ventas · 3:12" || c[1].Text != "colgó en cola · 0:48" || c[1].Icon != "missed" ||
		c[2].Icon != "out" || c[2].Who != "··· 530" || c[3].Text != "Menú · saldo" {
		t.Errorf("last calls %+v", c)
	}
	get("/api/snapshot?lang=en")
	if w.Lang != tel.English || w.Queues[1].Name != "Support" || w.Queues[1].PctText != "61%" || w.Ports[2].Label != "dead" || w.Alarms[1].Text != "Since 10:31. No voltage. Going out by L4." {
		t.Errorf("in English %+v", w)
	}
}

func TestMoreAlarmsThanPlaces(t *testing.T) {
	s := viewtest.Alarmed()
	s.Alarms = append(s.Alarms, view.Alarm{ID: "a"}, view.Alarm{ID: "b"})
	srv, _ := server(t, s, Config{})
	w := srv.wall(s, httptest.NewRequest("GET", "/", nil))
	if len(w.Alarms) != 3 || w.More != "+2" {
		t.Errorf("%d cards and %q", len(w.Alarms), w.More)
	}
}

// TestOfficeOfTheSimulatedBoard: no trunk, FXS phones beside the lines.
func TestOfficeOfTheSimulatedBoard(t *testing.T) {
	s := viewtest.Calm()
	s.Lines, s.Trunks, s.Uplinks = s.Lines[:4], nil, nil
	for _, e := range []tel.Number{"101", "102", "103", "104"} {
		s.Phones = append(s.Phones, view.Phone{Ext: e, Port: tel.PortID("F" + e[2:]), Lamp: view.Idle})
	}
	s.Phones = append(s.Phones, view.Phone{Ext: "201", Lamp: view.Idle}, view.Phone{Ext: "202", Lamp: view.Off})
	w := NewWall(s, s.At, s.At.Location(), tel.Spanish)
	if len(w.Ports) != 8 || w.Ports[4].ID != "101" || w.SIP.Text != "1 de 2 teléfonos" || w.Calm.Text != "Sin alarmas desde las 8:02 · 4 líneas sanas" {
		t.Errorf("ports %+v, SIP %+v, calm %+v", w.Ports, w.SIP, w.Calm)
	}
	empty := NewWall(&view.Snapshot{}, s.At, time.UTC, tel.Spanish)
	if empty.SIP != nil || len(empty.Queues)+len(empty.Agents)+len(empty.Ports) != 0 || empty.Level != "Nivel de servicio" {
		t.Errorf("before the first picture %+v", empty)
	}
}

// TestHostileNames: rendering one of two; the browser test is the other.
func TestHostileNames(t *testing.T) {
	evilFront := func() Front {
		return Front{Changes: 1, Rows: []string{`<script>alert(3)</script>`}, Light: `"><b>`, Lamps: []FrontLamp{{ID: "<b>", State: `x" onclick="y`}}}
	}
	srv, _ := server(t, viewtest.Hostile(), Config{Front: evilFront})
	for _, target := range []string{"/wall", "/panel"} {
		body := ask(srv.Handler(), "GET", target).Body.String()
		for _, bad := range []string{"<img src=x", "<script>alert", "</script><script>alert", "<b>\"", `x" onclick`} {
			if strings.Contains(body, bad) {
				t.Errorf("%s has %q as markup", target, bad)
			}
		}
	}
}

func TestFilesOfThePages(t *testing.T) {
	srv, _ := server(t, viewtest.Calm(), Config{})
	h := srv.Handler()
	for name, kind := range map[string]string{"wall.css": "text/css", "tokens.css": "text/css", "leds.css": "text/css", "wall.js": "text/javascript", "panel.js": "text/javascript", "stream.js": "text/javascript",
		"fonts/next.woff2": "font/woff2", "fonts/mono.woff2": "font/woff2", "fonts/LICENSE-next.txt": "text/plain", "fonts/LICENSE-mono.txt": "text/plain", "icons/LICENSE.txt": "text/plain", "icons/logo.svg": "image/svg+xml"} {
		w := ask(h, "GET", "/ui/"+name)
		if w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Type"), kind) || w.Body.Len() == 0 {
			t.Errorf("%s: status %d, %s, %d bytes", name, w.Code, w.Header().Get("Content-Type"), w.Body.Len())
		}
		if again := ask(h, "GET", "/ui/"+name, header("If-None-Match", w.Header().Get("ETag"))); again.Code != http.StatusNotModified {
			t.Errorf("%s again: status %d", name, again.Code)
		}
	}
	for _, name := range []string{"", "wall.html", "../web.go", "fonts", "fonts/", "nothing.js"} {
		if w := ask(h, "GET", "/ui/"+name); w.Code == http.StatusOK {
			t.Errorf("/ui/%s was served", name)
		}
	}
}

func TestLEDsOfThePageFollowTheTable(t *testing.T) {
	css := string(ledCSS())
	for _, want := range []string{
		".led-ring{animation:led-ring 1000ms step-end infinite}\n@keyframes led-ring{0%{background:var(--led-green)}50%{background:var(--led-dark)}}",
		"@keyframes led-dead{0%{background:var(--led-red)}10%{background:var(--led-dark)}20%{background:var(--led-red)}30%{background:var(--led-dark)}}",
		".led-talk{background:var(--led-green)}", ".led-unknown{background:var(--led-dim)}", ".led-sound{background:var(--led-green)}", "led-failed",
	} {
		if !strings.Contains(css, want) {
			t.Errorf("no %s in\n%s", want, css)
		}
	}
}

func TestEveryWordIsThereInBothLanguages(t *testing.T) {
	es, en := reflect.ValueOf(wordsIn(tel.Spanish)), reflect.ValueOf(wordsIn(tel.English))
	for i := range es.NumField() {
		if es.Field(i).Kind() == reflect.String && (es.Field(i).String() == "" || en.Field(i).String() == "") {
			t.Errorf("%s is missing in a language", es.Type().Field(i).Name)
		}
	}
	for _, c := range []tel.Cause{tel.CauseNormal, tel.CauseNoAnswer, tel.CauseBusy, tel.CauseRefused, tel.CauseUnreachable, tel.CauseInvalid, tel.CauseForbidden, tel.CauseLimit,
		tel.CauseCongestion, tel.CauseClosed, tel.CausePowerLost, tel.CauseShutdown, tel.CauseTimeout} {
		if a, b := wordsIn(tel.Spanish).cause(c), wordsIn(tel.English).cause(c); a == "" || a == b {
			t.Errorf("cause %q is %q and %q", c, a, b)
		}
	}
}

func TestFrontSaysItsLampsToReaders(t *testing.T) {
	srv, _ := server(t, viewtest.Calm(), Config{Front: aFront})
	for target, want := range map[string][]string{"/panel": {"L1: habla", "L2: muerta", "salud: avería"}, "/panel?lang=en": {"L1: talking", "L2: dead", "health: failure"}} {
		body := ask(srv.Handler(), "GET", target).Body.String()
		for _, w := range want {
			if !strings.Contains(body, `role="img" aria-label="`+w+`"`) {
				t.Errorf("%s does not say %q", target, w)
			}
		}
	}
}

func TestHealthz(t *testing.T) {
	fresh := viewtest.At()
	srv, _ := server(t, viewtest.Calm(), Config{Fresh: func() time.Time { return fresh }})
	if w := ask(srv.Handler(), "GET", "/healthz"); w.Code != http.StatusOK || w.Body.String() != "ok\n" {
		t.Errorf("status %d %q", w.Code, w.Body)
	}
	fresh = fresh.Add(-6 * time.Second)
	if w := ask(srv.Handler(), "GET", "/healthz"); w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "6s old") {
		t.Errorf("six seconds old: status %d %q", w.Code, w.Body)
	}
}

func TestRootLeadsToTheWall(t *testing.T) {
	srv, _ := server(t, viewtest.Calm(), Config{})
	if w := ask(srv.Handler(), "GET", "/"); w.Code != http.StatusFound || w.Header().Get("Location") != "/wall" {
		t.Errorf("status %d to %q", w.Code, w.Header().Get("Location"))
	}
	w := ask(srv.Handler(), "GET", "/wall?lang=en&theme=dark")
	body, _ := io.ReadAll(w.Result().Body)
	for _, want := range []string{`<html lang="en" data-theme="dark">`, "Latest calls", `"title":"All is well"`} {
		if !strings.Contains(string(body), want) {
			t.Errorf("the wall in English lacks %s", want)
		}
	}
	if strings.Contains(ask(srv.Handler(), "GET", "/wall?theme=%22onload").Body.String(), "data-theme") {
		t.Error("a theme that does not exist was taken")
	}
}

func aFront() Front {
	return Front{Changes: 7, Light: "full", Rows: []string{"Oficina Centro 10:42", "12345678    SIP 6/10", "OOX\":O:O  ::::::....", "Esperan 8   max 4:12"},
		Lamps: []FrontLamp{{"L1", "talk"}, {"L2", "dead"}, {"health", "failed"}}}
}
