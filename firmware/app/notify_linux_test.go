package app

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Whoever started the program hears READY, a fed watchdog, and STOPPING.
func TestSystemdIsTold(t *testing.T) {
	dir := t.TempDir()
	socket := filepath.Join(dir, "notify")
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	t.Setenv("NOTIFY_SOCKET", socket)
	t.Setenv("WATCHDOG_USEC", "20000000")
	t.Setenv("WATCHDOG_PID", "")
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
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- h.Run(ctx, func() {}) }()
	heard := ""
	next := func() {
		b := make([]byte, 1000)
		if err := l.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
		n, err := l.Read(b)
		if err != nil {
			t.Fatalf("heard %q, then %v", heard, err)
		}
		heard += string(b[:n]) + "\n"
	}
	for _, want := range []string{"READY=1", "WATCHDOG=1", "STATUS=Taking calls"} {
		for !strings.Contains(heard, want+"\n") {
			next()
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	for !strings.Contains(heard, "STOPPING=1\n") {
		next()
	}
}
