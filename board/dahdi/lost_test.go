package dahdi

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/board/dahdi/abi"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/hal/port"
)

// lostNow is the reason of the one event told, which must be Lost.
func lostNow(t *testing.T, p port.Port) string {
	t.Helper()
	synctest.Wait()
	select {
	case e := <-p.Events():
		l, ok := e.(port.Lost)
		if !ok {
			t.Fatalf("%q is told", e)
		}
		return l.Why
	default:
		t.Fatal("nothing is told")
		return ""
	}
}

func TestCardUnpluggedAndPluggedIn(t *testing.T) {
	for name, removed := range map[string]bool{"told by the module": true, "found by a read": false} {
		t.Run(name, func(t *testing.T) {
			wired(t, abi.SigFXSKS, true, func(t *testing.T, p port.Port, c *channel) {
				command(t, p, port.Seize{})
				c.Do(port.RingOn{})
				told(t, p, port.RingOn{})
				if removed {
					c.m.mu.Lock()
					c.openErr = errGone
					c.m.mu.Unlock()
					c.event(abi.EvRemoved)
				} else {
					c.unplug()
				}
				if why := lostNow(t, p); !strings.Contains(why, "unplugged") {
					t.Errorf("lost: %s", why)
				}
				<-time.After(10 * time.Second)
				told(t, p)
				for _, c := range []port.Command{port.Seize{}, port.Flash{}, port.Tune{}} {
					if err := p.Command(c); err == nil || !strings.Contains(err.Error(), c.String()) || !strings.Contains(err.Error(), "lost") {
						t.Errorf("%s while lost: %v", c, err)
					}
				}
				command(t, p, port.Release{}) // it is so already
				begin := time.Now()
				var f pcm.Frame
				for range 50 {
					if err := p.Audio().Read(&f); err != nil || !f.Silent() {
						t.Fatalf("heard %v, %v", f, err)
					}
				}
				if d := time.Since(begin); d < 900*time.Millisecond || d > 1100*time.Millisecond {
					t.Errorf("50 frames of silence took %s", d)
				}
				if _, err := p.(port.Meter).Measure(); err == nil {
					t.Error("a card that is not there measures")
				}
				c.hookIs(abi.RxOffHook)
				c.plug()
				<-time.After(reopening + 100*time.Millisecond)
				told(t, p, port.Found{})
				command(t, p, port.Seize{})
				if got := c.Commanded(); len(got) == 0 || got[len(got)-1] != (port.Seize{}) {
					t.Errorf("%v came over the wire", got)
				}
			})
		})
	}
}

// The module takes a channel away a second after it told so; it is not taken for back
// before.
func TestNotFoundTooSoon(t *testing.T) {
	wired(t, abi.SigFXSKS, true, func(t *testing.T, p port.Port, c *channel) {
		c.event(abi.EvRemoved)
		lostNow(t, p)
		<-time.After(1500 * time.Millisecond)
		told(t, p)
		c.m.mu.Lock()
		c.m.alarms = abi.AlarmNotOpen
		c.m.mu.Unlock()
		<-time.After(5 * time.Second)
		told(t, p)
		c.m.mu.Lock()
		c.m.alarms = 0
		c.m.mu.Unlock()
		<-time.After(reopening)
		told(t, p, port.Found{})
	})
}

// A telephone that was lifted while its card was away is told after it.
func TestTelephoneOffHookWhenItComesBack(t *testing.T) {
	wired(t, abi.SigFXOKS, true, func(t *testing.T, p port.Port, c *channel) {
		command(t, p, port.Ring{})
		told(t, p, port.RingOn{})
		c.unplug()
		lostNow(t, p)
		command(t, p, port.StopRing{})
		c.hookIs(abi.RxOffHook)
		c.plug()
		<-time.After(reopening + 100*time.Millisecond)
		told(t, p, port.Found{}, port.OffHook{})
		c.Do(port.OnHook{})
		told(t, p, port.OnHook{})
	})
}

func TestTelephoneOffHookAtTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newModules(abi.SigFXOKS)
		m.channels[1].rxHook = abi.RxOffHook
		p, c := plugIn(t, m, Config{})
		told(t, p, port.OffHook{})
		c.event(abi.EvRingOffHook) // the module may tell it too
		told(t, p)
	})
}

// An alarm of a telephone's channel is the card's: the port is lost until it is over.
func TestAlarmOfATelephone(t *testing.T) {
	wired(t, abi.SigFXOKS, true, func(t *testing.T, p port.Port, c *channel) {
		c.m.mu.Lock()
		c.params.Alarms = abi.AlarmRed
		c.queue(abi.EvAlarm)
		c.m.mu.Unlock()
		if why := lostNow(t, p); !strings.Contains(why, "alarm") {
			t.Errorf("lost: %s", why)
		}
		<-time.After(10 * time.Second)
		told(t, p)
		if err := p.Command(port.Ring{}); err == nil || !strings.Contains(err.Error(), "red alarm") {
			t.Errorf("%v", err)
		}
		c.m.mu.Lock()
		c.params.Alarms = 0
		c.m.mu.Unlock()
		<-time.After(reopening + 100*time.Millisecond)
		told(t, p, port.Found{})
	})
}

func TestAlarmOfATelephoneAtTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newModules(abi.SigFXOKS)
		m.alarms = abi.AlarmRed
		p, _ := plugIn(t, m, Config{})
		if why := lostNow(t, p); why != "it has a red alarm" {
			t.Errorf("lost: %s", why)
		}
		m.mu.Lock()
		m.alarms = 0
		m.mu.Unlock()
		<-time.After(reopening + 100*time.Millisecond)
		told(t, p, port.Found{})
	})
}

// A card whose clock stands still gives nothing: it is lost until it runs.
func TestClockStandsStill(t *testing.T) {
	wired(t, abi.SigFXSKS, true, func(t *testing.T, p port.Port, c *channel) {
		c.m.mu.Lock()
		c.still = true
		c.m.mu.Unlock()
		<-time.After(1900 * time.Millisecond)
		told(t, p)
		<-time.After(200 * time.Millisecond)
		if why := lostNow(t, p); !strings.Contains(why, "clock stands still") {
			t.Errorf("lost: %s", why)
		}
		<-time.After(10 * time.Second)
		told(t, p)
		c.m.mu.Lock()
		c.still = false
		c.m.mu.Unlock()
		<-time.After(reopening + 300*time.Millisecond)
		told(t, p, port.Found{})
	})
}

// Another card in the place of the old one is not the port that was.
func TestOtherKindInItsPlace(t *testing.T) {
	wired(t, abi.SigFXSKS, true, func(t *testing.T, p port.Port, c *channel) {
		c.unplug()
		lostNow(t, p)
		c.plug()
		c.m.mu.Lock()
		c.params.Sig = abi.SigFXOKS
		c.m.mu.Unlock()
		<-time.After(10 * time.Second)
		told(t, p)
		if err := p.Command(port.Seize{}); err == nil || !strings.Contains(err.Error(), "is an FXS port now") {
			t.Errorf("%v", err)
		}
	})
}

// Closing works in every state, and at once.
func TestCloseWhileLost(t *testing.T) {
	wired(t, abi.SigFXSKS, true, func(t *testing.T, p port.Port, c *channel) {
		c.unplug()
		lostNow(t, p)
		begin := time.Now()
		if err := p.Close(); err != nil || time.Since(begin) > 0 {
			t.Errorf("%v after %s", err, time.Since(begin))
		}
	})
}
