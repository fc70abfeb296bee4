//go:build amd64 || arm64

package confine

import (
	"golang.org/x/sys/unix"
)

// part is a system call of which only some uses are allowed: those where the argument,
// masked, is one of the values (only), or none of them (never).
type part struct {
	call  uint32
	arg   int
	mask  uint32
	only  []uint32
	never []uint32
}

// parts are the calls that are looked at more closely.
var parts = []part{
	// Threads, not other programs, and no rooms of one's own (namespaces).
	{call: unix.SYS_CLONE, arg: 0, mask: unix.CLONE_THREAD | unix.CLONE_NEWNS | unix.CLONE_NEWCGROUP | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC |
		unix.CLONE_NEWUSER | unix.CLONE_NEWPID | unix.CLONE_NEWNET, only: []uint32{unix.CLONE_THREAD}},
	// No memory that can be written and run, none that becomes runnable.
	{call: unix.SYS_MMAP, arg: 2, mask: unix.PROT_WRITE | unix.PROT_EXEC, never: []uint32{unix.PROT_WRITE | unix.PROT_EXEC}},
	{call: unix.SYS_MPROTECT, arg: 2, mask: unix.PROT_EXEC, only: []uint32{0}},
	// IP, sockets of this machine, news of network cards: no raw packets, no Bluetooth,
	// no cipher of the kernel.
	{call: unix.SYS_SOCKET, arg: 0, mask: ^uint32(0), only: []uint32{unix.AF_UNIX, unix.AF_INET, unix.AF_INET6, unix.AF_NETLINK}},
	{call: unix.SYS_SOCKETPAIR, arg: 0, mask: ^uint32(0), only: []uint32{unix.AF_UNIX}},
	// All orders to devices but typing at somebody's terminal and changing what a serial
	// line is for (line disciplines load modules and have a history of holes).
	{call: unix.SYS_IOCTL, arg: 1, mask: ^uint32(0), never: []uint32{unix.TIOCSTI, unix.TIOCLINUX, unix.TIOCSETD}},
}

// absentee are calls that the C library tries before an older one that we can look at,
// and everything younger than this table: "there is no such call" makes it try the other.
const (
	absentee = unix.SYS_CLONE3
	youngest = unix.SYS_FCHMODAT2
)

// Where struct seccomp_data (linux/seccomp.h) has what the filter loads. Arguments are
// 64 bits wide, and the lower half comes first on every board.
const (
	atCall  = 0
	atArch  = 4
	atArgs  = 16
	argSize = 8
)

func step(code uint16, k uint32) unix.SockFilter { return unix.SockFilter{Code: code, K: k} }
func load(at uint32) unix.SockFilter             { return step(unix.BPF_LD|unix.BPF_W|unix.BPF_ABS, at) }
func say(verdict uint32) unix.SockFilter         { return step(unix.BPF_RET|unix.BPF_K, verdict) }
func refuse(errno uint32) unix.SockFilter        { return say(unix.SECCOMP_RET_ERRNO | errno) }

// unless passes over so many steps when the loaded value is not k.
func unless(k uint32, over uint8) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: k, Jf: over}
}

// below passes over so many steps when the loaded value is less than k.
func below(k uint32, over uint8) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K, K: k, Jf: over}
}

// filter returns the program that the kernel runs at each system call: what is in plain
// or allowed by parts passes, the rest is refused with EPERM, and a call of another
// architecture ends the program.
func filter(arch uint32, plain []uint32, parts []part) []unix.SockFilter {
	f := []unix.SockFilter{load(atArch), {Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: arch, Jt: 1},
		say(unix.SECCOMP_RET_KILL_PROCESS), load(atCall)}
	for _, p := range parts {
		f = append(f, p.steps()...)
	}
	for _, n := range plain {
		f = append(f, unless(n, 1), say(unix.SECCOMP_RET_ALLOW))
	}
	return append(f, unless(absentee, 1), refuse(uint32(unix.ENOSYS)), below(youngest+1, 1), refuse(uint32(unix.ENOSYS)), refuse(uint32(unix.EPERM)))
}

// steps are those of one call; what is another call comes out behind them.
func (p part) steps() []unix.SockFilter {
	hit, miss := say(unix.SECCOMP_RET_ALLOW), refuse(uint32(unix.EPERM))
	values := p.only
	if p.never != nil {
		values, hit, miss = p.never, miss, hit
	}
	f := []unix.SockFilter{load(uint32(atArgs + argSize*p.arg)), step(unix.BPF_ALU|unix.BPF_AND|unix.BPF_K, p.mask)}
	for _, v := range values {
		f = append(f, unless(v, 1), hit)
	}
	f = append(f, miss)
	return append([]unix.SockFilter{unless(p.call, uint8(len(f)))}, f...)
}
