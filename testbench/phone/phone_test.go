package phone

import (
	"context"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/centralita/centralita/testbench/memnet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// pair is two phones that call each other directly.
func pair(t *testing.T, n Network, at1, at2 string, acc1, acc2 Account) (*Phone, *Phone) {
	t.Helper()
	acc1.User, acc2.User = "1", "2"
	b, err := New(n, at2, acc2)
	if err != nil {
		t.Fatal(err)
	}
	acc1.Server = b.Addr()
	a, err := New(n, at1, acc1)
	if err != nil {
		t.Fatal(err)
	}
	b.acc.Server = a.Addr()
	return a, b
}

func inMemory(t *testing.T, acc1, acc2 Account, fn func(t *testing.T, net *memnet.Net, a, b *Phone)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := memnet.New(1)
		a, b := pair(t, Memory(n), "10.0.0.1:5060", "10.0.0.2:5060", acc1, acc2)
		defer a.Close()
		defer b.Close()
		fn(t, n, a, b)
	})
}

func TestWhoHearsWhom(t *testing.T) {
	for _, codec := range []int{0, 8} {
		inMemory(t, Account{Codecs: []int{codec}}, Account{}, func(t *testing.T, _ *memnet.Net, a, b *Phone) {
			b.OnCall = func(c *Call) { c.Ring(); c.Answer(); c.Tone(1000) }
			c := a.Call("2")
			c.Tone(440)
			if err := c.WaitUp(t.Context()); err != nil {
				t.Fatal(err)
			}
			<-time.After(2 * time.Second)
			d := b.Last()
			here, there := c.Heard(), d.Heard()
			if len(here) < 15000 || len(there) < 15000 {
				t.Fatalf("heard %d and %d samples", len(here), len(there))
			}
			here, there = here[len(here)-8000:], there[len(there)-8000:]
			if Power(here, 1000) < 0.99 || Power(there, 440) < 0.99 || Power(there, 1000) > 0.01 {
				t.Errorf("codec %d: caller hears 1000 Hz with %.2f, called 440 Hz with %.2f", codec, Power(here, 1000), Power(there, 440))
			}
			// On hold nobody hears anything.
			if err := c.Hold(Inactive); err != nil {
				t.Fatal(err)
			}
			before, _ := d.Packets()
			<-time.After(time.Second)
			if after, _ := d.Packets(); after > before+1 {
				t.Errorf("%d packets on hold", after-before)
			}
			c.HangUp()
			if err := d.WaitEnd(t.Context()); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestDigitsInEveryForm(t *testing.T) {
	inMemory(t, Account{}, Account{}, func(t *testing.T, _ *memnet.Net, a, b *Phone) {
		b.OnCall = func(c *Call) { c.Answer() }
		c := a.Call("2")
		if err := c.WaitUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		d := b.Last()
		c.SendDigits("0123456789*#ABCD11", RFC4733)
		<-time.After(6 * time.Second)
		if got := d.HeardDigits(); got != "0123456789*#ABCD11" {
			t.Errorf("RFC 4733: heard %q", got)
		}
		d.Forget()
		c.SendDigits("5", InBand)
		<-time.After(time.Second)
		pcm := d.Heard()
		first := 0
		for first < len(pcm) && pcm[first] == pcm[0] {
			first++
		}
		if len(pcm) < first+600 {
			t.Fatalf("heard %d samples", len(pcm))
		}
		tone := pcm[first : first+600]
		if low, high := Power(tone, 770), Power(tone, 1336); low < 0.4 || high < 0.4 {
			t.Errorf("in-band 5: 770 Hz %.2f, 1336 Hz %.2f", low, high)
		}
		c.HangUp()
	})
}

func TestWaysToEndACall(t *testing.T) {
	inMemory(t, Account{}, Account{}, func(t *testing.T, _ *memnet.Net, a, b *Phone) {
		b.OnCall = func(c *Call) { c.Busy() }
		c := a.Call("2")
		if err := c.WaitUp(t.Context()); err == nil {
			t.Error("answered")
		}
		if code, _ := c.End(); code != 486 {
			t.Errorf("busy: %d", code)
		}
		b.OnCall = nil // rings only
		c = a.Call("2")
		<-c.Ringing()
		c.HangUp()
		if err := c.WaitEnd(t.Context()); err != nil {
			t.Fatal(err)
		}
		if code, _ := c.End(); code != 487 {
			t.Errorf("taken back: %d", code)
		}
		if err := b.Last().WaitEnd(t.Context()); err != nil {
			t.Fatal(err)
		}
		c = a.Call("2")
		<-c.Ringing()
		b.Vanish()
		c.HangUp()
	})
}

func TestLateOfferAndLoss(t *testing.T) {
	inMemory(t, Account{LateOffer: true}, Account{}, func(t *testing.T, n *memnet.Net, a, b *Phone) {
		n.SetAll(memnet.Link{Delay: 20 * time.Millisecond, Loss: 0.3})
		b.OnCall = func(c *Call) { c.Answer(); c.Tone(500) }
		c := a.Call("2")
		if err := c.WaitUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		<-time.After(10 * time.Second)
		if got, _ := c.Packets(); got < 300 || got > 400 {
			t.Errorf("%d of 500 packets over a wire that loses 30 %%", got)
		}
		c.HangUp()
		if err := b.Last().WaitEnd(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

func TestRealSockets(t *testing.T) {
	a, b := pair(t, Real(), "127.0.0.1:0", "127.0.0.1:0", Account{}, Account{})
	defer a.Close()
	defer b.Close()
	b.OnCall = func(c *Call) { c.Answer() }
	b.Calls() // what was set is handed over with the phone's lock
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	c := a.Call("2")
	if err := c.WaitUp(ctx); err != nil {
		t.Fatal(err)
	}
	if c.RTP() == (netip.AddrPort{}) {
		t.Error("no RTP address")
	}
	c.HangUp()
	if err := b.Last().WaitEnd(ctx); err != nil {
		t.Fatal(err)
	}
}
