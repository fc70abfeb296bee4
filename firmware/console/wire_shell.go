package console

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// remote serves a person whose terminal is at the other end of the socket.
func (c *Console) remote(ctx context.Context, conn net.Conn, in *bufio.Reader, w *wire, size Size) {
	if err := conn.SetReadDeadline(time.Time{}); err != nil {
		return // it is gone
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	keys, sizes := make(chan []byte), make(chan Size)
	go func() {
		defer close(keys)
		for {
			m, err := readRequest(in)
			if err != nil {
				return
			}
			switch {
			case m.Shell != nil:
				select {
				case sizes <- *m.Shell:
				case <-ctx.Done():
					return
				}
			case len(m.Raw) > 0:
				select {
				case keys <- m.Raw:
				case <-ctx.Done():
					return
				}
			}
		}
	}()
	err := c.Shell(ctx, Desk{Who: atSocket, In: keys, Out: rawWire{w}, Size: size, Resize: sizes})
	if err != nil && ctx.Err() == nil {
		c.d.Log.Debug("a console went away", "err", err)
	}
	w.end("", Fine)
}

// rawWire sends what a terminal is to show.
type rawWire struct{ w *wire }

// Write implements io.Writer.
func (r rawWire) Write(b []byte) (int, error) {
	for n := 0; n < len(b); n += chunk {
		if err := r.w.send(message{Raw: b[n:min(len(b), n+chunk)]}); err != nil {
			return n, err
		}
	}
	return len(b), nil
}

// Attach joins a terminal, in for keys and out for the screen, to the daemon behind the
// socket until the person leaves or ctx ends. sizes tells of the terminal's size, first
// before anything is shown. The error is ErrUnreachable when nobody listens.
func Attach(ctx context.Context, socket string, in io.Reader, out io.Writer, sizes <-chan Size) error {
	conn, err := (&net.Dialer{Timeout: readTime}).DialContext(ctx, "unix", socket)
	if err != nil {
		return fmt.Errorf("%w on %s (%w)", ErrUnreachable, socket, err)
	}
	return attach(ctx, conn, in, out, sizes)
}

func attach(ctx context.Context, conn net.Conn, in io.Reader, out io.Writer, sizes <-chan Size) error {
	defer conn.Close()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	enc := json.NewEncoder(conn)
	first := <-sizes
	if err := enc.Encode(message{Shell: &first}); err != nil {
		return fmt.Errorf("cannot ask: %w", err)
	}
	keys := Pump(ctx, in)
	go func() {
		for { // the one who writes
			var m message
			select {
			case z := <-sizes:
				m.Shell = &z
			case b, ok := <-keys:
				if !ok {
					stop()
					return
				}
				m.Raw = b
			case <-ctx.Done():
				return
			}
			if err := enc.Encode(m); err != nil {
				stop()
				return
			}
		}
	}()
	dec := json.NewDecoder(conn)
	for {
		var m message
		if err := dec.Decode(&m); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("the console broke off: %w", errors.Join(err, ErrUnreachable))
		}
		if _, err := out.Write(m.Raw); err != nil {
			return fmt.Errorf("cannot show the console: %w", err)
		}
		if m.Exit != nil {
			return nil
		}
	}
}
