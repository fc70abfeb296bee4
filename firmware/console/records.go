package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// record is what the table of calls needs of a line of the book.
type record struct {
	ID        string     `json:"id"`
	Direction string     `json:"direction"`
	From      string     `json:"from"`
	To        string     `json:"to"`
	Port      string     `json:"port"`
	Queue     string     `json:"queue"`
	Agent     string     `json:"agent"`
	Began     time.Time  `json:"began"`
	Connected *time.Time `json:"connected"`
	Ended     *time.Time `json:"ended"`
	Wait      float64    `json:"wait_s"`
	Talk      float64    `json:"talk_s"`
	EndedBy   string     `json:"ended_by"`
	Cause     string     `json:"cause"`
}

// showCalls prints calls of the book: as JSON all of them, for people 20.
func showCalls(ctx context.Context, s *session) int {
	n := 20
	if s.r.json {
		n = 0
	}
	n, err := s.r.count(n)
	if err != nil {
		return s.fail(Usage, err)
	}
	if s.c.d.Book == nil {
		return s.stopped()
	}
	w := []int{12, 1, 12, 6, 8, 7, -5, -7, 14}
	if !s.r.json {
		s.row(w, s.t("Empezó", "Began"), "", s.t("Con", "With"), s.t("Por", "Via"), s.t("Cola", "Queue"), s.t("Agente", "Agent"),
			s.t("Esp.", "Wait"), s.t("Habla", "Talk"), s.t("Final", "End"))
	}
	for line, err := range s.c.d.Book.CallLines(ctx, time.Time{}, n) {
		if err != nil {
			return s.fail(NotFine, err)
		}
		if s.r.json {
			s.printf("%s\n", line)
		} else if err := s.call(w, line); err != nil {
			return s.fail(NotFine, err)
		}
		if s.err != nil {
			return NotFine
		}
	}
	return Fine
}

func (s *session) call(w []int, line []byte) error {
	var r record
	if err := json.Unmarshal(line, &r); err != nil {
		return fmt.Errorf("cannot read a call of the book: %w", err)
	}
	way, with := "<", r.From
	switch r.Direction {
	case "out":
		way, with = ">", r.To
	case "internal":
		way, with = "-", r.From+" "+r.To
	}
	end := s.t("sigue", "going on")
	if r.Ended != nil {
		end = s.cause(r.Cause, r.EndedBy)
	}
	talk := ""
	if r.Connected != nil {
		talk = span(seconds(r.Talk))
	}
	s.row(w, s.day(r.Began), way, safe(with), safe(r.Port), safe(r.Queue), safe(r.Agent), span(seconds(r.Wait)), talk, end)
	return nil
}

func seconds(n float64) time.Duration { return time.Duration(n * float64(time.Second)) }

// cause says why a call ended, in at most 14 letters.
func (s *session) cause(cause, by string) string {
	if cause == "normal" {
		switch by {
		case "caller":
			return s.t("colgó llamante", "caller hung up")
		case "agent":
			return s.t("colgó agente", "agent hung up")
		case "called":
			return s.t("colgó llamado", "called hung up")
		}
		return s.t("colgó", "hung up")
	}
	es := map[string]string{
		"abandoned": "abandonó", "busy": "ocupado", "no answer": "no contesta", "refused": "rechazada",
		"unreachable": "inaccesible", "invalid": "no existe", "forbidden": "no permitida", "congestion": "sin líneas",
		"cancelled": "anulada", "answered": "contestada", "no codec": "sin códec", "closed": "cerrado", "flow": "menú", "fax": "fax",
		"timeout": "límite", "limit": "límite", "lost": "perdida", "power lost": "sin corriente", "shutdown": "parada", "error": "avería",
		"loop drop": "colgó (bucle)", "reversal": "colgó (polo)", "release tone": "colgó (tono)",
	}[cause]
	if es == "" {
		es = cause
	}
	return safe(s.t(es, cause))
}

// broken is the error of a book whose chain does not hold.
type broken interface {
	error
	Number() uint64
}

// bookVerify checks the chain and names the first broken number.
func bookVerify(ctx context.Context, s *session) int {
	if s.c.d.Book == nil {
		return s.stopped()
	}
	last, err := s.c.d.Book.Verify(ctx)
	if b, ok := errors.AsType[broken](err); ok {
		if s.r.json {
			s.json(map[string]any{"ok": false, "broken": b.Number(), "why": safe(err.Error())})
			return NotFine
		}
		s.line(fmt.Sprintf(s.t("Libro roto en el número %d.", "Book broken at number %d."), b.Number()))
		s.wrap(" ", "  ", safe(err.Error()))
		return NotFine
	}
	if err != nil {
		return s.fail(NotFine, err)
	}
	if s.r.json {
		s.json(map[string]any{"ok": true, "last": last})
		return Fine
	}
	s.line(fmt.Sprintf(s.t("Libro sano: %d hechos en cadena, sin huecos.", "Book sound: %d events in the chain, no gaps."), last))
	return Fine
}

// bookTail prints the last events.
func bookTail(ctx context.Context, s *session) int {
	n, err := s.r.count(20)
	if err != nil {
		return s.fail(Usage, err)
	}
	if s.c.d.Book == nil {
		return s.stopped()
	}
	for line, err := range s.c.d.Book.TailLines(ctx, n) {
		if err != nil {
			return s.fail(NotFine, err)
		}
		if s.r.json {
			s.printf("%s\n", line)
		} else if err := s.event(line); err != nil {
			return s.fail(NotFine, err)
		}
		if s.err != nil {
			return NotFine
		}
	}
	return Fine
}

// event prints one event: number, time, kind, and what it says.
func (s *session) event(line []byte) error {
	var e struct {
		Seq  uint64         `json:"seq"`
		At   time.Time      `json:"at"`
		Kind string         `json:"kind"`
		Body map[string]any `json:"body"`
	}
	if err := json.Unmarshal(line, &e); err != nil {
		return fmt.Errorf("cannot read an event of the book: %w", err)
	}
	text := s.t("(borrado)", "(erased)")
	if e.Body != nil {
		var parts []string
		for _, k := range [...]string{"call", "agent", "ext", "port", "trunk", "queue", "direction", "from", "name", "to", "node",
			"state", "reason", "by", "cause", "evidence", "ms"} {
			if v, ok := e.Body[k]; ok {
				parts = append(parts, safe(fmt.Sprint(v)))
			}
		}
		text = strings.Join(parts, " · ")
	}
	s.line(fmt.Sprintf("%7d %s %s %s", e.Seq, s.clock(e.At), cell(safe(e.Kind), 15), text))
	return nil
}
