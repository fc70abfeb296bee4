package main

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// logOf writes a log of requests as QEMU does; data is a byte repeated.
func logOf(t *testing.T, requests ...write) *os.File {
	t.Helper()
	var b bytes.Buffer
	head := make([]byte, sector)
	binary.LittleEndian.PutUint64(head, logMagic)
	binary.LittleEndian.PutUint64(head[8:], 1)
	binary.LittleEndian.PutUint32(head[24:], sector)
	b.Write(head)
	for i, w := range requests {
		entry := make([]byte, sector)
		var flags uint64
		if w.flush {
			flags |= flagFlush
		}
		if w.fua {
			flags |= flagFUA
		}
		if w.drop {
			flags |= flagDrop
		}
		for j, v := range []uint64{uint64(w.at / sector), uint64(w.size / sector), flags, 0} {
			binary.LittleEndian.PutUint64(entry[8*j:], v)
		}
		b.Write(entry)
		if !w.drop {
			b.Write(bytes.Repeat([]byte{byte(i + 1)}, int(w.size)))
		}
	}
	path := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func TestLogIsRead(t *testing.T) {
	want := []write{{at: 1024, size: 1024}, {flush: true}, {at: 512, size: 512, fua: true}, {at: 0, size: 2048, drop: true}}
	got, err := readLog(logOf(t, want...))
	if err != nil || len(got) != len(want) {
		t.Fatalf("%+v, %v", got, err)
	}
	for i := range got {
		got[i].data = 0
		if got[i] != want[i] {
			t.Errorf("%d: %+v", i, got[i])
		}
	}
	cut := logOf(t, want...)
	if err := os.Truncate(cut.Name(), 3*sector); err != nil {
		t.Fatal(err)
	}
	if got, err := readLog(cut); err != nil || len(got) != 0 {
		t.Errorf("a log that ends in a request: %+v, %v", got, err)
	}
	bad := filepath.Join(t.TempDir(), "bad")
	if err := os.WriteFile(bad, make([]byte, 4096), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(bad)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := readLog(f); err == nil {
		t.Error("zeros pass for a log")
	}
}

// What was flushed or written through is always there after a cut; of the rest some is
// lost, some torn, and never anything is there that was not written.
func TestCutLosesOnlyWhatWasNotFlushed(t *testing.T) {
	list := []write{{at: 0, size: 1024}, {flush: true}, {at: 1024, size: 512}, {at: 1536, size: 512, fua: true}, {at: 2048, size: 2048}}
	log := logOf(t, list...)
	list, err := readLog(log)
	if err != nil {
		t.Fatal(err)
	}
	base := filepath.Join(t.TempDir(), "base")
	seen := map[string]bool{}
	for seed := range uint64(64) {
		if err := os.WriteFile(base, make([]byte, 8192), 0o600); err != nil {
			t.Fatal(err)
		}
		m := medium{path: base, log: log, list: list}
		to := filepath.Join(t.TempDir(), "cut")
		l, err := m.cut(to, len(list), rand.New(rand.NewPCG(seed, 1)))
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(to)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(b[:1024], bytes.Repeat([]byte{1}, 1024)) || b[1536] != 4 {
			t.Fatalf("seed %d: what was flushed is lost", seed)
		}
		if (b[1024] != 3 && b[1024] != 0) || !bytes.Equal(b[4096:], make([]byte, 4096)) {
			t.Fatalf("seed %d: something strange is there", seed)
		}
		seen["lost"] = seen["lost"] || l.lost > 0 && (b[1024] == 0 || b[2048] == 0)
		seen["kept"] = seen["kept"] || b[1024] == 3
		seen["torn"] = seen["torn"] || l.torn && b[2048] == 5 && b[4095] == 0
	}
	for _, what := range []string{"lost", "kept", "torn"} {
		if !seen[what] {
			t.Errorf("nothing was ever %s", what)
		}
	}
}

func TestInstantsAreInTheLog(t *testing.T) {
	list := make([]write, 50)
	list[49].flush = true
	points := instants(list, 200, rand.New(rand.NewPCG(1, 2)))
	for i, p := range points {
		if p < 1 || p > len(list) || i > 0 && p < points[i-1] {
			t.Fatalf("%v", points)
		}
	}
	if len(points) != 200 {
		t.Errorf("%d", len(points))
	}
}
