package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/centralita/centralita/firmware/provision"
	"github.com/centralita/centralita/testbench/expect"
)

// goldens are the transcripts of a technician's first visit at a pseudo terminal, which
// the card's console must repeat letter for letter.
const goldens = "testbench/peers/testdata/first-boot.%s.txt"

// origins is the one thing that rightly differs: the house of the visit came to the card
// by its boot partition, to the pseudo terminal's program by its command line.
var origins = map[string][2]string{
	"es": {"file, fichero FILE", "provision, tarjeta"},
	"en": {"file, file FILE", "provision, card"},
}

// greeting is where a console's first words begin.
var greeting = regexp.MustCompile(`(?m)^Centralita [^\r\n]* · `)

// transcripts holds a technician's first visit at the card's serial line against the
// golden transcripts: claim, a line's country set and confirmed, another one forgotten
// and rolled back.
func (r *rig) transcripts(ctx context.Context) error {
	languages := []string{"es", "en"}
	if r.quick {
		languages = languages[:1]
	}
	for _, lang := range languages {
		begin := time.Now()
		took, err := r.visit(ctx, lang)
		if err != nil {
			err = fmt.Errorf("%s: %w", lang, err)
		}
		r.held("first visit as the golden transcript, "+lang, err, "claim, country set and confirmed, a forgotten change rolled back: every letter; console after %.1f s, visit %.0f s",
			took.Seconds(), (time.Since(begin) - took).Seconds())
	}
	return nil
}

// visit is one visit to a card that was flashed and got its house, but no owner, by a
// file.
func (r *rig) visit(ctx context.Context, lang string) (took time.Duration, err error) {
	card, err := r.card("visit.img")
	if err != nil {
		return 0, err
	}
	doc := strings.Replace(expect.House, "console: LINE", "console: /dev/ttyAMA0", 1)
	if err := r.provide(ctx, card, map[string][]byte{provision.FileName: []byte(doc)}); err != nil {
		return 0, err
	}
	return took, r.with(ctx, plain(card), func(b *box) error {
		if took, err = b.started(ctx); err != nil {
			return err
		}
		all := greeting.FindAllStringIndex(b.serial(), -1)
		if all == nil {
			return errors.New("the console does not greet")
		}
		var got string
		var strange error
		err := examined(func(t expect.T) {
			d := expect.New(t, b.line(all[len(all)-1][0]))
			d.Wait, d.Quiet = askLimit, time.Second/2
			expect.FirstBoot(d, expect.Visit{Lang: lang, Name: "maria", Password: "tres tristes tigres", Line: "L2", Trial: 10 * time.Second})
			got, strange = expect.Transcript(d.String()), d.Err()
		})
		if err = errors.Join(err, strange); err != nil {
			return err
		}
		return r.golden(lang, got)
	})
}

// golden compares a transcript with the one that is kept.
func (r *rig) golden(lang, got string) error {
	kept, err := os.ReadFile(filepath.FromSlash(fmt.Sprintf(goldens, lang)))
	if err != nil {
		return err
	}
	o := origins[lang]
	if n := strings.Count(string(kept), o[0]); n != 1 {
		return fmt.Errorf("the golden transcript says %q %d times", o[0], n)
	}
	want := strings.Replace(string(kept), o[0], o[1], 1)
	if err := os.WriteFile(r.path("visit."+lang+".txt"), []byte(got), 0o644); err != nil { // for whoever looks
		return err
	}
	if got == want {
		return nil
	}
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Errorf("line %d says %q instead of %q; the transcript is in %s", i+1, a[i], b[i], r.path("visit."+lang+".txt"))
		}
	}
	return fmt.Errorf("it has %d lines instead of %d; it is in %s", len(a), len(b), r.path("visit."+lang+".txt"))
}
