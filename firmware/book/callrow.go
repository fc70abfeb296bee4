package book

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/centralita/centralita/firmware/tel"
)

// callColumns are the columns of the table call in the order of scanCall.
const callColumns = `seq, id, boot, direction, from_no, name, to_no, port, flow_path, queue, agent,
	began_us, answered_us, queued_us, connected_us, ended_us, wait_ns, talk_ns, hold_ns, acw_ns,
	ended_by, cause, evidence, waiting_ns, talking_ns, holding_ns, holders, answer_evidence`

// call returns the row of a call, nil when the book has none.
func (p *projector) call(ctx context.Context, id tel.CallID) (*callRow, error) {
	if c, ok := p.calls[id]; ok {
		return c, nil
	}
	stmt, err := p.prepare(ctx, `SELECT `+callColumns+` FROM call WHERE id = ?`)
	if err != nil {
		return nil, fmt.Errorf("cannot read the record of call %s: %w", id, err)
	}
	c, err := scanCall(stmt.QueryRowContext(ctx, string(id)))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the record of call %s: %w", id, err)
	}
	p.keep(c)
	return c, nil
}

// save writes every call that changed since the last save.
func (p *projector) save(ctx context.Context) error {
	for _, c := range p.order {
		if !c.dirty {
			continue
		}
		c.dirty = false
		if err := p.saveCall(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

func (p *projector) saveCall(ctx context.Context, c *callRow) error {
	path, err := json.Marshal(c.rec.FlowPath)
	if err != nil {
		return fmt.Errorf("cannot write the path of call %s: %w", c.rec.ID, err)
	}
	r := &c.rec
	return p.exec(ctx, `INSERT OR REPLACE INTO call (`+callColumns+`) VALUES
		(?,?,?,?,?,?,?,?,?,?,?, ?,?,?,?,?,?,?,?,?, ?,?,?,?,?,?,?,?)`,
		int64(c.seq), string(r.ID), int64(c.boot), string(r.Direction), string(r.From), r.Name, string(r.To), r.Port, string(path),
		string(r.Queue), string(r.Agent), r.Began.UnixMicro(), micros(r.Answered), micros(r.Queued), micros(r.Connected),
		micros(r.Ended), int64(r.Wait), int64(r.Talk), int64(r.Hold), int64(r.ACW), string(r.EndedBy), string(r.Cause), r.Evidence,
		c.waiting.column(), c.talking.column(), c.holding.column(), c.holders, r.AnswerEvidence)
}

// scanner is a row of a result.
type scanner interface{ Scan(...any) error }

func scanCall(row scanner) (*callRow, error) {
	c := &callRow{}
	r := &c.rec
	var path string
	var began int64
	var answered, queued, connected, ended, waiting, talking, holding sql.NullInt64
	var wait, talk, hold, acw int64
	err := row.Scan(&c.seq, &r.ID, &c.boot, &r.Direction, &r.From, &r.Name, &r.To, &r.Port, &path, &r.Queue, &r.Agent,
		&began, &answered, &queued, &connected, &ended, &wait, &talk, &hold, &acw,
		&r.EndedBy, &r.Cause, &r.Evidence, &waiting, &talking, &holding, &c.holders, &r.AnswerEvidence)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal([]byte(path), &r.FlowPath); err != nil {
		return nil, fmt.Errorf("cannot read the path of call %s: %w", r.ID, err)
	}
	r.Began = time.UnixMicro(began).UTC()
	r.Answered, r.Queued, r.Connected, r.Ended = instant(answered), instant(queued), instant(connected), instant(ended)
	r.Wait, r.Talk, r.Hold, r.ACW = time.Duration(wait), time.Duration(talk), time.Duration(hold), time.Duration(acw)
	c.waiting, c.talking, c.holding = stopwatch(waiting), stopwatch(talking), stopwatch(holding)
	return c, nil
}

// column is the start of what runs, NULL when nothing does.
func (w running) column() any {
	if !w.on {
		return nil
	}
	return int64(w.from)
}

func stopwatch(v sql.NullInt64) running {
	return running{on: v.Valid, from: time.Duration(v.Int64)}
}

// micros is an instant as the book keeps it, NULL for one that never came.
func micros(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMicro()
}

func instant(v sql.NullInt64) time.Time {
	if !v.Valid {
		return time.Time{}
	}
	return time.UnixMicro(v.Int64).UTC()
}
