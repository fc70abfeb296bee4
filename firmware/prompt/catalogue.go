package prompt

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/centralita/centralita/firmware/tel"
)

// Recipe is the version of the way audio is made from a text; a new number
// makes everything be built again.
const Recipe = 2

// Voice is the speaker of a language, in the terms of the synthesiser.
type Voice struct {
	Name  string
	Speed int // words a minute
	Pitch int // 0..99
}

// Speaker returns the voice of a language.
func Speaker(lang tel.Lang) Voice {
	if lang == tel.English {
		return Voice{Name: "en-us", Speed: 156, Pitch: 44}
	}
	return Voice{Name: "es", Speed: 158, Pitch: 44}
}

// Text is one prompt of a catalogue.
type Text struct{ ID, Text string }

// Part is a stretch of a text in one voice.
type Part struct {
	Lang tel.Lang
	Text string
}

// Parts splits a text at its [es] and [en] marks.
func (t Text) Parts(lang tel.Lang) []Part {
	var out []Part
	for rest := t.Text; rest != ""; {
		next := len(rest)
		for _, l := range languages {
			if i := strings.Index(rest, "["+string(l)+"]"); i >= 0 {
				next = min(next, i)
			}
		}
		if text := strings.TrimSpace(rest[:next]); text != "" {
			out = append(out, Part{lang, text})
		}
		if rest = rest[next:]; rest != "" {
			lang, rest = tel.Lang(rest[1:3]), rest[4:]
		}
	}
	return out
}

// Stamp is what a prompt's audio was made from: recipe, voices and text. When
// it differs from the manifest's, the audio must be built again.
func (t Text) Stamp(lang tel.Lang) string {
	h := sha256.New()
	fmt.Fprintf(h, "%d\n", Recipe)
	for _, p := range t.Parts(lang) {
		fmt.Fprintf(h, "%+v\n%s\n", Speaker(p.Lang), p.Text)
	}
	return hex.EncodeToString(h.Sum(nil)[:12])
}

// Texts returns the catalogue of a language in its order.
func Texts(lang tel.Lang) ([]Text, error) {
	b, err := files.ReadFile("texts/" + string(lang) + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("cannot read the texts of language %q: %w", lang, err)
	}
	out, err := parseTexts(b)
	if err != nil {
		return nil, fmt.Errorf("cannot read the texts of language %q: %w", lang, err)
	}
	return out, nil
}

// parseTexts reads lines of the form id: "text"; empty lines and those that
// begin with # mean nothing.
func parseTexts(b []byte) ([]Text, error) {
	var out []Text
	seen := map[string]int{}
	lines := bufio.NewScanner(bytes.NewReader(b))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		id, quoted, ok := strings.Cut(line, ": ")
		text, err := strconv.Unquote(strings.TrimSpace(quoted))
		switch {
		case !ok || err != nil || strings.TrimSpace(text) == "":
			return nil, fmt.Errorf("line %d: want id: \"text\"", n)
		case !validID(id):
			return nil, fmt.Errorf("line %d: id %q has more than a-z, digits and dashes", n, id)
		case seen[id] > 0:
			return nil, fmt.Errorf("line %d: id %q stands on line %d already", n, id, seen[id])
		}
		seen[id] = n
		out = append(out, Text{id, text})
	}
	return out, lines.Err()
}

// Score returns the music as it is written down in texts/music.txt.
func Score() (string, error) {
	b, err := files.ReadFile("texts/music.txt")
	if err != nil {
		return "", fmt.Errorf("cannot read the music: %w", err)
	}
	return string(b), nil
}

// ScoreStamp is the Stamp of the music.
func ScoreStamp(score string) string {
	h := sha256.Sum256([]byte(strconv.Itoa(Recipe) + "\n" + score))
	return hex.EncodeToString(h[:12])
}

// Made is a line of the manifest: a file under audio/, what it was made from
// and a digest of the file itself.
type Made struct{ File, Stamp, Digest string }

// Digest returns the digest of a file as the manifest tells it.
func Digest(file []byte) string {
	h := sha256.Sum256(file)
	return hex.EncodeToString(h[:12])
}

// ParseManifest reads audio/manifest.txt.
func ParseManifest(b []byte) ([]Made, error) {
	var out []Made
	for i, line := range strings.Split(string(b), "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		f := strings.Fields(line)
		if len(f) != 3 {
			return nil, fmt.Errorf("manifest line %d: want file, stamp and digest, got %q", i+1, line)
		}
		out = append(out, Made{f[0], f[1], f[2]})
	}
	return out, nil
}

// FormatManifest writes what ParseManifest reads, in the order of file names.
func FormatManifest(made []Made) []byte {
	made = slices.Clone(made)
	slices.SortFunc(made, func(a, b Made) int { return strings.Compare(a.File, b.File) })
	var b bytes.Buffer
	b.WriteString("# made by tools/prompts: file, stamp of text and voice, digest of the file\n")
	for _, m := range made {
		fmt.Fprintf(&b, "%s %s %s\n", m.File, m.Stamp, m.Digest)
	}
	return b.Bytes()
}
