// Package confine takes from the running program what its work does not need, so that
// whoever gets hold of it gets hold of little: files by Landlock (kernel 5.13 and newer;
// 6.1, Debian 12's, knows version 2), system calls by a seccomp filter, new privileges
// by no_new_privs. It is what the unit of the Debian package has systemd do, for the
// box's image, where nobody else does it.
//
// Landlock binds the thread that asks and those that come from it, so Enter asks and
// becomes the same program once more; what begins then is bound as a whole, and calls
// Seal, after which no other program can be started, by nobody and never again.
// Devices: a serial adapter that is plugged in later has no file yet that could be
// named, so /dev is open as a whole, and who may open which of them is said by their
// owner and mode (mdev.conf).
package confine

import (
	"os"
	"path/filepath"
	"strings"
)

// Access is what may be done below a path.
type Access int

const (
	Read   Access = iota + 1 // read files, list folders
	Device                   // that, and write to what is there and give it orders (ioctl)
	Keep                     // that, and make, rename and remove; never devices
	Start                    // read, and become it
)

// Rule opens a path and what is below it. A path that is not there is passed over.
type Rule struct {
	Path   string
	Access Access
}

// Plan is all that stays open.
type Plan []Rule

// For returns the plan of the program: it reads the system, speaks with devices, and
// keeps its data. config is a configuration of the command line, "" for none.
func For(program, data, config string) Plan {
	p := Plan{{program, Start}, {"/etc", Read}, {"/usr/share", Read}, {"/proc", Read}, {"/sys", Read}, {"/run/centralita", Read},
		{"/dev", Device}, {data, Keep}, {os.TempDir(), Keep}}
	if config != "" {
		p = append(p, Rule{filepath.Dir(config), Read})
	}
	return p
}

// Door is something a stranger in the program's place would try, and what came of it.
type Door struct {
	Name string
	Open bool
}

// Environ returns the environment with name=value, for Enter.
func Environ(name, value string) []string {
	var env []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, name+"=") {
			env = append(env, v)
		}
	}
	return append(env, name+"="+value)
}
