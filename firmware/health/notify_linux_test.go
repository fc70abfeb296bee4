package health_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/health"
)

func environ(pairs map[string]string) func(string) string {
	return func(k string) string { return pairs[k] }
}

// One datagram with a line each arrives at a socket of the file system and at an
// abstract one (sd_notify(3): "@" stands for the zero byte).
func TestNotify(t *testing.T) {
	for _, socket := range []string{filepath.Join(t.TempDir(), "notify"), fmt.Sprintf("@centralita-test-%d", os.Getpid())} {
		l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
		if err != nil {
			t.Fatal(err)
		}
		n, err := health.NewNotifier(environ(map[string]string{"NOTIFY_SOCKET": socket}), 7)
		if err != nil || n.Watchdog() != 0 {
			t.Fatalf("%s: %v", n.Watchdog(), err)
		}
		if err := n.Tell("READY=1", "STATUS=Taking calls"); err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 100)
		if err := l.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if size, err := l.Read(b); err != nil || string(b[:size]) != "READY=1\nSTATUS=Taking calls" {
			t.Errorf("%s: %q %v", socket, b[:size], err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if err := n.Tell("STOPPING=1"); err == nil || !strings.Contains(err.Error(), "cannot tell systemd") {
			t.Errorf("nobody listens: %v", err)
		}
	}
}

// sd_watchdog_enabled(3): the time is ours when the process is, or none is named.
func TestNotifyWatchdog(t *testing.T) {
	for _, x := range []struct {
		usec, pid string
		want      time.Duration
		bad       bool
	}{
		{usec: "20000000", pid: "7", want: 20 * time.Second},
		{usec: "500000", want: 500 * time.Millisecond},
		{usec: "20000000", pid: "8"},
		{},
		{usec: "soon", bad: true},
		{usec: "0", bad: true},
		{usec: "-5", bad: true},
		{usec: "9223372036854775807", bad: true},
	} {
		n, err := health.NewNotifier(environ(map[string]string{"NOTIFY_SOCKET": "/run/x", "WATCHDOG_USEC": x.usec, "WATCHDOG_PID": x.pid}), 7)
		if (err != nil) != x.bad || n.Watchdog() != x.want {
			t.Errorf("%q for %q: %s, %v", x.usec, x.pid, n.Watchdog(), err)
		}
	}
	if n, err := health.NewNotifier(environ(nil), 7); n != nil || err != nil || n.Tell("READY=1") != nil {
		t.Errorf("nobody asked: %v, %v", n, err)
	}
	if _, err := health.NewNotifier(environ(map[string]string{"NOTIFY_SOCKET": "run/x"}), 7); err == nil {
		t.Error("a relative path was taken")
	}
}
