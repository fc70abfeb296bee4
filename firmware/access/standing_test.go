package access

import (
	"testing"

	"github.com/centralita/centralita/firmware/tel"
)

// over reports whether sessions that hold this channel must end.
func over(standing <-chan struct{}) bool {
	select {
	case <-standing:
		return true
	default:
		return false
	}
}

// Whatever makes an account another one ends the sessions of every door that began
// before, those of the browser too, and no session of anybody else.
func TestWhatEndsSessions(t *testing.T) {
	in(t, func(t *testing.T) {
		a, _, _, ana := owned(t)
		ctx := t.Context()
		if err := a.Add(ctx, ana, "eva", tel.AgentRole, other, here); err != nil {
			t.Fatal(err)
		}
		k, err := parseKey(edKey)
		if err != nil {
			t.Fatal(err)
		}
		hers, anas := a.Standing(" Eva "), a.Standing("ana")
		token := a.Begin(tel.Who{Name: "eva", Via: tel.DoorWeb}, here)
		for what, do := range map[string]func() error{
			"a key more":       func() error { return a.AddKey(ctx, ana, "eva", edKey, here) },
			"a refused change": func() error { _ = a.Passwd(ctx, ana, "eva", "", "corta", here); return nil },
			"a log-in":         func() error { _, err := a.Login(ctx, "eva", other, tel.DoorWeb, here); return err },
		} {
			if err := do(); err != nil {
				t.Fatal(what, err)
			}
			if _, ok := a.Session(token, here); over(hers) || !ok {
				t.Errorf("%s ended her sessions: %t, the browser's %t", what, over(hers), !ok)
			}
		}
		for _, change := range []struct {
			what string
			do   func() error
		}{
			{"password", func() error { return a.Passwd(ctx, ana, "eva", "", "la cuarta de todas", here) }},
			{"role", func() error { return a.SetRole(ctx, ana, "eva", tel.Technician, here) }},
			{"key", func() error { return a.RemoveKey(ctx, ana, "eva", k.Print, here) }},
			{"account", func() error { return a.Remove(ctx, ana, "eva", here) }},
		} {
			if over(hers) {
				t.Fatalf("%s: a new session has ended before", change.what)
			}
			if err := change.do(); err != nil {
				t.Fatal(change.what, err)
			}
			if _, ok := a.Session(token, here); !over(hers) || ok {
				t.Errorf("%s: SSH or serial ended %t, the browser %t", change.what, over(hers), !ok)
			}
			hers, token = a.Standing("eva"), a.Begin(tel.Who{Name: "eva", Via: tel.DoorWeb}, here)
		}
		if !over(hers) {
			t.Error("somebody without an account stands")
		}
		if over(anas) {
			t.Error("ana's sessions ended too")
		}
	})
}
