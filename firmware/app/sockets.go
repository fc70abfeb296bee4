package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"

	"github.com/centralita/centralita/firmware/config"
)

// The sockets of the network may be opened at an address that the machine gets later,
// by DHCP for instance: they answer as soon as it is there. What is wrong meanwhile is
// held as a condition of the house. A port that is taken is an error, now and later.
var late = net.ListenConfig{Control: freely}

// listenTCP opens a stream listener at an address that may still have to come.
func listenTCP(at netip.AddrPort) (net.Listener, error) {
	return late.Listen(context.Background(), network("tcp", at.Addr()), at.String())
}

// listenUDP is listenTCP of datagrams.
func listenUDP(at netip.AddrPort) (net.PacketConn, error) {
	return late.ListenPacket(context.Background(), network("udp", at.Addr()), at.String())
}

// network keeps a socket in the family of its address: 0.0.0.0 alone would open
// IPv6 as well.
func network(name string, a netip.Addr) string {
	if a.Is4() {
		return name + "4"
	}
	return name + "6"
}

// open opens the sockets of SIP and of the pages.
func (o *Outside) open(cfg *config.Listen) (err error) {
	hint := func(flag string) string {
		return "is another centralita running, or the port taken? --" + flag + " chooses another"
	}
	if o.SIP, err = listenUDP(cfg.SIP); err != nil {
		return fmt.Errorf("cannot listen for SIP: %w; %s", err, hint("sip"))
	}
	// With port 0 the stream takes the port that the datagrams got.
	at := netip.AddrPortFrom(cfg.SIP.Addr(), uint16(o.SIP.LocalAddr().(*net.UDPAddr).Port))
	if o.SIPStream, err = listenTCP(at); err != nil {
		return fmt.Errorf("cannot listen for SIP over TCP: %w; %s", err, hint("sip"))
	}
	if o.Web, err = listenTCP(cfg.Web); err != nil {
		return fmt.Errorf("cannot listen for the wall page: %w; %s", err, hint("web"))
	}
	if o.HTTPS, err = listenTCP(cfg.HTTPS); err != nil {
		return fmt.Errorf("cannot listen for the pages over TLS: %w; %s", err, hint("https"))
	}
	o.Addresses = addresses
	if at.Addr().IsUnspecified() {
		own, err := addresses()
		if err != nil {
			return err
		}
		o.Advertise = announced(own, at.Port())
	}
	return nil
}

// listenUnix opens a local socket that only its owner may use. The data folder
// is locked by now, so a socket left there belongs to nobody.
func listenUnix(path string) (net.Listener, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("cannot listen on %s: %w", path, err)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w; a path over 107 bytes is too long for a socket", path, err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("cannot protect %s: %w", path, err), l.Close())
	}
	return l, nil
}
