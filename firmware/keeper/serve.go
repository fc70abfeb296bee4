package keeper

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/centralita/centralita/firmware/gatehouse"
)

// Reasons for which a handler's context ends.
var (
	errGone     = errors.New("whoever asked went away")
	errPatience = fmt.Errorf("no progress within %v", Patience)
)

// server is one Serve.
type server struct {
	handlers map[string]Handler
	mu       sync.Mutex
	busy     map[string]bool // kinds that run now
}

// Serve answers on l until ctx ends, then waits for the handlers, whose context
// has ended too. It closes l. It checks nobody: Listen's listener does.
func Serve(ctx context.Context, l net.Listener, handlers map[string]Handler) error {
	s := &server{handlers: handlers, busy: map[string]bool{}}
	err := gatehouse.Serve(ctx, l, maxConns, func(conn net.Conn) {
		refuse(conn, fmt.Sprintf("cannot take the request: %d are under way", maxConns))
	}, func(conn net.Conn) { s.answer(ctx, conn) })
	if err != nil {
		return fmt.Errorf("cannot serve the keeper: %w", err)
	}
	return nil
}

// refuse says why and closes.
func refuse(conn net.Conn, why string) {
	w := &writer{conn: conn}
	w.send(reply{Error: why})
	conn.Close()
}

// answer reads one request and does it.
func (s *server) answer(ctx context.Context, conn net.Conn) {
	w := &writer{conn: conn}
	conn.SetReadDeadline(time.Now().Add(readTime))
	stop := context.AfterFunc(ctx, func() { conn.SetReadDeadline(time.Now()) })
	line, err := readLine(bufio.NewReader(conn), maxRequest)
	stop()
	if err != nil {
		w.send(reply{Error: fmt.Sprintf("cannot read the request: %v", err)})
		return
	}
	r, err := parseRequest(line)
	if err != nil {
		w.send(reply{Error: err.Error()})
		return
	}
	h := s.handlers[r.Do]
	if h == nil {
		w.send(reply{Error: fmt.Sprintf("cannot do %q: this keeper does not know it", r.Do)})
		return
	}
	if !s.begin(r.Do) {
		w.send(reply{Error: fmt.Sprintf("cannot do %q: another is under way; wait for its end", r.Do)})
		return
	}
	last := s.run(ctx, conn, w, h, r.With)
	s.end(r.Do) // before the asker can ask again
	w.send(last)
}

// run runs a handler and returns the last line.
func (s *server) run(ctx context.Context, conn net.Conn, w *writer, h Handler, params json.RawMessage) reply {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	patience := time.AfterFunc(Patience, func() { cancel(errPatience) })
	defer patience.Stop()
	var listening sync.WaitGroup
	defer listening.Wait()
	conn.SetReadDeadline(time.Time{})
	listening.Go(func() { // the asker says nothing more: an end of reading is his going
		io.Copy(io.Discard, io.LimitReader(conn, maxRequest))
		cancel(errGone)
	})
	defer conn.SetReadDeadline(time.Unix(1, 0))
	result, err := h(ctx, params, func(step any) {
		patience.Reset(Patience)
		raw, err := json.Marshal(step)
		if err != nil {
			raw, _ = json.Marshal(err.Error()) // a string always can
		}
		w.send(reply{Progress: raw})
	})
	if err != nil {
		if cause := context.Cause(ctx); cause != nil && errors.Is(err, context.Canceled) {
			err = fmt.Errorf("%w: %w", err, cause)
		}
		return failure(err)
	}
	raw, err := json.Marshal(result)
	if err != nil {
		return reply{Error: fmt.Sprintf("it was done, but the answer cannot be written: %v", err)}
	}
	return reply{OK: raw}
}

// begin takes the place of a kind; false when it is taken.
func (s *server) begin(kind string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.busy[kind] {
		return false
	}
	s.busy[kind] = true
	return true
}

func (s *server) end(kind string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.busy, kind)
}

// writer writes lines, one at a time. Who does not take them has gone away, which
// the reader notices; so a failed line is not told to anybody.
type writer struct {
	mu   sync.Mutex
	conn net.Conn
}

func (w *writer) send(r reply) {
	w.mu.Lock()
	defer w.mu.Unlock()
	line, err := json.Marshal(r)
	if err == nil && len(line) >= maxReply {
		line, err = json.Marshal(reply{Error: fmt.Sprintf("cannot answer: %d bytes are more than a line may have", len(line))})
	}
	if err != nil {
		line = []byte(`{"error":"cannot answer: a value cannot be written"}`)
	}
	w.conn.SetWriteDeadline(time.Now().Add(writeTime))
	if _, err := w.conn.Write(append(line, '\n')); err != nil {
		w.conn.Close()
	}
}

// readLine reads one line of less than limit bytes.
func readLine(r *bufio.Reader, limit int) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		if len(line)+len(part) > limit {
			return nil, fmt.Errorf("a line has more than %d bytes", limit)
		}
		line = append(line, part...)
		switch {
		case err == nil:
			return line[:len(line)-1], nil
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && len(line) > 0:
			return nil, io.ErrUnexpectedEOF
		default:
			return nil, err
		}
	}
}
