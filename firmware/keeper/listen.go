package keeper

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// Listen makes the socket, its file for the user uid alone, and refuses whoever
// connects under another (SO_PEERCRED, unix(7)); root may too. A dead socket at
// path is replaced; anything else there is an error.
func Listen(path string, uid int) (net.Listener, error) {
	if info, err := os.Lstat(path); err == nil {
		if info.Mode()&fs.ModeSocket == 0 {
			return nil, fmt.Errorf("cannot listen on %s: there is something else", path)
		}
		if c, err := net.Dial("unix", path); err == nil {
			c.Close()
			return nil, fmt.Errorf("cannot listen on %s: another keeper does", path)
		}
		if err := os.Remove(path); err != nil {
			return nil, fmt.Errorf("cannot listen on %s: %w", path, err)
		}
	}
	old := unix.Umask(0o177) // the file is born closed to others
	l, err := net.Listen("unix", path)
	unix.Umask(old)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w", path, err)
	}
	if uid != os.Geteuid() {
		if err := os.Lchown(path, uid, -1); err != nil {
			return nil, errors.Join(fmt.Errorf("cannot give %s to user %d: %w", path, uid, err), l.Close())
		}
	}
	return guarded{l, uid}, nil
}

// guarded lets only one user and root in.
type guarded struct {
	net.Listener
	uid int
}

// Accept implements net.Listener.
func (g guarded) Accept() (net.Conn, error) {
	for {
		conn, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		uid, err := peer(conn)
		if err == nil && uid != g.uid && uid != 0 {
			err = fmt.Errorf("user %d may not ask the keeper", uid)
		}
		if err == nil {
			return conn, nil
		}
		refuse(conn, err.Error())
	}
}
