package dahdi

import (
	"testing"
	"time"

	"github.com/centralita/centralita/board/dahdi/abi"
	"github.com/centralita/centralita/hal/port"
)

// The driver goes round with and without sound, and while its card is away; it does
// not where the kernel holds it up.
func TestBreaths(t *testing.T) {
	wired(t, abi.SigFXSKS, true, func(t *testing.T, p port.Port, c *channel) {
		b, ok := p.(port.Breather)
		if !ok {
			t.Fatal("the port does not tell that it lives")
		}
		lives := func(what string, want bool) {
			t.Helper()
			before := b.Breaths()
			<-time.After(3 * time.Second)
			if got := b.Breaths() != before; got != want {
				t.Errorf("%s: lives %t, %d", what, got, b.Breaths())
			}
		}
		lives("at rest", true)
		stuck := make(chan struct{})
		c.m.mu.Lock()
		c.stuck = stuck
		c.m.mu.Unlock()
		<-time.After(time.Second)
		lives("held up", false)
		c.m.mu.Lock()
		c.stuck = nil
		c.m.mu.Unlock()
		close(stuck)
		lives("let go", true)
		c.unplug()
		<-time.After(time.Second)
		lives("away", true)
	})
}

// A channel that was not there is ready when it can be opened as at the start.
func TestReady(t *testing.T) {
	m := newModules(abi.SigFXSKS)
	cfg := Config{Kernel: m}
	if err := Ready(cfg, 1); err != nil {
		t.Error(err)
	}
	m.channels[1].openErr = errGone
	if err := Ready(cfg, 1); err == nil {
		t.Error("ready while it cannot be opened")
	}
	if err := Ready(cfg, 7); err == nil {
		t.Error("ready while it is not there")
	}
}
