// Package qemu boots Debian's kernel in QEMU with modules and a program of ours, so
// that drivers meet a real kernel without its hardware.
//
// tools/debian downloads, builds and keeps the kernel, tools/cpio writes what the guest
// sees; a Machine is a run, whose serial console is all that comes out. The guest's program is its first process; what it finds it says on the
// console in lines of a Verdict.
//
// QEMU emulates (no KVM) and its clock counts instructions, so that a guest's second
// is a second of its own however loaded the host is.
package qemu

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

// Machine is one run of a guest.
type Machine struct {
	Arch   string // "amd64" or "arm64"
	Kernel string // path of vmlinuz
	Initrd string // path of the initramfs
	Memory int    // megabytes; 0: 768
	Append string // further words for the kernel
}

// shape is how an architecture is emulated: with an instruction counted as 2 ns.
type shape struct {
	program string
	args    []string
	console string
}

var shapes = map[string]shape{
	"amd64": {"qemu-system-x86_64", []string{"-M", "q35", "-accel", "tcg", "-cpu", "max", "-vga", "none"},
		"console=ttyS0 tsc=reliable"},
	"arm64": {"qemu-system-aarch64", []string{"-M", "virt", "-accel", "tcg", "-cpu", "cortex-a72"}, "console=ttyAMA0"},
}

// Program is the emulator of the architecture, "" when there is none.
func Program(arch string) string { return shapes[arch].program }

// Run boots the machine and gives each line of its console to line, until the guest
// switches itself off or ctx ends.
func (m Machine) Run(ctx context.Context, line func(string)) error {
	s, ok := shapes[m.Arch]
	if !ok {
		return fmt.Errorf("cannot emulate %q: amd64 and arm64 are known", m.Arch)
	}
	memory := m.Memory
	if memory == 0 {
		memory = 768
	}
	args := append(append([]string{}, s.args...), "-smp", "1", "-icount", "shift=1,sleep=off", "-rtc", "clock=vm", "-m", fmt.Sprint(memory),
		"-nographic", "-no-reboot", "-nic", "none", "-kernel", m.Kernel, "-initrd", m.Initrd,
		"-append", s.console+" quiet panic=-1 mitigations=off "+m.Append)
	cmd := exec.CommandContext(ctx, s.program, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("cannot start %s: %w", s.program, err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("cannot start %s: %w", s.program, err)
	}
	if err := Lines(out, line); err != nil && ctx.Err() == nil {
		return fmt.Errorf("cannot read the guest's console: %w", err)
	}
	err = cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("the guest did not end in time: %w", ctx.Err())
	case err != nil:
		return fmt.Errorf("%s: %w: %s", s.program, err, bytes.TrimSpace(complaint.Bytes()))
	}
	return nil
}

// Lines gives each line of a console to line, without its end and without the
// escapes that firmware writes before the kernel begins.
func Lines(r io.Reader, line func(string)) error {
	b := bufio.NewReader(r)
	for {
		text, err := b.ReadString('\n')
		if text = Clean(text); text != "" {
			line(text)
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
}

// Clean takes escape sequences and other control characters out of a line.
func Clean(s string) string {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == 0x1b && i+1 < len(s) && s[i+1] == '[': // to the final letter of the sequence
			for i += 2; i < len(s) && (s[i] < '@' || s[i] > '~'); i++ {
			}
		case c == 0x1b:
			i++
		case c >= ' ' || c == '\t':
			out = append(out, c)
		}
	}
	return string(out)
}
