package peers

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/centralita/centralita/testbench/phone"
)

// talk is a caller and an agent who hear each other while something else goes on.
type talk struct {
	t             *testing.T
	d             *Daemon
	caller, agent *phone.Call
}

// newTalk puts a caller through to 201.
func newTalk(t *testing.T, d *Daemon) *talk {
	t.Helper()
	got := make(chan *phone.Call, 1)
	d.Desk("201", func(c *phone.Call) { c.Ring(); c.Answer(); c.Tone(600); got <- c })
	c := d.Served(d.Carrier(phone.Account{}))
	c.Tone(1000)
	k := &talk{t: t, d: d, caller: c, agent: <-got}
	k.goesOn()
	return k
}

// goesOn demands that both still hear each other, in what comes from now on.
func (k *talk) goesOn() {
	k.t.Helper()
	k.caller.Forget()
	k.agent.Forget()
	Hears(k.t, "the caller", k.caller, 600, 1000)
	Hears(k.t, "the agent", k.agent, 1000, 600)
}

// ends hangs up and demands that the record is what it would have been anyway.
func (k *talk) ends() {
	k.t.Helper()
	k.goesOn()
	k.caller.HangUp()
	Until(k.t, "the record of the call", patience, func() bool {
		for _, r := range k.d.Calls() {
			if r.Agent == "ana" && r.EndedBy == "caller" && r.Cause == "normal" && r.Talk > 1 {
				return true
			}
		}
		return false
	})
	k.d.Verify()
}

// raw is a socket that says exactly what a test writes.
type raw struct {
	t *testing.T
	*net.UDPConn
	to *net.UDPAddr
}

func (d *Daemon) raw(host string) *raw {
	d.t.Helper()
	c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.ParseIP(host)})
	must(d.t, err)
	d.t.Cleanup(func() { _ = c.Close() }) // it has served
	return &raw{d.t, c, net.UDPAddrFromAddrPort(netip.MustParseAddrPort(d.SIP))}
}

func (x *raw) send(msg []byte) {
	x.t.Helper()
	_, err := x.WriteToUDP(msg, x.to)
	must(x.t, err)
}

// answer is the next message that comes within d, but for 100; empty: none.
func (x *raw) answer(d time.Duration) string {
	x.t.Helper()
	must(x.t, x.SetReadDeadline(time.Now().Add(d)))
	buf := make([]byte, 65536)
	for {
		n, err := x.Read(buf)
		if err != nil {
			return ""
		}
		if !bytes.HasPrefix(buf[:n], []byte("SIP/2.0 100")) {
			return string(buf[:n])
		}
	}
}

const rawSDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.2\r\ns=-\r\nc=IN IP4 127.0.0.2\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n"

var rawCalls atomic.Int32

// invite is a well-formed INVITE of a new call, from an address.
func (x *raw) invite(body string) string {
	n := rawCalls.Add(1)
	at := x.LocalAddr().String()
	return fmt.Sprintf("INVITE sip:912000000@%[1]s SIP/2.0\r\nVia: SIP/2.0/UDP %[2]s;branch=z9hG4bKraw%[3]d\r\nMax-Forwards: 70\r\n"+
		"From: \"Raw\" <sip:600999888@%[2]s>;tag=raw%[3]d\r\nTo: <sip:912000000@%[1]s>\r\nCall-ID: raw-%[3]d\r\nCSeq: 1 INVITE\r\n"+
		"Contact: <sip:600999888@%[2]s>\r\nContent-Type: application/sdp\r\nContent-Length: %[4]d\r\n\r\n%[5]s",
		x.to, at, n, len(body), body)
}

// hostile are messages and the beginning of their answers, made by change from
// a good INVITE.
func hostile(x *raw) map[string]struct{ msg, want string } {
	change := func(old, new string) string { return strings.Replace(x.invite(rawSDP), old, new, 1) }
	sdp := func(pairs ...string) string { return x.invite(strings.NewReplacer(pairs...).Replace(rawSDP)) }
	return map[string]struct{ msg, want string }{
		"no SIP":               {"GET / HTTP/1.1\r\n\r\n", ""},
		"zeros":                {string(make([]byte, 1400)), ""},
		"half a message":       {x.invite(rawSDP)[:200], "SIP/2.0 400 "},
		"version 7.0":          {change(" SIP/2.0\r\n", " SIP/7.0\r\n"), "SIP/2.0 505 "},
		"no From":              {change("From: ", "X-From: "), "SIP/2.0 400 "},
		"two lengths":          {change("Content-Length", "Content-Length: 3\r\nContent-Length"), "SIP/2.0 400 "},
		"length too large":     {change("Content-Length: ", "Content-Length: 9"), "SIP/2.0 400 "},
		"length negative":      {change("Content-Length: ", "Content-Length: -"), "SIP/2.0 400 "},
		"two From":             {change("To: ", "From: <sip:1@x>;tag=1\r\nTo: "), "SIP/2.0 400 "},
		"methods that differ":  {change("1 INVITE", "1 BYE"), "SIP/2.0 400 "},
		"sequence too large":   {change("CSeq: 1 ", "CSeq: 99999999999 "), "SIP/2.0 400 "},
		"unknown method":       {strings.ReplaceAll(x.invite(rawSDP), "INVITE", "DANCE"), "SIP/2.0 501 "},
		"unknown extension":    {change("Contact:", "Require: magic\r\nContact:"), "SIP/2.0 420 "},
		"unknown scheme":       {change("INVITE sip:", "INVITE fax:"), "SIP/2.0 416 "},
		"body of another kind": {change("application/sdp", "text/plain"), "SIP/2.0 415 "},
		"nonsense as body":     {x.invite("v=0\r\nm=audio here now\r\n"), "SIP/2.0 400 "},
		"unknown codec":        {sdp("AVP 8", "AVP 18", ":8 PCMA", ":18 G729"), "SIP/2.0 488 "},
		"video only":           {sdp("m=audio", "m=video", ":8 PCMA/8000", ":8 H261/90000"), "SIP/2.0 488 "},
		"60,000 octets":        {change("Contact:", "X-Long: "+strings.Repeat("x", 60000)+"\r\nContact:"), "SIP/2.0 "},
		"ten thousand fields":  {change("Contact:", strings.Repeat("X: y\r\n", 10000)+"Contact:"), "SIP/2.0 513 "},
	}
}

// Datagrams that are no SIP, or not quite, are refused with a word why, or not
// heard at all; a call that is up does not notice.
func TestHostileDatagrams(t *testing.T) {
	t.Parallel()
	d := NewDaemon(t, bin, document)
	k := newTalk(t, d)
	for name := range hostile(d.raw("127.0.0.2")) {
		x := d.raw("127.0.0.2") // answers are repeated: nobody confirms them
		c := hostile(x)[name]
		x.send([]byte(c.msg))
		got := x.answer(time.Second)
		status, _, _ := strings.Cut(got, "\r\n")
		_, why, _ := strings.Cut(got, "\r\nWarning: ")
		why, _, _ = strings.Cut(why, "\r\n")
		t.Logf("%-22s %s %s", name, status, why)
		if !strings.HasPrefix(got, c.want) || c.want == "" && got != "" {
			t.Errorf("%s: the answer is %q, want %q", name, got, c.want)
		}
		if strings.HasPrefix(got, "SIP/2.0 4") && why == "" && !strings.HasPrefix(got, "SIP/2.0 420") && !strings.HasPrefix(got, "SIP/2.0 415") {
			t.Errorf("%s: the answer does not say why: %q", name, got)
		}
	}
	x := d.raw("127.0.0.2")
	random := rand.New(rand.NewPCG(1, 2))
	good := []byte(x.invite(rawSDP))
	for range 3000 { // every octet may be wrong
		bad := bytes.Clone(good)
		for range 1 + random.IntN(8) {
			bad[random.IntN(len(bad))] = byte(random.Uint32())
		}
		x.send(bad[:random.IntN(len(bad)+1)])
	}
	k.ends()
}

// heardAt is where the house hears a call's other end: what its SDP says.
func heardAt(t *testing.T, c *phone.Call) *net.UDPAddr {
	t.Helper()
	_, rest, ok := strings.Cut(c.Description(), "m=audio ")
	var port int
	if _, err := fmt.Sscan(rest, &port); !ok || err != nil {
		t.Fatalf("no port in %q", c.Description())
	}
	return &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port}
}

// Garbage and a flood at the ports of a call's audio, from elsewhere and from the
// caller's own address: the two hear each other all the same.
func TestHostileAudio(t *testing.T) {
	t.Parallel()
	d := NewDaemon(t, bin, document)
	k := newTalk(t, d)
	random := rand.New(rand.NewPCG(3, 4))
	for _, host := range []string{"127.0.0.66", "127.0.0.2"} {
		x := d.raw(host)
		x.to = heardAt(t, k.caller)
		loud := bytes.Repeat([]byte{0x2A}, 160) // full scale in A-law
		for i := range 20000 {
			var b []byte
			switch i % 4 {
			case 0: // a stream that looks right
				b = append([]byte{0x80, 8}, binary.BigEndian.AppendUint16(nil, uint16(i))...)
				b = binary.BigEndian.AppendUint32(b, uint32(i*160))
				b = append(binary.BigEndian.AppendUint32(b, 0xBAD), loud...)
			case 1: // a key that nobody pressed
				b = append([]byte{0x80, 101, 0, byte(i)}, make([]byte, 12)...)
			default:
				b = make([]byte, random.IntN(1500))
				for j := range b {
					b[j] = byte(random.Uint32())
				}
			}
			x.send(b)
			if i%500 == 0 {
				x.to.Port ^= 1 // RTCP too
			}
		}
		k.goesOn()
	}
	k.ends()
}

// A thousand keys at once, in the menu and in a talk: each is taken or let go,
// and nothing else happens.
func TestDigitStorm(t *testing.T) {
	t.Parallel()
	d := NewDaemon(t, bin, document)
	k := newTalk(t, d)
	c := d.Carrier(phone.Account{User: "600999888"}).Call("912000000")
	must(t, c.WaitUp(soon(t)))
	x := d.raw("127.0.0.2")
	x.to = heardAt(t, c)
	must(t, x.SetWriteBuffer(1<<20))
	c.SendDigits(strings.Repeat("9#*", 40), phone.RFC4733)
	c.SendDigits(strings.Repeat("7", 200), phone.InBand)
	c.SendDigits(strings.Repeat("5", 100), phone.Info)
	k.caller.SendDigits(strings.Repeat("1234567890", 10), phone.RFC4733)
	for i := range 5000 {
		b := append([]byte{0x80, 101, byte(i >> 8), byte(i)}, binary.BigEndian.AppendUint32(nil, uint32(i))...)
		x.send(append(binary.BigEndian.AppendUint32(b, 0x50484F4E), byte(i%12), 0x8A, 0, 160))
	}
	Until(t, "the menu gives up on the caller", patience, func() bool {
		for _, r := range d.Calls() {
			if r.From == "600999888" && fmt.Sprint(r.FlowPath) == "[menu operador]" {
				return true
			}
		}
		return false
	})
	c.HangUp()
	Until(t, "the keys of the talk are out", patience, func() bool { return strings.Count(k.agent.HeardDigits(), "0") >= 5 })
	k.ends()
}

// Halves of messages over TCP, kept open, cut off, or never ending.
func TestHalvesOverTCP(t *testing.T) {
	t.Parallel()
	d := NewDaemon(t, bin, document)
	k := newTalk(t, d)
	x := d.raw("127.0.0.2")
	msg := strings.Replace(x.invite(rawSDP), "SIP/2.0/UDP", "SIP/2.0/TCP", 1)
	for i := range 40 {
		var dial net.Dialer
		dial.LocalAddr = &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(2+i%3))}
		c, err := dial.DialContext(t.Context(), "tcp", d.SIP)
		must(t, err)
		// The house may have closed it already: the worse is the better.
		switch i % 4 {
		case 0: // left open until the end
			_, _ = c.Write([]byte(msg[:len(msg)/2]))
			t.Cleanup(func() { _ = c.Close() })
		case 1: // cut off
			_, _ = c.Write([]byte(msg[:len(msg)-10]))
			_ = c.Close()
		case 2: // a head without end
			_, _ = c.Write([]byte(msg[:300] + strings.Repeat("X-Long: y\r\n", 5000)))
			_ = c.Close()
		case 3: // no SIP at all
			_, _ = c.Write(make([]byte, 100000))
			_ = c.Close()
		}
	}
	k.goesOn()
	over := d.DeskWith(phone.Account{User: "202", TCP: true}, nil)
	got := over.Call("203")
	must(t, got.WaitEnd(soon(t)))
	if code, _ := got.End(); code != 480 {
		t.Errorf("a phone that is not there: %d, want 480", code)
	}
	k.ends()
}

// A stranger's INVITE meets silence, and leaves no trace but in the counts; an
// unknown phone of the office is asked for its password.
func TestStrangersMeetSilence(t *testing.T) {
	t.Parallel()
	d := NewDaemon(t, bin, document)
	x := d.raw("127.0.0.77")
	x.send([]byte(strings.Replace(x.invite(rawSDP), "c=IN IP4 127.0.0.2", "c=IN IP4 127.0.0.77", 1)))
	if got := x.answer(5 * time.Second); !strings.HasPrefix(got, "SIP/2.0 401 ") {
		t.Errorf("an unknown phone of the office hears %q", got)
	}
	x = d.raw(stranger(t))
	for _, method := range []string{"INVITE", "OPTIONS", "BYE", "INFO", "MESSAGE"} {
		x.send([]byte(strings.ReplaceAll(x.invite(rawSDP), "INVITE", method)))
		if got := x.answer(500 * time.Millisecond); got != "" {
			t.Errorf("a stranger's %s is answered: %q", method, got)
		}
	}
	if s := d.Status(); len(s.Calls)+len(d.Calls()) != 0 || s.Media.Legs != 0 {
		t.Errorf("it left traces: %+v", s.Calls)
	}
}

// stranger is an address of this machine where no phone can be: not one of the
// private networks.
func stranger(t *testing.T) string {
	t.Helper()
	const made = "203.0.113.77"
	all, err := net.InterfaceAddrs()
	must(t, err)
	for _, a := range all {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil && !n.IP.IsPrivate() && !n.IP.IsLoopback() && !n.IP.IsLinkLocalUnicast() {
			return n.IP.String()
		}
	}
	if out, err := exec.Command("ip", "address", "add", made+"/32", "dev", "lo").CombinedOutput(); err != nil {
		t.Skipf("a stranger needs an address outside the private networks; only root can give this machine one: %v %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("ip", "address", "delete", made+"/32", "dev", "lo").CombinedOutput(); err != nil {
			t.Errorf("cannot take the address away: %v %s", err, out)
		}
	})
	return made
}
