package office

import (
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/firmware/app"
	"github.com/centralita/centralita/testbench/linesim"
)

// A box that listens everywhere takes calls on its lines before it has an address, and
// starts anew when it has got one and nobody talks.
func TestACableThatComesLate(t *testing.T) {
	pack, err := Pack(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var own []netip.Addr
	has := func(a ...netip.Addr) { mu.Lock(); own = a; mu.Unlock() }
	fit := func(out *app.Outside) {
		out.Advertise = netip.MustParseAddrPort("127.0.0.1:5060")
		out.Addresses = func() ([]netip.Addr, error) { mu.Lock(); defer mu.Unlock(); return own, nil }
	}
	synctest.Test(t, func(t *testing.T) {
		o := OpenWith(t, 1, document, pack, fit)
		defer o.Stop()
		line, err := o.Copper().Line(1)
		o.must(err)
		c, err := line.Call(linesim.Caller{Number: "600123456"})
		o.must(err)
		_, err = c.WaitAnswer(t.Context())
		o.must(err)
		has(netip.MustParseAddr("192.168.1.40"))
		<-time.After(time.Second)
		has() // DHCP takes it away again
		<-time.After(20 * time.Second)
		has(netip.MustParseAddr("192.168.1.41"))
		<-time.After(20 * time.Second)
		if v := o.House().View(); len(v.Calls) != 1 {
			t.Fatalf("%d calls go on", len(v.Calls))
		}
		c.HangUp()
		if why := o.over(time.Minute); !strings.Contains(why, "the address is 192.168.1.41 now") {
			t.Errorf("it ended by %q", why)
		}
	})
}

// An address that is still the machine's stays, whatever else it has.
func TestAnAddressThatStays(t *testing.T) {
	pack, err := Pack(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		o := OpenWith(t, 1, document, pack, func(out *app.Outside) {
			out.Advertise = netip.MustParseAddrPort("192.168.1.40:5060")
			out.Addresses = func() ([]netip.Addr, error) {
				return []netip.Addr{netip.MustParseAddr("10.8.0.2"), netip.MustParseAddr("192.168.1.40")}, nil
			}
		})
		defer o.Stop()
		<-time.After(time.Hour)
		select {
		case err := <-o.ended:
			t.Fatalf("it ended by %v", err)
		default:
		}
	})
}
