package lan

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"net"
	"strings"
	"time"
)

// dnsPort is the port of DNS servers; the tests' are elsewhere.
func (p Prober) dnsPort() string {
	if p.DNSPort != "" {
		return p.DNSPort
	}
	return "53"
}

// askUDP sends a datagram and returns what comes back first in time.
func (p Prober) askUDP(ctx context.Context, addr string, question func(local net.Addr) []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, p.patience())
	defer cancel()
	conn, err := p.Dialer.DialContext(ctx, "udp", addr)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if at, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(at); err != nil {
			return nil, err
		}
	}
	defer context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })()
	if _, err := conn.Write(question(conn.LocalAddr())); err != nil {
		return nil, err
	}
	buf := make([]byte, 2048)
	n, err := conn.Read(buf)
	return buf[:n], err
}

// options asks a SIP server for what it can do (RFC 3261 11); any answer will do.
func (p Prober) options(ctx context.Context, addr string) error {
	raw, err := p.askUDP(ctx, addr, func(local net.Addr) []byte {
		return fmt.Appendf(nil, "OPTIONS sip:%s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK%s;rport\r\nMax-Forwards: 70\r\n"+
			"From: <sip:test@%s>;tag=%s\r\nTo: <sip:%s>\r\nCall-ID: %s\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n",
			addr, local, rand.Text(), local, rand.Text()[:8], addr, rand.Text())
	})
	if err == nil && !strings.HasPrefix(string(raw), "SIP/2.0 ") {
		return refuse("lo que responde no habla SIP", "what answers does not speak SIP")
	}
	return err
}

// ntpEpoch is the beginning of NTP's time, 1900, in Unix seconds.
const ntpEpoch = -2208988800

// ntp asks a time server and returns by how much it is ahead of the system's clock,
// to about half the way's time (RFC 4330 5).
func (p Prober) ntp(ctx context.Context, addr string) (time.Duration, error) {
	var cookie [8]byte
	rand.Read(cookie[:])
	sent := time.Now()
	raw, err := p.askUDP(ctx, addr, func(net.Addr) []byte {
		q := make([]byte, 48)
		q[0] = 4<<3 | 3 // version 4, client
		copy(q[40:], cookie[:])
		return q
	})
	if err != nil {
		return 0, err
	}
	at, err := ntpTime(raw, cookie)
	if err != nil {
		return 0, err
	}
	return at.Sub(sent.Add(time.Since(sent) / 2)), nil
}

// ntpTime reads the time an answer tells; it must repeat our cookie.
func ntpTime(raw []byte, cookie [8]byte) (time.Time, error) {
	switch {
	case len(raw) < 48 || raw[0]&7 != 4 || [8]byte(raw[24:32]) != cookie:
		return time.Time{}, refuse("lo que responde no habla NTP", "what answers does not speak NTP")
	case raw[0]>>6 == 3 || raw[1] == 0 || raw[1] > 15:
		return time.Time{}, refuse("responde, pero no sabe la hora", "it answers, but does not know the time itself")
	}
	s, frac := binary.BigEndian.Uint32(raw[40:]), binary.BigEndian.Uint32(raw[44:])
	secs := int64(s)
	if s < 1<<31 { // after 2036 (RFC 4330 3)
		secs += 1 << 32
	}
	return time.Unix(ntpEpoch+secs, int64(uint64(frac)*1e9>>32)), nil
}
