package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strings"
	"time"
)

// spdx is a document of SPDX 2.3 in JSON, as far as we fill it.
type spdx struct {
	Version       string         `json:"spdxVersion"`
	License       string         `json:"dataLicense"`
	ID            string         `json:"SPDXID"`
	Name          string         `json:"name"`
	Namespace     string         `json:"documentNamespace"`
	Creation      spdxCreation   `json:"creationInfo"`
	Packages      []spdxPackage  `json:"packages"`
	Relationships []spdxRelation `json:"relationships"`
}

type spdxCreation struct {
	Created  string   `json:"created"`
	Creators []string `json:"creators"`
}

type spdxPackage struct {
	ID       string    `json:"SPDXID"`
	Name     string    `json:"name"`
	Version  string    `json:"versionInfo"`
	Supplier string    `json:"supplier"`
	Location string    `json:"downloadLocation"`
	Analyzed bool      `json:"filesAnalyzed"`
	Declared string    `json:"licenseDeclared"`
	Refs     []spdxRef `json:"externalRefs"`
}

type spdxRef struct {
	Category string `json:"referenceCategory"`
	Type     string `json:"referenceType"`
	Locator  string `json:"referenceLocator"`
}

type spdxRelation struct {
	From string `json:"spdxElementId"`
	Kind string `json:"relationshipType"`
	To   string `json:"relatedSpdxElement"`
}

// goModule is a module of our program: which, and the text of its licence.
type goModule struct{ path, version, licence, text string }

// parts returns the list of everything in the image with versions, as SPDX, and the text
// of all licences.
func (b *build) parts(ctx context.Context) (bom, licences []byte, err error) {
	modules, err := goModules(ctx, b.program, b.rescue)
	if err != nil {
		return nil, nil, err
	}
	packages := slices.DeleteFunc(slices.Clone(b.stock.Packages), func(p pkg) bool { // of another board's loader
		return (p.Name == "raspi-firmware" && len(b.board.firmware) == 0) || (strings.HasPrefix(p.Name, "u-boot-") && p.Name != b.board.ubootPackage)
	})
	var text bytes.Buffer
	for _, p := range packages {
		file := filepath.Join(b.stock.root(), "usr/share/doc", p.Name, "copyright")
		words, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) && p.Name == modulesSource { // was built, not unpacked
			words, err = os.ReadFile(filepath.Join(b.stock.root(), "usr/share/doc/dahdi/copyright"))
		}
		if err != nil {
			return nil, nil, fmt.Errorf("cannot find the licence of %s: %w", p.Name, err)
		}
		fmt.Fprintf(&text, "==== %s %s (Debian, source %s)\n\n%s\n\n", p.Name, p.Version, p.Source, bytes.TrimSpace(words))
	}
	for _, m := range modules {
		fmt.Fprintf(&text, "==== %s %s (Go module)\n\n%s\n\n", m.path, m.version, strings.TrimSpace(m.text))
	}
	bom, err = document(b.board.name, b.version, b.epoch, packages, modules)
	return bom, text.Bytes(), err
}

var noID = regexp.MustCompile(`[^A-Za-z0-9.-]+`)

// document writes the list. It is the same for the same parts.
func document(board, version string, epoch int64, packages []pkg, modules []goModule) ([]byte, error) {
	d := spdx{Version: "SPDX-2.3", License: "CC0-1.0", ID: "SPDXRef-DOCUMENT", Name: "centralita-" + board + "-" + version,
		Creation: spdxCreation{time.Unix(epoch, 0).UTC().Format(time.RFC3339), []string{"Tool: centralita-image"}}}
	add := func(id, name, version, supplier, licence, purl string) {
		id = "SPDXRef-" + noID.ReplaceAllString(id, "-")
		d.Packages = append(d.Packages, spdxPackage{ID: id, Name: name, Version: version, Supplier: supplier, Location: "NOASSERTION",
			Declared: licence, Refs: []spdxRef{{"PACKAGE-MANAGER", "purl", purl}}})
		d.Relationships = append(d.Relationships, spdxRelation{"SPDXRef-DOCUMENT", "DESCRIBES", id})
	}
	for _, p := range packages {
		add("deb-"+p.Name, p.Name, p.Version, "Organization: Debian", "NOASSERTION",
			fmt.Sprintf("pkg:deb/debian/%s@%s?arch=%s", p.Name, strings.ReplaceAll(p.Version, "+", "%2B"), p.Arch))
	}
	for _, m := range modules {
		add("go-"+m.path, m.path, m.version, "NOASSERTION", m.licence, "pkg:golang/"+m.path+"@"+strings.ReplaceAll(m.version, "+", "%2B"))
	}
	parts, err := json.Marshal(d.Packages)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(append(parts, d.Name...))
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80 // version 8 of RFC 9562: a digest
	d.Namespace = fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
	text, err := json.MarshalIndent(d, "", " ")
	return append(text, '\n'), err
}

// goModules reads which modules programs are made of, and their licences from where the
// Go tool keeps them.
func goModules(ctx context.Context, programs ...string) ([]goModule, error) {
	found := map[string]goModule{}
	for _, p := range programs {
		info, err := buildinfo.ReadFile(p)
		if err != nil {
			return nil, fmt.Errorf("cannot read what %s is made of: %w", p, err)
		}
		found["std"] = goModule{path: "std", version: strings.TrimPrefix(info.GoVersion, "go")}
		for _, m := range info.Deps {
			if m.Replace != nil {
				m = m.Replace
			}
			found[m.Path] = goModule{path: m.Path, version: m.Version}
		}
	}
	var list []goModule
	for _, m := range found {
		list = append(list, m)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].path < list[j].path })
	dirs := map[string]string{}
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Path}}\t{{.Dir}}", "all").Output()
	if err != nil {
		return nil, fmt.Errorf("cannot ask where modules are: %w", err)
	}
	for line := range strings.Lines(string(out)) {
		if path, dir, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok {
			dirs[path] = dir
		}
	}
	if out, err = exec.CommandContext(ctx, "go", "env", "GOROOT").Output(); err != nil {
		return nil, fmt.Errorf("cannot ask where Go is: %w", err)
	}
	dirs["std"] = strings.TrimSpace(string(out))
	for i := range list {
		if list[i].text, err = licenceText(dirs[list[i].path]); err != nil {
			return nil, fmt.Errorf("cannot find the licence of %s: %w", list[i].path, err)
		}
		list[i].licence = licenceOf(list[i].text)
	}
	return list, nil
}

// licenceText returns the files of a module that say how it may be used.
func licenceText(dir string) (string, error) {
	found, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	var text strings.Builder
	for _, e := range found {
		name := strings.ToUpper(e.Name())
		if e.IsDir() || !strings.HasPrefix(name, "LICEN") && !strings.HasPrefix(name, "COPYING") && !strings.HasPrefix(name, "NOTICE") {
			continue
		}
		words, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return "", err
		}
		text.Write(words)
		text.WriteString("\n")
	}
	if text.Len() == 0 {
		return "", fmt.Errorf("no LICENSE in %s", dir)
	}
	return text.String(), nil
}

// licenceOf names a licence by words that only it has (SPDX's identifiers).
func licenceOf(text string) string {
	words := strings.Join(strings.Fields(text), " ")
	for _, l := range []struct{ id, has string }{
		{"Apache-2.0", "Apache License Version 2.0"},
		{"MPL-2.0", "Mozilla Public License Version 2.0"},
		{"MPL-2.0", "Mozilla Public License, version 2.0"},
		{"BSD-3-Clause", "Neither the name of"},
		{"BSD-3-Clause", "may not be used to endorse or promote"},
		{"BSD-2-Clause", "Redistributions in binary form must reproduce"},
		{"ISC", "Permission to use, copy, modify, and/or distribute this software"},
		{"ISC", "Permission to use, copy, modify, and distribute this software"},
		{"MIT", "Permission is hereby granted, free of charge"},
	} {
		if strings.Contains(words, l.has) {
			return l.id
		}
	}
	return "NOASSERTION"
}
