package sshd

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/centralita/centralita/firmware/tel"
)

// terminalSize is what a client says of a changed terminal (RFC 4254, section 6.7).
type terminalSize struct{ Cols, Rows, Width, Height uint32 }

func (t terminalSize) size() Size {
	return Size{Rows: int(min(t.Rows, 1000)), Cols: int(min(t.Cols, 1000))}
}

// asked is what a session is for.
type asked struct {
	command  string // of exec
	exec     bool
	terminal bool
	size     Size
}

// session serves one session.
func (s *Server) session(ctx context.Context, v visitor, c ssh.NewChannel, all *sync.WaitGroup) {
	ch, requests, err := c.Accept()
	if err != nil {
		return // the connection is gone
	}
	defer ch.Close()
	resize := make(chan Size, 1)
	idle := time.AfterFunc(alone, func() { ch.Close() })
	ask, ok := negotiate(requests)
	if !idle.Stop() || !ok {
		return
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	all.Go(func() {
		follow(requests, resize)
		stop() // the session was closed from there
	})
	out := &patient{w: ch, conn: v.conn}
	code, place := 0, s.seats.Take(v.who.Name)
	if place {
		defer s.seats.Give(v.who.Name)
	}
	switch {
	case !place:
		code = 1
		s.tell(v, ch, ask.terminal, fmt.Sprintf("Ya tiene %d sesiones abiertas por SSH; cierre una y pruebe de nuevo.", maxOfOne),
			fmt.Sprintf("You have %d sessions open over SSH; close one and try again.", maxOfOne))
	case ask.exec:
		ctx := v.until(ctx, all)
		code = s.c.Exec(ctx, Command{Who: v.who, From: v.from, Line: ask.command, Out: out, Raw: !ask.terminal,
			In: &hungry{ctx: ctx, ch: ch, conn: v.conn}, Err: &patient{w: ch.Stderr(), conn: v.conn}})
	case ask.terminal:
		err := s.c.Shell(ctx, Session{Who: v.who, From: v.from, In: ch, Out: out, Size: ask.size, Resize: resize, Ended: v.ended})
		if err != nil && ctx.Err() == nil && !errors.Is(err, io.EOF) {
			s.c.Log.Debug("a session over SSH ended", "err", err)
		}
	default:
		code = s.script(v.until(ctx, all), v, ch, out)
	}
	if ctx.Err() != nil {
		return // it was broken off, which is no status
	}
	_, _ = ch.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{uint32(code)})) // who is gone does not hear it
}

// until returns a context that ends with ctx or when the account was changed. What
// changed it in this session has been done by then.
func (v visitor) until(ctx context.Context, all *sync.WaitGroup) context.Context {
	ctx, stop := context.WithCancel(ctx)
	all.Go(func() {
		defer stop()
		select {
		case <-v.ended:
		case <-ctx.Done():
		}
	})
	return ctx
}

// negotiate answers requests until one says what the session is for.
func negotiate(requests <-chan *ssh.Request) (a asked, ok bool) {
	for r := range requests {
		yes, begin := false, false
		switch r.Type {
		case "pty-req":
			var p struct { // RFC 4254, section 6.2
				Term                      string
				Cols, Rows, Width, Height uint32
				Modes                     string
			}
			if yes = ssh.Unmarshal(r.Payload, &p) == nil; yes {
				a.terminal, a.size = true, terminalSize{Cols: p.Cols, Rows: p.Rows}.size()
			}
		case "window-change":
			var t terminalSize
			if ssh.Unmarshal(r.Payload, &t) == nil {
				a.size = t.size()
			}
		case "shell":
			yes, begin = true, true
		case "exec":
			var e struct{ Command string }
			yes = ssh.Unmarshal(r.Payload, &e) == nil && len(e.Command) <= maxLine
			a.command, a.exec, begin = e.Command, true, yes
		}
		reply(r, yes)
		if begin {
			return a, true
		}
	}
	return a, false
}

// follow answers the requests of a session that runs; the last size counts.
func follow(requests <-chan *ssh.Request, resize chan Size) {
	for r := range requests {
		var t terminalSize
		if r.Type == "window-change" && ssh.Unmarshal(r.Payload, &t) == nil {
			select {
			case <-resize:
			default:
			}
			resize <- t.size() // there is room: nobody else sends
		}
		reply(r, false)
	}
}

// reply answers a request that wants it; a connection that is gone needs no answer.
func reply(r *ssh.Request, yes bool) {
	if r.WantReply {
		_ = r.Reply(yes, nil)
	}
}

// tell says a sentence to a person, beside what is for files.
func (s *Server) tell(v visitor, ch ssh.Channel, terminal bool, es, en string) {
	text, end, to := es, "\n", io.Writer(ch.Stderr())
	if s.c.Lang == tel.English {
		text = en
	}
	if terminal {
		end, to = "\r\n", ch
	}
	_, _ = io.WriteString(&patient{w: to, conn: v.conn}, text+end) // who is gone does not hear it
}

// script does a command a line where there is no terminal; the exit code is that of the
// last one that failed. The end of ctx closes in, but not before a command has ended;
// when no line comes for too long it is over.
func (s *Server) script(ctx context.Context, v visitor, in ssh.Channel, out io.Writer) (code int) {
	var busy sync.Mutex
	defer context.AfterFunc(ctx, func() {
		busy.Lock()
		defer busy.Unlock()
		in.Close()
	})()
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 1<<10), maxLine)
	idle := time.AfterFunc(s.c.Idle, func() {
		s.tell(v, in, false, "Sesión cerrada: no llegó ninguna orden en mucho tiempo.", "Session ended: no command came for a long time.")
		in.Close()
	})
	defer idle.Stop()
	for lines.Scan() && idle.Stop() && ctx.Err() == nil {
		line := strings.TrimSpace(lines.Text())
		switch {
		case line == "exit" || line == "logout":
			return code
		case line == "" || strings.HasPrefix(line, "#"):
			idle.Reset(s.c.Idle)
			continue
		}
		busy.Lock()
		got := s.c.Exec(ctx, Command{Who: v.who, From: v.from, Line: line, Out: out, Err: out})
		busy.Unlock()
		if got != 0 {
			code = got
		}
		idle.Reset(s.c.Idle)
	}
	return code
}

// hungry is what is sent along to a command; the connection ends when nothing comes for
// too long while the command waits for it, and the session when ctx does.
type hungry struct {
	ctx  context.Context
	ch   io.ReadCloser
	conn io.Closer
}

// Read implements io.Reader.
func (h *hungry) Read(b []byte) (int, error) {
	t := time.AfterFunc(starved, func() { h.conn.Close() })
	defer t.Stop()
	defer context.AfterFunc(h.ctx, func() { h.ch.Close() })()
	return h.ch.Read(b)
}

// patient is a screen that ends the connection when it takes nothing for too long.
type patient struct {
	w    io.Writer
	conn io.Closer
}

// Write implements io.Writer.
func (p *patient) Write(b []byte) (n int, err error) {
	for n < len(b) && err == nil {
		t := time.AfterFunc(stalled, func() { p.conn.Close() })
		var k int
		k, err = p.w.Write(b[n:min(len(b), n+4<<10)]) // the limit is for progress, not for the whole
		n += k
		t.Stop()
	}
	return n, err
}
