package sipua

import (
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/testbench/memnet"
)

// BenchmarkIncomingCall is one call of a trunk from INVITE to the 200 of its BYE,
// over the network in memory.
func BenchmarkIncomingCall(b *testing.B) {
	n := memnet.New(1)
	udp, err := n.ListenPacket(home)
	if err != nil {
		b.Fatal(err)
	}
	peer, err := n.ListenPacket("192.0.2.1:5060")
	if err != nil {
		b.Fatal(err)
	}
	defer peer.Close()
	events := make(chan Event, 100)
	leg := tel.LegID(0)
	media := &fakeMedia{open: map[tel.LegID]bool{}, set: map[tel.LegID][]Session{}}
	cfg := Config{Calls: 1 << 20, Urgent: func(tel.Number) bool { return true },
		Trunks: []Trunk{{ID: "telco", From: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}}}}
	a, err := New(cfg, media, func() tel.LegID { leg++; return leg }, func(e Event) { events <- e }, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- a.Serve(b.Context(), udp, nil) }()
	<-a.serving
	<-events // the trunk is up
	to := net.UDPAddrFromAddrPort(netip.MustParseAddrPort(home))
	buf := make([]byte, 8192)
	say := func(head, body string) {
		msg := strings.ReplaceAll(strings.TrimSpace(head), "\n", "\r\n") + fmt.Sprintf("\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
		if _, err := peer.WriteTo([]byte(msg), to); err != nil {
			b.Fatal(err)
		}
	}
	hear := func() string {
		for {
			k, _, err := peer.ReadFrom(buf)
			if err != nil {
				b.Fatal(err)
			}
			if strings.HasPrefix(string(buf[:k]), "SIP/2.0 200") {
				return string(buf[:k])
			}
		}
	}
	sdp := strings.ReplaceAll(rawSDP, "\n", "\r\n")
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		i++
		id := fmt.Sprint("bench", i)
		say(rawInvite(id, "i"+id, ""), sdp)
		in := (<-events).(Incoming)
		a.Answer(in.Leg)
		ok := hear()
		say(inDialog("ACK", ok, "a"+id, 1, ""), "")
		<-events
		say(inDialog("BYE", ok, "b"+id, 2, ""), "")
		<-events
		hear()
	}
}
