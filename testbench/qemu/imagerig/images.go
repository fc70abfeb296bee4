package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/centralita/centralita/tools/cpio"
)

// Numbers of the releases here.
const (
	first  = 100
	second = 101
)

func (r *rig) path(parts ...string) string {
	return filepath.Join(append([]string{r.dir}, parts...)...)
}

// images builds two releases, and bundles of the second and of some that must fail.
func (r *rig) images(ctx context.Context) error {
	r.image = r.path("100", "qemu")
	if _, err := os.Stat(r.path("good.ctl")); r.keep && err == nil {
		return nil
	}
	secrets, err := os.MkdirTemp("", "imagerig") // a secret key belongs into no repository
	if err != nil {
		return err
	}
	defer os.RemoveAll(secrets)
	for name, folder := range map[string]string{"dev": "keys", "alien": ""} {
		if err := r.tool(ctx, "go", "run", "./tools/bundle", "key", filepath.Join(secrets, name)); err != nil {
			return err
		}
		if folder == "" {
			continue
		}
		pub, err := os.ReadFile(filepath.Join(secrets, name+".pub"))
		if err == nil {
			err = errors.Join(os.MkdirAll(r.path(folder), 0o755), os.WriteFile(r.path(folder, name+".pub"), pub, 0o644))
		}
		if err != nil {
			return err
		}
	}
	if err := r.integrator(); err != nil {
		return err
	}
	for _, n := range []int{first, second} {
		r.say("building release %d", n)
		if err := r.build(ctx, fmt.Sprint(n), n); err != nil {
			return err
		}
	}
	return r.bundles(ctx, secrets)
}

// build builds one image into a folder of the rig; what was fetched of Debian is shared.
func (r *rig) build(ctx context.Context, folder string, number int) error {
	if err := os.MkdirAll(r.path(folder), 0o755); err != nil {
		return err
	}
	args := []string{"run", "./tools/image", "-board", "qemu", "-out", r.path(folder), "-stock", "artefacts/image/stock", "-keys", r.path("keys"),
		"-version", fmt.Sprintf("0.1.%d", number), "-number", fmt.Sprint(number), "-floor", fmt.Sprint(first)}
	if number == second { // the release whose card wants its set-up signed
		args = append(args, "-setup-keys", r.path("setup-keys"))
	}
	return r.tool(ctx, "go", args...)
}

// bundles makes the updates: a good one, one that ends at once, one that hangs, one that
// does not pass its gate, and those that no box may take; and a slot that never comes up.
func (r *rig) bundles(ctx context.Context, secrets string) error {
	slot := r.path("101", "qemu", "slot.img")
	broken, hanging := r.path("broken.img"), r.path("hanging.img")
	for to, init := range map[string]string{broken: "#!/bin/sh\nexit 1\n",
		hanging: "#!/bin/sh\nmount -t devtmpfs dev /dev\nmodprobe i6300esb\n: >/dev/watchdog\nwhile :; do sleep 1000; done\n"} {
		if err := r.otherInit(ctx, slot, to, init); err != nil {
			return err
		}
	}
	sickly, silent := r.path("sick.img"), r.path("mute.img")
	if err := errors.Join(r.ailing(ctx, slot, sickly, sick), r.ailing(ctx, r.path("100", "qemu", "slot.img"), silent, mute)); err != nil {
		return err
	}
	for _, b := range []struct{ name, image, board, key, number string }{
		{"good", slot, "qemu", "dev", "101"}, {"broken", broken, "qemu", "dev", "102"}, {"hanging", hanging, "qemu", "dev", "103"},
		{"alien", slot, "qemu", "alien", "104"}, {"older", slot, "qemu", "dev", "99"}, {"board", slot, "rpi4", "dev", "105"},
		{"sick", sickly, "qemu", "dev", "106"},
	} {
		err := r.tool(ctx, "go", "run", "./tools/bundle", "make", "--image", b.image, "--board", b.board, "--version", "0.1."+b.number,
			"--number", b.number, "--key", filepath.Join(secrets, b.key), "--out", r.path(b.name+".ctl"))
		if err != nil {
			return err
		}
	}
	whole, err := os.ReadFile(r.path("good.ctl"))
	if err != nil {
		return err
	}
	flipped := bytes.Clone(whole)
	flipped[len(flipped)/2] ^= 0x10
	head := bytes.Clone(whole)
	if at := bytes.Index(head, []byte(`"number":101`)); at >= 0 {
		head[at+len(`"number":10`)] = '9' // says that it is newer than what was signed
	} else {
		return errors.New("the manifest of a bundle does not name its number")
	}
	return errors.Join(os.WriteFile(r.path("cut.ctl"), whole[:len(whole)/2], 0o644), os.WriteFile(r.path("flipped.ctl"), flipped, 0o644),
		os.WriteFile(r.path("swapped.ctl"), head, 0o644))
}

// otherInit copies a slot image whose first process is another.
func (r *rig) otherInit(ctx context.Context, from, to, init string) error {
	return r.overlay(ctx, from, to, cpio.Archive{"init": {Data: []byte(init), Mode: 0o755}})
}

// overlay copies a slot image with other files in its first file system: the kernel
// unpacks a second archive behind the first over it.
func (r *rig) overlay(ctx context.Context, from, to string, files cpio.Archive) error {
	if err := copySparse(from, to); err != nil {
		return err
	}
	initrd := r.path("initrd")
	if err := r.tool(ctx, "mcopy", "-o", "-i", to, "::initrd", initrd); err != nil {
		return err
	}
	var second bytes.Buffer
	if _, err := files.WriteTo(&second); err != nil {
		return err
	}
	data, err := os.ReadFile(initrd)
	if err != nil {
		return err
	}
	for len(data)%4 != 0 {
		data = append(data, 0)
	}
	if err := os.WriteFile(initrd, append(data, second.Bytes()...), 0o644); err != nil {
		return err
	}
	return r.tool(ctx, "mcopy", "-o", "-i", to, initrd, "::initrd")
}

// sameTwice builds the first release again and compares.
func (r *rig) sameTwice(ctx context.Context) error {
	if err := r.build(ctx, "again", first); err != nil {
		return err
	}
	names := []string{"centralita-qemu.img", "centralita-qemu.img.gz", "slot.img", "u-boot.bin", "sbom.spdx.json", "licences.txt", "rpi-imager.json"}
	var differ []string
	for _, n := range names {
		a, err := sum(r.path("100", "qemu", n))
		if err != nil {
			return err
		}
		b, err := sum(r.path("again", "qemu", n))
		if err != nil {
			return err
		}
		if a != b {
			differ = append(differ, n)
		}
	}
	if differ != nil {
		return fmt.Errorf("two builds differ: %s", strings.Join(differ, ", "))
	}
	r.passed("two builds, the same bytes", "%d files", len(names))
	return os.RemoveAll(r.path("again"))
}
