package debian

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// list is the file that says a folder is complete: the release, then the modules in
// the order in which they load.
const list = "modules.list"

// keepAll moves what a guest needs into dir and removes the rest.
func keepAll(dir, root, release string, modules []string) error {
	move := func(from, to string) error {
		if err := os.Rename(from, filepath.Join(dir, to)); err != nil {
			return fmt.Errorf("cannot keep %s: %w", to, err)
		}
		return nil
	}
	if err := move(filepath.Join(root, "boot", "vmlinuz-"+release), "vmlinuz"); err != nil {
		return err
	}
	text := release + "\n"
	for _, m := range modules {
		if err := move(m, filepath.Base(m)); err != nil {
			return err
		}
		text += filepath.Base(m) + "\n"
	}
	for _, d := range []string{root, filepath.Join(dir, "debs"), filepath.Join(dir, "apt")} {
		if err := os.RemoveAll(d); err != nil {
			return fmt.Errorf("cannot clear up: %w", err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, list), []byte(text), 0o644); err != nil {
		return fmt.Errorf("cannot write the list of modules: %w", err)
	}
	return nil
}

// kept reads what an earlier run kept.
func kept(dir string) (Kit, error) {
	text, err := os.ReadFile(filepath.Join(dir, list))
	if err != nil {
		return Kit{}, fmt.Errorf("nothing is kept: %w", err)
	}
	lines := strings.Fields(string(text))
	if len(lines) < 2 {
		return Kit{}, fmt.Errorf("%s is not whole; remove %s", list, dir)
	}
	k := Kit{Release: lines[0], Kernel: filepath.Join(dir, "vmlinuz")}
	for _, m := range lines[1:] {
		k.Modules = append(k.Modules, filepath.Join(dir, m))
	}
	return k, nil
}

// Order returns modules with those of the kernel (below tree) that they depend on, each
// behind its own.
func Order(modules []string, tree string) ([]string, error) {
	where := map[string]string{}
	note := func(path string) {
		where[strings.ReplaceAll(strings.TrimSuffix(filepath.Base(path), ".ko"), "-", "_")] = path
	}
	err := filepath.WalkDir(tree, func(path string, _ fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".ko") {
			note(path)
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("cannot look for the kernel's modules: %w", err)
	}
	sort.Strings(modules)
	for _, m := range modules {
		note(m)
	}
	var order []string
	state := map[string]int{} // 1 on the way, 2 done
	var add func(path string) error
	add = func(path string) error {
		switch state[path] {
		case 1:
			return fmt.Errorf("module %s depends on itself", filepath.Base(path))
		case 2:
			return nil
		}
		state[path] = 1
		depends, err := dependencies(path)
		if err != nil {
			return err
		}
		for _, name := range depends {
			p, ok := where[strings.ReplaceAll(name, "-", "_")]
			if !ok {
				return fmt.Errorf("module %s depends on %s, which is nowhere", filepath.Base(path), name)
			}
			if err := add(p); err != nil {
				return err
			}
		}
		state[path] = 2
		order = append(order, path)
		return nil
	}
	for _, m := range modules {
		if err := add(m); err != nil {
			return nil, err
		}
	}
	return order, nil
}

// named finds modules of the kernel below tree by their names.
func named(tree string, names []string) ([]string, error) {
	var found []string
	for _, n := range names {
		path := ""
		err := filepath.WalkDir(tree, func(p string, _ fs.DirEntry, err error) error {
			if err == nil && filepath.Base(p) == n+".ko" {
				path = p
			}
			return err
		})
		switch {
		case err != nil:
			return nil, fmt.Errorf("cannot look for the kernel's module %s: %w", n, err)
		case path == "":
			return nil, fmt.Errorf("the kernel has no module %s", n)
		}
		found = append(found, path)
	}
	return found, nil
}

// dependencies reads what a module says of itself.
func dependencies(path string) ([]string, error) {
	f, err := elf.Open(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read module %s: %w", path, err)
	}
	defer f.Close()
	s := f.Section(".modinfo")
	if s == nil {
		return nil, fmt.Errorf("%s is not a module", path)
	}
	info, err := s.Data()
	if err != nil {
		return nil, fmt.Errorf("cannot read module %s: %w", path, err)
	}
	for field := range bytes.SplitSeq(info, []byte{0}) {
		if names, ok := bytes.CutPrefix(field, []byte("depends=")); ok && len(names) > 0 {
			return strings.Split(string(names), ","), nil
		}
	}
	return nil, nil
}
