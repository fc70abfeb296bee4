package web

import (
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view/viewtest"
)

var update = flag.Bool("update", false, "write testdata/routes.txt anew; read it before committing")

// TestRoutesByRole is the table of who may what (S-19): every route and every room,
// before and after the claim, for every role. What it does not name does not exist.
func TestRoutesByRole(t *testing.T) {
	roles := []tel.Role{tel.Nobody, tel.AgentRole, tel.Supervisor, tel.Technician, tel.Owner}
	var out strings.Builder
	line := func(method, path string, code func(g *gate, role tel.Role) int) {
		fmt.Fprintf(&out, "%-4s %-20s", method, path)
		fmt.Fprintf(&out, " %-9d", code(&gate{}, tel.Nobody))
		for _, role := range roles {
			fmt.Fprintf(&out, " %-10d", code(&gate{claimed: true}, role))
		}
		out.WriteString("\n")
	}
	fmt.Fprintf(&out, "%-4s %-20s %-9s", "", "", "unclaimed")
	for _, r := range roles {
		fmt.Fprintf(&out, " %-10s", r)
	}
	out.WriteString("\n")
	form := func() url.Values {
		return url.Values{"name": {"owner"}, "password": {"owner"}, "again": {"owner"}, "code": {aCode}, "role": {"agent"}, "key": {"k"}, "print": {"p"}, "old": {"o"}}
	}
	for _, rt := range routes() {
		line(rt.method, rt.path, func(g *gate, role tel.Role) int {
			h := doorServer(t, g, Config{Token: secret})
			if rt.method == "POST" {
				return post(h, rt.path, role, form()).Code
			}
			return ask(h, "GET", rt.path, as(role)).Code
		})
	}
	for _, path := range []string{"/", "/wall", "/panel", "/api/snapshot", "/metrics", "/healthz", "/ui/wall.js", "/ui/door.css", "/admin", "/config", "/api/people"} {
		line("GET", path, func(g *gate, role tel.Role) int {
			h := doorServer(t, g, Config{Token: secret, Metrics: http.NotFoundHandler()})
			return ask(h, "GET", path, as(role)).Code
		})
	}
	for _, path := range []string{"/", "/wall", "/api/snapshot", "/admin"} {
		line("POST", path, func(g *gate, role tel.Role) int {
			return post(doorServer(t, g, Config{Token: secret}), path, role, form()).Code
		})
	}
	got := strings.ReplaceAll(out.String(), " \n", "\n")
	const golden = "testdata/routes.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// Before the claim nothing that administers exists: no route but the claim answers,
// whatever cookies come with it, and nothing is asked of the accounts.
func TestBeforeTheClaimThereIsOnlyTheClaim(t *testing.T) {
	for _, rt := range routes() {
		if rt.when == before {
			continue
		}
		g := &gate{}
		h := doorServer(t, g, Config{})
		for _, role := range []tel.Role{tel.Nobody, tel.Owner} {
			w := ask(h, "GET", rt.path, as(role))
			if rt.method == "POST" {
				w = post(h, rt.path, role, url.Values{"name": {"owner"}, "password": {"owner"}})
			}
			if w.Code != http.StatusNotFound && w.Code != http.StatusMethodNotAllowed || len(g.asked) > 0 {
				t.Errorf("%s %s: status %d, asked %q", rt.method, rt.path, w.Code, g.asked)
			}
		}
	}
}

func TestWhatChangesSomethingIsAPost(t *testing.T) {
	for _, rt := range routes() {
		g := &gate{claimed: rt.when == after}
		h := doorServer(t, g, Config{})
		ask(h, "GET", rt.path+"?name=owner&password=owner&code="+aCode+"&seal="+seal("session of owner"), as(tel.Owner))
		if len(g.asked) > 0 {
			t.Errorf("GET %s asked %q", rt.path, g.asked)
		}
	}
}

// S-21: a form that is not from a page of ours changes nothing, on any route.
func TestForeignFormsChangeNothing(t *testing.T) {
	form := url.Values{"name": {"owner"}, "password": {"owner"}, "again": {"owner"}, "code": {aCode}, "role": {"agent"}}
	for name, c := range map[string]struct {
		change func(*http.Request)
		seal   string
		status int
		logged bool // it matters only to who is logged in
	}{
		"no origin":      {func(r *http.Request) { r.Header.Del("Origin") }, "", 403, false},
		"null":           {header("Origin", "null"), "", 403, false},
		"another host":   {header("Origin", "https://evil.example"), "", 403, false},
		"another port":   {header("Origin", "https://localhost:9443"), "", 403, false},
		"in the clear":   {header("Origin", "http://localhost"), "", 403, false},
		"cross-site":     {header("Sec-Fetch-Site", "cross-site"), "", 403, false},
		"same-site":      {header("Sec-Fetch-Site", "same-site"), "", 403, false},
		"a foreign name": {host("evil.example"), "", 421, false},
		"not a form":     {header("Content-Type", "text/plain"), "", 415, false},
		"json":           {header("Content-Type", "application/json"), "", 415, false},
		"http":           {func(r *http.Request) { r.TLS = nil }, "", 403, false},
		"another seal":   {func(*http.Request) {}, seal("session of eva"), 403, true},
	} {
		for _, rt := range routes() {
			if rt.method != "POST" || c.logged && rt.when == before {
				continue
			}
			g := &gate{claimed: rt.when == after}
			f := url.Values{}
			for k, v := range form {
				f[k] = v
			}
			if c.seal != "" {
				f.Set("seal", c.seal)
			}
			role := tel.Owner
			if rt.when == before {
				role = tel.Nobody
			}
			if w := post(doorServer(t, g, Config{}), rt.path, role, f, c.change); w.Code != c.status || len(g.asked) > 0 {
				t.Errorf("%s, %s: status %d, asked %q", name, rt.path, w.Code, g.asked)
			}
		}
	}
}

func TestDoorsCarryTheirGuards(t *testing.T) {
	for _, claimed := range []bool{false, true} {
		h := doorServer(t, &gate{claimed: claimed}, Config{})
		for _, rt := range routes() {
			w := ask(h, "GET", rt.path, as(tel.Owner))
			for k, want := range map[string]string{"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Cache-Control": "no-store", "Content-Security-Policy": formPolicy, "Referrer-Policy": "same-origin"} {
				if got := w.Header().Get(k); got != want && w.Code != http.StatusMethodNotAllowed {
					t.Errorf("%s: status %d, %s is %q", rt.path, w.Code, k, got)
				}
			}
			for _, bad := range []string{"<style", " style=", "<script", " onload=", " onclick=", "javascript:", "http://"} {
				if strings.Contains(w.Body.String(), bad) {
					t.Errorf("%s has %q", rt.path, bad)
				}
			}
		}
	}
	if strings.Contains(formPolicy, "unsafe") || !strings.Contains(formPolicy, "default-src 'none'") || strings.Contains(formPolicy, "script-src") {
		t.Errorf("the policy is not strict: %s", formPolicy)
	}
}

func TestClaimByForms(t *testing.T) {
	for _, lang := range []string{"es", "en"} {
		g := &gate{}
		h := doorServer(t, g, Config{})
		page := ask(h, "GET", "/claim?lang="+lang, overTLS)
		for _, want := range map[string][]string{
			"es": {"Demuestre que la tiene delante", "8:12", "4 intentos", "Sin reclamar", "7K4M-P9XT"}, "en": {"Show that you have it in front of you", "8:12", "4 tries"}}[lang] {
			if !strings.Contains(page.Body.String(), want) {
				t.Errorf("%s: the page lacks %q", lang, want)
			}
		}
		if strings.Contains(page.Body.String(), aCode) {
			t.Error("the page tells the code")
		}
		if w := post(h, "/claim?lang="+lang, tel.Nobody, url.Values{"code": {"0"}}); w.Code != 403 || !strings.Contains(w.Body.String(), "No &lt;b&gt;.") {
			t.Errorf("a wrong code: %d", w.Code)
		}
		if w := post(h, "/claim/owner", tel.Nobody, url.Values{"name": {"ana"}, "password": {"x"}, "again": {"x"}}); w.Code != 403 || g.claimed {
			t.Errorf("without the ticket: %d", w.Code)
		}
		w := post(h, "/claim?lang="+lang, tel.Nobody, url.Values{"code": {aCode}})
		c := w.Result().Cookies()
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/claim?lang="+lang || len(c) != 1 {
			t.Fatalf("the right code: %d to %q, %d cookies", w.Code, w.Header().Get("Location"), len(c))
		}
		guarded(t, c[0])
		with := func(r *http.Request) { r.AddCookie(c[0]) }
		if w := ask(h, "GET", "/claim", overTLS, with); !strings.Contains(w.Body.String(), `name="again"`) {
			t.Error("the owner is not asked for")
		}
		if w := post(h, "/claim/owner", tel.Nobody, url.Values{"name": {"ana"}, "password": {"x"}, "again": {"y"}}, with); w.Code != 422 || g.claimed || !strings.Contains(w.Body.String(), `value="ana"`) {
			t.Errorf("two passwords: %d", w.Code)
		}
		w = post(h, "/claim/owner?lang="+lang, tel.Nobody, url.Values{"name": {"ana"}, "password": {"x"}, "again": {"x"}}, with)
		if w.Code != http.StatusSeeOther || !strings.HasPrefix(w.Header().Get("Location"), "/account?") || !g.claimed {
			t.Fatalf("the owner: %d to %q", w.Code, w.Header().Get("Location"))
		}
		for _, c := range w.Result().Cookies() {
			guarded(t, c)
		}
		if w := ask(h, "GET", "/claim", overTLS, with); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/login" {
			t.Errorf("the claim page of a claimed box: %d", w.Code)
		}
	}
	g := &gate{waiting: true}
	if b := ask(doorServer(t, g, Config{}), "GET", "/claim", overTLS).Body.String(); !strings.Contains(b, "Espere 8:12") || !strings.Contains(b, "disabled") {
		t.Error("a wait is not said")
	}
}

// guarded holds a cookie to what keeps it.
func guarded(t *testing.T, c *http.Cookie) {
	t.Helper()
	if !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" || !strings.HasPrefix(c.Name, "__Host-") {
		t.Errorf("cookie %+v", c)
	}
}

// The links that change the language lead to a page that can be read, also from one
// that answers a form.
func TestLanguageLinksLeadBack(t *testing.T) {
	for path, want := range map[string]string{"/claim": "/claim", "/claim/owner": "/claim", "/people/key/remove": "/people", "/account/password": "/account"} {
		g := &gate{claimed: !strings.HasPrefix(path, "/claim"), err: no{bad: true}}
		role := tel.Owner
		if !g.claimed {
			role = tel.Nobody
		}
		w := post(doorServer(t, g, Config{}), path, role, url.Values{"name": {"x"}, "password": {"x"}, "again": {"y"}})
		if !strings.Contains(w.Body.String(), `href="`+want+`?lang=en"`) {
			t.Errorf("%s, status %d: no link to %s", path, w.Code, want)
		}
	}
}

func TestLoginByForm(t *testing.T) {
	g := &gate{claimed: true}
	h := doorServer(t, g, Config{Token: secret})
	if w := ask(h, "GET", "/people", overTLS); w.Code != 401 || !strings.Contains(w.Body.String(), `name="to" value="/people"`) || w.Header().Get("WWW-Authenticate") == "" {
		t.Errorf("a page without a log-in: %d", w.Code)
	}
	if w := post(h, "/login", tel.Nobody, url.Values{"name": {"owner"}, "password": {"x"}}); w.Code != 401 || len(w.Result().Cookies()) > 0 {
		t.Errorf("a wrong password: %d", w.Code)
	}
	for to, want := range map[string]string{"": "/account", "/people": "/people", "/login": "/account", "//evil.example": "/account", "https://evil.example/": "/account", "/people/add": "/account"} {
		w := post(h, "/login", tel.Nobody, url.Values{"name": {"owner"}, "password": {"owner"}, "to": {to}})
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != want {
			t.Errorf("to %q: %d to %q", to, w.Code, w.Header().Get("Location"))
		}
		guarded(t, w.Result().Cookies()[0])
	}
	for _, path := range []string{"/wall", "/panel", "/api/snapshot"} { // the log-in opens what the token opens
		if w := ask(h, "GET", path, as(tel.AgentRole)); w.Code != 200 {
			t.Errorf("%s with a session: %d", path, w.Code)
		}
		if w := ask(h, "GET", path, as(tel.AgentRole), func(r *http.Request) { r.TLS = nil }); w.Code != 401 {
			t.Errorf("%s with a session in the clear: %d", path, w.Code)
		}
	}
	w := post(h, "/logout", tel.AgentRole, url.Values{})
	if w.Code != http.StatusSeeOther || w.Result().Cookies()[0].MaxAge >= 0 || g.asked[len(g.asked)-1] != "end session of agent" {
		t.Errorf("log-out: %d, %q", w.Code, g.asked)
	}
}

func TestRefusalsHaveTheirStatus(t *testing.T) {
	for _, c := range []struct {
		err    error
		status int
		retry  string
	}{{no{}, 403, ""}, {no{bad: true}, 422, ""}, {no{wait: 90500 * time.Millisecond}, 429, "91"}, {errors.New("the disk"), 500, ""}} {
		g := &gate{claimed: true, err: c.err}
		h := doorServer(t, g, Config{})
		for _, path := range []string{"/people/add", "/people/remove", "/people/role", "/people/password", "/people/key", "/people/key/remove", "/account/password"} {
			w := post(h, path, tel.Owner, url.Values{"name": {"eva"}, "password": {"x"}, "again": {"x"}, "role": {"agent"}})
			if w.Code != c.status || w.Header().Get("Retry-After") != c.retry || strings.Contains(w.Body.String(), "the disk") {
				t.Errorf("%s, %v: %d, retry %q", path, c.err, w.Code, w.Header().Get("Retry-After"))
			}
		}
	}
}

func TestPeopleByForms(t *testing.T) {
	g := &gate{claimed: true}
	h := doorServer(t, g, Config{})
	if b := ask(h, "GET", "/people", as(tel.Owner)).Body.String(); !strings.Contains(b, "&lt;script&gt;") || !strings.Contains(b, "eva") {
		t.Error("the page lacks people, or trusts their words")
	}
	for _, c := range []struct{ path, asked string }{
		{"/people/add", "add owner eva agent"}, {"/people/remove", "remove owner eva"}, {"/people/role", "role owner eva agent"}, {"/people/password", "passwd owner eva"},
		{"/people/key", "key owner eva"}, {"/people/key/remove", "unkey owner eva p"}, {"/account/password", "passwd owner owner"},
	} {
		g.asked = nil
		w := post(h, c.path, tel.Owner, url.Values{"name": {"eva"}, "role": {"agent"}, "password": {"x"}, "again": {"x"}, "key": {"k"}, "print": {"p"}, "old": {"o"}})
		if w.Code != http.StatusSeeOther || len(g.asked) != 1 || g.asked[0] != c.asked {
			t.Errorf("%s: %d, asked %q", c.path, w.Code, g.asked)
		}
	}
	g.asked = nil
	if w := post(h, "/people/add", tel.Owner, url.Values{"name": {"eva"}, "role": {"king"}, "password": {"x"}, "again": {"x"}}); w.Code == 0 || g.asked[0] != "add owner eva nobody" {
		t.Errorf("no role: asked %q", g.asked)
	}
	if b := ask(h, "GET", "/people?done=added&lang=en", as(tel.Owner)).Body.String(); !strings.Contains(b, "Account made.") {
		t.Error("what was done is not said")
	}
	if b := ask(h, "GET", "/people?done=%3Cb%3E", as(tel.Owner)).Body.String(); strings.Contains(b, `role="status"`) {
		t.Error("anything is said to be done")
	}
}

func TestDoorsAreServedOverTLS(t *testing.T) {
	h := doorServer(t, &gate{claimed: true}, Config{})
	for hostname, want := range map[string]string{"localhost:8080": "https://localhost:8443/people?lang=en", "127.0.0.1": "https://127.0.0.1:8443/people?lang=en", "[::1]:8080": "https://[::1]:8443/people?lang=en"} {
		w := ask(h, "GET", "/people?lang=en", host(hostname))
		if w.Code != http.StatusTemporaryRedirect || w.Header().Get("Location") != want {
			t.Errorf("%s: %d to %q", hostname, w.Code, w.Header().Get("Location"))
		}
	}
	for port, want := range map[int]string{443: "https://localhost/login", 0: ""} {
		h := doorServer(t, &gate{claimed: true}, Config{TLSPort: func() int { return port }})
		if w := ask(h, "GET", "/login"); w.Header().Get("Location") != want {
			t.Errorf("port %d: %d to %q", port, w.Code, w.Header().Get("Location"))
		}
	}
}

func TestThePaceOfForms(t *testing.T) {
	h := doorServer(t, &gate{claimed: true}, Config{})
	send := func(addr string) int {
		return post(h, "/login", tel.Nobody, url.Values{"name": {"x"}}, func(r *http.Request) { r.RemoteAddr = addr }).Code
	}
	for i := range perMinute {
		if got := send(fmt.Sprintf("10.0.0.1:%d", i)); got != 401 {
			t.Fatalf("form %d: %d", i, got)
		}
	}
	if got := send("10.0.0.1:9"); got != 429 {
		t.Errorf("one too many: %d", got)
	}
	if got := send("10.0.0.2:9"); got != 401 {
		t.Errorf("somebody else: %d", got)
	}
	for i := range perMinute {
		send(fmt.Sprintf("[2001:db8:0:1::%x]:9", i)) // one person has a /64
	}
	if one, other := send("[2001:db8:0:1:ffff::1]:9"), send("[2001:db8:0:2::1]:9"); one != 429 || other != 401 {
		t.Errorf("one network too often: %d, another: %d", one, other)
	}
	m, now := &meter{}, viewtest.At()
	for i := range 5 * maxSources {
		m.take(fmt.Sprint(i), now)
	}
	if len(m.count) > maxSources+1 || m.take("new", now) || !m.take("new", now.Add(time.Minute)) {
		t.Errorf("%d sources are remembered", len(m.count))
	}
}

func TestLargeFormsAreCut(t *testing.T) {
	g := &gate{claimed: true}
	w := post(doorServer(t, g, Config{}), "/login", tel.Nobody, url.Values{"name": {strings.Repeat("x", maxForm)}})
	if w.Code != 400 || len(g.asked) > 0 {
		t.Errorf("%d", w.Code)
	}
}

// FuzzClaimForm: whatever is sent to the claim is answered with a page, opens
// nothing without the code, and none of it comes back as markup.
func FuzzClaimForm(f *testing.F) {
	f.Add("/claim", "code="+aCode, "")
	f.Add("/claim/owner", "name=ana&password=x&again=x", aTicket)
	f.Add("/claim/owner", "name=%22%3E%3Cscript%3E&password=x&again=y", "")
	f.Add("/claim", "%zz&;=", "\x00")
	f.Add("/claim?lang=en&lang=es", strings.Repeat("a=b&", 5000), "x")
	f.Fuzz(func(t *testing.T, target, body, ticket string) {
		if !strings.HasPrefix(target, "/claim") {
			t.Skip("only the claim's addresses are asked")
		}
		u, err := url.ParseRequestURI(target)
		if err != nil || u.Path != "/claim" && u.Path != "/claim/owner" {
			t.Skip("no address of the claim")
		}
		g := &gate{}
		r := &http.Request{Method: "POST", URL: u, Host: "localhost", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, RemoteAddr: "10.0.0.1:5", Body: http.NoBody, TLS: &tls.ConnectionState{},
			Header: http.Header{"Origin": {"https://localhost"}, "Content-Type": {"application/x-www-form-urlencoded"}, "Cookie": {ticketCookie + "=" + ticket}}}
		r.Body = http.MaxBytesReader(nil, bodyOf(body), maxForm*2)
		w := httptest.NewRecorder()
		doorServer(t, g, Config{}).ServeHTTP(w, r)
		values, _ := url.ParseQuery(body)
		if g.claimed && ticket != aTicket {
			t.Errorf("claimed without the ticket")
		}
		if w.Code >= 500 || w.Code == 200 {
			t.Errorf("status %d", w.Code)
		}
		page := w.Body.String()
		if strings.Contains(page, "<script") {
			t.Error("a script came back")
		}
		if p := values.Get("password"); len(p) > 12 && strings.Contains(page, `value="`+html.EscapeString(p)+`"`) && values.Get("name") != p {
			t.Error("the password came back")
		}
	})
}

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }

func bodyOf(s string) readCloser { return readCloser{strings.NewReader(s)} }
