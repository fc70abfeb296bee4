package app

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/centralita/centralita/board"
	"github.com/centralita/centralita/board/dahdi"
)

// laterEvery is how often channels are looked for that were not there at the start.
const laterEvery = 20 * time.Second

// awaitLate looks for channels of telephone cards that lines or telephones are wired to
// and that were not there at the start: their module was loaded later, or the card was
// plugged in. What a channel can do is asked of it when the house is built; so when
// one has come, and no call is going on, the house starts anew.
func (h *House) awaitLate(ctx context.Context) error {
	missing := h.missingChannels()
	if len(missing) == 0 || h.out.DAHDI == nil {
		return nil
	}
	t := time.NewTicker(laterEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
		for _, n := range missing {
			if err := dahdi.Ready(dahdi.Config{Kernel: h.out.DAHDI, EchoCancel: hardwareEcho(h.cfg), Log: h.log}, n); err != nil {
				h.log.Debug("a channel is not there yet", "channel", n, "err", err)
				continue
			}
			h.log.Info("a channel that was not there at the start has come; the house starts anew when it is idle", "channel", n)
			if err := h.whenIdle(ctx, 0); err != nil {
				return nil // ctx has ended
			}
			h.startAnew(fmt.Sprintf("channel dahdi/%d has come", n))
			return nil
		}
	}
}

// missingChannels are the numbers of the channels that something is wired to and that
// could not be opened. One that is there and of the wrong kind is not waited for.
func (h *House) missingChannels() []int {
	var out []int
	for _, p := range h.wires {
		if _, absent := p.(*board.Absent); !absent {
			continue
		}
		name := p.Info().Name
		var n int
		if _, err := fmt.Sscanf(name, dahdi.Name+"/%d", &n); err == nil && strings.HasPrefix(name, dahdi.Name+"/") && h.board.Port(name) == nil {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out
}
