// Package board says what became of the hardware when it was opened, and holds what
// was: every driver answers loaded, skipped because …, or failed because … for each
// of its ports, and no answer of one keeps another from working.
//
// Three words explain it: Driver (one kind of hardware, in an explicit slice),
// Report (what a person must know of one port), Board (the ports of all drivers).
package board

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/centralita/centralita/hal/port"
)

// State is what became of a port or of a whole driver.
type State uint8

// States.
const (
	Loaded  State = iota + 1
	Skipped       // it is not there: absent is not broken
	Failed        // it is there and cannot be used
)

// String returns "loaded", "skipped" or "failed".
func (s State) String() string {
	if names := [...]string{"unknown", "loaded", "skipped", "failed"}; int(s) < len(names) {
		return names[s]
	}
	return "unknown"
}

// MarshalText implements encoding.TextMarshaler.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Report is what a driver answers for one port, or for itself when it could not
// come as far as its ports.
type Report struct {
	Driver string `json:"driver"`         // "sim", "dahdi", "modem"
	Port   string `json:"port,omitempty"` // the socket's name, as Info().Name; "" for the whole driver
	State  State  `json:"state"`
	What   string `json:"what,omitempty"` // of Loaded: the hardware in a few words
	Why    string `json:"why,omitempty"`  // of Skipped and Failed
	Hint   string `json:"hint,omitempty"` // what a person can do about it
}

// String returns it in one line: "dahdi/3: failed because …; hint".
func (r Report) String() string {
	name := r.Port
	if name == "" {
		name = r.Driver
	}
	switch {
	case r.State == Loaded && r.What == "":
		return name + ": loaded"
	case r.State == Loaded:
		return fmt.Sprintf("%s: loaded: %s", name, r.What)
	case r.Hint == "":
		return fmt.Sprintf("%s: %s because %s", name, r.State, r.Why)
	}
	return fmt.Sprintf("%s: %s because %s; %s", name, r.State, r.Why, r.Hint)
}

// Driver is one kind of hardware. Open opens what it has, within a few seconds and
// at the latest when ctx ends, and answers for every port it was asked for. Ports
// that it returns have a Report that says Loaded, or are lost and come back by
// themselves.
type Driver struct {
	Name string
	Open func(ctx context.Context) ([]port.Port, []Report)
}

// Board is the open ports of several drivers.
type Board struct {
	ports   []port.Port
	reports []Report
	absent  []port.Port // in place of those that are not there
}

// Open opens all drivers at once; ports and reports keep their order. It never
// fails: a driver that does says so in its report.
func Open(ctx context.Context, drivers []Driver) *Board {
	type answer struct {
		ports   []port.Port
		reports []Report
	}
	got := make([]answer, len(drivers))
	var all sync.WaitGroup
	for i, d := range drivers {
		all.Go(func() { got[i].ports, got[i].reports = d.Open(ctx) })
	}
	all.Wait()
	b := &Board{}
	for _, a := range got {
		b.reports = append(b.reports, a.reports...)
		b.ports = append(b.ports, a.ports...)
	}
	return b
}

// Ports returns the open ports.
func (b *Board) Ports() []port.Port { return b.ports }

// Reports returns what every driver answered.
func (b *Board) Reports() []Report { return b.reports }

// Port returns the port called name, or nil.
func (b *Board) Port(name string) port.Port {
	for _, p := range b.ports {
		if p.Info().Name == name {
			return p
		}
	}
	return nil
}

// Missing says why there is no port called name: in the words of the port's own
// report, of its driver's, or with the names that there are.
func (b *Board) Missing(name string) Report {
	var whole Report
	for _, r := range b.reports {
		switch {
		case r.State == Loaded:
		case r.Port == name:
			return r
		case r.Port == "" && strings.HasPrefix(name, r.Driver):
			whole = r
		}
	}
	if whole.State != 0 {
		return whole
	}
	names := make([]string, 0, len(b.ports))
	for _, p := range b.ports {
		names = append(names, p.Info().Name)
	}
	why := "the board has none of that name: it has " + strings.Join(names, ", ")
	if len(names) == 0 {
		why = "the board has no ports"
	}
	return Report{Port: name, State: Skipped, Why: why, Hint: "correct the socket in the configuration"}
}

// Take returns the port called name of a kind. Where the hardware did not give
// one, a report says so, a driver's or a new one, and an Absent stands in its place.
func (b *Board) Take(name string, kind port.Kind) port.Port {
	p := b.Port(name)
	var r Report
	switch {
	case p == nil:
		r = b.Missing(name)
	case p.Info().Kind != kind:
		r = Report{Port: name, State: Failed, Why: fmt.Sprintf("it is an %s port, and an %s port is wanted", p.Info().Kind, kind), Hint: "look what is plugged where, or correct the configuration"}
	default:
		return p
	}
	if p != nil || r.Driver == "" {
		b.reports = append(b.reports, r) // no driver has told it
	}
	a := NewAbsent(name, kind, r.Why)
	b.absent = append(b.absent, a)
	return a
}

// Close closes every port, all at once: a modem takes its time to hang up.
func (b *Board) Close() error {
	ports := slices.Concat(b.ports, b.absent)
	failed := make([]error, len(ports))
	var all sync.WaitGroup
	for i, p := range ports {
		all.Go(func() {
			if err := p.Close(); err != nil {
				failed[i] = fmt.Errorf("cannot close port %s: %w", p.Info().Name, err)
			}
		})
	}
	all.Wait()
	return errors.Join(failed...)
}
