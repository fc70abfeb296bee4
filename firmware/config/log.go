package config

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"

	"github.com/centralita/centralita/firmware/config/place"
)

// Log says where the log goes beside the standard error.
type Log struct {
	Syslog *Syslog // nil: nowhere
}

// Syslog is a server of RFC 5424.
type Syslog struct {
	Server    string // host:port
	Transport string // "udp", "tcp", "tls"
	CA        string // file with the PEM of a private authority
}

// log reads where the log goes.
func (r *reader) log(f *place.Fields) {
	if f.Has("syslog") {
		r.syslog(f.Fields("syslog", true))
	} else {
		f.Get("syslog")
	}
	f.Done()
}

func (r *reader) syslog(f *place.Fields) {
	s := &Syslog{Server: f.NeedText("server", "logs.example.net:6514"), Transport: f.Enum("transport", "udp", "udp", "tcp", "tls"), CA: f.Text("ca", "")}
	host, port, err := net.SplitHostPort(s.Server)
	n, bad := strconv.ParseUint(port, 10, 16)
	_, badAddr := netip.ParseAddr(host)
	if s.Server != "" && (err != nil || bad != nil || n == 0 || badAddr != nil && !hostname(host)) {
		r.sink.Report(f.At("server"), fmt.Sprintf("%s is no syslog server", place.Quote(s.Server)), "it needs HOST:PORT; 514 is usual for udp, 6514 for tls", "write one such as logs.example.net:514")
	}
	if s.CA != "" && s.Transport != "tls" {
		r.sink.Report(f.At("ca"), "ca of syslog is for nothing", fmt.Sprintf("%s proves nobody's name", s.Transport), "write transport: tls, or leave ca out")
	}
	f.Done()
	r.cfg.Log.Syslog = s
}
