package main

import (
	"fmt"
	"slices"
	"strings"
)

// board is what an image for a board needs beside what all have.
type board struct {
	name  string // and of board/models
	title string
	model string // of board/models
	// devices are the names that rpi-imager asks for.
	devices []string
	// uboot is U-Boot's binary below /usr/lib/u-boot of package, into the boot
	// partition as kernel8.img; "": the emulator brings it.
	uboot, ubootPackage string
	// firmware are files of raspi-firmware, trees device trees of the kernel package,
	// both below their folders.
	firmware, trees []string
	env             []string // of U-Boot, beside common
	modules         []string // of the kernel: its own network card
}

// common is U-Boot's environment of every board; bootcmd is what Debian's would have
// been overruled by: one script from the disk's first partition, and again if it ends.
// boot is the number of that script: 2 counts the starts of the good slot.
var common = []string{
	"bootdelay=-2", "baudrate=115200", "stdout=serial", "stderr=serial",
	"boot=2", "fdt_high=ffffffffffffffff", "initrd_high=ffffffffffffffff",
}

// blockLoop runs the script of the first disk that has one.
const blockLoop = `; for d in 0 1 2; do if load ${blk} ${d}:1 ${scriptaddr} boot.scr; then setenv blkdev ${d}; setenv disk ${disks}${d}; source ${scriptaddr}; fi; done; reset`

func pi(name, title, tree string, devices, firmware, modules []string) board {
	return board{name: name, title: title, model: name, devices: devices, modules: slices.Concat(raspberries, modules),
		uboot: "rpi_arm64/u-boot.bin", ubootPackage: "u-boot-rpi", firmware: firmware, trees: []string{tree},
		env: []string{"stdin=nulldev", "blk=mmc", "disks=/dev/mmcblk", "console=ttyS1,115200", "more=8250.nr_uarts=2",
			"scriptaddr=0x02400000", "kernel_addr_r=0x00200000", "fdt_addr_r=0x02600000", "ramdisk_addr_r=0x04000000",
			"rec0=0x02800000", "rec1=0x02810000", "rec2=0x02820000",
			"tree=load ${blk} ${blkdev}:${part} ${fdt_addr_r} ${dir}board.dtb && setenv tree_addr ${fdt_addr_r}",
			"bootcmd=true" + blockLoop}}
}

var (
	older = []string{"bootcode.bin", "start.elf", "fixup.dat"}
	newer = []string{"start4.elf", "fixup4.dat"}
)

var boards = []board{
	pi("rpi4", "Raspberry Pi 4", "broadcom/bcm2711-rpi-4-b.dtb", []string{"pi4-64bit"}, newer, gigabit),
	pi("cm4", "Raspberry Pi Compute Module 4", "broadcom/bcm2711-rpi-cm4-io.dtb", []string{"pi4-64bit"}, newer, gigabit),
	pi("rpi3", "Raspberry Pi 3", "broadcom/bcm2837-rpi-3-b.dtb", []string{"pi3-64bit"}, older, onUSB),
	pi("zero2w", "Raspberry Pi Zero 2 W", "broadcom/bcm2837-rpi-zero-2-w.dtb", []string{"pi3-64bit"}, older, slices.Concat(onUSB, adapters)),
	{name: "qemu", title: "QEMU (-M virt)", model: "qemu", ubootPackage: "u-boot-qemu",
		modules: []string{"virtio_net", "virtio_rng"},
		env: []string{"stdin=serial", "blk=virtio", "disk=/dev/vda", "blkdev=0", "console=ttyAMA0",
			"scriptaddr=0x40200000", "kernel_addr_r=0x40400000", "ramdisk_addr_r=0x44000000",
			"rec0=0x48000000", "rec1=0x48010000", "rec2=0x48020000",
			"tree=setenv tree_addr ${fdtcontroladdr}",
			"bootcmd=virtio scan; if load virtio 0:1 ${scriptaddr} boot.scr; then source ${scriptaddr}; fi; reset"}},
}

func boardOf(name string) (board, error) {
	if i := slices.IndexFunc(boards, func(b board) bool { return b.name == name }); i >= 0 {
		return boards[i], nil
	}
	return board{}, fmt.Errorf("there is no image for %q: %s are known", name, strings.Join(names(), ", "))
}

func names() (list []string) {
	for _, b := range boards {
		list = append(list, b.name)
	}
	return list
}
