package abslot_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/centralita/centralita/board/abslot"
	"github.com/centralita/centralita/hal/slot"
	"github.com/centralita/centralita/hal/slot/slottest"
)

// Where the tests have their slots: 1 MiB each, in a disk of 8.
const (
	slotSize = 1 << 20
	atA      = 4 << 20
	atB      = 5 << 20
	diskSize = 8 << 20
)

// table is a first sector with partitions 2 and 3.
func table(aAt, aSize, bAt, bSize int64) []byte {
	b := make([]byte, slottest.Sector)
	for n, e := range map[int][2]int64{2: {aAt, aSize}, 3: {bAt, bSize}} {
		binary.LittleEndian.PutUint32(b[446+16*(n-1)+8:], uint32(e[0]/512))
		binary.LittleEndian.PutUint32(b[446+16*(n-1)+12:], uint32(e[1]/512))
	}
	b[510], b[511] = 0x55, 0xaa
	return b
}

// fresh is a platter with partitions.
func fresh(t testing.TB) *slottest.Platter {
	t.Helper()
	p := slottest.NewPlatter(diskSize)
	if _, err := p.WriteAt(table(atA, slotSize, atB, slotSize), 0); err != nil {
		t.Fatal(err)
	}
	if err := p.Sync(); err != nil {
		t.Fatal(err)
	}
	return p
}

func open(t testing.TB, m abslot.Medium) *abslot.Disk {
	t.Helper()
	d, err := abslot.New(m)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestPlatterKeepsTheContract(t *testing.T) {
	slottest.Run(t, func(t *testing.T) (slot.Disk, func() slot.Disk) {
		p := fresh(t)
		return open(t, p), func() slot.Disk { return open(t, p) }
	})
}

func TestFileKeepsTheContract(t *testing.T) {
	slottest.Run(t, func(t *testing.T) (slot.Disk, func() slot.Disk) {
		path := filepath.Join(t.TempDir(), "disk.img")
		if err := os.WriteFile(path, table(atA, slotSize, atB, slotSize), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(path, diskSize); err != nil {
			t.Fatal(err)
		}
		again := func() slot.Disk {
			d, err := abslot.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := d.Close(); err != nil {
					t.Error(err)
				}
			})
			return d
		}
		return again(), again
	})
}

func TestDisksThatAreNone(t *testing.T) {
	for want, head := range map[string][]byte{
		"no partition table":          make([]byte, slottest.Sector),
		"no partition for slot a":     table(0, 0, atB, slotSize),
		"no partition for slot b":     table(atA, slotSize, atB, 0),
		"of slot a begins at byte":    table(1<<20, slotSize, atB, slotSize),
		"of slot b begins at byte":    table(atA, slotSize, atB+512, slotSize),
		"partitions of the slots ove": table(atA, slotSize+4096, atB, slotSize),
	} {
		p := slottest.NewPlatter(diskSize)
		if _, err := p.WriteAt(head, 0); err != nil {
			t.Fatal(err)
		}
		if _, err := abslot.New(p); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	if _, err := abslot.Open(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a disk that is not there: %v", err)
	}
}

func TestADiskThatForgetsIsNamed(t *testing.T) {
	p := fresh(t)
	d := open(t, forgetful{p})
	if err := d.Keep(slot.Record{Good: slot.A}); err == nil || !strings.Contains(err.Error(), "worn out") {
		t.Errorf("a record that was not written: %v", err)
	}
}

// forgetful takes every write and keeps none, as worn-out cards do.
type forgetful struct{ *slottest.Platter }

func (f forgetful) WriteAt(b []byte, _ int64) (int, error) { return len(b), nil }

func TestErrorsOfTheDiskAreTold(t *testing.T) {
	broken := errors.New("the disk is broken")
	for _, op := range []string{"read", "write", "sync"} {
		p := fresh(t)
		d := open(t, p)
		if err := d.Keep(slot.Record{Good: slot.A}); err != nil {
			t.Fatal(err)
		}
		p.Fail(func(o string, _ int64) error {
			if o == op {
				return broken
			}
			return nil
		})
		if err := d.Keep(slot.Record{Good: slot.B}); !errors.Is(err, broken) {
			t.Errorf("%s fails, keeping answers %v", op, err)
		}
		w, err := d.Write(slot.B)
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.Write(make([]byte, slotSize))
		if err = errors.Join(err, w.Close()); op != "read" && !errors.Is(err, broken) {
			t.Errorf("%s fails, writing answers %v", op, err)
		}
		p.Fail(nil)
		if r, err := d.Record(); err != nil || r.Good == slot.None {
			t.Errorf("after a failed %s the record is %+v, %v", op, r, err)
		}
	}
}

// A record may be cut at any sector, any number of times: the old or the new one
// is there, whole.
func TestPowerCutsNeverLoseTheRecord(t *testing.T) {
	const seeds = 10_000
	cuts := 0
	for seed := range uint64(seeds) {
		p := fresh(t)
		d := open(t, p)
		old := slot.Record{Good: slot.A, A: slot.Image{Number: 1, Version: "1"}}
		if err := d.Keep(old); err != nil {
			t.Fatal(err)
		}
		for i := range uint64(3) {
			want := slot.Record{Good: slot.B, Why: fmt.Sprint(seed, "/", i), Floor: seed + i}
			if want.Why = strings.ReplaceAll(want.Why, " ", ""); i%2 == 1 {
				want.Good = slot.A
			}
			p.CutAfter(int((seed+i*7)%48), seed*3+i)
			err := d.Keep(want)
			if p.Cut() {
				cuts++
			}
			p.Power()
			d = open(t, p)
			got, rerr := d.Record()
			if rerr != nil {
				t.Fatalf("seed %d, cut %d: %v", seed, i, rerr)
			}
			got.Gen, old.Gen = 0, 0
			if got != want && (err == nil || got != old) {
				t.Fatalf("seed %d, cut %d: the record is %+v; before %+v, wanted %+v (%v)", seed, i, got, old, want, err)
			}
			old = got
		}
	}
	if cuts < seeds {
		t.Errorf("the power failed only %d times", cuts)
	}
	t.Logf("%d power cuts inside a record in %d seeds", cuts, seeds)
}

func TestARottenCopyIsLeftForTheOther(t *testing.T) {
	for _, first := range []bool{true, false} {
		p := fresh(t)
		d := open(t, p)
		for floor := range uint64(2) {
			if err := d.Keep(slot.Record{Good: slot.A, Floor: floor}); err != nil {
				t.Fatal(err)
			}
		}
		at, want := int64(abslot.First), uint64(1)
		if !first {
			at, want = abslot.Second, 0
		}
		p.Flip(at+20, 3)
		if r, err := d.Record(); err != nil || r.Floor != want {
			t.Errorf("with copy at %d rotten: %+v, %v; want floor %d", at, r, err, want)
		}
		if err := d.Keep(slot.Record{Good: slot.B}); err != nil {
			t.Fatal(err)
		}
		p.Flip(at+21, 3)
		if r, err := d.Record(); err != nil || r.Floor != want {
			t.Errorf("the rotten copy was not the one written over: %+v, %v", r, err)
		}
	}
}
