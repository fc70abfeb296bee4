package book

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// lockName is the file that one daemon holds locked while it uses the folder.
const lockName = "lock"

// lockDir makes the folder if need be and takes it for this process. The lock
// falls with the process, however that ends.
func lockDir(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, folderError(dir, err)
	}
	f, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE|syscall.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, folderError(dir, err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer f.Close()
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, folderError(dir, err)
		}
		return nil, fmt.Errorf("cannot open the book in %s: another centralita (pid %s) holds it; hint: stop it, or give this one its own --data folder", dir, holder(f))
	}
	pid := strconv.Itoa(os.Getpid()) + "\n"
	if err := errors.Join(f.Truncate(0), writeAt(f, pid)); err != nil {
		return nil, errors.Join(folderError(dir, err), f.Close())
	}
	return f, nil
}

func writeAt(f *os.File, s string) error {
	_, err := f.WriteAt([]byte(s), 0)
	return err
}

// holder reads the process number from a lock that somebody else holds.
func holder(f *os.File) string {
	buf := make([]byte, 16)
	n, err := f.ReadAt(buf, 0)
	pid := strings.TrimSpace(string(buf[:n]))
	if _, bad := strconv.Atoi(pid); bad != nil {
		return "unknown"
	}
	_ = err // a short read ends in io.EOF; the digits were checked above
	return pid
}

// folderError says what is wrong with the data folder and what helps.
func folderError(dir string, err error) error {
	hint := ""
	switch {
	case errors.Is(err, syscall.EROFS):
		hint = "the file system is read-only; hint: mount it writable or choose another --data folder"
	case errors.Is(err, fs.ErrPermission):
		hint = "this user may not write there; hint: give the folder to the user that runs centralita"
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), fullDisk(err):
		hint = "the disk is full; hint: free some space, nothing that was written is lost"
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, fs.ErrExist):
		hint = "it is not a folder; hint: name a folder with --data"
	case notABook(err):
		hint = FileName + " is damaged; hint: keep a copy, move it away, and a new book begins"
	default:
		return fmt.Errorf("cannot open the book in %s: %w", dir, err)
	}
	return fmt.Errorf("cannot open the book in %s: %s (%w)", dir, hint, err)
}
