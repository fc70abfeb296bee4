package app

import (
	"errors"
	"testing"

	"github.com/centralita/centralita/board"
	"github.com/centralita/centralita/firmware/confine"
	"github.com/centralita/centralita/firmware/console"
)

// Whether or not the confinement held, the console has Spanish for what it says.
func TestConfinementIsReported(t *testing.T) {
	shut := []confine.Door{{Name: "mount"}, {Name: "become root"}}
	for _, c := range []struct {
		files error
		calls error
		doors []confine.Door
		state board.State
		says  string
	}{
		{nil, nil, shut, board.Loaded, "files by Landlock, system calls by a filter; 2 doors were tried and are shut"},
		{nil, nil, append(shut, confine.Door{Name: "load a module", Open: true}), board.Failed, "this can still be done: load a module"},
		{errors.New("no files"), errors.New("no calls"), shut, board.Failed, "no files"},
		{nil, errors.New("no calls"), shut, board.Failed, "no calls"},
		{nil, nil, nil, board.Failed, "no door was tried"},
	} {
		r := confinement(c.files, c.calls, c.doors)
		if r.State != c.state || r.What+r.Why != c.says || r.Port != "confinement" {
			t.Errorf("%+v: %s", c, r)
		}
	}
	for _, d := range confine.Doors() {
		if console.Spanish(d.Name) == d.Name {
			t.Errorf("%q has no Spanish", d.Name)
		}
	}
}

// Who does not ask for it is told nothing of it, and loses nothing.
func TestNobodyIsConfinedUnasked(t *testing.T) {
	if r := (&runCmd{}).confined(); r != nil {
		t.Errorf("%v", r)
	}
}
