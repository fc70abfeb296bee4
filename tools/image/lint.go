package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

var (
	// secretKey is key material, not the mere words that programs search for.
	secretKey = regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/=]{16}|centralita-update-secret [A-Za-z0-9+/]{40}`)
	// given is a password, a token or a key that stands in a setting.
	given = regexp.MustCompile(`(?im)^[^#\n]*\b(password|passwd|passphrase|secret|token|psk|api_?key)["']?\s*[:=]\s*["']?[^\s"'*!]`)
	// opens are programs that let somebody in or show what was typed.
	opens = []string{"getty", "agetty", "login", "su", "sulogin", "sudo", "telnetd", "httpd", "ftpd", "nc", "sshd", "dropbear", "cttyhack", "microcom"}
	// keyFiles are names under which keys and seeds are kept.
	keyFiles = []string{"authorized_keys", "id_rsa", "id_ed25519", "id_ecdsa", ".netrc", "seed", "random-seed", "secrets.json", "access.json"}
)

// lint looks through the trees that go into an image for what would make every box alike
// to a stranger or open a way in: passwords, private keys, seeds, a way to log in beside
// ours, programs that give rights.
func lint(all fs.FS, trees ...string) []error {
	var faults []error
	for _, tree := range trees {
		err := fs.WalkDir(all, tree, func(p string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			for _, what := range lintFile(all, p, d) {
				faults = append(faults, fmt.Errorf("%s: %s", p, what))
			}
			return nil
		})
		if err != nil {
			faults = append(faults, fmt.Errorf("cannot look through %s: %w", tree, err))
		}
	}
	return faults
}

func lintFile(all fs.FS, p string, d fs.DirEntry) (faults []string) {
	name := path.Base(p)
	if slices.Contains(opens, name) && strings.Contains(p, "bin/") {
		faults = append(faults, "a program that lets somebody in")
	}
	if slices.Contains(keyFiles, name) && !strings.Contains(p, "/init.d/") || strings.HasPrefix(name, "ssh_host_") {
		faults = append(faults, "a file of keys or of a box's own")
	}
	if d.Type()&fs.ModeSymlink != 0 {
		return faults
	}
	info, err := d.Info()
	if err != nil {
		return append(faults, err.Error())
	}
	if info.Mode()&(fs.ModeSetuid|fs.ModeSetgid) != 0 {
		faults = append(faults, "gives the rights of its owner")
	}
	if info.Mode().Perm()&0o022 != 0 {
		faults = append(faults, fmt.Sprintf("may be written by others than its owner: %v", info.Mode()))
	}
	data, err := fs.ReadFile(all, p)
	if err != nil {
		return append(faults, err.Error())
	}
	if secretKey.Match(data) {
		faults = append(faults, "holds a private key")
	}
	text := !bytes.Contains(data[:min(len(data), 8000)], []byte{0})
	switch {
	case name == "passwd" || name == "shadow":
		faults = append(faults, lintAccounts(string(data))...)
	case name == "inittab":
		if strings.Contains(string(data), "askfirst") || strings.Contains(string(data), "/bin/sh\n") {
			faults = append(faults, "opens a shell")
		}
	case text && strings.Contains(p, "/etc/") && given.Match(data):
		faults = append(faults, fmt.Sprintf("gives a password or a key: %q", given.Find(data)))
	}
	return faults
}

// lintAccounts looks at passwd(5) and shadow(5): nobody has a password, only root is 0,
// nobody has a shell.
func lintAccounts(text string) (faults []string) {
	for line := range strings.Lines(text) {
		f := strings.Split(strings.TrimSpace(line), ":")
		if len(f) < 2 {
			faults = append(faults, "a line that is no account")
			continue
		}
		if !slices.Contains([]string{"x", "*", "!", "!*"}, f[1]) {
			faults = append(faults, "account "+f[0]+" has a password or needs none")
		}
		if len(f) == 7 {
			if f[2] == "0" && f[0] != "root" {
				faults = append(faults, "account "+f[0]+" is root")
			}
			if f[6] != "/bin/false" {
				faults = append(faults, "account "+f[0]+" has the shell "+f[6])
			}
		}
	}
	return faults
}
