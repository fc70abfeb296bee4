package app

import (
	"fmt"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/centralita/centralita/firmware/redact"
)

// kernelLog reads the kernel's ring (syslog(2), SYSLOG_ACTION_READ_ALL).
func kernelLog() ([]byte, error) {
	const readAll, sizeBuffer = 3, 10
	n, err := unix.Klogctl(sizeBuffer, nil)
	if err != nil {
		return nil, fmt.Errorf("cannot read the kernel's messages: %w", err)
	}
	b := make([]byte, max(n, 1))
	if n, err = unix.Klogctl(readAll, b); err != nil {
		return nil, fmt.Errorf("cannot read the kernel's messages: %w", err)
	}
	var out strings.Builder
	for line := range strings.Lines(string(b[:n])) {
		out.WriteString(redact.Line(strings.TrimRight(line, "\n")))
		out.WriteByte('\n')
	}
	return []byte(out.String()), nil
}
