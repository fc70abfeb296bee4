package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/centralita/centralita/dsp/dtmf"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/resample"
	"github.com/centralita/centralita/dsp/tone"
	"github.com/centralita/centralita/dsp/tone/plan"
	"github.com/centralita/centralita/dsp/wav"
)

// listen runs the program.
func listen(args ...string) (stdout, stderr string, code int) {
	var out, problems bytes.Buffer
	code = run(args, &out, &problems)
	return out.String(), problems.String(), code
}

// hears runs the program, which must succeed without a word of complaint.
func hears(t *testing.T, args ...string) string {
	t.Helper()
	out, problems, code := listen(args...)
	if code != 0 || problems != "" {
		t.Fatalf("listen %s: code %d, %q", strings.Join(args, " "), code, problems)
	}
	return out
}

// play returns a signal for so many milliseconds.
func play(ms int, spec tone.Spec) []int16 {
	var p tone.Player
	p.Start(spec)
	x := make([]int16, tone.Ms(ms))
	p.FillSamples(x)
	return x
}

// quiet is silence.
func quiet(ms int) []int16 { return make([]int16, tone.Ms(ms)) }

// sendKeys returns digits as they are sent.
func sendKeys(t *testing.T, digits string) []int16 {
	t.Helper()
	spec, err := dtmf.Spec(digits, dtmf.Usual())
	must(t, err)
	n, _ := spec.Samples()
	return play(n*1000/pcm.Rate, spec)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// put writes bytes to a file of the test.
func put(t *testing.T, name string, b []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	must(t, os.WriteFile(file, b, 0o600))
	return file
}

// record writes samples to a file of the test by its ending.
func record(t *testing.T, name string, x ...[]int16) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	must(t, save(file, join(x...)))
	return file
}

func join(x ...[]int16) []int16 {
	var out []int16
	for _, s := range x {
		out = append(out, s...)
	}
	return out
}

// heard is what the lines of a command must look like.
func heard(t *testing.T, out, pattern string) {
	t.Helper()
	line := regexp.MustCompile(`^` + pattern + `$`)
	for l := range strings.Lines(out) {
		if !line.MatchString(strings.TrimSuffix(l, "\n")) || !strings.HasSuffix(l, "\n") {
			t.Errorf("line %q is not %s", l, pattern)
		}
	}
}

const anyTime = `\d+\.\d{3}`

func TestDTMF(t *testing.T) {
	const digits = "1234567890*#ABCD"
	x := join(quiet(500), sendKeys(t, digits))
	out := hears(t, "dtmf", record(t, "keys.wav", x))
	heard(t, out, anyTime+` [0-9A-D*#]`)
	lines := strings.Fields(out)
	if len(lines) != 2*len(digits) {
		t.Fatalf("got\n%s", out)
	}
	for i, d := range digits {
		if lines[2*i+1] != string(d) {
			t.Errorf("key %d is %s, want %c", i, lines[2*i+1], d)
		}
		if off := at(t, lines[2*i]) - int64(500+160*i); off < -10 || off > 10 {
			t.Errorf("key %d begins at %s, want %d ms", i, lines[2*i], 500+160*i)
		}
	}
}

// at reads a time that was printed.
func at(t *testing.T, s string) int64 {
	t.Helper()
	whole, part, ok := strings.Cut(s, ".")
	if !ok || len(part) != 3 {
		t.Fatalf("%q is no time", s)
	}
	var ms int64
	for _, c := range whole + part {
		ms = 10*ms + int64(c-'0')
	}
	return ms
}

// Every kind of file gives the same findings.
func TestKindsOfFile(t *testing.T) {
	x := join(quiet(300), sendKeys(t, "19*"))
	want := hears(t, "dtmf", record(t, "a.wav", x))
	if strings.Count(want, "\n") != 3 {
		t.Fatalf("got %q", want)
	}
	raw := wav.Append(nil, wav.PCM, x)
	var stereo []int16
	for i, s := range x {
		stereo = append(stereo, s, int16(i))
	}
	law := func(f wav.Format) []byte { return wav.Append(wav.Header(f, len(x)), f, x) }
	for name, b := range map[string][]byte{
		"a.raw": raw, "a.s16": raw, "a.SLN": raw, "a.s16le": raw, "a.pcm": raw,
		"capture": raw, "capture.bin": law(wav.PCM), "A.WAV": law(wav.PCM),
		"mu.wav": law(wav.ULaw), "a-law.wav": law(wav.ALaw),
		"8.wav":  narrow(x),
		"16.wav": at16(t, x, 16000), "48.wav": at16(t, x, 48000),
		"unfinished.wav": append(wav.Header(wav.PCM, 0), raw...),
		"two.wav":        header(2, pcm.Rate, wav.Append(nil, wav.PCM, stereo)),
	} {
		args := []string{"dtmf", put(t, name, b)}
		if name == "two.wav" {
			args = append(args, "--channel", "1")
		}
		got := strings.Fields(hears(t, args...))
		for i, w := range strings.Fields(want) {
			switch {
			case i >= len(got):
				t.Errorf("%s: got %q", name, got)
			case i%2 == 1 && got[i] != w, i%2 == 0 && max(at(t, got[i])-at(t, w), at(t, w)-at(t, got[i])) > 1:
				t.Errorf("%s: got %s, want %s", name, got[i], w)
			}
		}
	}
}

// header puts a header of 16-bit PCM before samples.
func header(channels, rate int, data []byte) []byte {
	b := wav.Header(wav.PCM, len(data)/2)
	b[22] = byte(channels)
	b[24], b[25], b[26] = byte(rate), byte(rate>>8), byte(rate>>16)
	return append(b, data...)
}

// narrow is a file of 8 bits.
func narrow(x []int16) []byte {
	b := wav.Header(wav.ULaw, len(x))
	b[20] = byte(wav.PCM)
	for _, v := range x {
		b = append(b, byte(v>>8)+128)
	}
	return b
}

// at16 is a file of another rate.
func at16(t *testing.T, x []int16, rate int) []byte {
	t.Helper()
	r, err := resample.New(pcm.Rate, rate)
	must(t, err)
	x = append(x, make([]int16, 400)...)
	y := make([]int16, r.Max(len(x)))
	y = y[:r.Process(y, x)]
	return header(1, rate, wav.Append(nil, wav.PCM, y[r.Delay():]))
}

// What comes out of the resampler stands at its time.
func TestOtherRatesKeepTheTime(t *testing.T) {
	for _, rate := range []int{16000, 48000} {
		x := make([]int16, rate)
		for i := range x[:rate/2] {
			x[i] = 8000 // a step down at half a second
		}
		y, err := lower(x, rate)
		must(t, err)
		if len(y) != pcm.Rate {
			t.Errorf("%d: %d samples of a second", rate, len(y))
		}
		if y[3999-16] < 4000 || y[4000+16] > 4000 || y[3990] < 3000 {
			t.Errorf("%d: the step is not at half a second: %v", rate, y[3980:4020])
		}
	}
}

// Bad files: `cannot read FILE: why`, exit 1, nothing on stdout.
func TestBadFiles(t *testing.T) {
	good := wav.Append(wav.Header(wav.PCM, 3), wav.PCM, []int16{1, 2, 3})
	with := func(at int, v ...byte) []byte {
		b := bytes.Clone(good)
		copy(b[at:], v)
		return b
	}
	folder := t.TempDir()
	missing := filepath.Join(folder, "missing.wav")
	files := map[string]string{
		folder:                                             "is a directory",
		missing:                                            "no such file or directory",
		put(t, "empty.wav", nil):                           "it is empty",
		put(t, "empty.raw", nil):                           "it is empty",
		put(t, "odd.raw", []byte{1, 2, 3}):                 "it has 3 bytes, an odd number; raw samples have 16 bits",
		put(t, "odd", []byte{1, 2, 3}):                     "it has 3 bytes, an odd number; raw samples have 16 bits",
		put(t, "not.wav", []byte("hello!")):                "it does not begin with RIFF … WAVE",
		put(t, "avi", with(8, 'A')):                        "it does not begin with RIFF … WAVE",
		put(t, "x.ogg", []byte("OggS1234")):                "it is Ogg; save it as WAV with 16-bit PCM",
		put(t, "24.wav", with(34, 24)):                     "its samples have 24 bits, 16-bit PCM has 16; save it as 16-bit PCM",
		put(t, "mp3.wav", with(20, 85)):                    "it holds format 85; save it as 16-bit PCM",
		put(t, "cut.wav", good[:40]):                       "there are no samples in it",
		put(t, "none.wav", good[:58]):                      "there are no samples in it",
		put(t, "44.wav", header(1, 44100, []byte{1, 2})):   "it has 44100 samples a second; save it with 8000, 16000 or 48000",
		put(t, "2.wav", header(2, 8000, make([]byte, 40))): "it has 2 channels; choose one with --channel 1 to 2",
	}
	for file, why := range files {
		for _, args := range [][]string{{"dtmf", file}, {"tones", "--country", "ES", file}, {"all", file}} {
			out, problems, code := listen(args...)
			if want := "cannot read " + file + ": " + why + "\n"; code != 1 || out != "" || problems != want {
				t.Errorf("%v: code %d, %q %q, want %q", args, code, out, problems, want)
			}
		}
	}
	mono := put(t, "mono.wav", good)
	if _, problems, code := listen("dtmf", mono, "--channel", "2"); code != 1 || problems != "cannot read "+mono+": it has one channel, there is no channel 2\n" {
		t.Errorf("channel 2 of one: %d %q", code, problems)
	}
	two := put(t, "two.wav", header(2, 8000, make([]byte, 40)))
	if _, problems, code := listen("dtmf", two, "--channel=3"); code != 1 || !strings.HasSuffix(problems, "it has 2 channels, there is no channel 3\n") {
		t.Errorf("channel 3 of two: %d %q", code, problems)
	}
}

func TestUsage(t *testing.T) {
	file := record(t, "a.wav", quiet(100))
	for _, args := range [][]string{
		{"sing", file}, {"dtmf"}, {"dtmf", file, file}, {"dtmf", "--mode", "loud", file}, {"dtmf", "--channel", "-1", file},
		{"tones", file}, {"tones", "--country", "XX", file}, {"tones", "--country", "", file},
		{"all", "--country", "Spain", file}, {"conceal", file}, {"--loud"},
	} {
		out, problems, code := listen(args...)
		if code != 2 || out != "" || !strings.HasPrefix(problems, "listen: ") || !strings.HasSuffix(problems, "; --help lists the commands\n") {
			t.Errorf("%v: code %d, %q %q", args, code, out, problems)
		}
	}
	for _, args := range [][]string{{}, {"--help"}, {"dtmf", "--help"}} {
		out, problems, code := listen(args...)
		if code != 0 || problems != "" || !strings.Contains(out, "Usage: listen") || !strings.Contains(out, ".sln") && len(args) < 2 {
			t.Errorf("%v: code %d, %q %q", args, code, out, problems)
		}
	}
}

// A recording of a country's tones, each told once, with its end.
func TestTones(t *testing.T) {
	es, _ := plan.For("ES")
	part := func(k plan.Kind, ms int) []int16 { return play(ms, es.Signal(k).Spec()) }
	x := join(quiet(1000), part(plan.Dial, 3000), quiet(2000), part(plan.Ringback, 9000), quiet(5000),
		part(plan.Busy, 4000), quiet(3000), part(plan.Congestion, 5600), quiet(3000))
	out := hears(t, "tones", "--country", "es", record(t, "tones.wav", x))
	heard(t, out, anyTime+` (dial|ring|busy|congestion|info|unobtainable|-)`)
	var words []string
	for i, f := range strings.Fields(out) {
		if i%2 == 1 {
			words = append(words, f)
		}
	}
	if got := strings.Join(words, " "); got != "dial - ring - busy - congestion -" {
		t.Errorf("got\n%s", out)
	}
	if silence := hears(t, "tones", "--country", "US", record(t, "quiet.raw", quiet(3000))); silence != "" {
		t.Errorf("heard in silence: %q", silence)
	}
}

// Dial tone is told within a second in every country, at the very beginning of a
// recording too, and the first burst of ringback is never taken for it.
func TestDialAndRingbackOfEveryCountry(t *testing.T) {
	for _, country := range plan.Countries() {
		p, _ := plan.For(country)
		for _, lead := range []int{0, 600} {
			dial := record(t, "dial.wav", quiet(lead), play(3000, p.Signal(plan.Dial).Spec()), quiet(500))
			out := strings.Fields(hears(t, "tones", "--country", country, dial))
			if len(out) != 4 || out[1] != "dial" || out[3] != "-" || at(t, out[0]) > int64(lead)+1000 || at(t, out[2]) < int64(lead)+3000 {
				t.Errorf("%s: dial tone from %d ms: %q", country, lead, out)
			}
			ring := record(t, "ring.wav", quiet(lead), play(11000, p.Signal(plan.Ringback).Spec()))
			out = strings.Fields(hears(t, "tones", "--country", country, ring))
			if len(out) != 2 || out[1] != "ring" || at(t, out[0]) > int64(lead)+3300 {
				t.Errorf("%s: ringback from %d ms: %q", country, lead, out)
			}
		}
	}
}

// Once a key was heard the line waits for dial tone no more.
func TestDialToneAfterKeys(t *testing.T) {
	es, _ := plan.For("ES")
	x := join(quiet(300), sendKeys(t, "9"), quiet(400))
	begins := int64(len(x) / 8)
	out := strings.Fields(hears(t, "tones", "--country", "ES", record(t, "again.wav", x, play(3000, es.Signal(plan.Dial).Spec()))))
	if len(out) != 2 || out[1] != "dial" || at(t, out[0]) < begins+1650 || at(t, out[0]) > begins+1850 {
		t.Errorf("from %d ms: %q", begins, out)
	}
}

// `listen all` tells every finding in order of time, also drawn.
func TestAll(t *testing.T) {
	es, _ := plan.For("ES")
	cng := tone.Cadence([]tone.Partial{{Hz: 1100, DBm0: -12}}, 500, 3000)
	x := join(play(2500, es.Signal(plan.Dial).Spec()), quiet(200), sendKeys(t, "91"), quiet(1000), play(5000, cng), quiet(300),
		play(3000, es.Signal(plan.Busy).Spec()))
	png := filepath.Join(t.TempDir(), "x.png")
	out := hears(t, "all", record(t, "x.wav", x), "--plot", png)
	heard(t, out, anyTime+` (dtmf|tone|fax|cid|voice|beep) .+`)
	last := int64(0)
	for l := range strings.Lines(out) {
		now := at(t, strings.Fields(l)[0])
		if now < last {
			t.Errorf("%q comes too late", l)
		}
		last = now
	}
	for _, want := range []string{" tone dial ", " tone - dial\n", " dtmf 9 ", " dtmf 1 ", " fax CNG ", " tone busy "} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}
	b, err := os.ReadFile(png)
	if err != nil || !bytes.HasPrefix(b, []byte("\x89PNG")) {
		t.Errorf("the picture: %d bytes, %v", len(b), err)
	}
	if _, problems, code := listen("all", record(t, "x.wav", x), "--plot", "/nowhere/x.png"); code != 1 || problems != "cannot write /nowhere/x.png: no such file or directory\n" {
		t.Errorf("code %d, %q", code, problems)
	}
}

// Keys are no voice, and a ringback of two frequencies that beat is no beep.
func TestAllOfACallWithoutVoice(t *testing.T) {
	us, _ := plan.For("US")
	x := join(quiet(500), play(2500, us.Signal(plan.Dial).Spec()), quiet(300), sendKeys(t, "912345678"), quiet(900),
		play(9000, us.Signal(plan.Ringback).Spec()))
	out := hears(t, "all", "--country", "US", record(t, "call.wav", x))
	heard(t, out, anyTime+` (dtmf [0-9]|tone (dial|-|ring)) .+`)
	if n := strings.Count(out, " dtmf "); n != 9 || !strings.Contains(out, " tone ring ") {
		t.Errorf("%d keys in\n%s", n, out)
	}
}

// The shortest recording can be drawn too.
func TestPlotShort(t *testing.T) {
	for _, n := range []int{1, 161} {
		must(t, picture(filepath.Join(t.TempDir(), "x.png"), "x", make([]int16, n), nil))
	}
}

// A sine is as bright as its level and stands at its frequency.
func TestSpectrumIsTrue(t *testing.T) {
	x := play(100, tone.Continuous(tone.Partial{Hz: 1000, DBm0: -20}))
	got := column(x, 300, 310)
	if db := pcm.DBm0(got[32]); db < -20.2 || db > -19.8 {
		t.Errorf("1000 Hz at -20 dBm0 shows as %.2f", db)
	}
	if db := pcm.DBm0(got[64]); db > -75 {
		t.Errorf("2000 Hz shows %.1f dBm0", db)
	}
}

func TestConceal(t *testing.T) {
	x := play(1010, tone.Continuous(tone.Partial{Hz: 200, DBm0: -10})) // half a frame at the end
	spoilt := bytes.Clone(wav.Append(nil, wav.PCM, x))
	clear(spoilt[2*20*pcm.FrameLen : 2*21*pcm.FrameLen]) // what stands in a lost frame is not used
	lost := strings.Repeat("0", 20) + "1" + strings.Repeat("0", 30)
	var all []string
	for name, in := range map[string]string{"a": record(t, "x.wav", x), "b": put(t, "x.raw", spoilt)} {
		out := filepath.Join(t.TempDir(), name+".raw")
		if s := hears(t, "conceal", in, put(t, "map", []byte(lost[:25]+"\n"+lost[25:]+"\n")), out); s != "" {
			t.Errorf("said %q", s)
		}
		b, err := os.ReadFile(out)
		must(t, err)
		all = append(all, string(b))
	}
	if all[0] != all[1] {
		t.Error("what stood in a lost frame shows")
	}
	y, err := decode([]byte(all[0]), ".raw", 0)
	must(t, err)
	if len(y) != len(x) {
		t.Fatalf("%d samples of %d", len(y), len(x))
	}
	if l := pcm.Level(y[20*pcm.FrameLen : 21*pcm.FrameLen]); l < -13 {
		t.Errorf("the lost frame has %.1f dBm0", l)
	}
}

func TestConcealMaps(t *testing.T) {
	in, out := record(t, "x.wav", quiet(100)), filepath.Join(t.TempDir(), "y.wav")
	bad := put(t, "bad", []byte("00\n02"))
	if _, problems, code := listen("conceal", in, bad, out); code != 1 || problems != "cannot read "+bad+": byte 5 is '2'; only 0 (arrived) and 1 (lost) are expected\n" {
		t.Errorf("code %d, %q", code, problems)
	}
	for text, want := range map[string]string{"01": "2 characters for 5 frames: the others", "0100000": "7 characters for 5 frames: the last"} {
		if s, notes, code := listen("conceal", in, put(t, "map", []byte(text)), out); code != 0 || s != "" || !strings.Contains(notes, want) {
			t.Errorf("%s: code %d, %q %q", text, code, s, notes)
		}
	}
	if _, problems, code := listen("conceal", in, put(t, "map", []byte("0")), "/nowhere/y.wav"); code != 1 || !strings.Contains(problems, "cannot write /nowhere/y.wav: no such file or directory\n") {
		t.Errorf("code %d, %q", code, problems)
	}
	if x, err := load(out, 0); err != nil || len(x) != 800 {
		t.Errorf("the result has %d samples, %v", len(x), err)
	}
}
