package debian

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// Archive is Debian's archive as the host's sources name it, for one architecture.
type Archive struct {
	Dir  string // of apt's lists (below apt) and of packages (below debs)
	Arch string // wanted beside the host's
	// Components are asked for beside those of the host's sources, of which only
	// Debian's own are used then: "non-free-firmware".
	Components []string
}

// Debs is where packages are.
func (a Archive) Debs() string { return filepath.Join(a.Dir, "debs") }

// Update reads the lists.
func (a Archive) Update(ctx context.Context) error {
	_, err := a.apt(ctx, "apt-get", "update", "-q")
	return err
}

// Release returns the release of Debian's newest kernel: 6.1.0-50-arm64.
func (a Archive) Release(ctx context.Context) (string, error) {
	out, err := a.apt(ctx, "apt-cache", "depends", "linux-image-"+a.Arch+":"+a.Arch)
	if err != nil {
		return "", err
	}
	return releaseOf(out, a.Arch)
}

// Download gets packages into Debs: name, name:architecture or name=version.
func (a Archive) Download(ctx context.Context, packages ...string) error {
	_, err := a.apt(ctx, "apt-get", append([]string{"download", "-q"}, packages...)...)
	return err
}

// apt runs an apt program with lists of its own: what the host knows of other
// architectures and how old its lists are does not matter, and root is not needed.
func (a Archive) apt(ctx context.Context, program string, args ...string) (string, error) {
	state := filepath.Join(a.Dir, "apt")
	for _, p := range []string{"lists/partial", "cache/archives/partial", "sources"} {
		if err := os.MkdirAll(filepath.Join(state, p), 0o755); err != nil {
			return "", fmt.Errorf("cannot make the place of apt's lists: %w", err)
		}
	}
	all := []string{"-o", "Dir::State::lists=" + filepath.Join(state, "lists"), "-o", "Dir::Cache=" + filepath.Join(state, "cache"),
		"-o", "Acquire::Languages=none", "-o", "APT::Sandbox::User=root",
		"-o", "APT::Architectures::=" + runtime.GOARCH}
	if a.Arch != runtime.GOARCH {
		all = append(all, "-o", "APT::Architectures::="+a.Arch)
	}
	if len(a.Components) > 0 {
		if err := a.sources("/etc/apt", filepath.Join(state, "sources")); err != nil {
			return "", err
		}
		all = append(all, "-o", "Dir::Etc::sourcelist=/dev/null", "-o", "Dir::Etc::sourceparts="+filepath.Join(state, "sources"))
	}
	cmd := exec.CommandContext(ctx, program, append(all, args...)...)
	cmd.Dir = a.Debs()
	if err := os.MkdirAll(cmd.Dir, 0o755); err != nil {
		return "", fmt.Errorf("cannot make the place of packages: %w", err)
	}
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s %s: %w: %s", program, strings.Join(args, " "), err, bytes.TrimSpace(complaint.Bytes()))
	}
	return out.String(), nil
}

// sources writes the host's sources of Debian into dir with our components.
func (a Archive) sources(etc, dir string) error {
	var files []string
	for _, pattern := range []string{"sources.list", "sources.list.d/*.list", "sources.list.d/*.sources"} {
		found, err := filepath.Glob(filepath.Join(etc, pattern))
		if err != nil {
			return err
		}
		files = append(files, found...)
	}
	written := 0
	for _, f := range files {
		text, err := os.ReadFile(f)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			return fmt.Errorf("cannot read apt's sources: %w", err)
		}
		widened := widen(string(text), a.Components)
		if widened == "" {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(f)), []byte(widened), 0o644); err != nil {
			return fmt.Errorf("cannot write apt's sources: %w", err)
		}
		written++
	}
	if written == 0 {
		return fmt.Errorf("cannot find Debian's archive in apt's sources below %s; it needs a source with the component main", etc)
	}
	return nil
}

// widen returns those sources of a text (one-line or deb822, sources.list(5)) that have
// the component main, and adds components to them.
func widen(text string, components []string) string {
	var out []string
	add := func(words []string) []string {
		for _, c := range components {
			if !slices.Contains(words, c) {
				words = append(words, c)
			}
		}
		return words
	}
	for stanza := range strings.SplitSeq(text, "\n\n") {
		var kept []string
		is := false
		for line := range strings.SplitSeq(stanza, "\n") {
			words := strings.Fields(line)
			switch {
			case len(words) == 0 || strings.HasPrefix(words[0], "#"):
				continue
			case words[0] == "deb" && slices.Contains(words, "main") && debians(line):
				is, line = true, strings.Join(add(words), " ")
			case words[0] == "deb" || words[0] == "deb-src":
				continue
			case strings.EqualFold(words[0], "Components:") && slices.Contains(words, "main"):
				is, line = debians(stanza), strings.Join(add(words), " ")
			}
			kept = append(kept, line)
		}
		if is {
			out = append(out, strings.Join(kept, "\n")+"\n")
		}
	}
	return strings.Join(out, "\n")
}

// debians says whether a source is of Debian and not of somebody who offers packages for
// it: its address ends in debian or debian-security, or its key is Debian's.
func debians(source string) bool {
	for _, word := range strings.Fields(source) {
		word = strings.TrimRight(word, "/")
		if strings.HasSuffix(word, "/debian") || strings.HasSuffix(word, "/debian-security") || strings.HasSuffix(word, "/debian-archive-keyring.gpg") {
			return true
		}
	}
	return false
}

// Unpack unpacks every package of a folder into root. No script of a package runs.
func Unpack(ctx context.Context, debs, root string) error {
	found, err := filepath.Glob(filepath.Join(debs, "*.deb"))
	if err != nil {
		return err
	}
	for _, deb := range found {
		if err := Run(ctx, debs, "dpkg-deb", "-x", deb, root); err != nil {
			return err
		}
	}
	return nil
}
