package config

import (
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/centralita/centralita/firmware/config/place"
)

// preset is what is known of a box that carries lines over SIP: the answers that a
// document need not give. board/gateways.md has what is typed into the box.
type preset struct {
	name  string
	title string
	lines int    // FXO lines behind one account
	port  string // on which that account listens; "" when it has none of its own
}

// presets are the boxes that are known. Each account of a box is a trunk.
var presets = []preset{
	{"ht813", "Grandstream HT813", 1, "5062"},
	{"spa3102", "Cisco SPA3102", 1, "5061"},
	{"spa8800", "Cisco SPA8800", 1, ""},
}

// Presets returns the names of all presets.
func Presets() []string {
	var out []string
	for _, p := range presets {
		out = append(out, p.name)
	}
	return out
}

// preset reads which box a trunk is and gives t what goes without saying; nil is
// none.
func (r *reader) preset(f *place.Fields, t *Trunk) *preset {
	if !f.Has("preset") {
		f.Get("preset")
		return nil
	}
	name := f.Enum("preset", "", Presets()...)
	i := slices.IndexFunc(presets, func(p preset) bool { return p.name == name })
	if i < 0 {
		return nil
	}
	p := &presets[i]
	t.Preset, t.Accepts, t.Calls, t.Assumed = p.name, !f.Has("server"), p.lines, true
	return p
}

// box checks a trunk against the box that it is.
func (r *reader) box(f *place.Fields, t *Trunk, p *preset) {
	who := fmt.Sprintf("trunk %s is a %s and", t.ID, p.title)
	if t.Register {
		r.sink.Report(f.At("register"), who+" has register", "such a box registers here, or is reached at its server", "remove it")
	}
	if t.Calls > p.lines {
		r.sink.Report(f.At("calls"), fmt.Sprintf("%s has calls: %d", who, t.Calls), "an account of the box is one line", "write calls: 1, and another trunk for another line")
	}
	if _, _, err := net.SplitHostPort(t.Server); t.Server != "" && err != nil && p.port != "" {
		t.Server = net.JoinHostPort(strings.Trim(t.Server, "[]"), p.port)
	}
}
