package peers

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/view"
	"github.com/centralita/centralita/testbench/phone"
	"github.com/centralita/centralita/testbench/receiver"
)

// headquarters is the far side of an uplink on a real socket, which can be shut
// and opened again on its store.
type headquarters struct {
	t    *testing.T
	at   string
	file string
	cert tls.Certificate
	*receiver.Receiver
	srv  *http.Server
	done chan error
}

// open takes rows from now on.
func (h *headquarters) open() {
	h.t.Helper()
	l, err := net.Listen("tcp", h.at)
	must(h.t, err)
	h.at = l.Addr().String()
	h.Receiver, err = receiver.Open(h.file, "token-of-ring4")
	must(h.t, err)
	h.srv, h.done = &http.Server{Handler: h.Receiver, TLSConfig: &tls.Config{Certificates: []tls.Certificate{h.cert}}}, make(chan error, 1)
	go func() { h.done <- h.srv.ServeTLS(l, "", "") }()
}

// shut cuts every connection.
func (h *headquarters) shut() {
	h.t.Helper()
	must(h.t, h.srv.Close())
	<-h.done
	must(h.t, h.Receiver.Close())
	h.srv = nil
}

// Calls are made while the far side is cut, and the house is killed and started
// again: in the end each row is there once, from 1 to the book's last.
func TestUplinkExactlyOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cert, pem, err := receiver.Certificate()
	must(t, err)
	ca := filepath.Join(dir, "ca.pem")
	must(t, os.WriteFile(ca, pem, 0o600))
	far := &headquarters{t: t, at: fmt.Sprintf("127.0.0.1:%d", freePort(t)), file: filepath.Join(dir, "far.db"), cert: cert}
	far.open()
	t.Cleanup(func() {
		if far.srv != nil {
			far.shut()
		}
	})
	d := newDaemonIn(t, bin, document+fmt.Sprintf("uplinks:\n  - {id: sede, url: \"https://%s/events\", token: token-of-ring4, ca: %s, batch: 20, every: 200ms}\n", far.at, ca), dir)
	state := func(want string) func(*view.Snapshot) bool {
		return func(s *view.Snapshot) bool { return len(s.Uplinks) == 1 && s.Uplinks[0].State == want }
	}
	alarmed := func(s *view.Snapshot) bool {
		return slices.ContainsFunc(s.Alarms, func(a view.Alarm) bool { return a.ID == "uplink.sede" })
	}
	ring := func() {
		c := d.Carrier(phone.Account{}).Call("912000000")
		must(t, c.WaitUp(soon(t)))
		c.SendDigits("1", phone.RFC4733)
		Speaks(t, "the caller", c)
		c.HangUp()
		must(t, c.WaitEnd(soon(t)))
	}
	ring()
	d.UntilView("all is sent", func(s *view.Snapshot) bool {
		return state("up to date")(s) && s.Uplinks[0].Acked == s.Book.Last && s.Uplinks[0].Pending == 0
	})

	far.shut()
	ring()
	d.UntilView("the cut is seen, as state and as alarm", func(s *view.Snapshot) bool {
		return state("waiting")(s) && s.Uplinks[0].Pending > 0 && s.Uplinks[0].Error != "" && !s.Uplinks[0].Next.IsZero() &&
			alarmed(s)
	})
	if wall := d.page("/wall"); !strings.Contains(wall, "Sin enlace con la sede") && !strings.Contains(wall, "Sin enlace con sede") {
		t.Errorf("the wall does not say that the link is cut")
	}
	ring()
	d.Kill() // in the middle of it
	d.Start()
	ring()
	far.open()
	d.UntilView("it is sending again", func(s *view.Snapshot) bool { return s.Uplinks[0].Acked > 0 && s.Uplinks[0].State != "waiting" })
	far.shut() // and once more
	ring()
	d.Kill()
	far.open()
	d.Start()
	ring()
	d.Ended(6)
	d.UntilView("all is sent", func(s *view.Snapshot) bool {
		return state("up to date")(s) && s.Uplinks[0].Acked == s.Book.Last && !alarmed(s)
	})
	last := d.Status().Book.Last

	rows, err := far.Rows(context.Background(), "ring4")
	must(t, err)
	began := 0
	for i, r := range rows {
		if r.Seq != uint64(i)+1 {
			t.Fatalf("row %d has number %d", i+1, r.Seq)
		}
		if r.Kind == "call.began" {
			began++
		}
	}
	if len(rows) == 0 || rows[len(rows)-1].Seq < last || began != 6 {
		t.Errorf("%d rows of %d, %d calls began, want 6", len(rows), last, began)
	}
	d.Verify()
}

// page fetches a page of the wall.
func (d *Daemon) page(path string) string {
	d.t.Helper()
	client := &http.Client{Timeout: 10 * time.Second}
	res, err := client.Get("http://" + d.Web + path)
	must(d.t, err)
	defer func() { _ = res.Body.Close() }() // it was read
	var b strings.Builder
	if _, err := fmt.Fprintf(&b, "%s\n", res.Status); err != nil || res.StatusCode != 200 {
		d.t.Fatalf("GET %s: %s", path, res.Status)
	}
	buf := make([]byte, 1<<16)
	for {
		n, err := res.Body.Read(buf)
		b.Write(buf[:n])
		if err != nil {
			return b.String()
		}
	}
}
