package rescue

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/centralita/centralita/firmware/update/slotwire"
)

// talk types lines at a desk over slots as they are, and returns what was said and done.
func talk(t *testing.T, typed string, fail error) (said string, done []string) {
	t.Helper()
	b := Box{Why: "no slot could be booted\x1b[2J",
		Ask: func(_ context.Context, name string, ask any, progress func(json.RawMessage), reply any) error {
			text, err := json.Marshal(ask)
			if err != nil {
				t.Fatal(err)
			}
			done = append(done, name+" "+string(text))
			if progress != nil {
				progress(json.RawMessage(`{"step":"writing","done":1}`))
				progress(json.RawMessage(`{"step":"writing","done":2}`))
			}
			var got any
			switch name {
			case slotwire.Slots:
				got = slotwire.State{Good: "a", A: slotwire.Slot{Number: 7, Version: "0.7"}, Why: "b/ended"}
			case slotwire.Stage:
				if fail != nil {
					return fail
				}
				got = slotwire.Result{Slot: "b", Held: slotwire.Slot{Number: 8, Version: "0.8"}}
			case slotwire.USB:
				got = []slotwire.Found{{File: "x\x07.ctl"}}
			}
			if reply == nil {
				return nil
			}
			if text, err = json.Marshal(got); err != nil {
				t.Fatal(err)
			}
			return json.Unmarshal(text, reply)
		},
		Erase:  func() error { done = append(done, "erase"); return nil },
		Reboot: func() error { done = append(done, "reboot"); return nil },
	}
	var out strings.Builder
	if err := b.Serve(context.Background(), strings.NewReader(typed), &out); !errors.Is(err, io.EOF) {
		t.Errorf("%v", err)
	}
	if strings.ContainsAny(out.String(), "\x1b\x07") {
		t.Errorf("a terminal's escapes come through: %q", out.String())
	}
	return out.String(), done
}

func TestDesk(t *testing.T) {
	for typed, want := range map[string]struct{ said, done string }{
		"slots\r\n":                   {"a  0.7 (7), buena / good", "slots null"},
		"start a\n":                   {"", "slots null|reboot"}, // it is the good one
		"start b\n":                   {"writing…", "slots null|slots-try null|reboot"},
		"start c\n":                   {"a o b", ""},
		"usb\n":                       {"recovery> ", "slots-usb null"},
		"stage up.ctl usb\n":          {"b: 0.8 (8); start b", `slots-stage {"file":"up.ctl","usb":true}`},
		"stage up.ctl older\n":        {"b: 0.8 (8)", `slots-stage {"file":"up.ctl","present":true}`},
		"stage up.ctl now\n":          {`"now"?`, ""},
		"stage\n":                     {"which file?", ""},
		"factory-reset\nerase\n":      {"erased", "erase|reboot"},
		"factory-reset\nyes\n":        {"nothing was erased", ""},
		"reboot\n":                    {"", "reboot"},
		"sh\n/bin/sh\n":               {"factory-reset", ""},
		"slox\x7fts\n":                {"0.7 (7)", "slots null"},
		"\x00\xff\x1b[A\x03slots\r\n": {"factory-reset", ""}, // "[Aslots": no word of ours
		strings.Repeat("x", 100000):   {"recovery> ", ""},
	} {
		said, done := talk(t, typed, nil)
		if !strings.Contains(said, want.said) || strings.Join(done, "|") != want.done {
			t.Errorf("%.40q: did %q, said %q", typed, done, said)
		}
	}
	if said, _ := talk(t, "stage x usb\n", errors.New("the signature does not fit")); !strings.Contains(said, "the signature does not fit") {
		t.Errorf("%q", said)
	}
	if said, _ := talk(t, "stage x usb\n", nil); strings.Count(said, "writing") != 1 {
		t.Errorf("a step is told more than once: %q", said)
	}
}

func FuzzDesk(f *testing.F) {
	f.Add("slots\nstage a usb\nfactory-reset\nno\n")
	f.Fuzz(func(t *testing.T, typed string) {
		if _, done := talk(t, typed, nil); strings.Contains(strings.Join(done, "|"), "erase") && !strings.Contains(typed, EraseWord) {
			t.Errorf("%q erased", typed)
		}
	})
}
