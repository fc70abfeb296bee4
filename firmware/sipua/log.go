package sipua

import (
	"context"
	"log/slog"

	"github.com/emiago/sipgo/sip"

	"github.com/centralita/centralita/firmware/sipua/screen"
)

// Parts of sipgo log through a global of the library, at any level and with
// whole messages in it. It is set before any goroutine exists, to what the
// program's log shows when it is asked for everything.
var _ = func() slog.Handler {
	h := screen.QuietLog(asides{})
	sip.SetDefaultLogger(slog.New(h))
	return h
}()

// asides hands records to the program's log as remarks for who looks for faults.
type asides struct{}

// Enabled implements slog.Handler.
func (asides) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && slog.Default().Enabled(ctx, slog.LevelDebug)
}

// Handle implements slog.Handler.
func (asides) Handle(ctx context.Context, r slog.Record) error {
	r.Level = slog.LevelDebug
	return slog.Default().Handler().Handle(ctx, r)
}

// WithAttrs implements slog.Handler; the library's attributes name its parts, which tell nobody anything.
func (a asides) WithAttrs([]slog.Attr) slog.Handler { return a }

// WithGroup implements slog.Handler.
func (a asides) WithGroup(string) slog.Handler { return a }
