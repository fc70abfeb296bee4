package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/centralita/centralita/testbench/phone"
)

// telephone registers the box's one telephone with what its console tells the owner, and
// asks by OPTIONS: the box hears nobody whom it does not know.
func (b *box) telephone(ctx context.Context) error {
	if err := retry(ctx, func() error { return b.http(ctx) }); err != nil { // the network is there
		return err
	}
	stranger := b.options()
	said, err := b.ask(ctx, "phones --json")
	if err != nil {
		return err
	}
	var account struct{ Secret string }
	if at := strings.IndexByte(said, '{'); at >= 0 {
		if err := json.NewDecoder(strings.NewReader(strings.ReplaceAll(said[at:], "\n", ""))).Decode(&account); err != nil {
			return fmt.Errorf("phones --json: %w: %s", err, said)
		}
	}
	p, err := phone.New(phone.Real(), "127.0.0.1:0", phone.Account{User: "100", Password: account.Secret,
		Server: netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(b.ports.sip))})
	if err != nil {
		return err
	}
	err = retry(ctx, func() error {
		ctx, stop := context.WithTimeout(ctx, 10*time.Second)
		defer stop()
		return p.Register(ctx)
	})
	if err == nil {
		err = retry(ctx, b.options)
	}
	if stranger == nil {
		err = errors.Join(err, errors.New("a stranger's OPTIONS was answered"))
	}
	p.Close()
	return err
}

// options asks by SIP (RFC 3261, 11) whether somebody is there.
func (b *box) options() error {
	c, err := net.Dial("udp", fmt.Sprintf("127.0.0.1:%d", b.ports.sip))
	if err != nil {
		return err
	}
	me, now := c.LocalAddr().String(), time.Now().UnixNano()
	_, err = fmt.Fprintf(c, "OPTIONS sip:box@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK%d;rport\r\nMax-Forwards: 70\r\n"+
		"From: <sip:rig@%s>;tag=1\r\nTo: <sip:box@127.0.0.1>\r\nCall-ID: %d@rig\r\nCSeq: 1 OPTIONS\r\nContact: <sip:rig@%s>\r\nContent-Length: 0\r\n\r\n",
		me, now, me, now, me)
	buf, n := make([]byte, 4096), 0
	if err == nil {
		if err = c.SetReadDeadline(time.Now().Add(3 * time.Second)); err == nil {
			n, err = c.Read(buf)
		}
	}
	if err = errors.Join(err, c.Close()); err != nil {
		return err
	}
	if !strings.HasPrefix(string(buf[:n]), "SIP/2.0 200") {
		return fmt.Errorf("it answers %.40q", buf[:n])
	}
	return nil
}
