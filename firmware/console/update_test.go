package console

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/update/ctl"
	"github.com/centralita/centralita/firmware/update/slotwire"
)

// updatesFake answers what it is given and remembers what it was asked.
type updatesFake struct {
	st    slotwire.Status
	err   error
	asked []string
}

func (f *updatesFake) ask(s string) { f.asked = append(f.asked, s) }

func (f *updatesFake) Status(context.Context) (slotwire.Status, error) { return f.st, f.err }
func (f *updatesFake) Found(context.Context) ([]slotwire.Found, error) {
	return []slotwire.Found{{File: "x.ctl", News: &ctl.Manifest{Version: "0.9.5", Number: 5, Board: "rpi4"}},
		{File: "y.ctl", Refused: &ctl.Refusal{Code: ctl.UnknownKey, ES: "clave desconocida", EN: "unknown key"}}}, f.err
}

func (f *updatesFake) Stage(_ context.Context, who tel.Who, source string, present bool, progress func(slotwire.Progress)) (slotwire.Result, error) {
	f.ask("stage " + source + map[bool]string{true: " present"}[present])
	for done := int64(0); done <= 100<<20; done += 1 << 20 {
		progress(slotwire.Progress{Step: slotwire.Writing, Done: done, Of: 100 << 20})
	}
	return slotwire.Result{Slot: "b", Held: slotwire.Slot{Number: 5, Version: "0.9.5"}}, f.err
}

func (f *updatesFake) Start(_ context.Context, _ tel.Who, present bool) (slotwire.Result, error) {
	f.ask("start" + map[bool]string{true: " present"}[present])
	return slotwire.Result{Slot: "b", Held: slotwire.Slot{Number: 5, Version: "0.9.5"}}, f.err
}

func (f *updatesFake) Commit(context.Context, tel.Who) (slotwire.State, error) {
	f.ask("commit")
	return f.st.Slots, f.err
}

func (f *updatesFake) Rollback(_ context.Context, _ tel.Who, present bool) (slotwire.Result, error) {
	f.ask("rollback" + map[bool]string{true: " present"}[present])
	return slotwire.Result{Slot: "a", Held: slotwire.Slot{Number: 4, Version: "0.9.4"}}, f.err
}

func (f *updatesFake) Postpone(_ tel.Who, days int) error {
	f.ask("postpone " + string(rune('0'+days)))
	return f.err
}

// typed is what is answered to somebody at a door, in a language.
func (f *updatesFake) typed(t *testing.T, via tel.Door, lang tel.Lang, words ...string) (string, int) {
	t.Helper()
	var out bytes.Buffer
	c := New(Deps{Updates: f, Lang: lang, Location: time.UTC})
	code := c.ExecAs(t.Context(), tel.Who{Name: "ana", Role: tel.Owner, Via: via}, words, &out)
	return out.String(), code
}

func anUpdate() *updatesFake {
	return &updatesFake{st: slotwire.Status{
		Slots: slotwire.State{Board: "rpi4", Boot: 1, Running: "a", Good: "a", Floor: 3, Keys: 2, Threshold: 1,
			A: slotwire.Slot{Number: 4, Version: "0.9.4"}, B: slotwire.Slot{Number: 5, Version: "0.9.5"}},
		Auto: true, URL: "https://u.example/{board}.ctl", Ring: "early", Why: "it waits for 02:00",
		Notices: []slotwire.Notice{{ID: "update.fell", ES: "Volvió a 0.9.4", EN: "Back to 0.9.4", HintES: "La 0.9.5 no dio señales en 5 min.", HintEN: "0.9.5 gave no sign in 5 min."}},
	}}
}

func TestUpdateIsShown(t *testing.T) {
	for lang, want := range map[tel.Lang][]string{
		tel.Spanish: {"funciona      0.9.4 (4), ranura a", "en la otra    0.9.5 (5)", "anillo early", "porque        espera a las 02:00", "! Volvió a 0.9.4. La 0.9.5 no dio señales en 5 min."},
		tel.English: {"runs          0.9.4 (4), slot a", "ring early", "because       it waits for 02:00", "! Back to 0.9.4. 0.9.5 gave no sign in 5 min."},
	} {
		out, code := anUpdate().typed(t, tel.DoorSocket, lang, "update", "status")
		for _, w := range want {
			if code != Fine || !strings.Contains(out, w) {
				t.Errorf("%d, want %q in\n%s", code, w, out)
			}
		}
	}
	out, _ := anUpdate().typed(t, tel.DoorSocket, tel.English, "update", "slots")
	for _, w := range []string{"a  0.9.4 (4)                  runs, good", "b  0.9.5 (5)\n", "none below 3", "2; 1 must sign"} {
		if !strings.Contains(out, w) {
			t.Errorf("want %q in\n%s", w, out)
		}
	}
	out, _ = anUpdate().typed(t, tel.DoorSocket, tel.Spanish, "update", "usb")
	if !strings.Contains(out, "0.9.5 (5) rpi4") || !strings.Contains(out, "clave desconocida") {
		t.Error(out)
	}
	for _, words := range []string{"status", "slots", "usb", "stage x", "start", "commit", "rollback", "postpone 2"} {
		out, code := anUpdate().typed(t, tel.DoorSocket, tel.Spanish, append([]string{"update", "--json"}, strings.Fields(words)...)...)
		var v any
		if err := json.Unmarshal([]byte(out), &v); err != nil || code != Fine {
			t.Errorf("update %s --json: %d, %v: %s", words, code, err, out)
		}
	}
}

func TestUpdateIsOrdered(t *testing.T) {
	f := anUpdate()
	for _, c := range []struct {
		via        tel.Door
		words, out string
	}{
		{tel.DoorSocket, "stage https://u.example/x.ctl", "escribe 50 %, 50/100 MiB"},
		{tel.DoorSerial, "stage usb", "escrita y releída: 0.9.5 (5), ranura b"},
		{tel.DoorSerial, "stage usb older", "escrita y releída: 0.9.5 (5), ranura b"},
		{tel.DoorSocket, "start", "si falla, vuelve sola"},
		{tel.DoorSerial, "start older", "si falla, vuelve sola"},
		{tel.DoorSocket, "commit", "queda: 0.9.4 (4), ranura a; ninguna por debajo de 3 se acepta ya"},
		{tel.DoorSerial, "rollback older", "vuelve a: 0.9.4 (4), ranura a"},
		{tel.DoorSocket, "postpone 7", "ninguna arranca por sí sola en 7 días"},
	} {
		out, code := f.typed(t, c.via, tel.Spanish, append([]string{"update"}, strings.Fields(c.words)...)...)
		if flat := strings.Join(strings.Fields(out), " "); code != Fine || !strings.Contains(flat, c.out) {
			t.Errorf("update %s: %d, %q is not in\n%s", c.words, code, c.out, out)
		}
	}
	if got := strings.Join(f.asked, ", "); got != "stage https://u.example/x.ctl, stage usb, stage usb present, start, start present, commit, rollback present, postpone 7" {
		t.Error(got)
	}
	if out, _ := f.typed(t, tel.DoorSocket, tel.English, "update", "stage", "x"); strings.Count(out, "\n") > 13 {
		t.Errorf("too much progress:\n%s", out)
	}
}

func TestUpdateIsRefused(t *testing.T) {
	f := anUpdate()
	f.err = &ctl.Refusal{Code: ctl.Expired, ES: "venció el 2026-01-01", EN: "it expired on 2026-01-01"}
	for _, words := range []string{"status", "slots", "usb", "stage x", "start", "commit", "rollback", "postpone 1"} {
		if out, code := f.typed(t, tel.DoorSocket, tel.Spanish, append([]string{"update"}, strings.Fields(words)...)...); code != NotFine || !strings.Contains(out, "venció el 2026-01-01") {
			t.Errorf("update %s: %d, %s", words, code, out)
		}
	}
	f.err = errors.New("cannot start slot b: it is empty; hint: update stage fills it")
	if out, _ := f.typed(t, tel.DoorSocket, tel.Spanish, "update", "start"); !strings.Contains(out, "no se puede arrancar la ranura b: está vacía") {
		t.Error(out)
	}
	f.err, f.asked = nil, nil
	for words, via := range map[string]tel.Door{"stage x older": tel.DoorSocket, "start older": tel.DoorSSH, "rollback older": tel.DoorSocket, "start old": tel.DoorSerial} {
		if out, code := f.typed(t, via, tel.English, append([]string{"update"}, strings.Fields(words)...)...); code != Usage || f.asked != nil {
			t.Errorf("update %s by %s: %d, %v, %s", words, via, code, f.asked, out)
		}
	}
	for _, days := range []string{"-1", "366", "x"} {
		if out, code := f.typed(t, tel.DoorSocket, tel.English, "update", "postpone", days); code != Usage {
			t.Errorf("postpone %s: %d, %s", days, code, out)
		}
	}
}
