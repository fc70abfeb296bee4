package main

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/centralita/centralita/dsp/dtmf"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/wav"
	"github.com/centralita/centralita/firmware/prompt"
)

// copyAudio copies the built audio to a folder of its own.
func copyAudio(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "audio"), os.DirFS("../../firmware/prompt/audio")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// What is built already needs neither synthesiser nor a second look.
func TestNothingToDo(t *testing.T) {
	dir := copyAudio(t)
	t.Setenv("PATH", "") // no espeak-ng, no sox
	before, err := os.ReadFile(filepath.Join(dir, "audio/manifest.txt"))
	if err != nil {
		t.Fatal(err)
	}
	stray := filepath.Join(dir, "audio/es/nobody-asked.wav")
	if err := os.WriteFile(stray, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	if err := build(dir, false, &said); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(said.String(), " 0 built,") || !strings.Contains(said.String(), "1 removed") {
		t.Error(said.String())
	}
	if after, err := os.ReadFile(filepath.Join(dir, "audio/manifest.txt")); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the manifest changed (%v)", err)
	}
	if _, err := os.Stat(stray); err == nil {
		t.Error("a file that no text asks for is still there")
	}
}

// A file that is gone or was touched is built again, and only that one.
func TestBuildsWhatIsMissing(t *testing.T) {
	dir := copyAudio(t)
	if err := os.Remove(filepath.Join(dir, "audio/es/goodbye.wav")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "audio/en/choose-language.wav"), []byte("RIFF"), 0o644); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	if err := build(dir, false, &said); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(said.String(), " 2 built,") {
		t.Error(said.String())
	}
	for _, name := range []string{"es/goodbye.wav", "en/choose-language.wav"} {
		b, err := os.ReadFile(filepath.Join(dir, "audio", name))
		if err != nil {
			t.Fatal(err)
		}
		a, err := wav.Parse(b)
		if err != nil || a.Format != wav.ULaw {
			t.Fatalf("%s: %v, %v", name, a.Format, err)
		}
		if got := activeLevel(a.Decode()); math.Abs(got-speechLevel) > 1 {
			t.Errorf("%s speaks at %.1f dBm0", name, got)
		}
	}
}

func TestWithoutPrograms(t *testing.T) {
	t.Setenv("PATH", "")
	err := build(t.TempDir(), false, &bytes.Buffer{})
	if err == nil || !strings.Contains(err.Error(), "apt install espeak-ng sox") {
		t.Error(err)
	}
}

func TestTrim(t *testing.T) {
	x := make([]int16, 4000)
	for i := 1000; i < 3000; i++ {
		x[i] = int16(8000 * math.Sin(float64(i)))
	}
	y := trim(x)
	if len(y) < 2000+2*200 || len(y) > 2000+2*200+80 {
		t.Errorf("%d samples are left", len(y))
	}
	if pcm.Level(y[:200]) != pcm.Floor || pcm.Level(y[len(y)-200:]) != pcm.Floor {
		t.Error("the edges are not silent")
	}
	if got := trim(make([]int16, 500)); pcm.Level(got) != pcm.Floor {
		t.Error("silence became sound")
	}
}

func TestLevelNeverBreaks(t *testing.T) {
	x := make([]int16, 8000)
	for i := range x {
		x[i] = int16(300 * math.Sin(float64(i)/3))
	}
	x[4000] = 3000
	y := level(x, -3)
	if got := activeLevel(y); math.Abs(got+3) > 1.5 {
		t.Errorf("level is %.2f", got)
	}
	if y[4000] > 32001 || y[4000] < 20000 {
		t.Errorf("the peak became %d", y[4000])
	}
}

func TestScoreErrors(t *testing.T) {
	for score, want := range map[string]string{
		"":                                    "0 bars",
		"tempo 80\nC3 | C5:3":                 "line 2: a bar has 3 beats",
		"tempo 80\nC3 E3":                     "line 2: want chord | melody",
		"tempo 80\nH3 | C5:4":                 `"H3" is no note`,
		"tempo 80\nC3 | C5":                   `"C5" has no length`,
		"tempo x\nC3 | C5:4":                  "line 1",
		"tempo 9\nC3 | C5:4":                  "tempo 9",
		"tempo 80\n | C5:4":                   "0 tones in its chord",
		"tempo 80\nC3 | C5:2 Q:2":             `"Q" is no note`,
		"tempo 80\nC3 | C5:2 C:2 # no remark": `"C" is no note`,
	} {
		if _, err := parseScore(score); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", score, err, want)
		}
	}
}

func TestPitch(t *testing.T) {
	for name, want := range map[string]float64{"A4": 440, "A5": 880, "C4": 261.626, "F#5": 739.989, "B2": 123.471} {
		if got, err := pitch(name); err != nil || math.Abs(got-want) > 0.001 {
			t.Errorf("%s is %v, %v", name, got, err)
		}
	}
}

// The music is 20 to 40 s long, about −20 dBm0, and has no seam.
func TestMusic(t *testing.T) {
	score, err := prompt.Score()
	if err != nil {
		t.Fatal(err)
	}
	b, err := perform(score)
	if err != nil {
		t.Fatal(err)
	}
	x, err := wav.Read(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if s := float64(len(x)) / pcm.Rate; s < 20 || s > 40 {
		t.Errorf("it lasts %.1f s", s)
	}
	if got := pcm.Level(x); math.Abs(got-musicLevel) > 1 {
		t.Errorf("its level is %.1f dBm0", got)
	}
	largest := 0
	for i := 1; i < len(x); i++ {
		largest = max(largest, abs(int(x[i])-int(x[i-1])))
	}
	if seam := abs(int(x[0]) - int(x[len(x)-1])); seam > largest {
		t.Errorf("the seam jumps by %d, the music at most by %d", seam, largest)
	}
	for i := 0; i+pcm.Rate <= len(x); i += pcm.Rate {
		if got := pcm.Level(x[i : i+pcm.Rate]); got < -30 {
			t.Errorf("second %d has %.1f dBm0: it sounds broken off", i/pcm.Rate, got)
		}
	}
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}

// What we say ourselves comes back as echo: none of it may sound like a key.
func TestPromptsAreNoKeys(t *testing.T) {
	files, err := filepath.Glob("../../firmware/prompt/audio/*/*.wav")
	if err != nil || len(files) < 400 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, name := range append(files, "../../firmware/prompt/audio/music.wav") {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		x, err := wav.Read(bytes.NewReader(b))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var d dtmf.Detector
		for i := 0; i+pcm.FrameLen <= len(x); i += pcm.FrameLen {
			if ev := d.Process((*pcm.Frame)(x[i:i+pcm.FrameLen]), nil); len(ev) > 0 {
				t.Errorf("%s sounds like key %c at %d ms", name, ev[0].Digit, ev[0].At)
			}
		}
	}
}
