package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/centralita/centralita/firmware/mbr"
)

func TestGrowOfADisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "disk")
	table := mbr.Table{ID: 1, Partitions: [4]mbr.Entry{3: {Kind: mbr.Linux, Start: 2048, Size: 2048}}}
	sector := table.Encode()
	if err := os.WriteFile(path, append(sector[:], bytes.Repeat([]byte{7}, 8<<20-mbr.Sector)...), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time there is nothing left to do
		if err := run([]string{"grow", path}); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := mbr.Decode(b); err != nil || got.Partitions[3].Size != 8*2048-2048 || got.ID != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	if b[mbr.Sector] != 7 {
		t.Error("more than the table was written")
	}
	if err := os.WriteFile(path, make([]byte, 4096), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run([]string{"grow", path}); err == nil || !strings.Contains(err.Error(), "55 AA") {
		t.Errorf("a disk without a table: %v", err)
	}
	if err := run(nil); err == nil {
		t.Error("no arguments are taken")
	}
}
