package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// listOf is what was read of a board's kernel modules.
func listOf(t *testing.T, name string) []string {
	t.Helper()
	text, err := files.ReadFile("files/modules/" + name + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(text))
}

// Each board's list has what the board names, its own network card, and nothing that
// must not come; a stick that says it is a network card finds a driver only where the
// board's own card sits on USB, or has to be bought.
func TestModuleLists(t *testing.T) {
	usbCards := slices.Concat(onUSB, adapters, []string{"usbnet", "mii"})
	for name, card := range map[string]struct {
		own   string
		onUSB []string
	}{
		"rpi4": {"genet", nil}, "cm4": {"genet", nil}, "qemu": {"virtio_net", nil},
		"rpi3":   {"smsc95xx", slices.Concat(onUSB, []string{"usbnet", "mii"})},
		"zero2w": {"r8152", usbCards},
	} {
		bd, err := boardOf(name)
		if err != nil {
			t.Fatal(err)
		}
		list := listOf(t, name)
		if !slices.IsSorted(list) {
			t.Errorf("%s: not sorted", name)
		}
		for _, m := range slices.Concat(dogs, early, late, bd.modules, []string{card.own}) {
			if !slices.Contains(list, m) {
				t.Errorf("%s: without %s", name, m)
			}
		}
		for _, m := range list {
			if word := forbidden("/kernel/" + m + ".ko"); word != "" {
				t.Errorf("%s: %s is of class %s", name, m, word)
			}
			if slices.Contains(usbCards, m) && !slices.Contains(card.onUSB, m) {
				t.Errorf("%s: %s binds a stick that says it is a network card", name, m)
			}
		}
	}
	for _, bd := range boards { // none was left out above
		if list := listOf(t, bd.name); len(list) < 60 {
			t.Errorf("%s: %d modules", bd.name, len(list))
		}
	}
}

func TestForbiddenModules(t *testing.T) {
	for path, want := range map[string]string{
		"/kernel/drivers/hid/usbhid/usbhid.ko": "hid", "kernel/drivers/hid/hid-generic.ko": "hid", "/kernel/drivers/net/usb/cdc_ether.ko": "cdc_ether",
		"/kernel/drivers/net/usb/rndis_host.ko": "rndis_host", "/kernel/sound/core/snd.ko": "sound", "/kernel/net/bluetooth/bluetooth.ko": "bluetooth",
		"/kernel/drivers/net/usb/cdc-ncm.ko": "cdc_ncm", "/kernel/drivers/net/ethernet/broadcom/genet/genet.ko": "", "/kernel/drivers/usb/class/cdc-acm.ko": "",
	} {
		if got := forbidden(path); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}

// put writes files below a folder.
func put(t *testing.T, dir string, all map[string]string) {
	t.Helper()
	for name, text := range all {
		if err := writeFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// A module that was not read, one that is missing, and a keyboard's driver in the kernel
// itself end the build; the new list is there to be read.
func TestModulesAreReviewed(t *testing.T) {
	dir := t.TempDir()
	bd, err := boardOf("rpi4")
	if err != nil {
		t.Fatal(err)
	}
	b := &build{board: bd, work: filepath.Join(dir, "work"), stock: stock{dir: dir, Release: "6.1"}}
	root := filepath.Join(dir, "image")
	for _, m := range listOf(t, "rpi4") {
		put(t, root, map[string]string{"lib/modules/6.1/kernel/" + m + ".ko": ""})
	}
	builtin := "root/lib/modules/6.1/modules.builtin"
	put(t, dir, map[string]string{builtin: "kernel/drivers/mmc/core/mmc_block.ko\n"})
	if err := b.reviewed(root); err != nil {
		t.Error(err)
	}
	put(t, dir, map[string]string{builtin: "kernel/drivers/mmc/core/mmc_block.ko\nkernel/drivers/hid/hid.ko\n"})
	if err := b.reviewed(root); err == nil || !strings.Contains(err.Error(), "class hid") {
		t.Errorf("a keyboard: %v", err)
	}
	put(t, dir, map[string]string{builtin: ""})
	put(t, root, map[string]string{"lib/modules/6.1/kernel/new-one.ko": ""})
	if err := b.reviewed(root); err == nil || !strings.Contains(err.Error(), "read what is new") {
		t.Errorf("a new module: %v", err)
	}
	if now, err := os.ReadFile(filepath.Join(b.work, "modules.txt")); err != nil || !strings.Contains(string(now), "\nnew_one\n") {
		t.Errorf("%q, %v", now, err)
	}
	for _, m := range []string{"new-one", "genet"} {
		if err := os.Remove(filepath.Join(root, "lib/modules/6.1/kernel", m+".ko")); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.reviewed(root); err == nil {
		t.Error("a missing module passes")
	}
}

// What a module wants before it without needing a name of it has to be there too.
func TestSoftDependencies(t *testing.T) {
	for what, c := range map[string]struct {
		soft, alias, builtin string
		good                 bool
	}{
		"none":          {"# Soft dependencies\n", "", "", true},
		"missing":       {"softdep genet pre: mdio-bcm-unimac\n", "", "", false},
		"there":         {"softdep genet pre: mdio-x\n", "", "", true},
		"an alias":      {"softdep ext4 pre: crypto-crc32c\n", "alias crypto-crc32c crc32c_generic\n", "", true},
		"built in":      {"softdep x pre: crc64\n", "", "kernel/lib/crc64.ko\n", true},
		"one of two":    {"softdep x pre: mdio-x other\n", "", "", false},
		"for afterward": {"softdep x pre: mdio-x post: other\n", "", "", true},
		"after alone":   {"softdep x post: other\n", "", "", true},
	} {
		dir := t.TempDir()
		put(t, dir, map[string]string{"kernel/mdio-x.ko": "", "modules.softdep": c.soft, "modules.alias": c.alias, "modules.builtin": c.builtin})
		if err := softly(dir); (err == nil) != c.good {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := softly(t.TempDir()); err == nil {
		t.Error("a tree without lists passes")
	}
}

// Every list belongs to a board.
func TestNoListWithoutBoard(t *testing.T) {
	all, err := fs.ReadDir(files, "files/modules")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		if _, err := boardOf(strings.TrimSuffix(f.Name(), ".txt")); err != nil {
			t.Error(err)
		}
	}
}
