package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

// What ships runs on arm64: it hears the same there, to the last bit.
func TestTheSameOnArm64(t *testing.T) {
	emulator, err := exec.LookPath("qemu-aarch64-static")
	if err != nil || runtime.GOARCH != "amd64" {
		t.Skip("this is no amd64, or qemu-aarch64-static is not installed (Debian: qemu-user-static)")
	}
	var heard [2]string
	for i, arch := range []string{"amd64", "arm64"} {
		program := filepath.Join(t.TempDir(), arch)
		build := exec.Command("go", "build", "-o", program, "./samebench")
		build.Env = append(os.Environ(), "GOARCH="+arch, "CGO_ENABLED=0")
		if text, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		run := exec.Command(program)
		if arch == "arm64" {
			run = exec.Command(emulator, program)
		}
		out, err := run.Output()
		if err != nil {
			t.Fatal(arch, err)
		}
		heard[i] = string(out)
	}
	if heard[0] != heard[1] {
		t.Errorf("amd64:\n%sarm64:\n%s", heard[0], heard[1])
	}
}
