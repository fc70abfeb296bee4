package config

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/centralita/centralita/firmware/config/place"
)

// Access says how people enter, as far as that is the site's and not a person's.
// Accounts are no part of the document.
type Access struct {
	Idle    time.Duration  // a session of a browser that is not used ends
	Longest time.Duration  // and any one
	Console time.Duration  // one at the serial line or over SSH without a key
	SSH     netip.AddrPort // not valid: SSH is off
}

// access reads how people enter.
func (r *reader) access(f *place.Fields) {
	a := &r.cfg.Access
	a.Idle = f.Duration("idle", 30*time.Minute, time.Minute, 12*time.Hour)
	a.Longest = f.Duration("longest", 12*time.Hour, 5*time.Minute, 7*24*time.Hour)
	a.Console = f.Duration("console", 10*time.Minute, time.Minute, 12*time.Hour)
	r.ssh(f, a)
	f.Done()
	if a.Idle > a.Longest {
		r.sink.Report(f.At("idle"), fmt.Sprintf("idle is %s", a.Idle), fmt.Sprintf("no session lasts longer than %s", a.Longest), "choose less, or raise longest")
	}
}

// tlsAbove is how far the port of the pages over TLS is above that without: 443 above
// 80, 8443 above 8080.
const tlsAbove = 443 - 80

// TLSPort is the port for TLS that goes with one without; 0 goes with 0.
func TLSPort(web uint16) uint16 {
	if web == 0 || web > 65535-tlsAbove {
		return 0
	}
	return web + tlsAbove
}

// https reads where the pages are served over TLS, and with which certificate.
func (r *reader) https(f *place.Fields, l *Listen) {
	usual := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), TLSPort(l.Web.Port()))
	l.HTTPS = r.address(f, "https", usual.String())
	l.Cert, l.Key = f.Text("cert", ""), f.Text("key", "")
	if (l.Cert == "") != (l.Key == "") {
		r.sink.Report(f.At("cert"), "cert and key go together", "a certificate is shown with its key", "name both files, or none and the box makes its own")
	}
	if p := l.HTTPS.Port(); p != 0 && (p == l.Web.Port() && overlap(l.HTTPS.Addr(), l.Web.Addr()) || p == l.SIP.Port() && overlap(l.HTTPS.Addr(), l.SIP.Addr())) {
		r.sink.Report(f.At("https"), fmt.Sprintf("https listens at %s as another does", l.HTTPS), "a port belongs to one of them", "choose another port")
	}
}

// overlap reports whether two addresses to listen at take the same port.
func overlap(a, b netip.Addr) bool { return a == b || a.IsUnspecified() || b.IsUnspecified() }
