package web

import (
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
)

// frontView is the front of the box as its page shows it.
type frontView struct {
	Rows  []string   `json:"rows"`
	Light string     `json:"light"`
	Lamps []lampView `json:"lamps"`
}

// lampView is one LED with its words.
type lampView struct {
	Label string `json:"label"`
	State string `json:"state"` // in CSS
	Said  string `json:"said"`  // for readers: "L1: libre"
}

// healthID is the id by which Config.Front gives the health LED.
const healthID = "health"

func newFrontView(f Front, lang tel.Lang) frontView {
	v, t := frontView{Rows: f.Rows, Light: f.Light, Lamps: []lampView{}}, wordsIn(lang)
	for _, l := range f.Lamps {
		label, state := l.ID, t.health(l.State)
		if l.ID == healthID {
			label = t.say("salud", "health")
		}
		for _, k := range view.Lamps() {
			if k.String() == l.State {
				state = lower(k.In(lang))
			}
		}
		v.Lamps = append(v.Lamps, lampView{label, l.State, label + ": " + state})
	}
	return v
}
