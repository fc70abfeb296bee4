package book

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/tel"
)

// projector turns events into the rows that people ask for. It works in one
// transaction and keeps calls in memory until save; whoever undoes the
// transaction throws the projector away.
type projector struct {
	tx    *sql.Tx
	calls map[tel.CallID]*callRow
	order []*callRow // in the order of first touch, so that saving is the same every time
	ready map[string]*sql.Stmt
}

func newProjector(tx *sql.Tx) *projector {
	return &projector{tx: tx, calls: make(map[tel.CallID]*callRow), ready: make(map[string]*sql.Stmt)}
}

// apply brings every projection behind one event. Facts that make no sense in
// the state of a call (a second end, a hold before it began) change nothing.
func (p *projector) apply(ctx context.Context, r *Row) error {
	f, err := r.Fact()
	if err != nil {
		return err
	}
	switch f.Kind {
	case call.AgentState:
		return p.agentState(ctx, r, f)
	case call.Clock:
		return p.redate(ctx, r, f)
	case call.Shutdown:
		return p.closeIntervals(ctx, r, "")
	}
	if f.Call == "" {
		return nil
	}
	c, err := p.call(ctx, f.Call)
	if err != nil {
		return err
	}
	if c == nil {
		if !ofCall(f.Kind) {
			return nil
		}
		c = begun(r)
		p.keep(c)
	}
	if !c.rec.Ended.IsZero() {
		return nil // a call ends once; only after-call work comes later
	}
	if err := p.parts(ctx, r, f); err != nil {
		return err
	}
	c.apply(r, f)
	return nil
}

// ofCall reports whether a fact of this kind can only be about a living call.
func ofCall(k call.Kind) bool {
	switch k {
	case call.Began, call.Answered, call.Node, call.Queued, call.Offered, call.Declined, call.QueueLeft,
		call.Dialled, call.Connected, call.Fax, call.Warned, call.HoldOn, call.HoldOff, call.Ended,
		call.ConsultOn, call.ConsultUp, call.ConsultOff, call.ConferOn, call.ConferOff, call.Transferred, call.TransferFailed, call.Recalled:
		return true
	}
	return false
}

// begun makes the row of a call at its first event, whatever that is: no call
// vanishes because its beginning was not told.
func begun(r *Row) *callRow {
	c := &callRow{seq: r.Seq, boot: r.Boot}
	c.rec.ID, c.rec.Began, c.rec.FlowPath = r.Call, r.At, []string{}
	return c
}

func (p *projector) keep(c *callRow) {
	p.calls[c.rec.ID] = c
	p.order = append(p.order, c)
}

// callRow is a call's record with what is running in it now.
type callRow struct {
	seq     uint64
	boot    uint64
	rec     call.Record
	waiting running
	talking running
	holding running
	holders int64 // bit set of those who hold
	dirty   bool
}

// running is a stop watch on the monotonic clock of the boot.
type running struct {
	on   bool
	from time.Duration
}

func (w *running) start(at time.Duration) {
	if !w.on {
		w.on, w.from = true, at
	}
}

// stop returns the time since start, 0 when the watch was not running.
func (w *running) stop(at time.Duration) time.Duration {
	if !w.on {
		return 0
	}
	lasted := max(0, at-w.from)
	*w = running{}
	return lasted
}

// apply tells the record one fact of its living call.
func (c *callRow) apply(r *Row, f call.Fact) {
	c.dirty = true
	rec := &c.rec
	switch f.Kind {
	case call.Began:
		if rec.Direction == "" {
			rec.Direction, rec.From, rec.Name, rec.To, rec.Port = f.Direction, f.From, f.Name, f.To, way(f)
		}
	case call.Answered:
		first(&rec.Answered, r.At)
		if rec.Direction != tel.Outbound && rec.AnswerEvidence == "" {
			rec.AnswerEvidence = f.Evidence
		}
	case call.Node:
		rec.FlowPath = append(rec.FlowPath, f.Node)
	case call.Queued:
		rec.Queue = f.Queue
		first(&rec.Queued, r.At)
		rec.Talk += c.talking.stop(r.Mono)
		c.waiting.start(r.Mono)
	case call.QueueLeft:
		rec.Wait += c.waiting.stop(r.Mono)
	case call.Dialled:
		if rec.Direction == tel.Outbound && (f.Port != "" || f.Trunk != "") {
			rec.Port = way(f)
		}
		if rec.To == "" && rec.Direction != tel.Inbound {
			rec.To = f.To
		}
	case call.Connected:
		first(&rec.Connected, r.At)
		if rec.Direction == tel.Outbound && rec.AnswerEvidence == "" {
			rec.AnswerEvidence = f.Evidence
		}
		if f.Agent != "" {
			rec.Agent = f.Agent
		}
		rec.Wait += c.waiting.stop(r.Mono)
		c.talking.start(r.Mono)
	case call.Fax:
		rec.Talk += c.talking.stop(r.Mono)
		rec.Hold += c.holding.stop(r.Mono)
		c.holders = 0
	case call.HoldOn:
		c.holders |= holder1(f.By)
		c.holding.start(r.Mono)
	case call.HoldOff:
		if c.holders &^= holder1(f.By); c.holders == 0 {
			rec.Hold += c.holding.stop(r.Mono)
		}
	case call.Transferred, call.Recalled: // the talk with whoever hands over, or left, ends here
		rec.Talk += c.talking.stop(r.Mono)
		rec.Hold += c.holding.stop(r.Mono)
		c.holders = 0
	case call.Ended:
		c.end(r, f)
	}
}

func (c *callRow) end(r *Row, f call.Fact) {
	rec := &c.rec
	rec.Ended, rec.EndedBy, rec.Cause, rec.Evidence = r.At, f.By, f.Cause, f.Evidence
	rec.Wait += c.waiting.stop(r.Mono)
	rec.Talk += c.talking.stop(r.Mono)
	rec.Hold += c.holding.stop(r.Mono)
	c.holders = 0
}

// holder1 is the bit of one who holds.
func holder1(by tel.By) int64 {
	switch by {
	case tel.ByCaller:
		return 1
	case tel.ByAgent:
		return 2
	case tel.BySystem:
		return 4
	case tel.ByCalled:
		return 8
	}
	return 16
}

// way is what a call came in or went out by.
func way(f call.Fact) string {
	switch {
	case f.Port != "":
		return string(f.Port)
	case f.Trunk != "":
		return string(f.Trunk)
	}
	return string(f.Ext)
}

// first keeps the first instant of something that can happen again.
func first(t *time.Time, at time.Time) {
	if t.IsZero() {
		*t = at
	}
}

// parts keeps the tables below a call: queue visits and offers.
func (p *projector) parts(ctx context.Context, r *Row, f call.Fact) error {
	us, ns := r.At.UnixMicro(), int64(r.Mono)
	switch f.Kind {
	case call.Queued:
		if err := p.leaveQueue(ctx, r, tel.CauseNone); err != nil {
			return err
		}
		return p.exec(ctx, `INSERT INTO visit VALUES (?, ?, ?, ?, ?, NULL, NULL, '')`,
			int64(r.Seq), string(f.Call), string(f.Queue), us, ns)
	case call.QueueLeft:
		return p.leaveQueue(ctx, r, f.Cause)
	case call.Offered:
		return p.exec(ctx, `INSERT INTO offer VALUES (?, ?, ?, ?, ?, ?, ?, NULL, NULL, '', ?)`,
			int64(r.Seq), string(f.Call), string(f.Queue), string(f.Agent), int64(f.Offer), us, ns, f.Reason)
	case call.Declined:
		return p.exec(ctx, `UPDATE offer SET ended_us = ?, ring_ns = max(0, ? - made_ns), outcome = ?
			WHERE call = ? AND offer = ? AND ended_us IS NULL`, us, ns, string(f.Cause), string(f.Call), int64(f.Offer))
	case call.Connected:
		return p.exec(ctx, `UPDATE offer SET ended_us = ?, ring_ns = max(0, ? - made_ns), outcome = 'accepted'
			WHERE call = ? AND agent = ? AND ended_us IS NULL`, us, ns, string(f.Call), string(f.Agent))
	case call.Ended:
		if err := p.leaveQueue(ctx, r, f.Cause); err != nil {
			return err
		}
		return p.exec(ctx, `UPDATE offer SET ended_us = ?, ring_ns = max(0, ? - made_ns), outcome = ?
			WHERE call = ? AND ended_us IS NULL`, us, ns, string(f.Cause), string(f.Call))
	}
	return nil
}

func (p *projector) leaveQueue(ctx context.Context, r *Row, why tel.Cause) error {
	return p.exec(ctx, `UPDATE visit SET left_us = ?, wait_ns = max(0, ? - joined_ns), cause = ?
		WHERE call = ? AND left_us IS NULL`, r.At.UnixMicro(), int64(r.Mono), string(why), string(r.Call))
}

// LoggedOut is the agent state that ends an interval and begins none.
const LoggedOut = "logged out"

// AfterCall is the agent state whose time belongs to the call before it.
const AfterCall = "acw"

// agentState ends the agent's interval and begins the next.
func (p *projector) agentState(ctx context.Context, r *Row, f call.Fact) error {
	if f.Agent == "" {
		return nil
	}
	if err := p.closeIntervals(ctx, r, f.Agent); err != nil {
		return err
	}
	if f.State == LoggedOut {
		return nil
	}
	return p.exec(ctx, `INSERT INTO interval VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL)`, int64(r.Seq), string(f.Agent),
		string(f.Ext), f.State, f.Reason, string(f.Call), r.At.UnixMicro(), int64(r.Mono))
}

// closeIntervals ends the open interval of an agent, or of all for "".
func (p *projector) closeIntervals(ctx context.Context, r *Row, agent tel.AgentID) error {
	stmt, err := p.prepare(ctx, `SELECT call, from_ns FROM interval
		WHERE to_us IS NULL AND (agent = ?1 OR ?1 = '') AND state = ?2 AND call <> '' ORDER BY seq`)
	if err != nil {
		return err
	}
	rows, err := stmt.QueryContext(ctx, string(agent), AfterCall)
	if err != nil {
		return err
	}
	defer rows.Close()
	type acw struct {
		id tel.CallID
		ns int64
	}
	var done []acw
	for rows.Next() {
		var a acw
		if err := rows.Scan(&a.id, &a.ns); err != nil {
			return err
		}
		done = append(done, a)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, a := range done {
		c, err := p.call(ctx, a.id)
		if err != nil {
			return err
		}
		if c != nil {
			c.dirty = true
			c.rec.ACW += max(0, r.Mono-time.Duration(a.ns))
		}
	}
	return p.exec(ctx, `UPDATE interval SET to_us = ?2, ns = max(0, ?3 - from_ns)
		WHERE to_us IS NULL AND (agent = ?1 OR ?1 = '')`, string(agent), r.At.UnixMicro(), int64(r.Mono))
}

func (p *projector) exec(ctx context.Context, query string, args ...any) error {
	stmt, err := p.prepare(ctx, query)
	if err == nil {
		_, err = stmt.ExecContext(ctx, args...)
	}
	if err != nil {
		return fmt.Errorf("cannot keep a projection: %w", err)
	}
	return nil
}

// prepare compiles a statement once a transaction; its end closes them all.
func (p *projector) prepare(ctx context.Context, query string) (*sql.Stmt, error) {
	if stmt, ok := p.ready[query]; ok {
		return stmt, nil
	}
	stmt, err := p.tx.PrepareContext(ctx, query)
	if err == nil {
		p.ready[query] = stmt
	}
	return stmt, err
}
