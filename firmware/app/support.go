package app

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/centralita/centralita/firmware/config"
	"github.com/centralita/centralita/firmware/console"
	"github.com/centralita/centralita/firmware/logring"
	"github.com/centralita/centralita/firmware/redact"
	"github.com/centralita/centralita/firmware/support"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
)

// bundler makes support bundles for the console.
type bundler struct{ h *House }

// List implements console.Support.
func (b bundler) List() []console.SupportPart {
	var out []console.SupportPart
	for _, p := range b.h.supportParts() {
		out = append(out, console.SupportPart{Name: p.Name, ES: p.ES, EN: p.EN})
	}
	return out
}

// Save implements console.Support.
func (b bundler) Save(ctx context.Context, who tel.Who, name string) (path string, size int64, err error) {
	path, size, err = b.bundle().Save(ctx, b.h.dir, name)
	b.h.took(who, "support bundle", path, size, err)
	return path, size, err
}

// Write implements console.Support.
func (b bundler) Write(ctx context.Context, who tel.Who, w io.Writer) error {
	return b.h.give(who, "support bundle", w, func(w io.Writer) error { return b.bundle().Write(ctx, w) })
}

func (b bundler) bundle() support.Bundle {
	return support.Bundle{At: b.h.Now(), Site: b.h.cfg.Site.ID, Parts: b.h.supportParts(), Words: b.h.knownWords()}
}

// supportParts are what a bundle holds, in its order.
func (h *House) supportParts() []support.Part {
	of := func(v func() any) func(context.Context) ([]byte, error) {
		return func(context.Context) ([]byte, error) { return support.JSON(v()) }
	}
	return []support.Part{
		{Name: "version.json", ES: "programa, módulos y desde cuándo corre", EN: "program, modules and since when it runs", Make: of(h.tellVersion)},
		{Name: "house.json", ES: "líneas, troncales, alarmas y cuentas, sin nombres ni números", EN: "lines, trunks, alarms and counts, without names and numbers", Make: of(h.tellHouse)},
		{Name: "config.json", ES: "la configuración sin claves ni datos de personas", EN: "the configuration without secrets and people's data", Make: of(func() any { return redact.Tree(h.conf(), keptConfig) })},
		{Name: "versions.json", ES: "qué versiones de la configuración se usaron", EN: "which versions of the configuration were used", Make: of(h.tellVersions)},
		{Name: "updates.json", ES: "las ranuras, y qué fue de la última actualización", EN: "the slots, and what became of the last update", Make: h.tellUpdates},
		{Name: "front.txt", ES: "lo que muestran la pantalla y las luces", EN: "what display and lamps show", Make: h.tellFront},
		{Name: "time.json", ES: "qué hora es y quién lo dice", EN: "what time it is and who says so", Make: of(func() any { return clockDesk{h}.Clock() })},
		{Name: "book.json", ES: "si la cadena del libro es válida y cuántos hechos hay, ninguno de ellos", EN: "whether the book's chain holds and how many events there are, none of them", Make: h.tellBook},
		{Name: "network.json", ES: "interfaces, direcciones y rutas", EN: "interfaces, addresses and routes", Make: tellNetwork},
		{Name: "metrics.txt", ES: "todas las medidas", EN: "all figures", Make: h.tellMetrics},
		{Name: "log.txt", ES: "las últimas líneas del registro", EN: "the last lines of the log", Make: h.tellLog},
		{Name: "crash.txt", ES: "lo que escribió la última avería del programa", EN: "what the last crash of the program wrote", Make: h.tellCrash},
		{Name: "kernel.txt", ES: "mensajes del núcleo", EN: "messages of the kernel", Make: func(context.Context) ([]byte, error) { return kernelLog() }},
		{Name: "sbom.spdx.json", ES: "la lista de piezas del sistema, si está", EN: "the system's list of parts, if it is there", Make: func(context.Context) ([]byte, error) { return os.ReadFile(support.BillFile) }},
	}
}

// keptConfig are the texts of the configuration that may be shown.
var keptConfig = map[string]bool{
	"config.Site.ID": true, "config.Site.Country": true, "config.Board.Kind": true, "config.Modem.Name": true, "config.Modem.Device": true, "config.Modem.Duplex": true,
	"config.Line.Socket": true, "config.Line.Use": true, "config.Phone.Socket": true, "config.Phone.Codecs": true, "config.Phone.Classes": true,
	"config.Trunk.Server": true, "config.Trunk.Codecs": true, "config.Trunk.Preset": true, "config.Route.Classes": true, "config.Config.Digest": true,
	"config.Uplink.ID": true, "config.Uplink.URL host": true, "config.Syslog.Transport": true, "config.Watchdog.Device": true,
	"config.Front.Name": true, "config.Front.Chip": true, "config.Front.RTC": true, "config.Front.Watchdog": true, "config.Front.Consoles": true,
}

// knownWords are names of people and secrets that the house knows.
func (h *House) knownWords() []string {
	words := h.secrets.Values()
	add := func(texts ...string) {
		for _, t := range texts {
			if strings.Trim(t, "0123456789") != "" { // numbers are masked by their length
				words = append(words, t)
			}
		}
	}
	for _, c := range []*config.Config{h.cfg, h.conf()} { // the log speaks of both
		add(c.Site.Name)
		for _, a := range c.Agents {
			add(string(a.ID), a.Name, a.PIN)
		}
		for _, p := range c.Phones {
			add(p.Name, p.Password)
		}
		for _, t := range c.Trunks {
			add(t.User, t.Password)
		}
		for _, u := range c.Uplinks {
			add(u.Token)
		}
	}
	if a := h.doors.access; a != nil {
		for _, p := range a.People() {
			add(p.Name)
		}
	}
	s := h.store.Get()
	for _, calls := range [][]view.Call{s.Calls, s.Last} {
		for _, x := range calls {
			add(x.Name)
		}
	}
	return words
}

// tellVersion is the program and what it is made of.
func (h *House) tellVersion() any {
	v := map[string]any{"version": Version, "go": runtime.Version(), "os": runtime.GOOS, "arch": runtime.GOARCH, "cpus": runtime.NumCPU(),
		"started": h.clock.At(h.started), "made": h.Now(), "config_version": h.configVersion()}
	if info, ok := debug.ReadBuildInfo(); ok {
		var mods []string
		for _, m := range info.Deps {
			mods = append(mods, m.Path+" "+m.Version)
		}
		v["modules"] = mods
		for _, s := range info.Settings {
			if strings.HasPrefix(s.Key, "vcs.") {
				v[s.Key] = s.Value
			}
		}
	}
	return v
}

// tellHouse is the picture without people: what is where, how it does, how many.
func (h *House) tellHouse() any {
	s := h.store.Get()
	type thing struct {
		ID     string    `json:"id"`
		State  string    `json:"state"`
		Since  time.Time `json:"since"`
		Detail string    `json:"detail,omitempty"`
		Fault  string    `json:"fault,omitempty"`
		Exam   string    `json:"exam,omitempty"`
	}
	var lines, trunks, alarms, uplinks []thing
	for _, l := range s.Lines {
		t := thing{ID: string(l.ID), State: l.Lamp.String(), Since: l.Since, Detail: redact.Numbers(l.Detail), Fault: l.Fault}
		if l.Exam != nil {
			t.Exam = redact.Numbers(fmt.Sprintf("%+v", redact.Tree(l.Exam, nil)))
		}
		lines = append(lines, t)
	}
	for _, t := range s.Trunks {
		trunks = append(trunks, thing{ID: string(t.ID), State: t.Lamp.String(), Since: t.Since, Detail: redact.Numbers(redact.Line(t.Why))})
	}
	for _, a := range s.Alarms {
		alarms = append(alarms, thing{ID: a.ID, State: [...]string{"", "attention", "urgent"}[min(int(a.Rank), 2)], Since: a.Since})
	}
	for _, u := range s.Uplinks {
		uplinks = append(uplinks, thing{ID: u.ID, State: u.State, Since: u.Since, Detail: redact.Numbers(redact.Line(u.Error))})
	}
	board := make([]view.Hardware, len(s.Board))
	for i, b := range s.Board {
		b.What, b.Why, b.Hint = redact.Numbers(b.What), redact.Numbers(b.Why), redact.Numbers(b.Hint)
		board[i] = b
	}
	return map[string]any{
		"at": s.At, "clock": s.Clock, "zone": s.TimeZone, "lines": lines, "trunks": trunks, "alarms": alarms, "uplinks": uplinks, "board": board,
		"media": s.Media, "loop": s.Loop, "machine": s.Machine, "book_pending": s.Book.Pending, "book_lost": s.Book.Lost,
		"phones": len(s.Phones), "queues": len(s.Queues), "agents": len(s.Agents), "calls": len(s.Calls),
	}
}

// tellBook is how the book does, and none of its records.
func (h *House) tellBook(ctx context.Context) ([]byte, error) {
	counts, err := h.book.Counts(ctx)
	if err != nil {
		return nil, err
	}
	last, err := h.book.Verify(ctx)
	v := map[string]any{"boot": h.book.Boot(), "last": last, "counts": counts, "valid": err == nil}
	if err != nil {
		v["why"] = redact.Numbers(redact.Line(err.Error()))
	}
	return support.JSON(v)
}

// tellMetrics is what Prometheus would read.
func (h *House) tellMetrics(ctx context.Context) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "/metrics", nil)
	if err != nil {
		return nil, fmt.Errorf("cannot read the figures: %w", err)
	}
	w := &kept{head: http.Header{}}
	h.metrics.ServeHTTP(w, r)
	if w.code != 0 && w.code != http.StatusOK {
		return nil, fmt.Errorf("cannot read the figures: %d", w.code)
	}
	return w.body.Bytes(), nil
}

// kept is an answer that is kept in memory.
type kept struct {
	head http.Header
	body bytes.Buffer
	code int
}

func (k *kept) Header() http.Header         { return k.head }
func (k *kept) WriteHeader(code int)        { k.code = code }
func (k *kept) Write(b []byte) (int, error) { return k.body.Write(b) }

func (h *House) tellLog(context.Context) ([]byte, error) {
	lines, _ := h.journal.ring.Read(logring.Want{})
	var b strings.Builder
	for _, l := range lines {
		fmt.Fprintf(&b, "%s %s %s\n", l.At.UTC().Format(time.RFC3339Nano), logring.Word(l.Level), l.Text)
	}
	return []byte(b.String()), nil
}

func (h *House) tellCrash(context.Context) ([]byte, error) {
	if h.journal.crash != "" {
		return []byte(h.journal.crash), nil
	}
	return []byte("none\n"), nil
}

// Support writes a support bundle of the house.
func (h *House) Support(ctx context.Context, w io.Writer) error {
	return bundler{h}.bundle().Write(ctx, w)
}
