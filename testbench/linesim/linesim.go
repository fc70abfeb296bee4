// Package linesim is a central office and telephones at the far end of the
// simulated board's wire: it rings lines with caller id, answers and refuses
// the calls the board makes, lifts and dials telephones, and hears and says
// what flows. It works over a socket and, by net.Pipe, in virtual time.
//
// The office is the pure machine of package central, the copper that of package
// pair: Line.Lay puts a pair with all its faults between office and board, which
// is a perfect wire before.
package linesim

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/centralita/centralita/board/sim/wire"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/tone/plan"
)

// ErrGone is the error of everything after the wire was cut.
var ErrGone = errors.New("the wire is cut")

// ErrOver is the error of waiting in a call that has ended.
var ErrOver = errors.New("the call is over")

const (
	tick      = pcm.FrameTime * time.Millisecond
	helloWait = 5 * time.Second
	writeWait = 2 * time.Second
	maxLate   = 10 * tick
)

// Sim is the far end of a board's wire: its lines and its telephones. One
// goroutine reads the wire, one beats every 20 ms; all methods are safe for
// concurrent use.
type Sim struct {
	Board wire.Board // what the board has
	Plan  plan.Plan  // signals of the board's country; Spain's where it is unknown

	conn   net.Conn
	lines  []*Line
	phones []*Phone
	stop   chan struct{}
	ended  sync.WaitGroup

	mu      sync.Mutex
	now     time.Time     // of the last beat
	changed chan struct{} // closed and replaced with every beat and message
	err     error         // why the wire is gone
}

// Dial connects to the socket of a simulated board.
func Dial(path string) (*Sim, error) {
	c, err := net.Dial("unix", path)
	if err != nil {
		return nil, fmt.Errorf("cannot reach the wire %s: is \"make run\" up? (%w)", path, err)
	}
	return New(c)
}

// New greets the board at the other end of c. It closes c when that fails.
func New(c net.Conn) (*Sim, error) {
	s := &Sim{conn: c, stop: make(chan struct{}), changed: make(chan struct{}), now: time.Now()}
	if err := s.greet(); err != nil {
		c.Close()
		return nil, err
	}
	p, ok := plan.For(s.Board.Country)
	if !ok {
		p, _ = plan.For("ES")
	}
	s.Plan = p
	for n := 1; n <= s.Board.FXO; n++ {
		s.lines = append(s.lines, newLine(s, n))
	}
	for n := 1; n <= s.Board.FXS; n++ {
		s.phones = append(s.phones, newPhone(s, n))
	}
	s.ended.Go(s.listen)
	s.ended.Go(s.beat)
	return s, nil
}

// greet exchanges hellos.
func (s *Sim) greet() error {
	deadline := time.Now().Add(helloWait)
	if err := s.conn.SetDeadline(deadline); err != nil {
		return fmt.Errorf("cannot greet the board: %w", err)
	}
	hello := wire.Message{Kind: wire.Hello, Board: wire.Board{Version: wire.Version}}
	if _, err := s.conn.Write(hello.Append(nil)); err != nil {
		return fmt.Errorf("cannot greet the board: %w", err)
	}
	m, err := wire.Read(s.conn)
	switch {
	case err != nil:
		return fmt.Errorf("cannot understand the board's hello: %w", err)
	case m.Kind == wire.Bye:
		return fmt.Errorf("cannot use the wire: the board says %q", m.Text)
	case m.Kind != wire.Hello:
		return fmt.Errorf("cannot use the wire: the board begins with %s", m.Kind)
	}
	s.Board = m.Board
	return s.conn.SetDeadline(time.Time{})
}

// Close pulls the cord and returns when nothing of the Sim runs any more.
func (s *Sim) Close() error {
	s.fail(ErrGone)
	s.ended.Wait()
	return nil
}

// Gone is closed when the wire is gone; Err says why.
func (s *Sim) Gone() <-chan struct{} { return s.stop }

// Err returns why the wire is gone, nil while it is there.
func (s *Sim) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// Line returns the line at fxo<n>, n from 1.
func (s *Sim) Line(n int) (*Line, error) {
	if n < 1 || n > len(s.lines) {
		return nil, fmt.Errorf("cannot find fxo%d: the board has %d lines", n, len(s.lines))
	}
	return s.lines[n-1], nil
}

// Phone returns the telephone at fxs<n>, n from 1.
func (s *Sim) Phone(n int) (*Phone, error) {
	if n < 1 || n > len(s.phones) {
		return nil, fmt.Errorf("cannot find fxs%d: the board has %d telephones", n, len(s.phones))
	}
	return s.phones[n-1], nil
}

// Sleep waits, or fails when ctx ends or the wire is cut.
func (s *Sim) Sleep(ctx context.Context, d time.Duration) error {
	end := time.Now().Add(d)
	return s.wait(ctx, "time to pass", func() bool { return !s.now.Before(end) })
}

// fail cuts the wire, once.
func (s *Sim) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = err
		close(s.stop)
		s.conn.Close()
		s.notify()
	}
}

// send puts a message on the wire. The lock is held: messages keep their order.
func (s *Sim) send(m wire.Message) {
	if s.err != nil {
		return
	}
	err := s.conn.SetWriteDeadline(time.Now().Add(writeWait))
	if err == nil {
		_, err = s.conn.Write(m.Append(nil))
	}
	if err != nil {
		s.err = fmt.Errorf("%w: %w", ErrGone, err)
		close(s.stop)
		s.conn.Close()
	}
}

// notify wakes everybody who waits for something. The lock is held.
func (s *Sim) notify() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// wait returns when ok is true; it is asked with the lock held.
func (s *Sim) wait(ctx context.Context, what string, ok func() bool) error {
	for {
		s.mu.Lock()
		if ok() {
			s.mu.Unlock()
			return nil
		}
		err, changed := s.err, s.changed
		s.mu.Unlock()
		if err != nil {
			return fmt.Errorf("cannot wait for %s: %w", what, err)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("cannot wait longer for %s: %w", what, ctx.Err())
		}
	}
}

// listen takes what the board says.
func (s *Sim) listen() {
	for {
		m, err := wire.Read(s.conn)
		if err == nil && m.Kind == wire.Bye {
			err = fmt.Errorf("the board says %q", m.Text)
		}
		if err != nil {
			s.fail(fmt.Errorf("%w: %w", ErrGone, err))
			return
		}
		s.mu.Lock()
		n := m.Socket.Number() - 1
		switch {
		case m.Socket.IsFXO() && n < len(s.lines):
			s.lines[n].receive(m)
		case m.Socket.IsFXS() && n < len(s.phones):
			s.phones[n].receive(m)
		}
		s.notify()
		s.mu.Unlock()
	}
}

// beat moves cadences and audio on every 20 ms. Beats that a busy machine
// missed are made up for, so that audio keeps its rate; not those of a long sleep.
func (s *Sim) beat() {
	t := time.NewTicker(tick)
	defer t.Stop()
	next := time.Now().Add(tick)
	for {
		select {
		case <-s.stop:
			return
		case <-t.C:
		}
		now := time.Now()
		if now.Sub(next) > maxLate {
			next = now
		}
		for ; !next.After(now); next = next.Add(tick) {
			s.step(next)
		}
	}
}

// step is one beat.
func (s *Sim) step(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = now
	for _, l := range s.lines {
		l.beat()
	}
	for _, p := range s.phones {
		p.beat()
	}
	s.notify()
}
