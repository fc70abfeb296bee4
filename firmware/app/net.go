package app

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/url"
	"time"

	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/firmware/config"
	"github.com/centralita/centralita/firmware/keeper"
	"github.com/centralita/centralita/firmware/keeper/chores"
	"github.com/centralita/centralita/firmware/lan"
	"github.com/centralita/centralita/firmware/tel"
)

// netDesk is the box in its network as the console asks for it: the keeper knows and
// changes it; without one it can still be looked at and tested.
type netDesk struct{ h *House }

// State implements console.Net.
func (n netDesk) State(ctx context.Context) (lan.State, error) {
	var s lan.State
	err := n.h.askKeeper(ctx, chores.NetGet, nil, &s)
	if errors.Is(err, keeper.ErrAbsent) {
		return lan.ReadState(lan.ResolvConf)
	}
	return s, err
}

// Set implements console.Net.
func (n netDesk) Set(ctx context.Context, who tel.Who, f lan.Face, within time.Duration) (lan.State, error) {
	return n.change(ctx, who, chores.NetSet, chores.NetAsked{Face: f, Within: within}, f, "trial")
}

// Confirm implements console.Net.
func (n netDesk) Confirm(ctx context.Context, who tel.Who) (lan.State, error) {
	return n.change(ctx, who, chores.NetConfirm, nil, n.onTrial(ctx), "confirmed")
}

// Rollback implements console.Net.
func (n netDesk) Rollback(ctx context.Context, who tel.Who) (lan.State, error) {
	return n.change(ctx, who, chores.NetRollback, nil, n.onTrial(ctx), "rolled back")
}

// onTrial is what is on trial; nothing when that is nothing or cannot be told.
func (n netDesk) onTrial(ctx context.Context) lan.Face {
	if s, err := n.State(ctx); err == nil && s.Trial != nil {
		return s.Trial.Face
	}
	return lan.Face{}
}

// change asks the keeper and books what came of it.
func (n netDesk) change(ctx context.Context, who tel.Who, do string, params any, f lan.Face, state string) (s lan.State, err error) {
	if err := n.h.askKeeper(ctx, do, params, &s); err != nil {
		return s, err
	}
	n.h.book.Append(call.Fact{Kind: call.NetSet, At: time.Now(), Node: f.Name, State: state, Reason: whose(who) + ": " + f.String()})
	return s, nil
}

// Test implements console.Net.
func (n netDesk) Test(ctx context.Context, tell func(lan.Finding)) error {
	s, err := n.State(ctx)
	if err != nil {
		return err
	}
	lan.Prober{}.Test(ctx, s, targets(n.h.conf()), tell)
	return ctx.Err()
}

// targets are whom the configuration says that the box must reach.
func targets(cfg *config.Config) []lan.Target {
	var out []lan.Target
	for _, u := range cfg.Uplinks {
		if addr, ok := urlAddr(u.URL); ok {
			out = append(out, lan.Target{What: "uplink " + u.ID, Addr: addr, Kind: lan.ByTCP})
		}
	}
	for _, t := range cfg.Trunks {
		if t.Server == "" {
			continue
		}
		kind := lan.BySIP
		if t.TCP {
			kind = lan.ByTCP
		}
		addr := t.Server
		if _, _, err := net.SplitHostPort(addr); err != nil {
			addr = net.JoinHostPort(addr, "5060") // RFC 3261 19.1.2
		}
		out = append(out, lan.Target{What: "trunk " + string(t.ID), Addr: addr, Kind: kind})
	}
	if l := cfg.Log.Syslog; l != nil && l.Transport != "udp" { // over UDP nobody answers (RFC 5426)
		out = append(out, lan.Target{What: "syslog", Addr: l.Server, Kind: lan.ByTCP})
	}
	return out
}

// urlAddr is host and port of a URL.
func urlAddr(text string) (string, bool) {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" {
		return "", false
	}
	port := map[string]string{"http": "80", "https": "443"}[u.Scheme]
	return net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), port)), true
}
