package app

import (
	"context"

	"github.com/centralita/centralita/firmware/exchange"
	"github.com/centralita/centralita/firmware/panel"
	"github.com/centralita/centralita/hal/button"
)

// pressed obeys the buttons until ctx ends or they are gone.
func (h *House) pressed(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case e, ok := <-h.real.buttons.Events():
			if !ok {
				h.log.Error("the buttons are gone")
				return nil
			}
			if e.Kind == button.Pressed {
				h.press(ctx, h.real.does[e.Button])
			}
		}
	}
}

// keys are the buttons that the panel obeys itself.
var keys = map[string]panel.Key{"next": panel.Next, "prev": panel.Prev, "ok": panel.OK, "lamp_test": panel.LampTest}

// press does what a button is for.
func (h *House) press(ctx context.Context, does string) {
	if k, ok := keys[does]; ok {
		h.panel.Press(k)
		return
	}
	if err := h.turnNight(ctx); err != nil {
		h.log.Error("cannot turn the night switch", "err", err)
		return
	}
	h.panel.Press(panel.Taken)
}

// turnNight closes every schedule, or gives them back to the clock where a person
// has closed one. The exchange books it.
func (h *House) turnNight(ctx context.Context) error {
	left, err := h.book.Switches(ctx)
	if err != nil {
		return err
	}
	to := "closed"
	for _, s := range h.conf().Schedules {
		if left[s.ID] == to {
			to = "auto"
			break
		}
	}
	for _, s := range h.conf().Schedules {
		if err := (control{h.exchange}).order(ctx, exchange.Night{Schedule: s.ID, Override: positions[to]}); err != nil {
			return err
		}
	}
	return nil
}
