package office

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/firmware/app"
	"github.com/centralita/centralita/firmware/call"
	"github.com/centralita/centralita/hal/serial"
	"github.com/centralita/centralita/hal/serial/serialtest"
	"github.com/centralita/centralita/testbench/expect"
	"github.com/centralita/centralita/testbench/linesim"
	"github.com/centralita/centralita/testbench/memnet"
	"github.com/centralita/centralita/testbench/phone"
)

// lan is the network as a box sees it that listens everywhere: its addresses come and go.
type lan struct {
	mu  sync.Mutex
	net *memnet.Net
	own []netip.Addr
}

// everywhere is a socket that listens at every address.
type everywhere struct{ net.PacketConn }

func (e everywhere) LocalAddr() net.Addr {
	return &net.UDPAddr{IP: net.IPv4zero, Port: e.PacketConn.LocalAddr().(*net.UDPAddr).Port}
}

// fit makes the house listen everywhere; it tells first at the start.
func (l *lan) fit(first string) func(*app.Outside) {
	return func(out *app.Outside) {
		out.Advertise = netip.MustParseAddrPort(first + ":5060")
		rtp := out.RTP
		out.RTP = func(a netip.AddrPort) (net.PacketConn, error) {
			c, err := rtp(a)
			return everywhere{c}, err
		}
		out.Addresses = func() ([]netip.Addr, error) {
			l.mu.Lock()
			defer l.mu.Unlock()
			return l.own, nil
		}
	}
}

// has gives the box these addresses and no other.
func (l *lan) has(own ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, a := range l.own {
		l.net.Also(a, netip.Addr{})
	}
	l.own = nil
	for _, a := range own {
		l.own = append(l.own, netip.MustParseAddr(a))
		l.net.Also(netip.MustParseAddr(a), SIP.Addr())
	}
}

// registrar answers every REGISTER with yes and keeps their Contacts.
func registrar(o *Office, at string) (contacts func() []string) {
	s, err := o.Net.ListenPacket(at)
	o.must(err)
	o.T.Cleanup(func() { s.Close() })
	var mu sync.Mutex
	var seen []string
	go func() {
		buf := make([]byte, 65536)
		for {
			n, from, err := s.ReadFrom(buf)
			if err != nil {
				return
			}
			var answer, contact []string
			for line := range strings.SplitSeq(string(buf[:n]), "\r\n") {
				switch name, value, _ := strings.Cut(line, ": "); name {
				case "Via", "From", "To", "Call-ID", "CSeq":
					answer = append(answer, line)
				case "Contact":
					contact = append(contact, value)
				}
			}
			mu.Lock()
			seen = append(seen, strings.Join(contact, " "))
			mu.Unlock()
			_, _ = s.WriteTo([]byte("SIP/2.0 200 OK\r\n"+strings.Join(answer, "\r\n")+"\r\nExpires: 600\r\nContent-Length: 0\r\n\r\n"), from)
		}
	}()
	return func() []string { mu.Lock(); defer mu.Unlock(); return slices.Clone(seen) }
}

// A box that listens everywhere takes calls on its lines before it has an address. When
// it gets one and keeps it, everything goes on: the call on the line, the session at the
// serial line; the trunk is registered at once, and phones are called from there.
func TestACableThatComesLate(t *testing.T) {
	pack, err := Pack(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	doc := strings.Replace(document, "fxs: 2}", "fxs: 2, console: [/dev/ttyS1]}", 1)
	doc = strings.Replace(doc, `server: "10.9.0.1:5060", from`, `server: "10.9.0.1:5060", register: true, user: office, password: secret, from`, 1)
	synctest.Test(t, func(t *testing.T) {
		cable := &serialtest.Cable{Title: "/dev/ttyS1"}
		_ = cable.Plug() // it cannot fail
		d := expect.New(t, cable.Far())
		var l lan
		o := OpenWith(t, 1, doc, pack, func(out *app.Outside) {
			l.fit("127.0.0.1")(out)
			out.Console = func(string) serial.Device { return cable }
		})
		defer o.Stop()
		l.net = o.Net
		contacts := registrar(o, "10.9.0.1:5060")
		claim(d)
		copper := o.Copper()
		defer copper.Close()
		line, err := copper.Line(1)
		o.must(err)
		c, err := line.Call(linesim.Caller{Number: "600123456"})
		o.must(err)
		_, err = c.WaitAnswer(t.Context())
		o.must(err)
		before := o.House().View().Calls[0].ID

		l.has("192.168.1.40")
		<-time.After(time.Second)
		l.has() // DHCP takes it away again
		<-time.After(20 * time.Second)
		if cs := contacts(); len(cs) == 0 || strings.Contains(strings.Join(cs, " "), "192.168") {
			t.Errorf("the trunk was told %q", cs)
		}
		l.has("192.168.1.41")
		<-time.After(11 * time.Second)
		cs := contacts()
		if last := cs[len(cs)-1]; last != "<sip:office@192.168.1.41:5060> <sip:office@127.0.0.1:5060>;expires=0" {
			t.Errorf("the trunk was told %q", cs)
		}
		d.Do("phones", "192.168.1.41:5060")
		d.Do("calls", "600123456")
		if v := o.House().View(); len(v.Calls) != 1 || v.Calls[0].ID != before {
			t.Errorf("the call on the line is gone: %+v", v.Calls)
		}
		if over, _ := c.Over(); over {
			t.Error("the line was hung up")
		}
		o.callsAt(c, "192.168.1.41")
		o.must(c.WaitOver(t.Context()))
	})
}

// callsAt lets a caller on a line speak with a phone that registers now.
func (o *Office) callsAt(c *linesim.Call, addr string) {
	o.T.Helper()
	var mu sync.Mutex
	var invites []string
	o.Net.OnPacket(func(p memnet.Packet) bool {
		if p.To.Addr() == netip.MustParseAddr("10.0.0.21") && strings.HasPrefix(string(p.Data), "INVITE ") {
			mu.Lock()
			invites = append(invites, string(p.Data))
			mu.Unlock()
		}
		return true
	})
	var got *phone.Call
	ana := o.agent("201", "10.0.0.21", func(c *phone.Call) { got = c; c.Answer() })
	defer ana.Close()
	ctx, cancel := context.WithTimeout(o.T.Context(), time.Minute)
	defer cancel()
	o.must(c.Press(ctx, "1"))
	o.Until("connected", 20*time.Second, func() bool { v := o.House().View(); return len(v.Calls) == 1 && v.Calls[0].Connected })
	<-time.After(time.Second)
	o.hear(c, got)
	mu.Lock()
	first := invites[0]
	mu.Unlock()
	for _, part := range []string{"\r\nVia: SIP/2.0/UDP " + addr + ":5060;", "@" + addr + ":5060>", "\r\nc=IN IP4 " + addr + "\r\n"} {
		if !strings.Contains(first, part) {
			o.T.Errorf("no %q in %s", part, first)
		}
	}
	c.HangUp()
}

// hear lets a phone and a caller on a line speak in turn, and fails unless each hears
// the other. Two tones at once, for long, are no speech: the canceller of the line would
// take one for the echo of the other.
func (o *Office) hear(c *linesim.Call, got *phone.Call) {
	o.T.Helper()
	c.Quiet()
	got.Tone(600)
	<-time.After(1500 * time.Millisecond)
	if l := c.Level(600, time.Second); l < -20 {
		o.T.Errorf("the caller hears the agent at %.0f dBm0", l)
	}
	got.Tone(0)
	c.Hum(1000, -10)
	<-time.After(1500 * time.Millisecond)
	if p := phone.Power(tail(got.Heard(), 2000), 1000); p < 0.8 {
		o.T.Errorf("the agent hears the caller with a share of %.2f", p)
	}
	c.Quiet()
}

// Another lease in the middle of a call: the phone is told, and the two hear each other
// again. The book has it.
func TestAnotherLeaseDuringACall(t *testing.T) {
	pack, err := Pack(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		l := lan{own: []netip.Addr{netip.MustParseAddr("192.168.1.40")}}
		o := OpenWith(t, 1, document, pack, l.fit("192.168.1.40"))
		defer o.Stop()
		l.net = o.Net
		l.has("192.168.1.40")
		copper := o.Copper()
		defer copper.Close()
		line, err := copper.Line(1)
		o.must(err)
		var got *phone.Call
		ana := o.agent("201", "10.0.0.21", func(c *phone.Call) { got = c; c.Answer() })
		defer ana.Close()
		c, err := line.Call(linesim.Caller{Number: "600123456"})
		o.must(err)
		_, err = c.WaitAnswer(t.Context())
		o.must(err)
		<-time.After(500 * time.Millisecond)
		o.must(c.Press(t.Context(), "1"))
		o.Until("connected", 20*time.Second, func() bool { v := o.House().View(); return len(v.Calls) == 1 && v.Calls[0].Connected })
		<-time.After(time.Second)
		o.hear(c, got)
		got.Tone(600)
		l.has("192.168.1.99")
		<-time.After(1800 * time.Millisecond)
		if l := c.Level(600, time.Second); l > -40 {
			t.Errorf("what the phone sends to the old address arrives at %.0f dBm0", l)
		}
		<-time.After(7 * time.Second)
		o.hear(c, got)
		c.HangUp()
		o.Until("over", 10*time.Second, func() bool { return len(o.House().View().Calls) == 0 })
		<-time.After(2 * time.Second)
		var told []string
		for _, row := range o.Facts() {
			if f, err := row.Fact(); err == nil && f.Kind == call.Address {
				told = append(told, f.Reason+" → "+f.State)
			}
		}
		if !slices.Equal(told, []string{"192.168.1.40 → 192.168.1.99"}) {
			t.Errorf("the book has %q", told)
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
		l := lan{own: []netip.Addr{netip.MustParseAddr("10.8.0.2"), netip.MustParseAddr("192.168.1.40")}}
		o := OpenWith(t, 1, document, pack, l.fit("192.168.1.40"))
		defer o.Stop()
		<-time.After(time.Hour)
		for _, f := range o.Facts() {
			if f.Kind == call.Address {
				t.Errorf("it moved: %+v", f)
			}
		}
	})
}
