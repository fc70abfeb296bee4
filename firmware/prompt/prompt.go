// Package prompt is everything the appliance says: recorded prompts in Spanish
// and English, the words that numbers, times and dates are made of, and the
// music of the queues.
//
// The texts stand in texts/es.yaml and texts/en.yaml, one line a prompt; the
// audio is built from them by tools/prompts and embedded. Any prompt can be
// replaced, and new ones added, by files prompts/LANG/ID.wav in the data folder.
//
// Ids that others compose with:
//
//	good-morning good-afternoon good-evening choose-language main-menu
//	invalid-key no-key still-busy nobody-free we-are-closed goodbye hold-please
//	position-next position-intro position-outro    number between the last two
//	logged-in logged-out paused ready unknown-agent not-logged-in
//	unknown-reason wrong-code                      feature codes
//	number-invalid number-forbidden lines-busy     calls to the outside
//	hours-intro hours-day-to hours-from hours-to hours-and hours-closed
//	hours-holidays closed-on open-today holiday    opening hours
//	day-0 … day-6                                  weekdays, 0 is Sunday
//	music                                          a loop, the same in every language
//
// All other ids (n-…, o-…, time-…, month-…, date-…, key-…) are words of Words.
package prompt

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/wav"
	"github.com/centralita/centralita/firmware/tel"
)

//go:embed audio texts
var files embed.FS

// Clip is linear audio at 8 kHz. It is shared: nobody may write to it.
type Clip []int16

// Languages are the languages every prompt has.
var languages = [...]tel.Lang{tel.Spanish, tel.English}

// maxPause is the longest silence that can be asked for, in milliseconds.
const maxPause = 60_000

// Pack is the prompts of all languages. It is safe for use by several
// goroutines. Audio is kept as it stands in its file and decoded when it is
// first heard.
type Pack struct {
	clips    map[string]*recording // by "es/goodbye"; "music" for every language
	problems []string
}

// recording is one file.
type recording struct {
	name   string // of the file, for errors
	source fs.FS
	once   sync.Once
	clip   Clip
	err    error
}

// Load returns the built-in prompts with those of overrides above them: files
// es/ID.wav and en/ID.wav, or ID.wav for every language. overrides may be nil or
// an empty or missing folder. A file that cannot be used is told to log and in
// Problems, and the built-in prompt stays. An error means the program itself was
// built without its prompts.
func Load(overrides fs.FS, log *slog.Logger) (*Pack, error) {
	p := &Pack{clips: map[string]*recording{}}
	audio, err := fs.Sub(files, "audio")
	if err != nil {
		return nil, fmt.Errorf("cannot load prompts: %w", err)
	}
	if err := p.scan(audio, p.take); err != nil {
		return nil, fmt.Errorf("cannot load prompts: %w", err)
	}
	if len(p.clips) == 0 {
		return nil, errors.New("cannot load prompts: none are built in; run make prompts and build again")
	}
	if overrides == nil {
		return p, nil
	}
	if err := p.scan(overrides, p.override); err != nil {
		p.problem("cannot read the folder of own prompts: " + err.Error())
	}
	for _, problem := range p.problems {
		log.Warn("prompts", "problem", problem)
	}
	return p, nil
}

// scan calls take for every WAV file of source: its id, and its language or "".
func (p *Pack) scan(source fs.FS, take func(source fs.FS, file, key string)) error {
	for _, lang := range append([]tel.Lang{""}, languages[:]...) {
		dir := path.Join(".", string(lang))
		entries, err := fs.ReadDir(source, dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		for _, e := range entries {
			id, isWav := strings.CutSuffix(e.Name(), ".wav")
			if isWav && !e.IsDir() {
				take(source, path.Join(dir, e.Name()), path.Join(string(lang), id))
			}
		}
	}
	return nil
}

// take enters a built-in file.
func (p *Pack) take(source fs.FS, file, key string) {
	p.clips[key] = &recording{name: file, source: source}
}

// override enters a file of the data folder if it can be played.
func (p *Pack) override(source fs.FS, file, key string) {
	if id := path.Base(key); !validID(id) {
		p.problem(fmt.Sprintf("cannot use own prompt %q: a name has only the letters a-z, digits and dashes", file))
		return
	}
	r := &recording{name: file, source: source}
	if _, err := r.get(); err != nil {
		p.problem(fmt.Sprintf("cannot use own prompt %s: %v; the built-in one stays", file, err))
		return
	}
	if path.Dir(key) != "." {
		p.clips[key] = r
		return
	}
	p.clips[key] = r
	for _, lang := range languages { // one file for all languages
		delete(p.clips, path.Join(string(lang), key))
	}
}

func (p *Pack) problem(text string) { p.problems = append(p.problems, text) }

// Problems tells what was wrong with own prompts when they were loaded.
func (p *Pack) Problems() []string { return slices.Clone(p.problems) }

// Has reports whether there is a prompt of this id in a language.
func (p *Pack) Has(lang tel.Lang, id string) bool { return p.find(lang, id) != nil }

func (p *Pack) find(lang tel.Lang, id string) *recording {
	if !slices.Contains(languages[:], lang) || !validID(id) {
		return nil
	}
	if r := p.clips[string(lang)+"/"+id]; r != nil {
		return r
	}
	return p.clips[id]
}

// IDs returns the ids of all prompts of a language in alphabetical order.
func (p *Pack) IDs(lang tel.Lang) []string {
	var out []string
	for key := range p.clips {
		if dir := path.Dir(key); dir == "." || dir == string(lang) {
			out = append(out, path.Base(key))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Resolve returns what is to be played to say these things in a language, in
// their order. The error names the first thing that cannot be said.
func (p *Pack) Resolve(lang tel.Lang, say []tel.Say) ([]Clip, error) {
	var out []Clip
	for _, s := range say {
		if s.Kind == tel.SayPause {
			if s.N < 0 || s.N > maxPause {
				return nil, fmt.Errorf("cannot say %v: a pause has 0 to %d ms", s, maxPause)
			}
			out = append(out, make(Clip, s.N*pcm.Rate/1000))
			continue
		}
		words := Words(lang, s)
		if words == nil {
			return nil, fmt.Errorf("cannot say %v in language %q: nobody could", s, lang)
		}
		for _, id := range words {
			r := p.find(lang, id)
			if r == nil {
				return nil, fmt.Errorf("cannot say %v in language %q: there is no prompt %q", s, lang, id)
			}
			clip, err := r.get()
			if err != nil {
				return nil, fmt.Errorf("cannot say %v in language %q: %s: %w", s, lang, r.name, err)
			}
			out = append(out, clip)
		}
	}
	return out, nil
}

// get returns the audio, decoded the first time.
func (r *recording) get() (Clip, error) {
	r.once.Do(func() {
		f, err := r.source.Open(r.name)
		if err != nil {
			r.err = err
			return
		}
		defer f.Close() // only read
		r.clip, r.err = wav.Read(f)
	})
	return r.clip, r.err
}

// validID reports whether id can name a prompt: letters a-z, digits, dashes.
func validID(id string) bool {
	for i := range len(id) {
		c := id[i]
		if !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-') {
			return false
		}
	}
	return id != "" && len(id) <= 64
}
