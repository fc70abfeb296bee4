package config

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"

	"github.com/centralita/centralita/firmware/config/place"
)

// Clock says who is asked what time it is.
type Clock struct {
	Servers []string // host or host:port; none: nobody is asked
}

// mostServers is how many are asked at once.
const mostServers = 4

// clock reads who is asked for the time.
func (r *reader) clock(f *place.Fields) {
	for i, n := range f.Texts("servers") {
		host := n.Text
		if h, port, err := net.SplitHostPort(n.Text); err == nil {
			if p, err := strconv.ParseUint(port, 10, 16); err == nil && p > 0 {
				host = h
			}
		}
		_, noAddr := netip.ParseAddr(host)
		switch {
		case i == mostServers:
			r.sink.Report(n.At, "there are too many time servers", fmt.Sprintf("%d are asked at most", mostServers), "remove some")
		case i > mostServers:
		case noAddr != nil && !hostname(host):
			r.sink.Report(n.At, fmt.Sprintf("%s is no time server", place.Quote(n.Text)), "it needs a name or an address", "write one such as ntp.example.net")
		default:
			r.unique(n.At, "time server", n.Text)
			r.cfg.Clock.Servers = append(r.cfg.Clock.Servers, n.Text)
		}
	}
	f.Done()
}
