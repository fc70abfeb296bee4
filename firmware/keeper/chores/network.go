//go:build linux

package chores

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/centralita/centralita/firmware/durable"
	"github.com/centralita/centralita/firmware/keeper"
	"github.com/centralita/centralita/firmware/lan"
)

// lookEvery is how often interfaces that were plugged in are looked for.
const lookEvery = 3 * time.Second

// system is what changes addresses; lan.Kernel is one.
type system interface {
	Faces() (map[string]bool, error) // and whether a cable is in
	Up(name string) error
	Set(name string, addr netip.Prefix, gateway netip.Addr) error
}

// network keeps every interface as it is wanted.
type network struct {
	file   string // of what is wanted
	resolv string // to write the DNS servers to
	kernel system
	dhcp   dhcp
	log    *slog.Logger
	read   func(resolv string) (lan.State, error)
	save   func(path string, w lan.Wanted) error

	mu    sync.Mutex
	trial lan.Trial
	faces map[string]*face
	asks  sync.WaitGroup  // DHCP clients
	ctx   context.Context // of Run; nil before
	timer *time.Timer     // the trial's end
}

// face is an interface that there is.
type face struct {
	wanted  lan.Face
	link    bool               // a cable was in when we looked last
	stop    context.CancelFunc // of its DHCP client; nil: none
	lease   lease
	until   time.Time
	since   time.Time
	trouble string
}

func newNetwork(file, resolv string, k system, d dhcp, log *slog.Logger) *network {
	return &network{file: file, resolv: resolv, kernel: k, dhcp: d, log: log, read: lan.ReadState, save: lan.Save, faces: map[string]*face{}}
}

// run applies what is wanted, also to what is plugged in later, until ctx ends. The
// addresses stay then: calls go on while a keeper is started anew.
func (n *network) run(ctx context.Context) {
	n.begin(ctx)
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		n.look()
		select {
		case <-tick.C:
		case <-ctx.Done():
			n.mu.Lock()
			n.ctx = nil
			if n.timer != nil {
				n.timer.Stop()
			}
			n.mu.Unlock()
			n.asks.Wait()
			return
		}
	}
}

func (n *network) begin(ctx context.Context) {
	w, err := lan.Load(n.file)
	if err != nil { // what cannot be read wants nothing: DHCP, so that somebody reaches the box
		n.log.Error("the wanted addresses cannot be used; every interface asks by DHCP", "err", err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.ctx, n.trial.Saved = ctx, w
	n.timer = time.AfterFunc(time.Hour, n.timedOut)
	n.timer.Stop()
}

// look finds interfaces that came and went, and cables: behind a new one may be
// another network, so DHCP is asked again.
func (n *network) look() {
	faces, err := n.kernel.Faces()
	if err != nil {
		n.log.Error("the network's interfaces", "err", err)
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for name, f := range n.faces {
		if _, there := faces[name]; !there {
			n.leave(f)
			delete(n.faces, name)
			n.resolve()
		}
	}
	for name, link := range faces {
		f := n.faces[name]
		switch {
		case f != nil:
			if link && !f.link && f.stop != nil {
				n.leave(f)
				n.ask(f)
			}
			f.link = link
		case lan.Ethernet(name) || n.trial.Saved.Names(name):
			n.apply(n.trial.Now(name))
			n.faces[name].link = link
		}
	}
}

// leave ends the DHCP client of an interface.
func (n *network) leave(f *face) {
	if f.stop != nil {
		f.stop()
		f.stop = nil
	}
}

// apply makes an interface as it is wanted. Its errors are the interface's trouble.
func (n *network) apply(w lan.Face) {
	f := &face{wanted: w, since: time.Now()}
	if old := n.faces[w.Name]; old != nil {
		n.leave(old)
		f.link = old.link
	}
	n.faces[w.Name] = f
	if w.DHCP {
		if err := n.kernel.Up(w.Name); err != nil {
			n.blame(f, err)
			return
		}
		n.resolve()
		n.ask(f)
		return
	}
	if err := n.kernel.Set(w.Name, w.Address, w.Gateway); err != nil {
		n.blame(f, err)
	}
	n.resolve()
}

// ask starts the DHCP client of an interface.
func (n *network) ask(f *face) {
	ctx, stop := context.WithCancel(n.ctx)
	f.stop = stop
	n.asks.Go(func() {
		if err := n.dhcp(ctx, f.wanted.Name, func(what string, l lease) { n.told(ctx, f, what, l) }); err != nil {
			n.mu.Lock()
			n.blame(f, err)
			n.mu.Unlock()
		}
	})
}

func (n *network) blame(f *face, err error) {
	f.trouble = err.Error()
	n.log.Error("an interface is not as wanted", "interface", f.wanted.Name, "err", err)
}

// told takes what a DHCP client says of its interface.
func (n *network) told(ctx context.Context, f *face, what string, l lease) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if ctx.Err() != nil { // another address is wanted meanwhile
		return
	}
	var err error
	switch what {
	case "bound", "renew":
		if l.Address != f.lease.Address {
			f.since = time.Now()
		}
		f.lease, f.until, f.trouble = l, time.Time{}, ""
		if l.For > 0 {
			f.until = time.Now().Add(l.For)
		}
		err = n.kernel.Set(f.wanted.Name, l.Address, l.Gateway)
	case "deconfig", "nak":
		f.lease, f.until = lease{}, time.Time{}
		err = n.kernel.Up(f.wanted.Name)
	case "leasefail":
		f.trouble = "no DHCP server answers"
		if !f.until.IsZero() && time.Now().After(f.until) {
			f.lease, f.until = lease{}, time.Time{}
			err = n.kernel.Up(f.wanted.Name)
		}
	}
	if err != nil {
		n.blame(f, err)
	}
	n.resolve()
}

// resolve writes the DNS servers of all interfaces, those set by hand first.
func (n *network) resolve() {
	var hand, given []netip.Addr
	for _, name := range slices.Sorted(maps.Keys(n.faces)) {
		f := n.faces[name]
		hand = append(hand, f.wanted.DNS...)
		if len(f.wanted.DNS) == 0 {
			given = append(given, f.lease.DNS...)
		}
	}
	var b strings.Builder
	for i, a := range append(hand, given...) {
		if i == 3 { // more are not asked
			break
		}
		fmt.Fprintf(&b, "nameserver %s\n", a)
	}
	if err := durable.WriteFile(n.resolv, []byte(b.String()), 0o644); err != nil {
		n.log.Error("the DNS servers", "err", err)
	}
}

// step steps the trial and does what it says; the error is a refusal.
func (n *network) step(ev lan.Event) error {
	var refused error
	out := n.trial.Step(time.Now(), ev, nil)
	for len(out) > 0 {
		e := out[0]
		out = out[1:]
		switch e := e.(type) {
		case lan.Apply:
			n.apply(e.Face)
		case lan.Keep:
			out = n.trial.Step(time.Now(), lan.Kept{Err: n.save(n.file, e.Wanted)}, out)
		case lan.Refuse:
			refused = errors.Join(refused, e.Why)
		}
	}
	n.timer.Stop()
	if at, ok := n.trial.Deadline(); ok {
		n.timer.Reset(time.Until(at))
	}
	return refused
}

// timedOut ends a trial that nobody confirmed.
func (n *network) timedOut() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ctx == nil {
		return
	}
	if f, _, ok := n.trial.On(); ok {
		n.log.Warn("nobody confirmed the new address; the old one comes back", "wanted", f.String())
	}
	if err := n.step(lan.TimedOut{}); err != nil {
		n.log.Error("the old address", "err", err)
	}
}

// change does one event and answers with the state.
func (n *network) change(ev lan.Event) (any, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ctx == nil {
		return nil, errors.New("cannot change the address: the keeper is beginning or ending")
	}
	if err := n.step(ev); err != nil {
		return nil, err
	}
	return n.state()
}

// state is how the machine is, with what the kernel does not know.
func (n *network) state() (lan.State, error) {
	s, err := n.read(n.resolv)
	if err != nil {
		return s, err
	}
	for i := range s.Interfaces {
		it := &s.Interfaces[i]
		f := n.faces[it.Name]
		if f == nil {
			continue
		}
		it.Source, it.Since, it.Trouble = lan.ByHand, f.since, f.trouble
		if f.wanted.DHCP {
			it.Source, it.Server, it.Until = lan.ByDHCP, f.lease.Server, f.until
		}
	}
	if f, until, ok := n.trial.On(); ok {
		s.Trial = &lan.OnTrial{Face: f, Until: until}
	}
	return s, nil
}

func (n *network) get(_ context.Context, params json.RawMessage, _ func(any)) (any, error) {
	if err := keeper.Decode(params, &struct{}{}); err != nil {
		return nil, fmt.Errorf("cannot show the network: %w", err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.state()
}

func (n *network) set(_ context.Context, params json.RawMessage, _ func(any)) (any, error) {
	var p NetAsked
	if err := keeper.Decode(params, &p); err != nil {
		return nil, fmt.Errorf("cannot set the address: %w", err)
	}
	faces, err := n.kernel.Faces()
	if err != nil {
		return nil, err
	}
	if _, there := faces[p.Face.Name]; !there {
		names := strings.Join(slices.Sorted(maps.Keys(faces)), ", ")
		return nil, lan.Refusal{
			ES: fmt.Sprintf("no hay interfaz %q; hay %s", p.Face.Name, names),
			EN: fmt.Sprintf("there is no interface %q; there are %s", p.Face.Name, names),
		}
	}
	return n.change(lan.Try{Face: p.Face, Within: p.Within})
}

func (n *network) confirm(_ context.Context, params json.RawMessage, _ func(any)) (any, error) {
	if err := keeper.Decode(params, &struct{}{}); err != nil {
		return nil, fmt.Errorf("cannot confirm the address: %w", err)
	}
	return n.change(lan.Confirm{})
}

func (n *network) rollback(_ context.Context, params json.RawMessage, _ func(any)) (any, error) {
	if err := keeper.Decode(params, &struct{}{}); err != nil {
		return nil, fmt.Errorf("cannot take the address back: %w", err)
	}
	return n.change(lan.GiveUp{})
}
