package linuxdog

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/centralita/centralita/board"
)

// Our numbers are those of linux/watchdog.h.
func TestNumbersAreTheKernels(t *testing.T) {
	for _, x := range []struct {
		name      string
		ours, his uint64
	}{
		{"GETSUPPORT", uint64(GetSupport), unix.WDIOC_GETSUPPORT},
		{"GETBOOTSTATUS", uint64(GetBootStatus), unix.WDIOC_GETBOOTSTATUS},
		{"KEEPALIVE", uint64(KeepAlive), unix.WDIOC_KEEPALIVE},
		{"SETTIMEOUT", uint64(SetTimeout), unix.WDIOC_SETTIMEOUT},
		{"GETTIMEOUT", uint64(GetTimeout), unix.WDIOC_GETTIMEOUT},
		{"CARDRESET", CardReset, unix.WDIOF_CARDRESET},
		{"SETTIMEOUT option", SetsTimeout, unix.WDIOF_SETTIMEOUT},
		{"MAGICCLOSE", ClosesByMark, unix.WDIOF_MAGICCLOSE},
		{"size of watchdog_info", supportSize, uint64(unsafe.Sizeof(unix.WatchdogInfo{}))},
	} {
		if x.ours != x.his {
			t.Errorf("%s is %#x, the kernel's %#x", x.name, x.ours, x.his)
		}
	}
}

// What is no watchdog is named, and nothing is left open or written.
func TestRealFiles(t *testing.T) {
	dir := t.TempDir()
	if d, r := Open(Config{Path: filepath.Join(dir, "watchdog"), Timeout: 1e9}); d != nil || r.State != board.Skipped {
		t.Errorf("absent: %v %s", d, r)
	}
	plain := filepath.Join(dir, "plain")
	if err := os.WriteFile(plain, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	d, r := Open(Config{Path: plain, Timeout: 1e9})
	if d != nil || r.State != board.Failed || !strings.Contains(r.Why, "no watchdog") {
		t.Errorf("a plain file: %v %s", d, r)
	}
	if text, err := os.ReadFile(plain); err != nil || len(text) > 0 {
		t.Errorf("%q was written to it, %v", text, err)
	}
}
