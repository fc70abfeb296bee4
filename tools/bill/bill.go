// Package bill says what a built program is made of: every Go module that was
// linked into it, with its version and the licence under which it came. It is
// for the licence lists of packages and images.
package bill

import (
	"bytes"
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Module is one part of a program.
type Module struct {
	Path    string // "std" for Go's own library
	Version string // v1.2.3, or go1.26.0
	Sum     string // h1:… as go.sum has it; empty for Go's own library
	SPDX    string // identifier of the licence; "NOASSERTION" when its text is not known
	Texts   []Text // at least one
}

// Text is one licence file.
type Text struct {
	Name string // as in the module: LICENSE, NOTICE …
	Body string
}

// Of reads what program, a file that Go built, is made of, in the order of
// paths. The module itself is left out. It asks `go list` in dir, the folder of
// the program's go.mod, where the modules' sources are.
func Of(program, dir string) ([]Module, error) {
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return nil, fmt.Errorf("cannot read what %s is made of: %w", program, err)
	}
	std, err := library(info.GoVersion)
	if err != nil {
		return nil, err
	}
	out := []Module{std}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		out = append(out, Module{Path: m.Path, Version: m.Version, Sum: m.Sum})
	}
	folders, err := folders(dir, out[1:])
	if err != nil {
		return nil, err
	}
	for i := range out[1:] {
		m := &out[i+1]
		if m.Texts, err = texts(folders[m.Path]); err != nil {
			return nil, fmt.Errorf("cannot tell the licence of %s %s: %w", m.Path, m.Version, err)
		}
		m.SPDX = identify(m.Texts)
	}
	slices.SortFunc(out, func(a, b Module) int { return strings.Compare(a.Path, b.Path) })
	return out, nil
}

// library is Go's own part of every program.
func library(version string) (Module, error) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return Module{}, fmt.Errorf("cannot ask where Go is: %w", err)
	}
	m := Module{Path: "std", Version: version}
	if m.Texts, err = texts(strings.TrimSpace(string(root))); err != nil {
		return m, fmt.Errorf("cannot tell the licence of Go: %w", err)
	}
	m.SPDX = identify(m.Texts)
	return m, nil
}

// folders asks where the sources of modules lie.
func folders(dir string, modules []Module) (map[string]string, error) {
	args := []string{"list", "-m", "-json"}
	for _, m := range modules {
		args = append(args, m.Path)
	}
	if len(modules) == 0 {
		return nil, nil
	}
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	var said bytes.Buffer
	cmd.Stderr = &said
	raw, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("cannot ask go list for the modules: %w: %s", err, bytes.TrimSpace(said.Bytes()))
	}
	out := map[string]string{}
	for d := json.NewDecoder(bytes.NewReader(raw)); ; {
		var m struct{ Path, Dir string }
		if err := d.Decode(&m); errors.Is(err, io.EOF) {
			return out, nil
		} else if err != nil {
			return nil, fmt.Errorf("cannot read go list's answer: %w", err)
		}
		out[m.Path] = m.Dir
	}
}

// errNone is a module that says nothing of its licence.
var errNone = errors.New("it has no file called LICENSE, LICENCE, COPYING, UNLICENSE or NOTICE")

// texts reads the licence files of a module's folder.
func texts(dir string) ([]Text, error) {
	if dir == "" {
		return nil, errors.New("its sources are not here; hint: go mod download")
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var out []Text
	for _, e := range entries {
		name := strings.ToUpper(e.Name())
		licence := slices.ContainsFunc([]string{"LICENSE", "LICENCE", "COPYING", "UNLICENSE", "NOTICE"}, func(p string) bool { return strings.HasPrefix(name, p) })
		if !licence || !e.Type().IsRegular() || strings.HasSuffix(name, ".GO") {
			continue
		}
		raw, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		out = append(out, Text{Name: e.Name(), Body: string(raw)})
	}
	if len(out) == 0 {
		return nil, errNone
	}
	return out, nil
}

// phrases tell licences apart; the first whose phrases all stand in a text counts.
var phrases = []struct {
	spdx string
	all  []string
}{
	{"Apache-2.0", []string{"apache license", "version 2.0"}},
	{"MPL-2.0", []string{"mozilla public license", "2.0"}},
	{"LGPL-3.0-only", []string{"gnu lesser general public license", "version 3"}},
	{"LGPL-2.1-only", []string{"gnu lesser general public license", "version 2.1"}},
	{"GPL-3.0-only", []string{"gnu general public license", "version 3"}},
	{"GPL-2.0-only", []string{"gnu general public license", "version 2"}},
	{"BSD-3-Clause", []string{"redistribution and use in source and binary forms", "endorse or promote"}},
	{"BSD-2-Clause", []string{"redistribution and use in source and binary forms"}},
	{"ISC", []string{"permission to use, copy, modify, and", "distribute this software for any purpose", "with or without fee"}},
	{"MIT", []string{"permission is hereby granted, free of charge", "the above copyright notice and this permission notice"}},
	{"CC0-1.0", []string{"cc0 1.0 universal"}},
	{"Unlicense", []string{"this is free and unencumbered software released into the public domain"}},
}

// identify finds the licence that texts are.
func identify(texts []Text) string {
	for _, t := range texts {
		plain := strings.ToLower(strings.Join(strings.Fields(t.Body), " "))
		for _, p := range phrases {
			if !slices.ContainsFunc(p.all, func(s string) bool { return !strings.Contains(plain, s) }) {
				return p.spdx
			}
		}
	}
	return "NOASSERTION"
}

// Whole reports whether t is nothing but the full text of the Apache License,
// which every Debian system keeps once for all.
func Whole(spdx string, t Text) bool {
	return spdx == "Apache-2.0" && identify([]Text{t}) == spdx && strings.Contains(t.Body, "END OF TERMS AND CONDITIONS")
}
