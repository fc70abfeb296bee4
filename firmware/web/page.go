package web

import (
	"bytes"
	"net/http"

	"github.com/centralita/centralita/firmware/tel"
)

// pageData is what the templates know before the first event.
type pageData struct {
	Lang  tel.Lang
	Theme string // "light", "dark", or empty: as the reader prefers
	Site  string
	Words words
	Wall  Wall
	Front frontView
	Box   bool // there is a front to show
}

// page returns the handler of one template. The page carries the present
// picture, so that it is whole before the stream begins.
func (s *Server) page(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		snap := s.store.Get()
		d := pageData{Lang: lang(r, snap), Site: snap.Site, Wall: s.wall(snap, r), Box: s.cfg.Front != nil}
		d.Words = wordsIn(d.Lang)
		if t := r.URL.Query().Get("theme"); t == "light" || t == "dark" {
			d.Theme = t
		}
		if d.Box {
			d.Front = newFrontView(s.cfg.Front(), d.Lang)
		}
		var b bytes.Buffer // whole or not at all
		if err := s.assets.pages.ExecuteTemplate(&b, name, d); err != nil {
			s.log.Error("cannot write a page", "page", name, "err", err)
			http.Error(w, "the page could not be written; the log says why", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if _, err := w.Write(b.Bytes()); err != nil {
			s.log.Debug("cannot send a page", "client", r.RemoteAddr, "err", err)
		}
	}
}
