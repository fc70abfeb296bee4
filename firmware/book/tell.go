package book

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/tel"
)

// teller tells the records of calls from events alone, in memory, to compare
// them with those that were kept.
type teller struct {
	calls map[tel.CallID]*callRow
	after map[tel.AgentID]afterCall
}

// afterCall is after-call work going on.
type afterCall struct {
	id   tel.CallID
	from time.Duration
}

func newTeller() *teller {
	return &teller{calls: make(map[tel.CallID]*callRow), after: make(map[tel.AgentID]afterCall)}
}

// tell takes the next event.
func (t *teller) tell(r *Row) error {
	f, err := r.Fact()
	if err != nil {
		return err
	}
	switch f.Kind {
	case call.AgentState:
		t.close(f.Agent, r.Mono)
		if f.Agent != "" && f.State == AfterCall && f.Call != "" {
			t.after[f.Agent] = afterCall{f.Call, r.Mono}
		}
		return nil
	case call.Shutdown:
		for agent := range t.after {
			t.close(agent, r.Mono)
		}
		return nil
	}
	if f.Kind == call.Clock && f.Millis != 0 && f.State != call.BookDrift {
		for _, c := range t.calls {
			if c.boot == r.Boot {
				c.shift(time.Duration(f.Millis) * time.Millisecond)
			}
		}
	}
	if !ofCall(f.Kind) || f.Call == "" {
		return nil
	}
	c := t.calls[f.Call]
	if c == nil {
		c = begun(r)
		t.calls[f.Call] = c
	}
	if c.rec.Ended.IsZero() {
		c.apply(r, f)
	}
	return nil
}

// close ends an agent's after-call work; its time belongs to the call.
func (t *teller) close(agent tel.AgentID, at time.Duration) {
	a, ok := t.after[agent]
	delete(t.after, agent)
	if c := t.calls[a.id]; ok && c != nil {
		c.rec.ACW += max(0, at-a.from)
	}
}

// compare checks every record that was kept against the one that was told.
func (t *teller) compare(ctx context.Context, q querier) error {
	err := each(ctx, q, `SELECT `+callColumns+` FROM call ORDER BY seq`, func(row scanner) error {
		c, err := scanCall(row)
		if err != nil {
			return fmt.Errorf("cannot read a record: %w", err)
		}
		want := t.calls[c.rec.ID]
		if want == nil {
			return &Broken{c.seq, fmt.Sprintf("the record of call %s has no events", c.rec.ID)}
		}
		want.dirty = false
		if !reflect.DeepEqual(c, want) {
			return &Broken{want.seq, fmt.Sprintf("the record of call %s differs from its events", c.rec.ID)}
		}
		delete(t.calls, c.rec.ID)
		return nil
	})
	if err != nil {
		return err
	}
	var gone *callRow
	for _, c := range t.calls {
		if gone == nil || c.seq < gone.seq {
			gone = c
		}
	}
	if gone != nil {
		return &Broken{gone.seq, fmt.Sprintf("the record of call %s is missing", gone.rec.ID)}
	}
	return nil
}
