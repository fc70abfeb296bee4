//go:build linux && rig

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/centralita/centralita/board/atmodem"
	"github.com/centralita/centralita/testbench/qemu/guest"
)

// The two ends of the USB cable between dummy_hcd's host and its gadget.
const (
	hostEnd   = "/dev/ttyACM0"
	gadgetEnd = "/dev/ttyGS0"
)

// plugged puts the cable in at the host's end, or takes it out. (The gadget's own end is
// no place for it: this kernel connects by soft_connect but once.)
func plugged(in bool) error {
	const port = "/sys/bus/usb/devices/usb1/1-0:1.0/usb1-port1/disable"
	if err := write(port, map[bool]string{true: "0", false: "1"}[in]); err != nil {
		return err
	}
	return seen(in)
}

// seen waits until the host has found the gadget, or lost it.
func seen(there bool) error {
	for range 50 {
		if _, err := os.Stat(hostEnd); (err == nil) == there {
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return fmt.Errorf("%s is there after 5 s: %t", hostEnd, !there)
}

// carry sends text from one end and waits for it at the other.
func carry(from io.Writer, to io.Reader, text string) error {
	if _, err := io.WriteString(from, text); err != nil {
		return err
	}
	got := make([]byte, 0, len(text))
	b := make([]byte, 256)
	for len(got) < len(text) {
		n, err := to.Read(b)
		if err != nil {
			return fmt.Errorf("after %d of %d bytes: %w", len(got), len(text), err)
		}
		got = append(got, b[:n]...)
	}
	if !bytes.Equal(got, []byte(text)) {
		return fmt.Errorf("%q arrives as %q", text, got)
	}
	return nil
}

// serialLine: both ends by go.bug.st/serial; the cable comes out and goes in again.
func serialLine() (string, error) {
	if err := guest.Load(serialGadget, ""); err != nil {
		return "", err
	}
	if err := seen(true); err != nil {
		return "", err
	}
	gadget, err := atmodem.OpenSerial(gadgetEnd, 115200)
	if err != nil {
		return "", err
	}
	host, err := atmodem.OpenSerial(hostEnd, 115200)
	if err != nil {
		return "", err
	}
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	for _, text := range []string{"status\r\n", string(all)} {
		if err := errors.Join(carry(host, gadget, text), carry(gadget, host, text)); err != nil {
			return "", err
		}
	}
	read := make(chan error, 1)
	go func() {
		_, err := host.Read(make([]byte, 1))
		read <- err
	}()
	if err := plugged(false); err != nil {
		return "", err
	}
	var gone error
	select {
	case gone = <-read:
	case <-time.After(5 * time.Second):
	}
	if gone == nil {
		return "", errors.New("a read goes on for 5 s without the cable")
	}
	for _, end := range []io.Closer{host, gadget} { // the gadget's end was hung up too
		if err := end.Close(); err != nil {
			fmt.Println("closing what is gone:", err)
		}
	}
	if err := plugged(true); err != nil {
		return "", err
	}
	if gadget, err = atmodem.OpenSerial(gadgetEnd, 115200); err != nil {
		return "", err
	}
	if host, err = atmodem.OpenSerial(hostEnd, 115200); err != nil {
		return "", err
	}
	if err := errors.Join(carry(host, gadget, "lines\r\n"), carry(gadget, host, "L1\r\n")); err != nil {
		return "", fmt.Errorf("plugged in again: %w", err)
	}
	return fmt.Sprintf("all 256 bytes both ways; cable out: %v; back, both ways", gone), errors.Join(host.Close(), gadget.Close())
}
