//go:build linux && rig

package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
)

// playedBus is the number of the I²C bus of module playi2c.
const playedBus = 9

// chip is a model of a chip on the bus.
type chip interface {
	Tx(addr uint16, w, r []byte) error
}

// player plays the chips of the bus to the kernel.
type player struct {
	f *os.File

	mu    sync.Mutex
	chips map[uint16]chip
	last  map[uint16][]byte // what was written to it last
	asked map[uint16]int    // messages to it, answered or not
	err   error
}

// play opens the bus. Until chips are put on it, none answers.
func play() (*player, error) {
	f, err := os.OpenFile("/dev/playi2c", os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	p := &player{f: f, chips: map[uint16]chip{}, last: map[uint16][]byte{}, asked: map[uint16]int{}}
	go p.run()
	return p, nil
}

// put puts a chip on the bus, or takes it off with nil.
func (p *player) put(addr uint16, c chip) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c == nil {
		delete(p.chips, addr)
		return
	}
	p.chips[addr] = c
}

// look runs f while nothing happens on the bus.
func (p *player) look(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
}

// reads is the flag I2C_M_RD of a message.
const reads = 1

func (p *player) run() {
	var b [6 + 8192]byte
	for {
		n, err := p.f.Read(b[:])
		if err != nil || n < 6 {
			p.look(func() { p.err = fmt.Errorf("cannot play on: %d bytes, %w", n, err) })
			return
		}
		addr, flags, size := binary.NativeEndian.Uint16(b[:]), binary.NativeEndian.Uint16(b[2:]), binary.NativeEndian.Uint16(b[4:])
		answer := make([]byte, 4)
		if flags&reads != 0 {
			answer = make([]byte, 4+int(size))
		}
		if err := p.message(addr, flags&reads != 0, b[6:n], answer[4:]); err != nil {
			answer = binary.NativeEndian.AppendUint32(nil, ^uint32(syscall.ENXIO)+1)
		}
		if _, err := p.f.Write(answer); err != nil && !errors.Is(err, syscall.ETIMEDOUT) {
			p.look(func() { p.err = fmt.Errorf("cannot answer: %w", err) })
			return
		}
	}
}

// pointers are chips of which the byte before a read says where it begins.
var pointers = map[uint16]bool{0x70: true}

func (p *player) message(addr uint16, read bool, w, r []byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked[addr]++
	c, ok := p.chips[addr]
	switch {
	case !ok:
		return errors.New("nobody is there")
	case !read:
		p.last[addr] = append([]byte(nil), w...)
		return c.Tx(addr, w, nil)
	case pointers[addr]:
		return c.Tx(addr, p.last[addr], r)
	}
	return c.Tx(addr, nil, r)
}
