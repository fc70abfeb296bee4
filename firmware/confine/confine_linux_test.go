//go:build amd64 || arm64

package confine

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// stage tells the test's own program what to be: "free" a program that confines itself,
// "bound" the one it becomes.
const stage = "CENTRALITA_CONFINE_TEST"

func TestMain(m *testing.M) {
	data := os.Getenv("CENTRALITA_CONFINE_DATA")
	switch os.Getenv(stage) {
	case "free":
		program, err := os.Executable()
		if err == nil {
			err = Enter(For(program, data, ""), []string{program}, Environ(stage, "bound"))
		}
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	case "bound":
		os.Exit(bound(data))
	}
	os.Exit(m.Run())
}

// told is what the confined program tells: the name of each thing it did, and how that went.
type told map[string]string

// bound does what the program does, and what a stranger in its place would.
func bound(data string) int {
	before := make(chan func() error) // a thread from before the seal
	after := make(chan error)
	go func() {
		runtime.LockOSThread()
		after <- (<-before)()
	}()
	if err := Seal(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	list := told{}
	for name, do := range work(data) {
		list["work: "+name] = fmt.Sprint(do())
	}
	for name, do := range mischief(data) {
		list["mischief: "+name] = "done"
		if err := do(); err != nil {
			list["mischief: "+name] = err.Error()
		}
	}
	before <- func() error { return unix.Unshare(unix.CLONE_NEWUTS) }
	list["mischief: by a thread from before"] = (<-after).Error()
	for _, d := range Doors() {
		list["door: "+d.Name] = fmt.Sprint(d.Open)
	}
	if err := json.NewEncoder(os.Stdout).Encode(list); err != nil {
		return 1
	}
	return 0
}

// work is what has to go on.
func work(data string) map[string]func() error {
	in := func(name string) string { return filepath.Join(data, name) }
	return map[string]func() error{
		"keep a file": func() error {
			if err := os.MkdirAll(in("a/b"), 0o700); err != nil {
				return err
			}
			err := os.WriteFile(in("a/b/new"), []byte("x"), 0o600)
			return errors.Join(err, os.Rename(in("a/b/new"), in("moved")), os.Chmod(in("moved"), 0o400), os.Truncate(in("moved"), 0),
				os.Symlink("moved", in("link")), os.Link(in("moved"), in("twin")), os.RemoveAll(in("a")))
		},
		"make and use a temporary file": func() error {
			f, err := os.CreateTemp("", "centralita-confine")
			if err != nil {
				return err
			}
			return errors.Join(f.Close(), os.Remove(f.Name()))
		},
		"a socket for the console": func() error { return meet("unix", in("sock")) },
		"TCP":                      func() error { return meet("tcp", "127.0.0.1:0") },
		"UDP": func() error {
			a, err := net.ListenPacket("udp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			_, err = a.WriteTo([]byte("x"), a.LocalAddr())
			return errors.Join(err, a.Close())
		},
		"network cards": func() error { _, err := net.Interfaces(); return err },
		"a serial line": func() error {
			f, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
			if err != nil {
				return err
			}
			_, err = unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
			if err == nil {
				err = unix.IoctlSetPointerInt(int(f.Fd()), unix.TIOCSPTLCK, 0)
			}
			return errors.Join(err, f.Close())
		},
		"the system's files": func() error {
			_, hosts := os.ReadFile("/etc/hosts")
			_, status := os.ReadFile("/proc/self/status")
			_, class := os.ReadDir("/sys/class")
			return errors.Join(hosts, status, class)
		},
		"more threads": func() error {
			const n = 30
			var here, all sync.WaitGroup
			here.Add(n)
			for range n {
				all.Go(func() { runtime.LockOSThread(); here.Done(); here.Wait() })
			}
			all.Wait()
			return nil
		},
		"its own priority": func() error {
			a, err := unix.SchedGetAttr(0, 0)
			if err == nil {
				err = unix.SchedSetAttr(0, a, 0)
			}
			return err
		},
		"the clock's state": func() error { _, err := unix.Adjtimex(&unix.Timex{}); return err },
		"room on the card":  func() error { return unix.Statfs(data, &unix.Statfs_t{}) },
	}
}

// meet listens, calls and is called.
func meet(network, at string) error {
	l, err := net.Listen(network, at)
	if err != nil {
		return err
	}
	c, err := net.Dial(network, l.Addr().String())
	if err == nil {
		err = c.Close()
	}
	return errors.Join(err, l.Close())
}

// mischief is what must fail, also for root.
func mischief(data string) map[string]func() error {
	write := func(name string) func() error {
		return func() error { return os.WriteFile(name, []byte("x"), 0o600) }
	}
	socket := func(family, kind int) func() error {
		return func() error { _, err := unix.Socket(family, kind, 0); return err }
	}
	return map[string]func() error{
		"write beside the data":       write(filepath.Join(data, "../theirs")),
		"write by a link in the data": write(filepath.Join(data, "away/theirs")),
		"read beside the data":        func() error { _, err := os.ReadFile(filepath.Join(data, "../secret")); return err },
		"write /etc":                  write("/etc/centralita-mischief"),
		"write /usr":                  write("/usr/share/centralita-mischief"),
		"write /dev":                  write("/dev/centralita-mischief"),
		"change the kernel's rules":   write("/proc/sys/kernel/core_pattern"),
		"a device of one's own":       func() error { return unix.Mknod(filepath.Join(data, "disk"), unix.S_IFBLK|0o600, 0) },
		"a shell":                     func() error { return exec.Command("/bin/sh", "-c", "true").Run() },
		"itself again":                func() error { return exec.Command("/proc/self/exe", "-test.run", "^$").Run() },
		"fork": func() error {
			pid, _, errno := unix.RawSyscall(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0)
			if errno != 0 {
				return errno
			}
			if pid == 0 {
				unix.RawSyscall(unix.SYS_EXIT_GROUP, 0, 0, 0)
			}
			return nil
		},
		"code that was data": func() error {
			b, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
			if err != nil {
				return nil
			}
			return unix.Mprotect(b, unix.PROT_READ|unix.PROT_EXEC)
		},
		"raw packets":         socket(unix.AF_PACKET, unix.SOCK_RAW),
		"Bluetooth":           socket(unix.AF_BLUETOOTH, unix.SOCK_RAW),
		"the kernel's cipher": socket(unix.AF_ALG, unix.SOCK_SEQPACKET),
		"another room":        func() error { return unix.Unshare(unix.CLONE_NEWNET) },
		"another root":        func() error { return unix.Chroot(data) },
		"another owner":       func() error { return os.Chown(data, 1, 1) },
		"watch the kernel": func() error {
			_, err := unix.PerfEventOpen(&unix.PerfEventAttr{}, 0, -1, -1, 0)
			return err
		},
		"keys of the kernel": func() error { _, err := unix.KeyctlGetKeyringID(unix.KEY_SPEC_USER_KEYRING, true); return err },
		"set the clock":      func() error { return unix.ClockSettime(unix.CLOCK_REALTIME, &unix.Timespec{}) },
		"restart":            func() error { return unix.Reboot(0x7fffffff) },
		"swap":               func() error { return errno(unix.SYS_SWAPON) },
		"io_uring":           func() error { return errno(unix.SYS_IO_URING_SETUP) },
		"type for another": func() error {
			f, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
			if err != nil {
				return nil
			}
			return errors.Join(unix.IoctlSetPointerInt(int(f.Fd()), unix.TIOCSTI, 'x'), f.Close())
		},
	}
}

func errno(call uintptr) error {
	if _, _, errno := unix.Syscall(call, 0, 0, 0); errno != 0 {
		return errno
	}
	return nil
}

// able skips where this kernel has no Landlock.
func able(t *testing.T) {
	t.Helper()
	if _, err := Version(); err != nil {
		t.Skipf("%v; Debian 12's kernel runs this, and the box's image", err)
	}
}

// A confined program does its work and no mischief.
func TestFromInside(t *testing.T) {
	able(t)
	dir := filepath.Join(home(t), "room")
	data := filepath.Join(dir, "data")
	for _, err := range []error{os.MkdirAll(data, 0o700), os.Mkdir(filepath.Join(dir, "elsewhere"), 0o700),
		os.Symlink("../elsewhere", filepath.Join(data, "away")), os.WriteFile(filepath.Join(dir, "secret"), []byte("x"), 0o600)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program)
	// Temporary files have a folder of their own, else the plan would open that of the test.
	cmd.Env = append(os.Environ(), stage+"=free", "CENTRALITA_CONFINE_DATA="+data, "TMPDIR="+data)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, errs.String())
	}
	var list told
	if err := json.Unmarshal(out, &list); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for name, said := range list {
		kind, _, _ := strings.Cut(name, ":")
		switch {
		case kind == "work" && said != "<nil>":
			t.Errorf("%s: %s", name, said)
		case kind == "mischief" && !strings.Contains(said, "not permitted") && !strings.Contains(said, "permission denied"):
			t.Errorf("%s: %s", name, said)
		case kind == "door" && said != "false":
			t.Errorf("%s is open", name)
		}
	}
	if n := len(work("")) + len(mischief("")) + 1 + len(tries()); len(list) != n {
		t.Errorf("%d things were told, not %d", len(list), n)
	}
}

// home is a folder that the plan does not open by itself.
func home(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp(".", "room")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) }) // what is left of a test
	dir, err = filepath.Abs(dir)
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// Doors are told open by a program that nothing confines: they can be told open at all.
func TestDoorsAreOpenWithoutConfinement(t *testing.T) {
	open := map[string]bool{}
	for _, d := range Doors() {
		open[d.Name] = d.Open
	}
	for _, name := range []string{"list the root", "start another program", "run what one has written"} {
		if !open[name] {
			t.Errorf("the door %q is told to be shut: %v", name, open)
		}
	}
}

// judge runs a filter as the kernel does, for a call of an architecture.
func judge(t *testing.T, f []unix.SockFilter, arch, call uint32, args ...uint32) uint32 {
	t.Helper()
	data := map[uint32]uint32{atCall: call, atArch: arch}
	for i, a := range args {
		data[uint32(atArgs+argSize*i)] = a
	}
	var a uint32
	for at := 0; at < len(f); at++ {
		s := f[at]
		hit := false
		switch s.Code {
		case unix.BPF_LD | unix.BPF_W | unix.BPF_ABS:
			a = data[s.K]
			continue
		case unix.BPF_ALU | unix.BPF_AND | unix.BPF_K:
			a &= s.K
			continue
		case unix.BPF_RET | unix.BPF_K:
			return s.K
		case unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K:
			hit = a == s.K
		case unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K:
			hit = a >= s.K
		default:
			t.Fatalf("step %d is unknown: %+v", at, s)
		}
		if hit {
			at += int(s.Jt)
		} else {
			at += int(s.Jf)
		}
	}
	t.Fatal("the filter has no end")
	return 0
}

func TestFilter(t *testing.T) {
	f := filter(native, calls(), parts)
	const (
		pass    = unix.SECCOMP_RET_ALLOW
		eperm   = unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)
		enosys  = unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)
		thread  = unix.CLONE_VM | unix.CLONE_FS | unix.CLONE_FILES | unix.CLONE_SIGHAND | unix.CLONE_SYSVSEM | unix.CLONE_THREAD
		nowhere = 0x40000000 // x32 begins here
	)
	for _, n := range calls() {
		if got := judge(t, f, native, n); got != pass {
			t.Errorf("call %d: %#x", n, got)
		}
	}
	for _, c := range []struct {
		call uint32
		args []uint32
		want uint32
	}{
		{unix.SYS_CLONE, []uint32{thread}, pass},
		{unix.SYS_CLONE, []uint32{uint32(unix.SIGCHLD)}, eperm},
		{unix.SYS_CLONE, []uint32{thread | unix.CLONE_NEWNS}, eperm},
		{unix.SYS_CLONE3, nil, enosys},
		{unix.SYS_MMAP, []uint32{0, 0, unix.PROT_READ | unix.PROT_WRITE}, pass},
		{unix.SYS_MMAP, []uint32{0, 0, unix.PROT_READ | unix.PROT_EXEC}, pass},
		{unix.SYS_MMAP, []uint32{0, 0, unix.PROT_READ | unix.PROT_WRITE | unix.PROT_EXEC}, eperm},
		{unix.SYS_MPROTECT, []uint32{0, 0, unix.PROT_READ}, pass},
		{unix.SYS_MPROTECT, []uint32{0, 0, unix.PROT_READ | unix.PROT_EXEC}, eperm},
		{unix.SYS_PKEY_MPROTECT, nil, eperm},
		{unix.SYS_SOCKET, []uint32{unix.AF_INET6}, pass},
		{unix.SYS_SOCKET, []uint32{unix.AF_VSOCK}, eperm},
		{unix.SYS_SOCKETPAIR, []uint32{unix.AF_INET}, eperm},
		{unix.SYS_IOCTL, []uint32{3, unix.TCGETS}, pass},
		{unix.SYS_IOCTL, []uint32{3, unix.TIOCSTI}, eperm},
		{unix.SYS_IOCTL, []uint32{3, unix.TIOCSETD}, eperm},
		{unix.SYS_EXECVE, nil, eperm},
		{unix.SYS_EXECVEAT, nil, eperm},
		{unix.SYS_PTRACE, nil, eperm},
		{youngest, nil, pass},
		{youngest + 1, nil, enosys},
		{nowhere + unix.SYS_READ, nil, enosys},
	} {
		if got := judge(t, f, native, c.call, c.args...); got != c.want {
			t.Errorf("call %d %#x: %#x, want %#x", c.call, c.args, got, c.want)
		}
	}
	if got := judge(t, f, native^0xff, unix.SYS_READ); got != unix.SECCOMP_RET_KILL_PROCESS {
		t.Errorf("of another architecture: %#x", got)
	}
	if len(f) > 4096 {
		t.Errorf("%d steps; the kernel takes 4096 (BPF_MAXINSNS)", len(f))
	}
}

// A version of Landlock is asked for no more than it knows (landlock(7), "Versions").
func TestRightsByVersion(t *testing.T) {
	for version, want := range map[int]uint64{1: 0x1fff, 2: 0x3fff, 3: 0x7fff, 4: 0x7fff, 5: 0xffff, 9: 0xffff} {
		if got := held(version); got != want {
			t.Errorf("version %d: %#x, want %#x", version, got, want)
		}
	}
}
