package qemu

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// stand puts a shell script in the place of the emulator.
func stand(t *testing.T, script string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "qemu-system-x86_64"), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
}

func TestRunGivesTheConsole(t *testing.T) {
	stand(t, `printf 'SeaBIOS \033[2J\033[1;1Hhello\r\n\n'; echo "$@"; printf 'no end'`)
	var got []string
	err := Machine{Arch: "amd64", Kernel: "vmlinuz", Initrd: "initrd", Append: "rig=1"}.Run(t.Context(), func(s string) { got = append(got, s) })
	if err != nil || len(got) != 3 || got[0] != "SeaBIOS hello" || got[2] != "no end" {
		t.Fatalf("%q, %v", got, err)
	}
	for _, want := range []string{"-kernel vmlinuz", "-initrd initrd", "-icount shift=1,sleep=off", "-m 768", "-nic none", "console=ttyS0", "rig=1"} {
		if !strings.Contains(got[1], want) {
			t.Errorf("%q is not among %s", want, got[1])
		}
	}
}

func TestRunThatFails(t *testing.T) {
	stand(t, "echo no such kernel >&2; exit 3")
	err := Machine{Arch: "amd64"}.Run(t.Context(), func(string) {})
	if err == nil || !strings.Contains(err.Error(), "no such kernel") {
		t.Errorf("%v", err)
	}
	if err := (Machine{Arch: "mips"}).Run(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "mips") {
		t.Errorf("%v", err)
	}
	t.Setenv("PATH", t.TempDir())
	if err := (Machine{Arch: "amd64"}).Run(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "qemu-system-x86_64") {
		t.Errorf("%v", err)
	}
}

func TestRunThatHangs(t *testing.T) {
	stand(t, "echo up; exec sleep 60")
	ctx, stop := context.WithCancel(t.Context())
	begin := time.Now()
	err := Machine{Arch: "amd64"}.Run(ctx, func(string) { stop() })
	if !errors.Is(err, context.Canceled) || time.Since(begin) > 10*time.Second {
		t.Errorf("%v after %s", err, time.Since(begin))
	}
}

func TestVerdict(t *testing.T) {
	good := []string{Owe("ring"), Owe("talk"), "[    1.0] dahdi: loaded", "Booting from ROM.." + Pass("ring", "2 bursts: 400 ms"), Pass("talk", "0.999"), End()}
	for name, c := range map[string]struct {
		lines []string
		good  bool
		says  string
	}{
		"all passed":    {good, true, "PASS  ring                               2 bursts: 400 ms"},
		"one failed":    {append(slices.Clone(good[:4]), Fail("talk", "purity 0.5"), End()), false, "FAIL  talk                               purity 0.5"},
		"one never ran": {append(slices.Clone(good[:4]), End()), false, "FAIL  talk                               the guest never said"},
		"no end":        {good[:5], false, "did not come to its end"},
		"nothing owed":  {[]string{End()}, false, "0 checks in"},
		"panic":         {append(slices.Clone(good), "[ 9.9] Kernel panic - not syncing"), false, "Kernel panic - not syncing"},
		"oops":          {append(slices.Clone(good), "[ 9.9] Oops: 0000 [#1]"), false, "Oops: 0000"},
		"go panic":      {append(slices.Clone(good), "panic: runtime error"), false, "panic: runtime error"},
	} {
		t.Run(name, func(t *testing.T) {
			var v Verdict
			for _, l := range c.lines {
				v.Line(l)
			}
			var b bytes.Buffer
			if got := v.Write(&b, time.Second); got != c.good || !strings.Contains(b.String(), c.says) {
				t.Errorf("%t:\n%s", got, b.String())
			}
		})
	}
}
