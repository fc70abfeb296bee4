package slottest_test

import (
	"errors"
	"testing"

	"github.com/centralita/centralita/hal/slot"
	"github.com/centralita/centralita/hal/slot/slottest"
)

func TestFakeKeepsTheContract(t *testing.T) {
	slottest.Run(t, func(*testing.T) (slot.Disk, func() slot.Disk) {
		f := slottest.NewFake(1 << 20)
		return f, func() slot.Disk { return f }
	})
}

func TestAPlatterLosesWhatWasNotSynced(t *testing.T) {
	lost, kept, torn := 0, 0, 0
	for seed := range uint64(200) {
		p := slottest.NewPlatter(1 << 20)
		whole := make([]byte, slottest.Sector)
		whole[0] = 1
		for at := range int64(8) {
			if _, err := p.WriteAt(whole, at*slottest.Sector); err != nil {
				t.Fatal(err)
			}
		}
		if err := p.Sync(); err != nil {
			t.Fatal(err)
		}
		p.CutAfter(4, seed)
		whole[0] = 2
		var err error
		for at := int64(0); at < 8 && err == nil; at++ {
			_, err = p.WriteAt(whole, at*slottest.Sector)
		}
		if !errors.Is(err, slottest.ErrPower) || !p.Cut() {
			t.Fatalf("the fifth write answered %v", err)
		}
		p.Power()
		got := make([]byte, slottest.Sector)
		for at := range int64(8) {
			if _, err := p.ReadAt(got, at*slottest.Sector); err != nil {
				t.Fatal(err)
			}
			switch {
			case at > 4 && got[0] != 1:
				t.Fatal("a sector that nobody wrote has changed")
			case at < 4 && got[0] == 1:
				lost++
			case at < 4 && got[0] == 2:
				kept++
			case at == 4 && got[0] != 1 && got[0] != 2:
				torn++
			}
		}
	}
	if lost == 0 || kept == 0 || torn == 0 {
		t.Errorf("of the cache %d sectors were lost, %d kept, %d torn: each must happen", lost, kept, torn)
	}
}

func TestAPlatterWantsWholeSectors(t *testing.T) {
	p := slottest.NewPlatter(1 << 20)
	if _, err := p.WriteAt(make([]byte, 100), 0); err == nil {
		t.Error("100 bytes were written")
	}
	if _, err := p.WriteAt(make([]byte, slottest.Sector), 1<<20); err == nil {
		t.Error("a sector behind the end was written")
	}
}
