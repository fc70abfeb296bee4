package rescue

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

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
		"start a\n":                   {"", "slots null|slots-well null|reboot"}, // it is the good one
		"start b\n":                   {"writing…", "slots null|slots-try {}|slots-well null|reboot"},
		"start b older\n":             {"writing…", `slots null|slots-try {"present":true}|slots-well null|reboot`},
		"start b now\n":               {"a o b", ""},
		"start c\n":                   {"a o b", ""},
		"usb\n":                       {"recovery> ", "slots-usb null"},
		"stage up.ctl usb\n":          {"b: 0.8 (8); start b", `slots-stage {"file":"up.ctl","usb":true}`},
		"stage up.ctl older\n":        {"b: 0.8 (8)", `slots-stage {"file":"up.ctl","present":true}`},
		"stage up.ctl now\n":          {`"now"?`, ""},
		"stage\n":                     {"which file?", ""},
		"factory-reset\nerase\n":      {"erased", "erase|slots-well null|reboot"},
		"factory-reset\nyes\n":        {"nothing was erased", ""},
		"reboot\n":                    {"", "slots-well null|reboot"},
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

// Nobody at the desk for ten minutes: the box restarts, whatever the line picks up
// meanwhile; orders, and only they, keep it.
func TestNobodyAtTheDesk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, line := io.Pipe()
		var out strings.Builder
		begin := time.Now()
		var reboots []time.Duration
		b := Box{Why: "x",
			Ask: func(context.Context, string, any, func(json.RawMessage), any) error {
				<-time.After(20 * time.Minute) // a slow card is no absence
				return nil
			},
			Erase: func() error { t.Error("erased"); return nil },
			Reboot: func() error {
				if reboots = append(reboots, time.Since(begin)); len(reboots) == 1 {
					return errors.New("the kernel does not want to")
				}
				return nil
			},
		}
		ended := make(chan error, 1)
		go func() { ended <- b.Serve(t.Context(), in, &out) }()
		say := func(after time.Duration, text string) {
			<-time.After(after)
			if _, err := io.WriteString(line, text); err != nil {
				t.Error(err)
			}
		}
		say(9*time.Minute, "usb\n")                  // works from 9 to 29 min
		say(29*time.Minute, "\n\x00garbage\r\xff\n") // at 38 min
		say(30*time.Second, "factory-reset\n")       // asks at 38.5 min
		if err := <-ended; err != nil {
			t.Error(err)
		}
		want := []time.Duration{48*time.Minute + 30*time.Second, 58*time.Minute + 30*time.Second}
		if !slices.Equal(reboots, want) {
			t.Errorf("restarted at %v, want %v", reboots, want)
		}
		if !strings.Contains(out.String(), "nobody here") || !strings.Contains(out.String(), "does not want to") {
			t.Errorf("%q", out.String())
		}
		if err := in.Close(); err != nil {
			t.Error(err)
		}
	})
}

func FuzzDesk(f *testing.F) {
	f.Add("slots\nstage a usb\nfactory-reset\nno\n")
	f.Fuzz(func(t *testing.T, typed string) {
		if _, done := talk(t, typed, nil); strings.Contains(strings.Join(done, "|"), "erase") && !strings.Contains(typed, EraseWord) {
			t.Errorf("%q erased", typed)
		}
	})
}
