package app

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/config"
)

// alone runs the rest of a test in a network of its own with nothing but loopback.
func alone(t *testing.T) bool {
	t.Helper()
	t.Parallel() // they wait, in processes of their own
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("there is no ip: apt-get install iproute2")
	}
	if !apart(t, syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}) {
		return false
	}
	ip(t, "link set lo up")
	return true
}

func ip(t *testing.T, line string) {
	t.Helper()
	if out, err := exec.Command("ip", strings.Fields(line)...).CombinedOutput(); err != nil {
		t.Fatalf("ip %s: %v\n%s", line, err, out)
	}
}

// until asks for a command until its answer has, or has not, some words.
func (d desk) until(line, words string, has bool) {
	d.t.Helper()
	limit := time.After(30 * time.Second)
	for tick := time.Tick(100 * time.Millisecond); ; {
		out, _ := d.ask(line)
		if strings.Contains(strings.Join(strings.Fields(out), " "), words) == has {
			return
		}
		select {
		case <-tick:
		case <-limit:
			d.t.Fatalf("%s: %q is there: %t\n%s", line, words, !has, out)
		}
	}
}

// A house at an address that the machine does not have yet takes its lines, says so,
// and answers at it as soon as it is there.
func TestAnAddressThatIsStillToCome(t *testing.T) {
	if !alone(t) {
		return
	}
	d := newDeskAt(t, "", "10.77.0.5:5060", "10.77.0.5:8080")
	const words = "Listens at 10.77.0.5, which this machine does not have"
	d.until("status", words, true)
	ip(t, "addr add 10.77.0.5/24 dev lo")
	c, err := net.Dial("udp4", "10.77.0.5:5060")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "REGISTER sip:10.77.0.5 SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK1;rport\r\nFrom: <sip:900@10.77.0.5>;tag=1\r\nTo: <sip:900@10.77.0.5>\r\nCall-ID: 1\r\nCSeq: 1 REGISTER\r\nContact: <sip:900@%[1]s>\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n", c.LocalAddr())
	_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
	buf := make([]byte, 65536)
	if n, err := c.Read(buf); err != nil || !strings.HasPrefix(string(buf[:n]), "SIP/2.0 ") {
		t.Errorf("SIP: %q, %v", buf[:n], err)
	}
	res, err := http.Get("http://10.77.0.5:8080/wall")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	d.until("status", words, false)
	ip(t, "addr del 10.77.0.5/24 dev lo")
	d.until("status", words, true)
}

// A house that listens everywhere tells the address that came, and the console that
// asks is the same.
func TestAnAddressThatComesWhileItRuns(t *testing.T) {
	if !alone(t) {
		return
	}
	d := newDeskAt(t, "", "0.0.0.0:5060", "0.0.0.0:8080")
	d.until(`config set phones.300 {"ext":"300","sip":true,"name":"Ana"}`, "draft", true)
	d.ask("config apply")
	d.until("phones", "127.0.0.1:5060", true)
	ip(t, "addr add 10.77.0.7/24 dev lo")
	d.until("phones", "10.77.0.7:5060", true)
	d.until("book tail 20", "10.77.0.7", true)
	select {
	case <-d.ready:
		t.Error("another house began")
	default:
	}
}

// A port that is taken is an error, whether or not the machine has the address.
func TestAPortThatIsTaken(t *testing.T) {
	for _, addr := range []string{"127.0.0.1", "10.77.0.5"} {
		first, err := listenTCP(netip.MustParseAddrPort(addr + ":0"))
		if err != nil {
			t.Fatal(err)
		}
		at := netip.MustParseAddrPort(first.Addr().String())
		cfg := &config.Config{Listen: config.Listen{SIP: netip.MustParseAddrPort(addr + ":0"), Web: at, HTTPS: netip.MustParseAddrPort(addr + ":0")}}
		if o, err := Listen(cfg, t.TempDir()); err == nil || !strings.Contains(err.Error(), "address already in use") || !strings.Contains(err.Error(), "--web") {
			t.Errorf("%v, %v", o, err)
		}
		if err := first.Close(); err != nil {
			t.Error(err)
		}
	}
}
