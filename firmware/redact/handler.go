package redact

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"
)

// Handler returns a handler that gives each record to put as one line of text:
// numbers of callers are masked, secrets left out, control characters gone.
func Handler(least slog.Level, put func(at time.Time, l slog.Level, text string)) slog.Handler {
	return &handler{put: put, least: least}
}

type handler struct {
	put    func(time.Time, slog.Level, string)
	least  slog.Level
	group  string // with its point
	before string // attributes of With, written already
}

// Enabled implements slog.Handler.
func (h *handler) Enabled(_ context.Context, l slog.Level) bool { return l >= h.least }

// Handle implements slog.Handler.
func (h *handler) Handle(_ context.Context, r slog.Record) error {
	var b strings.Builder
	b.WriteString(Numbers(r.Message))
	b.WriteString(h.before)
	r.Attrs(func(a slog.Attr) bool {
		write(&b, h.group, a)
		return true
	})
	h.put(r.Time, r.Level, Line(b.String()))
	return nil
}

// WithAttrs implements slog.Handler.
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	var b strings.Builder
	for _, a := range attrs {
		write(&b, h.group, a)
	}
	more := *h
	more.before += b.String()
	return &more
}

// WithGroup implements slog.Handler.
func (h *handler) WithGroup(name string) slog.Handler {
	more := *h
	if name != "" {
		more.group += name + "."
	}
	return &more
}

// write writes " key=value". Numbers that the program counted stay as they are;
// in texts they may be a caller's.
func write(b *strings.Builder, group string, a slog.Attr) {
	v := a.Value.Resolve()
	if v.Kind() == slog.KindGroup {
		if a.Key != "" {
			group += a.Key + "."
		}
		for _, in := range v.Group() {
			write(b, group, in)
		}
		return
	}
	if a.Key == "" {
		return
	}
	text := ""
	switch v.Kind() {
	case slog.KindString, slog.KindAny:
		if Secret(a.Key) {
			v = slog.StringValue(Hidden)
		}
	}
	switch v.Kind() {
	case slog.KindTime:
		text = v.Time().Format(time.RFC3339Nano)
	case slog.KindAny:
		if err, ok := v.Any().(error); ok {
			text = Numbers(err.Error())
		} else {
			text = Numbers(fmt.Sprint(v.Any()))
		}
	case slog.KindString:
		text = Numbers(v.String())
	default:
		text = v.String()
	}
	b.WriteByte(' ')
	b.WriteString(group + a.Key)
	b.WriteByte('=')
	if quoted(text) {
		text = strconv.Quote(text)
	}
	b.WriteString(text)
}

// quoted reports whether a value needs quotes, so that it cannot look like another
// attribute or another line.
func quoted(s string) bool {
	return s == "" || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == '"' || r == '=' || r == '\\' || !strconv.IsPrint(r) })
}
