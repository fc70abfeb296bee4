package main

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// portList is the golden list of ports, by the state of the box.
//
//go:embed testdata/ports.txt
var portList []byte

// goldenPorts returns what may answer in a state, as "tcp 8080".
func goldenPorts(list []byte, state string) (ports []string, err error) {
	known := false
	for in := bufio.NewScanner(bytes.NewReader(list)); in.Scan(); {
		l := strings.TrimSpace(in.Text())
		if l == "" || l[0] == '#' {
			continue
		}
		s, rest, ok := strings.Cut(l, ": ")
		if !ok {
			return nil, fmt.Errorf("cannot read %q in the list of ports", l)
		}
		if s != state {
			continue
		}
		known = true
		if strings.HasPrefix(rest, "nothing") {
			continue
		}
		w := strings.Fields(rest)
		if len(w) < 3 {
			return nil, fmt.Errorf("cannot read %q in the list of ports", l)
		}
		ports = append(ports, w[0]+" "+w[1])
	}
	if !known {
		return nil, fmt.Errorf("the list of ports says nothing of %q", state)
	}
	slices.Sort(ports)
	return ports, nil
}

// ports tries every port of a box: new, claimed, and with all doors opened.
func (r *rig) ports(ctx context.Context) error { return r.inNetwork(ctx, "ports") }

func (r *rig) portsOf(ctx context.Context) error {
	card, err := r.card("ports.img")
	if err != nil {
		return err
	}
	return r.with(ctx, plain(card), func(b *box) error {
		if _, err := b.started(ctx); err != nil {
			return err
		}
		if err := awake(ctx); err != nil {
			return err
		}
		r.scan(ctx, "new", true)
		if err := b.claim(ctx); err != nil {
			return err
		}
		r.scan(ctx, "claimed", false)
		if err := b.setUp(ctx, "listen.https 0.0.0.0:8443", "access.ssh 0.0.0.0:2222"); err != nil {
			return err
		}
		time.Sleep(2 * time.Second) // the house has begun anew behind the console
		r.scan(ctx, "all doors", true)
		return nil
	})
}

// awake waits for the box at its address.
func awake(ctx context.Context) error {
	for range 60 {
		taken, refused := connect(ctx, netip.MustParseAddrPort(wireBox+":1"))
		if taken || refused {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return errors.New("the box took no address")
}

// linkLocal is the box's own IPv6 address (RFC 4291, appendix A).
const linkLocal = "fe80::5054:ff:fe12:3456%" + wireName

// scan tries all ports and compares with the golden list.
func (r *rig) scan(ctx context.Context, state string, udp bool) {
	begin := time.Now()
	want, err := goldenPorts(portList, state)
	var have []string
	what := "TCP by IPv4 and IPv6"
	tcp := func(host string, family string) {
		if err != nil {
			return
		}
		var s scanned
		if s, err = scanTCP(ctx, netip.MustParseAddr(host)); err == nil && len(s.silent) > 0 {
			err = fmt.Errorf("%d TCP ports of %s neither take nor refuse: %v …", len(s.silent), host, s.silent[:min(5, len(s.silent))])
		}
		for _, p := range s.open {
			have = append(have, fmt.Sprintf("tcp%s %d", family, p))
		}
	}
	tcp(wireBox, "")
	tcp(linkLocal, "6")
	if udp && err == nil {
		what += ", UDP"
		var s scanned
		s, err = scanUDP(ctx, netip.MustParseAddr(wireBox))
		for _, p := range s.open {
			have = append(have, fmt.Sprintf("udp %d", p))
		}
	}
	slices.Sort(have)
	if err == nil && !slices.Equal(have, want) {
		err = fmt.Errorf("it shows %q, the list says %q", have, want)
	}
	shown := "nothing"
	if len(have) > 0 {
		shown = strings.Join(have, ", ")
	}
	r.held("ports of a box: "+state, err, "%s; each of 65535, %s, in %.0f s", shown, what, time.Since(begin).Seconds())
}
