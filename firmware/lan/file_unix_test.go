//go:build unix

package lan

import (
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// A pipe in the place of the file, which whoever owns the folder can make, must not
// hold the keeper up at every start.
func TestNoPipeIsWaitedFor(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), FileName)
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	loaded := make(chan error, 1)
	go func() {
		_, err := Load(pipe)
		loaded <- err
	}()
	select {
	case err := <-loaded:
		if err == nil {
			t.Error("a pipe was read")
		}
	case <-time.After(5 * time.Second):
		t.Error("a pipe holds the keeper up")
	}
}
