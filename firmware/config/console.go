package config

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/centralita/centralita/firmware/config/place"
)

// ssh reads where SSH is served, if anywhere.
func (r *reader) ssh(f *place.Fields, a *Access) {
	if !f.Has("ssh") {
		f.Get("ssh")
		return
	}
	a.SSH = r.address(f, "ssh", "0.0.0.0:22")
	for _, o := range []struct {
		name string
		at   netip.AddrPort
	}{{"sip", r.cfg.Listen.SIP}, {"web", r.cfg.Listen.Web}, {"https", r.cfg.Listen.HTTPS}} {
		if a.SSH.Port() != 0 && a.SSH.Port() == o.at.Port() && overlap(a.SSH.Addr(), o.at.Addr()) {
			r.sink.Report(f.At("ssh"), fmt.Sprintf("ssh listens at %s as %s does", a.SSH, o.name), "a port belongs to one of them", "choose another port")
		}
	}
}

// mostConsoles is how many serial lines a box serves.
const mostConsoles = 4

// consoles reads the serial lines of the technician: a path, a list of them, or none.
func (a *fronts) consoles(sink *place.Sink, f *place.Fields) {
	n := f.Get("console")
	if n == nil {
		return
	}
	a.out.Consoles = nil
	if n.Kind != place.List {
		if c := f.Text("console", "none"); c != "none" {
			a.out.Consoles = []string{c}
		}
		return
	}
	for _, item := range f.Texts("console") {
		a.out.Consoles = append(a.out.Consoles, item.Text)
	}
	list := slices.Clone(a.out.Consoles)
	slices.Sort(list)
	if len(slices.Compact(list)) < len(a.out.Consoles) || len(list) > mostConsoles {
		sink.Report(f.At("console"), fmt.Sprintf("console names %d serial lines", len(a.out.Consoles)), fmt.Sprintf("it is at most %d, each once", mostConsoles), "write one such as /dev/ttyS1")
	}
}
