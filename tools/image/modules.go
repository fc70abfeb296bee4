package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/centralita/centralita/tools/debian"
)

// Kernel modules in the image. There are no others, so nothing else can be bound: no
// keyboard, mouse, camera, sound or network over USB's own classes (a stick that says it
// is a network card, research/security.md row 27), no Bluetooth, no file system beyond
// ours and a stick's. With all that they need they stand in files/modules/BOARD.txt, and a
// build that comes to another list ends: what is new is read before it is in a box.
var (
	// dogs are watchdogs, the board's own first.
	dogs = []string{"bcm2835_wdt", "i6300esb"}
	// early are of the first file system: disk, USB stick, file systems.
	early = []string{"virtio_pci", "virtio_mmio", "virtio_blk", "reset_raspberrypi", "sdhci_iproc", "bcm2835", "fixed", "gpio_regulator",
		"xhci_pci", "phy_generic", "dwc2", "usb_storage", "sd_mod", "crc32c_generic", "crct10dif_generic", "loop", "squashfs", "nls_ascii", "nls_cp437", "vfat", "ext4"}
	// late are of the root beside those: serial adapters and modems, serial gadget, buses
	// of lamps and displays, sensors, random numbers, the file system of large sticks.
	late = []string{"cdc_acm", "ftdi_sio", "cp210x", "pl2303", "ch341", "usb_f_acm", "g_serial", "i2c_dev", "leds_gpio", "exfat"}
	// raspberries are what every Raspberry Pi has of these.
	raspberries = []string{"i2c_bcm2835", "spi_bcm2835", "bcm2711_thermal", "bcm2835_thermal", "raspberrypi_cpufreq", "iproc_rng200", "bcm2835_rng"}
	// gigabit is the network card of a Pi 4, onUSB that of a Pi 3 and 3+, which sits on its
	// USB, adapters those that are bought for boards without one. What sits on USB cannot
	// be told from a stick that says it is such a card: it is only on the boards that need it.
	gigabit  = []string{"mdio_bcm_unimac", "genet", "broadcom", "bcm7xxx"}
	onUSB    = []string{"smsc95xx", "smsc", "lan78xx", "microchip"}
	adapters = []string{"r8152", "asix", "ax88179_178a"}
	// start are those of the root that nothing asks for by a device's name, or not in time
	// (genet's bus of its chip); where a board has not got one, none is loaded.
	start = []string{"i2c_dev", "mdio_bcm_unimac"}
	// absent are names and folders of modules that must never come along, not even
	// as somebody's dependency.
	absent = []string{"hid", "usbhid", "usbkbd", "usbmouse", "joydev", "evdev", "uinput", "bluetooth", "cdc_ether", "cdc_subset", "cdc_ncm", "cdc_mbim",
		"cdc_eem", "rndis_host", "rndis_wlan", "ipheth", "sierra_net", "hso", "qmi_wwan", "sound", "videodev", "firewire", "thunderbolt"}
)

// copyModules copies the named modules and what they depend on from the stock into
// root, and has depmod list them.
func copyModules(ctx context.Context, s stock, root string, names []string) error {
	tree := filepath.Join(s.root(), "lib", "modules", s.Release)
	where, err := modulesOf(tree)
	if err != nil {
		return err
	}
	var paths []string
	for _, n := range names {
		p, ok := where[n]
		if !ok {
			return fmt.Errorf("cannot put module %s into the image: kernel %s has none of that name", n, s.Release)
		}
		paths = append(paths, p)
	}
	all, err := debian.Order(paths, tree)
	if err != nil {
		return err
	}
	for _, p := range all {
		if word := forbidden(p[len(tree):]); word != "" {
			return fmt.Errorf("cannot put module %s into the image: nothing of class %s may be bound", p, word)
		}
		if err := copyFile(p, filepath.Join(root, "lib", "modules", s.Release, p[len(tree):]), 0o644); err != nil {
			return err
		}
	}
	for _, f := range []string{"modules.builtin", "modules.builtin.modinfo", "modules.order"} {
		if err := copyFile(filepath.Join(tree, f), filepath.Join(root, "lib", "modules", s.Release, f), 0o644); err != nil {
			return err
		}
	}
	if err := debian.Run(ctx, root, "depmod", "-b", root, s.Release); err != nil {
		return err
	}
	return softly(filepath.Join(root, "lib", "modules", s.Release))
}

// softly says what is missing of the modules that others want before them without
// needing a name of theirs (modprobe.d(5), "softdep"): depmod does not, and a network
// card without the bus of its chip is none.
func softly(tree string) error {
	there, err := modulesOf(tree)
	if err != nil {
		return err
	}
	var files [3][]byte
	for i, name := range []string{"modules.softdep", "modules.alias", "modules.builtin"} {
		if files[i], err = os.ReadFile(filepath.Join(tree, name)); err != nil {
			return fmt.Errorf("cannot read what depmod found: %w", err)
		}
	}
	for line := range strings.Lines(string(files[1])) {
		if f := strings.Fields(line); len(f) == 3 {
			there[strings.ReplaceAll(f[1], "-", "_")] = f[2]
		}
	}
	for line := range strings.Lines(string(files[2])) {
		there[strings.ReplaceAll(strings.TrimSuffix(filepath.Base(strings.TrimSpace(line)), ".ko"), "-", "_")] = line
	}
	for line := range strings.Lines(string(files[0])) {
		f := strings.Fields(line) // softdep NAME pre: … post: …
		at := slices.Index(f, "pre:")
		if at < 0 {
			continue
		}
		for _, want := range f[at+1:] {
			if want == "post:" {
				break
			}
			if _, ok := there[strings.ReplaceAll(want, "-", "_")]; !ok {
				return fmt.Errorf("cannot put module %s into the image: it wants %s before it", f[1], want)
			}
		}
	}
	return nil
}

// forbidden returns which of the absent words a module's path has, "" when none.
func forbidden(path string) string {
	words := strings.FieldsFunc(strings.ReplaceAll(path, "-", "_"), func(r rune) bool { return r == '/' || r == '.' })
	if i := slices.IndexFunc(absent, func(w string) bool { return slices.Contains(words, w) }); i >= 0 {
		return absent[i]
	}
	return ""
}

// reviewed says whether the modules below root, and what the kernel has built in, are
// what was read: the first as they stand in the board's list, the second without anything
// absent.
func (b *build) reviewed(root string) error {
	have, err := modulesOf(filepath.Join(root, "lib", "modules"))
	if err != nil {
		return err
	}
	list := strings.Join(slices.Sorted(maps.Keys(have)), "\n") + "\n"
	want, err := files.ReadFile("files/modules/" + b.board.name + ".txt")
	if err != nil || string(want) != list {
		now := filepath.Join(b.work, "modules.txt")
		return errors.Join(fmt.Errorf("the kernel modules are not those of tools/image/files/modules/%s.txt; read what is new in %s, and put it there", b.board.name, now),
			err, writeFile(now, []byte(list), 0o644))
	}
	builtin, err := os.ReadFile(filepath.Join(b.stock.root(), "lib", "modules", b.stock.Release, "modules.builtin"))
	if err != nil {
		return fmt.Errorf("cannot read what the kernel has built in: %w", err)
	}
	for name := range strings.Lines(string(builtin)) {
		if word := forbidden(strings.TrimSpace(name)); word != "" {
			return fmt.Errorf("the kernel has %s built in: something of class %s can be bound", strings.TrimSpace(name), word)
		}
	}
	return nil
}

// modulesOf finds the modules below tree by name.
func modulesOf(tree string) (map[string]string, error) {
	where := map[string]string{}
	err := filepath.WalkDir(tree, func(path string, _ fs.DirEntry, err error) error {
		if name, ok := strings.CutSuffix(filepath.Base(path), ".ko"); ok && err == nil {
			where[strings.ReplaceAll(name, "-", "_")] = path
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("cannot look for modules: %w", err)
	}
	return where, nil
}

// copyFile copies a file whose folder is made.
func copyFile(from, to string, mode fs.FileMode) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return fmt.Errorf("cannot take a file: %w", err)
	}
	return writeFile(to, data, mode)
}

func writeFile(to string, data []byte, mode fs.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return fmt.Errorf("cannot make a folder: %w", err)
	}
	if err := os.WriteFile(to, data, mode); err != nil {
		return fmt.Errorf("cannot write a file: %w", err)
	}
	if err := os.Chmod(to, mode); err != nil {
		return fmt.Errorf("cannot set a file's mode: %w", err)
	}
	return nil
}
