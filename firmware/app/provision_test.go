package app

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/centralita/centralita/firmware/access"
	"github.com/centralita/centralita/firmware/config/secret"
	"github.com/centralita/centralita/firmware/console"
	"github.com/centralita/centralita/firmware/lan"
	"github.com/centralita/centralita/firmware/provision"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/wipe"
)

// cardFile is what an integrator puts on a card.
const cardFile = `provision:
  owner: {name: maria, password: nueve gatos verdes}
  secrets: {sede: canary-token}
  net:
    eth0: {address: 192.168.1.40/24, gateway: 192.168.1.1}
`

// A box that was set up from its card has the site, the owner, the secrets and the
// address, and belongs to the program's user; a factory reset takes all of it.
func TestProvision(t *testing.T) {
	boot, data := t.TempDir(), filepath.Join(t.TempDir(), "data")
	file := filepath.Join(boot, provision.FileName)
	text := fmt.Sprintf(minimal, "Sucursal Norte") + cardFile + "uplinks:\n  - {id: sede, url: \"https://127.0.0.1:9/in\", token: \"secret:sede\"}\n"
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	run := func() (string, int) {
		var out, errs bytes.Buffer
		args := []string{"provision", "--boot", boot, "--data", data, "--keys", filepath.Join(boot, "keys")}
		if os.Geteuid() == 0 {
			args = append(args, "--user", "4321")
		}
		code := Main(args, &out, &errs)
		return out.String() + errs.String(), code
	}
	out, code := run()
	if code != console.Fine || !strings.Contains(out, "The box was set up") || strings.Contains(out, "canary") || strings.Contains(out, "gatos") {
		t.Fatalf("%d: %s", code, out)
	}
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Errorf("the file is still there: %v", err)
	}
	if os.Geteuid() == 0 {
		for _, name := range []string{"", access.FileName, secret.FileName, "config"} {
			info, err := os.Stat(filepath.Join(data, name))
			if err != nil || info.Sys().(*syscall.Stat_t).Uid != 4321 {
				t.Errorf("%q is not the program's: %v, %v", name, info, err)
			}
		}
	}
	a := access.Open(data, access.Options{})
	if who, err := a.Login(t.Context(), "maria", "nueve gatos verdes", tel.DoorSerial, "ttyS1"); err != nil || who.Role != tel.Owner {
		t.Errorf("%+v, %v", who, err)
	}
	s, err := secret.Open(data)
	if err != nil {
		t.Fatal(err)
	}
	if v, err := s.Resolve("secret:sede"); err != nil || v != "canary-token" {
		t.Errorf("%q, %v", v, err)
	}
	if w, err := lan.Load(filepath.Join(data, lan.FileName)); err != nil || w.Of("eth0").Address.String() != "192.168.1.40/24" {
		t.Errorf("%v, %v", w, err)
	}
	var errs bytes.Buffer
	h, err := (&runCmd{Data: data, SIP: "127.0.0.1:0", Web: "127.0.0.1:0"}).house(t, t.Context(), slog.New(slog.DiscardHandler), io.MultiWriter(&errs))
	if err != nil {
		t.Fatal(err, &errs)
	}
	if _, inUse, _ := h.life.Status(); h.cfg.Site.Name != "Sucursal Norte" || inUse != 1 {
		t.Errorf("site %q, version %d", h.cfg.Site.Name, inUse)
	}
	for _, alarm := range h.register.Alarms() {
		if strings.HasPrefix(alarm.ID, "provision") {
			t.Errorf("%+v", alarm)
		}
	}
	h.out.close()
	if err := h.book.Close(); err != nil {
		t.Error(err)
	}
	if out, code := run(); code != console.Fine || out != "" {
		t.Errorf("the next start: %d, %s", code, out)
	}
	if err := wipe.Mark(data); err != nil {
		t.Fatal(err)
	}
	if out, code := run(); code != console.Fine || !strings.Contains(out, "as it left the factory") {
		t.Errorf("after a factory reset: %d, %s", code, out)
	}
	if left, err := os.ReadDir(data); err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
	if code := Main([]string{"provision", "--data", data}, io.Discard, os.Stderr); code != console.Fine {
		t.Errorf("without a boot partition: %d", code)
	}
}

// A file whose taking failed, and is tried again at the next start, does not throw out
// the owner who claimed the box meanwhile; nor does one that was cut behind its account.
func TestProvisionKeepsTheOwnerThereIs(t *testing.T) {
	c := provisionCmd{Data: t.TempDir()}
	plan := &provision.Plan{Owner: &provision.Owner{Name: "maria", Password: "nueve gatos verdes"}}
	if err := access.Seed(t.Context(), c.Data, "lucia", "siete perros azules", "", nil); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := c.take(t.Context(), plan); err != nil {
			t.Fatal(err)
		}
		if who, err := access.Open(c.Data, access.Options{}).Login(t.Context(), "lucia", "siete perros azules", tel.DoorSerial, "ttyS1"); err != nil || who.Role != tel.Owner {
			t.Fatalf("%+v, %v", who, err)
		}
	}
}

// A file that is not right is told on the screen and stays a condition of the box.
func TestProvisionRefuses(t *testing.T) {
	boot, data := t.TempDir(), filepath.Join(t.TempDir(), "data")
	text := strings.Replace(fmt.Sprintf(minimal, "Norte"), "country: ES", "country: XX", 1) + cardFile
	if err := os.WriteFile(filepath.Join(boot, provision.FileName), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if code := Main([]string{"provision", "--boot", boot, "--data", data}, &out, &out); code != console.NotFine || !strings.Contains(out.String(), "centralita.yaml:1:") ||
		!strings.Contains(out.String(), "nothing of it was taken over") {
		t.Errorf("%d, %s", code, &out)
	}
	if _, err := os.Stat(filepath.Join(data, access.FileName)); !os.IsNotExist(err) {
		t.Errorf("there is an owner: %v", err)
	}
	h := &House{dir: data, log: slog.New(slog.DiscardHandler)}
	h.holdProvision(h.started)
	if a := h.register.Alarms(); len(a) != 1 || a[0].ID != "provision" {
		t.Errorf("%+v", a)
	}
}
