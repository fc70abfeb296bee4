package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/centralita/centralita/tools/debian"
)

// Kernel modules in the image. There are no others, so nothing else can be bound: no
// keyboard, mouse, camera, sound or network over USB's own classes (a stick that says it
// is a network card, research/security.md row 27), no Bluetooth, no file system beyond
// ours and a stick's.
var (
	// dogs are watchdogs, the board's own first.
	dogs = []string{"bcm2835_wdt", "i6300esb"}
	// early are of the first file system: disk, USB stick, file systems.
	early = []string{"virtio_pci", "virtio_mmio", "virtio_blk", "reset_raspberrypi", "sdhci_iproc", "bcm2835", "fixed", "gpio_regulator",
		"xhci_pci", "dwc2", "usb_storage", "sd_mod", "crc32c_generic", "loop", "squashfs", "nls_ascii", "nls_cp437", "vfat", "ext4"}
	// late are of the root beside those: network cards, serial adapters and modems,
	// serial gadget, buses of lamps and displays, sensors, random numbers, the file system of large sticks.
	late = []string{"virtio_net", "virtio_rng", "genet", "broadcom", "bcm7xxx", "smsc", "microchip", "lan78xx", "smsc95xx", "r8152", "asix", "ax88179_178a",
		"cdc_acm", "ftdi_sio", "cp210x", "pl2303", "ch341", "usb_f_acm", "g_serial",
		"i2c_bcm2835", "i2c_dev", "spi_bcm2835", "bcm2711_thermal", "bcm2835_thermal", "raspberrypi_cpufreq",
		"iproc_rng200", "bcm2835_rng", "leds_gpio", "exfat"}
	// start are those of the root that nothing asks for by a device's name.
	start = []string{"i2c_dev"}
	// absent are words in a module's name or folder that must never come along, not even
	// as somebody's dependency.
	absent = []string{"hid", "bluetooth", "cdc_ether", "rndis", "cdc_ncm", "usbhid", "sound", "videodev", "joydev", "evdev"}
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
		for _, word := range absent {
			if slices.Contains(strings.FieldsFunc(strings.ReplaceAll(p[len(tree):], "-", "_"), func(r rune) bool { return r == '/' || r == '.' }), word) {
				return fmt.Errorf("cannot put module %s into the image: nothing of class %s may be bound", p, word)
			}
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
	return debian.Run(ctx, root, "depmod", "-b", root, s.Release)
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
