package exchange

import (
	"github.com/centralita/centralita/firmware/line"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/hal/port"
)

// Between a technician and what a line has learned.

type (
	// ReadProfile tells what a line has learned, from the loop: Told must not block.
	ReadProfile struct {
		Line tel.PortID
		Told func(line.Profile)
	}
	// UseProfile replaces what a line has learned; the zero profile forgets it.
	UseProfile struct {
		Line    tel.PortID
		Profile line.Profile
	}
	// FreezeProfile leaves a line's profile as it is, or lets it learn again.
	FreezeProfile struct {
		Line tel.PortID
		On   bool
	}
)

func (ReadProfile) isChange()   {}
func (UseProfile) isChange()    {}
func (FreezeProfile) isChange() {}

func (e *Exchange) readProfile(c ReadProfile) error {
	p, err := e.lineOf(c.Line)
	if err == nil {
		c.Told(p.fxo.Profile())
	}
	return err
}

func (e *Exchange) useProfile(c UseProfile) error {
	p, err := e.lineOf(c.Line)
	if err == nil {
		err = examined(p)
	}
	if err != nil {
		return err
	}
	if _, ok := p.fxo.Tuning(); ok && c.Profile.Tuning == nil {
		e.untune(p)
	}
	c.Profile.Line = string(p.id)
	e.push(toLine{p, line.UseProfile{Profile: c.Profile}})
	return nil
}

// untune sets the hardware as it began, with the impedance of its own choice.
func (e *Exchange) untune(p *portState) {
	var t port.Tune
	if e.sh.Clinic != nil {
		if own := e.sh.Clinic.Setup(p.id).Impedances; len(own) > 0 {
			t.Impedance = own[0]
		}
	}
	e.warn("port "+string(p.id)+": "+t.String(), e.sh.Ports.Command(p.id, t))
}

func (e *Exchange) freezeProfile(c FreezeProfile) error {
	p, err := e.lineOf(c.Line)
	if err == nil {
		e.push(toLine{p, line.Freeze{On: c.On}})
	}
	return err
}
