package sipua

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/testbench/phone"
)

// The same over the sockets of the machine, both address families, UDP and TCP.
func TestRealSockets(t *testing.T) {
	for _, host := range []string{"127.0.0.1", "::1"} {
		for _, tcp := range []bool{false, true} {
			t.Run(host+map[bool]string{true: " TCP", false: " UDP"}[tcp], func(t *testing.T) { overSockets(t, host, tcp) })
		}
	}
}

func overSockets(t *testing.T, host string, tcp bool) {
	udp, err := net.ListenPacket("udp", net.JoinHostPort(host, "0"))
	if err != nil {
		t.Skipf("no socket on %s: %v; a machine with that address family runs it", host, err)
	}
	l, err := net.Listen("tcp", udp.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	events := make(chan Event, 100)
	a, err := New(Config{Phones: []Phone{{Ext: "201", Password: "ana"}}}, &fakeMedia{open: map[tel.LegID]bool{}, set: map[tel.LegID][]Session{}},
		func() tel.LegID { return 7 }, func(e Event) { events <- e }, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	ended := make(chan error, 1)
	serve, stop := context.WithCancel(ctx)
	go func() { ended <- a.Serve(serve, udp, l) }()
	next := func() Event {
		select {
		case e := <-events:
			return e
		case <-ctx.Done():
			t.Fatal("nothing happened")
			return nil
		}
	}
	server, err := netip.ParseAddrPort(udp.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	p, err := phone.New(phone.Real(), net.JoinHostPort(host, "0"), phone.Account{User: "201", Password: "ana", Server: server, TCP: tcp})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	p.OnCall = func(c *phone.Call) { c.Ring(); c.Answer() }
	if err := p.Register(ctx); err != nil {
		t.Fatal(err)
	}
	if s, ok := next().(PhoneState); !ok || !s.Up {
		t.Fatalf("after REGISTER: %v", s)
	}
	a.Dial(1, Target{Ext: "201"}, From{Number: "202"})
	e := next()
	if _, rings := e.(Ringing); rings { // sipgo may let the 200 overtake the 180
		e = next()
	}
	if _, ok := e.(Answered); !ok {
		t.Fatalf("not answered: %v", e)
	}
	c := p.Call("202")
	in, ok := next().(Incoming)
	if !ok {
		t.Fatal("no call")
	}
	a.Answer(in.Leg)
	if err := c.WaitUp(ctx); err != nil {
		t.Fatal(err)
	}
	a.Shutdown(ctx)
	if err := c.WaitEnd(ctx); err != nil {
		t.Fatal(err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("Serve: %v", err)
	}
}
