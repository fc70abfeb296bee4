// Command dahdirig holds board/dahdi against the real DAHDI modules in a real kernel:
// it builds them and the guest's program, boots the machine and prints what became of
// each check. It ends with 0 when all passed.
//
//	go run ./testbench/qemu/dahdirig -arch amd64
//
// The first run downloads Debian's kernel and DAHDI's source by apt and builds the
// modules; later ones find them under artefacts/qemu. What the host lacks is installed
// when root runs it, and named in one line otherwise.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"

	"github.com/centralita/centralita/testbench/qemu"
	"github.com/centralita/centralita/tools/debian"
)

// source is Debian's package of DAHDI's modules, and those that the rig loads, by the
// configuration variables that choose among them.
const source = "dahdi-dkms"

var modules = map[string]string{"CONFIG_DAHDI": "dahdi", "CONFIG_DAHDI_DYNAMIC": "dahdi_dynamic",
	"CONFIG_DAHDI_DYNAMIC_LOC": "dahdi_dynamic_loc", "CONFIG_DAHDI_ECHOCAN_MG2": "dahdi_echocan_mg2"}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	good, err := run(ctx, qemu.NewRig())
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "dahdirig:", err)
	}
	if err != nil || !good {
		os.Exit(1)
	}
}

func run(ctx context.Context, r *qemu.Rig) (good bool, err error) {
	kit, err := r.Kit(ctx, debian.Kernel{Source: source, Modules: modules})
	if err != nil {
		return false, err
	}
	initrd, err := r.Initramfs(ctx, kit, map[string]qemu.GuestProgram{
		"init": {Package: "./testbench/qemu/dahdiguest"}, "bin/centralita": {Package: "./firmware/cmd/centralita"},
	})
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, os.Remove(initrd)) }()
	r.Say("booting %s", kit.Release)
	var v qemu.Verdict
	err = r.Boot(ctx, qemu.Machine{Arch: r.Arch, Kernel: kit.Kernel, Initrd: initrd}, &v, nil)
	return r.Report(&v), err
}
