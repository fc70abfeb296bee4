package buttontest_test

import (
	"slices"
	"testing"
	"time"

	"github.com/centralita/centralita/hal/button"
	"github.com/centralita/centralita/hal/button/buttontest"
)

// wired is the fake behind the contacts that a driver has, driven by the
// contract's own machine.
func wired(t *testing.T, down ...int) buttontest.Rig {
	const n = 3
	f := buttontest.NewFake(n)
	type edge struct {
		i    int
		down bool
	}
	edges, done := make(chan edge), make(chan struct{})
	t.Cleanup(func() { close(done) })
	go func() {
		contacts := make([]button.Contact, n)
		for i := range contacts {
			contacts[i].Button = i
			contacts[i].Begin(time.Now(), slices.Contains(down, i))
		}
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case e := <-edges:
				f.Tell(contacts[e.i].Edge(time.Now(), e.down, nil)...)
			case <-tick.C:
				for i := range contacts {
					f.Tell(contacts[i].Step(time.Now(), nil)...)
				}
			case <-done:
				return
			}
		}
	}()
	return buttontest.Rig{Set: f, Contact: func(i int, down bool) { edges <- edge{i, down} }}
}

func TestFakeKeepsTheContract(t *testing.T) { buttontest.Run(t, wired) }
