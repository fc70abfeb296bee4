package dahdi

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/centralita/centralita/board/dahdi/abi"
	"github.com/centralita/centralita/hal/port"
)

// A line that the module does not seize is on hook, and its bell is heard.
func TestSeizureRefused(t *testing.T) {
	wired(t, abi.SigFXSKS, true, func(t *testing.T, p port.Port, c *channel) {
		c.m.mu.Lock()
		c.refuse[abi.Hook] = syscall.EBUSY
		c.m.mu.Unlock()
		if err := p.Command(port.Seize{}); err == nil {
			t.Fatal("a seizure that the module refuses is done")
		}
		c.m.mu.Lock()
		delete(c.refuse, abi.Hook)
		c.rxHook = abi.RxRing // without an event: the module keeps it to itself after a hang-up
		c.m.mu.Unlock()
		<-time.After(3 * frameTime)
		told(t, p, port.RingOn{})
	})
}

// A channel whose sound cannot be read is lost at once, and the reason is told.
func TestSoundThatCannotBeRead(t *testing.T) {
	wired(t, abi.SigFXSKS, true, func(t *testing.T, p port.Port, c *channel) {
		c.m.mu.Lock()
		c.linear = false // its reads fail, though there is sound
		c.m.mu.Unlock()
		<-time.After(3 * frameTime)
		if why := lostNow(t, p); !strings.Contains(why, "cannot be read: a read of 320 bytes") {
			t.Errorf("lost: %s", why)
		}
	})
}
