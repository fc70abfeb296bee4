package app

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/centralita/centralita/firmware/config"
	"github.com/centralita/centralita/firmware/exchange"
	"github.com/centralita/centralita/firmware/tel"
)

// conf is the configuration that the house works by at present.
func (h *House) conf() *config.Config { return h.present.Load() }

// swapWithin is how long the parts of the house have to take over a configuration.
const swapWithin = 20 * time.Second

// Swap implements life.House: the house works by doc from now on, while calls go
// on. All that can be made ready or refused beforehand is, before anything changes.
func (h *House) Swap(ctx context.Context, n int, doc []byte) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), swapWithin) // a console that leaves does not stop it halfway
	defer cancel()
	h.taking.Lock()
	defer h.taking.Unlock()
	cfg, err := h.parse(versionName(h.dir, n), doc)
	if err != nil {
		return err
	}
	if err := mayLive(h.conf(), cfg); err != nil {
		return err
	}
	tones, err := plans(cfg)
	if err != nil {
		return err
	}
	sip, err := sipSettings(cfg, h.secrets, h.out)
	if err != nil {
		return err
	}
	uplinks, err := h.uplinks.prepare(h, cfg, h.secrets)
	if err != nil {
		return err
	}
	far, err := h.farServer(cfg)
	if err != nil {
		return err
	}
	set := settings(cfg, h.wires, Version)
	if set.Schedules, err = h.switches(cfg); err != nil {
		return err
	}
	if err := h.remember(&set); err != nil {
		return err
	}
	for _, l := range cfg.Lines {
		if p := h.pumps[l.ID]; p != nil {
			if err := p.Tune(l.Echo, category(l)); err != nil {
				return fmt.Errorf("cannot hear line %s: %w", l.ID, err)
			}
		}
	}
	h.audio.lines.Store(&tones)
	if err := (control{h.exchange}).order(ctx, exchange.Reconfigure{Settings: set}); err != nil {
		return err
	}
	if err := h.sip.Apply(sip); err != nil {
		return err
	}
	h.uplinks.swap(uplinks)
	h.syslog.swap(far)
	h.present.Store(cfg)
	h.exchange.Post(exchange.OnNews{})
	return nil
}

// parse reads and checks a document and puts the command line's words over it.
func (h *House) parse(name string, doc []byte) (*config.Config, error) {
	cfg, problems := config.Parse(name, doc, h.prompts.Has)
	if len(problems) > 0 {
		return nil, fmt.Errorf("cannot use the configuration: %d problems, the first: %s", len(problems), problems[0])
	}
	if h.override != nil {
		if err := h.override(cfg); err != nil {
			return nil, err
		}
	}
	return cfg, nil
}

// errRestart is a change that no running house can take over.
var errRestart = errors.New("that takes a restart")

// mayLive refuses what a running house cannot take over. The comparison of documents
// has said so before; this holds it to what the documents mean.
func mayLive(a, b *config.Config) error {
	for _, c := range []struct {
		what string
		a, b any
	}{
		{"site.id", a.Site.ID, b.Site.ID}, {"site.country", a.Site.Country, b.Site.Country}, {"site.language", a.Site.Language, b.Site.Language},
		{"site.timezone", a.Site.Location.String(), b.Site.Location.String()},
		{"access", a.Access, b.Access}, {"listen", a.Listen, b.Listen}, {"board", a.Board, b.Board}, {"watchdog", a.Watchdog, b.Watchdog}, {"clock", a.Clock, b.Clock}, {"update", a.Update, b.Update}, {"sockets", sockets(a), sockets(b)},
	} {
		if !reflect.DeepEqual(c.a, c.b) {
			return fmt.Errorf("cannot change %s while the house runs: %w", c.what, errRestart)
		}
	}
	return nil
}

// sockets is which port of the board is what.
func sockets(c *config.Config) map[tel.PortID]string {
	out := map[tel.PortID]string{}
	for _, l := range c.Lines {
		out[l.ID] = l.Socket
	}
	for _, f := range c.Phones {
		if f.Socket != "" {
			out[f.Port()] = string(f.Ext) + " " + f.Socket
		}
	}
	return out
}
