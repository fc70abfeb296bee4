package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// strangers plugs in what says it is a keyboard, a mouse, a tablet or a network card, and
// a stick and a serial adapter beside them: the second kind is bound by the image's
// modules, the first is not. The image's own first process mounts everything, its own
// script (rcS) loads the modules; only then, instead of init, comes one that looks.
func (r *rig) strangers(ctx context.Context) error {
	init, err := lookInit("tools/image/files")
	if err != nil {
		return err
	}
	slot := r.path("looking.img")
	if err := r.otherInit(ctx, filepath.Join(r.image, "slot.img"), slot, init); err != nil {
		return err
	}
	card, err := r.card("looking.card")
	if err != nil {
		return err
	}
	if err := r.putSlot(card, slot); err != nil {
		return err
	}
	stick, err := r.makeStick(ctx, "looking.stick", "good.ctl")
	if err != nil {
		return err
	}
	return r.with(ctx, append(plain(card), plugged(stick)...), func(b *box) error {
		if _, err := b.wait(ctx, `look end`, startLimit); err != nil {
			return err
		}
		what, err := bindings(b.serial(), 4)
		r.held("strangers on USB", err, "%s", what)
		return nil
	})
}

// plugged are QEMU's arguments for all that is plugged in.
func plugged(path string) []string {
	return append(stick(path), "-device", "usb-kbd", "-device", "usb-mouse", "-device", "usb-tablet", "-netdev", "user,id=un", "-device", "usb-net,netdev=un",
		"-chardev", "null,id=uc", "-device", "usb-serial,chardev=uc")
}

// lookText is what the looking process writes.
func lookText(lines ...string) string {
	var b strings.Builder
	for _, l := range lines {
		b.WriteString("look " + l + "\r\n")
	}
	return b.String()
}

// lookInit makes the first process of the image's own two scripts.
func lookInit(dir string) (string, error) {
	first, err := os.ReadFile(filepath.Join(dir, "init.sh"))
	if err != nil {
		return "", err
	}
	rcS, err := os.ReadFile(filepath.Join(dir, "root/etc/init.d/rcS"))
	if err != nil {
		return "", err
	}
	mounts, ok := strings.CutSuffix(string(first), "exec switch_root /root /sbin/init\n")
	if !ok {
		return "", errors.New("init.sh does not end with switch_root")
	}
	_, rest, ok := strings.Cut(string(rcS), "mdev -d\n")
	plug, _, end := strings.Cut(rest, "\n\n")
	if !ok || !end {
		return "", errors.New("rcS does not load modules as it did")
	}
	return mounts + `cat >/root/run/look <<'LOOK'
export PATH=/bin:/sbin:/usr/bin:/usr/sbin
mdev -d
` + plug + `
for n in 1 2 3 4 5 6 7 8 9 10; do [ ! -c /dev/watchdog ] || : >/dev/watchdog; sleep 1; done
mdev -s
for i in /sys/bus/usb/devices/*:*; do
	who=nobody
	[ ! -e "$i/driver" ] || who=$(cd "$i/driver" && pwd -P)
	echo "look ${i##*/} $(cat "$i/bInterfaceClass")/$(cat "$i/bInterfaceSubClass")/$(cat "$i/bInterfaceProtocol") ${who##*/}"
done
for i in /sys/class/net/*; do
	who=nobody
	[ ! -e "$i/device/driver" ] || who=$(cd "$i/device/driver" && pwd -P)
	echo "look net ${i##*/} ${who##*/}"
done
echo look end
sleep 5
reboot -f
LOOK
exec switch_root /root /bin/sh /run/look </dev/console >/dev/console 2>&1
`, nil
}

// bindings reads what was seen: everything of USB's classes for people (03), and for
// networks (02 with 0a, e0, ff), has no driver, the stick (08) has one, and the only
// network cards are the loop and the machine's own. At least so many strangers must have been seen.
func bindings(text string, strangers int) (string, error) {
	var alone, bound []string
	ended := false
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) < 2 || f[0] != "look" {
			continue
		}
		switch {
		case f[1] == "end":
			ended = true
		case f[1] == "net" && len(f) == 4:
			if f[3] != "nobody" && f[3] != "virtio_net" {
				return "", fmt.Errorf("there is a network card %s, bound by %s", f[2], f[3])
			}
		case len(f) == 4 && f[3] == "nobody":
			alone = append(alone, f[2])
		case len(f) == 4:
			bound = append(bound, f[3])
			if f[3] != "hub" && f[3] != "usb-storage" && f[3] != "ftdi_sio" {
				return "", fmt.Errorf("%s of class %s is bound by %s", f[1], f[2], f[3])
			}
		}
	}
	all := strings.Join(bound, ", ")
	switch {
	case !ended:
		return "", errors.New("nobody looked to the end")
	case len(alone) < strangers:
		return "", fmt.Errorf("%d strangers were seen, not %d: %s", len(alone), strangers, text)
	case !strings.Contains(all, "usb-storage"):
		return "", errors.New("the stick is not bound either: this shows nothing")
	}
	return fmt.Sprintf("%d functions that say keyboard, mouse, network (%s) have no driver; bound are %s", len(alone), strings.Join(alone, ", "), all), nil
}
