package app

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/dsp/noise"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/wav"
	"github.com/centralita/centralita/firmware/media/portleg"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/hal/port"
	"github.com/centralita/centralita/hal/port/porttest"
)

// hissing runs a recorder over one hissing line, with its log.
func hissing(t *testing.T, dir string) (*recorder, *bytes.Buffer) {
	t.Helper()
	fake := porttest.NewFake(port.Info{Name: "fxo1", Kind: port.FXO, Caps: port.Caps{OnHookAudio: true}})
	pump, err := portleg.New(portleg.Config{Port: fake})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{}, 2)
	go func() { pump.Run(ctx); done <- struct{}{} }()
	go func() {
		hiss := noise.New(-30, 1)
		for ctx.Err() == nil {
			var f pcm.Frame
			hiss.Fill(&f)
			fake.Say(&f)
			<-time.After(20 * time.Millisecond)
		}
		done <- struct{}{}
	}()
	t.Cleanup(func() { cancel(); <-done; <-done })
	var log bytes.Buffer
	return newRecorder(dir, map[tel.PortID]*portleg.Pump{"L1": pump}, slog.New(slog.NewTextHandler(&log, nil))), &log
}

func TestABlackBoxHoldsTheLastHalfMinuteAndOnlyTheNewestAreKept(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		r, log := hissing(t, dir)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() {
			if err := r.run(ctx); err != nil {
				t.Error(err)
			}
		}()
		<-time.After(40 * time.Second)
		for range keptFiles + 3 {
			r.SaveBlackBox("L1", "no dial tone")
			r.SaveBlackBox("L1", "again") // has the same sound
			<-time.After(boxEvery)
			synctest.Wait()
		}
		files, err := filepath.Glob(filepath.Join(dir, "blackbox", "L1-*.wav"))
		if err != nil || len(files) != keptFiles {
			t.Fatalf("%d files: %v\n%s", len(files), err, log)
		}
		raw, err := os.ReadFile(files[0])
		if err != nil {
			t.Fatal(err)
		}
		a, err := wav.ParseAny(raw)
		if err != nil || a.Channels != 2 || a.Len() != 2*30*pcm.Rate {
			t.Fatalf("%d channels, %d samples: %v", a.Channels, a.Len(), err)
		}
		var in []int16
		for i, s := range a.Decode() {
			if i%2 == 0 {
				in = append(in, s)
			}
		}
		if l := pcm.Level(in); l < -31 || l > -29 {
			t.Errorf("the line is at %.1f dBm0, it hisses at −30", l)
		}
		if !bytes.Contains(raw, []byte("L1: no dial tone")) {
			t.Error("the file does not say why it was kept")
		}
	})
}

func TestWhatCannotBeKeptIsToldAndWhatIsThereStays(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "blackbox"), []byte("no folder"), 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		r, log := hissing(t, dir)
		<-time.After(time.Second)
		r.save(anomaly{"L1", "lost battery"}, time.Now())
		if !strings.Contains(log.String(), "cannot keep sound") || !strings.Contains(log.String(), "lost battery") {
			t.Errorf("the log says %q", log)
		}
		r.save(anomaly{"L9", "no such line"}, time.Now())
		for range cap(r.asked) + 1 {
			r.SaveBlackBox("L1", "storm")
		}
		if !strings.Contains(log.String(), "too many at once") {
			t.Errorf("the log says %q", log)
		}
	})
}

func TestACaptureIsTheTimeThatWasAskedFor(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		r, _ := hissing(t, dir)
		file, err := r.captureFile(t.Context(), "L1", 2*time.Second)
		if err != nil || filepath.Dir(file) != filepath.Join(dir, "captures") {
			t.Fatalf("%s: %v", file, err)
		}
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if a, err := wav.ParseAny(raw); err != nil || a.Len() != 2*2*pcm.Rate {
			t.Errorf("%d samples: %v", a.Len(), err)
		}
		if _, err := r.captureFile(t.Context(), "L9", time.Second); err == nil || !strings.Contains(err.Error(), "L9") {
			t.Errorf("a line that there is not: %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := r.captureFile(ctx, "L1", time.Second); !errors.Is(err, context.Canceled) {
			t.Errorf("given up: %v", err)
		}
	})
}

func TestAKeptFileIsKeptThoughAnOldOneCannotGo(t *testing.T) {
	dir := t.TempDir()
	stuck := filepath.Join(dir, captureFolder, "stuck.new")
	if err := os.MkdirAll(filepath.Join(stuck, "full"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(stuck, time.Time{}, time.Unix(0, 0)); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		r, log := hissing(t, dir)
		file, err := r.captureFile(t.Context(), "L1", time.Second)
		if err != nil || file == "" || !strings.Contains(log.String(), "cannot remove old sound") {
			t.Errorf("%q, %v, log %s", file, err, log)
		}
	})
}

func TestAPortsNameIsHarmlessInAFilesName(t *testing.T) {
	if got := fileName("../ñ/L-1"); got != "_____L-1" {
		t.Errorf("it is %q", got)
	}
}
