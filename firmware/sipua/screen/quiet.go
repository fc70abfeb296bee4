package screen

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// QuietLog wraps the log handler that sipgo gets. sipgo prints whole messages
// when it cannot parse them: texts are cut to a line of at most 160 bytes without
// control characters, and of records with the same message at most five a minute
// pass; the next one says how many were left out.
func QuietLog(h slog.Handler) slog.Handler {
	return &quiet{Handler: h, count: &sampler{m: map[string]*sample{}}}
}

const (
	quietBytes   = 160
	quietRecords = 5
	quietSpan    = time.Minute
	quietTexts   = 256 // different messages counted apart
)

type quiet struct {
	slog.Handler
	count *sampler
}

type sampler struct {
	mu sync.Mutex
	m  map[string]*sample
}

type sample struct {
	from time.Time
	n    int
	left int
}

// Handle implements slog.Handler.
func (q *quiet) Handle(ctx context.Context, r slog.Record) error {
	text := cut(r.Message)
	left, ok := q.count.pass(r.Time, text)
	if !ok {
		return nil
	}
	out := slog.NewRecord(r.Time, r.Level, text, r.PC)
	r.Attrs(func(a slog.Attr) bool {
		out.AddAttrs(cutAttr(a))
		return true
	})
	if left > 0 {
		out.AddAttrs(slog.Int("left_out", left))
	}
	return q.Handler.Handle(ctx, out)
}

// WithAttrs implements slog.Handler.
func (q *quiet) WithAttrs(as []slog.Attr) slog.Handler {
	short := make([]slog.Attr, len(as))
	for i, a := range as {
		short[i] = cutAttr(a)
	}
	return &quiet{Handler: q.Handler.WithAttrs(short), count: q.count}
}

// WithGroup implements slog.Handler.
func (q *quiet) WithGroup(name string) slog.Handler {
	return &quiet{Handler: q.Handler.WithGroup(name), count: q.count}
}

// pass counts one record and reports whether it is written, and how many were not.
func (s *sampler) pass(now time.Time, text string) (left int, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.m[text]
	if x == nil {
		if len(s.m) >= quietTexts {
			text = "" // all further texts share one count
			x = s.m[text]
		}
		if x == nil {
			x = &sample{from: now}
			s.m[text] = x
		}
	}
	if now.Sub(x.from) >= quietSpan {
		x.from, x.n = now, 0
	}
	if x.n++; x.n > quietRecords {
		x.left++
		return 0, false
	}
	left, x.left = x.left, 0
	return left, true
}

func cutAttr(a slog.Attr) slog.Attr {
	v := a.Value.Resolve()
	switch v.Kind() {
	case slog.KindString:
		return slog.String(a.Key, cut(v.String()))
	case slog.KindGroup:
		as := v.Group()
		short := make([]any, len(as))
		for i, x := range as {
			short[i] = cutAttr(x)
		}
		return slog.Group(a.Key, short...)
	case slog.KindAny:
		return slog.String(a.Key, cut(v.String()))
	}
	return a
}

// cut makes one harmless line of s.
func cut(s string) string {
	more := len(s) > quietBytes
	if more {
		s = s[:quietBytes]
		for len(s) > 0 && !utf8.ValidString(s[len(s)-1:]) && !utf8.RuneStart(s[len(s)-1]) {
			s = s[:len(s)-1]
		}
	}
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7F && r < 0xA0 || r == utf8.RuneError || r >= 0x2028 && r <= 0x202E {
			return ' '
		}
		return r
	}, s)
	if more {
		s += "…"
	}
	return s
}
