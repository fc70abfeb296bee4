package logring

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/centralita/centralita/firmware/redact"
)

// CrashName is the file that a crash of the program is written to, and the last one
// that there was.
const (
	CrashName = "crash"
	LastCrash = "crash.last"
)

// maxCrash is how much of a crash is read: its reason and where it was come first.
const maxCrash = 64 << 10

// Crash takes what the last run left behind when it crashed, and has the runtime
// write the next crash to a file. text is empty where there was none; it is masked.
func Crash(data string) (text string, err error) {
	dir := filepath.Join(data, FolderName)
	path, last := filepath.Join(dir, CrashName), filepath.Join(dir, LastCrash)
	b, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("cannot read how the last run ended: %w", err)
	}
	if len(b) > 0 {
		if err := os.Rename(path, last); err != nil {
			return "", fmt.Errorf("cannot keep how the last run ended: %w", err)
		}
		text = clean(b)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return text, fmt.Errorf("cannot prepare for a crash: %w", err)
	}
	err = debug.SetCrashOutput(f, debug.CrashOptions{})
	if err = errors.Join(err, f.Close()); err != nil { // the runtime has its own descriptor
		return text, fmt.Errorf("cannot prepare for a crash: %w", err)
	}
	return text, nil
}

// Reason is the first line of a crash.
func Reason(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return short(line)
}

// clean masks the lines of a crash.
func clean(b []byte) string {
	var out strings.Builder
	for line := range strings.Lines(string(b[:min(len(b), maxCrash)])) {
		out.WriteString(redact.Numbers(redact.Line(strings.TrimRight(line, "\n"))))
		out.WriteByte('\n')
	}
	return out.String()
}
