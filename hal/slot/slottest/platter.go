package slottest

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
)

// Sector is what a disk writes whole or not at all, but for the one it was
// writing when the power failed.
const Sector = 512

// ErrPower is answered by a platter whose power has failed.
var ErrPower = errors.New("the power has failed")

// Platter is a disk in memory whose power can fail. Writes stay in its cache until
// Sync, and after a power cut any of those may be there and others not, in any
// order; the sector at which it happened may hold garbage. It insists on whole
// sectors, as a disk opened without the system's cache does. It holds only sectors
// that were written.
type Platter struct {
	mu      sync.Mutex
	size    int64
	durable map[int64][Sector]byte
	cache   map[int64][Sector]byte
	fail    func(op string, at int64) error
	rng     *rand.Rand
	left    int // operations until the power fails; < 0: it does not
	cut     bool
	ops     int
}

// NewPlatter returns an empty disk of size bytes that has power.
func NewPlatter(size int64) *Platter {
	return &Platter{size: size - size%Sector, durable: map[int64][Sector]byte{}, cache: map[int64][Sector]byte{}, left: -1}
}

// CutAfter makes the power fail at the n-th operation from now, counted in
// sectors written and syncs. seed chooses what of the cache arrives.
func (p *Platter) CutAfter(n int, seed uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.left, p.rng = n, rand.New(rand.NewPCG(seed, 1))
}

// Fail makes each operation ("read", "write", "sync") ask f first; nil ends it.
func (p *Platter) Fail(f func(op string, at int64) error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fail = f
}

// Ops returns how many operations were done, as CutAfter counts them.
func (p *Platter) Ops() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ops
}

// Cut reports whether the power has failed.
func (p *Platter) Cut() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cut
}

// Power brings the power back. What never arrived is gone.
func (p *Platter) Power() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.cut { // switched off between two writes: the cache is lost in part as well
		p.lose(-1)
	}
	p.cut, p.left = false, -1
}

// step counts an operation and lets the power fail in it.
func (p *Platter) step(sector int64) error {
	p.ops++
	if p.left < 0 {
		return nil
	}
	if p.left--; p.left >= 0 {
		return nil
	}
	p.lose(sector)
	p.cut = true
	return ErrPower
}

// lose decides what of the cache arrives; sector was under the head, -1: none.
func (p *Platter) lose(sector int64) {
	rng := p.rng
	if rng == nil {
		rng = rand.New(rand.NewPCG(1, 1))
	}
	odds := rng.Float64() // some disks write everything, some nothing
	at := make([]int64, 0, len(p.cache))
	for n := range p.cache {
		at = append(at, n)
	}
	slices.Sort(at) // maps are in no order, and a seed must repeat
	for _, n := range at {
		if rng.Float64() < odds {
			p.durable[n] = p.cache[n]
		}
	}
	if sector >= 0 && rng.IntN(2) == 0 {
		var torn [Sector]byte
		for i := range torn {
			torn[i] = byte(rng.Uint32())
		}
		p.durable[sector] = torn
	}
	p.cache = map[int64][Sector]byte{}
}

func (p *Platter) allowed(op string, at int64) error {
	if p.cut {
		return ErrPower
	}
	if p.fail != nil {
		return p.fail(op, at)
	}
	return nil
}

func (p *Platter) whole(what string, b []byte, at int64) error {
	if at%Sector != 0 || len(b)%Sector != 0 {
		return fmt.Errorf("cannot %s %d bytes at %d: not whole sectors", what, len(b), at)
	}
	if at < 0 || at+int64(len(b)) > p.size {
		return fmt.Errorf("cannot %s %d bytes at %d: the disk has %d", what, len(b), at, p.size)
	}
	return nil
}

// ReadAt implements io.ReaderAt.
func (p *Platter) ReadAt(b []byte, at int64) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.allowed("read", at); err != nil {
		return 0, err
	}
	if err := p.whole("read", b, at); err != nil {
		return 0, errors.Join(io.ErrUnexpectedEOF, err)
	}
	for i := 0; i < len(b); i += Sector {
		n := (at + int64(i)) / Sector
		s, ok := p.cache[n]
		if !ok {
			s = p.durable[n]
		}
		copy(b[i:], s[:])
	}
	return len(b), nil
}

// WriteAt implements io.WriterAt.
func (p *Platter) WriteAt(b []byte, at int64) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.allowed("write", at); err != nil {
		return 0, err
	}
	if err := p.whole("write", b, at); err != nil {
		return 0, err
	}
	for i := 0; i < len(b); i += Sector {
		n := (at + int64(i)) / Sector
		if err := p.step(n); err != nil {
			return i, err
		}
		p.cache[n] = [Sector]byte(b[i : i+Sector])
	}
	return len(b), nil
}

// Sync makes the cache durable.
func (p *Platter) Sync() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.allowed("sync", 0); err != nil {
		return err
	}
	if err := p.step(-1); err != nil {
		return err
	}
	for n, s := range p.cache {
		p.durable[n] = s
	}
	clear(p.cache)
	return nil
}

// Close implements io.Closer; the disk can be used on.
func (p *Platter) Close() error { return nil }

// Flip turns one bit of what is durable, as age does.
func (p *Platter) Flip(at int64, bit uint) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.durable[at/Sector]
	s[at%Sector] ^= 1 << (bit % 8)
	p.durable[at/Sector] = s
}
