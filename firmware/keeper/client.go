package keeper

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"syscall"
	"time"

	"github.com/centralita/centralita/firmware/tel"
)

// ErrAbsent is the error of a Client when no keeper listens: the program runs
// from a package or on a desk, where it may do nothing to the machine.
var ErrAbsent error = absent{}

type absent struct{}

func (absent) Error() string { return absent{}.In(tel.English) }

// In is the sentence in a language.
func (absent) In(l tel.Lang) string {
	if l == tel.Spanish {
		return "en esta máquina no hay guardián (keeper), que es quien puede hacerlo: solo la imagen de la caja lo trae"
	}
	return "there is no keeper on this machine, which alone could do it: only the image of the box brings one"
}

// Refused is an error that the keeper answered.
type Refused struct {
	Do      string // what was asked for
	Why     string // its sentence
	Spanish string // the same; empty: there is no Spanish form
}

// In is the sentence in a language.
func (r *Refused) In(l tel.Lang) string {
	if l == tel.Spanish && r.Spanish != "" {
		return r.Spanish
	}
	return r.Why
}

// Error implements error.
func (r *Refused) Error() string { return r.Why }

// Client asks a keeper; each request has its own connection, so any number of
// goroutines may use one.
type Client struct{ path string }

// Dial returns a client of the keeper at path. It connects when something is
// asked; an empty path is no keeper.
func Dial(path string) *Client { return &Client{path: path} }

// Present reports whether a keeper listens.
func (c *Client) Present() bool {
	if c == nil || c.path == "" {
		return false
	}
	conn, err := net.Dial("unix", c.path)
	if err != nil {
		return false
	}
	conn.Close()
	return true
}

// Do asks for name with params (nil: none), waits for the end and reads the result
// into result (nil: it is not wanted). onProgress (nil: nobody listens) is called
// for each step. The errors are ErrAbsent, a *Refused, ctx's, or one of the wire.
func (c *Client) Do(ctx context.Context, name string, params any, onProgress func(json.RawMessage), result any) error {
	if c == nil || c.path == "" {
		return ErrAbsent
	}
	conn, err := (&net.Dialer{Timeout: readTime}).DialContext(ctx, "unix", c.path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("%w (%s)", ErrAbsent, c.path)
	}
	if err != nil {
		return fmt.Errorf("cannot reach the keeper: %w", err)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })()
	line, err := question(name, params)
	if err != nil {
		return err
	}
	_, asked := conn.Write(line) // who is refused at the door is told so and cannot ask
	raw, err := hear(bufio.NewReader(conn), name, onProgress)
	if err != nil {
		if _, refused := errors.AsType[*Refused](err); asked != nil && !refused {
			err = fmt.Errorf("cannot ask the keeper for %q: %w", name, asked)
		}
		return whose(ctx, err)
	}
	if result == nil {
		return nil
	}
	if err := json.Unmarshal(raw, result); err != nil {
		return fmt.Errorf("cannot read what the keeper answered to %q: %w", name, err)
	}
	return nil
}

// question is the line that asks.
func question(name string, params any) ([]byte, error) {
	r := request{Do: name}
	if params != nil {
		raw, err := json.Marshal(params)
		if err != nil {
			return nil, fmt.Errorf("cannot ask the keeper for %q: %w", name, err)
		}
		r.With = raw
	}
	line, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("cannot ask the keeper for %q: %w", name, err)
	}
	if len(line) >= maxRequest {
		return nil, fmt.Errorf("cannot ask the keeper for %q: %d bytes are more than the %d of a request", name, len(line), maxRequest)
	}
	return append(line, '\n'), nil
}

// hear reads answers to the last one and returns its result.
func hear(r *bufio.Reader, name string, onProgress func(json.RawMessage)) (json.RawMessage, error) {
	for {
		line, err := readLine(r, maxReply)
		if err != nil {
			return nil, fmt.Errorf("cannot hear the end of %q from the keeper: %w", name, err)
		}
		var a reply
		if err := json.Unmarshal(line, &a); err != nil {
			return nil, fmt.Errorf("cannot read what the keeper answered to %q: %w", name, err)
		}
		switch {
		case a.Error != "":
			return nil, &Refused{Do: name, Why: a.Error, Spanish: a.Spanish}
		case a.Progress != nil:
			if onProgress != nil {
				onProgress(a.Progress)
			}
		default:
			return a.OK, nil
		}
	}
}

// whose puts the end of ctx first when it was the reason.
func whose(ctx context.Context, err error) error {
	if _, refused := errors.AsType[*Refused](err); ctx.Err() != nil && !refused {
		return fmt.Errorf("cannot wait for the keeper: %w", context.Cause(ctx))
	}
	return err
}
