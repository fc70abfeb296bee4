//go:build amd64 || arm64

package confine

import (
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// What each access is in Landlock's words (landlock(7)). A right that the kernel's
// version does not know is not asked for; what it does not know it does not hold back.
const (
	reads   = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_READ_DIR
	devices = reads | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_IOCTL_DEV | unix.LANDLOCK_ACCESS_FS_TRUNCATE
	keeps   = devices&^unix.LANDLOCK_ACCESS_FS_IOCTL_DEV | unix.LANDLOCK_ACCESS_FS_REMOVE_DIR | unix.LANDLOCK_ACCESS_FS_REMOVE_FILE |
		unix.LANDLOCK_ACCESS_FS_MAKE_DIR | unix.LANDLOCK_ACCESS_FS_MAKE_REG | unix.LANDLOCK_ACCESS_FS_MAKE_SOCK |
		unix.LANDLOCK_ACCESS_FS_MAKE_FIFO | unix.LANDLOCK_ACCESS_FS_MAKE_SYM | unix.LANDLOCK_ACCESS_FS_REFER
	starts = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_EXECUTE

	// ofFiles are the rights that a file can have; the others are of folders.
	ofFiles = unix.LANDLOCK_ACCESS_FS_EXECUTE | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_READ_FILE |
		unix.LANDLOCK_ACCESS_FS_TRUNCATE | unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
)

var rights = map[Access]uint64{Read: reads, Device: devices, Keep: keeps, Start: starts}

// held are the rights that Landlock of a version takes away where no rule gives them.
func held(version int) uint64 {
	all := uint64(unix.LANDLOCK_ACCESS_FS_MAKE_SYM)<<1 - 1 // version 1: every right up to this one
	if version >= 2 {
		all |= unix.LANDLOCK_ACCESS_FS_REFER
	}
	if version >= 3 {
		all |= unix.LANDLOCK_ACCESS_FS_TRUNCATE
	}
	if version >= 5 {
		all |= unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
	}
	return all
}

// Version is that of the kernel's Landlock.
func Version() (int, error) {
	v, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		return 0, fmt.Errorf("cannot use Landlock: %w; the kernel needs CONFIG_SECURITY_LANDLOCK and \"landlock\" in its list lsm=", errno)
	}
	return int(v), nil
}

// Enter binds the files to the plan and becomes the program args[0] with env. It comes
// back only when that failed, and then nothing is bound.
func Enter(p Plan, args, env []string) error {
	failed := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: a thread that is bound ends with this
		failed <- enter(p, args, env)
	}()
	return <-failed
}

func enter(p Plan, args, env []string) error {
	version, err := Version()
	if err != nil {
		return err
	}
	attr := unix.LandlockRulesetAttr{Handled_access_fs: held(version)}
	if version >= 6 { // signals, and sockets without a file, to nobody who is not bound as we are
		attr.Scoped = unix.LANDLOCK_SCOPE_SIGNAL | unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET
	}
	set, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr)), unsafe.Sizeof(attr), 0)
	if errno != 0 {
		return fmt.Errorf("cannot make Landlock's rules: %w", errno)
	}
	loader, err := loaderOf(args[0])
	if err != nil {
		return err
	}
	for _, r := range append(loader, p...) {
		if err := allow(int(set), r, attr.Handled_access_fs); err != nil {
			return err
		}
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("cannot give up new privileges: %w", err)
	}
	if _, _, errno := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, set, 0, 0); errno != 0 {
		return fmt.Errorf("cannot bind the program by Landlock: %w", errno)
	}
	if err := unix.Close(int(set)); err != nil {
		return fmt.Errorf("cannot close Landlock's rules: %w", err)
	}
	return fmt.Errorf("cannot become %s: %w", args[0], unix.Exec(args[0], args, env))
}

// allow adds a rule to the set.
func allow(set int, r Rule, held uint64) error {
	fd, err := unix.Open(r.Path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if errors.Is(err, unix.ENOENT) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("cannot look at %s: %w", r.Path, err)
	}
	var st unix.Stat_t
	err = unix.Fstat(fd, &st)
	if err == nil {
		beneath := unix.LandlockPathBeneathAttr{Allowed_access: rights[r.Access] & held, Parent_fd: int32(fd)}
		if st.Mode&unix.S_IFMT != unix.S_IFDIR {
			beneath.Allowed_access &= ofFiles
		}
		if _, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(set), unix.LANDLOCK_RULE_PATH_BENEATH,
			uintptr(unsafe.Pointer(&beneath)), 0, 0, 0); errno != 0 {
			err = errno
		}
	}
	if err = errors.Join(err, unix.Close(fd)); err != nil {
		return fmt.Errorf("cannot open %s to the program: %w", r.Path, err)
	}
	return nil
}

// loaderOf returns what a program that needs shared libraries needs besides: its loader
// and the libraries' folders. The image's has none.
func loaderOf(program string) ([]Rule, error) {
	f, err := elf.Open(program)
	if err != nil {
		return nil, fmt.Errorf("cannot read the program: %w", err)
	}
	defer func() { _ = f.Close() }() // it was only read
	for _, s := range f.Progs {
		if s.Type != elf.PT_INTERP {
			continue
		}
		name, err := io.ReadAll(s.Open())
		if err != nil {
			return nil, fmt.Errorf("cannot read the program's loader: %w", err)
		}
		return []Rule{{strings.TrimRight(string(name), "\x00"), Start}, {"/lib", Read}, {"/lib64", Read}, {"/usr/lib", Read}}, nil
	}
	return nil, nil
}
