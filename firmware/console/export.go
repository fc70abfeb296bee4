package console

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// bookGap says which numbers of the book each uplink has not acknowledged. With --check
// it exits with 1 while there are some.
func bookGap(_ context.Context, s *session) int {
	v, ok := s.picture()
	if !ok {
		return s.stopped()
	}
	code := Fine
	if !s.r.json {
		s.line(fmt.Sprintf(s.t("El libro llega al número %d.", "The book ends at number %d."), v.Book.Last))
		if len(v.Uplinks) == 0 {
			s.line(s.t("Ningún enlace lo recibe.", "No uplink takes it."))
		}
	}
	for _, u := range v.Uplinks {
		missing := u.Pending > 0
		if missing && s.r.check {
			code = NotFine
		}
		switch {
		case s.r.json:
			s.json(map[string]any{"uplink": u.ID, "acked": u.Acked, "pending": u.Pending, "last": v.Book.Last, "error": u.Error})
		case !missing:
			s.line(fmt.Sprintf(s.t("%s %s: no falta nada", "%s %s: nothing is missing"), sign(u.Lamp), safe(u.ID)))
		default:
			text := fmt.Sprintf(s.t("le faltan %d, de %d a %d", "%d are missing, from %d to %d"), u.Pending, u.Acked+1, u.Acked+u.Pending)
			if u.Error != "" {
				text += "; " + safe(s.plain(u.Error))
			}
			s.wrap(sign(u.Lamp)+" "+safe(u.ID)+":", "  ", text)
		}
	}
	return code
}

// exported are the columns of an export, as the members of a call's object.
var exported = []string{"id", "direction", "from", "to", "port", "queue", "agent", "began", "answered", "queued", "connected", "ended",
	"wait_s", "talk_s", "hold_s", "acw_s", "ended_by", "cause", "evidence"}

// bookExport writes the calls of the last days, or all, as CSV or as lines of JSON, and
// has it booked.
func bookExport(ctx context.Context, s *session) int {
	format, from := s.r.args[0], time.Time{}
	if format != "csv" && format != "json" {
		return s.fail(Usage, usageError{"el formato es csv o json", "the format is csv or json"})
	}
	if len(s.r.args) == 2 {
		n, err := strconv.Atoi(s.r.args[1])
		if err != nil || n < 1 || n > 36600 {
			return s.fail(Usage, usageError{"los días son de 1 a 36600", "days are 1 to 36600"})
		}
		from = s.now.AddDate(0, 0, -n)
	}
	if s.c.d.Book == nil {
		return s.stopped()
	}
	out := &Counted{To: s.out}
	s.out = out
	err := s.export(ctx, format, from)
	if s.c.d.Exported != nil {
		s.c.d.Exported(s.who, out.N, errors.Join(err, s.err))
	}
	switch s.out = out.To; {
	case err != nil:
		return s.fail(NotFine, err)
	case s.err != nil:
		return NotFine
	}
	return Fine
}

// Counted counts what somebody takes.
type Counted struct {
	To io.Writer
	N  int64 // bytes
}

// Write implements io.Writer.
func (c *Counted) Write(b []byte) (int, error) {
	n, err := c.To.Write(b)
	c.N += int64(n)
	return n, err
}

// export writes the calls since an instant. What keeps them from being read is its error;
// what keeps them from being taken is that of s.
func (s *session) export(ctx context.Context, format string, from time.Time) error {
	w := csv.NewWriter(s.out)
	if format == "csv" {
		s.err = w.Write(exported)
	}
	for line, err := range s.c.d.Book.CallLines(ctx, from, 0) {
		if err != nil {
			return err
		}
		if format == "json" {
			s.printf("%s\n", line)
		} else if s.err == nil {
			var row []string
			if row, err = csvRow(line); err != nil {
				return err
			}
			if s.err = w.Write(row); s.err == nil {
				w.Flush()
				s.err = w.Error()
			}
		}
		if s.err != nil {
			return nil
		}
	}
	w.Flush()
	s.err = errors.Join(s.err, w.Error())
	return nil
}

// csvRow is one call as cells.
func csvRow(line []byte) ([]string, error) {
	var call map[string]any
	if err := json.Unmarshal(line, &call); err != nil {
		return nil, fmt.Errorf("cannot read a call of the book: %w", err)
	}
	row := make([]string, len(exported))
	for i, k := range exported {
		switch v := call[k].(type) {
		case string:
			row[i] = plainCell(safe(v))
		case float64:
			row[i] = strconv.FormatFloat(v, 'f', -1, 64)
		}
	}
	return row, nil
}

// plainCell keeps a spreadsheet from taking text for a formula: what begins like one
// gets an apostrophe, which is how they write text.
func plainCell(text string) string {
	if text != "" && strings.ContainsAny(text[:1], "=+-@") || strings.HasPrefix(text, "＝") || strings.HasPrefix(text, "＋") || strings.HasPrefix(text, "－") || strings.HasPrefix(text, "＠") {
		return "'" + text
	}
	return text
}
