//go:build linux

package chores

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"

	"github.com/centralita/centralita/firmware/keeper"
	"github.com/centralita/centralita/firmware/lan"
	"github.com/centralita/centralita/firmware/wipe"
)

// Config is where things are on the machine.
type Config struct {
	Data    string // the program's data folder
	Resolv  string // file of the DNS servers to write
	Program string // path of this program, which reads DHCP leases too
	DHCP    string // path of busybox's udhcpc, or of busybox; empty: looked for
	Log     *slog.Logger
}

// Chores are the handlers and what works behind them.
type Chores struct {
	cfg   Config
	power power
	clock clocks
	net   *network
}

// New makes the chores; Run works for them.
func New(cfg Config) *Chores {
	log := func(what string, err error) {
		if err != nil {
			cfg.Log.Error(what, "err", err)
		} else {
			cfg.Log.Warn(what)
		}
	}
	return &Chores{
		cfg: cfg, power: realPower(log), clock: realClocks(),
		net: newNetwork(filepath.Join(cfg.Data, lan.FileName), cfg.Resolv, lan.Kernel{}, realDHCP(cfg), cfg.Log),
	}
}

// Handlers are the chores by their names.
func (c *Chores) Handlers() map[string]keeper.Handler {
	return map[string]keeper.Handler{
		Reboot: c.power.handler(false), PowerOff: c.power.handler(true), SetTime: c.clock.handle, Wipe: c.wipe,
		NetGet: c.net.get, NetSet: c.net.set, NetConfirm: c.net.confirm, NetRollback: c.net.rollback,
	}
}

// Run keeps the addresses until ctx ends.
func (c *Chores) Run(ctx context.Context) { c.net.run(ctx) }

// wipe marks the data for erasing, which the next start does before anything else,
// and restarts.
func (c *Chores) wipe(_ context.Context, params json.RawMessage, _ func(any)) (any, error) {
	var p WipeAsked
	if err := keeper.Decode(params, &p); err != nil {
		return nil, fmt.Errorf("cannot erase the box: %w", err)
	}
	if p.Word != WipeWord {
		return nil, fmt.Errorf("cannot erase the box: the word is missing")
	}
	if err := wipe.Mark(c.cfg.Data); err != nil {
		return nil, err
	}
	c.power.soon(false)
	return nil, nil
}
