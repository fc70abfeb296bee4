package dahdi

import (
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
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

// slow is a channel whose card takes its time to measure.
type slow struct {
	Channel
	hold chan struct{}
}

func (s slow) Ioctl(r abi.Request, b []byte) error {
	if r == abi.CardStats {
		<-s.hold
	}
	return s.Channel.Ioctl(r, b)
}

// A card that is unplugged while it measures keeps no command waiting.
func TestLostWhileItMeasures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newModules(abi.SigFXSKS)
		m.channels[1].card = true
		cfg := Config{Kernel: m}.whole()
		ch, err := m.Channel(1)
		if err != nil {
			t.Fatal(err)
		}
		f, err := prepare(ch, cfg)
		if err != nil {
			t.Fatal(err)
		}
		s := slow{ch, make(chan struct{})}
		p := newPort(cfg, 1, "dahdi/1", s, f)
		measured := make(chan error, 1)
		go func() { _, err := (metered{p}).Measure(); measured <- err }()
		synctest.Wait()
		m.channels[1].unplug()
		<-time.After(3 * frameTime)
		synctest.Wait()
		if !p.mu.TryLock() {
			t.Error("the port is locked for as long as the card measures")
		} else {
			p.mu.Unlock()
		}
		lostNow(t, p)
		close(s.hold)
		if err := <-measured; err == nil {
			t.Error("a card that is gone has measured")
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
}
