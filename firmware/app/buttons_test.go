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
	"reflect"
	"strings"
	"testing"

	"github.com/centralita/centralita/firmware/update/slotwire"
	"github.com/centralita/centralita/firmware/view"
	"github.com/centralita/centralita/hal/button"
)

// Only a box that starts is erased by a button: not by one that was down already when the
// program began anew within itself, whatever the finger did before.
func TestWhatAButtonTells(t *testing.T) {
	for _, c := range []struct {
		does   string
		e      button.Event
		starts string // what it tells in a box that starts; empty: nothing to hold
		anew   string // and in a house after another one
	}{
		{"ok", button.Event{Kind: button.Pressed, AtOpen: true}, "button 0 down for erase", "button 0 up"},
		{"ok", button.Event{Kind: button.Released, AtOpen: true}, "button 0 up", "button 0 up"},
		{"ok", button.Event{Kind: button.Pressed}, "", ""},
		{"ok", button.Event{Kind: button.Held}, "", ""},
		{"reset", button.Event{Kind: button.Pressed, AtOpen: true}, "button 0 down for erase", "button 0 up"},
		{"reset", button.Event{Kind: button.Pressed}, "button 0 down for erase late", "button 0 down for erase late"},
		{"reset", button.Event{Kind: button.Released}, "button 0 up", "button 0 up"},
		{"restart", button.Event{Kind: button.Pressed}, "button 0 down for restart", "button 0 down for restart"},
		{"restart", button.Event{Kind: button.Held}, "timed out", "timed out"},
		{"restart", button.Event{Kind: button.Pressed, AtOpen: true}, "button 0 up", "button 0 up"},
		{"night", button.Event{Kind: button.Pressed, AtOpen: true}, "", ""},
	} {
		for _, follows := range []bool{false, true} {
			h := &House{follows: follows, order: newOrder()}
			h.real.does = []string{c.does}
			got, want := "", c.starts
			if follows {
				want = c.anew
			}
			if ev := h.event(c.e); ev != nil {
				got = ev.String()
			}
			if got != want {
				t.Errorf("%s, %s, after another house %t: %q, want %q", c.does, c.e, follows, got, want)
			}
		}
	}
}

// Before it runs the house shows how far its start has come.
func TestTheStartIsShown(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "office.yaml")
	doc := strings.Replace(fmt.Sprintf(minimal, "Centro"), "fxs: 1}", "fxs: 1, modems: [{name: modem1, device: /dev/nowhere}]}", 1) + `lines:
  - {id: L1, socket: fxo1, number: "910000001", flow: main}
  - {id: L2, socket: modem1, number: "910000002", flow: main}
flows:
  - {name: main, start: fin, nodes: {fin: {hangup: true}}}
`
	if err := os.WriteFile(file, []byte(doc), 0o600); err != nil {
		t.Fatal(err)
	}
	var errs bytes.Buffer
	h, err := (&runCmd{Config: file, Data: filepath.Join(dir, "data"), SIP: "127.0.0.1:0", Web: "127.0.0.1:0", Keeper: "none"}).house(t, t.Context(), slog.New(slog.DiscardHandler), io.MultiWriter(&errs))
	if err != nil {
		t.Fatal(err, &errs)
	}
	shown := h.front.Rows()
	if text := strings.Join(shown[:], "|"); !strings.HasPrefix(text, "Centralita ") || !strings.Contains(text, "Arrancando...") || !strings.Contains(text, "Libro: sin huecos   ") || !strings.Contains(text, "Lineas: 1 de 2") {
		t.Errorf("the front shows %q", text)
	}
	ctx, stop := context.WithCancel(t.Context())
	if err := h.Run(ctx, stop); err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if shown := h.front.Rows(); strings.Contains(strings.Join(shown[:], "|"), "Arrancando") {
		t.Errorf("after the start the front shows %q", shown)
	}
}

func TestWhatIsShownOfAnUpdate(t *testing.T) {
	for _, c := range []struct {
		d       slotwire.Doing
		version string
		want    *view.Update
	}{
		{slotwire.Doing{}, "", nil},
		{slotwire.Doing{What: "commit"}, "", nil},
		{slotwire.Doing{What: "stage"}, "", &view.Update{Percent: -1}},
		{slotwire.Doing{What: "stage", Progress: slotwire.Progress{Step: slotwire.Writing, Done: 57, Of: 100}}, "", &view.Update{Step: "writing", Percent: 57}},
		{slotwire.Doing{What: "start", Progress: slotwire.Progress{Step: slotwire.Verifying, Done: 1 << 40, Of: 1 << 40}}, "0.9.5", &view.Update{Version: "0.9.5", Step: "verifying", Percent: 100}},
	} {
		if got := seeUpdate(c.d, c.version); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%+v is shown as %+v, want %+v", c.d, got, c.want)
		}
	}
}
