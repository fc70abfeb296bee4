package app

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/console"
	"github.com/centralita/centralita/firmware/health"
	"github.com/centralita/centralita/firmware/keeper"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/update"
	"github.com/centralita/centralita/firmware/update/ctl"
	"github.com/centralita/centralita/firmware/update/slotkeeper"
	"github.com/centralita/centralita/hal/slot"
	"github.com/centralita/centralita/hal/slot/slottest"
)

// newSlotBox runs the program beside the keeper of a machine with slots, which runs
// 0.9.4 (4) from a.
func newSlotBox(t *testing.T, trial bool) desk {
	t.Helper()
	r := runs{t: t, dir: t.TempDir()}
	d := desk{t, filepath.Join(r.dir, "data"), make(chan struct{}, 8), make(chan error, 1)}
	disk := slottest.NewFake(1 << 20)
	record := slot.Record{Good: slot.A, A: slot.Image{Number: 4, Version: "0.9.4", Size: 1}}
	if trial {
		record = slot.Record{Good: slot.B, Try: slot.A, A: record.A, B: slot.Image{Number: 3, Version: "0.9.3", Size: 1}}
	}
	if err := disk.Keep(record); err != nil {
		t.Fatal(err)
	}
	k, err := slotkeeper.New(slotkeeper.Config{Disk: disk, Keys: ctl.NewKeys(updateKey().Public().(ed25519.PublicKey)), Board: "qemu", Running: slot.A, Trial: trial,
		Inbox: filepath.Join(d.data, updateFolder), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	handlers := map[string]keeper.Handler{}
	for name, h := range k.Handlers() {
		handlers[name] = h
	}
	socket := filepath.Join(r.dir, "keeper.sock")
	l, err := keeper.Listen(socket, os.Getuid())
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- keeper.Serve(ctx, l, handlers) }()
	c := &runCmd{Config: r.write("Centro"), Data: d.data, SIP: "127.0.0.1:0", Web: "127.0.0.1:0", Keeper: socket, built: func(h *House) { h.booted = time.Now() }}
	house, leave := context.WithCancel(context.Background())
	go func() { d.ended <- c.lives(house, slog.New(slog.DiscardHandler), d, io.Discard) }()
	t.Cleanup(func() {
		leave()
		if err := <-d.ended; err != nil {
			t.Error(err)
		}
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	d.wait()
	return d
}

func updateKey() ed25519.PrivateKey {
	seed := sha256.Sum256([]byte("update"))
	return ed25519.NewKeyFromSeed(seed[:])
}

// updateBundle writes one of a version into a file.
func updateBundle(t *testing.T, version string, number uint64) string {
	t.Helper()
	var payload, b bytes.Buffer
	p, err := ctl.Pack(&payload, strings.NewReader("kernel, initrd, root "+version), "gzip")
	if err != nil {
		t.Fatal(err)
	}
	h, err := ctl.NewHeader(ctl.Manifest{Board: "qemu", Version: version, Number: number, Made: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), Payload: p})
	if err == nil {
		h, err = h.Signed(updateKey())
	}
	if err == nil {
		_, err = h.WriteTo(&b)
	}
	path := filepath.Join(t.TempDir(), version+".ctl")
	if err == nil {
		err = os.WriteFile(path, append(b.Bytes(), payload.Bytes()...), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// The whole way but for the restart: console, program, keeper, slot and book.
func TestUpdateOnABoxWithSlots(t *testing.T) {
	d := newSlotBox(t, false)
	for _, c := range []struct {
		line, want string
		code       int
	}{
		{"update status", "runs 0.9.4 (4), slot a in the other empty by itself looks nowhere", console.Fine},
		{"update start", "it is empty", console.NotFine},
		{"update stage " + updateBundle(t, "0.9.3", 3), "older than 4, which runs", console.NotFine},
		{"update stage /etc/passwd", "no update bundle", console.NotFine},
		{"update stage /nowhere.ctl", "no such file", console.NotFine},
		{"update stage " + updateBundle(t, "0.9.5", 5), "written and read back: 0.9.5 (5), slot b", console.Fine},
		{"update slots", "b 0.9.5 (5)", console.Fine},
		{"update status", "! Version 0.9.5 is ready.", console.Fine},
		{"update usb", "no place for any", console.NotFine},
		{"update status --json", `"running":"a"`, console.Fine},
		{"status", "Version 0.9.5 is ready", console.Fine},
		{"book tail 50", "0.9.5 (5) in slot b", console.Fine},
	} {
		var out string
		var code int
		for try := 0; try < 50; try++ { // the picture and the book follow in a moment
			if out, code = d.ask(c.line); strings.Contains(strings.Join(strings.Fields(out), " "), c.want) {
				break
			}
			<-time.After(100 * time.Millisecond)
		}
		if flat := strings.Join(strings.Fields(out), " "); code != c.code || !strings.Contains(flat, c.want) {
			t.Errorf("%s: %d, want %q in\n%s", c.line, code, c.want, out)
		}
	}
}

// A house on trial passes its own checks; the minute that follows is
// firmware/update's.
func TestALivingHousePassesTheChecksOfATrial(t *testing.T) {
	d := newSlotBox(t, true)
	var out string
	for try := 0; try < 100; try++ {
		if out, _ = d.ask("update status"); strings.Contains(out, "holding for ") {
			return
		}
		<-time.After(200 * time.Millisecond)
	}
	t.Errorf("not every check passes:\n%s", out)
}

func TestEachPartThatHangsFailsItsCheck(t *testing.T) {
	now := time.Now()
	long := now.Add(-time.Hour)
	parts := []health.Part{{Name: "loop", Within: time.Second}, {Name: "writer", Within: time.Second}, {Name: "shard 0", Within: time.Second},
		{Name: "port L1", Within: time.Second}, {Name: "port L2", Within: time.Second}}
	h := &House{signs: signs{ports: []tel.PortID{"L1", "L2"}}, updates: &update.Updater{}}
	for i, p := range parts {
		h.checks = health.NewChecks(long, parts...)
		for j := range parts {
			if j != i {
				h.checks.In(j, now.Add(time.Minute))
			}
		}
		ports, audio := h.checkPorts(t.Context()), h.checkAudio(t.Context())
		if bad := strings.HasPrefix(p.Name, "port "); (ports != nil) != bad {
			t.Errorf("%s hangs, the ports say %v", p.Name, ports)
		} else if want := map[bool]int{true: 1, false: 2}[bad]; h.portsThatAnswer() != want {
			t.Errorf("%s hangs, %d ports answer", p.Name, h.portsThatAnswer())
		}
		if bad := p.Name == "loop" || p.Name == "shard 0"; (audio != nil) != bad {
			t.Errorf("%s hangs, the audio says %v", p.Name, audio)
		}
		if bad := p.Name == "writer"; (h.late("writer") != nil) != bad {
			t.Errorf("%s hangs, the writer says %v", p.Name, h.late("writer"))
		}
	}
	h.checks = health.NewChecks(now.Add(time.Minute), parts...)
	if h.stutters.Store(true); h.checkAudio(t.Context()) == nil {
		t.Error("audio that stutters passes")
	}
}

func TestAPageThatDoesNotAnswerFailsItsCheck(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	code := http.StatusOK
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) })}
	go func() { _ = srv.Serve(l) }() // until Close
	h := &House{out: &Outside{Web: l}}
	if err := h.checkWeb(t.Context()); err != nil {
		t.Error(err)
	}
	code = http.StatusServiceUnavailable
	if err := h.checkWeb(t.Context()); err == nil || !strings.Contains(err.Error(), "503") {
		t.Errorf("a stale page: %v", err)
	}
	if err := srv.Close(); err != nil {
		t.Fatal(err)
	}
	if err := h.checkWeb(t.Context()); err == nil {
		t.Error("no page passes")
	}
}

func TestUpdateOnADesk(t *testing.T) {
	d := newDesk(t)
	for _, line := range []string{"update status", "update slots", "update stage x", "update start", "update commit", "update rollback", "update postpone 3", "update usb"} {
		if out, code := d.ask(line); code != console.NotFine || !strings.Contains(strings.Join(strings.Fields(out), " "), "this installation has no slots A and B") {
			t.Errorf("%s: %d, %s", line, code, out)
		}
	}
}
