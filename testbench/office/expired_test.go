package office

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/firmware/app"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/testbench/phone"
)

// Head office and the log's server show a certificate that has expired: both are named
// plainly in both languages, nothing is sent to them, and a caller is served meanwhile.
func TestExpiredCertificatesFarAway(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "far.pem"), filepath.Join(dir, "far.key")
	expired(t, cert, key)
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	pack, err := Pack(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	doc := document + fmt.Sprintf("uplinks:\n  - {id: sede, url: \"https://localhost:9443/in\", ca: %s}\nlog: {syslog: {server: \"localhost:6514\", transport: tls, ca: %s}}\n", cert, cert)
	dial := func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go func() {
			c := tls.Server(theirs, &tls.Config{Certificates: []tls.Certificate{pair}})
			if n, err := c.Read(make([]byte, 1)); n > 0 || err == nil {
				t.Error("something was sent to a server of an expired certificate")
			}
			c.Close()
		}()
		return ours, nil
	}
	synctest.Test(t, func(t *testing.T) {
		o := OpenWith(t, 3, doc, pack, func(out *app.Outside) { out.DialUplink, out.DialLog = dial, dial })
		defer o.Stop()
		said := func(id string, l tel.Lang) string {
			for _, a := range o.House().View().Alarms {
				if a.ID == id {
					what, hint := a.Text(l)
					return what + ": " + hint
				}
			}
			return ""
		}
		for _, id := range []string{"uplink.sede", "syslog"} {
			for l, want := range map[tel.Lang]string{tel.Spanish: "u certificado caducó el 1999-12-01", tel.English: "ertificate expired on 1999-12-01"} {
				o.Until(id+" says why", time.Minute, func() bool { return strings.Contains(said(id, l), want) })
			}
		}
		ana := o.agent("201", "10.0.0.21", func(c *phone.Call) { c.Ring(); c.Answer() })
		defer ana.Close()
		carrier := o.Phone(Far, phone.Account{User: "600123456"})
		defer carrier.Close()
		c := carrier.Call("912000000")
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		o.must(c.WaitUp(ctx))
		<-time.After(time.Second)
		c.SendDigits("1", phone.RFC4733)
		o.Until("a caller is served", 20*time.Second, func() bool {
			calls := o.House().View().Calls
			return len(calls) == 1 && calls[0].Connected
		})
		c.HangUp()
		o.Until("the call is over", 5*time.Second, func() bool { return len(o.House().View().Calls) == 0 })
	})
}
