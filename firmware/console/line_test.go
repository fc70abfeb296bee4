package console

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
)

// lineman is a Lines that notes what it was asked.
type lineman struct {
	did  []string
	err  error
	exam *view.Exam
}

func (l *lineman) do(format string, args ...any) error {
	l.did = append(l.did, fmt.Sprintf(format, args...))
	return l.err
}

func (l *lineman) Test(_ context.Context, id tel.PortID) (*view.Exam, error) {
	return l.exam, l.do("test %s", id)
}
func (l *lineman) Apply(_ context.Context, id tel.PortID) error { return l.do("apply %s", id) }
func (l *lineman) Gain(_ context.Context, id tel.PortID, rx, tx int) error {
	return l.do("gain %s %d %d", id, rx, tx)
}
func (l *lineman) Impedance(_ context.Context, id tel.PortID, name string) error {
	return l.do("impedance %s %s", id, name)
}
func (l *lineman) Release(_ context.Context, id tel.PortID) error { return l.do("release %s", id) }
func (l *lineman) Capture(_ context.Context, id tel.PortID, d time.Duration) (string, error) {
	return "/data/capture/" + string(id) + ".wav", l.do("capture %s %s", id, d)
}
func (l *lineman) Profile(_ context.Context, id tel.PortID) (string, error) {
	return "{\n \"line\": \"" + string(id) + "\"\n}\n", l.do("profile %s", id)
}
func (l *lineman) ImportProfile(_ context.Context, id tel.PortID, text string) error {
	return l.do("import %s %s", id, text)
}
func (l *lineman) FreezeProfile(_ context.Context, id tel.PortID, on bool) error {
	return l.do("freeze %s %t", id, on)
}
func (l *lineman) ForgetProfile(_ context.Context, id tel.PortID) error {
	return l.do("forget %s", id)
}

// sickExam is a test that found a hum and a better impedance.
func sickExam(at time.Time) *view.Exam {
	return &view.Exam{
		At: at, Seconds: 17.2, Rank: "bad", VerdictES: "línea L2: zumbido de 50 Hz a −38 dBm0: busque un cable de corriente junto al par",
		VerdictEN: "line L2: hum 50 Hz at −38 dBm0: look for a power cable beside the pair",
		Findings: []view.ExamFinding{
			{ID: "battery", Rank: "ok", ES: "batería 48 V", EN: "battery 48 V"},
			{ID: "hum", Rank: "bad", ES: "zumbido de 50 Hz a −38 dBm0: busque un cable de corriente junto al par", EN: "hum 50 Hz at −38 dBm0: look for a power cable beside the pair"},
			{ID: "echo", Rank: "look", ES: "eco: atenuación de 8 dB a los 4 ms; lo quita el cancelador", EN: "echo: return loss 8 dB after 4 ms; the canceller takes it"},
		},
		AdviceES: "impedancia 270+750||150n (eco atenuado 19 dB en vez de 8)", AdviceEN: "impedance 270+750||150n (echo return loss 19 dB instead of 8)",
		DialTone: true, DialLevel: -10.2, DialHz: []float64{425}, DialPure: 0.993, Noise: -61, Hum: -38, HumHz: 50, ERL: 8.1, EchoMS: 4,
		Sweep: []view.ExamMatch{{Impedance: "600", ERL: 8.1}, {Impedance: "270+750||150n", ERL: 19}},
	}
}

func lineDeps(l *lineman, now time.Time) Deps {
	v := house(now)
	v.Lines[1].Exam = sickExam(now.Add(-time.Hour))
	v.Lines[1].Traits = &view.Learned{
		Calls: 12, Endings: []view.Ending{{Sign: "loop drop", Seen: 9}, {Sign: "strange tone", Seen: 3}}, Tones: []string{"440@-12 300/300"},
		CallerID: "v23", Ring: "1500/3000", LevelIn: -14.2, ERL: 11.5, GainIn: 1.5, Impedance: "600", LastNews: "caller id v23 instead of bell202",
	}
	d := deps(&hand{}, v)
	d.Lines = l
	return d
}

func TestGoldenLine(t *testing.T) {
	for _, cmd := range []string{"line L2", "line L2 test", "line L2 test --json", "line l1 capture 10s", "line L2 profile", "line L9", "line L1 sing", "line L1 gain 3"} {
		for _, lang := range []string{"es", "en"} {
			name := strings.NewReplacer(" ", "-", "--", "").Replace(cmd) + "." + lang
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					now := time.Now()
					var out strings.Builder
					code := New(lineDeps(&lineman{exam: sickExam(now)}, now)).Exec(t.Context(), append(strings.Fields(cmd), "--lang", lang), &out)
					golden(t, name, fmt.Sprintf("$ centralita %s --lang %s\n%s-> %d\n", cmd, lang, &out, code))
					seemly(t, out.String(), strings.Contains(cmd, "--json"))
				})
			})
		}
	}
}

func TestLinesAreAsked(t *testing.T) {
	l := &lineman{exam: &view.Exam{Rank: "ok"}}
	c := New(lineDeps(l, time.Now()))
	for _, args := range []string{"line L1 test", "line l1 apply", "line L1 gain 1.5 -3", "line L1 gain 0,5 -0.1", "line L1 impedance 600", "line L1 release",
		"line L1 capture", "line L1 capture 2m", "line L1 profile", "line L1 import {}", "line L1 freeze", "line L1 thaw", "line L1 forget"} {
		var out strings.Builder
		if code := c.Exec(t.Context(), strings.Fields(args), &out); code != Fine {
			t.Errorf("%s: %d %s", args, code, &out)
		}
	}
	want := "test L1|apply L1|gain L1 15 -30|gain L1 5 -1|impedance L1 600|release L1|capture L1 30s|capture L1 2m0s|profile L1|import L1 {}|freeze L1 true|freeze L1 false|forget L1"
	if got := strings.Join(l.did, "|"); got != want {
		t.Errorf("asked %s\nwant  %s", got, want)
	}
	for args, says := range map[string]string{"line L1 gain loud 3": "dB de -20 a 20", "line L1 gain nan 0": "dB de -20 a 20", "line L1 gain 1 inf": "dB de -20 a 20", "line L1 gain 30 0": "dB de -20 a 20", "line L1 capture 1h": "de 1s a 2m",
		"line L1 capture x": "de 1s a 2m", "line L1 test now": "se escribe: line L1 test"} {
		var out strings.Builder
		if code := c.Exec(t.Context(), strings.Fields(args), &out); code != Usage || !strings.Contains(out.String(), says) {
			t.Errorf("%s: %d %s", args, code, &out)
		}
	}
	l.err = errors.New("cannot test L1: it is talking")
	for _, args := range []string{"line L1 test", "line L1 apply", "line L1 capture", "line L1 profile", "line L1 import x", "line L1 forget"} {
		var out strings.Builder
		if code := c.Exec(t.Context(), strings.Fields(args), &out); code != NotFine || !strings.Contains(out.String(), "it is talking") {
			t.Errorf("%s: %d %s", args, code, &out)
		}
	}
}

// A profile is read by the one who asks: the daemon may not see his files.
func TestArgumentsFromFiles(t *testing.T) {
	file := filepath.Join(t.TempDir(), "L1.json")
	if err := os.WriteFile(file, []byte(`{"line":"L1"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := fromFiles([]string{"line", "L2", "import", "@" + file})
	if err != nil || got[3] != `{"line":"L1"}` {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := fromFiles([]string{"@" + file + ".gone"}); err == nil || !strings.Contains(err.Error(), "cannot read") {
		t.Errorf("a missing file: %v", err)
	}
	if err := os.WriteFile(file, make([]byte, maxArg+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := fromFiles([]string{"@" + file}); err == nil || !strings.Contains(err.Error(), "cannot send") {
		t.Errorf("a file that is too large: %v", err)
	}
}
