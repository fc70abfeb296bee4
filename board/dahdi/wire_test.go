package dahdi

import (
	"errors"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/board/dahdi/abi"
	"github.com/centralita/centralita/hal/port"
)

// wired runs a test on a channel of that signalling, on a card or on a span of bits.
func wired(t *testing.T, sig uint32, card bool, run func(t *testing.T, p port.Port, c *channel)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		m := newModules(sig)
		m.channels[1].card, m.channels[1].echo = card, true
		if !card {
			m.spanType = "DYNAM"
		}
		p, c := plugIn(t, m, Config{})
		run(t, p, c)
	})
}

// told is an error unless exactly these events were told.
func told(t *testing.T, p port.Port, want ...port.Event) {
	t.Helper()
	synctest.Wait()
	for i, w := range want {
		select {
		case e := <-p.Events():
			if e != w {
				t.Fatalf("event %d is %q, not %q", i, e, w)
			}
		default:
			t.Fatalf("event %d, %q, is not told", i, w)
		}
	}
	select {
	case e := <-p.Events():
		t.Fatalf("%q is told too", e)
	default:
	}
}

func command(t *testing.T, p port.Port, c port.Command) {
	t.Helper()
	if err := p.Command(c); err != nil {
		t.Fatal(err)
	}
}

// event makes the module tell an event; hook makes the wire be so without a word.
func (c *channel) event(e abi.Event) {
	c.m.mu.Lock()
	defer c.m.mu.Unlock()
	c.queue(e)
}

func (c *channel) hookIs(rx int32) {
	c.m.mu.Lock()
	defer c.m.mu.Unlock()
	c.rxHook = rx
}

func TestKewlstartDropIsTimedByTheWire(t *testing.T) {
	wired(t, abi.SigFXSKS, false, func(t *testing.T, p port.Port, c *channel) {
		for _, width := range []time.Duration{60, 500} {
			c.hookIs(abi.RxOnHook)
			c.event(abi.EvOnHook) // the module tells the beginning only
			told(t, p, port.Battery{On: false})
			begin := time.Now()
			<-time.After(width * time.Millisecond)
			c.hookIs(abi.RxOffHook)
			if e := <-p.Events(); e != (port.Battery{On: true}) {
				t.Fatalf("%q is told", e)
			}
			if d := time.Since(begin) - width*time.Millisecond; d > 20*time.Millisecond {
				t.Errorf("%d ms: told %s late", width, d)
			}
		}
	})
}

func TestDropOnHookIsSeen(t *testing.T) {
	wired(t, abi.SigFXSKS, false, func(t *testing.T, p port.Port, c *channel) {
		c.hookIs(abi.RxOnHook) // the module does not speak of it on hook
		<-time.After(30 * time.Millisecond)
		told(t, p, port.Battery{On: false})
	})
}

func TestAlarmOfACardIsBattery(t *testing.T) {
	wired(t, abi.SigFXSLS, true, func(t *testing.T, p port.Port, c *channel) {
		c.Do(port.Battery{On: false})
		<-time.After(100 * time.Millisecond)
		told(t, p, port.Battery{On: false}) // although the hook of loopstart says nothing
		c.Do(port.Battery{On: true})
		<-time.After(100 * time.Millisecond)
		told(t, p, port.Battery{On: true})
	})
}

func TestLineWithoutBatteryAtTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newModules(abi.SigFXSKS)
		m.channels[1].params.Alarms = abi.AlarmRed
		p, _ := plugIn(t, m, Config{})
		<-time.After(50 * time.Millisecond)
		told(t, p, port.Battery{On: false})
	})
}

// Within two seconds of a hang-up the module tells nothing of ring.
func TestRingThatTheModuleKeepsToItself(t *testing.T) {
	wired(t, abi.SigFXSKS, false, func(t *testing.T, p port.Port, c *channel) {
		c.hookIs(abi.RxRing)
		<-time.After(30 * time.Millisecond)
		told(t, p, port.RingOn{})
		<-time.After(time.Second)
		told(t, p)
		c.hookIs(abi.RxOffHook)
		<-time.After(calmAfter*frameTime + frameTime)
		told(t, p, port.RingOff{})
	})
}

func TestBurstOfWhichOnlyTheEndIsTold(t *testing.T) {
	wired(t, abi.SigFXSKS, false, func(t *testing.T, p port.Port, c *channel) {
		c.event(abi.EvRingOffHook)
		told(t, p, port.RingOn{}, port.RingOff{})
	})
}

func TestSeizureEndsTheBurstOnce(t *testing.T) {
	wired(t, abi.SigFXSKS, false, func(t *testing.T, p port.Port, c *channel) {
		c.Do(port.RingOn{})
		told(t, p, port.RingOn{})
		command(t, p, port.Seize{})
		c.Do(port.RingOff{})
		told(t, p, port.RingOff{})
		c.event(abi.EvRingOffHook) // of a loop that is closed it means nothing
		told(t, p)
	})
}

func TestPolarityAndHeardSounds(t *testing.T) {
	wired(t, abi.SigFXSKS, true, func(t *testing.T, p port.Port, c *channel) {
		c.event(abi.EvPolarity)
		c.event(abi.EvPolarity)
		told(t, p, port.Polarity{Reversed: true}, port.Polarity{Reversed: false})
		c.event(abi.EvRxCNG)
		told(t, p) // on hook nobody sends one
		command(t, p, port.Seize{})
		c.event(abi.EvRxCNG)
		c.event(abi.EvRxCED)
		told(t, p, port.Heard{Sound: port.SoundFax}, port.Heard{Sound: port.SoundAnswer})
	})
}

func TestMessageLampOfTheExchange(t *testing.T) {
	wired(t, abi.SigFXSKS, true, func(t *testing.T, p port.Port, c *channel) {
		c.event(abi.EvNeonOn)
		c.event(abi.EvNeonOff)
		told(t, p, port.CallerID{Messages: 1}, port.CallerID{Messages: -1})
	})
}

// What means nothing to a port is not told.
func TestEventsThatArePassedOver(t *testing.T) {
	wired(t, abi.SigFXSKS, true, func(t *testing.T, p port.Port, c *channel) {
		for e := abi.EvAbort; e <= abi.EvWriteUnder; e++ {
			switch e {
			case abi.EvPolarity, abi.EvRingBegin, abi.EvRemoved, abi.EvNeonOn, abi.EvNeonOff:
			default:
				c.event(e)
			}
		}
		c.event(abi.EvWinkFlash)
		c.event(abi.EvPulseDigit | '1')
		c.event(abi.EvDTMFDown | '1')
		told(t, p)
	})
	wired(t, abi.SigFXOKS, true, func(t *testing.T, p port.Port, c *channel) {
		for e := abi.EvNoAlarm; e <= abi.EvWriteUnder; e++ {
			if e != abi.EvRemoved {
				c.event(e)
			}
		}
		c.event(abi.EvOnHook) // it is on hook
		c.event(abi.EvWinkFlash)
		c.event(abi.EvPulseDigit | '1')
		told(t, p)
	})
}

func TestFlashWaitsUntilTheSeizureSettled(t *testing.T) {
	wired(t, abi.SigFXSKS, true, func(t *testing.T, p port.Port, c *channel) {
		if err := p.Command(port.Flash{}); err == nil || !strings.Contains(err.Error(), "on hook") {
			t.Errorf("a flash on hook: %v", err)
		}
		command(t, p, port.Seize{})
		command(t, p, port.Flash{})
		if got := c.Commanded(); len(got) != 2 || got[1] != (port.Flash{}) {
			t.Errorf("%v came over the wire", got)
		}
		command(t, p, port.Flash{}) // while the first is under way
		<-time.After(time.Second)
		if got := c.Commanded(); len(got) != 1 {
			t.Errorf("%v came over the wire", got)
		}
		command(t, p, port.Release{})
		command(t, p, port.Seize{})
		command(t, p, port.Flash{})
		command(t, p, port.Release{}) // takes the flash that waits with it
		if got := c.Commanded(); len(got) != 3 {
			t.Errorf("%v came over the wire", got)
		}
	})
}

// A wire that stays busy gets the request no more.
func TestFlashIsGivenUp(t *testing.T) {
	wired(t, abi.SigFXSKS, true, func(t *testing.T, p port.Port, c *channel) {
		command(t, p, port.Seize{})
		c.m.mu.Lock()
		c.params.Debounce = 10_000
		c.m.mu.Unlock()
		command(t, p, port.Flash{})
		<-time.After(patience + 100*time.Millisecond)
		before := c.count(abi.Hook)
		<-time.After(20 * time.Second)
		if n := c.count(abi.Hook); n != before || before < 50 {
			t.Errorf("asked %d times in time, %d in all", before, n)
		}
	})
}

func TestAnswerEndsTheBell(t *testing.T) {
	wired(t, abi.SigFXOKS, true, func(t *testing.T, p port.Port, c *channel) {
		command(t, p, port.Ring{Number: "201", Cadence: port.CadenceOf([]int{1000})})
		if c.cadence != (abi.Cadence{1000, 4000}) {
			t.Errorf("cadence %v", c.cadence)
		}
		told(t, p, port.RingOn{})
		c.Do(port.OffHook{})
		told(t, p, port.RingOff{}, port.OffHook{})
		<-time.After(10 * time.Second)
		told(t, p)
		if c.tx != txOffHook {
			t.Errorf("the transmitter is %d", c.tx)
		}
		if err := p.Command(port.Ring{}); err == nil || !strings.Contains(err.Error(), "off hook") {
			t.Errorf("a telephone off hook rings: %v", err)
		}
		command(t, p, port.StopRing{}) // does not take the battery away
		if c.tx != txOffHook {
			t.Errorf("after stop ring the transmitter is %d", c.tx)
		}
	})
}

func TestBellAgainInAnotherCadence(t *testing.T) {
	wired(t, abi.SigFXOKS, true, func(t *testing.T, p port.Port, c *channel) {
		command(t, p, port.Ring{})
		told(t, p, port.RingOn{})
		command(t, p, port.Ring{Cadence: port.CadenceOf([]int{200, 300, 400, 500})})
		told(t, p, port.RingOff{}, port.RingOn{})
		<-time.After(620 * time.Millisecond)
		told(t, p, port.RingOff{}, port.RingOn{})
		command(t, p, port.StopRing{})
		told(t, p, port.RingOff{})
		<-time.After(5 * time.Second)
		told(t, p)
	})
}

func TestDialAndFlashOfATelephone(t *testing.T) {
	wired(t, abi.SigFXOKS, true, func(t *testing.T, p port.Port, c *channel) {
		c.Do(port.OffHook{})
		c.event(abi.EvPulseStart)
		c.Do(port.PulseDigit{Digit: '7'})
		c.Do(port.HookFlash{})
		c.Do(port.OnHook{})
		told(t, p, port.OffHook{}, port.PulseDigit{Digit: '7'}, port.HookFlash{}, port.OnHook{})
		if c.tx != txOnHook {
			t.Errorf("the transmitter is %d", c.tx)
		}
	})
}

// After a drop the telephone, still off hook, has its battery again and can be told
// again.
func TestDisconnectTwice(t *testing.T) {
	wired(t, abi.SigFXOKS, true, func(t *testing.T, p port.Port, c *channel) {
		command(t, p, port.Disconnect{Millis: 500}) // on hook: nobody to tell
		if got := c.Commanded(); got != nil {
			t.Errorf("%v came over the wire", got)
		}
		c.Do(port.OffHook{})
		synctest.Wait()
		for range 2 {
			command(t, p, port.Disconnect{Millis: 500})
			<-time.After(850 * time.Millisecond)
			if got := c.Commanded(); len(got) != 1 || got[0] != (port.Disconnect{Millis: 500}) || c.tx != txOffHook {
				t.Errorf("%v came over the wire, the transmitter is %d", got, c.tx)
			}
		}
		command(t, p, port.Disconnect{Millis: 500})
		c.Do(port.OnHook{}) // it hangs up while the battery is away
		<-time.After(2 * time.Second)
		told(t, p, port.OffHook{}, port.OnHook{})
		if c.tx != txOnHook {
			t.Errorf("the transmitter is %d", c.tx)
		}
	})
}

// A bell asked for while the wire still recovers from a drop rings a little later.
func TestRingAfterADrop(t *testing.T) {
	wired(t, abi.SigFXOKS, true, func(t *testing.T, p port.Port, c *channel) {
		c.Do(port.OffHook{})
		synctest.Wait()
		command(t, p, port.Disconnect{})
		c.Do(port.OnHook{})
		told(t, p, port.OffHook{}, port.OnHook{})
		command(t, p, port.Ring{})
		told(t, p)
		<-time.After(850 * time.Millisecond)
		told(t, p, port.RingOn{})
	})
	wired(t, abi.SigFXOKS, true, func(t *testing.T, p port.Port, c *channel) { // unless it is lifted before
		c.Do(port.OffHook{})
		synctest.Wait()
		command(t, p, port.Disconnect{})
		c.Do(port.OnHook{})
		synctest.Wait()
		command(t, p, port.Ring{})
		c.Do(port.OffHook{})
		<-time.After(10 * time.Second)
		told(t, p, port.OffHook{}, port.OnHook{}, port.OffHook{})
	})
}

func TestRefusalsOfTheModule(t *testing.T) {
	wired(t, abi.SigFXOKS, true, func(t *testing.T, p port.Port, c *channel) {
		c.m.mu.Lock()
		c.refuse[abi.SetPolarity], c.refuse[abi.SetCadence] = syscall.EINVAL, syscall.EFAULT
		c.m.mu.Unlock()
		if err := p.Command(port.Reverse{On: true}); !errors.Is(err, syscall.EINVAL) || !strings.Contains(err.Error(), "reverse true: dahdi/1") {
			t.Errorf("%v", err)
		}
		if err := p.Command(port.Ring{}); !errors.Is(err, syscall.EFAULT) {
			t.Errorf("%v", err)
		}
		told(t, p)
	})
}

func TestPulses(t *testing.T) {
	wired(t, abi.SigFXSKS, true, func(t *testing.T, p port.Port, c *channel) {
		dial := p.(interface{ Pulse(string) error }).Pulse
		if err := dial("12"); err == nil || !strings.Contains(err.Error(), "on hook") {
			t.Errorf("on hook: %v", err)
		}
		command(t, p, port.Seize{})
		for _, bad := range []string{"", "1#", strings.Repeat("1", 61)} {
			if err := dial(bad); err == nil {
				t.Errorf("%q is dialled", bad)
			}
		}
		f := frameOf(9)
		say := func() {
			if err := p.Audio().Write(&f); err != nil {
				t.Fatal(err)
			}
		}
		c.Heard()
		if err := dial("12"); err != nil {
			t.Fatal(err)
		}
		for range 50 { // a second; the dial turns for two
			say()
			<-time.After(frameTime)
		}
		for _, h := range c.Heard() {
			if h == f {
				t.Fatal("a word went out and ended the dialling")
			}
		}
		<-time.After(1100 * time.Millisecond)
		say()
		<-time.After(100 * time.Millisecond)
		if got := c.Heard(); !containsFrame(got, f) || c.pulses != "P12" {
			t.Errorf("after it %d frames went out; dialled %q", len(got), c.pulses)
		}
	})
	wired(t, abi.SigFXOKS, true, func(t *testing.T, p port.Port, _ *channel) {
		if err := p.(interface{ Pulse(string) error }).Pulse("1"); err == nil {
			t.Error("a telephone's port dials")
		}
	})
}
