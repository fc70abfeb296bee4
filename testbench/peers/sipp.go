package peers

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// Sipp runs a scenario of testdata with sipp and returns when it has ended.
// limit is how long all its calls may take.
func Sipp(t *testing.T, scenario string, limit time.Duration, args ...string) error {
	t.Helper()
	return SippIn(t, t.TempDir(), scenario, limit, args...)
}

// SippIn is Sipp in a folder that holds what the scenario plays.
func SippIn(t *testing.T, dir, scenario string, limit time.Duration, args ...string) error {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("testdata", scenario))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	all := append([]string{"-sf", path, "-nostdin", "-trace_err", "-trace_msg", "-timeout_error", "-timeout", fmt.Sprintf("%ds", int(limit.Seconds()))}, args...)
	cmd := exec.CommandContext(ctx, "sipp", all...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "TERM=dumb")
	var out buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err = cmd.Run()
	if err == nil {
		return nil
	}
	said := out.String()
	said = said[max(0, len(said)-2000):]
	for _, pattern := range []string{"*_errors.log", "*_messages.log"} {
		files, _ := filepath.Glob(filepath.Join(dir, pattern)) // the pattern is well formed
		for _, f := range files {
			if b, err := os.ReadFile(f); err == nil {
				said += string(b[:min(len(b), 6000)])
			}
		}
	}
	return fmt.Errorf("sipp %s: %w\n%s", scenario, err, said)
}
