//go:build amd64 || arm64

package confine

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// try is a door, and the errors that mean it is shut. Each try does nothing even where
// the door is open: it asks for what is not there.
type try struct {
	name string
	shut []error
	do   func() error
}

var denied = []error{unix.EPERM, unix.EACCES}

// tries are the doors: first those that Landlock shuts, then those of the filter.
func tries() []try {
	raw := func(call, a, b, c uintptr) func() error {
		return func() error {
			if _, _, errno := unix.Syscall(call, a, b, c); errno != 0 {
				return errno
			}
			return nil
		}
	}
	return []try{
		{"list the root", denied, func() error { return opened("/", unix.O_RDONLY|unix.O_DIRECTORY) }},
		{"make a file in /dev/shm", append([]error{unix.ENOENT}, denied...), func() error {
			name := fmt.Sprintf("/dev/shm/centralita-door-%d", os.Getpid())
			err := opened(name, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL)
			if err == nil {
				err = errors.Join(os.Remove(name), errWasOpen)
			}
			return err
		}},
		{"change a file of the system", append([]error{unix.EROFS}, denied...), func() error { return opened("/etc/passwd", unix.O_WRONLY) }},
		{"start another program", denied, func() error { return unix.Exec("/nothing/there", []string{"x"}, nil) }},
		{"look into another program", denied, func() error { return unix.PtraceAttach(0) }},
		{"mount", denied, func() error { return unix.Mount("nothing", "/nothing/there", "nothing", 0, "") }},
		{"load a module", denied, func() error { return unix.InitModule([]byte{0}, "") }},
		{"give the kernel a program", denied, raw(unix.SYS_BPF, ^uintptr(0), 0, 0)},
		{"leave for a room of one's own", denied, func() error { return unix.Unshare(unix.CLONE_NEWUSER) }},
		{"read raw packets", denied, raw(unix.SYS_SOCKET, unix.AF_PACKET, unix.SOCK_RAW, 0)},
		{"run what one has written", denied, func() error {
			b, err := unix.Mmap(-1, 0, os.Getpagesize(), unix.PROT_READ|unix.PROT_WRITE|unix.PROT_EXEC, unix.MAP_PRIVATE|unix.MAP_ANON)
			if err == nil {
				err = errors.Join(unix.Munmap(b), errWasOpen)
			}
			return err
		}},
		{"become root", denied, raw(unix.SYS_SETUID, 0, 0, 0)},
	}
}

var errWasOpen = errors.New("the door was open")

// opened opens a file and closes it.
func opened(name string, flags int) error {
	fd, err := unix.Open(name, flags|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return err
	}
	return unix.Close(fd)
}

// Doors tries the doors that are to be shut, and tells of each.
func Doors() []Door {
	var list []Door
	for _, t := range tries() {
		err := t.do()
		d := Door{Name: t.name, Open: true}
		for _, shut := range t.shut {
			d.Open = d.Open && !errors.Is(err, shut)
		}
		list = append(list, d)
	}
	return list
}
