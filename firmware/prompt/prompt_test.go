package prompt

import (
	"bytes"
	"io/fs"
	"log/slog"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/wav"
	"github.com/centralita/centralita/firmware/tel"
)

var catalogues sync.Map

// catalogue returns the ids of a language.
func catalogue(t testing.TB, lang tel.Lang) map[string]bool {
	if m, ok := catalogues.Load(lang); ok {
		return m.(map[string]bool)
	}
	texts, err := Texts(lang)
	if err != nil {
		t.Fatal(err)
	}
	m := map[string]bool{}
	for _, x := range texts {
		m[x.ID] = true
	}
	catalogues.Store(lang, m)
	return m
}

func load(t testing.TB, overrides fs.FS) *Pack {
	t.Helper()
	p, err := Load(overrides, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Every text has the audio that was made from it, and there is no other audio.
func TestAudioIsBuiltFromTheTexts(t *testing.T) {
	b, err := files.ReadFile("audio/manifest.txt")
	if err != nil {
		t.Fatal(err)
	}
	made, err := ParseManifest(b)
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]Made{}
	for _, m := range made {
		known[m.File] = m
	}
	want := map[string]string{}
	for _, lang := range languages {
		texts, err := Texts(lang)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range texts {
			want[string(lang)+"/"+x.ID+".wav"] = x.Stamp(lang)
		}
	}
	score, err := Score()
	if err != nil {
		t.Fatal(err)
	}
	want["music.wav"] = ScoreStamp(score)
	for file, stamp := range want {
		if known[file].Stamp != stamp {
			t.Errorf("%s was not built from its present text: run make prompts", file)
		}
	}
	for file, m := range known {
		if want[file] == "" {
			t.Errorf("%s has no text: run make prompts", file)
		}
		audio, err := files.ReadFile("audio/" + file)
		if err != nil || Digest(audio) != m.Digest {
			t.Errorf("%s is not the file that was built (%v): run make prompts", file, err)
		}
	}
}

// Both languages have the same prompts, but for the words of their grammar.
func TestLanguagesAreEqual(t *testing.T) {
	es, en := catalogue(t, tel.Spanish), catalogue(t, tel.English)
	grammar := func(id string) bool {
		for _, kind := range []string{"n-", "o-", "time-", "date-", "month-"} {
			if strings.HasPrefix(id, kind) {
				return true
			}
		}
		return false
	}
	for id := range es {
		if !en[id] && !grammar(id) {
			t.Errorf("%s is missing in English", id)
		}
	}
	for id := range en {
		if !es[id] && !grammar(id) {
			t.Errorf("%s is missing in Spanish", id)
		}
	}
}

// The ids that the package comment promises.
func TestPromisedIDs(t *testing.T) {
	p := load(t, nil)
	promised := `good-morning good-afternoon good-evening choose-language main-menu invalid-key no-key still-busy
		nobody-free we-are-closed goodbye hold-please position-next position-intro position-outro logged-in logged-out
		paused ready unknown-agent not-logged-in unknown-reason wrong-code number-invalid number-forbidden lines-busy
		hours-intro hours-day-to hours-from hours-to hours-and hours-closed hours-holidays closed-on open-today holiday
		day-0 day-1 day-2 day-3 day-4 day-5 day-6 music`
	for _, id := range strings.Fields(promised) {
		for _, lang := range languages {
			if !p.Has(lang, id) {
				t.Errorf("%s has no %s", lang, id)
			}
		}
	}
	for _, id := range []string{"", "nothing", "../es/goodbye", "Goodbye"} {
		if p.Has(tel.Spanish, id) {
			t.Errorf("has %q", id)
		}
	}
	if p.Has("fr", "goodbye") || p.Has("fr", "music") {
		t.Error("speaks French")
	}
	if ids := p.IDs(tel.English); !slices.Contains(ids, "music") || !slices.Contains(ids, "goodbye") || !slices.IsSorted(ids) {
		t.Error("ids are not complete")
	}
}

// Every built-in file can be played, is as loud as the others and not longer
// than a caller bears; all together stay small.
func TestEveryFile(t *testing.T) {
	total := 0
	err := fs.WalkDir(files, "audio", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != ".wav" {
			return err
		}
		b, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		total += len(b)
		a, err := wav.Parse(b)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return nil
		}
		x := a.Decode()
		if level := pcm.Level(x); level < -26 || level > -13 {
			t.Errorf("%s has %.1f dBm0", name, level)
		}
		seconds := float64(len(x)) / pcm.Rate
		if seconds < 0.1 || seconds > 14 && name != "audio/music.wav" {
			t.Errorf("%s lasts %.1f s", name, seconds)
		}
		if first, last := pcm.Level(x[:80]), pcm.Level(x[len(x)-80:]); (first > -25 || last > -25) && name != "audio/music.wav" {
			t.Errorf("%s begins at %.1f and ends at %.1f dBm0: it would click", name, first, last)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if total > 4<<20 {
		t.Errorf("all audio has %d bytes", total)
	}
}

func TestResolve(t *testing.T) {
	p := load(t, nil)
	say := []tel.Say{
		{Kind: tel.SayPrompt, ID: "position-intro"}, {Kind: tel.SayNumber, N: 121},
		{Kind: tel.SayPause, N: 250}, {Kind: tel.SayPrompt, ID: "position-outro"},
	}
	clips, err := p.Resolve(tel.Spanish, say)
	if err != nil || len(clips) != 5 {
		t.Fatalf("%d clips, %v", len(clips), err)
	}
	if len(clips[3]) != 2000 || pcm.Level(clips[3]) != pcm.Floor {
		t.Errorf("the pause has %d samples", len(clips[3]))
	}
	again, err := p.Resolve(tel.Spanish, say[:1])
	if err != nil || &again[0][0] != &clips[0][0] {
		t.Error("the same prompt was decoded twice")
	}
	if clips, err := p.Resolve(tel.English, nil); err != nil || len(clips) != 0 {
		t.Errorf("nothing is %d clips, %v", len(clips), err)
	}
	for want, s := range map[string]tel.Say{
		`there is no prompt "nothing"`:   {Kind: tel.SayPrompt, ID: "nothing"},
		"a pause has 0 to 60000 ms":      {Kind: tel.SayPause, N: 60001},
		"cannot say number:1000000":      number(1_000_000, ""),
		`in language "es": nobody could`: {Kind: tel.SayDigits, ID: "Ñ"},
	} {
		if _, err := p.Resolve(tel.Spanish, []tel.Say{say[0], s}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", s, err, want)
		}
	}
}

func TestResolveFromManySides(t *testing.T) {
	p := load(t, nil)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for n := range int64(60) {
				if _, err := p.Resolve(tel.English, []tel.Say{number(n, "")}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

func wavOf(f wav.Format, samples ...int16) *fstest.MapFile {
	var b bytes.Buffer
	if err := wav.Write(&b, f, samples); err != nil {
		panic(err)
	}
	return &fstest.MapFile{Data: b.Bytes()}
}

func TestOwnPrompts(t *testing.T) {
	var told bytes.Buffer
	p, err := Load(fstest.MapFS{
		"es/goodbye.wav":     wavOf(wav.PCM, 1, 2, 3),
		"en/promo-2027.wav":  wavOf(wav.ALaw, 1000, 2000),
		"music.wav":          wavOf(wav.PCM, 7, 7),
		"good-morning.wav":   wavOf(wav.PCM, 9),
		"es/main-menu.wav":   {Data: []byte("not a wave")},
		"es/Ñandú.wav":       wavOf(wav.PCM, 1),
		"es/readme.txt":      {Data: []byte("hello")},
		"fr/goodbye.wav":     wavOf(wav.PCM, 1),
		"es/sub/goodbye.wav": wavOf(wav.PCM, 1),
	}, slog.New(slog.NewTextHandler(&told, nil)))
	if err != nil {
		t.Fatal(err)
	}
	get := func(lang tel.Lang, id string) Clip {
		t.Helper()
		clips, err := p.Resolve(lang, []tel.Say{{Kind: tel.SayPrompt, ID: id}})
		if err != nil || len(clips) != 1 {
			t.Fatalf("%s: %v", id, err)
		}
		return clips[0]
	}
	if got := get(tel.Spanish, "goodbye"); !slices.Equal(got, Clip{1, 2, 3}) {
		t.Errorf("own goodbye is %v", got)
	}
	if got := get(tel.English, "goodbye"); len(got) < 1000 {
		t.Error("the English goodbye is not the built-in one")
	}
	if got := get(tel.English, "promo-2027"); len(got) != 2 {
		t.Errorf("a new prompt is %v", got)
	}
	if p.Has(tel.Spanish, "promo-2027") || p.Has("fr", "goodbye") {
		t.Error("a prompt is there in a language it has no file in")
	}
	for _, lang := range languages {
		if len(get(lang, "music")) != 2 || len(get(lang, "good-morning")) != 1 {
			t.Errorf("one file for all languages is not heard in %s", lang)
		}
	}
	if got := get(tel.Spanish, "main-menu"); len(got) < 1000 {
		t.Error("a broken file replaced the built-in prompt")
	}
	problems := strings.Join(p.Problems(), "\n")
	for _, want := range []string{
		"cannot use own prompt es/main-menu.wav: cannot read WAV: it does not begin with RIFF … WAVE; the built-in one stays",
		`cannot use own prompt "es/Ñandú.wav": a name has only`,
	} {
		if !strings.Contains(problems, want) {
			t.Errorf("problems are %q, want %q", problems, want)
		}
	}
	if n := strings.Count(told.String(), "level=WARN"); n != 2 || len(p.Problems()) != 2 {
		t.Errorf("%d warnings, %d problems", n, len(p.Problems()))
	}
}

func TestMissingFolder(t *testing.T) {
	if p := load(t, fstest.MapFS{}); len(p.Problems()) != 0 {
		t.Error(p.Problems())
	}
}

func TestTextsErrors(t *testing.T) {
	for text, want := range map[string]string{
		"a: \"x\"\nb \"y\"":     "line 2: want id",
		"a: x":                  "line 1: want id",
		"a: \"\"":               "line 1: want id",
		"A: \"x\"":              "line 1: id \"A\"",
		"a: \"x\"\n\na: \"y\"":  "line 3: id \"a\" stands on line 1",
		"# only\n\n a: \"ok\" ": "",
	} {
		_, err := parseTexts([]byte(text))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	if _, err := Texts("fr"); err == nil {
		t.Error("French has texts")
	}
}

func TestParts(t *testing.T) {
	for text, want := range map[string][]Part{
		"hola":                {{"es", "hola"}},
		"[es]hola [en] hi":    {{"es", "hola"}, {"en", "hi"}},
		"uno [en]two[es]tres": {{"es", "uno"}, {"en", "two"}, {"es", "tres"}},
		"[fr]x":               {{"es", "[fr]x"}},
	} {
		if got := (Text{"x", text}).Parts(tel.Spanish); !slices.Equal(got, want) {
			t.Errorf("%q: %v", text, got)
		}
	}
	a, b := Text{"a", "hola"}, Text{"a", "holas"}
	if a.Stamp("es") == b.Stamp("es") || a.Stamp("es") == a.Stamp("en") {
		t.Error("another text or voice has the same stamp")
	}
}

func TestManifest(t *testing.T) {
	in := []Made{{"es/b.wav", "1", "2"}, {"en/a.wav", "3", "4"}}
	out, err := ParseManifest(FormatManifest(in))
	if err != nil || !slices.Equal(out, []Made{in[1], in[0]}) {
		t.Errorf("%v, %v", out, err)
	}
	if _, err := ParseManifest([]byte("a b")); err == nil {
		t.Error("a broken line was taken")
	}
}

func BenchmarkResolve(b *testing.B) {
	p := load(b, nil)
	say := []tel.Say{{Kind: tel.SayPrompt, ID: "position-intro"}, number(7, ""), {Kind: tel.SayPrompt, ID: "position-outro"}}
	for b.Loop() {
		if _, err := p.Resolve(tel.Spanish, say); err != nil {
			b.Fatal(err)
		}
	}
}
