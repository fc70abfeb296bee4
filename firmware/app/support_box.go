package app

import (
	"context"
	"fmt"
	"strings"

	"github.com/centralita/centralita/firmware/redact"
	"github.com/centralita/centralita/firmware/support"
)

// What a support bundle tells of the box itself, beside the house in it.

// keptBox are the texts of its slots and versions that may be shown.
var keptBox = map[string]bool{
	"slotwire.Slot.Version": true, "slotwire.State.Board": true, "slotwire.State.Running": true, "slotwire.State.Good": true, "slotwire.State.Try": true,
	"slotwire.State.Why": true, "slotwire.State.Record": true, "slotwire.Doing.What": true, "slotwire.Progress.Step": true, "slotwire.Status.Trial": true,
	"slotwire.Status.Ring": true, "slotwire.Status.Why": true, "slotwire.Status.URL host": true, "slotwire.Notice.ID": true, "slotwire.Notice.EN": true, "slotwire.Notice.HintEN": true,
	"ctl.Manifest.Board": true, "ctl.Manifest.Version": true,
	"life.Person.Via": true, "life.Version.From": true, "life.Version.Digest": true, "life.Version.State": true, "life.Version.Why": true, "life.Index.Taken": true,
}

// tellUpdates is what the slots hold, what waits and what became of the last trial.
func (h *House) tellUpdates(ctx context.Context) ([]byte, error) {
	st, err := h.updates.Status(ctx)
	if err != nil {
		return nil, err // a machine without slots says so
	}
	return support.JSON(redact.Tree(st, keptBox))
}

// tellVersions is which versions of the configuration were used, without their documents
// and without who made them.
func (h *House) tellVersions() any {
	if h.life == nil {
		return map[string]any{"kept": false}
	}
	x, using, returning := h.life.Status()
	return map[string]any{"kept": true, "using": using, "returning": returning, "versions": redact.Tree(x, keptBox)}
}

// tellFront is what stands on the display, and the lamps.
func (h *House) tellFront(context.Context) ([]byte, error) {
	rows, s := h.front.Rows(), h.store.Get()
	var b strings.Builder
	for _, r := range rows {
		fmt.Fprintf(&b, "|%s|\n", redact.Numbers(r))
	}
	fmt.Fprintf(&b, "health: %s\n", s.Health())
	for _, l := range s.Lines {
		fmt.Fprintf(&b, "%s: %s\n", l.ID, l.Lamp)
	}
	return []byte(b.String()), nil
}
