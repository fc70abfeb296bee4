package mbr

import (
	"strings"
	"testing"
)

// table is the card of an image: a boot partition, two slots, data.
var table = Table{ID: 0x43454e54, Partitions: [4]Entry{{FAT32, true, 8192, 524288}, {FAT32, false, 532480, 524288},
	{FAT32, false, 1056768, 524288}, {Linux, false, 1581056, 131072}}}

func TestTableIsReadAsWritten(t *testing.T) {
	b := table.Encode()
	if got, err := Decode(b[:]); err != nil || got != table {
		t.Errorf("%+v, %v", got, err)
	}
	// Entry 1 by hand: active, beyond CHS, FAT32 with LBA, 8192, 524288.
	if e := string(b[446:462]); e != "\x80\xfe\xff\xff\x0c\xfe\xff\xff\x00\x20\x00\x00\x00\x00\x08\x00" {
		t.Errorf("% x", e)
	}
	b[511] = 0
	for _, bad := range [][]byte{nil, b[:], b[:100]} {
		if _, err := Decode(bad); err == nil {
			t.Errorf("%d bytes without a signature are read", len(bad))
		}
	}
}

func TestGrow(t *testing.T) {
	const end = 1581056 + 131072
	for name, c := range map[string]struct {
		sectors uint64
		size    uint32
		changed bool
	}{
		"a card of 4 GB":           {7744512, 7744512/2048*2048 - 1581056, true},
		"the image itself":         {end, 131072, false},
		"less than a megabyte":     {end + 2047, 131072, false},
		"more than the table says": {1 << 33, (1<<32-1)/2048*2048 - 1581056, true},
	} {
		got, changed, err := table.Grow(c.sectors)
		if err != nil || changed != c.changed || got.Partitions[3].Size != c.size {
			t.Errorf("%s: %d, %v, %v; not %d", name, got.Partitions[3].Size, changed, err, c.size)
		}
		if got.Partitions[2] != table.Partitions[2] || got.Partitions[3].Start != 1581056 {
			t.Errorf("%s: others are touched: %+v", name, got)
		}
	}
	if _, _, err := table.Grow(end - 1); err == nil || !strings.Contains(err.Error(), "the disk at") {
		t.Errorf("a disk that is too small: %v", err)
	}
	none := table
	none.Partitions[3] = Entry{}
	if _, _, err := none.Grow(end); err == nil || !strings.Contains(err.Error(), "there is none") {
		t.Errorf("no partition 4: %v", err)
	}
	turned := table
	turned.Partitions[0].Start = end
	if _, _, err := turned.Grow(7744512); err == nil || !strings.Contains(err.Error(), "partition 1 is behind") {
		t.Errorf("a partition behind it: %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	b := table.Encode()
	f.Add(b[:], uint64(1<<24))
	f.Fuzz(func(t *testing.T, b []byte, sectors uint64) {
		got, err := Decode(b)
		if err != nil {
			return
		}
		grown, _, err := got.Grow(sectors)
		if err == nil && grown.Partitions[3].Size < got.Partitions[3].Size {
			t.Errorf("%+v became %+v", got.Partitions[3], grown.Partitions[3])
		}
	})
}
