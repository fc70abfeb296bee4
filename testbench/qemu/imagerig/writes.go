package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
)

// The log of QEMU's blklogwrites, which has the shape of the kernel's dm-log-writes
// (Documentation/admin-guide/device-mapper/log-writes.rst): a head in the first sector,
// then for each request a sector that describes it, and its data.
const (
	logMagic  = 0x6a736677736872
	flagFlush = 1
	flagFUA   = 2
	flagDrop  = 4
	sector    = 512
)

// write is a request that reached the disk, in the order in which it did.
type write struct {
	at    int64 // in the disk, bytes
	size  int64
	data  int64 // where its data is in the log
	flush bool  // what was acknowledged before is on the medium now
	fua   bool  // it is on the medium when it is acknowledged
	drop  bool  // discard: no data
}

// readLog reads the list of requests. A log that ends in the middle of one (the
// emulator was killed) counts up to there.

func readLog(f *os.File) ([]write, error) {
	head := make([]byte, sector)
	if _, err := f.ReadAt(head, 0); err != nil {
		return nil, fmt.Errorf("cannot read the log of writes: %w", err)
	}
	if m := binary.LittleEndian.Uint64(head); m != logMagic {
		return nil, fmt.Errorf("cannot read the log of writes: it begins with %x", m)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	unit := int64(binary.LittleEndian.Uint32(head[24:]))
	if unit < sector || unit%sector != 0 {
		return nil, fmt.Errorf("cannot read the log of writes: sectors of %d bytes", unit)
	}
	var list []write
	entry := make([]byte, 32)
	for at := unit; at+unit <= info.Size(); {
		if _, err := f.ReadAt(entry, at); err != nil {
			return nil, fmt.Errorf("cannot read the log of writes: %w", err)
		}
		w := write{at: int64(binary.LittleEndian.Uint64(entry)) * unit, size: int64(binary.LittleEndian.Uint64(entry[8:])) * unit, data: at + unit}
		flags := binary.LittleEndian.Uint64(entry[16:])
		w.flush, w.fua, w.drop = flags&flagFlush != 0, flags&flagFUA != 0, flags&flagDrop != 0
		if flags == 0 && w.size == 0 {
			break
		}
		at += unit
		if !w.drop {
			at += w.size
		}
		if at > info.Size() {
			break
		}
		list = append(list, w)
	}
	return list, nil
}

// loss is what a power cut did to a disk with a cache of its own.
type loss struct {
	lost int  // requests that had reached it and are not on the medium
	torn bool // the last one is there in part
}

// replay puts requests onto a disk that a power cut found in its cache: what was not
// flushed is there or not by lot, each for itself, and the last one may end at any
// sector. What was written through (FUA) is there.
func replay(disk io.WriterAt, log io.ReaderAt, list []write, lot *rand.Rand) (l loss, err error) {
	for i, w := range list {
		size := w.size
		if !w.fua && size > 0 {
			switch lot.IntN(4) {
			case 0:
				l.lost++
				continue
			case 1:
				if i == len(list)-1 && size > sector {
					size = (1 + lot.Int64N(size/sector-1)) * sector
					l.torn = true
				}
			}
		}
		if err := put(disk, log, w, size); err != nil {
			return l, fmt.Errorf("cannot replay request %d: %w", i, err)
		}
	}
	return l, nil
}

// put does one request.
func put(disk io.WriterAt, log io.ReaderAt, w write, size int64) error {
	if size == 0 {
		return nil
	}
	var from io.Reader = io.NewSectionReader(log, w.data, size)
	if w.drop {
		from = io.LimitReader(zeros{}, size)
	}
	_, err := io.Copy(io.NewOffsetWriter(disk, w.at), bufio.NewReaderSize(from, 256<<10))
	return err
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

// copySparse copies a disk; holes stay holes.
func copySparse(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	out, err := os.Create(to)
	if err != nil {
		return errors.Join(err, in.Close())
	}
	return errors.Join(copyData(in, out), in.Close(), out.Close())
}
