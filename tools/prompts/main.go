// Command prompts builds the spoken prompts and the waiting music of
// firmware/prompt from their texts and their score, with espeak-ng and sox.
//
//	go run ./tools/prompts [--all] [--dir firmware/prompt]
//
// It builds what the manifest does not know or knows from another text, removes
// what no text asks for, and writes the manifest. --all builds everything.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sync"

	"github.com/centralita/centralita/firmware/prompt"
	"github.com/centralita/centralita/firmware/tel"
)

func main() {
	dir := flag.String("dir", "firmware/prompt", "folder of the prompts")
	all := flag.Bool("all", false, "build everything again")
	flag.Parse()
	if err := build(*dir, *all, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "prompts:", err)
		os.Exit(1)
	}
}

// job is one file to be made.
type job struct {
	file  string // under audio/
	stamp string
	make  func() ([]byte, error)
}

// build brings the audio under dir up to date.
func build(dir string, all bool, say io.Writer) error {
	jobs, err := plan()
	if err != nil {
		return err
	}
	audio := filepath.Join(dir, "audio")
	known, err := manifest(audio)
	if err != nil {
		return err
	}
	var made []prompt.Made
	var todo []job
	for _, j := range jobs {
		m, ok := known[j.file]
		if ok && !all && m.Stamp == j.stamp && intact(audio, m) {
			made = append(made, m)
			continue
		}
		todo = append(todo, j)
	}
	if err := need(todo); err != nil {
		return err
	}
	fresh, err := run(audio, todo)
	if err != nil {
		return err
	}
	made = append(made, fresh...)
	removed, err := sweep(audio, made)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(audio, "manifest.txt"), prompt.FormatManifest(made), 0o644); err != nil {
		return fmt.Errorf("cannot write the manifest: %w", err)
	}
	fmt.Fprintf(say, "%d prompts: %d built, %d kept, %d removed\n", len(made), len(fresh), len(made)-len(fresh), removed)
	return nil
}

// plan lists every file that texts and score ask for.
func plan() ([]job, error) {
	var jobs []job
	for _, lang := range []tel.Lang{tel.Spanish, tel.English} {
		texts, err := prompt.Texts(lang)
		if err != nil {
			return nil, err
		}
		for _, t := range texts {
			jobs = append(jobs, job{string(lang) + "/" + t.ID + ".wav", t.Stamp(lang), func() ([]byte, error) { return speak(lang, t) }})
		}
	}
	score, err := prompt.Score()
	if err != nil {
		return nil, err
	}
	return append(jobs, job{"music.wav", prompt.ScoreStamp(score), func() ([]byte, error) { return perform(score) }}), nil
}

// manifest reads what was built before, by file.
func manifest(audio string) (map[string]prompt.Made, error) {
	known := map[string]prompt.Made{}
	b, err := os.ReadFile(filepath.Join(audio, "manifest.txt"))
	if errors.Is(err, fs.ErrNotExist) {
		return known, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the manifest: %w", err)
	}
	made, err := prompt.ParseManifest(b)
	if err != nil {
		return nil, err
	}
	for _, m := range made {
		known[m.File] = m
	}
	return known, nil
}

// intact reports whether a file is still the one that was built.
func intact(audio string, m prompt.Made) bool {
	b, err := os.ReadFile(filepath.Join(audio, m.File))
	return err == nil && prompt.Digest(b) == m.Digest
}

// need says which programs are missing before half of the work is done.
func need(todo []job) error {
	if len(todo) == 0 {
		return nil
	}
	for _, name := range []string{"espeak-ng", "sox"} {
		if _, err := exec.LookPath(name); err != nil {
			return fmt.Errorf("cannot build %d prompts: %s is not installed (apt install espeak-ng sox)", len(todo), name)
		}
	}
	return nil
}

// run makes the files, two at a time.
func run(audio string, todo []job) ([]prompt.Made, error) {
	made := make([]prompt.Made, len(todo))
	errs := make([]error, len(todo))
	var wg sync.WaitGroup
	slots := make(chan struct{}, 2)
	for i, j := range todo {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			made[i], errs[i] = finish(audio, j)
		})
	}
	wg.Wait()
	return made, errors.Join(errs...)
}

// finish makes one file and writes it.
func finish(audio string, j job) (prompt.Made, error) {
	b, err := j.make()
	if err != nil {
		return prompt.Made{}, fmt.Errorf("cannot build %s: %w", j.file, err)
	}
	file := filepath.Join(audio, j.file)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return prompt.Made{}, err
	}
	if err := os.WriteFile(file, b, 0o644); err != nil {
		return prompt.Made{}, err
	}
	return prompt.Made{File: j.file, Stamp: j.stamp, Digest: prompt.Digest(b)}, nil
}

// sweep removes audio that no text asks for.
func sweep(audio string, made []prompt.Made) (removed int, err error) {
	wanted := map[string]bool{}
	for _, m := range made {
		wanted[m.File] = true
	}
	err = filepath.WalkDir(audio, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".wav" {
			return err
		}
		name, err := filepath.Rel(audio, path)
		if err != nil || wanted[filepath.ToSlash(name)] {
			return err
		}
		removed++
		return os.Remove(path)
	})
	return removed, err
}
