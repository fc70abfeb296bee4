// Package sshd lets people in over SSH, by a public key of their account, to the
// console and to nothing else: no password, no shell of the system, no forwarding, no
// files, no agent.
//
// Three words explain it: Server (accepts connections, few at once), Door (knows whose
// key it is), Session (what a person asked for: a terminal, or one command).
package sshd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/centralita/centralita/firmware/gatehouse"
	"github.com/centralita/centralita/firmware/tel"
)

// Limits of a server.
const (
	grace       = 20 * time.Second // until somebody has proved who he is
	alone       = 30 * time.Second // a connection without a session, and one that was not said what it is for
	stalled     = 10 * time.Second // a terminal that takes nothing
	starved     = time.Minute      // a command that waits for what is sent along
	maxUnproved = 8                // connections of nobody yet, together
	maxOfSource = 3                // and from one source: a stranger leaves places to others
	maxPeople   = 24               // connections of people
	maxOfPerson = 10               // and of one of them
	maxSessions = 4                // of one connection
	maxOfOne    = 8                // sessions of one person, on all of his
	maxTries    = 6                // keys that are offered
	maxLine     = 8 << 10          // of a command
)

// Door knows whose key it is. *access.Access is one.
type Door interface {
	// KeyOf says whose key this is, on the wire as of RFC 4253, section 6.6. It is
	// asked before the signature was checked.
	KeyOf(name string, key []byte) (tel.Who, bool)
	// Arrived is told of whoever has proved it. It looks once more whether the key is
	// his; ended is closed when what he has begun must end.
	Arrived(name string, key []byte, from string) (who tel.Who, ended <-chan struct{}, ok bool)
	// Refused is told of whoever has not, once a connection.
	Refused(name, from string)
}

// Size is that of a terminal; zero: it was not told.
type Size struct{ Rows, Cols int }

// Session is a person at a terminal.
type Session struct {
	Who    tel.Who
	From   string // his address
	In     io.Reader
	Out    io.Writer // gives up by itself when nothing is taken
	Size   Size
	Resize <-chan Size
	Ended  <-chan struct{} // closed when his account was changed: his sessions end but the one that did it
}

// Command is one command without a session at a terminal.
type Command struct {
	Who  tel.Who
	From string
	Line string
	In   io.Reader // what is sent along; nil: nothing can be
	Out  io.Writer
	Err  io.Writer // for people, where Out is a file
	Raw  bool      // every byte goes through as it is: there is no terminal on either side
}

// Config is what a server needs.
type Config struct {
	Key  ssh.Signer
	Door Door
	// Shell serves a person until he leaves.
	Shell func(context.Context, Session) error
	// Exec does one command and returns its exit code.
	Exec func(context.Context, Command) int
	// Idle is for how long a session without a terminal may send no line; 0: ten minutes.
	Idle time.Duration
	Lang tel.Lang     // of what is said to people; empty: Spanish
	Log  *slog.Logger // nil: nothing is logged
}

// Server is an SSH server. Make it with New.
type Server struct {
	c     Config
	ssh   *ssh.ServerConfig
	pace  pace
	count chan struct{}     // a place for each who has proved who he is
	early chan struct{}     // and for each who has not
	from  *gatehouse.Shares // of these, by source
	conns *gatehouse.Shares // connections of each person
	seats *gatehouse.Shares // sessions of each person
}

// proved is the key under which a connection keeps by which key it came in.
type proved struct{}

// visitor is somebody who is in.
type visitor struct {
	conn  ssh.Conn
	who   tel.Who
	from  string
	ended <-chan struct{} // as of Door.Arrived
}

var errRefused = errors.New("no such account, or not its key")

// New makes a server.
func New(c Config) *Server {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Idle == 0 {
		c.Idle = 10 * time.Minute
	}
	s := &Server{c: c, count: make(chan struct{}, maxPeople), early: make(chan struct{}, maxUnproved),
		from: gatehouse.NewShares(maxOfSource), conns: gatehouse.NewShares(maxOfPerson), seats: gatehouse.NewShares(maxOfOne)}
	s.ssh = &ssh.ServerConfig{
		ServerVersion: "SSH-2.0-Centralita", // the release is nobody's business before the log-in
		MaxAuthTries:  maxTries,
		PublicKeyCallback: func(conn ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			wire := key.Marshal()
			if _, ok := c.Door.KeyOf(conn.User(), wire); !ok {
				return nil, errRefused
			}
			return &ssh.Permissions{ExtraData: map[any]any{proved{}: wire}}, nil
		},
	}
	s.ssh.AddHostKey(c.Key)
	return s
}

// Fingerprint is that of the host key, as ssh shows it at the first visit.
func (s *Server) Fingerprint() string { return ssh.FingerprintSHA256(s.c.Key.PublicKey()) }

// Serve accepts connections until ctx ends, one goroutine each and one each session,
// reading and requests. It closes l and returns when all have ended; nil when it was
// ctx that ended it.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	err := gatehouse.Serve(ctx, l, maxUnproved+maxPeople, func(conn net.Conn) { conn.Close() }, func(conn net.Conn) { s.admit(ctx, conn) })
	if err != nil {
		return fmt.Errorf("cannot serve SSH: %w", err)
	}
	return nil
}

// admit serves a connection unless there are too many from there, or of people whom
// nobody knows yet.
func (s *Server) admit(ctx context.Context, conn net.Conn) {
	from := host(conn.RemoteAddr())
	source := gatehouse.Source(from)
	if !s.pace.admit(time.Now(), source) || !s.from.Take(source) {
		return
	}
	select {
	case s.early <- struct{}{}:
		s.connection(ctx, conn, from, func() { <-s.early; s.from.Give(source) })
	default:
		s.from.Give(source)
	}
}

// host is where a connection comes from, without its port.
func host(a net.Addr) string {
	h, _, err := net.SplitHostPort(a.String())
	if err != nil {
		return a.String()
	}
	return h
}

// connection serves one connection: first the proof, within its time, then sessions.
// tried is called when the first is over.
func (s *Server) connection(ctx context.Context, conn net.Conn, from string, tried func()) {
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	in, chans, requests, err := s.prove(conn, from)
	tried()
	if err != nil {
		s.c.Log.Debug("nobody came in over SSH", "from", from, "err", err)
		return
	}
	select {
	case s.count <- struct{}{}:
		defer func() { <-s.count }()
	default:
		s.c.Log.Warn("too many people over SSH at once", "limit", maxPeople)
		return
	}
	key, _ := in.Permissions.ExtraData[proved{}].([]byte) // without one nobody is let in
	v := visitor{conn: in, from: from}
	var ok bool
	if v.who, v.ended, ok = s.c.Door.Arrived(in.User(), key, from); !ok {
		s.c.Door.Refused(in.User(), from) // the key was taken away meanwhile
		return
	}
	if !s.conns.Take(v.who.Name) {
		s.c.Log.Warn("too many connections of one person over SSH", "name", v.who.Name, "limit", maxOfPerson)
		return
	}
	defer s.conns.Give(v.who.Name)
	var all sync.WaitGroup
	defer all.Wait()
	all.Go(func() { ssh.DiscardRequests(requests) }) // no forwarding
	s.sessions(ctx, v, chans, &all)
}

// prove lets the other side prove who it is. Whoever names himself and cannot is told
// to the door.
func (s *Server) prove(conn net.Conn, from string) (*ssh.ServerConn, <-chan ssh.NewChannel, <-chan *ssh.Request, error) {
	if err := conn.SetDeadline(time.Now().Add(grace)); err != nil {
		return nil, nil, nil, err
	}
	named, name := false, ""
	c := *s.ssh
	c.AuthLogCallback = func(m ssh.ConnMetadata, _ string, _ error) { named, name = true, m.User() }
	in, chans, requests, err := ssh.NewServerConn(conn, &c)
	if err != nil {
		if named {
			s.c.Door.Refused(name, from)
		}
		return nil, nil, nil, err
	}
	return in, chans, requests, conn.SetDeadline(time.Time{})
}

// sessions accepts the sessions of a connection until it ends, or has none for too
// long. When the account was changed no more are accepted, and the last one ends it.
func (s *Server) sessions(ctx context.Context, v visitor, chans <-chan ssh.NewChannel, all *sync.WaitGroup) {
	ctx, stop := context.WithCancel(ctx)
	defer stop() // the connection is over: so are its commands
	defer v.conn.Close()
	ended := make(chan struct{}, maxSessions)
	empty := time.NewTimer(alone)
	defer empty.Stop()
	over := v.ended
	for n := 0; ; {
		select {
		case c, ok := <-chans:
			switch {
			case !ok:
				return
			case c.ChannelType() != "session":
				refuse(c, ssh.Prohibited, "there is nothing here but the console")
			case closed(v.ended):
				refuse(c, ssh.Prohibited, "the account was changed; connect again")
			case n == maxSessions:
				refuse(c, ssh.ResourceShortage, "too many sessions")
			default:
				n++
				empty.Stop()
				all.Go(func() {
					s.session(ctx, v, c, all)
					ended <- struct{}{}
				})
			}
		case <-ended:
			if n--; n == 0 {
				if closed(v.ended) {
					return
				}
				empty.Reset(alone)
			}
		case <-over:
			if over = nil; n == 0 {
				return
			}
		case <-empty.C:
			return
		}
	}
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// refuse turns a channel down; a connection that is gone needs no answer.
func refuse(c ssh.NewChannel, why ssh.RejectionReason, text string) { _ = c.Reject(why, text) }
