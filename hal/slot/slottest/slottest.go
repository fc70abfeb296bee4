// Package slottest is the conformance suite of disks with two slots, a pair of
// slots in memory to test against, and a disk whose power can fail.
package slottest

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"sync"
	"testing"

	"github.com/centralita/centralita/hal/slot"
)

// Fake is a pair of slots in memory. Make it with NewFake.
type Fake struct {
	mu     sync.Mutex
	record *slot.Record
	slots  map[slot.ID][]byte
	size   int64
	fail   error
}

var _ slot.Disk = (*Fake)(nil)

// NewFake returns a pair of empty slots of size bytes each, without a record.
func NewFake(size int64) *Fake {
	return &Fake{slots: map[slot.ID][]byte{}, size: size}
}

// Fail makes everything return err from now on; nil ends it.
func (f *Fake) Fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail = err
}

// Spoil turns a bit of what a slot holds.
func (f *Fake) Spoil(id slot.ID, at int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.slots[id][at] ^= 1
}

// Record implements slot.Disk.
func (f *Fake) Record() (slot.Record, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.fail != nil:
		return slot.Record{}, f.fail
	case f.record == nil:
		return slot.Record{}, slot.ErrNoRecord
	}
	return *f.record, nil
}

// Keep implements slot.Disk.
func (f *Fake) Keep(r slot.Record) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fail != nil {
		return f.fail
	}
	r.Gen = 1
	if f.record != nil {
		r.Gen = f.record.Gen + 1
	}
	f.record = &r
	return nil
}

// Capacity implements slot.Disk.
func (f *Fake) Capacity(slot.ID) int64 { return f.size }

// Write implements slot.Disk.
func (f *Fake) Write(id slot.ID) (slot.Writer, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fail != nil {
		return nil, f.fail
	}
	f.slots[id] = nil
	return &fakeWriter{f, id}, nil
}

// Read implements slot.Disk.
func (f *Fake) Read(id slot.ID, size int64) (io.ReadCloser, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fail != nil {
		return nil, f.fail
	}
	held := make([]byte, size)
	copy(held, f.slots[id])
	return io.NopCloser(bytes.NewReader(held)), nil
}

type fakeWriter struct {
	f  *Fake
	id slot.ID
}

func (w *fakeWriter) Write(b []byte) (int, error) {
	w.f.mu.Lock()
	defer w.f.mu.Unlock()
	switch {
	case w.f.fail != nil:
		return 0, w.f.fail
	case int64(len(w.f.slots[w.id])+len(b)) > w.f.size:
		return 0, slot.ErrFull
	}
	w.f.slots[w.id] = append(w.f.slots[w.id], b...)
	return len(b), nil
}

func (w *fakeWriter) Close() error { return nil }

// Run checks a disk against the contract. open returns a disk without a record and
// with empty slots of at least 64 KiB and at most 16 MiB; again opens the same one
// as after a start of the machine.
func Run(t *testing.T, open func(t *testing.T) (d slot.Disk, again func() slot.Disk)) {
	t.Helper()
	t.Run("no record at first", func(t *testing.T) {
		d, _ := open(t)
		if _, err := d.Record(); !errors.Is(err, slot.ErrNoRecord) {
			t.Errorf("a fresh disk answers %v, want ErrNoRecord", err)
		}
	})
	t.Run("a record is kept", func(t *testing.T) {
		d, again := open(t)
		want := slot.Record{
			Good: slot.A, Try: slot.B, Tries: 2, Floor: 7, Why: "b/gate/web+book", Fails: 3,
			A: slot.Image{Number: 7, Version: "0.9.4", Floor: 5, Size: 1 << 20, Sum: sha256.Sum256([]byte("a"))},
			B: slot.Image{Number: 1<<64 - 1, Version: "1.0.0~rc1+x-y", Floor: 1<<64 - 1, Size: 1, Sum: sha256.Sum256([]byte("b"))},
		}
		for gen := uint64(1); gen <= 5; gen++ {
			want.Tries = int(gen)
			if err := d.Keep(want); err != nil {
				t.Fatal(err)
			}
			want.Gen = gen
			for _, disk := range []slot.Disk{d, again()} {
				if got, err := disk.Record(); err != nil || got != want {
					t.Fatalf("kept %+v, got %+v, %v", want, got, err)
				}
			}
		}
		if err := d.Keep(slot.Record{Good: slot.B}); err != nil {
			t.Fatal(err)
		}
		if got, err := again().Record(); err != nil || got != (slot.Record{Gen: 6, Good: slot.B}) {
			t.Errorf("an almost empty record came back as %+v, %v", got, err)
		}
	})
	t.Run("slots are apart", func(t *testing.T) {
		d, again := open(t)
		images := map[slot.ID][]byte{slot.A: pattern(40_001, 1), slot.B: pattern(50_003, 2)}
		for id, img := range images {
			fill(t, d, id, img, 777)
		}
		for id, img := range images {
			if got := read(t, again(), id, len(img)); !bytes.Equal(got, img) {
				t.Errorf("slot %s does not hold what was written", id)
			}
		}
		short := pattern(100, 3)
		fill(t, d, slot.A, short, 100)
		if got := read(t, again(), slot.A, len(short)); !bytes.Equal(got, short) {
			t.Error("a slot written anew does not begin with the new image")
		}
		if got := read(t, again(), slot.B, len(images[slot.B])); !bytes.Equal(got, images[slot.B]) {
			t.Error("writing a changed b")
		}
	})
	t.Run("a slot has an end", func(t *testing.T) {
		d, again := open(t)
		fill(t, d, slot.B, pattern(1000, 4), 1000)
		size := d.Capacity(slot.A)
		fill(t, d, slot.A, pattern(int(size), 5), 1<<16)
		if got := read(t, again(), slot.A, int(size)); !bytes.Equal(got, pattern(int(size), 5)) {
			t.Error("a full slot does not hold what was written")
		}
		w, err := d.Write(slot.A)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(w, bytes.NewReader(pattern(int(size)+1, 6))); !errors.Is(err, slot.ErrFull) {
			t.Errorf("a byte more than the slot has was answered %v, want ErrFull", err)
		}
		if got := read(t, again(), slot.B, 1000); !bytes.Equal(got, pattern(1000, 4)) {
			t.Error("overflowing a changed b")
		}
	})
}

func fill(t *testing.T, d slot.Disk, id slot.ID, img []byte, chunk int) {
	t.Helper()
	w, err := d.Write(id)
	if err != nil {
		t.Fatal(err)
	}
	for b := img; len(b) > 0; b = b[min(chunk, len(b)):] {
		if n, err := w.Write(b[:min(chunk, len(b))]); err != nil || n != min(chunk, len(b)) {
			t.Fatalf("wrote %d of %d: %v", n, min(chunk, len(b)), err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, d slot.Disk, id slot.ID, size int) []byte {
	t.Helper()
	r, err := d.Read(id, int64(size))
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		t.Fatal(err)
	}
	if len(b) != size {
		t.Errorf("asked for %d bytes of slot %s, got %d", size, id, len(b))
	}
	return b
}

// pattern is n bytes that no other seed gives.
func pattern(n int, seed byte) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*7+i>>8) ^ seed
	}
	return b
}
