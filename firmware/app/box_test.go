package app

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/console"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/wipe"
)

// desk runs the program on a folder, as on a desk: without a keeper.
type desk struct {
	t     *testing.T
	data  string
	ready chan struct{}
	ended chan error
}

// Write takes the program's greeting.
func (d desk) Write(b []byte) (int, error) {
	if bytes.Contains(b, []byte("ready in")) {
		d.ready <- struct{}{}
	}
	return len(b), nil
}

func newDesk(t *testing.T) desk {
	t.Helper()
	return newDeskWith(t, filepath.Join(t.TempDir(), "no.sock"))
}

// newDeskWith runs it with a keeper.
func newDeskWith(t *testing.T, keeper string) desk {
	t.Helper()
	return newDeskAt(t, keeper, "127.0.0.1:0", "127.0.0.1:0")
}

// newDeskAt runs it at other addresses.
func newDeskAt(t *testing.T, keeper, sip, web string) desk {
	t.Helper()
	r := runs{t: t, dir: t.TempDir()}
	d := desk{t, filepath.Join(r.dir, "data"), make(chan struct{}, 8), make(chan error, 1)}
	c := &runCmd{Config: r.write("Centro"), Data: d.data, SIP: sip, Web: web, Keeper: keeper}
	ctx, stop := context.WithCancel(context.Background())
	go func() { d.ended <- c.lives(ctx, slog.New(slog.DiscardHandler), d, io.Discard) }()
	t.Cleanup(func() {
		stop()
		if err := <-d.ended; err != nil {
			t.Error(err)
		}
	})
	d.wait()
	return d
}

// wait waits for a house to be ready.
func (d desk) wait() {
	d.t.Helper()
	select {
	case <-d.ready:
	case err := <-d.ended:
		d.ended <- err
		d.t.Fatal(err)
	case <-time.After(time.Minute):
		d.t.Fatal("no house is ready")
	}
}

// ask is what a person types at the socket.
func (d desk) ask(line string) (string, int) {
	d.t.Helper()
	var out bytes.Buffer
	code, err := console.Run(d.t.Context(), filepath.Join(d.data, console.SocketName), append(strings.Fields(line), "--lang", "en"), &out)
	if err != nil {
		d.t.Fatal(line, err)
	}
	return out.String(), code
}

// On a desk a restart is the program's, the data stay, and what needs the keeper says
// that there is none.
func TestRestartOnADesk(t *testing.T) {
	d := newDesk(t)
	for _, c := range []struct{ line, want string }{
		{"net set eth0 dhcp", "there is no keeper on this machine"},
		{"poweroff now", "there is no keeper on this machine"},
		{"net show", "DNS"},
		{"reboot", "There are 0 calls"},
	} {
		if out, _ := d.ask(c.line); !strings.Contains(strings.Join(strings.Fields(out), " "), c.want) {
			t.Errorf("%s: %s", c.line, out)
		}
	}
	if out, code := d.ask("reboot now"); code != console.Fine || !strings.Contains(out, "The program (not the machine, here) restarts now.") {
		t.Errorf("%d, %s", code, out)
	}
	d.wait()
	if out, code := d.ask("reboot when-idle"); code != console.Fine {
		t.Errorf("%d, %s", code, out)
	}
	d.wait()
	out, _ := d.ask("book tail 30")
	for _, want := range []string{"restart · socket", "restart when idle · socket", "restart ordered by socket"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %s in the book:\n%s", want, out)
		}
	}
}

// A factory reset leaves nothing of what was there; the house that follows is new.
func TestFactoryResetOnADesk(t *testing.T) {
	d := newDesk(t)
	planted := filepath.Join(d.data, "captures", "L1.wav")
	if err := os.MkdirAll(filepath.Dir(planted), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(planted, []byte("canary"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := wipe.Mark(d.data); err != nil {
		t.Fatal(err)
	}
	d.ask("reboot now")
	d.wait()
	if _, err := os.Stat(planted); !os.IsNotExist(err) {
		t.Errorf("what was recorded is still there: %v", err)
	}
	if wipe.Asked(d.data) {
		t.Error("the mark is still there")
	}
	if out, _ := d.ask("book tail 100"); strings.Contains(out, "system.order") {
		t.Errorf("the book before is still there:\n%s", out)
	}
}

func TestWhose(t *testing.T) {
	for want, who := range map[string]tel.Who{
		"ana at ssh": {Name: "ana", Via: tel.DoorSSH}, "socket": {Name: "socket", Via: tel.DoorSocket}, "serial": {Via: tel.DoorSerial},
	} {
		if got := whose(who); got != want {
			t.Errorf("%+v: %q, not %q", who, got, want)
		}
	}
}
