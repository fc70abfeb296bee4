// Package mbr reads and writes the partition table of a card, of the PC kind (MBR): the
// first sector, in which four entries of 16 bytes begin at byte 446. A change is one
// write of that sector, which a power cut leaves whole or not made.
package mbr

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Sector is the unit of everything here, in bytes.
const Sector = 512

// Kinds of partitions.
const (
	FAT32 byte = 0x0c // with LBA
	Linux byte = 0x83
)

// Entry is a partition: its first sector and how many it has. The zero Entry is none.
type Entry struct {
	Kind        byte
	Boot        bool
	Start, Size uint32 // sectors
}

// Table is the first sector. ID tells disks apart.
type Table struct {
	ID         uint32
	Partitions [4]Entry
}

const (
	idAt    = 440
	entryAt = 446
	signAt  = 510
)

// Encode returns the first sector. The addresses by cylinder, head and sector say
// "beyond" (FE FF FF), as of every disk in use.
func (t Table) Encode() [Sector]byte {
	var b [Sector]byte
	binary.LittleEndian.PutUint32(b[idAt:], t.ID)
	for i, p := range t.Partitions {
		if p == (Entry{}) {
			continue
		}
		e := b[entryAt+16*i:]
		if p.Boot {
			e[0] = 0x80
		}
		copy(e[1:], []byte{0xfe, 0xff, 0xff, p.Kind, 0xfe, 0xff, 0xff})
		binary.LittleEndian.PutUint32(e[8:], p.Start)
		binary.LittleEndian.PutUint32(e[12:], p.Size)
	}
	b[signAt], b[signAt+1] = 0x55, 0xaa
	return b
}

// Decode reads the first sector.
func Decode(b []byte) (Table, error) {
	if len(b) < Sector || b[signAt] != 0x55 || b[signAt+1] != 0xaa {
		return Table{}, errors.New("cannot read the partition table: the first sector does not end in 55 AA")
	}
	t := Table{ID: binary.LittleEndian.Uint32(b[idAt:])}
	for i := range t.Partitions {
		e := b[entryAt+16*i:]
		p := Entry{Kind: e[4], Boot: e[0] == 0x80, Start: binary.LittleEndian.Uint32(e[8:]), Size: binary.LittleEndian.Uint32(e[12:])}
		if p.Kind != 0 {
			t.Partitions[i] = p
		}
	}
	return t, nil
}

// Grow gives the last partition what the disk of that many sectors has behind it, in
// whole megabytes; changed is false when it has it already. It never makes one smaller.
func (t Table) Grow(sectors uint64) (grown Table, changed bool, err error) {
	const mega = 1 << 20 / Sector
	last := &t.Partitions[3]
	if *last == (Entry{}) {
		return t, false, errors.New("cannot enlarge partition 4: there is none")
	}
	for i, p := range t.Partitions[:3] {
		if p.Start >= last.Start {
			return t, false, fmt.Errorf("cannot enlarge partition 4: partition %d is behind it", i+1)
		}
	}
	end := min(sectors, 1<<32-1) / mega * mega // the table knows 2 TiB
	if end < uint64(last.Start)+uint64(last.Size) {
		return t, false, fmt.Errorf("cannot enlarge partition 4: it ends at sector %d and the disk at %d", uint64(last.Start)+uint64(last.Size), sectors)
	}
	size := uint32(end - uint64(last.Start))
	if size == last.Size {
		return t, false, nil
	}
	last.Size = size
	return t, true, nil
}
