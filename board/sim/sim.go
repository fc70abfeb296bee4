// Package sim is a simulated board: sockets for lines and telephones whose
// copper is a stream to the test bench (package wire), so that nothing of the
// test bench is in the firmware.
//
// It is a good card: it sees battery and polarity, hears a line on hook, measures
// volts and current, and matches several impedances; a telephone it rings burst by
// burst, sends caller id while on hook, reverses, drops and lights.
//
// Without a test bench every line has battery and is quiet, and every
// telephone is on hook. A test bench that goes away is a pulled cord: ringing
// stops, telephones are on hook, and a line in use loses battery and has it
// back after a moment.
package sim

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/centralita/centralita/board/sim/wire"
	"github.com/centralita/centralita/dsp/tone/plan"
	"github.com/centralita/centralita/hal/port"
)

// Times of the board.
const (
	helloWait = 5 * time.Second        // for a test bench to say what it is
	writeWait = 2 * time.Second        // for a test bench that reads nothing
	cordDrop  = 600 * time.Millisecond // without battery after the cord was pulled
)

// Config is what the board has.
type Config struct {
	FXO, FXS int          // sockets of each kind, at most 127
	Country  string       // ISO 3166 alpha-2: the bell's cadence; empty or unknown rings 1 s on, 3 s off
	Log      *slog.Logger // may be nil
}

// Board is a simulated board. It is safe for concurrent use.
type Board struct {
	cfg   Config
	log   *slog.Logger
	fxo   []*socket
	fxs   []*socket
	mu    sync.Mutex
	bench *peer
	done  bool
}

// Open builds a board with quiet lines and telephones on hook.
func Open(cfg Config) *Board {
	b := &Board{cfg: cfg, log: cfg.Log}
	if b.log == nil {
		b.log = slog.New(slog.DiscardHandler)
	}
	b.cfg.FXO, b.cfg.FXS = min(max(cfg.FXO, 0), 127), min(max(cfg.FXS, 0), 127)
	bell := []int{1000, 3000}
	if p, ok := plan.For(cfg.Country); ok && len(p.Ring) >= 2 {
		bell = p.Ring
	}
	for n := 1; n <= b.cfg.FXO; n++ {
		b.fxo = append(b.fxo, newSocket(wire.FXO(n), nil, b.log))
	}
	for n := 1; n <= b.cfg.FXS; n++ {
		b.fxs = append(b.fxs, newSocket(wire.FXS(n), bell, b.log))
	}
	return b
}

// Ports returns fxo1.. and then fxs1..; the same values every time.
func (b *Board) Ports() []port.Port {
	out := make([]port.Port, 0, len(b.fxo)+len(b.fxs))
	for _, s := range b.fxo {
		out = append(out, s)
	}
	for _, s := range b.fxs {
		out = append(out, s)
	}
	return out
}

// Close lets go of the test bench and closes every port.
func (b *Board) Close() error {
	b.mu.Lock()
	b.done = true
	p := b.bench
	b.mu.Unlock()
	for _, s := range b.Ports() {
		if err := s.Close(); err != nil {
			return err
		}
	}
	if p != nil {
		p.bye("the board is switched off")
	}
	return nil
}

// Serve takes test benches from ln, one at a time, until ctx ends or ln fails.
// It closes ln. The error is nil when ctx ended.
func (b *Board) Serve(ctx context.Context, ln net.Listener) error {
	stop := context.AfterFunc(ctx, func() { ln.Close() })
	defer stop()
	var all sync.WaitGroup
	defer all.Wait()
	defer ln.Close()
	for {
		c, err := ln.Accept()
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("cannot go on taking test benches: %w", err)
		}
		all.Go(func() {
			unplug := context.AfterFunc(ctx, func() { c.Close() })
			defer unplug()
			if err := b.Attach(c); err != nil && ctx.Err() == nil {
				b.log.Warn("test bench dropped", "why", err)
			}
		})
	}
}

// Attach plugs a test bench in and returns when it is gone: nil when it closed
// properly, an error when it was refused or spoke nonsense. It closes c.
func (b *Board) Attach(c net.Conn) error {
	p := newPeer(c)
	defer p.close()
	if err := p.greeted(); err != nil {
		p.bye(err.Error())
		return err
	}
	b.mu.Lock()
	var refuse error
	switch {
	case b.done:
		refuse = errors.New("the board is switched off")
	case b.bench != nil:
		refuse = errors.New("another test bench is connected; end it first")
	default:
		b.bench = p
		p.send(wire.Message{Kind: wire.Hello, Board: wire.Board{
			Version: wire.Version, FXO: len(b.fxo), FXS: len(b.fxs), Country: b.cfg.Country,
		}})
	}
	b.mu.Unlock()
	if refuse != nil {
		p.bye(refuse.Error())
		return refuse
	}
	b.log.Info("test bench connected")
	b.each(func(s *socket) { s.plug(p) })
	err := b.listen(p)
	b.each((*socket).unplug)
	b.mu.Lock()
	b.bench = nil
	b.mu.Unlock()
	b.log.Info("test bench gone")
	return err
}

func (b *Board) each(f func(*socket)) {
	for _, s := range b.fxo {
		f(s)
	}
	for _, s := range b.fxs {
		f(s)
	}
}

// listen takes what comes from the test bench until it is gone.
func (b *Board) listen(p *peer) error {
	for {
		m, err := wire.Read(p.conn)
		if err != nil {
			if p.over(err) {
				return nil
			}
			p.bye(err.Error())
			return err
		}
		s, err := b.socket(m.Socket)
		if err == nil {
			err = s.receive(m)
		}
		if err != nil {
			p.bye(err.Error())
			return err
		}
	}
}

// socket returns the socket a message names.
func (b *Board) socket(at wire.Socket) (*socket, error) {
	list := b.fxo
	if at.IsFXS() {
		list = b.fxs
	}
	n := at.Number()
	if n < 1 || n > len(list) {
		return nil, fmt.Errorf("cannot find socket %s: this board has %d FXO and %d FXS", at, len(b.fxo), len(b.fxs))
	}
	return list[n-1], nil
}
