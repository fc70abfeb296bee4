package main

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Tables of any order come out as row, goal, peers, ours, and misses are named.
func TestArrange(t *testing.T) {
	shown, missed := arrange("", "before\n| level | goal | ours | spandsp |\n|---|---|---|---|\n| SNR 4 dB | 99 % | 97 % ✗ | 16 % |\n| hum | 100 % | 100 % | 90 % ✗ |\nafter\n")
	const want = `before
| level    | goal  | spandsp | ours   |
| -------- | ----- | ------- | ------ |
| SNR 4 dB | 99 %  | 16 %    | 97 % ✗ |
| hum      | 100 % | 90 % ✗  | 100 %  |
after
`
	if shown != want {
		t.Errorf("got\n%s", shown)
	}
	if len(missed) != 1 || missed[0] != "SNR 4 dB: goal 99 %; spandsp 16 %; ours 97 % ✗" {
		t.Errorf("missed %q", missed)
	}
}

// Lists become tables, with the goals of figures.md; every number counts.
func TestJudge(t *testing.T) {
	shown, missed := arrange("plc", "300 s\n\nsingle losses: dB\n  ours     7.00 / 3.60\n  repeat   8.0 / 4.0\nbursts of 3: dB\n  ours     10.0 / 6.0 (-3.0)\n  repeat   11.0 / 7.0\nother\n")
	const want = `300 s

| measured          | goal        | repeat     | ours              |
| ----------------- | ----------- | ---------- | ----------------- |
| single losses: dB | ≤ 7.0 / 3.5 | 8.0 / 4.0  | 7.00 / 3.60 ✗     |
| bursts of 3: dB   | ≤ 11 / 7    | 11.0 / 7.0 | 10.0 / 6.0 (-3.0) |
other
`
	if shown != want {
		t.Errorf("got\n%s", shown)
	}
	if len(missed) != 1 || !strings.HasPrefix(missed[0], "single losses") {
		t.Errorf("missed %q", missed)
	}
	shown, missed = arrange("progress", "| told | of | ours |\n|---|---|---|\n| nominal | 78 | 78 |\n| nominal | 78 | 77 ES dial |\n\n| told after, ms | mean | worst | worst beyond two periods |\n|---|---|---|---|\n| dial | 800 | 1001 | 900 |\n| busy | 900 | 2000 | 20 |\n")
	if len(missed) != 2 || missed[0] != "nominal: goal ≥ 78; of 78; ours 77 ES dial ✗" ||
		missed[1] != "dial: goal worst ≤ 1000; mean 800; worst 1001 ✗; worst beyond two periods 900" {
		t.Errorf("missed %q in\n%s", missed, shown)
	}
	for _, c := range []struct {
		want, cell string
		ok         bool
	}{
		{"≤ 0.45 / 0.55 / 0.7 [0] ≥ 48", "0.34 / 0.40 / 0.45 [0] 52.6 (worst 0.38, 51.0)", true},
		{"≤ 0.45 / 0.55 / 0.7 [0] ≥ 48", "0.34 / 0.40 / 0.71 [0] 52.6", false},
		{"≤ 0.45 / 0.55 / 0.7 [0] ≥ 48", "0.34 / 0.40 / 0.45 [1] 52.6", false},
		{"≤ 0.45 / 0.55 / 0.7 [0] ≥ 48", "0.34 / 0.40 / 0.45 [0] 47.9", false},
		{"≥ 15 / 41", "15.0", false},
		{"≥ 15 / 41", "– / –", false},
		{"≥ 15 / 41", "-15 / 41", false},
		{"≤ 1", "+Inf", false},
	} {
		if reached(c.want, c.cell) != c.ok {
			t.Errorf("%q by %q is not %t", c.want, c.cell, c.ok)
		}
	}
}

// A cell of many words does not widen its column.
func TestArrangeLongCell(t *testing.T) {
	long := strings.Repeat("x", 200)
	shown, _ := arrange("", "| a | b |\n|---|---|\n| 1 | "+long+" |\n| 2 | y |\n")
	if want := "| a   | b   |\n| --- | --- |\n| 1   | " + long + " |\n| 2   | y   |\n"; shown != want {
		t.Errorf("got\n%s", shown)
	}
}

// What is no table stays; a table of odd rows is drawn all the same.
func TestArrangeOddText(t *testing.T) {
	for _, text := range []string{"", "a | b\n", "|\n", "| a", "no newline"} {
		if shown, missed := arrange("", text); text != "| a" && shown != text || len(missed) != 0 {
			t.Errorf("%q became %q, %v", text, shown, missed)
		}
	}
	shown, _ := arrange("", "| a | goal | ours |\n|---|---|---|\n| x |\n| y | 1 | 2 | 3 | 4 |\n")
	if strings.Count(shown, "\n") != 4 || !strings.Contains(shown, "4") {
		t.Errorf("got\n%s", shown)
	}
}

// Every part has its program, and a part can be chosen by its name.
func TestParts(t *testing.T) {
	for _, p := range parts {
		if p.dir == "" && p.measure == nil {
			t.Errorf("%s is not measured", p.name)
		}
		if _, err := os.Stat(p.dir); p.dir != "" && err != nil {
			t.Errorf("%s: %v", p.name, err)
		}
	}
	if got, err := choose("g711,dtmf"); err != nil || len(got) != 2 || got[0].name != "g711" {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := choose("jazz"); err == nil || !strings.Contains(err.Error(), "there are dtmf,") {
		t.Error(err)
	}
}

func TestPeersSayWhatIsMissing(t *testing.T) {
	p := peerProgram{name: "a peer", program: "no-such-program", pack: "its-package"}
	if s := p.state(); !strings.Contains(s, "a peer: not installed") || !strings.Contains(s, "apt-get install -y --no-install-recommends its-package") {
		t.Error(s)
	}
	if s := (peerProgram{name: "go", program: "go"}).state(); s != "go: installed" {
		t.Error(s)
	}
}

// The C table is of the kind the compiler takes; without a compiler it says so.
func TestTableCost(t *testing.T) {
	there, back, err := tableCost(t.TempDir())
	if _, missing := exec.LookPath("cc"); missing != nil {
		if !errors.Is(err, exec.ErrNotFound) || there != "–" {
			t.Errorf("without a compiler: %s %s %v", there, back, err)
		}
		return
	}
	if err != nil || there == "" || back == "" {
		t.Errorf("%s %s %v", there, back, err)
	}
}
