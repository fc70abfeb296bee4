package access

import (
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/tel"
)

// Whoever watches a session is told of its end, whatever ended it; to look keeps nobody
// in, and nobody else's session ends.
func TestWatch(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(t *testing.T, a *Access, ana, eva tel.Who, token string) error
		told bool // before somebody looks
	}{
		"log-out": {func(_ *testing.T, a *Access, _, _ tel.Who, token string) error { a.End(token, here); return nil }, true},
		"password": {func(t *testing.T, a *Access, ana, _ tel.Who, _ string) error {
			return a.Passwd(t.Context(), ana, "eva", "", "la tercera frase", here)
		}, true},
		"removed": {func(t *testing.T, a *Access, ana, _ tel.Who, _ string) error {
			return a.Remove(t.Context(), ana, "eva", here)
		}, true},
		"role": {func(t *testing.T, a *Access, ana, _ tel.Who, _ string) error {
			return a.SetRole(t.Context(), ana, "eva", tel.Supervisor, here)
		}, true},
		"pushed out": {func(_ *testing.T, a *Access, _, eva tel.Who, _ string) error {
			for range maxOfOne {
				pass(time.Second)
				a.Begin(eva, here)
			}
			return nil
		}, true},
		"time-out": {func(t *testing.T, a *Access, _, _ tel.Who, token string) error {
			for range 14 { // looks every two minutes
				pass(2 * time.Minute)
				if _, on := a.Watch(token); !on {
					t.Error("it ended early")
				}
			}
			pass(2 * time.Minute)
			return nil
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(t *testing.T) {
				a, _, _, ana := owned(t)
				ana.Via = tel.DoorWeb
				if err := a.Add(t.Context(), ana, "eva", tel.AgentRole, other, here); err != nil {
					t.Fatal(err)
				}
				eva := tel.Who{Name: "eva", Role: tel.AgentRole, Via: tel.DoorWeb}
				anas, hers := a.Begin(ana, here), a.Begin(eva, here)
				ended, on := a.Watch(hers)
				if !on {
					t.Fatal("it is over before it began")
				}
				if err := c.end(t, a, ana, eva, hers); err != nil {
					t.Fatal(err)
				}
				if over := isClosed(ended); over != c.told {
					t.Errorf("told: %t", over)
				}
				if _, on := a.Watch(hers); on || !isClosed(ended) {
					t.Errorf("it goes on: %t, told: %t", on, isClosed(ended))
				}
				if _, on := a.Watch(anas); on != c.told {
					t.Errorf("another's goes on: %t", on)
				}
			})
		})
	}
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
