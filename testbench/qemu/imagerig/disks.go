package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// cardSize is of the card in the box: twice the image, so that the first start has
// something to enlarge.
const cardSize = 2 << 30

// plain are QEMU's arguments for a disk in a file; what is written reaches the file.
func plain(path string) []string {
	return []string{"-drive", "if=none,id=d,format=raw,cache=writethrough,file=" + path}
}

// logged are QEMU's arguments for a disk whose writes are logged, too.
func logged(path, log string) []string {
	return []string{"-blockdev", "driver=file,node-name=f,filename=" + path, "-blockdev", "driver=file,node-name=l,filename=" + log,
		"-blockdev", "driver=blklogwrites,node-name=d,file=f,log=l,log-sector-size=512"}
}

// stick are QEMU's arguments for a USB stick.
func stick(path string) []string {
	return []string{"-device", "qemu-xhci", "-drive", "if=none,id=u,format=raw,readonly=on,file=" + path, "-device", "usb-storage,drive=u"}
}

// card makes a card that was just flashed.
func (r *rig) card(name string) (string, error) {
	return r.cardOf(name, filepath.Join(r.image, "centralita-qemu.img"))
}

// cardOf copies a card.
func (r *rig) cardOf(name, from string) (string, error) {
	to := r.path(name)
	if err := copySparse(from, to); err != nil {
		return "", fmt.Errorf("cannot copy the card: %w", err)
	}
	return to, os.Truncate(to, cardSize)
}

// makeStick makes a USB stick with files of the rig's folder.
func (r *rig) makeStick(ctx context.Context, name string, files ...string) (string, error) {
	to := r.path(name)
	f, err := os.Create(to)
	if err != nil {
		return "", err
	}
	if err := errors.Join(f.Truncate(512<<20), f.Close()); err != nil {
		return "", err
	}
	if err := r.tool(ctx, "mformat", "-i", to, "-F", "-v", "STICK", "::"); err != nil {
		return "", err
	}
	for _, n := range files {
		if err := r.tool(ctx, "mcopy", "-i", to, r.path(n), "::"+n); err != nil {
			return "", err
		}
	}
	return to, nil
}

// sum returns the SHA-256 of a file.
func sum(path string) (s [32]byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return s, err
	}
	s, err = sumOf(f)
	return s, errors.Join(err, f.Close())
}
