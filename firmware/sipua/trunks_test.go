package sipua

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/testbench/phone"
)

func TestTrunkThatRegistersHere(t *testing.T) {
	inBubble(t, office(), func(t *testing.T, r *rig) {
		p := r.phoneWith("10.0.0.90:5060", phone.Account{User: "box", Password: "boxpw"})
		if err := p.Register(r.soon()); err != nil {
			t.Fatal(err)
		}
		for s := want[TrunkState](r); s.Trunk != "ata" || !s.Up; s = want[TrunkState](r) {
		}
		p.OnCall = func(c *phone.Call) { c.Answer() }
		r.a.Dial(1, Target{Trunk: "ata", Number: "600111222"}, From{Number: "201"})
		want[Answered](r)
		if c := p.Last(); c.To != "600111222" || c.From != "201" {
			t.Errorf("the box was asked for %s by %s", c.To, c.From)
		}
		p.Call("910000002")
		if in := want[Incoming](r); in.Trunk != "ata" || in.To != "910000002" {
			t.Errorf("incoming: %v", in)
		}
	})
}

// registrar is a trunk that wants us to register.
type registrar struct {
	x      *raw
	expiry int
	seen   []string
	times  []time.Time
}

// step takes one request and answers it as a registrar with a password does.
func (g *registrar) step(d time.Duration) string {
	msg := g.x.recv("REGISTER", d)
	if msg == "" {
		return ""
	}
	g.seen, g.times = append(g.seen, msg), append(g.times, time.Now())
	switch {
	case !strings.Contains(msg, "Authorization:"):
		g.x.send(answerTo(msg, 401, "Unauthorized", "r")+"\nWWW-Authenticate: Digest realm=\"telco\", nonce=\"n1\", qop=\"auth\"", "")
	case field(msg, "Expires") == "600" && g.expiry > 600:
		g.x.send(answerTo(msg, 423, "Interval Too Brief", "r")+fmt.Sprintf("\nMin-Expires: %d", g.expiry), "")
	default:
		g.x.send(answerTo(msg, 200, "OK", "r")+fmt.Sprintf("\nExpires: %d", g.expiry), "")
	}
	return msg
}

func TestWeRegisterAtATrunk(t *testing.T) {
	cfg := withServer()
	cfg.Trunks[0].Register = true
	inBubble(t, cfg, func(t *testing.T, r *rig) {
		// Nobody there at first: back off, 2 s after the time-out, then 4 s.
		for s := want[TrunkState](r); s.Trunk != "telco"; s = want[TrunkState](r) {
		}
		g := &registrar{x: r.raw("192.0.2.99:5060"), expiry: 1000}
		for range 4 {
			if g.step(5*time.Minute) == "" {
				t.Fatalf("no REGISTER\n%s", r.logged())
			}
		}
		for s := want[TrunkState](r); s.Trunk != "telco" || !s.Up; s = want[TrunkState](r) {
		}
		last := g.seen[len(g.seen)-1]
		if !strings.HasPrefix(last, "REGISTER sip:192.0.2.99 SIP/2.0") || field(last, "Expires") != "1000" ||
			!strings.Contains(field(last, "To"), "sip:office@192.0.2.99") || !strings.Contains(field(last, "Contact"), "office@10.0.0.1:5060") {
			t.Errorf("REGISTER: %q", last)
		}
		registered := time.Now()
		if g.step(20*time.Minute) == "" || time.Since(registered) != 800*time.Second {
			t.Errorf("refreshed after %v", time.Since(registered))
		}
		g.step(time.Second)
		// At the end we take it back.
		done := make(chan struct{})
		go func() { r.a.Shutdown(context.Background()); close(done) }()
		if off := g.step(time.Second); field(off, "Expires") != "0" {
			t.Errorf("no farewell: %q", off)
		}
		g.step(time.Second)
		<-done
	})
}

func TestTrunkWithAWrongPasswordIsNotHammered(t *testing.T) {
	cfg := withServer()
	cfg.Trunks[0].Register = true
	inBubble(t, cfg, func(t *testing.T, r *rig) {
		x := r.raw("192.0.2.99:5060")
		count := 0
		end := time.Now().Add(time.Hour)
		for time.Now().Before(end) {
			msg := x.recv("REGISTER", time.Until(end))
			if msg == "" {
				break
			}
			count++
			x.send(answerTo(msg, 403, "Forbidden", "r"), "")
		}
		if count < 10 || count > 40 {
			t.Errorf("%d tries in an hour", count)
		}
	})
}

func TestTrunkIsWatchedByOptions(t *testing.T) {
	inBubble(t, withServer(), func(t *testing.T, r *rig) {
		down := func() bool {
			for {
				if s := want[TrunkState](r); s.Trunk == "telco" {
					return !s.Up
				}
			}
		}
		x := r.raw("192.0.2.99:5060")
		if opt := x.recv("OPTIONS", time.Minute); opt != "" {
			x.send(answerTo(opt, 200, "OK", "o"), "")
		}
		if down() {
			t.Error("it answers and is down")
		}
		if !down() {
			t.Error("it went silent and is up")
		}
		opt := x.recv("OPTIONS", time.Minute)
		for opt != "" {
			x.send(answerTo(opt, 404, "Not Found", "o"), "")
			opt = x.recv("OPTIONS", 10*time.Second)
		}
		if down() {
			t.Error("it answers again and is down")
		}
	})
}

func TestTrunkByName(t *testing.T) {
	cfg := withServer()
	cfg.Trunks[0].Server = "sip.example.net"
	cfg.Resolve = func(_ context.Context, host string) ([]netip.Addr, error) {
		if host != "sip.example.net" {
			return nil, errors.New("no such host")
		}
		return []netip.Addr{netip.MustParseAddr("192.0.2.99")}, nil
	}
	inBubble(t, cfg, func(t *testing.T, r *rig) {
		x := r.raw("192.0.2.99:5060")
		r.a.Dial(1, Target{Trunk: "telco", Number: "600111222"}, From{})
		inv := x.recv("INVITE sip:600111222@sip.example.net SIP/2.0", time.Second)
		if inv == "" {
			t.Fatal("no INVITE")
		}
		x.send(answerTo(inv, 486, "Busy Here", "b"), "")
		want[Gone](r)
	})
}

func TestTrunkOverTCPIsDialled(t *testing.T) {
	cfg := withServer()
	cfg.Trunks[0].TCP = true
	inBubble(t, cfg, func(t *testing.T, r *rig) {
		l, err := r.net.Listen("192.0.2.99:5060")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		r.a.Dial(1, Target{Trunk: "telco", Number: "600111222"}, From{})
		for range 2 { // the first is our OPTIONS or the INVITE, over one connection or two
			c, err := l.Accept()
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			buf := make([]byte, 4096)
			n, err := c.Read(buf)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(string(buf[:n]), "INVITE") {
				if !strings.Contains(string(buf[:n]), "SIP/2.0/TCP") {
					t.Errorf("Via: %q", buf[:n])
				}
				return
			}
			if strings.Contains(string(buf[:n]), "\r\n\r\nINVITE") {
				return
			}
			n, _ = c.Read(buf)
			if strings.HasPrefix(string(buf[:n]), "INVITE") {
				return
			}
		}
		t.Error("no INVITE over TCP")
	})
}
