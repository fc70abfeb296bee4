package sipua

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/testbench/memnet"
	"github.com/centralita/centralita/testbench/phone"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const home = "10.0.0.1:5060"

// rig is an agent on a network in memory, with everything it said.
type rig struct {
	t     *testing.T
	net   *memnet.Net
	a     *Agent
	media *fakeMedia
	stop  context.CancelFunc
	ended chan error

	events chan Event
	log    *strings.Builder
	logMu  sync.Mutex
	closed bool
	legs   uint64
	peers  []interface{ Close() }
}

// fakeMedia hands out addresses and remembers what it was told.
type fakeMedia struct {
	mu     sync.Mutex
	port   uint16
	open   map[tel.LegID]bool
	set    map[tel.LegID][]Session
	full   bool
	closed int
}

func (m *fakeMedia) Open(leg tel.LegID) (netip.AddrPort, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.full {
		return netip.AddrPort{}, errors.New("no free port")
	}
	if m.open[leg] {
		return netip.AddrPort{}, fmt.Errorf("leg %d opened twice", leg)
	}
	m.open[leg] = true
	m.port += 2
	return netip.AddrPortFrom(netip.MustParseAddr("10.0.0.1"), 20000+m.port), nil
}

func (m *fakeMedia) Set(leg tel.LegID, s Session) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.open[leg] {
		return fmt.Errorf("leg %d is not open", leg)
	}
	m.set[leg] = append(m.set[leg], s)
	return nil
}

func (m *fakeMedia) Close(leg tel.LegID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.open, leg)
	m.closed++
}

func (m *fakeMedia) last(leg tel.LegID) Session {
	m.mu.Lock()
	defer m.mu.Unlock()
	if ss := m.set[leg]; len(ss) > 0 {
		return ss[len(ss)-1]
	}
	return Session{}
}

func (m *fakeMedia) left() int { m.mu.Lock(); defer m.mu.Unlock(); return len(m.open) }

// office is a configuration with phones 201 to 204 and three trunks.
func office() Config {
	return Config{
		Phones: []Phone{{Ext: "201", Password: "ana"}, {Ext: "202", Password: "bruno"}, {Ext: "203", Password: "carla"}, {Ext: "204", Password: "diego", Codecs: []string{"PCMU"}}},
		Trunks: []Trunk{
			{ID: "telco", From: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}, Server: "192.0.2.1", User: "office", Password: "secret", Number: "910000001", Calls: 10},
			{ID: "ata", Accepts: true, User: "box", Password: "boxpw", Number: "910000002"},
		},
	}
}

// inBubble runs a test against an agent in virtual time.
func inBubble(t *testing.T, cfg Config, fn func(t *testing.T, r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, cfg)
		defer r.close()
		fn(t, r)
	})
}

func newRig(t *testing.T, cfg Config) *rig {
	t.Helper()
	r := &rig{t: t, net: memnet.New(1), events: make(chan Event, 100000), ended: make(chan error, 1), log: &strings.Builder{},
		media: &fakeMedia{open: map[tel.LegID]bool{}, set: map[tel.LegID][]Session{}}}
	udp, err := r.net.ListenPacket(home)
	if err != nil {
		t.Fatal(err)
	}
	tcp, err := r.net.Listen(home)
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Dial == nil {
		cfg.Dial = func(ctx context.Context, addr string) (net.Conn, error) { return r.net.Dial(ctx, "10.0.0.1", addr) }
	}
	var legMu sync.Mutex
	r.a, err = New(cfg, r.media, func() tel.LegID {
		legMu.Lock()
		defer legMu.Unlock()
		r.legs++
		return tel.LegID(1000 + r.legs)
	}, func(e Event) { r.events <- e }, slog.New(slog.NewTextHandler(&lockedWriter{r}, &slog.HandlerOptions{Level: slog.LevelDebug})))
	if err != nil {
		t.Fatal(err)
	}
	var ctx context.Context
	ctx, r.stop = context.WithCancel(context.Background())
	go func() { r.ended <- r.a.Serve(ctx, udp, tcp) }()
	<-r.a.serving
	synctest.Wait()
	return r
}

type lockedWriter struct{ r *rig }

func (w *lockedWriter) Write(b []byte) (int, error) {
	w.r.logMu.Lock()
	defer w.r.logMu.Unlock()
	return w.r.log.Write(b)
}

func (r *rig) logged() string { r.logMu.Lock(); defer r.logMu.Unlock(); return r.log.String() }

// close ends the world and looks for what was left behind.
func (r *rig) close() {
	r.t.Helper()
	if r.closed {
		return
	}
	r.closed = true
	r.a.Shutdown(context.Background())
	for _, p := range r.peers {
		p.Close()
	}
	r.pass(2 * time.Minute) // every transaction is over
	if n := r.a.Legs(); n != 0 {
		r.t.Errorf("%d legs left over", n)
	}
	if n := r.media.left(); n != 0 {
		r.t.Errorf("%d audio addresses left over", n)
	}
	r.stop()
	if err := <-r.ended; err != nil {
		r.t.Errorf("Serve: %v", err)
	}
	synctest.Wait()
	if n := r.a.post.size(); n != 0 {
		r.t.Errorf("%d mailboxes left over", n)
	}
	r.a.mu.Lock()
	if r.a.open != 0 {
		r.t.Errorf("%d farewells left over", r.a.open)
	}
	r.a.mu.Unlock()
	if r.t.Failed() {
		r.t.Log(r.logged())
	}
}

// pass lets virtual time go by.
func (r *rig) pass(d time.Duration) { <-time.After(d); synctest.Wait() }

// phone opens a phone of the office at an address.
func (r *rig) phone(addr, ext, pw string) *phone.Phone {
	return r.phoneWith(addr, phone.Account{User: ext, Password: pw})
}

func (r *rig) phoneWith(addr string, acc phone.Account) *phone.Phone {
	r.t.Helper()
	acc.Server = netip.MustParseAddrPort(home)
	p, err := phone.New(phone.Memory(r.net), addr, acc)
	if err != nil {
		r.t.Fatal(err)
	}
	r.peers = append(r.peers, p)
	return p
}

// registered is phone, already signed on.
func (r *rig) registered(addr, ext, pw string) *phone.Phone {
	return r.registeredWith(addr, phone.Account{User: ext, Password: pw})
}

func (r *rig) registeredWith(addr string, acc phone.Account) *phone.Phone {
	r.t.Helper()
	p := r.phoneWith(addr, acc)
	if err := p.Register(r.soon()); err != nil {
		r.t.Fatal(err)
	}
	for s := want[PhoneState](r); !s.Up || s.Ext != tel.Number(acc.User); s = want[PhoneState](r) {
	}
	return p
}

// want waits for the next event of a kind; others before it are passed over.
func want[E Event](r *rig) E {
	r.t.Helper()
	limit := time.After(15 * time.Minute)
	for {
		select {
		case e := <-r.events:
			if v, ok := e.(E); ok {
				return v
			}
		case <-limit:
			var zero E
			r.t.Fatalf("no %T within 15 min\n%s", zero, r.logged())
		}
	}
}

// quiet fails if an event of a kind is there or comes within d.
func quiet[E Event](r *rig, d time.Duration) {
	r.t.Helper()
	limit := time.After(d)
	for {
		select {
		case e := <-r.events:
			if v, ok := e.(E); ok {
				r.t.Errorf("unexpected %v", v)
			}
		case <-limit:
			return
		}
	}
}

// raw is a peer that says exactly what a test writes.
type raw struct {
	r    *rig
	sock *memnet.PacketConn
	to   net.Addr
}

func (r *rig) raw(addr string) *raw {
	r.t.Helper()
	s, err := r.net.ListenPacket(addr)
	if err != nil {
		r.t.Fatal(err)
	}
	x := &raw{r: r, sock: s, to: net.UDPAddrFromAddrPort(netip.MustParseAddrPort(home))}
	r.peers = append(r.peers, x)
	return x
}

func (x *raw) Close() { x.sock.Close() }

// send writes a message; lines are parted by LF and Content-Length is filled in.
func (x *raw) send(head, body string) {
	x.r.t.Helper()
	body = strings.ReplaceAll(body, "\n", "\r\n")
	msg := strings.ReplaceAll(strings.TrimSpace(head), "\n", "\r\n") + fmt.Sprintf("\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	if _, err := x.sock.WriteTo([]byte(msg), x.to); err != nil {
		x.r.t.Fatal(err)
	}
}

// recv waits for a message whose start line contains what; "" if none comes in d.
func (x *raw) recv(what string, d time.Duration) string {
	buf := make([]byte, 65536)
	x.sock.SetReadDeadline(time.Now().Add(d))
	for {
		n, _, err := x.sock.ReadFrom(buf)
		if err != nil {
			return ""
		}
		msg := string(buf[:n])
		line, _, _ := strings.Cut(msg, "\r\n")
		if strings.Contains(line, what) {
			return msg
		}
	}
}

// field is the value of the first header called name.
func field(msg, name string) string {
	for l := range strings.SplitSeq(msg, "\r\n") {
		if k, v, ok := strings.Cut(l, ":"); ok && strings.EqualFold(k, name) {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

// rawInvite is an INVITE from the trunk's address.
func rawInvite(callID, branch, extra string) string {
	return `INVITE sip:910000001@10.0.0.1 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK` + branch + `
From: "Caller" <sip:600111222@192.0.2.1>;tag=ft` + callID + `
To: <sip:910000001@10.0.0.1>
Call-ID: ` + callID + `
CSeq: 1 INVITE
Contact: <sip:192.0.2.1:5060>
Max-Forwards: 70
` + extra + `Content-Type: application/sdp`
}

const rawSDP = `v=0
o=- 1 1 IN IP4 192.0.2.1
s=-
c=IN IP4 192.0.2.1
t=0 0
m=audio 4000 RTP/AVP 8 0 101
a=rtpmap:101 telephone-event/8000
`

// inDialog is a request of the trunk within the dialog that res set up.
func inDialog(method, res, branch string, seq int, extra string) string {
	return fmt.Sprintf(`%s sip:910000001@10.0.0.1:5060 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK%s
From: %s
To: %s
Call-ID: %s
CSeq: %d %s
Max-Forwards: 70
%s`, method, branch, field(res, "From"), field(res, "To"), field(res, "Call-ID"), seq, method, extra)
}

// quietTrunk is office without a trunk that is asked for by OPTIONS.
func quietTrunk() Config {
	c := office()
	c.Trunks[0].Server = ""
	return c
}

// trunkUp makes a raw trunk call, answers it and confirms; the 200 is returned.
func (x *raw) up(callID string) (tel.LegID, string) {
	x.r.t.Helper()
	x.send(rawInvite(callID, "inv"+callID, ""), rawSDP)
	leg := want[Incoming](x.r).Leg
	x.r.a.Answer(leg)
	ok := x.recv("200", time.Second)
	for ok != "" && (field(ok, "Call-ID") != callID || field(ok, "CSeq") != "1 INVITE") {
		ok = x.recv("200", time.Second) // an answer to something earlier
	}
	if ok == "" {
		x.r.t.Fatalf("no 200\n%s", x.r.logged())
	}
	x.send(inDialog("ACK", ok, "ack"+callID, 1, ""), "")
	want[Answered](x.r)
	return leg, ok
}

func linkDelay(d time.Duration, chunk int) memnet.Link { return memnet.Link{Delay: d, Chunk: chunk} }

// soon is a context that ends a wait that would last for ever.
func (r *rig) soon() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Minute)
	r.t.Cleanup(cancel)
	return ctx
}
