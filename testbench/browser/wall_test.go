package browser_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/tel"
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
	enlarged   = browser.Screen{Width: 320, Height: 640, Still: true} // 1280 at 400 %
)

// office is the office of board/sim: two queues, six agents, four lines and
// four analog telephones, no trunk.
func office() *view.Snapshot {
	s := viewtest.Calm()
	s.Lines, s.Trunks, s.Uplinks = s.Lines[:4], nil, nil
	s.Queues, s.Agents, s.Last = s.Queues[:2], s.Agents[:6], s.Last[:2]
	for _, e := range []tel.Number{"101", "102", "103", "104"} {
		s.Phones = append(s.Phones, view.Phone{Ext: e, Port: tel.PortID("F" + e[2:]), Lamp: view.Idle})
	}
	s.Phones[1].Lamp, s.Phones[1].Since = view.Ring, s.At.Add(-4*time.Second)
	for _, e := range []tel.Number{"201", "202", "203", "204"} {
		s.Phones = append(s.Phones, view.Phone{Ext: e, Lamp: view.Idle})
	}
	s.Phones[7].Lamp = view.Off
	return s
}

// crowd is a large office with long names and many alarms.
func crowd() *view.Snapshot {
	s := viewtest.Alarmed()
	for i := range 14 {
		a := s.Agents[i%8]
		a.ID += tel.AgentID("x" + string(rune('a'+i)))
		a.Name = "Maximilianodelosángeles"
		s.Agents = append(s.Agents, a)
	}
	q := s.Queues[1]
	q.ID, q.NameES, q.NameEN = "larga", "Reclamaciones y devoluciones internacionales", "International claims"
	for range 9 {
		q.Waiting = append(q.Waiting, q.Waiting[1])
	}
	s.Queues = append(s.Queues, q)
	for _, id := range []string{"a", "b"} {
		s.Alarms = append(s.Alarms, view.Alarm{ID: id, Rank: view.Attention, Since: s.At, ES: "Otra cosa", EN: "Something else"})
	}
	s.Alarms[1].HintES = strings.Repeat("Una explicación que no acaba nunca. ", 8)
	s.Trunks[0].Size, s.Trunks[0].Used = 30, 12
	return s
}

// TestPages opens everything in one browser: starting one takes longest.
func TestPages(t *testing.T) {
	b := browser.Start(t)
	for name, test := range map[string]func(*testing.T, *browser.Browser){
		"wall": wall, "wall lives": wallLives, "wall moves": wallMoves, "wall stale": wallStale, "wall comes back": wallComesBack,
		"hostile names": hostileNames, "front of the box": frontOfTheBox,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // some wait for the clock
			test(t, b)
		})
	}
}

func wall(t *testing.T, b *browser.Browser) {
	calm, _ := serve(t, viewtest.Calm(), web.Config{})
	alarmed, _ := serve(t, viewtest.Alarmed(), web.Config{})
	small, _ := serve(t, office(), web.Config{})
	large, _ := serve(t, crowd(), web.Config{})
	empty, _ := serve(t, &view.Snapshot{Seq: 1, Site: "Vacía", Lang: tel.Spanish, TimeZone: viewtest.Zone}, web.Config{})
	es := []string{"Oficina Centro", "La más larga", "En 20 s (meta 80)", "Últimas llamadas", "··· 214", "colgó en cola"}
	en := []string{"Longest", "In 20 s (goal 80)", "Latest calls", "left the queue", "Sat 21 Nov", "10:42"}
	alarms := append([]string{"Soporte: 5 esperan, 4:", "Umbral 3. Marta (Citas) puede ayudar.", "Línea 3 muerta", "Sin enlace con la sede", "umbral 3 · nadie libre", "6 de 10 en uso", "Sin teléfono"}, es...)
	for _, c := range []struct {
		name, url string
		screen    browser.Screen
		texts     []string
	}{
		{"wall-calm", calm + "/wall?theme=light", television, append([]string{"Todo en orden", "Sin alarmas desde las 8:02 · 8 líneas sanas · enlace al día", "suena a Lucía", "sáb 21 nov", "91\u202f%", "10 libres"}, es...)},
		{"wall-alarm", alarmed + "/wall?theme=light", television, append([]string{"al día", "máx. 3:00"}, alarms...)},
		{"wall-alarm-dark", alarmed + "/wall?theme=dark", television, alarms},
		{"wall-calm-en-dark", calm + "/wall?lang=en&theme=dark", television, append([]string{"All is well", "No alarms since 8:02", "ringing Lucía", "91%"}, en...)},
		{"wall-phone", alarmed + "/wall?theme=light", telephone, alarms},
		{"wall-phone-dark", alarmed + "/wall?theme=dark", telephone, alarms},
		{"wall-phone-320", alarmed + "/wall?lang=en", enlarged, []string{"Support: 5 waiting, 4:", "threshold 3 · nobody free"}},
		{"wall-small-office", small + "/wall?theme=light", television, []string{"101", "3 de 4 teléfonos", "4 líneas sanas"}},
		{"wall-crowd", large + "/wall?theme=light", television, []string{"+2", "Reclamaciones"}},
		{"wall-crowd-320", large + "/wall?theme=light", enlarged, []string{"Reclamaciones"}},
		{"wall-empty", empty + "/wall?theme=light", television, []string{"Nadie ha entrado.", "Todavía no hay llamadas."}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := b.Open(t, c.url, c.screen)
			p.Wait("document.querySelector('#band > *') !== null && document.querySelector('#clock').innerText !== ''")
			shown := p.Text("body")
			for _, want := range c.texts {
				if !strings.Contains(shown, want) && (c.screen.Width > 900 || !strings.Contains("al día sáb 21 nov", want)) {
					t.Errorf("the page does not say %q", want)
				}
			}
			if n := p.SidewaysScroll(); n > 0 {
				t.Errorf("the page is %d px wider than the screen", n)
			}
			if n := browser.Eval[int](p, "document.documentElement.scrollHeight - innerHeight"); n > 0 && c.screen.Width == 1920 {
				t.Errorf("the page is %d px higher than the television", n)
			}
			p.Picture(c.name, c.screen.Width < 900)
			healthy(t, p)
		})
	}
}

func healthy(t *testing.T, p *browser.Page) {
	t.Helper()
	for _, s := range p.Problems() {
		t.Error(s)
	}
}

// wallLives: what a person standing before it sees happen.
func wallLives(t *testing.T, b *browser.Browser) {
	url, store := serve(t, viewtest.Calm(), web.Config{})
	p := b.Open(t, url+"/wall", television)
	p.Wait("document.querySelectorAll('.row').length === 4")
	before := p.Text(".agent .what, .agent span span")

	t.Run("counts by itself", func(t *testing.T) {
		p.Wait("document.querySelector('.agent span span').innerText !== " + quote(before))
	})
	t.Run("an alarm is announced once and does not move the rows", func(t *testing.T) {
		browser.Eval[bool](p, `(() => { window.rows = [...document.querySelectorAll('.row')]; return true })()`)
		s := viewtest.Alarmed()
		s.Seq = 48212
		store.Set(s)
		p.Wait("document.querySelectorAll('[role=alert]').length === 3")
		browser.Eval[bool](p, `(() => { window.card = document.querySelector('[role=alert]'); return true })()`)
		s = viewtest.Alarmed()
		s.Seq, s.Alarms[0].ES = 48213, "Soporte: 6 esperan"
		store.Set(s)
		p.Wait("document.querySelector('[role=alert] b').innerText.startsWith('Soporte: 6')")
		if !browser.Eval[bool](p, "window.card === document.querySelector('[role=alert]') && window.rows.every((r, i) => r === document.querySelectorAll('.row')[i])") {
			t.Error("an alarm card or a row was made anew: it is announced again, or jumps")
		}
	})
	t.Run("lamps say their state to readers", func(t *testing.T) {
		if n := browser.Eval[int](p, `[...document.querySelectorAll('#ports .lamp')].filter(l => l.getAttribute('role') !== 'img' || !l.getAttribute('aria-label')).length`); n > 0 {
			t.Errorf("%d lamps are mute", n)
		}
		if got := browser.Eval[string](p, `document.querySelectorAll('#ports .lamp')[2].getAttribute('aria-label')`); got != "Muerta" {
			t.Errorf("L3's lamp says %q", got)
		}
	})
	t.Run("reduced motion stops every lamp", func(t *testing.T) {
		if n := browser.Eval[int](p, "document.getAnimations().length"); n != 0 {
			t.Errorf("%d animations run", n)
		}
	})
	healthy(t, p)
}

func wallMoves(t *testing.T, b *browser.Browser) {
	url, _ := serve(t, viewtest.Alarmed(), web.Config{})
	p := b.Open(t, url+"/wall", browser.Screen{Width: 1920, Height: 1080, Dark: true})
	p.Wait("document.getAnimations().length > 0")
	if got := browser.Eval[string](p, "getComputedStyle(document.body).backgroundColor"); got != "rgb(13, 19, 18)" {
		t.Errorf("a reader who prefers dark gets %s", got)
	}
	healthy(t, p)
}

func wallStale(t *testing.T, b *browser.Browser) {
	var hung atomic.Bool
	url, _ := serve(t, viewtest.Calm(), web.Config{Fresh: func() time.Time {
		if hung.Load() {
			return viewtest.At().Add(-8 * time.Second)
		}
		return time.Now().Add(time.Hour)
	}})
	p := b.Open(t, url+"/wall?theme=light", television)
	p.Wait("!document.body.classList.contains('stale')")
	hung.Store(true)
	p.Wait("document.body.classList.contains('stale')")
	if got := p.Text("#stale"); !strings.Contains(got, "Estos datos son de las 10:42:22") || !strings.Contains(got, "Las llamadas siguen") {
		t.Errorf("the page says %q", got)
	}
	if n := browser.Eval[int](p, "document.documentElement.scrollHeight - innerHeight"); n > 0 {
		t.Errorf("the notice pushes %d px off the television", n)
	}
	p.Picture("wall-stale", false)
	hung.Store(false)
	p.Wait("!document.body.classList.contains('stale')")
	healthy(t, p)
}

// wallComesBack: a page that was refused, for there were too many, asks again.
func wallComesBack(t *testing.T, b *browser.Browser) {
	url, store := serve(t, viewtest.Calm(), web.Config{Clients: 1})
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	first, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	p := b.Open(t, url+"/wall", television)
	p.Wait("document.querySelectorAll('.row').length === 4")
	leave()
	_ = first.Body.Close()
	s := viewtest.Alarmed()
	s.Seq++
	store.Set(s)
	p.Wait("document.querySelectorAll('[role=alert]').length === 3")
}

// hostileNames: rendering two of two. Nothing that comes from a wire runs
// or becomes an element.
func hostileNames(t *testing.T, b *browser.Browser) {
	front := func() web.Front {
		return web.Front{Changes: uint64(time.Now().UnixNano()), Rows: []string{"<script>alert(3)</script>"}, Light: `"><b>`, Lamps: []web.FrontLamp{{ID: "<b>", State: "x"}}}
	}
	url, store := serve(t, viewtest.Hostile(), web.Config{Front: front})
	for _, path := range []string{"/wall", "/panel"} {
		p := b.Open(t, url+path, telephone)
		s := viewtest.Hostile()
		s.Seq = uint64(time.Now().UnixNano())
		store.Set(s)
		p.Wait("document.readyState === 'complete'")
		if n := browser.Eval[int](p, "document.querySelectorAll('img, main script, main b b').length"); n != 0 {
			t.Errorf("%s: %d foreign elements", path, n)
		}
		if path == "/wall" {
			p.Wait("document.title.includes('<img')") // it is there, as text
			again := *s
			again.Seq, again.Site = s.Seq+1, "Otra"
			store.Set(&again)
			p.Wait("document.title.startsWith('Otra')")
			if n := browser.Eval[int](p, "document.querySelectorAll('.port').length"); n != 8 {
				t.Errorf("eight lines of one name became %d", n)
			}
		}
		if n := p.SidewaysScroll(); n > 0 {
			t.Errorf("%s: a long name makes the page %d px too wide", path, n)
		}
		healthy(t, p)
	}
}

func frontOfTheBox(t *testing.T, b *browser.Browser) {
	var later atomic.Bool
	front := func() web.Front {
		f := web.Front{Changes: 1, Light: "full", Rows: []string{"Oficina Centro 10:42", "12345678    SIP 6/10", `OOX":O:O  ::::::....`, "Esperan 8   max 4:12"}}
		for i, s := range []string{"talk", "talk", "dead", "hold", "queue", "talk", "queue", "talk", "failed"} {
			f.Lamps = append(f.Lamps, web.FrontLamp{ID: []string{"L1", "L2", "L3", "L4", "L5", "L6", "L7", "L8", "health"}[i], State: s})
		}
		if later.Load() {
			f.Changes, f.Rows[3] = 2, "Todo en orden       "
		}
		return f
	}
	url, _ := serve(t, viewtest.Alarmed(), web.Config{Front: front})
	p := b.Open(t, url+"/panel?theme=light", browser.Screen{Width: 800, Height: 480})
	if got := p.Text("#screen"); !strings.Contains(got, "Esperan 8   max 4:12") {
		t.Errorf("the display shows %q", got)
	}
	p.Wait("document.getAnimations().length > 0") // the lamps blink
	p.Picture("panel", false)
	later.Store(true)
	p.Wait("document.querySelector('#screen').innerText.includes('Todo en orden')")
	healthy(t, p)
	narrow := b.Open(t, url+"/panel", enlarged)
	if n := narrow.SidewaysScroll(); n > 0 {
		t.Errorf("the front is %d px wider than 320", n)
	}
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "\\'") + "'" }
