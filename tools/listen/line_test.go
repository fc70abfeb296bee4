package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/centralita/centralita/dsp/cid"
	"github.com/centralita/centralita/dsp/dtmf"
	"github.com/centralita/centralita/dsp/fsk"
	"github.com/centralita/centralita/dsp/noise"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/tone/plan"
)

// sendMessage returns a message as an exchange sends it, and its bytes.
func sendMessage(t *testing.T, mode fsk.Mode, i cid.Info) ([]int16, []byte) {
	t.Helper()
	raw, err := cid.Encode(i)
	must(t, err)
	var m fsk.Modulator
	m.Start(append(raw, cid.Checksum(raw)), fsk.Sending{Mode: mode, Seizure: 300, Mark: 180, Tail: 8})
	x := make([]int16, m.Samples())
	m.FillSamples(x)
	return x, raw
}

func TestCID(t *testing.T) {
	info := cid.Info{Number: "600123456", Name: "José Núñez", Date: cid.Date{Month: 5, Day: 11, Hour: 14, Minute: 30}}
	for _, c := range []struct {
		mode       fsk.Mode
		word, name string
	}{{fsk.Bell202, "bell202", "Bell 202"}, {fsk.V23, "v23", "V.23"}} {
		sent, raw := sendMessage(t, c.mode, info)
		file := record(t, "cid.wav", quiet(700), sent)
		begins := int64(700 + (300+180)*1000/1200)
		for _, standard := range []string{"any", c.word} {
			out := hears(t, "cid", "--standard", standard, file)
			heard(t, out, anyTime+` [0-9A-F]{2}([0-9A-F]{2})+`)
			f := strings.Fields(out)
			if len(f) != 2 || f[1] != fmt.Sprintf("%X", raw) {
				t.Fatalf("%s by %s: got %q, want %X", c.word, standard, out, raw)
			}
			if off := at(t, f[0]) - begins; off < -5 || off > 5 {
				t.Errorf("%s begins at %s, want %d ms", c.word, f[0], begins)
			}
		}
		if out := hears(t, "cid", "--standard", "dtmf", file); out != "" {
			t.Errorf("%s as dtmf: %q", c.word, out)
		}
		out := hears(t, "cid", "--text", file)
		heard(t, out, anyTime+` `+regexp.QuoteMeta(c.name+`: call, number "600123456", name "José Núñez", date 05-11 14:30`))
		if !strings.Contains(hears(t, "all", file), " cid "+fmt.Sprintf("%X", raw)+" "+c.name+": call, number") {
			t.Error("listen all does not tell the message")
		}
	}
}

// EN 300 659-1 annex B: keys, printed as they are sent.
func TestCIDByKeys(t *testing.T) {
	keys, err := cid.Keys(cid.Info{Number: "912345678"}, 'C')
	must(t, err)
	spec, err := dtmf.Spec(keys, dtmf.Sending{OnMs: 70, OffMs: 70, Low: -9, High: -7})
	must(t, err)
	n, _ := spec.Samples()
	file := record(t, "keys.raw", quiet(400), play(n*1000/pcm.Rate, spec))
	if out := hears(t, "cid", file); !strings.HasSuffix(out, fmt.Sprintf(" %X\n", keys)) {
		t.Errorf("got %q, want %X", out, keys)
	}
	heard(t, hears(t, "cid", "--text", "--standard=dtmf", file), `0\.40\d DTMF: number "912345678"`)
	if out := hears(t, "cid", "--standard", "v23", file); out != "" {
		t.Errorf("as V.23: %q", out)
	}
}

// What a caller's name holds cannot reach the terminal as it is.
func TestCIDTextIsHarmless(t *testing.T) {
	sent, _ := sendMessage(t, fsk.Bell202, cid.Info{Name: "a\x1b[2Jb", NoNumber: cid.Private})
	out := hears(t, "cid", "--text", record(t, "cid.wav", quiet(300), sent))
	if strings.ContainsRune(out, 0x1b) || !strings.Contains(out, `\x1b[2J`) || !strings.Contains(out, "no number (private)") {
		t.Errorf("got %q", out)
	}
}

// A line with an ERL of 10.5 dB whose echo comes after 5 ms.
func echoes() (far, near []int16) {
	const late, seconds = 40, 4
	hiss := noise.New(-12, 1)
	line := noise.New(-65, 2)
	for range seconds * pcm.Rate / pcm.FrameLen {
		var f, n pcm.Frame
		hiss.Fill(&f)
		line.Fill(&n)
		far, near = append(far, f[:]...), append(near, n[:]...)
	}
	for i := late; i < len(near); i++ {
		near[i] += int16(float64(far[i-late]) * 0.3)
	}
	return far[:len(far)-50], near[:len(near)-50]
}

func TestEcho(t *testing.T) {
	far, near := echoes()
	f, n := record(t, "far.wav", far), record(t, "near.raw", near)
	var quietest float64
	for _, c := range []struct {
		args []string
		most float64 // dBm0 left in the last second
	}{{[]string{"--no-suppressor"}, -45}, {nil, -45}} {
		file := filepath.Join(t.TempDir(), "out.wav")
		out := hears(t, append(append([]string{"echo", "--tail", "32"}, c.args...), f, n, file)...)
		m := regexp.MustCompile(`^ERL (\d+\.\d) dB, ERLE (\d+\.\d) dB, delay (\d+\.\d) ms\n$`).FindStringSubmatch(out)
		if m == nil {
			t.Fatalf("got %q", out)
		}
		for i, want := range [][2]float64{{9.5, 11.5}, {25, 80}, {4.8, 5.3}} {
			if v, _ := strconv.ParseFloat(m[i+1], 64); v < want[0] || v > want[1] {
				t.Errorf("%v: got %q", c.args, out)
			}
		}
		x, err := load(file, 0)
		must(t, err)
		if len(x) != len(near) {
			t.Errorf("%d samples of %d", len(x), len(near))
		}
		l := pcm.Level(x[len(x)-pcm.Rate:])
		if l > c.most || l == quietest {
			t.Errorf("%v: %.1f dBm0 are left; as with the suppressor's other state: %t", c.args, l, l == quietest)
		}
		quietest = l
	}
}

// A lone near talker is not touched; nothing is known of the line then.
func TestEchoOfNothing(t *testing.T) {
	_, near := echoes()
	file := filepath.Join(t.TempDir(), "out.raw")
	out, notes, code := listen("echo", "--tail", "17", record(t, "far.wav", quiet(100)), record(t, "near.wav", near), file)
	if code != 0 || out != "ERL unknown, ERLE unknown, delay unknown\n" || !strings.Contains(notes, "lasts 0.100 s") {
		t.Errorf("code %d, %q %q", code, out, notes)
	}
	x, err := load(file, 0)
	must(t, err)
	for i := range x {
		if x[i] != near[i] {
			t.Fatalf("sample %d is %d, was %d", i, x[i], near[i])
		}
	}
}

func TestEchoMistakes(t *testing.T) {
	file := record(t, "a.wav", quiet(100))
	for _, ms := range []string{"0", "129", "x", "16ms", ""} {
		if out, problems, code := listen("echo", "--tail", ms, file, file, filepath.Join(t.TempDir(), "o.wav")); code != 2 || out != "" || !strings.Contains(problems, "16, 32, 64 or 128") {
			t.Errorf("tail %q: code %d, %q", ms, code, problems)
		}
	}
	if _, _, code := listen("echo", file, file, file); code != 2 {
		t.Errorf("without a tail: code %d", code)
	}
	missing := filepath.Join(t.TempDir(), "missing.wav")
	for _, args := range [][]string{{missing, file}, {file, missing}} {
		out, problems, code := listen("echo", "--tail=16", args[0], args[1], filepath.Join(t.TempDir(), "o.wav"))
		if code != 1 || out != "" || problems != "cannot read "+missing+": no such file or directory\n" {
			t.Errorf("%v: code %d, %q", args, code, problems)
		}
	}
	if out, problems, code := listen("echo", "--tail=16", file, file, "/nowhere/o.wav"); code != 1 || out != "" || !strings.HasPrefix(problems, "cannot write /nowhere/o.wav: ") {
		t.Errorf("code %d, %q %q", code, out, problems)
	}
	if _, err := os.Stat(missing); err == nil {
		t.Error("a file was made")
	}
}

// Special information tone, and the tone of the number that is not there (GB).
func TestTonesOfRefusal(t *testing.T) {
	for country, k := range map[string]plan.Kind{"ES": plan.Info, "US": plan.Info, "UK": plan.Unobtainable} {
		p, _ := plan.For(country)
		if !p.Signal(k).Known() {
			t.Fatalf("%s has no %v", country, k)
		}
		file := record(t, "no.wav", quiet(500), play(6000, p.Signal(k).Spec()), quiet(3000))
		out := strings.Fields(hears(t, "tones", "--country", country, file))
		if len(out) != 4 || out[1] != k.String() || out[3] != "-" {
			t.Errorf("%s: %q, want %v", country, out, k)
		}
	}
}

// A plan from a file, as a line behind an adapter has it.
func TestTonesByPlan(t *testing.T) {
	busy := plan.Signal{Hz: []float64{620}, DBm0: -12, OnOff: []int{300, 350}}
	p := put(t, "adapter.plan", []byte("# adapter on the second floor\nbusy "+busy.String()+"\n"))
	file := record(t, "busy.wav", quiet(500), play(5000, busy.Spec()), quiet(2000))
	out := hears(t, "tones", "--plan", p, file)
	heard(t, out, anyTime+` (busy|-)`)
	if strings.Count(out, "busy") != 1 || strings.Count(out, "-") != 1 {
		t.Errorf("got\n%s", out)
	}
	if out := hears(t, "tones", "--country", "ES", file); out != "" {
		t.Errorf("by the plan of ES: %q", out)
	}
	bad := put(t, "bad.plan", []byte("busy loud\n"))
	if out, problems, code := listen("tones", "--plan", bad, file); code != 1 || out != "" || !strings.HasPrefix(problems, "cannot read "+bad+": ") {
		t.Errorf("code %d, %q %q", code, out, problems)
	}
	if _, problems, code := listen("tones", "--plan", p, "--country", "ES", file); code != 2 {
		t.Errorf("code %d, %q", code, problems)
	}
}

// What was learned from a recording is heard by it, whatever the tone is.
func TestLearn(t *testing.T) {
	for _, text := range []string{"440@-12 700/800", "425@-15 200/200", "480+620@-18 250/250", "425@-15 200/200/200/200/200/600", "400@-20 350/150"} {
		s, err := plan.ParseSignal(text)
		must(t, err)
		period := 0
		for _, ms := range s.OnOff {
			period += ms
		}
		file := record(t, "tone.wav", quiet(430), play(6*period, s.Spec()), quiet(800))
		for _, as := range []string{"disconnect", "busy"} {
			out := hears(t, "learn", "--as", as, file)
			got, err := plan.Parse(out)
			if err != nil {
				t.Fatalf("%s: %v in\n%s", text, err, out)
			}
			heard(t, out, as+` [0-9.+]+@-?[0-9.]+ \d+/\d+(/\d+/\d+)* # \d+ periods agree, sure to \d+ %`)
			for _, k := range []plan.Kind{plan.Disconnect, plan.Busy} {
				if k.String() == as && (len(got.Signal(k).Hz) != len(s.Hz) || len(got.Signal(k).OnOff) != len(s.OnOff)) {
					t.Errorf("%s: learned %v", text, got.Signal(k))
				}
			}
			again := hears(t, "tones", "--plan", put(t, "learned.plan", []byte(out)), file)
			if f := strings.Fields(again); len(f) != 4 || f[1] != as || f[3] != "-" {
				t.Errorf("%s by its own plan: %q", text, again)
			}
		}
	}
	// A recording that begins with the tone and holds just two periods of it.
	first, err := plan.ParseSignal("440@-15 700/800")
	must(t, err)
	heard(t, hears(t, "learn", record(t, "first.wav", play(2*1500, first.Spec()))), `disconnect 4(39|40|41)[.0-9]*@-1[45][.0-9]* 700/(79|80|81)0 # 2 periods agree, sure to \d+ %`)
	s, err := plan.ParseSignal("425@-15 300/600")
	must(t, err)
	one, two := record(t, "one.wav", quiet(300), play(1000, s.Spec())), record(t, "two.wav", quiet(900), play(1000, s.Spec()))
	if out, notes, code := listen("learn", one); code != 0 || out != "" || notes == "" {
		t.Errorf("from one period: code %d, %q %q", code, out, notes)
	}
	heard(t, hears(t, "learn", one, two), `disconnect 425@-1[45][.0-9]* 300/600 # 2 periods agree, sure to \d+ %`)
	if out, notes, code := listen("learn", record(t, "quiet.wav", quiet(2000))); code != 0 || out != "" || !strings.HasPrefix(notes, "no steady cadence was found in ") {
		t.Errorf("from silence: code %d, %q %q", code, out, notes)
	}
	if _, _, code := listen("learn", "--as", "music", "x.wav"); code != 2 {
		t.Errorf("an unknown meaning: code %d", code)
	}
}
