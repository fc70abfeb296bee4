// Package abslot keeps two slots and a boot record on a disk with a partition
// table of the PC kind (MBR), where U-Boot finds them:
//
//	bytes 1 MiB and 1 MiB + 64 KiB   boot record, twice, 16 KiB each
//	partition 2, partition 3         slots a and b
//
// A copy of the record is what U-Boot's `env export -c -s 4000` writes and
// `env import -c` reads: CRC-32 (IEEE) of the rest, little endian, then NUL-ended
// KEY=VALUE, then zeros. The copies take turns: the one that is older, or not
// whole, is overwritten and made durable, so that a power cut always leaves one.
// Their distance does not outlive the loss of a whole erase block of a card; the
// boot loader then starts a, else b, else recovery.
//
// The disk is opened without the system's cache (O_DIRECT): what is read back is
// what the medium holds.
package abslot

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/centralita/centralita/hal/slot"
)

// Where the copies of the record are, in bytes.
const (
	RecordSize = 16 << 10
	First      = 1 << 20
	Second     = First + 64<<10
)

var copies = [2]int64{First, Second}

// unit is what reads and writes of the disk are multiples of, in length and place:
// fit for disks of 512 and of 4096 bytes a sector.
const unit = 4096

// chunk is the size of the reads and writes of a slot.
const chunk = 1 << 20

// Medium is the opened disk. ReadAt and WriteAt are asked for multiples of 4096
// bytes only, from memory on a boundary of 4096.
type Medium interface {
	io.ReaderAt
	io.WriterAt
	// Sync returns when the disk has everything durable.
	Sync() error
	io.Closer
}

// extent is a part of the disk, in bytes.
type extent struct{ at, size int64 }

// Disk is a disk with two slots. It implements slot.Disk.
type Disk struct {
	m     Medium
	slots map[slot.ID]extent
}

var _ slot.Disk = (*Disk)(nil)

// Open opens the disk or image file at path.
func Open(path string) (*Disk, error) {
	m, err := system(path)
	if err != nil {
		return nil, err
	}
	d, err := New(m)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("cannot use the slots of %s: %w", path, err), m.Close())
	}
	return d, nil
}

// New reads the partition table of an opened disk.
func New(m Medium) (*Disk, error) {
	head := aligned(unit)
	if _, err := m.ReadAt(head, 0); err != nil {
		return nil, fmt.Errorf("cannot read the partition table: %w", err)
	}
	if head[510] != 0x55 || head[511] != 0xaa {
		return nil, errors.New("there is no partition table of the PC kind")
	}
	d := &Disk{m: m, slots: map[slot.ID]extent{slot.A: partition(head, 2), slot.B: partition(head, 3)}}
	for id, e := range d.slots {
		switch {
		case e.size < unit:
			return nil, fmt.Errorf("there is no partition for slot %s", id)
		case e.at < Second+RecordSize || e.at%unit != 0:
			return nil, fmt.Errorf("the partition of slot %s begins at byte %d: behind the boot record, at a multiple of %d, it must", id, e.at, unit)
		}
	}
	if a, b := d.slots[slot.A], d.slots[slot.B]; a.at < b.at+b.size && b.at < a.at+a.size {
		return nil, errors.New("the partitions of the slots overlap")
	}
	return d, nil
}

// partition reads entry n, from 1, of a partition table.
func partition(head []byte, n int) extent {
	e := head[446+16*(n-1):]
	size := int64(binary.LittleEndian.Uint32(e[12:])) * 512
	return extent{int64(binary.LittleEndian.Uint32(e[8:])) * 512, size - size%unit}
}

// Close closes the disk.
func (d *Disk) Close() error { return d.m.Close() }

// Capacity implements slot.Disk.
func (d *Disk) Capacity(id slot.ID) int64 { return d.slots[id].size }

// newest returns the newer whole copy of the record and which it is; -1: none.
func (d *Disk) newest() (slot.Record, int, error) {
	best, which := slot.Record{}, -1
	b := aligned(RecordSize)
	for i, at := range copies {
		if _, err := d.m.ReadAt(b, at); err != nil {
			return slot.Record{}, -1, fmt.Errorf("cannot read the boot record at byte %d: %w", at, err)
		}
		r, err := Decode(b)
		if err == nil && (which < 0 || r.Gen > best.Gen) {
			best, which = r, i
		}
	}
	return best, which, nil
}

// Record implements slot.Disk.
func (d *Disk) Record() (slot.Record, error) {
	r, which, err := d.newest()
	if err == nil && which < 0 {
		err = slot.ErrNoRecord
	}
	return r, err
}

// Keep implements slot.Disk.
func (d *Disk) Keep(r slot.Record) error {
	old, which, err := d.newest()
	if err != nil {
		return err
	}
	r.Gen = old.Gen + 1
	text, err := Encode(r)
	if err != nil {
		return err
	}
	at := copies[(which+1)%2] // of none, the first
	b := aligned(RecordSize)
	// Its beginning goes first. Else a copy that an earlier cut left half written
	// could be made whole by this write, cut in its turn: what was never kept would be.
	if err := d.put(b[:unit], at); err != nil {
		return err
	}
	copy(b, text)
	if err := d.put(b, at); err != nil {
		return err
	}
	if _, err := d.m.ReadAt(b, at); err != nil {
		return fmt.Errorf("cannot read the boot record back: %w", err)
	}
	if !bytes.Equal(b, text) {
		return fmt.Errorf("cannot keep the boot record: the disk does not hold at byte %d what was written; hint: the card or disk is worn out", at)
	}
	return nil
}

// put writes a part of the record and makes it durable.
func (d *Disk) put(b []byte, at int64) error {
	if _, err := d.m.WriteAt(b, at); err != nil {
		return fmt.Errorf("cannot write the boot record at byte %d: %w", at, err)
	}
	if err := d.m.Sync(); err != nil {
		return fmt.Errorf("cannot make the boot record durable: %w", err)
	}
	return nil
}

// Write implements slot.Disk.
func (d *Disk) Write(id slot.ID) (slot.Writer, error) {
	e, ok := d.slots[id]
	if !ok {
		return nil, fmt.Errorf("cannot write slot %q: there is none", id)
	}
	return &writer{d: d, e: e, buf: aligned(int(min(chunk, e.size)))}, nil
}

// writer gathers chunks.
type writer struct {
	d    *Disk
	e    extent
	at   int64 // in the slot
	buf  []byte
	held int
}

// Write implements io.Writer.
func (w *writer) Write(b []byte) (int, error) {
	done := 0
	for len(b) > 0 {
		if w.at+int64(w.held+len(b)) > w.e.size {
			return done, slot.ErrFull
		}
		n := copy(w.buf[w.held:], b)
		w.held, done, b = w.held+n, done+n, b[n:]
		if w.held == len(w.buf) {
			if err := w.flush(); err != nil {
				return done, err
			}
		}
	}
	return done, nil
}

// flush writes what is held, with zeros up to the next unit.
func (w *writer) flush() error {
	n := (w.held + unit - 1) / unit * unit
	clear(w.buf[w.held:n])
	if n == 0 {
		return nil
	}
	if _, err := w.d.m.WriteAt(w.buf[:n], w.e.at+w.at); err != nil {
		return fmt.Errorf("cannot write the slot at byte %d of it: %w", w.at, err)
	}
	w.at, w.held = w.at+int64(n), 0
	return nil
}

// Close implements slot.Writer.
func (w *writer) Close() error {
	if err := w.flush(); err != nil {
		return err
	}
	if err := w.d.m.Sync(); err != nil {
		return fmt.Errorf("cannot make the slot durable: %w", err)
	}
	return nil
}

// Read implements slot.Disk.
func (d *Disk) Read(id slot.ID, size int64) (io.ReadCloser, error) {
	e, ok := d.slots[id]
	if !ok || size < 0 || size > e.size {
		return nil, fmt.Errorf("cannot read %d bytes of slot %q: it has %d", size, id, e.size)
	}
	return &reader{d: d, at: e.at, left: size, buf: aligned(int(min(chunk, e.size)))}, nil
}

// reader reads chunks ahead.
type reader struct {
	d    *Disk
	at   int64 // on the disk
	left int64 // not read from it
	buf  []byte
	held []byte
}

// Read implements io.Reader.
func (r *reader) Read(b []byte) (int, error) {
	if len(r.held) == 0 {
		if r.left == 0 {
			return 0, io.EOF
		}
		n := min(r.left, chunk)
		whole := (n + unit - 1) / unit * unit
		if _, err := r.d.m.ReadAt(r.buf[:whole], r.at); err != nil {
			return 0, fmt.Errorf("cannot read the slot at byte %d of the disk: %w", r.at, err)
		}
		r.held, r.at, r.left = r.buf[:n], r.at+whole, r.left-n
	}
	n := copy(b, r.held)
	r.held = r.held[n:]
	return n, nil
}

// Close implements io.Closer.
func (r *reader) Close() error { return nil }
