package web

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/firmware/view"
	"github.com/centralita/centralita/firmware/view/viewtest"
)

// wire is a listener whose connections are pipes, so that time is virtual.
type wire struct {
	calls chan net.Conn
	once  sync.Once
	shut  chan struct{}
}

func newWire() *wire { return &wire{calls: make(chan net.Conn), shut: make(chan struct{})} }

func (w *wire) Accept() (net.Conn, error) {
	select {
	case c := <-w.calls:
		return c, nil
	case <-w.shut:
		return nil, net.ErrClosed
	}
}
func (w *wire) Close() error   { w.once.Do(func() { close(w.shut) }); return nil }
func (w *wire) Addr() net.Addr { return &net.UnixAddr{Name: "wire", Net: "unix"} }

// dial connects and sends a request.
func (w *wire) dial(t *testing.T, target string) net.Conn {
	t.Helper()
	ours, theirs := net.Pipe()
	w.calls <- theirs
	if _, err := fmt.Fprintf(ours, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", target); err != nil {
		t.Fatal(err)
	}
	return ours
}

// event is one event as it arrived.
type event struct {
	at             time.Duration
	name, id, data string
}

// client collects a stream's events.
type client struct {
	status int
	mu     sync.Mutex
	events []event
	notes  int // comments
	done   chan struct{}
}

func listen(t *testing.T, w *wire, target string) *client {
	conn := w.dial(t, target)
	t.Cleanup(func() { _ = conn.Close() })
	c := &client{done: make(chan struct{})}
	begin := time.Now()
	go func() {
		defer close(c.done)
		r, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			return
		}
		defer func() { _ = r.Body.Close() }()
		c.mu.Lock()
		c.status = r.StatusCode
		c.mu.Unlock()
		var e event
		for lines := bufio.NewScanner(r.Body); lines.Scan(); {
			c.mu.Lock()
			k, v, _ := strings.Cut(lines.Text(), ": ")
			switch k {
			case "event":
				e.name = v
			case "id":
				e.id = v
			case "data":
				e.data = v
			case "":
				if v != "" {
					c.notes++
				} else if e.name != "" {
					e.at = time.Since(begin)
					c.events, e = append(c.events, e), event{}
				}
			}
			c.mu.Unlock()
		}
	}()
	return c
}

// got returns the events of that name so far.
func (c *client) got(name string) []event {
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []event
	for _, e := range c.events {
		if e.name == name {
			out = append(out, e)
		}
	}
	return out
}

// bubble runs a server in virtual time.
func bubble(t *testing.T, cfg Config, test func(t *testing.T, w *wire, store *view.Store)) {
	synctest.Test(t, func(t *testing.T) {
		cfg.Now = time.Now
		srv, store := server(t, viewtest.Calm(), cfg)
		w := newWire()
		ctx, stop := context.WithCancel(t.Context())
		served := make(chan error)
		go func() { served <- srv.Serve(ctx, w) }()
		test(t, w, store)
		stop()
		if err := <-served; err != nil {
			t.Errorf("Serve: %v", err)
		}
		synctest.Wait()
		if n := srv.clients.Load(); n != 0 {
			t.Errorf("%d streams are left over", n)
		}
	})
}

func picture(seq uint64) *view.Snapshot {
	s := viewtest.Calm()
	s.Seq = seq
	return s
}

func TestStreamSendsEveryPictureAtMostFourTimesASecond(t *testing.T) {
	bubble(t, Config{}, func(t *testing.T, w *wire, store *view.Store) {
		store.Set(picture(1))
		c := listen(t, w, "/events?lang=en")
		if first := c.got("wall"); len(first) != 1 || first[0].id != "1" || !strings.Contains(first[0].data, "All is well") {
			t.Fatalf("at first %+v", first)
		}
		for seq := uint64(2); seq <= 101; seq++ { // a hundred pictures in two seconds
			<-time.After(20 * time.Millisecond)
			store.Set(picture(seq))
		}
		<-time.After(time.Second)
		all := c.got("wall")
		if len(all) < 8 || len(all) > 11 || all[len(all)-1].id != "101" {
			t.Errorf("%d pictures, the last is %s", len(all), all[len(all)-1].id)
		}
		for i := 1; i < len(all); i++ {
			if gap := all[i].at - all[i-1].at; gap < pace {
				t.Errorf("pictures %s and %s are %s apart", all[i-1].id, all[i].id, gap)
			}
			var before, after uint64
			_, _ = fmt.Sscan(all[i-1].id, &before)
			_, _ = fmt.Sscan(all[i].id, &after)
			if after <= before {
				t.Errorf("picture %d came after %d", after, before)
			}
		}
	})
}

func TestStreamStaysOpenAndBeats(t *testing.T) {
	fresh := make(chan time.Time, 1)
	fresh <- time.Time{}
	cfg := Config{Fresh: func() time.Time { f := <-fresh; fresh <- f; return f }}
	bubble(t, cfg, func(t *testing.T, w *wire, store *view.Store) {
		c := listen(t, w, "/events")
		<-time.After(time.Minute) // longer than any of the server's own time-outs
		beats := c.got("beat")
		if len(beats) < 29 || len(beats) > 31 || c.notes != len(beats) {
			t.Errorf("%d beats and %d comments in a minute, want one each two seconds", len(beats), c.notes)
		}
		if n := len(c.got("wall")); n != 1 {
			t.Errorf("%d pictures, though nothing changed", n)
		}
		<-fresh
		at := time.Now().Add(-7 * time.Second)
		fresh <- at
		<-time.After(beatEvery)
		var b beat
		beats = c.got("beat")
		if err := json.Unmarshal([]byte(beats[len(beats)-1].data), &b); err != nil || b.Fresh != at.UnixMilli() {
			t.Errorf("the beat says %+v (%v), want fresh at %d", b, err, at.UnixMilli())
		}
	})
}

func TestSlowClientIsDropped(t *testing.T) {
	bubble(t, Config{}, func(t *testing.T, w *wire, store *view.Store) {
		slow := w.dial(t, "/events") // never reads
		quick := listen(t, w, "/events")
		<-time.After(30 * time.Second)
		if n := len(quick.got("beat")); n < 14 {
			t.Errorf("the quick client got %d beats beside the slow one", n)
		}
		var buf [1]byte
		if n, err := slow.Read(buf[:]); err == nil {
			t.Errorf("the slow client is still served: %d bytes", n)
		}
		_ = slow.Close()
	})
}

func TestStreamsAreBounded(t *testing.T) {
	bubble(t, Config{Clients: 2}, func(t *testing.T, w *wire, store *view.Store) {
		one, two := listen(t, w, "/events"), listen(t, w, "/events")
		if len(one.got("wall")) != 1 || len(two.got("wall")) != 1 {
			t.Fatal("two clients are not served")
		}
		three := listen(t, w, "/events")
		synctest.Wait()
		if three.got("wall"); three.status != http.StatusServiceUnavailable {
			t.Errorf("the third client got status %d", three.status)
		}
	})
}

func TestStreamShowsTheFrontOfTheBox(t *testing.T) {
	var mu sync.Mutex
	f := aFront()
	cfg := Config{Front: func() Front { mu.Lock(); defer mu.Unlock(); return f }}
	bubble(t, cfg, func(t *testing.T, w *wire, store *view.Store) {
		c, plain := listen(t, w, "/events?panel=1"), listen(t, w, "/events")
		<-time.After(3 * time.Second)
		mu.Lock()
		f.Changes, f.Rows = 8, []string{"Todo en orden"}
		mu.Unlock()
		<-time.After(time.Second)
		got := c.got("front")
		if len(got) != 2 || !strings.Contains(got[0].data, "Esperan 8") || !strings.Contains(got[1].data, "Todo en orden") {
			t.Errorf("fronts %+v", got)
		}
		if n := len(plain.got("front")); n != 0 {
			t.Errorf("a wall got %d fronts it did not ask for", n)
		}
	})
}
