package main

import (
	"bytes"
	"errors"
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

func TestAWipedPartitionIsBlank(t *testing.T) {
	path := filepath.Join(t.TempDir(), "disk")
	table := mbr.Table{Partitions: [4]mbr.Entry{3: {Kind: mbr.Linux, Start: 2048, Size: 40 << 11}}}
	sector := table.Encode()
	all := append(sector[:], bytes.Repeat([]byte{7}, 41<<20-mbr.Sector)...)
	all[1<<20+ext4Magic], all[1<<20+ext4Magic+1] = 0x53, 0xef
	if err := os.WriteFile(path, all, 0o600); err != nil {
		t.Fatal(err)
	}
	part := filepath.Join(t.TempDir(), "part")
	look := func() error {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(part, b[1<<20:], 0o600); err != nil {
			t.Fatal(err)
		}
		return run([]string{"blank", part})
	}
	if look() == nil {
		t.Error("a file system passes for none")
	}
	disk, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(wipeData(disk), disk.Close()); err != nil {
		t.Fatal(err)
	}
	if err := look(); err != nil {
		t.Errorf("after the wiping: %v", err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if b[1<<20-1] != 7 || b[1<<20+headSize-1] != 0 || b[1<<20+headSize] != 7 {
		t.Error("it wiped too little or too much")
	}
}

func TestWhatTheBootScriptTold(t *testing.T) {
	if boot, running := told("console=x centralita.boot=3 centralita.slot=b centralita.trial=1\n"); boot != 3 || running != "b" {
		t.Errorf("%d, %q", boot, running)
	}
	if boot, running := told("centralita.recovery=1"); boot != 0 || running != "" {
		t.Errorf("%d, %q", boot, running)
	}
}
