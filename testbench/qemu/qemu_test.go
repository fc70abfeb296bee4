package qemu

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
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

func TestInitramfs(t *testing.T) {
	var b bytes.Buffer
	n, err := Initramfs{"init": {[]byte("program"), 0o755}, "lib/a/b.ko": {[]byte("12345"), 0}}.WriteTo(&b)
	if err != nil || n != int64(b.Len()) {
		t.Fatalf("%d of %d, %v", n, b.Len(), err)
	}
	got := map[string]string{}
	var order []string
	for b.Len() > 0 {
		var h [110]byte
		if _, err := io.ReadFull(&b, h[:]); err != nil || string(h[:6]) != "070701" {
			t.Fatalf("head %q, %v", h, err)
		}
		field := func(i int) (v int) {
			if _, err := fmt.Sscanf(string(h[6+8*i:14+8*i]), "%X", &v); err != nil {
				t.Fatal(err)
			}
			return v
		}
		mode, size, major, minor, length := field(1), field(6), field(9), field(10), field(11)
		name := string(b.Next(length))
		b.Next((4 - (110+length)%4) % 4)
		data := string(b.Next(size))
		b.Next((4 - size%4) % 4)
		name = strings.TrimSuffix(name, "\x00")
		order = append(order, name)
		got[name] = fmt.Sprintf("%o %d:%d %s", mode, major, minor, data)
	}
	for name, want := range map[string]string{"dev": "40755 0:0 ", "dev/console": "20600 5:1 ", "init": "100755 0:0 program",
		"lib": "40755 0:0 ", "lib/a": "40755 0:0 ", "lib/a/b.ko": "100644 0:0 12345", "TRAILER!!!": "0 0:0 "} {
		if got[name] != want {
			t.Errorf("%s is %q, not %q", name, got[name], want)
		}
	}
	if slices.Index(order, "lib/a") > slices.Index(order, "lib/a/b.ko") || order[len(order)-1] != "TRAILER!!!" {
		t.Errorf("%v", order)
	}
	if _, err := (Initramfs{"x": {}}).WriteTo(full{}); err == nil {
		t.Error("a full disk is not told")
	}
}

// full is a disk without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no room") }
