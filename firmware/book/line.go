package book

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"iter"
	"time"

	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/tel"
)

// Line is the form in which a record of a call leaves the appliance: one JSON
// object a line, fields in this order. It is a promise to programs outside.
type Line struct {
	ID        tel.CallID    `json:"id"`
	Direction tel.Direction `json:"direction"`
	From      tel.Number    `json:"from"`
	To        tel.Number    `json:"to"`
	Port      string        `json:"port"`
	FlowPath  []string      `json:"flow_path"`
	Queue     tel.QueueID   `json:"queue"`
	Agent     tel.AgentID   `json:"agent"`
	Began     Instant       `json:"began"`
	Answered  Instant       `json:"answered"`
	Queued    Instant       `json:"queued"`
	Connected Instant       `json:"connected"`
	Ended     Instant       `json:"ended"`
	Wait      Seconds       `json:"wait_s"`
	Talk      Seconds       `json:"talk_s"`
	Hold      Seconds       `json:"hold_s"`
	ACW       Seconds       `json:"acw_s"`
	EndedBy   tel.By        `json:"ended_by"`
	Cause     tel.Cause     `json:"cause"`
	Evidence  string        `json:"evidence"`
}

// NewLine is the line of a record.
func NewLine(r call.Record) Line {
	path := r.FlowPath
	if path == nil {
		path = []string{}
	}
	return Line{
		ID: r.ID, Direction: r.Direction, From: r.From, To: r.To, Port: r.Port, FlowPath: path, Queue: r.Queue, Agent: r.Agent,
		Began: Instant(r.Began), Answered: Instant(r.Answered), Queued: Instant(r.Queued), Connected: Instant(r.Connected),
		Ended: Instant(r.Ended), Wait: Seconds(r.Wait), Talk: Seconds(r.Talk), Hold: Seconds(r.Hold), ACW: Seconds(r.ACW),
		EndedBy: r.EndedBy, Cause: r.Cause, Evidence: r.Evidence,
	}
}

// Instant is RFC 3339 in UTC with milliseconds, null for one that never came.
type Instant time.Time

// MarshalJSON writes it.
func (t Instant) MarshalJSON() ([]byte, error) {
	if time.Time(t).IsZero() {
		return []byte("null"), nil
	}
	return []byte(time.Time(t).UTC().Format(`"2006-01-02T15:04:05.000Z07:00"`)), nil
}

// Seconds is a duration as a number of seconds to the millisecond.
type Seconds time.Duration

// MarshalJSON writes it.
func (s Seconds) MarshalJSON() ([]byte, error) {
	return json.Marshal(float64(time.Duration(s).Round(time.Millisecond).Milliseconds()) / 1000)
}

// CallLines returns the newest n calls (0: all) that began at or after from,
// oldest first, each as the JSON of a Line without its newline.
func (d *reader) CallLines(ctx context.Context, from time.Time, n int) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for rec, err := range d.Calls(ctx, Filter{From: from, Newest: n}) {
			var line []byte
			if err == nil {
				line, err = json.Marshal(NewLine(rec))
			}
			if !yield(line, err) || err != nil {
				return
			}
		}
	}
}

// event is a row as people and programs see it.
type event struct {
	Seq   uint64          `json:"seq"`
	Boot  uint64          `json:"boot"`
	At    Instant         `json:"at"`
	Clock string          `json:"clock"`
	Kind  call.Kind       `json:"kind"`
	Hash  string          `json:"hash"`
	Body  json.RawMessage `json:"body"` // null once erased
}

// TailLines returns the last n events, oldest first, each as JSON.
func (d *reader) TailLines(ctx context.Context, n int) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		rows, err := d.Tail(ctx, n)
		if err != nil {
			yield(nil, err)
			return
		}
		for _, r := range rows {
			body := json.RawMessage(r.Body)
			if r.Erased() {
				body = json.RawMessage("null")
			}
			line, err := json.Marshal(event{r.Seq, r.Boot, Instant(r.At), r.Clock, r.Kind, hex.EncodeToString(r.Hash), body})
			if !yield(line, err) || err != nil {
				return
			}
		}
	}
}
