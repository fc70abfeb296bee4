package tty_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/centralita/centralita/board/tty"
	"github.com/centralita/centralita/hal/serial"
	"github.com/centralita/centralita/hal/serial/serialtest"
	"github.com/centralita/centralita/testbench/pty"
)

func TestKeepsTheContract(t *testing.T) {
	serialtest.Run(t, func(t *testing.T) serialtest.Rig {
		c := &pty.Cable{Link: filepath.Join(t.TempDir(), "ttyS1")}
		if err := c.Plug(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if f := c.Far(); f != nil {
				f.Close() // the test is over
			}
		})
		return serialtest.Rig{Device: tty.Device{Path: c.Link}, Plug: c.Plug, Unplug: c.Unplug,
			Far: func() io.ReadWriter { return pty.Patient{File: c.Far()} }}
	})
}

// A folder, a file and a device of another kind are called what they are; a pty has
// no modem lines and no break, which is no reason to refuse it.
func TestWhatIsNoLine(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "ttyS1")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{folder, file, "/dev/null"} {
		if l, err := (tty.Device{Path: path}).Open(serial.Limits{}); !errors.Is(err, serial.ErrStrange) {
			t.Errorf("%s: %v, %v", path, l, err)
		}
	}
	c := &pty.Cable{Link: filepath.Join(folder, "pty")}
	if err := c.Plug(); err != nil {
		t.Fatal(err)
	}
	defer c.Unplug()
	l, err := tty.Open(c.Link, 9600)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Break(time.Millisecond); err == nil {
		t.Log("this kernel's pseudo terminals know a break")
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}
