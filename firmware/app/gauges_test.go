package app

import (
	"bytes"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/book"
	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/exchange"
	"github.com/centralita/centralita/firmware/tel"
)

var _ exchange.Book = (*book.Book)(nil)

// The wall's server shows the figures of the machine and of calls that ended.
func TestMetricsOfTheHouse(t *testing.T) {
	dir := t.TempDir()
	office, err := os.ReadFile(filepath.FromSlash("../../board/sim/office.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "office.yaml")
	if err := os.WriteFile(file, office, 0o600); err != nil {
		t.Fatal(err)
	}
	c := runCmd{Config: file, Data: filepath.Join(dir, "data"), SIP: "127.0.0.1:0", Web: "127.0.0.1:0"}
	h, err := c.house(t, t.Context(), slog.New(slog.DiscardHandler), &bytes.Buffer{})
	if err != nil {
		t.Fatal(err)
	}
	shell := counted{h.book, &h.ended}
	for range 3 {
		shell.Append(call.Fact{Kind: call.Ended, Call: "1-1", At: time.Now(), Cause: tel.CauseNormal, By: tel.ByCaller})
	}
	shell.Append(call.Fact{Kind: call.Fax, Call: "1-1", At: time.Now()})
	h.lookAtMachine(time.Now())
	w := httptest.NewRecorder()
	h.web.Handler().ServeHTTP(w, httptest.NewRequest("GET", "http://localhost/metrics", nil))
	for _, want := range []string{
		"centralita_calls_ended_total{by=\"" + string(tel.ByCaller) + "\",cause=\"" + string(tel.CauseNormal) + "\"} 3\n", "centralita_disk_free_bytes ", "go_goroutines ",
	} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s is missing in\n%.1500s", want, w.Body)
		}
	}
	if err := h.Run(ended(), func() {}); err != nil {
		t.Fatal(err)
	}
}
