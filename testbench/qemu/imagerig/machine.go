package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/centralita/centralita/testbench/qemu"
)

// box is one run of the image: from power on to power off.
type box struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	began time.Time
	ports ports
	ended chan struct{} // closed when the emulator has ended

	mu   sync.Mutex
	text bytes.Buffer  // the serial line so far, without escapes
	seen int           // of text, by wait
	more chan struct{} // closed when something came
	end  error
}

// ports are the host's that lead into the guest.
type ports struct{ sip, web, tls int }

// freePorts asks the host for ports that nobody has.
func freePorts() (p ports, err error) {
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		return p, err
	}
	a, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return p, errors.Join(err, udp.Close())
	}
	b, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return p, errors.Join(err, udp.Close(), a.Close())
	}
	p = ports{udp.LocalAddr().(*net.UDPAddr).Port, a.Addr().(*net.TCPAddr).Port, b.Addr().(*net.TCPAddr).Port}
	return p, errors.Join(udp.Close(), a.Close(), b.Close())
}

// mac is the box's address on its wire.
const mac = "52:54:00:12:34:56"

// machineArgs are the machine without its disk; the device tree must come from the same.
var machineArgs = []string{"-cpu", "cortex-a72", "-m", "512", "-smp", "1", "-display", "none", "-monitor", "none"}

// makeTree writes the machine's device tree with what tells U-Boot to hear no key and to
// open no prompt, as the trees on a Raspberry Pi's card have it (tools/image).
func makeTree(ctx context.Context, uboot, to string) error {
	args := append([]string{"-M", "virt,dumpdtb=" + to, "-bios", uboot, "-nic", "none"}, machineArgs...)
	if out, err := exec.CommandContext(ctx, "qemu-system-aarch64", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("cannot ask for the machine's device tree: %w: %s", err, out)
	}
	for _, a := range [][]string{{"-c", to, "/config"}, {"-t", "i", to, "/config", "bootsecure", "1"}, {"-t", "s", to, "/config", "bootcmd", "boot"}} {
		if out, err := exec.CommandContext(ctx, "fdtput", a...).CombinedOutput(); err != nil {
			return fmt.Errorf("fdtput: %w: %s", err, out)
		}
	}
	return nil
}

// power switches a box on with a disk that was given by arguments for QEMU as node "d".
func (r *rig) power(ctx context.Context, disk []string) (*box, error) {
	p, err := freePorts()
	if err != nil {
		return nil, fmt.Errorf("cannot find free ports: %w", err)
	}
	wire := fmt.Sprintf("user,id=n,hostfwd=udp:127.0.0.1:%d-:5060,hostfwd=tcp:127.0.0.1:%d-:8080,hostfwd=tcp:127.0.0.1:%d-:8443", p.sip, p.web, p.tls)
	if r.tap != "" {
		wire = "tap,id=n,script=no,downscript=no,ifname=" + r.tap
	}
	args := append([]string{"-M", "virt", "-accel", "tcg", "-bios", filepath.Join(r.image, "u-boot.bin"), "-dtb", r.tree, "-serial", "stdio"}, machineArgs...)
	args = append(args, disk...)
	args = append(args, "-device", "virtio-blk-pci,drive=d", "-device", "virtio-rng-pci", "-device", "i6300esb", "-action", "watchdog=reset",
		"-netdev", wire, "-device", "virtio-net-pci,netdev=n,romfile=,mac="+mac)
	b := &box{cmd: exec.CommandContext(ctx, "qemu-system-aarch64", args...), ports: p, ended: make(chan struct{}), more: make(chan struct{}), began: time.Now()}
	if b.in, err = b.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := b.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	var complaint bytes.Buffer
	b.cmd.Stderr = &complaint
	if err := b.cmd.Start(); err != nil {
		return nil, fmt.Errorf("cannot start QEMU: %w", err)
	}
	go b.listen(out, &complaint, r.all)
	return b, nil
}

// listen takes in the serial line until the emulator ends.
func (b *box) listen(out io.Reader, complaint *bytes.Buffer, show bool) {
	defer close(b.ended)
	buf := make([]byte, 4096)
	for {
		n, err := out.Read(buf)
		b.mu.Lock()
		b.text.Write(buf[:n])
		close(b.more)
		b.more = make(chan struct{})
		b.mu.Unlock()
		if show {
			_, _ = os.Stderr.Write(buf[:n]) // a copy for whoever watches
		}
		if err != nil {
			break
		}
	}
	if err := b.cmd.Wait(); err != nil {
		b.mu.Lock()
		b.end = fmt.Errorf("%w: %s", err, bytes.TrimSpace(complaint.Bytes()))
		b.mu.Unlock()
	}
}

// serial returns all that the serial line has said.
func (b *box) serial() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// wait waits until the serial line says something, behind what was waited for before,
// and returns what stood up to its end.
func (b *box) wait(ctx context.Context, pattern string, patience time.Duration) (string, error) {
	re := regexp.MustCompile(pattern)
	late := time.NewTimer(patience)
	defer late.Stop()
	for {
		b.mu.Lock()
		rest := b.text.Bytes()[b.seen:]
		if at := re.FindIndex(rest); at != nil {
			said := string(rest[:at[1]])
			b.seen += at[1]
			b.mu.Unlock()
			return said, nil
		}
		more := b.more
		b.mu.Unlock()
		select {
		case <-more:
		case <-b.ended:
			return "", fmt.Errorf("the box ended before it said %q: %w", pattern, b.end)
		case <-late.C:
			return "", fmt.Errorf("the box did not say %q in %v; its last words:\n%s", pattern, patience, b.last(12))
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}

// last returns the last lines of the serial line.
func (b *box) last(n int) string {
	var lines []string
	for l := range strings.Lines(b.serial()) {
		if l = qemu.Clean(l); strings.TrimSpace(l) != "" {
			lines = append(lines, "    "+l)
		}
	}
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// keys types at the serial line, key by key as a person's terminal sends it.
func (b *box) keys(text string) error {
	if _, err := io.WriteString(b.in, text); err != nil {
		return fmt.Errorf("cannot type: %w", err)
	}
	return nil
}

// cut takes the power away.
func (b *box) cut() error {
	select {
	case <-b.ended:
		return nil
	default:
	}
	if err := b.cmd.Process.Kill(); err != nil {
		return fmt.Errorf("cannot cut the power: %w", err)
	}
	<-b.ended
	return nil
}
