// Package keeper is the small helper with privileges. The program that talks to
// the world runs without any; for the few things that need them (restarting the
// machine, setting its clock, its addresses, erasing, update slots) it asks the
// keeper over a Unix socket that only its user may use. A request is one line of
// JSON, {"do": "set-time", "with": {...}}; the answers are lines of JSON, any
// number of {"progress": ...} and at last {"ok": ...} or {"error": "cannot X: why"},
// with "es" beside when the sentence has a Spanish form.
// The keeper decides nothing, knows no call and no person, and does only what it
// was given a Handler for.
package keeper

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/centralita/centralita/firmware/tel"
)

// Socket is where the keeper of the image listens.
const Socket = "/run/centralita/keeper.sock"

// Limits of the wire.
const (
	maxRequest = 64 << 10         // bytes of a request, which is one line
	maxReply   = 1 << 20          // bytes of one line of an answer
	maxConns   = 8                // requests at a time
	readTime   = 10 * time.Second // for a request to come in whole
	writeTime  = 10 * time.Second // for a line of an answer to be taken
	// Patience is how long a handler may work without reporting progress.
	Patience = 2 * time.Minute
)

// Handler does one kind of request. Only one of a kind runs at a time. params is
// what came in "with", nil when there was none; progress sends one step to the
// asker and may be called from any goroutine while the handler runs. ctx ends when
// the asker goes away, when nothing was reported for Patience, and when the keeper
// ends. The error is a sentence for people, in both languages when it has the method In(tel.Lang).
type Handler func(ctx context.Context, params json.RawMessage, progress func(any)) (any, error)

// request is the line that is asked.
type request struct {
	Do   string          `json:"do"`
	With json.RawMessage `json:"with,omitempty"`
}

// reply is a line of the answer; exactly one of its fields is set.
type reply struct {
	Progress json.RawMessage `json:"progress,omitempty"`
	OK       json.RawMessage `json:"ok,omitempty"`
	Error    string          `json:"error,omitempty"`
	Spanish  string          `json:"es,omitempty"` // of Error
}

// failure is the last line of a request that failed. An error with the method
// In(tel.Lang) has a form for people in each language.
func failure(err error) reply {
	r := reply{Error: err.Error()}
	if both, ok := errors.AsType[interface {
		error
		In(tel.Lang) string
	}](err); ok {
		r.Error, r.Spanish = both.In(tel.English), both.In(tel.Spanish)
	}
	return r
}

// parseRequest reads a line.
func parseRequest(line []byte) (request, error) {
	var r request
	if err := Decode(line, &r); err != nil {
		return request{}, fmt.Errorf(`cannot read the request: %w; it is one line {"do": NAME, "with": {...}}`, err)
	}
	if !known(r.Do) {
		return request{}, errors.New(`cannot read the request: "do" is no name of small letters and hyphens`)
	}
	return r, nil
}

// known reports whether s may be the name of a kind.
func known(s string) bool {
	if s == "" || len(s) > 32 {
		return false
	}
	for _, c := range s {
		if c != '-' && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}

// Decode reads params strictly: fields that v has not, and anything after the
// value, are errors. Missing params leave v as it is.
func Decode(params []byte, v any) error {
	if len(params) == 0 {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(params))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the value")
	}
	return nil
}
