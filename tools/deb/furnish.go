package main

import (
	"bytes"
	"compress/gzip"
	"crypto/md5"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/centralita/centralita/tools/bill"
)

//go:embed tree
var tree embed.FS

// maintainer is whom the package names.
const maintainer = "Centralita <package@centralita.invalid>"

// description of the package; what follows the first line is indented as
// Debian's policy 5.6.13 has it.
const description = `call centre for the telephone lines of a small office
 Answers analog lines (telephone cards under DAHDI, USB voice modems) and SIP
 trunks, asks callers by spoken menus, queues them, connects them to agents on
 analog, SIP or browser phones, records and reports.
 .
 Every event is kept in a numbered, hash-chained book and can be sent upstream
 exactly once. Spanish and English.`

// overrides are what lintian finds and why it stays.
const overrides = `# Go links its programs whole, and this one runs on images without a C library too
centralita: statically-linked-binary [usr/bin/centralita]
# not meant for Debian's archive: there is no bug to close
centralita: initial-upload-closes-no-bugs *
`

// file is one file of the package.
type file struct {
	path string
	mode fs.FileMode
	body []byte
}

// furnish lays everything but the program into root.
func (j job) furnish(root, program string) error {
	parts, err := bill.Of(program, ".")
	if err != nil {
		return err
	}
	licence, err := os.ReadFile("LICENSE")
	if err != nil {
		return fmt.Errorf("cannot read our licence: %w", err)
	}
	changes, err := os.ReadFile("CHANGELOG.md")
	if err != nil {
		return fmt.Errorf("cannot read the changelog: %w", err)
	}
	files := []file{
		{"usr/share/doc/centralita/copyright", 0o644, copyright(parts, licence)},
		{"usr/share/doc/centralita/changelog.gz", 0o644, pack(changes)},
		{"usr/share/doc/centralita/changelog.Debian.gz", 0o644, pack(j.changelog())},
		{"usr/share/lintian/overrides/centralita", 0o644, []byte(overrides)},
		{"DEBIAN/conffiles", 0o644, []byte("/etc/centralita/centralita.yaml\n")},
	}
	for _, f := range []struct {
		from, to string
		mode     fs.FileMode
		zip      bool
	}{
		{"centralita.service", "lib/systemd/system/centralita.service", 0o644, false},
		{"centralita.rules", "lib/udev/rules.d/60-centralita.rules", 0o644, false},
		{"centralita.yaml", "etc/centralita/centralita.yaml", 0o644, false},
		{"centralita.1", "usr/share/man/man1/centralita.1.gz", 0o644, true},
		{"centralita.es.1", "usr/share/man/es/man1/centralita.1.gz", 0o644, true},
		{"postinst", "DEBIAN/postinst", 0o755, false},
		{"prerm", "DEBIAN/prerm", 0o755, false},
		{"postrm", "DEBIAN/postrm", 0o755, false},
	} {
		body, err := tree.ReadFile("tree/" + f.from)
		if err != nil {
			return err
		}
		if f.zip {
			body = pack([]byte(strings.NewReplacer("@VERSION@", j.version, "@DATE@", j.made.Format("2006-01-02")).Replace(string(body))))
		}
		files = append(files, file{f.to, f.mode, body})
	}
	for _, f := range files {
		if err := write(root, f); err != nil {
			return err
		}
	}
	return j.control(root)
}

func write(root string, f file) error {
	path := filepath.Join(root, f.path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(path, f.body, f.mode); err != nil {
		return err
	}
	return os.Chmod(path, f.mode) // whatever the umask
}

// control writes what must be known of the tree when it is whole: its size and
// the sums of its files.
func (j job) control(root string) error {
	var sums bytes.Buffer
	size := int64(0)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if err := chmodTree(path, d); err != nil {
			return err
		}
		name, _ := filepath.Rel(root, path)
		if d.IsDir() || strings.HasPrefix(name, "DEBIAN") {
			return nil
		}
		body, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		size += int64(len(body)+1023) / 1024
		if !strings.HasPrefix(name, "etc/") { // dpkg knows conffiles by themselves
			fmt.Fprintf(&sums, "%x  %s\n", md5.Sum(body), name)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("cannot sum up the package: %w", err)
	}
	if err := write(root, file{"DEBIAN/md5sums", 0o644, sums.Bytes()}); err != nil {
		return err
	}
	text := fmt.Sprintf(`Package: centralita
Version: %s
Architecture: %s
Maintainer: %s
Installed-Size: %d
Depends: adduser, init-system-helpers (>= 1.52)
Recommends: tzdata
Suggests: dahdi
Section: comm
Priority: optional
Description: %s
`, j.debian, j.arch, maintainer, size, description)
	return write(root, file{"DEBIAN/control", 0o644, []byte(text)})
}

// chmodTree gives folders and the program the modes of a package.
func chmodTree(path string, d fs.DirEntry) error {
	if d.IsDir() || strings.HasSuffix(path, "/usr/bin/centralita") {
		return os.Chmod(path, 0o755)
	}
	return nil
}

// changelog is the package's own.
func (j job) changelog() []byte {
	return fmt.Appendf(nil, "centralita (%s) unstable; urgency=medium\n\n  * Release %s; see changelog.gz for what changed.\n\n -- %s  %s\n",
		j.debian, j.version, maintainer, j.made.Format("Mon, 02 Jan 2006 15:04:05 -0700"))
}

// copyright tells our licence and that of each part, with the texts that their
// licences ask to be kept.
func copyright(parts []bill.Module, ours []byte) []byte {
	var b bytes.Buffer
	b.WriteString("Centralita is copyright of its authors and under the Apache License 2.0, which on\n" +
		"Debian systems stands in /usr/share/common-licenses/Apache-2.0.\n\n" +
		"usr/bin/centralita is one program into which the modules below are linked. The\n" +
		"typeface Atkinson Hyperlegible inside is under the SIL Open Font License 1.1.\n\n")
	for _, m := range parts {
		fmt.Fprintf(&b, "  %s %s: %s\n", m.Path, m.Version, m.SPDX)
	}
	section := func(title, text string) {
		fmt.Fprintf(&b, "\n%s\n%s\n\n%s\n", title, strings.Repeat("-", len(title)), strings.TrimSpace(text))
	}
	for _, m := range parts {
		for _, t := range m.Texts {
			if t.Body != string(ours) && !bill.Whole(m.SPDX, t) { // those stand on every Debian
				section(m.Path+" "+m.Version+": "+t.Name, t.Body)
			}
		}
	}
	return b.Bytes()
}

// pack compresses as policy 12.7 asks, without a time of its own.
func pack(body []byte) []byte {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err == nil {
		_, err = z.Write(body)
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		panic(err) // memory neither fails nor knows another level
	}
	return b.Bytes()
}
