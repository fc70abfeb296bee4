package app

import (
	"fmt"
	"io"
	"time"

	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/console"
	"github.com/centralita/centralita/firmware/tel"
)

// booked tells the book who took or brought what; a copy that leaves the box is worth a
// row.
func (h *House) booked(who tel.Who, what, where string) {
	h.book.Append(call.Fact{Kind: call.Ordered, At: time.Now(), State: what, Reason: whose(who), Evidence: where})
}

// took books what somebody took: n bytes of it, and all of it unless err. What was refused
// before its first byte left nothing to tell.
func (h *House) took(who tel.Who, what, where string, n int64, err error) {
	switch {
	case err == nil:
		h.booked(who, what, fmt.Sprintf("%s, %d bytes", where, n))
	case n > 0:
		h.booked(who, what, fmt.Sprintf("%s, broken off after %d bytes", where, n))
	}
}

// give lets write make what somebody takes through w, and books it.
func (h *House) give(who tel.Who, what string, w io.Writer, write func(io.Writer) error) error {
	out := &console.Counted{To: w}
	err := write(out)
	h.took(who, what, string(who.Via), out.N, err)
	return err
}

// exported books who took calls of the book.
func (h *House) exported(who tel.Who, bytes int64, err error) {
	h.took(who, "book export", string(who.Via), bytes, err)
}
