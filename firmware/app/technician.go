package app

import (
	"context"
	"fmt"
	"time"

	"github.com/centralita/centralita/firmware/doctor"
	"github.com/centralita/centralita/firmware/exchange"
	"github.com/centralita/centralita/firmware/line"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
	"github.com/centralita/centralita/hal/port"
)

// technician is what a technician orders of the lines, as the console asks for it.
type technician struct {
	control
	h *House
}

// Test implements console.Lines.
func (t technician) Test(ctx context.Context, id tel.PortID) (*view.Exam, error) {
	report := make(chan doctor.Report, 1)
	if err := t.order(ctx, exchange.TestLine{Line: id, Told: func(r doctor.Report) { report <- r }}); err != nil {
		return nil, err
	}
	select {
	case r := <-report:
		return exchange.Exam(&r), nil
	case <-ctx.Done():
		return nil, fmt.Errorf("cannot wait for the test of %s: %w", id, context.Cause(ctx))
	}
}

// Apply implements console.Lines.
func (t technician) Apply(ctx context.Context, id tel.PortID) error {
	return t.order(ctx, exchange.TuneLine{Line: id, Advised: true})
}

// tune sets the part of a line's tuning that set changes.
func (t technician) tune(ctx context.Context, id tel.PortID, set func(*port.Tune)) error {
	p, err := t.profile(ctx, id)
	if err != nil {
		return err
	}
	var now port.Tune
	if p.Tuning != nil {
		now = port.Tune{RxTenths: p.Tuning.RxTenths, TxTenths: p.Tuning.TxTenths, Impedance: p.Tuning.Impedance}
	}
	set(&now)
	return t.order(ctx, exchange.TuneLine{Line: id, Tune: now})
}

// Gain implements console.Lines.
func (t technician) Gain(ctx context.Context, id tel.PortID, rxTenths, txTenths int) error {
	return t.tune(ctx, id, func(now *port.Tune) { now.RxTenths, now.TxTenths = rxTenths, txTenths })
}

// Impedance implements console.Lines.
func (t technician) Impedance(ctx context.Context, id tel.PortID, name string) error {
	return t.tune(ctx, id, func(now *port.Tune) { now.Impedance = name })
}

// Release implements console.Lines.
func (t technician) Release(ctx context.Context, id tel.PortID) error {
	return t.order(ctx, exchange.FreeLine{Line: id})
}

// Capture implements console.Lines.
func (t technician) Capture(ctx context.Context, id tel.PortID, d time.Duration) (string, error) {
	return t.h.recorder.captureFile(ctx, id, d)
}

func (t technician) profile(ctx context.Context, id tel.PortID) (line.Profile, error) {
	told := make(chan line.Profile, 1) // the loop may tell when nobody waits any more
	if err := t.order(ctx, exchange.ReadProfile{Line: id, Told: func(r line.Profile) { told <- r }}); err != nil {
		return line.Profile{}, err
	}
	return <-told, nil
}

// Profile implements console.Lines.
func (t technician) Profile(ctx context.Context, id tel.PortID) (string, error) {
	p, err := t.profile(ctx, id)
	return string(p.Text()), err
}

// ImportProfile implements console.Lines.
func (t technician) ImportProfile(ctx context.Context, id tel.PortID, text string) error {
	p, err := line.ParseProfile([]byte(text))
	if err != nil {
		return err
	}
	if empty := (line.Profile{}); string(p.Text()) == string(empty.Text()) {
		return &exchange.Refusal{
			EN: "cannot import the profile: it says nothing; forget begins a new one",
			ES: "no se puede poner el perfil: no dice nada; forget empieza uno nuevo",
		}
	}
	return t.order(ctx, exchange.UseProfile{Line: id, Profile: p})
}

// FreezeProfile implements console.Lines.
func (t technician) FreezeProfile(ctx context.Context, id tel.PortID, on bool) error {
	return t.order(ctx, exchange.FreezeProfile{Line: id, On: on})
}

// ForgetProfile implements console.Lines.
func (t technician) ForgetProfile(ctx context.Context, id tel.PortID) error {
	return t.order(ctx, exchange.UseProfile{Line: id})
}
