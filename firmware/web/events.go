package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/centralita/centralita/firmware/view"
)

// The stream's pace.
const (
	pace       = 250 * time.Millisecond // least time between two pictures
	beatEvery  = 2 * time.Second        // so that a page knows it is fresh
	writeLimit = 5 * time.Second        // a client that takes longer is dropped
)

// beat is what a page learns between pictures, in milliseconds since 1970.
type beat struct {
	Now   int64  `json:"now"`
	Fresh int64  `json:"fresh"` // when the picture was last said to be right
	Seq   uint64 `json:"seq"`
}

// stream is one client's event stream.
type stream struct {
	w    http.ResponseWriter
	ctl  *http.ResponseController
	seq  uint64 // last picture sent
	any  bool   // one was sent
	seen uint64 // last front sent
}

// events sends the picture now and after each change, at most four times a
// second, with a beat every two seconds. ?panel=1 adds the front of the box.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	if s.clients.Add(1) > int64(s.cfg.Clients) {
		s.clients.Add(-1)
		w.Header().Set("Retry-After", "5")
		http.Error(w, fmt.Sprintf("too many pages are open: %d", s.cfg.Clients), http.StatusServiceUnavailable)
		return
	}
	defer s.clients.Add(-1)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	if r.Method == http.MethodHead {
		return
	}
	c := &stream{w: w, ctl: http.NewResponseController(w)}
	if err := s.run(c, r); err != nil {
		s.log.Debug("event stream ended", "client", r.RemoteAddr, "err", err)
	}
}

// run sends until the client goes, is too slow, or may look no more; it returns nil
// when the client or the server said farewell.
func (s *Server) run(c *stream, r *http.Request) error {
	front := r.URL.Query().Get("panel") != "" && s.cfg.Front != nil
	if err := c.send("retry: 2000\n\n"); err != nil {
		return err
	}
	tick := time.NewTicker(pace)
	defer tick.Stop()
	var beaten time.Time
	over, _ := s.stay(r) // looked at below
	for {
		now := time.Now()
		due := now.Sub(beaten) >= beatEvery
		if due {
			if _, on := s.stay(r); !on { // one that runs out tells nobody
				return nil
			}
		}
		if err := s.picture(c, r); err != nil {
			return err
		}
		if front {
			if err := s.front(c, r); err != nil {
				return err
			}
		}
		if due {
			if err := c.event("beat", s.beat()); err != nil {
				return err
			}
			beaten = now
		}
		select {
		case <-r.Context().Done():
			return nil
		case <-over:
			return nil
		case <-tick.C:
		}
	}
}

func (s *Server) beat() beat {
	now := s.cfg.Now()
	return beat{Now: now.UnixMilli(), Fresh: s.fresh(now).UnixMilli(), Seq: s.store.Get().Seq}
}

// picture sends the present picture unless it was sent already.
func (s *Server) picture(c *stream, r *http.Request) error {
	snap := s.store.Get()
	if c.any && snap.Seq == c.seq {
		return nil
	}
	c.seq, c.any = snap.Seq, true
	return c.event("wall", s.wall(snap, r))
}

// front sends the front of the box if it changed.
func (s *Server) front(c *stream, r *http.Request) error {
	f := s.cfg.Front()
	if f.Changes == c.seen && c.seen != 0 {
		return nil
	}
	c.seen = f.Changes
	return c.event("front", newFrontView(f, lang(r, s.store.Get())))
}

// event writes one event with v as JSON; a picture carries its number as id.
func (c *stream) event(name string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("cannot encode a %s: %w", name, err)
	}
	head := ""
	switch v := v.(type) {
	case Wall:
		head = fmt.Sprintf("id: %d\n", v.Seq)
	case beat:
		head = ": keep-alive\n"
	}
	return c.send(head + "event: " + name + "\ndata: " + string(data) + "\n\n")
}

// send writes and flushes text before the limit, or fails.
func (c *stream) send(text string) error {
	if err := c.ctl.SetWriteDeadline(time.Now().Add(writeLimit)); err != nil {
		return fmt.Errorf("cannot limit a client's time: %w", err)
	}
	if _, err := c.w.Write([]byte(text)); err != nil {
		return fmt.Errorf("cannot reach the client: %w", err)
	}
	if err := c.ctl.Flush(); err != nil {
		return fmt.Errorf("cannot reach the client: %w", err)
	}
	return nil
}

// snapshot sends the picture once, as JSON.
func (s *Server) snapshot(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	if err := json.NewEncoder(w).Encode(s.wall(s.store.Get(), r)); err != nil {
		s.log.Debug("cannot send a picture", "client", r.RemoteAddr, "err", err)
	}
}

// wall masks and words snap for the request's language.
func (s *Server) wall(snap *view.Snapshot, r *http.Request) Wall {
	w := NewWall(snap, s.cfg.Now(), s.zones.get(snap.TimeZone), lang(r, snap))
	w.Page = s.assets.sum
	return w
}
