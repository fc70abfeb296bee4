package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/centralita/centralita/firmware/view"
)

//go:embed ui
var embedded embed.FS

// asset is one file with what a browser must know of it.
type asset struct {
	body []byte
	kind string // Content-Type
	etag string
}

// assets are the files under /ui and the templates of the pages.
type assets struct {
	files map[string]asset
	pages *template.Template
	sum   string // of all of them
}

func loadAssets() (assets, error) {
	a := assets{files: map[string]asset{}}
	all := "" // digests in the order of the names
	err := fs.WalkDir(embedded, "ui", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := embedded.ReadFile(name)
		if err != nil {
			return err
		}
		all += digest(string(body))
		if !strings.HasSuffix(name, ".html") {
			a.add(strings.TrimPrefix(name, "ui/"), body)
		}
		return nil
	})
	if err != nil {
		return assets{}, fmt.Errorf("cannot load the pages: %w", err)
	}
	a.add("leds.css", ledCSS())
	a.sum = digest(all)[:12]
	a.pages, err = template.ParseFS(embedded, "ui/*.html")
	if err != nil {
		return assets{}, fmt.Errorf("cannot load the pages: %w", err)
	}
	return a, nil
}

// add keeps a file. The kinds are ours, not the machine's: a system's table of
// types can be wrong, and nosniff makes browsers believe it.
func (a *assets) add(name string, body []byte) {
	kind := map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8",
		".svg": "image/svg+xml", ".woff2": "font/woff2", ".txt": "text/plain; charset=utf-8"}[path.Ext(name)]
	if kind == "" {
		kind = mime.TypeByExtension(path.Ext(name))
	}
	a.files[name] = asset{body, kind, `"` + digest(string(body))[:20] + `"`}
}

func (a *assets) serve(w http.ResponseWriter, r *http.Request) {
	f, ok := a.files[r.PathValue("path")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", f.kind)
	w.Header().Set("Cache-Control", "no-cache") // kept, asked for again: an update shows at once
	w.Header().Set("ETag", f.etag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.body))
}

// doorAsset reports whether a file belongs to the looks of the doors.
func doorAsset(name string) bool {
	return name == "tokens.css" || name == "common.css" || name == "door.css" || strings.HasPrefix(name, "fonts/") || strings.HasPrefix(name, "icons/")
}

func (a *assets) icon(w http.ResponseWriter, r *http.Request) {
	r.SetPathValue("path", "icons/logo.svg")
	a.serve(w, r)
}

// ledCSS writes the rhythms of the lamps, which the physical LEDs follow, as
// animations: one table for both.
func ledCSS() []byte {
	colours := map[view.Colour]string{view.Dark: "var(--led-dark)", view.Green: "var(--led-green)", view.Red: "var(--led-red)",
		view.Amber: "var(--led-amber)", view.DimAmber: "var(--led-dim)"}
	var b strings.Builder
	rule := func(name string, rhythm []view.Blink) {
		if len(rhythm) == 1 {
			fmt.Fprintf(&b, ".led-%s{background:%s}\n", name, colours[rhythm[0].Colour])
			return
		}
		var whole, at time.Duration
		for _, p := range rhythm {
			whole += p.Time
		}
		fmt.Fprintf(&b, ".led-%s{animation:led-%s %dms step-end infinite}\n@keyframes led-%s{", name, name, whole.Milliseconds(), name)
		for _, p := range rhythm {
			fmt.Fprintf(&b, "%.4g%%{background:%s}", 100*float64(at)/float64(whole), colours[p.Colour])
			at += p.Time
		}
		b.WriteString("}\n")
	}
	for _, l := range view.Lamps() {
		rule(l.String(), l.Look().Rhythm)
	}
	for _, h := range view.Healths() {
		rule(h.String(), h.Rhythm())
	}
	return []byte(b.String())
}
