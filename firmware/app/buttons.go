package app

import (
	"context"
	"time"

	"github.com/centralita/centralita/firmware/exchange"
	"github.com/centralita/centralita/firmware/panel"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
	"github.com/centralita/centralita/hal/button"
)

// byButton is who presses a button: somebody who stands before the box.
var byButton = tel.Who{Name: string(tel.DoorButton), Via: tel.DoorButton}

// holding is what buttons do that must be held.
type holding struct {
	h      *House
	m      panel.Holder
	erased chan error // an erasing that was ordered has ended
}

// pressed obeys the buttons until ctx ends or they are gone.
func (h *House) pressed(ctx context.Context) error {
	hold := holding{h: h, erased: make(chan error, 1)}
	ctx, stop := context.WithCancel(ctx)
	var erasing int
	defer func() {
		stop()
		for range erasing {
			<-hold.erased
		}
	}()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		var due <-chan time.Time
		if at, ok := hold.m.Deadline(); ok {
			timer.Reset(time.Until(at))
			due = timer.C
		}
		var ev panel.HoldEvent
		select {
		case <-ctx.Done():
			return nil
		case e, ok := <-h.real.buttons.Events():
			if !ok {
				h.log.Error("the buttons are gone")
				return nil
			}
			if ev = h.event(e); ev == nil {
				if e.Kind == button.Pressed {
					h.press(ctx, h.real.does[e.Button])
				}
				continue
			}
		case <-due:
			ev = panel.TimedOut{}
		case err := <-hold.erased:
			erasing--
			if ev = (panel.Failed{}); err == nil {
				continue // the house ends
			}
			h.log.Error("the factory reset by a button", "err", err)
		}
		if hold.step(ctx, ev) {
			erasing++
		}
	}
}

// event is what a button that must be held tells; nil: this one need not be.
func (h *House) event(e button.Event) panel.HoldEvent {
	does := h.real.does[e.Button]
	boot := e.AtOpen && !h.follows
	switch {
	case does == "restart" && !e.AtOpen, does == "reset", does == "ok" && boot:
	case does == "restart", does == "ok" && e.AtOpen:
		return panel.Up{Button: e.Button} // it was down when there was nothing to press it for
	default:
		return nil
	}
	switch {
	case e.Kind == button.Released:
		return panel.Up{Button: e.Button}
	case e.Kind != button.Pressed:
		return panel.TimedOut{} // how long it is down is counted here
	case does == "restart":
		if _, _, waits := (boxDesk{h}).Waits(); waits {
			return panel.Down{Button: e.Button, Does: view.DeedKeep}
		}
		return panel.Down{Button: e.Button, Does: view.DeedRestart}
	case e.AtOpen && h.follows:
		return panel.Up{Button: e.Button} // another house was erased or ended under the finger
	}
	return panel.Down{Button: e.Button, Does: view.DeedErase, OK: does == "ok", Late: !boot}
}

// step tells the machine and does what it wants; erases reports that an erasing began.
func (o *holding) step(ctx context.Context, ev panel.HoldEvent) (erases bool) {
	h := o.h
	for _, e := range o.m.Step(time.Now(), ev, nil) {
		switch e := e.(type) {
		case panel.ShowHeld:
			h.held.Store(e.Held)
			h.repaint()
		case panel.Order:
			h.panel.Press(panel.Taken)
			switch e.Does {
			case view.DeedKeep:
				(boxDesk{h}).Cancel(byButton)
			case view.DeedErase:
				erases = true
				go func() { o.erased <- boxDesk{h}.Erase(ctx, byButton) }()
			case view.DeedRestart:
				if err := (boxDesk{h}).WhenIdle(byButton); err != nil {
					h.log.Error("the restart by a button", "err", err)
				}
			}
		}
	}
	return erases
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
