package sim

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/centralita/centralita/board/sim/wire"
)

// Bounds of what waits to be sent to a test bench.
const (
	maxAudio   = 5   // frames of one socket; the oldest goes
	maxControl = 500 // other messages; a bench so far behind is dropped
)

// peer is a connected test bench: a queue of messages and one writer.
type peer struct {
	conn net.Conn
	wake chan struct{}

	mu     sync.Mutex
	queue  []wire.Message
	audio  map[wire.Socket]int // frames of each socket in the queue
	closed bool
	last   bool // nothing is queued after the farewell
	flush  chan struct{}
}

func newPeer(c net.Conn) *peer {
	p := &peer{conn: c, wake: make(chan struct{}, 1), audio: map[wire.Socket]int{}, flush: make(chan struct{})}
	go p.write()
	return p
}

// greeted waits for the test bench's hello.
func (p *peer) greeted() error {
	if err := p.conn.SetReadDeadline(time.Now().Add(helloWait)); err != nil {
		return fmt.Errorf("cannot wait for the hello: %w", err)
	}
	m, err := wire.Read(p.conn)
	switch {
	case err != nil:
		return fmt.Errorf("cannot understand the hello: %w", err)
	case m.Kind != wire.Hello:
		return fmt.Errorf("cannot begin with %s: a test bench says hello first", m.Kind)
	case m.Board.Version != wire.Version:
		return fmt.Errorf("cannot speak version %d of the wire: this board speaks %d; build both from the same source", m.Board.Version, wire.Version)
	}
	return p.conn.SetReadDeadline(time.Time{})
}

// send queues a message. Of audio the oldest frames of the socket are dropped
// when the bench does not take them; a bench that takes nothing at all is cut.
func (p *peer) send(m wire.Message) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.last {
		return
	}
	if m.Kind == wire.Audio {
		if p.audio[m.Socket] == maxAudio {
			p.dropOldest(m.Socket)
		} else {
			p.audio[m.Socket]++
		}
	} else if len(p.queue) > maxControl {
		p.closed = true
		p.conn.Close()
		return
	}
	p.queue = append(p.queue, m)
	p.signal()
}

func (p *peer) dropOldest(s wire.Socket) {
	for i, m := range p.queue {
		if m.Kind == wire.Audio && m.Socket == s {
			p.queue = append(p.queue[:i], p.queue[i+1:]...)
			return
		}
	}
}

func (p *peer) signal() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// bye sends a farewell as the last message, waits until it is out, and closes.
func (p *peer) bye(reason string) {
	p.send(wire.Message{Kind: wire.Bye, Text: reason})
	p.mu.Lock()
	p.last = true
	p.signal()
	p.mu.Unlock()
	<-p.flush
	p.close()
}

// close ends the connection at once.
func (p *peer) close() {
	p.mu.Lock()
	p.closed = true
	p.signal()
	p.mu.Unlock()
	p.conn.Close()
}

// over reports whether a read error is the ordinary end of a connection.
func (p *peer) over(err error) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return true
	}
	for _, end := range []error{io.EOF, net.ErrClosed, io.ErrClosedPipe, syscall.ECONNRESET} {
		if errors.Is(err, end) {
			return true
		}
	}
	return false
}

// write sends what is queued until the end.
func (p *peer) write() {
	defer close(p.flush)
	var buf []byte
	for range p.wake {
		p.mu.Lock()
		buf = buf[:0]
		for _, m := range p.queue {
			buf = m.Append(buf)
		}
		clear(p.queue)
		p.queue = p.queue[:0]
		clear(p.audio)
		last, closed := p.last, p.closed
		p.mu.Unlock()
		if closed {
			return
		}
		if err := p.put(buf); err != nil {
			p.close()
			return
		}
		if last {
			return
		}
	}
}

func (p *peer) put(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	if err := p.conn.SetWriteDeadline(time.Now().Add(writeWait)); err != nil {
		return err
	}
	_, err := p.conn.Write(b)
	return err
}
