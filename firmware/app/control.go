package app

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/centralita/centralita/firmware/console"
	"github.com/centralita/centralita/firmware/exchange"
	"github.com/centralita/centralita/firmware/ivr/flow"
	"github.com/centralita/centralita/firmware/panel"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
)

// control is what people order, as the console asks for it.
type control struct{ x *exchange.Exchange }

// order waits until the exchange has answered.
func (c control) order(ctx context.Context, what exchange.Change) error {
	answer := make(chan error, 1)
	c.x.Post(exchange.Order{What: what, Done: func(err error) { answer <- err }})
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return fmt.Errorf("cannot wait for the exchange: %w", context.Cause(ctx))
	}
}

// Login implements console.Control.
func (c control) Login(ctx context.Context, agent tel.AgentID, ext tel.Number) error {
	return c.order(ctx, exchange.Login{Agent: agent, Ext: ext})
}

// Logout implements console.Control.
func (c control) Logout(ctx context.Context, agent tel.AgentID) error {
	return c.order(ctx, exchange.Logout{Agent: agent})
}

// Pause implements console.Control.
func (c control) Pause(ctx context.Context, agent tel.AgentID, reason string) error {
	return c.order(ctx, exchange.Pause{Agent: agent, Reason: reason})
}

// Unpause implements console.Control.
func (c control) Unpause(ctx context.Context, agent tel.AgentID) error {
	return c.order(ctx, exchange.Unpause{Agent: agent})
}

// positions of a night switch, as commands and the book name them.
var positions = map[string]flow.Override{"auto": flow.Auto, "open": flow.ForcedOpen, "closed": flow.ForcedClosed}

// Schedule implements console.Control.
func (c control) Schedule(ctx context.Context, id, mode string) error {
	o, ok := positions[mode]
	if !ok {
		return fmt.Errorf("cannot switch %s to %q: auto, open or closed", id, mode)
	}
	return c.order(ctx, exchange.Night{Schedule: id, Override: o})
}

// Messages implements console.Control.
func (c control) Messages(ctx context.Context, ext tel.Number, n int) error {
	return c.order(ctx, exchange.MessageWaiting{Ext: ext, Count: n})
}

// Messages tells a phone's owner how many messages wait, for whoever keeps them.
func (h *House) Messages(ctx context.Context, ext tel.Number, n int) error {
	return control{h.exchange}.Messages(ctx, ext, n)
}

// desk is what answers commands, at every door.
func (h *House) desk() *console.Console {
	return console.New(console.Deps{
		Net: netDesk{h}, Box: boxDesk{h}, Updates: h.updates,
		View: h.store.Get, Book: h.book, Control: control{h.exchange}, Lines: technician{control{h.exchange}, h}, Phones: h.accounts, Secrets: secretDesk{h}, Panel: h.drawFront, TestLamps: func() { h.panel.Press(panel.LampTest) },
		Lang: h.cfg.Site.Language, Location: h.cfg.Site.Location, Log: h.log, Now: h.clock.Now, Time: clockDesk{h}, Journal: h.journal, Config: h.configDesk(), Support: bundler{h}, Backups: h.backups(), Exported: h.exported,
		Access: accounts{h.doors.access}, Accounts: h.doors.access, SSH: h.sshState,
		Title: fmt.Sprintf("Centralita %s · %s", Version, h.conf().Site.Name),
	})
}

func (h *House) serveConsole(ctx context.Context) error { return h.desk().Serve(ctx, h.out.Control) }

// accounts are what has to be typed into SIP phones.
func (h *House) accounts() []console.Account {
	var out []console.Account
	for _, f := range h.conf().Phones {
		if !f.SIP {
			continue
		}
		a := console.Account{Ext: f.Ext, Name: f.Name, Server: h.out.SIP.LocalAddr().String(), User: string(f.Ext)}
		var err error
		if a.Secret, err = phoneSecret(f, h.secrets); err != nil { // it was there at the start
			h.log.Error("accounts", "ext", f.Ext, "err", err)
		}
		if at := h.here(); at.IsValid() {
			a.Server = at.String()
		}
		out = append(out, a)
	}
	return out
}

// drawFront draws the front of the box, as it is now, for a terminal.
func (h *House) drawFront(*view.Snapshot, time.Time) (rows [4]string, lamps string) {
	f := h.panel.Frame()
	var b strings.Builder
	for _, l := range f.Lamps {
		fmt.Fprintf(&b, "%s%c ", l.ID, l.Lamp.Look().Sign)
	}
	return f.Rows, strings.TrimSpace(b.String())
}
