package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/board/models"
	"github.com/centralita/centralita/firmware/book"
	"github.com/centralita/centralita/firmware/config"
	"github.com/centralita/centralita/firmware/config/life"
	"github.com/centralita/centralita/firmware/durable"
	"github.com/centralita/centralita/firmware/tel"
)

// house builds the first house of a run, as houses does.
func (c *runCmd) house(t *testing.T, ctx context.Context, log *slog.Logger, stderr io.Writer) (*House, error) {
	t.Helper()
	l, err := life.Open(durable.Disk{}, c.Data, log)
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := c.adopt(l, log, stderr); err != nil {
		return nil, err
	}
	return c.open(ctx, l, log, stderr)
}

// owned is a house of c that ana owns.
func (c *runCmd) owned(t *testing.T, ctx context.Context) *House {
	t.Helper()
	h, err := c.house(t, ctx, slog.New(slog.DiscardHandler), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.doors.access.Own(ctx, "", "ana", "una frase bien larga", tel.DoorSerial, "ttyS1"); err != nil {
		t.Fatal(err)
	}
	return h
}

func TestTheFactoryDocumentIsFineOnEveryBoard(t *testing.T) {
	for model, want := range map[string]string{
		"": "pc", "linux,dummy-virt\x00": "qemu", "Raspberry Pi 4 Model B Rev 1.4\x00": "rpi4", "Raspberry Pi 3 Model B Plus\x00": "rpi3",
		"Raspberry Pi Compute Module 4 Rev 1.0\x00": "cm4", "Raspberry Pi Zero 2 W Rev 1.0\x00": "zero2w",
	} {
		if _, _, ok := models.Read(want); !ok {
			t.Errorf("there is no board %s", want)
		}
		cfg, problems := config.Parse("factory", factoryFor(model), nil)
		if len(problems) > 0 {
			t.Fatalf("%q: %v", model, problems)
		}
		if !bytes.Contains(factoryFor(model), []byte("model: "+want)) {
			t.Errorf("%q is not taken for %s", model, want)
		}
		if !cfg.Listen.SIP.Addr().IsLoopback() || !cfg.Listen.Web.Addr().IsLoopback() {
			t.Errorf("a box that nobody has set up listens at %v and %v", cfg.Listen.SIP, cfg.Listen.Web)
		}
	}
}

// minimal is an office that stands beside others.
const minimal = `site: {id: centro, name: %s, country: ES, timezone: Europe/Madrid}
listen: {sip: "127.0.0.1:0", web: "127.0.0.1:0"}
board: {kind: sim, fxo: 1, fxs: 1}
phones:
  - {ext: "101", socket: fxs1}
`

// runs plays starts of the program on one data folder.
type runs struct {
	t   *testing.T
	dir string
}

func (r runs) write(name string) string {
	path := filepath.Join(r.dir, "office.yaml")
	if err := os.WriteFile(path, fmt.Appendf(nil, minimal, name), 0o600); err != nil {
		r.t.Fatal(err)
	}
	return path
}

// start starts once and returns the site's name and the versions.
func (r runs) start(file string) (name string, x life.Index, told string) {
	r.t.Helper()
	var errs bytes.Buffer
	c := &runCmd{Config: file, Data: filepath.Join(r.dir, "data"), SIP: "127.0.0.1:0", Web: "127.0.0.1:0"}
	ctx, stop := context.WithCancel(r.t.Context())
	log := slog.New(slog.NewTextHandler(&errs, nil))
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		r.t.Fatal(err)
	}
	l, err := life.Open(durable.Disk{}, c.Data, log)
	if err == nil {
		err = c.adopt(l, log, &errs)
	}
	var h *House
	if err == nil {
		h, err = c.open(ctx, l, log, &errs)
	}
	if err != nil {
		r.t.Fatal(err, errs.String())
	}
	if err := h.Run(ctx, stop); err != nil {
		r.t.Error(err)
	}
	if err := l.Close(); err != nil {
		r.t.Error(err)
	}
	return h.cfg.Site.Name, l.Index(), errs.String()
}

// A file of the command line is taken over when it is not the one last taken; else
// the version that the box has kept stays.
func TestWhichConfigurationARunUses(t *testing.T) {
	r := runs{t, t.TempDir()}
	name, x, _ := r.start("")
	if name != "Centralita" || len(x.Versions) != 1 || x.Versions[0].From != "factory" {
		t.Fatalf("the first start works by %q, %+v", name, x)
	}
	file := r.write("Norte")
	if name, x, _ = r.start(file); name != "Norte" || x.Confirmed != 2 {
		t.Fatalf("a file: %q, %+v", name, x)
	}
	if name, x, _ = r.start(file); name != "Norte" || x.Confirmed != 2 {
		t.Fatalf("the same file again: %q, %+v", name, x)
	}
	if name, x, _ = r.start(""); name != "Norte" || x.Confirmed != 2 {
		t.Fatalf("without a file: %q, %+v", name, x)
	}
	r.write("Sur")
	if name, x, _ = r.start(file); name != "Sur" || x.Confirmed != 3 {
		t.Fatalf("the file changed: %q, %+v", name, x)
	}
	if err := os.WriteFile(file, []byte("site: {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	name, x, told := r.start(file)
	if name != "Sur" || x.Confirmed != 3 {
		t.Fatalf("the file broke: %q, %+v", name, x)
	}
	if !strings.Contains(told, "office.yaml:1:7") || !strings.Contains(told, "the configuration before stays") {
		t.Errorf("the broken file is not told of: %s", told)
	}
}

// A version that rotted on the disk is passed over for the one before it.
func TestADamagedVersionIsPassedOver(t *testing.T) {
	r := runs{t, t.TempDir()}
	r.start("")
	_, x, _ := r.start(r.write("Norte"))
	v, _ := x.Version(2)
	doc := filepath.Join(r.dir, "data", life.Folder, v.Digest+".yaml")
	if err := os.WriteFile(doc, []byte("site: {id: x}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	name, _, told := r.start("")
	if name != "Centralita" || !strings.Contains(told, "it is damaged") {
		t.Errorf("works by %q; told: %s", name, told)
	}
}

// A restart in the process: the second house stands where the first did, and the
// book goes on.
func TestTheHouseStartsAnewInTheProcess(t *testing.T) {
	r := runs{t, t.TempDir()}
	file := r.write("Norte")
	c := &runCmd{Config: file, Data: filepath.Join(r.dir, "data"), SIP: "127.0.0.1:0", Web: "127.0.0.1:0"}
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	var errs bytes.Buffer
	log := slog.New(slog.NewTextHandler(&errs, nil))
	h, err := c.house(t, ctx, log, &errs)
	if err != nil {
		t.Fatal(err)
	}
	err = h.Run(ctx, func() {
		go func() {
			if err := h.whenIdle(ctx, time.Minute); err != nil {
				t.Error(err)
			}
			h.startAnew("a test wants it")
		}()
	})
	again, ok := errors.AsType[*restart](err)
	if !ok || again.err != nil || again.why != "a test wants it" {
		t.Fatalf("the house ended with %v", err)
	}
	first := h.book.Boot()
	h2, err := c.open(ctx, h.life, log, &errs)
	if err != nil {
		t.Fatal(err)
	}
	if h2.book.Boot() != first+1 {
		t.Errorf("boot %d follows %d", h2.book.Boot(), first)
	}
	if err := h2.Run(ctx, stop); err != nil {
		t.Error(err)
	}
}

// offlineBook yields what the book of a folder holds, one line for each event.
func offlineBook(t *testing.T, dir string) func(func(string) bool) {
	t.Helper()
	return func(yield func(string) bool) {
		r, err := book.Read(dir)
		if err != nil {
			t.Fatal(err)
		}
		for line, err := range r.TailLines(t.Context(), 1000) {
			if err != nil {
				t.Fatal(err)
			}
			if !yield(string(line)) {
				break
			}
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestTheCardIsKnownByTheKernelsWords(t *testing.T) {
	file := filepath.Join(t.TempDir(), "cmdline")
	for text, want := range map[string]bool{
		"console=ttyAMA0 centralita.disk=/dev/vda centralita.slot=a\n": true, "centralita.slot=b": true,
		"quiet splash\n": false, "not.centralita.slot=a": false, "centralita.recovery=1": false,
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := startedFromCard(file); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
	if startedFromCard(file + "none") {
		t.Error("no file is a card")
	}
}

// A document that rots: the house works by the version before, and says so.
func TestARottenVersionGivesItsPlace(t *testing.T) {
	r := runs{t, t.TempDir()}
	r.start(r.write("Norte"))
	name, x, _ := r.start(r.write("Sur"))
	if name != "Sur" || x.Confirmed != 2 {
		t.Fatalf("it works by %q, version %d", name, x.Confirmed)
	}
	v, _ := x.Version(2)
	if err := os.WriteFile(filepath.Join(r.dir, "data", life.Folder, v.Digest+".yaml"), []byte("rotten"), 0o600); err != nil {
		t.Fatal(err)
	}
	name, x, _ = r.start("")
	if v, _ := x.Version(2); name != "Norte" || x.Confirmed != 1 || v.State != life.RolledBack || !strings.Contains(v.Why, "damaged") {
		t.Errorf("it works by %q and says version %d; 2 is %s: %s", name, x.Confirmed, v.State, v.Why)
	}
}
