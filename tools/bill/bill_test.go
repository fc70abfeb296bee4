package bill

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestThisProgram reads what the running test was built of: Go's own library and
// whatever this package needs, which is nothing else.
func TestThisProgram(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	got, err := Of(self, ".")
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || got[0].Path != "std" || got[0].SPDX != "BSD-3-Clause" || !strings.HasPrefix(got[0].Version, "go1.") {
		t.Errorf("the test is made of %+v", got)
	}
}

// TestModulesOfOurs asks for the licences of some modules of go.mod.
func TestModulesOfOurs(t *testing.T) {
	want := map[string]string{"github.com/alecthomas/kong": "MIT", "golang.org/x/sys": "BSD-3-Clause", "periph.io/x/conn/v3": "Apache-2.0"}
	var ask []Module
	for path := range want {
		ask = append(ask, Module{Path: path})
	}
	where, err := folders(".", ask)
	if err != nil {
		t.Fatal(err)
	}
	for path, spdx := range want {
		texts, err := texts(where[path])
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if got := identify(texts); got != spdx {
			t.Errorf("%s is %s, want %s", path, got, spdx)
		}
	}
}

func TestAModuleWithoutLicence(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "license.go"), []byte("package x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := texts(dir); err == nil || !strings.Contains(err.Error(), "LICENSE") {
		t.Errorf("no licence: %v", err)
	}
	if _, err := texts(""); err == nil || !strings.Contains(err.Error(), "go mod download") {
		t.Errorf("no sources: %v", err)
	}
}

func TestIdentify(t *testing.T) {
	if got := identify([]Text{{"LICENSE", "All rights reserved."}}); got != "NOASSERTION" {
		t.Errorf("a text of its own is %s", got)
	}
	var ids []string
	for _, p := range phrases {
		if slices.Contains(ids, p.spdx) {
			t.Errorf("%s stands twice", p.spdx)
		}
		ids = append(ids, p.spdx)
		if got := identify([]Text{{"NOTICE", "Thanks."}, {"LICENSE", strings.ToUpper(strings.Join(p.all, "\n "))}}); got != p.spdx {
			t.Errorf("the phrases of %s are taken for %s", p.spdx, got)
		}
	}
}

func TestWhole(t *testing.T) {
	ours, err := os.ReadFile("../../LICENSE")
	if err != nil {
		t.Fatal(err)
	}
	if !Whole("Apache-2.0", Text{"LICENSE", string(ours)}) {
		t.Error("our licence is not the whole text")
	}
	if Whole("Apache-2.0", Text{"NOTICE", "under the Apache License, Version 2.0"}) || Whole("MIT", Text{"LICENSE", string(ours)}) {
		t.Error("a notice is taken for the whole text")
	}
}
