//go:build linux && rig

package main

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"github.com/centralita/centralita/board/atmodem"
	"github.com/centralita/centralita/testbench/qemu/guest"
)

// technician sits at the host's end of the USB cable.
type technician struct {
	line  io.ReadWriteCloser
	heard chan string
}

func sit() (*technician, error) {
	line, err := atmodem.OpenSerial(hostEnd, 115200)
	if err != nil {
		return nil, err
	}
	t := &technician{line: line, heard: make(chan string, 256)}
	go func() {
		defer close(t.heard)
		b := make([]byte, 1024)
		for {
			n, err := line.Read(b)
			if err != nil {
				return
			}
			t.heard <- string(b[:n])
		}
	}()
	return t, nil
}

// ask types a line, again while nothing answers, and waits until text is on the screen.
func (t *technician) ask(line, text string) (string, error) {
	var all strings.Builder
	for range 10 {
		if _, err := io.WriteString(t.line, line+"\r"); err != nil {
			return "", err
		}
		quiet := time.After(2 * time.Second)
		for waiting := true; waiting; {
			select {
			case s, ok := <-t.heard:
				if !ok {
					return "", fmt.Errorf("the line ended after %q", all.String())
				}
				all.WriteString(s)
				if strings.Contains(all.String(), text) {
					return all.String(), nil
				}
			case <-quiet:
				waiting = false
			}
		}
	}
	return "", fmt.Errorf("%q is answered by %q, without %q", line, all.String(), text)
}

// codes are claim codes.
var codes = regexp.MustCompile(`[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}`)

// houseConsole: the house was built without its serial line; a technician plugs the cable
// in, reads the claim code that the display shows too and asks. In the end the cable is
// out: its timer runs each microframe, and an hour of that is long.
func houseConsole() (detail string, err error) {
	if _, err := is("/dev/ttyGS0", "skipped", ""); err != nil {
		return "", err
	}
	if err := guest.Load(serialGadget, ""); err != nil {
		return "", err
	}
	if err := seen(true); err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, plugged(false)) }()
	if err := errors.Join(push(buttonLine+3), painted("reclamo")); err != nil { // OK: to rest
		return "", err
	}
	banner, err := technicianAsks("Todavía no tiene dueño")
	if err != nil {
		return "", fmt.Errorf("plugged in: %w", err)
	}
	code := codes.FindString(banner)
	if shown := glass().Rows; code == "" || !strings.HasPrefix(shown[2], code) {
		return "", fmt.Errorf("the console says code %q, the display shows %q", code, shown)
	}
	if _, err := is("/dev/ttyGS0", "loaded", ""); err != nil {
		return "", err
	}
	if err := errors.Join(plugged(false), plugged(true)); err != nil {
		return "", err
	}
	begin := time.Now()
	if banner, err = technicianAsks("Todavía no tiene dueño"); err != nil {
		return "", fmt.Errorf("out and in again: %w", err)
	}
	if again := codes.FindString(banner); again != code {
		return "", fmt.Errorf("out and in again, the console says code %q, before %q", again, code)
	}
	return fmt.Sprintf("the claim code as on the display, status; out and in again, all of it after %.1f s", time.Since(begin).Seconds()), nil
}

// technicianAsks presses Enter until the banner says text, then asks for the status.
func technicianAsks(text string) (banner string, err error) {
	t, err := sit()
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, t.line.Close()) }()
	if banner, err = t.ask("", text); err != nil {
		return "", err
	}
	more, err := t.ask("", "centralita>")
	if err != nil {
		return "", err
	}
	banner += more
	_, err = t.ask("status", "Libro")
	return banner, err
}
