package lan

import (
	"fmt"
	"time"
)

// Bounds of a trial.
const (
	ShortestTrial = 30 * time.Second
	LongestTrial  = 30 * time.Minute
	UsualTrial    = 3 * time.Minute
)

// Trial decides when a new address stays: it is applied at once and is saved when
// somebody confirms it, from wherever he still reaches the box; else the old one
// comes back. A power cut meanwhile starts with the old one, since nothing was
// saved. The zero value with Saved set is ready.
type Trial struct {
	Saved  Wanted // confirmed
	face   Face   // on trial, while until is set
	until  time.Time
	saving bool // confirmed, its saving is not known to have worked yet
}

// Event is one of Try, Confirm, GiveUp, Kept and TimedOut.
type Event interface{ event() }

// The events of a trial.
type (
	// Try asks for a new address, to be taken back unless confirmed within Within;
	// zero is UsualTrial.
	Try struct {
		Face   Face
		Within time.Duration
	}
	// Confirm keeps what is on trial.
	Confirm struct{}
	// GiveUp takes back what is on trial at once.
	GiveUp struct{}
	// Kept tells how the saving went.
	Kept struct{ Err error }
	// TimedOut is due at the Deadline.
	TimedOut struct{}
)

func (Try) event()      {}
func (Confirm) event()  {}
func (GiveUp) event()   {}
func (Kept) event()     {}
func (TimedOut) event() {}

// Effect is one of Apply, Keep and Refuse.
type Effect interface{ effect() }

// The effects of a trial.
type (
	// Apply gives an interface its address.
	Apply struct{ Face Face }
	// Keep saves what is wanted, and is answered by Kept.
	Keep struct{ Wanted Wanted }
	// Refuse tells whoever asked why nothing happens.
	Refuse struct{ Why error }
)

func (Apply) effect()  {}
func (Keep) effect()   {}
func (Refuse) effect() {}

// String describes the effect for traces and tests.
func (a Apply) String() string { return "apply " + a.Face.String() }

// String describes the effect for traces and tests.
func (k Keep) String() string { return fmt.Sprintf("keep %v", k.Wanted.Interfaces) }

// String describes the effect for traces and tests.
func (r Refuse) String() string { return "refuse: " + r.Why.Error() }

// Step takes one event at the instant now and appends what must be done to out.
func (t *Trial) Step(now time.Time, ev Event, out []Effect) []Effect {
	switch ev := ev.(type) {
	case Try:
		return t.try(now, ev, out)
	case Confirm:
		switch {
		case t.until.IsZero():
			return append(out, Refuse{refuse("no hay ninguna dirección en prueba", "no address is on trial")})
		case t.saving:
			return append(out, Refuse{refuse("ya se está guardando", "it is being saved already")})
		}
		t.saving = true
		return append(out, Keep{t.Saved.With(t.face)})
	case Kept:
		if !t.saving {
			return out
		}
		t.saving = false
		if ev.Err == nil {
			t.Saved = t.Saved.With(t.face)
			t.until = time.Time{}
			return out
		}
		return append(out, Refuse{ev.Err}) // the trial goes on, and ends as it would have
	case GiveUp:
		if t.until.IsZero() || t.saving {
			return append(out, Refuse{refuse("no hay ninguna dirección en prueba", "no address is on trial")})
		}
		return t.back(out)
	case TimedOut:
		if at, ok := t.Deadline(); ok && !now.Before(at) {
			return t.back(out)
		}
	}
	return out
}

func (t *Trial) try(now time.Time, ev Try, out []Effect) []Effect {
	within := ev.Within
	if within == 0 {
		within = UsualTrial
	}
	switch err := ev.Face.Check(); {
	case err != nil:
		return append(out, Refuse{err})
	case !t.until.IsZero():
		return append(out, Refuse{refuse("%s está en prueba; antes: net confirm o net rollback", "%s is on trial; before: net confirm or net rollback", t.face.Name)})
	case within < ShortestTrial || within > LongestTrial:
		return append(out, Refuse{refuse("el plazo de la prueba es de %v a %v", "a trial takes from %v to %v", ShortestTrial, LongestTrial)})
	case len(t.Saved.With(ev.Face).Interfaces) > maxFaces:
		return append(out, Refuse{refuse("son %d interfaces como mucho", "%d interfaces are the most", maxFaces)})
	}
	t.face, t.until = ev.Face, now.Add(within)
	return append(out, Apply{ev.Face})
}

// back ends the trial as it began.
func (t *Trial) back(out []Effect) []Effect {
	name := t.face.Name
	t.face, t.until = Face{}, time.Time{}
	return append(out, Apply{t.Saved.Of(name)})
}

// Deadline is the instant at which the trial must be stepped with TimedOut.
func (t *Trial) Deadline() (time.Time, bool) { return t.until, !t.until.IsZero() && !t.saving }

// Now is what is wanted at the moment: what is on trial, else what was saved.
func (t *Trial) Now(name string) Face {
	if !t.until.IsZero() && t.face.Name == name {
		return t.face
	}
	return t.Saved.Of(name)
}

// On is what is on trial and until when; false when nothing is.
func (t *Trial) On() (Face, time.Time, bool) { return t.face, t.until, !t.until.IsZero() }
