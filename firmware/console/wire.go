package console

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/centralita/centralita/firmware/gatehouse"
)

// SocketName is the name of the socket in the data folder.
const SocketName = "console.sock"

// Limits of the socket. A request is one line of JSON, {"args": [...]}; the
// answer is lines of JSON, {"out": text} or {"frame": text}, and the last one
// is {"exit": code}. With {"shell": size} a session at a terminal begins: then both
// sides send {"raw": bytes}, and the person's side {"shell": size} when that changes.
const (
	maxRequest  = 16 << 10
	longRequest = 4 << 20 // with a file
	maxSessions = 16
	readTime    = 5 * time.Second
	writeTime   = 10 * time.Second
	lastTime    = time.Second
	askTime     = 5 * time.Minute
	chunk       = 16 << 10
)

// ErrUnreachable is the error of Run when no daemon listens.
var ErrUnreachable = errors.New("no centralita is listening")

// message is a line of the wire in either direction.
type message struct {
	Args  []string `json:"args,omitempty"`
	Out   string   `json:"out,omitempty"`
	Frame string   `json:"frame,omitempty"`
	Exit  *int     `json:"exit,omitempty"`
	Shell *Size    `json:"shell,omitempty"` // begins a session at a terminal, or tells of its new size
	Raw   []byte   `json:"raw,omitempty"`   // of a session: keys, and what the terminal is to show

	Answers bool    `json:"answers,omitempty"` // of a request: whoever sends it can be asked
	Ask     *query  `json:"ask,omitempty"`     // a question of the command
	Answer  *string `json:"answer,omitempty"`  // and what was answered; null: nothing
}

// Listen makes the socket in the data folder, for this user only. The caller
// holds the folder, so a socket that is already there is a dead one.
func Listen(dir string) (net.Listener, error) {
	path := filepath.Join(dir, SocketName)
	if info, err := os.Lstat(path); err == nil && info.Mode()&fs.ModeSocket != 0 {
		if err := os.Remove(path); err != nil {
			return nil, fmt.Errorf("cannot listen on %s: %w", path, err)
		}
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w", path, err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("cannot guard %s: %w", path, err), l.Close())
	}
	return l, nil
}

// Serve answers on l until ctx ends, one goroutine a session. It closes l and
// returns when every session has ended; nil when it was ctx that ended it.
func (c *Console) Serve(ctx context.Context, l net.Listener) error {
	err := gatehouse.Serve(ctx, l, maxSessions, func(conn net.Conn) {
		c.d.Log.Warn("too many consoles at once", "limit", maxSessions)
		conn.Close()
	}, func(conn net.Conn) { c.session(ctx, conn) })
	if err != nil {
		return fmt.Errorf("cannot serve the console: %w", err)
	}
	return nil
}

// session answers one request. A reader who hangs up, or does not read for
// writeTime, ends it; the end of ctx leaves it a second for its last words.
func (c *Console) session(ctx context.Context, conn net.Conn) {
	defer conn.Close()
	w := &wire{conn: conn, stop: ctx.Done()}
	conn.SetReadDeadline(time.Now().Add(readTime))
	defer context.AfterFunc(ctx, func() { conn.SetDeadline(time.Now().Add(lastTime)) })()
	in := bufio.NewReaderSize(conn, maxRequest)
	first, err := readRequest(in)
	if err != nil {
		c.d.Log.Debug("a console request was not understood", "err", err)
		w.end("cannot read the request: it is not one line {\"args\": [...]}\n", Usage)
		return
	}
	if first.Shell != nil {
		c.remote(ctx, conn, in, w, *first.Shell)
		return
	}
	a := asked{who: atSocket, args: first.Args, out: w, frame: w.frame}
	if first.Answers {
		a.ask = func(_ context.Context, q query) (string, error) { return w.ask(in, q) }
	}
	w.end("", c.do(ctx, a))
}

// readRequest reads and checks one line of the other side.
func readRequest(r *bufio.Reader) (m message, err error) {
	line, err := r.ReadSlice('\n')
	for long := []byte(nil); errors.Is(err, bufio.ErrBufferFull); { // a file comes along
		if long = append(long, line...); len(long) > longRequest {
			break
		}
		if line, err = r.ReadSlice('\n'); !errors.Is(err, bufio.ErrBufferFull) {
			line = append(long, line...)
		}
	}
	if err != nil {
		return m, fmt.Errorf("cannot read a line: %w", err)
	}
	if err := json.Unmarshal(line, &m); err != nil {
		return m, fmt.Errorf("cannot read the line: %w", err)
	}
	return m, nil
}

// wire writes messages, each within writeTime. Text is sent in whole lines, so
// that no character is cut in two.
type wire struct {
	conn net.Conn
	stop <-chan struct{}
	text []byte
}

func (w *wire) send(m message) error {
	line, err := json.Marshal(m)
	if err != nil {
		return err
	}
	limit := writeTime
	select {
	case <-w.stop:
		limit = lastTime
	default:
	}
	if err := w.conn.SetWriteDeadline(time.Now().Add(limit)); err != nil {
		return err
	}
	_, err = w.conn.Write(append(line, '\n'))
	return err
}

// Write takes text and sends its whole lines when there is a chunk of them.
func (w *wire) Write(p []byte) (int, error) {
	w.text = append(w.text, p...)
	if len(w.text) < chunk {
		return len(p), nil
	}
	n := bytes.LastIndexByte(w.text, '\n') + 1
	if n == 0 {
		return len(p), nil
	}
	err := w.send(message{Out: string(w.text[:n])})
	w.text = append(w.text[:0], w.text[n:]...)
	return len(p), err
}

// ask sends a question and waits for its answer.
func (w *wire) ask(in *bufio.Reader, q query) (string, error) {
	if len(w.text) > 0 {
		if err := w.send(message{Out: string(w.text)}); err != nil {
			return "", errCancelled
		}
		w.text = w.text[:0]
	}
	if w.send(message{Ask: &q}) != nil || w.conn.SetReadDeadline(time.Now().Add(askTime)) != nil {
		return "", errCancelled
	}
	m, err := readRequest(in)
	if err != nil || m.Answer == nil {
		return "", errCancelled
	}
	return *m.Answer, nil
}

// frame sends a picture; an empty one asks whether the reader is still there.
func (w *wire) frame(text string) error { return w.send(message{Frame: text}) }

// end sends what is left and the exit code. Nobody is left to hear of an error.
func (w *wire) end(more string, code int) {
	if text := string(w.text) + more; text != "" {
		if w.send(message{Out: text}) != nil {
			return
		}
	}
	_ = w.send(message{Exit: &code})
}

// Run asks the daemon behind the socket, writes its answer to stdout, and
// returns its exit code. The error is ErrUnreachable when nobody listens there.
// A live picture is drawn over the one before when stdout is a terminal.
func Run(ctx context.Context, socket string, args []string, stdout io.Writer) (int, error) {
	return RunAsking(ctx, socket, args, stdout, nil)
}

// Answerer answers what a command asks. Hidden: it must not show. Again: it is the
// answer before once more.
type Answerer func(prompt string, hidden, again bool) (string, error)

// RunAsking is Run for somebody who can be asked.
func RunAsking(ctx context.Context, socket string, args []string, stdout io.Writer, answer Answerer) (int, error) {
	args, err := fromFiles(args)
	if err != nil {
		return Usage, err
	}
	conn, err := (&net.Dialer{Timeout: readTime}).DialContext(ctx, "unix", socket)
	if err != nil {
		return Unreachable, fmt.Errorf("%w on %s (%w)", ErrUnreachable, socket, err)
	}
	return talk(ctx, conn, args, stdout, answer)
}

// fromFiles puts the content of FILE where an argument is @FILE: it is read here,
// by the one who asks, not by the daemon.
func fromFiles(args []string) ([]string, error) {
	out := slices.Clone(args)
	for i, a := range out {
		name, ok := strings.CutPrefix(a, "@")
		if !ok || name == "" {
			continue
		}
		raw, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("cannot read %s: %w", name, err)
		}
		if len(raw) > maxDocument || len(raw) > maxArg && !bytes.Contains(raw, []byte("\n")) {
			return nil, fmt.Errorf("cannot send %s: it has %d bytes, %d are possible", name, len(raw), maxDocument)
		}
		out[i] = string(raw)
	}
	return out, nil
}

// Ask does one request on a connection to the socket and closes it.
func Ask(ctx context.Context, conn net.Conn, args []string, stdout io.Writer) (int, error) {
	return talk(ctx, conn, args, stdout, nil)
}

func talk(ctx context.Context, conn net.Conn, args []string, stdout io.Writer, answer Answerer) (int, error) {
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	line, err := json.Marshal(message{Args: args, Answers: answer != nil})
	if err != nil {
		return Usage, fmt.Errorf("cannot write the request: %w", err)
	}
	if _, err := conn.Write(append(line, '\n')); err != nil {
		return Unreachable, fmt.Errorf("cannot ask: %w", err)
	}
	live := screen{out: stdout, redraw: terminal(stdout)}
	dec := json.NewDecoder(conn)
	for {
		var m message
		if err := dec.Decode(&m); err != nil {
			if ctx.Err() != nil {
				return Fine, nil // the person had enough
			}
			return Unreachable, fmt.Errorf("the answer broke off: %w", err)
		}
		switch {
		case m.Exit != nil:
			return *m.Exit, nil
		case m.Ask != nil && answer != nil:
			if err := respond(conn, *m.Ask, answer); err != nil {
				return NotFine, err
			}
		case m.Frame != "":
			err = live.draw(m.Frame)
		default:
			_, err = io.WriteString(stdout, m.Out)
		}
		if err != nil {
			return Unreachable, fmt.Errorf("cannot write the answer: %w", err)
		}
	}
}

// respond lets the person answer a question.
func respond(conn net.Conn, q query, answer Answerer) error {
	text, err := answer(q.Prompt, q.Hidden, q.Again)
	if err != nil {
		return fmt.Errorf("cannot read the answer: %w", err)
	}
	line, err := json.Marshal(message{Answer: &text})
	if err != nil {
		return fmt.Errorf("cannot write the answer: %w", err)
	}
	if _, err := conn.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("cannot answer: %w", err)
	}
	return nil
}

// screen draws pictures one over the other, or one below the other where
// nothing but text can be written.
type screen struct {
	out    io.Writer
	redraw bool
	high   int
}

func (s *screen) draw(frame string) error {
	var b bytes.Buffer
	if s.redraw && s.high > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", s.high)
	}
	for line := range strings.Lines(frame + "\n") {
		if s.redraw {
			b.WriteString("\x1b[2K")
		}
		b.WriteString(line)
	}
	s.high = strings.Count(frame, "\n") + 1
	_, err := s.out.Write(b.Bytes())
	return err
}

// terminal reports whether w is a screen that understands cursor movement.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok || os.Getenv("TERM") == "dumb" || os.Getenv("TERM") == "" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&fs.ModeCharDevice != 0
}
