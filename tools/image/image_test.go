package main

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/centralita/centralita/board/abslot"
	"github.com/centralita/centralita/board/models"
	"github.com/centralita/centralita/firmware/mbr"
	"github.com/centralita/centralita/hal/slot"
)

func TestEnvironmentIsReplaced(t *testing.T) {
	old := "arch=arm\x00bootcmd=run distro_bootcmd\x00bootdelay=2\x00boot_net_usb_start=usb start\x00\x00"
	binary := []byte("code\x00\x01\x02\x00" + old + "more code\x00\x00")
	got, err := patchEnvironment(binary, []string{"bootdelay=-2", "bootcmd=ours"})
	want := []byte("code\x00\x01\x02\x00bootdelay=-2\x00bootcmd=ours\x00\x00")
	if err != nil || !bytes.HasPrefix(got, want) || len(got) != len(binary) || !bytes.HasSuffix(got, []byte("more code\x00\x00")) {
		t.Fatalf("%q, %v", got, err)
	}
	if bytes.Contains(got, []byte("distro")) || bytes.Contains(got, []byte("usb start")) {
		t.Errorf("something of the old one is left: %q", got)
	}
	for what, c := range map[string]struct {
		binary []byte
		vars   []string
	}{
		"none":         {[]byte("no environment"), nil},
		"two":          {append(bytes.Clone(binary), binary...), nil},
		"no room":      {binary, []string{"bootcmd=" + strings.Repeat("x", 200)}},
		"no variable":  {binary, []string{"bootcmd"}},
		"line feed":    {binary, []string{"bootcmd=a\nb"}},
		"without end":  {binary[:len(binary)-30], nil},
		"name is void": {binary, []string{"=x"}},
	} {
		if got, err := patchEnvironment(c.binary, c.vars); err == nil {
			t.Errorf("%s: %q", what, got)
		}
	}
}

// Every board's environment says what boot.cmd counts on, hears no key, and no board's
// model is unknown.
func TestBoards(t *testing.T) {
	script, err := files.ReadFile("files/boot.cmd")
	if err != nil {
		t.Fatal(err)
	}
	for _, bd := range boards {
		b := build{board: bd}
		env := map[string]string{}
		for _, v := range b.environment() {
			if !isVariable([]byte(v)) {
				t.Errorf("%s: %q is no variable", bd.name, v)
			}
			k, v, _ := strings.Cut(v, "=")
			env[k] = v
		}
		for _, k := range []string{"blk", "console", "boot", "tree", "kernel_addr_r", "ramdisk_addr_r", "rec0", "rec1", "rec2", "scriptaddr", "bootcmd"} {
			if env[k] == "" || !strings.Contains(string(script), "${"+k+"}") && k != "tree" && k != "scriptaddr" && k != "bootcmd" {
				t.Errorf("%s: %s is not set, or not used", bd.name, k)
			}
		}
		if env["bootdelay"] != "-2" || !strings.HasSuffix(env["bootcmd"], "reset") {
			t.Errorf("%s: a prompt can open: %v", bd.name, env)
		}
		if bd.uboot != "" && env["stdin"] != "nulldev" {
			t.Errorf("%s: U-Boot hears keys", bd.name)
		}
		if _, _, ok := models.Read(bd.model); bd.model != "" && !ok {
			t.Errorf("%s: there is no board model %q", bd.name, bd.model)
		}
	}
	if _, err := boardOf("rpi9"); err == nil || !strings.Contains(err.Error(), "rpi4") {
		t.Errorf("an unknown board: %v", err)
	}
	for _, name := range abslot.Names { // the script carries every key of the record
		if !strings.Contains(string(script), " "+name) {
			t.Errorf("boot.cmd does not know %s", name)
		}
	}
	if !strings.Contains(string(script), "setenv keys "+strings.Join(abslot.Names, " ")+"\n") {
		t.Error("boot.cmd does not keep the keys of the record")
	}
}

// The partitions follow each other, behind the boot record, and a slot is as large as
// the other.
func TestLayout(t *testing.T) {
	p := layout.Partitions
	if int64(p[0].Start)*mbr.Sector < abslot.Second+abslot.RecordSize {
		t.Error("the boot partition lies on the boot record")
	}
	for i := 1; i < 4; i++ {
		if p[i].Start != p[i-1].Start+p[i-1].Size {
			t.Errorf("partition %d does not follow", i+1)
		}
	}
	if p[1].Size != p[2].Size {
		t.Error("the slots differ")
	}
}

// A disk as the builder writes it is one that the slots' driver opens.
func TestDiskIsReadByTheDriver(t *testing.T) {
	dir := t.TempDir()
	parts := map[string]string{"boot": "BOOT", "slot": "SLOT", "data": "DATA"}
	for n, text := range parts {
		if err := os.WriteFile(path.Join(dir, n), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	a := slot.Image{Number: 7, Version: "0.1.0+abc", Floor: 3, Size: 4}
	b := build{floor: 3}
	f, err := os.Create(path.Join(dir, "disk"))
	if err != nil {
		t.Fatal(err)
	}
	if err := b.fill(f, path.Join(dir, "boot"), path.Join(dir, "slot"), path.Join(dir, "data"), a); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	d, err := abslot.Open(f.Name())
	if err != nil {
		t.Skipf("the driver cannot open a file here: %v; a file system that knows O_DIRECT (ext4) would", err)
	}
	r, err := d.Record()
	if err != nil || r.Good != slot.A || r.A != a || r.Floor != 3 || r.B.Full() || r.Gen != 2 {
		t.Errorf("%+v, %v", r, err)
	}
	if d.Capacity(slot.B) != int64(slotSize)*mbr.Sector {
		t.Errorf("a slot of %d bytes", d.Capacity(slot.B))
	}
}

func TestScriptsAreSound(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no sh; any system with one runs this")
	}
	err = fs.WalkDir(files, "files", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := files.ReadFile(p)
		if err != nil || !bytes.HasPrefix(text, []byte("#!/bin/sh\n")) {
			return err
		}
		cmd := exec.Command(sh, "-n")
		cmd.Stdin = bytes.NewReader(text)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %s", p, out)
		}
		for word := range strings.FieldsSeq(string(text)) {
			if strings.Contains(word, "getty") || word == "sulogin" {
				t.Errorf("%s: %s", p, word)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestLint(t *testing.T) {
	good := fstest.MapFS{
		"root/etc/passwd":       {Data: []byte("root:x:0:0:root:/:/bin/false\n"), Mode: 0o644},
		"root/etc/shadow":       {Data: []byte("root:*:::::::\n"), Mode: 0o600},
		"root/etc/inittab":      {Data: []byte("::respawn:/etc/init.d/centralita\n"), Mode: 0o644},
		"root/bin/busybox":      {Data: []byte("\x00-----BEGIN RSA PRIVATE KEY-----\x00"), Mode: 0o755},
		"root/etc/init.d/seed":  {Data: []byte("#!/bin/sh\n"), Mode: 0o755},
		"root/etc/some.conf":    {Data: []byte("# password = of nobody\nmode = x\n"), Mode: 0o644},
		"root/etc/keys/one.pub": {Data: []byte("centralita-update-key AAAA\n"), Mode: 0o644},
	}
	if faults := lint(good, "root"); len(faults) > 0 {
		t.Errorf("of a sound tree: %v", faults)
	}
	key := "centralita-update-secret " + strings.Repeat("A", 43) + "=\n"
	for name, f := range map[string]*fstest.MapFile{
		"root/etc/passwd":                   {Data: []byte("root:x:0:0:root:/:/bin/sh\n"), Mode: 0o644},
		"root/etc/shadow":                   {Data: []byte("root:$6$x$y:::::::\n"), Mode: 0o600},
		"root/etc/group/passwd":             {Data: []byte("toor:x:0:0::/:/bin/false\n"), Mode: 0o644},
		"root/etc/inittab":                  {Data: []byte("ttyS0::askfirst:/bin/sh\n"), Mode: 0o644},
		"root/etc/app.yaml":                 {Data: []byte("web:\n  password: geheim\n"), Mode: 0o644},
		"root/etc/token.json":               {Data: []byte(`{"api_key": "abc"}`), Mode: 0o644},
		"root/usr/x.pem":                    {Data: []byte("-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIAAAAAAAAAAAAAA\n"), Mode: 0o600},
		"root/usr/y":                        {Data: []byte(key), Mode: 0o600},
		"root/data/seed":                    {Data: []byte("x"), Mode: 0o600},
		"root/etc/ssh/ssh_host_ed25519_key": {Data: []byte("x"), Mode: 0o600},
		"root/root/.ssh/authorized_keys":    {Data: []byte("x"), Mode: 0o600},
		"root/bin/login":                    {Data: []byte("x"), Mode: 0o755},
		"root/bin/ping":                     {Data: []byte("x"), Mode: 0o755 | fs.ModeSetuid},
		"root/etc/open":                     {Data: []byte("x"), Mode: 0o666},
	} {
		if faults := lint(fstest.MapFS{name: f}, "root"); len(faults) == 0 {
			t.Errorf("%s passes", name)
		}
	}
	if faults := lint(good, "nowhere"); len(faults) == 0 {
		t.Error("a tree that is not there passes")
	}
}

func TestPartsList(t *testing.T) {
	packages := []pkg{{"busybox-static", "1:1.35.0-4+b1", "arm64", "busybox"}}
	modules := []goModule{{path: "example.org/x", version: "v1.2.3", licence: "MIT"}}
	one, err := document("rpi4", "0.1", 86400, packages, modules)
	if err != nil {
		t.Fatal(err)
	}
	two, err := document("rpi4", "0.1", 86400, packages, modules)
	if err != nil || !bytes.Equal(one, two) {
		t.Errorf("the same parts give another list: %v", err)
	}
	var d spdx
	if err := json.Unmarshal(one, &d); err != nil {
		t.Fatal(err)
	}
	if d.Version != "SPDX-2.3" || len(d.Packages) != 2 || len(d.Relationships) != 2 || d.Creation.Created != "1970-01-02T00:00:00Z" ||
		d.Packages[0].Refs[0].Locator != "pkg:deb/debian/busybox-static@1:1.35.0-4%2Bb1?arch=arm64" || d.Packages[1].Declared != "MIT" {
		t.Errorf("%+v", d)
	}
	other, err := document("rpi4", "0.1", 86400, packages, nil)
	if err != nil || strings.Contains(string(other), d.Namespace) {
		t.Errorf("other parts have the same name: %v", err)
	}
}

func TestLicences(t *testing.T) {
	for text, want := range map[string]string{
		"Apache License\n   Version 2.0, January 2004":                        "Apache-2.0",
		"Permission is hereby granted,\nfree of charge, to any person":        "MIT",
		"Redistributions in binary form must reproduce … Neither the name of": "BSD-3-Clause",
		"Redistributions in binary form must\nreproduce":                      "BSD-2-Clause",
		"All rights reserved": "NOASSERTION",
	} {
		if got := licenceOf(text); got != want {
			t.Errorf("%q is %s, not %s", text, got, want)
		}
	}
}
