package debian

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// module writes a file that looks like a kernel module of those dependencies.
func module(t *testing.T, path, depends string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	info := []byte("license=GPL\x00depends=" + depends + "\x00name=x\x00")
	names := []byte("\x00.modinfo\x00.shstrtab\x00")
	var b bytes.Buffer
	h := elf.Header64{Type: uint16(elf.ET_REL), Machine: uint16(elf.EM_X86_64), Version: 1, Ehsize: 64, Shentsize: 64, Shnum: 3, Shstrndx: 2}
	copy(h.Ident[:], elf.ELFMAG+"\x02\x01\x01")
	h.Shoff = uint64(64 + len(info) + len(names))
	sections := []elf.Section64{{},
		{Name: 1, Type: uint32(elf.SHT_PROGBITS), Off: 64, Size: uint64(len(info))},
		{Name: 10, Type: uint32(elf.SHT_STRTAB), Off: uint64(64 + len(info)), Size: uint64(len(names))}}
	for _, v := range []any{h, info, names, sections} {
		if err := binary.Write(&b, binary.LittleEndian, v); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestModulesLoadBehindTheirOwn(t *testing.T) {
	dir := t.TempDir()
	loc := module(t, dir+"/built/dahdi_dynamic_loc.ko", "dahdi_dynamic")
	dyn := module(t, dir+"/built/dahdi_dynamic.ko", "dahdi")
	base := module(t, dir+"/built/dahdi.ko", "crc-ccitt")
	crc := module(t, dir+"/tree/kernel/lib/crc_ccitt.ko", "")
	module(t, dir+"/tree/kernel/lib/other.ko", "nowhere")
	got, err := Order([]string{loc, dyn, base}, dir+"/tree")
	if err != nil || !slices.Equal(got, []string{crc, base, dyn, loc}) {
		t.Errorf("%v, %v", got, err)
	}
	module(t, dir+"/built/dahdi.ko", "dahdi_dynamic_loc")
	if _, err := Order([]string{loc, dyn, base}, dir+"/tree"); err == nil || !strings.Contains(err.Error(), "depends on itself") {
		t.Errorf("a circle: %v", err)
	}
	module(t, dir+"/built/dahdi.ko", "missing")
	if _, err := Order([]string{base}, dir+"/none"); err == nil || !strings.Contains(err.Error(), "missing, which is nowhere") {
		t.Errorf("a module that is not there: %v", err)
	}
	if err := os.WriteFile(base, []byte("no module"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Order([]string{base}, dir+"/none"); err == nil {
		t.Error("a file that is no module is taken")
	}
}

func TestWhatIsKeptIsFoundAgain(t *testing.T) {
	dir := t.TempDir()
	root := filepath.Join(dir, "root")
	if _, err := kept(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of nothing: %v", err)
	}
	a, b := module(t, root+"/x/a.ko", ""), module(t, root+"/y/b.ko", "a")
	if err := os.MkdirAll(root+"/boot", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(root+"/boot/vmlinuz-6.1.0-9-amd64", []byte("kernel"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := keepAll(dir, root, "6.1.0-9-amd64", []string{a, b}); err != nil {
		t.Fatal(err)
	}
	k, err := kept(dir)
	if err != nil || k.Release != "6.1.0-9-amd64" || k.Kernel != dir+"/vmlinuz" || !slices.Equal(k.Modules, []string{dir + "/a.ko", dir + "/b.ko"}) {
		t.Errorf("%+v, %v", k, err)
	}
	if _, err := os.Stat(root); !os.IsNotExist(err) {
		t.Error("the rest is still there")
	}
	if err := os.WriteFile(filepath.Join(dir, list), []byte("6.1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := kept(dir); err == nil || !strings.Contains(err.Error(), "not whole") {
		t.Errorf("half a list: %v", err)
	}
}

func TestKernelThatDebianNames(t *testing.T) {
	const amd64 = "linux-image-amd64\n  Depends: linux-image-6.1.0-56-amd64\n"
	r, err := releaseOf(amd64, "amd64")
	if err != nil || r != "6.1.0-56-amd64" {
		t.Fatalf("%q, %v", r, err)
	}
	if r, err := releaseOf("linux-image-arm64:arm64\n  Depends: linux-image-6.1.0-56-arm64:arm64\n", "arm64"); err != nil || r != "6.1.0-56-arm64" {
		t.Errorf("%q, %v", r, err)
	}
	for _, bad := range []string{"", "linux-image-amd64\n  Depends: <linux-image>\n", amd64} {
		if r, err := releaseOf(bad, "arm64"); err == nil {
			t.Errorf("%q gives %q", bad, r)
		}
	}
	got := packagesOf("6.1.0-56-arm64", "arm64", "amd64")
	want := []string{"linux-image-6.1.0-56-arm64:arm64", "linux-headers-6.1.0-56-arm64:arm64", "linux-headers-6.1.0-56-common", "linux-kbuild-6.1:amd64"}
	if !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
}

func TestCompilers(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	lack := Need("arm64")
	for _, want := range []string{"make", "qemu-system-arm", "gcc-aarch64-linux-gnu"} {
		if !slices.Contains(lack, want) && !slices.Contains(lack, "gcc") {
			t.Errorf("%s is not among %v", want, lack)
		}
	}
	if !slices.Contains(Need("amd64"), "qemu-system-x86") {
		t.Errorf("%v", Need("amd64"))
	}
}
